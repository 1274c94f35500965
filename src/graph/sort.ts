// Makes a graph runnable or says, all at once, why it is not: a value with two producers, a value with none, a cycle.
// Nodes come out in an order that can be executed from front to back; a graph that is in such an order keeps it.
// Subgraphs see the values of the graphs around them, and are sorted too.

import { ModelError, type Problem } from '../core/errors.ts';
import {
  nodeLabel,
  nodeTitle,
  subgraphsOf,
  type Attribute,
  type Graph,
  type Node,
} from './graph.ts';

// Asked for again in every run, of nodes that do not change.
const readBy = new WeakMap<Node, ReadonlySet<string>>();

/** Values that a node reads: its inputs, and what its subgraphs take from outside themselves. */
export function valuesRead(node: Node): ReadonlySet<string> {
  const known = readBy.get(node);
  if (known !== undefined) return known;
  const read = new Set(node.inputs.filter((name) => name !== ''));
  for (const graph of subgraphsOf(node)) for (const name of valuesCaptured(graph)) read.add(name);
  readBy.set(node, read);
  return read;
}

/** Values that a subgraph takes from the graph around it. */
export function valuesCaptured(graph: Graph): Set<string> {
  const own = new Set([...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]);
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  const captured = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of valuesRead(node)) if (!own.has(name)) captured.add(name);
  }
  for (const output of graph.outputs) if (!own.has(output.name)) captured.add(output.name);
  return captured;
}

/**
 * The graph with its nodes in an executable order and their `index` made the position in it.
 *
 * @throws ModelError that lists every value with more than one producer or none, and every cycle
 */
export function sortTopologically(graph: Graph): Graph {
  const problems: Problem[] = [];
  const sorted = sortGraph(graph, new Set(), problems);
  if (problems.length > 0) throw new ModelError(problems);
  return sorted;
}

/** As sortTopologically, but adds to `problems` instead of throwing; `known` are values defined elsewhere. */
export function sortGraph(graph: Graph, known: ReadonlySet<string>, problems: Problem[]): Graph {
  const problem = (message: string, remedy: string, node?: Node): void => {
    problems.push(
      node === undefined
        ? { message, remedy }
        : { node: nodeLabel(node), opType: node.opType, domain: node.domain, message, remedy },
    );
  };

  // Who makes each value. A value of the graph around may be hidden by one of the same name in here.
  const producer = new Map<string, Node>();
  const sources = new Set<string>(graph.initializers.keys());
  for (const input of graph.inputs) {
    if (sources.has(input.name)) {
      problem(`graph input '${input.name}' is declared twice.`, 'Give every value its own name.');
    }
    sources.add(input.name);
  }
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      const other = producer.get(name);
      if (sources.has(name) || other !== undefined) {
        const by = other === undefined ? 'a graph input or initializer' : nodeTitle(other);
        problem(
          `value '${name}' has two producers: expected one, got ${by} and ${nodeTitle(node)}.`,
          'Give every value its own name.',
          node,
        );
      } else producer.set(name, node);
    }
  }

  // Kahn's algorithm, always taking the ready node that stands first, so that a sorted graph is left as it is.
  const missing = new Map<Node, number>();
  const readers = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    const waits = new Set<Node>();
    for (const name of valuesRead(node)) {
      const by = producer.get(name);
      if (by !== undefined) waits.add(by);
      else if (!sources.has(name) && !known.has(name)) {
        problem(
          `input '${name}' is made by nothing: expected a graph input, an initializer or a node's output of this name.`,
          'Check how the model was cut or exported.',
          node,
        );
      }
    }
    missing.set(node, waits.size);
    for (const by of waits) {
      const list = readers.get(by);
      if (list === undefined) readers.set(by, [node]);
      else list.push(node);
    }
  }
  const position = new Map(graph.nodes.map((node, index) => [node, index]));
  const ready = new Heap((node: Node) => position.get(node) ?? 0);
  for (const node of graph.nodes) if (missing.get(node) === 0) ready.push(node);
  const order: Node[] = [];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node);
    for (const reader of readers.get(node) ?? []) {
      const left = (missing.get(reader) ?? 0) - 1;
      missing.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  if (order.length < graph.nodes.length) {
    const cycle = findCycle(graph.nodes, new Set(order), producer);
    const first = cycle[0];
    problem(
      `the graph has a cycle: ${[...cycle, ...(first === undefined ? [] : [first])].map(nodeTitle).join(' -> ')}.`,
      'A value must not depend on itself: use Loop or Scan.',
      first,
    );
    order.push(...graph.nodes.filter((node) => !order.includes(node)));
  }

  const names = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!producer.has(name) && !sources.has(name) && !known.has(name)) {
      problem(
        `graph output '${name}' is made by nothing: expected a node's output of this name.`,
        'Check how the model was cut or exported.',
      );
    }
    if (names.has(name)) {
      problem(`graph output '${name}' is listed twice.`, 'List every output once.');
    }
    names.add(name);
  }

  const visible = new Set([...known, ...sources, ...producer.keys()]);
  const nodes = order.map((node, index): Node => {
    if (subgraphsOf(node).length === 0) return node.index === index ? node : { ...node, index };
    const attributes = new Map<string, Attribute>();
    for (const [name, attribute] of node.attributes) {
      if (attribute.type === 'graph') {
        attributes.set(name, {
          type: 'graph',
          value: sortGraph(attribute.value, visible, problems),
        });
      } else if (attribute.type === 'graphs') {
        const value = attribute.value.map((inner) => sortGraph(inner, visible, problems));
        attributes.set(name, { type: 'graphs', value });
      } else attributes.set(name, attribute);
    }
    return { ...node, index, attributes };
  });
  return { ...graph, nodes };
}

/** One cycle among the nodes that could not be ordered: every one of them waits for another one of them. */
function findCycle(
  nodes: readonly Node[],
  ordered: ReadonlySet<Node>,
  producer: ReadonlyMap<string, Node>,
): Node[] {
  const seen: Node[] = [];
  let node = nodes.find((candidate) => !ordered.has(candidate));
  while (node !== undefined && !seen.includes(node)) {
    seen.push(node);
    node = [...valuesRead(node)]
      .map((name) => producer.get(name))
      .find((by) => by !== undefined && !ordered.has(by));
  }
  // Walked against the flow of values: turn it round. The walk may have led into the cycle from outside.
  return node === undefined ? [] : seen.slice(seen.indexOf(node)).reverse();
}

/** A binary heap: the item with the smallest key first. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #key: (item: T) => number;

  constructor(key: (item: T) => number) {
    this.#key = key;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up];
      if (parent === undefined || this.#key(parent) <= this.#key(item)) break;
      items[at] = parent;
      at = up;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = items[child];
      if (left === undefined) break;
      const right = items[child + 1];
      if (right !== undefined && this.#key(right) < this.#key(left)) child++;
      const smaller = items[child];
      if (smaller === undefined || this.#key(last) <= this.#key(smaller)) break;
      items[at] = smaller;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
