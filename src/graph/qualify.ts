// Gives every value of a subgraph a name of its own in the whole model: `If 'a' then_branch/x`. ONNX lets a subgraph hide
// names of the graphs around it; afterwards none does, so that a branch can be planned as part of the graph around it and
// constants of all graphs share one table. A model without subgraphs is left as it is.
import { nodeTitle, subgraphsOf, type Attribute, type Graph, type Node } from './graph.ts';

/** The graph with the values of its subgraphs renamed. */
export function qualifyNames(graph: Graph): Graph {
  if (graph.nodes.every((node) => subgraphsOf(node).length === 0)) return graph;
  const used = new Set<string>(graph.initializers.keys());
  for (const { name } of graph.inputs) used.add(name);
  for (const node of graph.nodes) for (const name of node.outputs) used.add(name);
  return { ...graph, nodes: graph.nodes.map((node) => qualifyNode(node, new Map(), used)) };
}

function qualifyNode(node: Node, scope: ReadonlyMap<string, string>, used: Set<string>): Node {
  const renamed = (name: string): string => scope.get(name) ?? name;
  const inner = (graph: Graph, attribute: string): Graph =>
    qualifyGraph(graph, `${nodeTitle(node)} ${attribute}`, scope, used);
  const attributes = new Map<string, Attribute>();
  for (const [name, attribute] of node.attributes) {
    if (attribute.type === 'graph') {
      attributes.set(name, { type: 'graph', value: inner(attribute.value, name) });
    } else if (attribute.type === 'graphs') {
      const value = attribute.value.map((one, i) => inner(one, `${name}[${i}]`));
      attributes.set(name, { type: 'graphs', value });
    } else attributes.set(name, attribute);
  }
  const inputs = node.inputs.map(renamed);
  const outputs = node.outputs.map(renamed);
  return { ...node, inputs, outputs, attributes };
}

function qualifyGraph(
  graph: Graph,
  prefix: string,
  outer: ReadonlyMap<string, string>,
  used: Set<string>,
): Graph {
  const scope = new Map(outer);
  const declare = (name: string): void => {
    if (name === '') return;
    let fresh = `${prefix}/${name}`;
    while (used.has(fresh)) fresh += "'";
    used.add(fresh);
    scope.set(name, fresh);
  };
  for (const { name } of graph.inputs) declare(name);
  for (const name of graph.initializers.keys()) declare(name);
  for (const node of graph.nodes) for (const name of node.outputs) declare(name);
  const renamed = (name: string): string => scope.get(name) ?? name;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => qualifyNode(node, scope, used)),
    inputs: graph.inputs.map((info) => ({ ...info, name: renamed(info.name) })),
    outputs: graph.outputs.map((info) => ({ ...info, name: renamed(info.name) })),
    initializers: new Map([...graph.initializers].map(([name, one]) => [renamed(name), one])),
    valueInfo: new Map(
      [...graph.valueInfo].map(([name, info]) => [renamed(name), { ...info, name: renamed(name) }]),
    ),
  };
}
