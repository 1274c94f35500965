// The nodes of a model as models of one node each, for `isobit bench --ops`: what the model knows beforehand is an
// initializer of it, what it computes from its inputs is an input, with the shape that it has in one run. Nodes that
// are alike are one model. Which nodes are left out is said, by why; nothing is run here.

import type { Tensor } from '../core/tensor.ts';
import { nodeLabel, subgraphsOf } from '../graph/graph.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../graph/graph.ts';
import { modelOf } from './node_files.ts';

/** A value's tensor, by the value's name. */
export type Values = ReadonlyMap<string, Tensor>;

export interface NodeModel {
  /** `Conv`; with its domain in front where that is not ONNX's own. */
  operator: string;
  /** The first of the nodes. */
  label: string;
  /** How many nodes of the model are alike. */
  nodes: number;
  /** Their types as text; `known ` in front of those that are initializers. */
  inputs: string[];
  outputs: string[];
  graph: Graph;
}

/** Numbers of the nodes that are left out. */
export interface LeftOut {
  /** Nodes that carry graphs: If, Loop, Scan and their like. */
  control: number;
  /** Nodes in those graphs, at any depth. */
  inner: number;
  /** Known when the model is planned: from constants and from shapes alone. */
  known: number;
  /** Without a kernel: they run on the host. */
  host: number;
  /** Of values that are no tensors of numbers: strings, sequences, optionals. */
  kinds: number;
}

export const operatorOf = ({ domain, opType }: Node): string =>
  domain === '' ? opType : `${domain}.${opType}`;

/** The names of values that are there: those of absent ones are empty. */
export const present = (names: readonly string[]): string[] => names.filter((name) => name !== '');

/** How many nodes the graphs that a node carries have, at any depth. */
export function nodesInside(node: Node): number {
  return subgraphsOf(node).reduce(
    (sum, body) => body.nodes.reduce((inner, one) => inner + 1 + nodesInside(one), sum),
    0,
  );
}

/** The same graph, giving every value that its nodes compute. */
export function withAllOutputs(graph: Graph): Graph {
  const names = new Set(graph.nodes.flatMap((node) => present(node.outputs)));
  const outputs = [...names].map((name) => graph.valueInfo.get(name) ?? { name });
  return { ...graph, outputs };
}

/** The values that no input decides: constants, shapes, and what is computed from these. */
function knownValues(graph: Graph): Set<string> {
  const known = new Set(graph.initializers.keys());
  for (const node of graph.nodes) {
    const isShape = node.domain === '' && (node.opType === 'Shape' || node.opType === 'Size');
    const depends = present(node.inputs).some((name) => !known.has(name));
    if (subgraphsOf(node).length > 0 || (depends && !isShape)) continue;
    for (const name of present(node.outputs)) known.add(name);
  }
  return known;
}

const typeText = ({ dtype, dims }: Tensor): string => `${dtype}[${dims.join()}]`;
const contents = (tensor: Tensor): string => Buffer.from(tensor.bytes()).toString('base64');

/** An attribute as text that is equal for equal ones. */
export function attributeText([name, { type, value }]: [string, Attribute]): string {
  const tensors = type === 'tensor' ? [value] : type === 'tensors' ? value : undefined;
  const text = tensors?.map((one) => `${typeText(one)}=${contents(one)}`) ?? JSON.stringify(value);
  return `${name}:${type}:${String(text)}`;
}

/** A few integers that are known (axes, pads, a shape) say what is computed, like attributes. */
const isParameter = (tensor: Tensor): boolean =>
  tensor.size <= 64 && (tensor.dtype === 'int64' || tensor.dtype === 'int32');

interface Types {
  inputs: string[];
  outputs: string[];
}

/** The types of what a node reads and writes, as text; '' for what is absent. */
function typesOf(node: Node, values: Values, known: ReadonlySet<string>): Types {
  const text = (name: string): string => {
    const tensor = values.get(name);
    return tensor === undefined ? '' : `${known.has(name) ? 'known ' : ''}${typeText(tensor)}`;
  };
  return { inputs: node.inputs.map(text), outputs: node.outputs.map(text) };
}

/** Equal for nodes that are alike: operator, attributes, and the types of what they read and write. */
function likeness(node: Node, types: Types, values: Values, known: ReadonlySet<string>): string {
  const read = node.inputs.map((name, i) => {
    const tensor = known.has(name) ? values.get(name) : undefined;
    const isSaid = tensor !== undefined && isParameter(tensor);
    // Mul(x, x) is not Mul(x, y).
    return `${node.inputs.indexOf(name)} ${types.inputs[i]} ${isSaid ? contents(tensor) : ''}`;
  });
  const attributes = [...node.attributes].map(attributeText).sort();
  return [operatorOf(node), attributes, read, types.outputs].map((part) => String(part)).join('\n');
}

function infoOfTensor(name: string, values: Values): ValueInfo {
  const tensor = values.get(name);
  return tensor === undefined ? { name } : { name, dtype: tensor.dtype, dims: tensor.dims };
}

function oneNode(graph: Graph, node: Node, values: Values, known: ReadonlySet<string>): Graph {
  const initializers = new Map(
    present(node.inputs).flatMap((name): [string, Tensor][] => {
      const tensor = known.has(name) ? values.get(name) : undefined;
      return tensor === undefined ? [] : [[name, tensor]];
    }),
  );
  const infoOf = (name: string): ValueInfo => infoOfTensor(name, values);
  const parts = { nodes: [node], outputs: present(node.outputs), initializers, infoOf };
  return { ...modelOf({ ...parts, opsets: graph.opsets }), name: nodeLabel(node) };
}

/**
 * The models of the nodes of `graph`, in its order.
 *
 * @param values Of inputs, initializers and all that nodes compute, as far as they are tensors.
 * @param isOnHost Whether an operator has no kernel.
 */
export function nodeModels(
  graph: Graph,
  values: Values,
  isOnHost: (node: Node) => boolean,
): { models: NodeModel[]; leftOut: LeftOut } {
  const known = knownValues(graph);
  const leftOut: LeftOut = { control: 0, inner: 0, known: 0, host: 0, kinds: 0 };
  const models = new Map<string, NodeModel>();
  const isNumeric = (name: string): boolean => {
    const dtype = values.get(name)?.dtype;
    return dtype !== undefined && dtype !== 'string';
  };
  for (const node of graph.nodes) {
    const touched = present([...node.inputs, ...node.outputs]);
    if (subgraphsOf(node).length > 0) {
      leftOut.control += 1;
      leftOut.inner += nodesInside(node);
    } else if (present(node.outputs).every((name) => known.has(name))) leftOut.known += 1;
    else if (isOnHost(node)) leftOut.host += 1;
    else if (!touched.every(isNumeric)) leftOut.kinds += 1;
    else {
      const types = typesOf(node, values, known);
      const key = likeness(node, types, values, known);
      const same = models.get(key);
      if (same !== undefined) same.nodes += 1;
      else {
        const one = { operator: operatorOf(node), label: nodeLabel(node), nodes: 1, ...types };
        models.set(key, { ...one, graph: oneNode(graph, node, values, known) });
      }
    }
  }
  return { models: [...models.values()], leftOut };
}
