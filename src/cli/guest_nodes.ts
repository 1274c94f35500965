// Nodes of a guest's model file as models of their own, for `isobit compare`: what the guest does between values that both
// sides have by name. Where its file is ours that is one node; where it was converted or quantised it may be several, which
// lie between. Weights and attributes are those of the guest's file. Nothing is run here.

import type { Tensor } from '../core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../graph/graph.ts';
import { valuesRead } from '../graph/sort.ts';
import type { FeedFile } from '../jobs/job.ts';
import { writeModel } from '../onnx/writer.ts';
import { modelOf } from './node_files.ts';
import { attributeText, operatorOf, present } from './node_models.ts';

/** What the guest computes a node's outputs by. */
export interface Segment {
  /** The guest's nodes, in order; one of them gives the values that are compared. */
  nodes: readonly Node[];
  model: Graph;
  /** The values of ours that it reads. */
  inputs: FeedFile[];
}

/** A value of ours by name, as a file; and as a tensor, where it is asked for. */
export interface OurValues {
  file(name: string): FeedFile | undefined;
  tensor(name: string): Tensor | undefined;
}

function infoOf(name: string, ours: OurValues): ValueInfo {
  const { dtype, dims } = ours.file(name) ?? ours.tensor(name) ?? {};
  // A type that only the file knows is one that our reader knows too: it comes from a tensor of ours.
  return { name, dtype: dtype as Tensor['dtype'] | undefined, dims };
}

/** The graph's nodes by the names of what they give. */
export function producersOf(graph: Graph): ReadonlyMap<string, Node> {
  return new Map(
    graph.nodes.flatMap((node) => present(node.outputs).map((name) => [name, node] as const)),
  );
}

/**
 * The guest's nodes that give these values of one of our nodes, from values of ours.
 *
 * @param outputs Names of values that both sides have.
 * @returns The reason where there are none.
 */
export function segmentOf(
  guest: Graph,
  producers: ReadonlyMap<string, Node>,
  outputs: readonly string[],
  ours: OurValues,
): Segment | string {
  const nodes = new Set<Node>();
  const initializers = new Map<string, Tensor>();
  const waiting = outputs.flatMap((name) => producers.get(name) ?? []);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const name of valuesRead(node)) {
      const weight = guest.initializers.get(name);
      const producer = producers.get(name);
      if (weight !== undefined) initializers.set(name, weight);
      else if (ours.file(name) !== undefined) {
        // Kernels that want a constant find one, where the guest's file has one.
        const value = producer?.opType === 'Constant' ? ours.tensor(name) : undefined;
        if (value !== undefined) initializers.set(name, value);
      } else if (producer !== undefined) waiting.push(producer);
      else {
        const value = ours.tensor(name);
        if (value === undefined) return `its input '${name}' has no value of ours`;
        initializers.set(name, value);
      }
    }
  }
  const sorted = [...nodes].sort((a, b) => a.index - b.index);
  const parts = { nodes: sorted, outputs, initializers, opsets: guest.opsets };
  const model = modelOf({ ...parts, infoOf: (name) => infoOf(name, ours) });
  const inputs = model.inputs.flatMap(({ name }) => ours.file(name) ?? []);
  return { nodes: sorted, model, inputs };
}

const isEqual = (a: Tensor, b: Tensor): boolean =>
  a.dtype === b.dtype &&
  a.dims.join() === b.dims.join() &&
  (a.dtype === 'string'
    ? JSON.stringify(a.data) === JSON.stringify(b.data)
    : Buffer.from(a.bytes()).equals(Buffer.from(b.bytes())));

function textOf(name: string, attribute: Attribute, { opsets }: Graph): string {
  if (attribute.type !== 'graph' && attribute.type !== 'graphs') {
    return attributeText([name, attribute]);
  }
  const graphs = attribute.type === 'graph' ? [attribute.value] : attribute.value;
  const files = graphs.map((graph) => writeModel({ ...graph, opsets }));
  return files.map((file) => Buffer.from(file).toString('base64')).join();
}

/** Nodes of a graph, in its order. */
interface NodesOf {
  graph: Graph;
  nodes: readonly Node[];
}

function weightDifferences(node: Node, mine: Graph, other: Node, theirs: Graph): string[] {
  return other.inputs.flatMap((name, i) => {
    const ours = mine.initializers.get(node.inputs[i] ?? '');
    const weight = theirs.initializers.get(name);
    if (ours === undefined && weight === undefined) return [];
    const isSame = ours !== undefined && weight !== undefined && isEqual(ours, weight);
    return isSame ? [] : [`weights '${name}'`];
  });
}

function attributeDifferences(node: Node, mine: Graph, other: Node, theirs: Graph): string[] {
  const names = [...new Set([...node.attributes.keys(), ...other.attributes.keys()])];
  return names.flatMap((name) => {
    const [ours, attribute] = [node.attributes.get(name), other.attributes.get(name)];
    const isSame =
      ours !== undefined &&
      attribute !== undefined &&
      textOf(name, ours, mine) === textOf(name, attribute, theirs);
    return isSame ? [] : [`attribute '${name}'`];
  });
}

/**
 * In what the guest's file has other nodes than ours between the same values, for people: `weights 'w'`, `attribute 'pads'`,
 * its operators. Empty where they are the same.
 */
export function differencesOf(ours: NodesOf, guest: NodesOf): string[] {
  const operators = (nodes: readonly Node[]): string => nodes.map(operatorOf).join(', ');
  if (operators(ours.nodes) !== operators(guest.nodes)) {
    return [`computed by ${operators(guest.nodes)}`];
  }
  return guest.nodes.flatMap((other, i) => {
    const node = ours.nodes[i];
    if (node === undefined) return [];
    return [
      ...weightDifferences(node, ours.graph, other, guest.graph),
      ...attributeDifferences(node, ours.graph, other, guest.graph),
    ];
  });
}
