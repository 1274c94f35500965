// What one node can be executed from, alone: the values that it reads, or what stands behind them where its bits are a
// function of that. Not here: executing it (session.ts).
import type { CheckedGraph } from './graph/check.ts';
import { formatData, formatType, isOfType, type Data } from './core/data.ts';
import { nameOf, nodeTitle, type Graph, type Node } from './graph/graph.ts';
import { valuesRead } from './graph/sort.ts';
import type { ModelNode } from './evidence/bundle_types.ts';
import type { Feeds } from './feeds.ts';

/**
 * A node with those before it that have to be executed with it, in order. A product of two dequantised values is the exact
 * integer sum of what they were made of (V8): so these come with it, where there are two.
 */
export function unitOf({ nodes }: Pick<Graph, 'nodes'>, node: Node): readonly Node[] {
  const before = nodes.filter(
    ({ opType, outputs }) =>
      opType === 'DequantizeLinear' && outputs.some((name) => node.inputs.includes(name)),
  );
  return before.length < 2 ? [node] : [...before, node];
}

/** The values that the nodes read and neither make nor find in the model. */
export function readsOf(graph: Graph, nodes: readonly Node[]): readonly string[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const read = new Set(nodes.flatMap((node) => [...valuesRead(node)]));
  return [...read].filter((name) => !made.has(name) && !graph.initializers.has(name));
}

export function describeNodes(graph: Graph): ModelNode[] {
  // Asked of every node: found once.
  const dequantised = new Set(
    graph.nodes.flatMap((one) => (one.opType === 'DequantizeLinear' ? one.outputs : [])),
  );
  return graph.nodes.map((node) => {
    const isPlain = node.inputs.filter((name) => dequantised.has(name)).length < 2;
    const unit = isPlain ? [node] : unitOf(graph, node);
    return {
      ...{ path: `${node.index}`, name: node.name, operator: nameOf(node.domain, node.opType) },
      ...{ reads: readsOf(graph, [node]), inputs: readsOf(graph, unit), outputs: node.outputs },
    };
  });
}

/** A node of the model's own graph and its values, for a run of it alone. */
export interface NodeUnit {
  readonly node: Node;
  readonly nodes: readonly Node[];
  readonly outputs: readonly string[];
  readonly fed: Map<string, Data>;
}

/**
 * @param path of a node of the model's own graph
 * @throws RangeError for a path of none; TypeError for values that are not those that it reads, or not of their types
 */
export function checkUnit({ graph, types }: CheckedGraph, path: string, feeds: Feeds): NodeUnit {
  const node = /^\d+$/.test(path) ? graph.nodes[Number(path)] : undefined;
  if (node === undefined) {
    const remedy = path.includes('/')
      ? ' Run the node that carries it: its trace has this one.'
      : '';
    throw new RangeError(
      `run: node: expected a position from 0 to ${graph.nodes.length - 1}, got '${path}'.${remedy}`,
    );
  }
  const nodes = unitOf(graph, node);
  const names = readsOf(graph, nodes);
  const given = new Map<string, Data>(feeds instanceof Map ? feeds : Object.entries(feeds));
  const fed = new Map<string, Data>();
  const list = (all: readonly string[]): string => all.join(', ') || 'none';
  if (given.size !== names.length || names.some((name) => !given.has(name))) {
    throw new TypeError(
      `run: ${nodeTitle(node)}: expected the values ${list(names)}, got ${list([...given.keys()])}.`,
    );
  }
  for (const name of names) {
    const data = given.get(name);
    const type = types.get(name);
    if (data === undefined || (type !== undefined && !isOfType(data, type))) {
      throw new TypeError(
        `run: ${nodeTitle(node)}: value '${name}': expected ${formatType(type)}, got ${formatData(data)}.`,
      );
    }
    fed.set(name, data);
  }
  return { node, nodes, outputs: node.outputs.filter((name) => name !== ''), fed };
}
