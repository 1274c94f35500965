// The models of nodes that `isobit bench --ops` measures: which nodes are alike, what of a node is an initializer and
// what an input, and that every node of a model is either measured or counted among those left out.

import { expect, test } from 'vitest';
import { nodeModels, withAllOutputs } from '../../src/cli/node_models.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';

let count = 0;
function node(
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, Attribute> = {},
): Node {
  const shared = { index: count++, name: '', domain: '' };
  return { ...shared, opType, inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

const graphOf = (nodes: Node[], initializers: Record<string, Tensor> = {}): Graph => ({
  name: 'g',
  nodes,
  inputs: [{ name: 'x', dtype: 'float32', dims: [2, 2] }],
  outputs: [{ name: 'y', dtype: 'float32', dims: [2, 2] }],
  initializers: new Map(Object.entries(initializers)),
  valueInfo: new Map(),
  opsets: new Map([['', 17]]),
});

const square = new Tensor('float32', [1, 2, 3, 4], [2, 2]);
const axis = (value: number): Tensor => new Tensor('int64', [value], [1]);

/** Every name that is not given is a float32 tensor of 2 x 2. */
function models(graph: Graph, given: Record<string, Tensor | undefined> = {}, host = 'NonZero') {
  const names = graph.nodes.flatMap((one) => [...one.inputs, ...one.outputs]);
  const values = new Map(names.filter((name) => name !== '').map((name) => [name, square]));
  for (const [name, tensor] of graph.initializers) values.set(name, tensor);
  for (const [name, tensor] of Object.entries(given)) {
    if (tensor === undefined) values.delete(name);
    else values.set(name, tensor);
  }
  return nodeModels(graph, values, (one) => one.opType === host);
}

test('nodes are alike by operator, attributes, types and which inputs are one value', () => {
  const alpha = (value: number) => ({ alpha: { type: 'float', value } as const });
  const { models: made } = models(
    graphOf(
      [
        node('Mul', ['x', 'x'], ['a']),
        node('Mul', ['a', 'a'], ['b']),
        node('Mul', ['a', 'b'], ['c']),
        node('Mul', ['a', 'w'], ['d']),
        node('Mul', ['b', 'v'], ['e']),
        node('Elu', ['c'], ['f'], alpha(1)),
        node('Elu', ['d'], ['g'], alpha(2)),
        node('ReduceSum', ['e', 'rows'], ['h']),
        node('ReduceSum', ['e', 'columns'], ['i']),
        node('ReduceSum', ['d', 'rows'], ['j']),
        node('Neg', ['h'], ['k']),
      ],
      { w: square, v: square, rows: axis(0), columns: axis(1) },
    ),
    { h: new Tensor('float32', [1, 2], [2]) },
  );
  expect(made.map((one) => `${one.operator} ${one.label} x ${one.nodes}`)).toEqual([
    'Mul #0 x 2',
    'Mul #2 x 1',
    'Mul #3 x 2',
    'Elu #5 x 1',
    'Elu #6 x 1',
    'ReduceSum #7 x 1',
    'ReduceSum #8 x 1',
    'ReduceSum #9 x 1',
    'Neg #10 x 1',
  ]);
});

test('what is known beforehand is an initializer, the rest an input', () => {
  const graph = graphOf(
    [
      node('Shape', ['x'], ['shape']),
      node('Concat', ['shape', 'one'], ['target'], { axis: { type: 'int', value: 0 } }),
      node('Neg', ['w'], ['negative']),
      node('Clip', ['x', '', 'negative'], ['a']),
      node('Expand', ['a', 'target'], ['y']),
    ],
    { w: square, one: axis(1) },
  );
  const { models: made, leftOut } = models(graph, { target: new Tensor('int64', [2, 2, 1], [3]) });
  expect(leftOut).toEqual({ control: 0, inner: 0, known: 3, host: 0, kinds: 0 });
  const [clip, expand] = made.map((one) => one.graph);
  expect(clip?.inputs).toEqual([{ name: 'x', dtype: 'float32', dims: [2, 2] }]);
  expect([...(clip?.initializers.keys() ?? [])]).toEqual(['negative']);
  expect(clip?.nodes[0]?.inputs).toEqual(['x', '', 'negative']);
  expect(expand?.inputs.map((info) => info.name)).toEqual(['a']);
  expect([...(expand?.initializers.keys() ?? [])]).toEqual(['target']);
  expect(expand?.outputs).toEqual([{ name: 'y', dtype: 'float32', dims: [2, 2] }]);
});

test('every node is measured or counted among those left out', () => {
  const body = graphOf([node('Neg', ['x'], ['y']), node('Neg', ['x'], ['z'])]);
  const branch = { then_branch: { type: 'graph', value: body } as const };
  const nodes = [
    node('If', ['x'], ['a'], branch),
    node('NonZero', ['a'], ['b']),
    node('SequenceConstruct', ['a'], ['list']),
    node('Cast', ['a'], ['text'], { to: { type: 'int', value: 8 } }),
    node('Neg', ['a'], ['y']),
  ];
  const text = new Tensor('string', ['a'], [1]);
  const { models: made, leftOut } = models(graphOf(nodes), { list: undefined, text });
  expect(leftOut).toEqual({ control: 1, inner: 2, known: 0, host: 1, kinds: 2 });
  expect(made.map((one) => one.operator)).toEqual(['Neg']);
});

test('the copy of a model that gives every value keeps what is said of them, and leaves out absent outputs', () => {
  const graph = graphOf([node('Dropout', ['x'], ['a', '']), node('Neg', ['a'], ['y'])]);
  const info = { name: 'y', dtype: 'float32' as const, dims: [2, 2] };
  const { outputs } = withAllOutputs({ ...graph, valueInfo: new Map([['y', info]]) });
  expect(outputs).toEqual([{ name: 'a' }, info]);
});
