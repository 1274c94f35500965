// Which outputs of a graph have values that ONNX leaves open: those that depend on an operator that draws numbers by a
// generator of its own choice. Shape and element type are fixed even then. Where a subgraph draws, or reads what was
// drawn, all outputs of its node count as open: nothing looks into loops here.

import type { Data } from '../core/data.ts';
import { Tensor } from '../core/tensor.ts';
import { subgraphsOf, type Graph, type Node } from '../graph/graph.ts';

/** A seed fixes nothing: ONNX defines no generator. */
const DRAWING: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** What these give depends on the shape alone. */
const OF_SHAPE: ReadonlySet<string> = new Set(['Shape', 'Size']);

type Known = ReadonlyMap<string, Tensor>;

/** The only element of a value that is known before the run; undefined for every other. */
function scalarOf(name: string, known: Known): number | undefined {
  const tensor = known.get(name);
  // A scalar in another file is not read.
  if (tensor === undefined || tensor.size !== 1 || tensor.hostStorage !== undefined)
    return undefined;
  // Of 16-bit floats the pattern: it is 0 for 0, which is all that is asked.
  const [value] = tensor.data;
  return value === undefined ? undefined : Number(value);
}

/** Dropout draws in training, unless it keeps everything. */
function dropoutDraws(node: Node, opset: number, known: Known): boolean {
  const { attributes, inputs } = node;
  if (opset < 12) {
    if (opset >= 7) return false;
    const isTest = attributes.get('is_test');
    const ratio = attributes.get('ratio');
    return (
      !(isTest?.type === 'int' && isTest.value !== 0) &&
      !(ratio?.type === 'float' && ratio.value === 0)
    );
  }
  const [, ratio = '', training = ''] = inputs;
  if (training === '' || scalarOf(training, known) === 0) return false;
  return ratio === '' || scalarOf(ratio, known) !== 0;
}

function draws(node: Node, opset: number, known: Known): boolean {
  if (node.domain !== '') return false;
  return (
    DRAWING.has(node.opType) || (node.opType === 'Dropout' && dropoutDraws(node, opset, known))
  );
}

/** Whether a graph within a node draws, or reads one of these values. */
function isOpen(graph: Graph, opset: number, open: ReadonlySet<string>, known: Known): boolean {
  const inner = new Set(open);
  for (const info of graph.inputs) inner.delete(info.name);
  return markOpen(graph, opset, inner, known) || graph.outputs.some((info) => inner.has(info.name));
}

/** Adds the open values of a graph to `open`; true if there are any of its own. */
function markOpen(graph: Graph, opset: number, open: Set<string>, known: Known): boolean {
  const values = new Map(known);
  for (const [name, tensor] of graph.initializers) values.set(name, tensor);
  let any = false;
  for (const node of graph.nodes) {
    const constant = node.opType === 'Constant' ? node.attributes.get('value') : undefined;
    const [first = ''] = node.outputs;
    if (constant?.type === 'tensor') values.set(first, constant.value);
    if (OF_SHAPE.has(node.opType) && node.domain === '') continue;
    const depends =
      draws(node, opset, values) ||
      node.inputs.some((name) => open.has(name)) ||
      subgraphsOf(node).some((body) => isOpen(body, opset, open, values));
    if (!depends) continue;
    any = true;
    for (const name of node.outputs) if (name !== '') open.add(name);
  }
  return any;
}

/** The names of the graph's outputs whose values are open when it is fed these. */
export function openOutputs(
  graph: Graph,
  feeds: Readonly<Record<string, Data>>,
): ReadonlySet<string> {
  const known = new Map(
    Object.entries(feeds).flatMap(([name, value]): [string, Tensor][] =>
      value instanceof Tensor ? [[name, value]] : [],
    ),
  );
  const open = new Set<string>();
  markOpen(graph, graph.opsets.get('') ?? 0, open, known);
  return new Set(graph.outputs.map((info) => info.name).filter((name) => open.has(name)));
}
