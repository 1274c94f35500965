// A graph with the branch that a run takes in the place of each If, so that what is within can be looked at node by node.
// The graph computes the same for those inputs, and not for others. Loop and Scan stay: their bodies run many times.
// Names in a branch stay where nothing else has them; otherwise they get the If's first output in front.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '../core/tensor.ts';
import type { Attribute, Graph, Node } from '../graph/graph.ts';
import { sortTopologically } from '../graph/sort.ts';
import type { FeedFile } from '../jobs/job.ts';
import type { NodesReport } from '../jobs/nodes_job.ts';
import { writeModel } from '../onnx/writer.ts';
import { runJobHere } from './here.ts';
import { present } from './node_models.ts';

/** Which branch an If takes, by its first output; undefined for one that is to stay. */
export type Decisions = ReadonlyMap<string, boolean>;

type Rename = (name: string) => string;

const isIf = ({ domain, opType }: Node): boolean => domain === '' && opType === 'If';
const firstOutput = (node: Node): string => present(node.outputs)[0] ?? '';

/** The branch that an If takes; undefined for other nodes, and where that is not decided. */
function branchOf(node: Node, decisions: Decisions): Graph | undefined {
  const decision = isIf(node) ? decisions.get(firstOutput(node)) : undefined;
  if (decision === undefined) return undefined;
  const branch = node.attributes.get(decision ? 'then_branch' : 'else_branch');
  return branch?.type === 'graph' ? branch.value : undefined;
}

const namesIn = (graph: Graph): string[] => [
  ...graph.inputs.map(({ name }) => name),
  ...graph.initializers.keys(),
  ...graph.nodes.flatMap(({ outputs }) => present(outputs)),
];

function renamedAttribute(attribute: Attribute, rename: Rename): Attribute {
  if (attribute.type === 'graph') {
    return { type: 'graph', value: renamedBody(attribute.value, rename) };
  }
  if (attribute.type !== 'graphs') return attribute;
  return { type: 'graphs', value: attribute.value.map((body) => renamedBody(body, rename)) };
}

function renamedNode(node: Node, rename: Rename): Node {
  const attributes = [...node.attributes].map(([name, attribute]): [string, Attribute] => {
    return [name, renamedAttribute(attribute, rename)];
  });
  const [inputs, outputs] = [node.inputs.map(rename), node.outputs.map(rename)];
  return { ...node, inputs, outputs, attributes: new Map(attributes) };
}

/** A graph of a node: what it takes from outside gets other names, its own values keep theirs. */
function renamedBody(body: Graph, rename: Rename): Graph {
  const own = new Set(namesIn(body));
  const outside: Rename = (name) => (own.has(name) ? name : rename(name));
  const outputs = body.outputs.map((info) => ({ ...info, name: outside(info.name) }));
  return { ...body, outputs, nodes: body.nodes.map((node) => renamedNode(node, outside)) };
}

/** The graph with the branches that are decided in place; nodes that give their outputs are Identity. */
export function inlineBranches(graph: Graph, decisions: Decisions): Graph {
  const taken = new Set(namesIn(graph));
  const initializers = new Map<string, Tensor>(graph.initializers);
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const body = branchOf(node, decisions);
    if (body === undefined) return [node];
    const names = new Map<string, string>();
    for (const name of namesIn(body)) {
      let other = name;
      while (taken.has(other)) other = `${firstOutput(node)}/${other}`;
      taken.add(other);
      names.set(name, other);
    }
    const rename: Rename = (name) => names.get(name) ?? name;
    for (const [name, tensor] of body.initializers) initializers.set(rename(name), tensor);
    const ends = node.outputs.flatMap((output, i): Node[] => {
      const inner = body.outputs[i]?.name;
      if (output === '' || inner === undefined) return [];
      const end = { ...node, name: `${output}/Identity`, opType: 'Identity' };
      return [{ ...end, inputs: [rename(inner)], outputs: [output], attributes: new Map() }];
    });
    // Other runtimes want every node's name once; a name that is empty is none.
    const own = body.nodes.map((one) => {
      const name = one.name === '' ? '' : `${firstOutput(node)}/${one.name}`;
      return { ...renamedNode(one, rename), name };
    });
    return [...own, ...ends];
  });
  // The graph's value infos may be of names that branches have too.
  return sortTopologically({ ...graph, nodes, initializers });
}

/**
 * Runs the graph until every If outside of loops is decided: once for each depth at which there are some.
 *
 * @param folder A folder for files.
 */
export async function decideBranches(
  graph: Graph,
  feeds: readonly FeedFile[],
  folder: string,
): Promise<{ graph: Graph; decisions: Decisions }> {
  const decisions = new Map<string, boolean>();
  const model = join(folder, 'branches.onnx');
  let current = graph;
  for (;;) {
    const waiting = current.nodes.filter((node) => isIf(node) && !decisions.has(firstOutput(node)));
    if (waiting.length === 0) return { graph: current, decisions };
    const known = current.initializers;
    const names = new Set(waiting.flatMap(({ inputs }) => inputs.slice(0, 1)));
    const values = new Map<string, boolean>();
    for (const name of names) {
      const tensor = known.get(name);
      if (tensor !== undefined) values.set(name, tensor.bytes()[0] === 1);
    }
    const outputs = [...names].filter((name) => !values.has(name)).map((name) => ({ name }));
    if (outputs.length > 0) {
      writeFileSync(model, writeModel({ ...current, outputs }));
      const report = await runJobHere('nodes_job', { model, feeds, operators: [] });
      for (const { name, value } of (report as NodesReport).values) {
        if (value !== null && 'data' in value) values.set(name, atob(value.data) === '\u0001');
      }
    }
    for (const node of waiting) {
      decisions.set(firstOutput(node), values.get(node.inputs[0] ?? '') === true);
    }
    current = inlineBranches(current, decisions);
  }
}

/** Another graph with the same decisions, at every depth. */
export function withDecisions(graph: Graph, decisions: Decisions): Graph {
  let current = graph;
  while (current.nodes.some((node) => branchOf(node, decisions) !== undefined)) {
    current = inlineBranches(current, decisions);
  }
  return current;
}
