// FlexAttention with graphs: the same words as the graph written out, operator by operator.
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';
import { floats } from '../harness/prng.ts';

const opsets = new Map([
  ['', 26],
  ['ai.onnx.preview', 1],
]);
const node = (
  index: number,
  opType: string,
  inputs: string[],
  output: string,
  attributes: readonly (readonly [string, Attribute])[] = [],
): Node => ({
  ...{ index, name: output, domain: '', opType, inputs, outputs: [output] },
  attributes: new Map(attributes),
});
const scalar = (x: number): Tensor => new Tensor('float32', [x], []);
const body = (opType: string, factor: number): Graph => ({
  name: opType,
  nodes: [node(0, opType, ['x', 'c'], 'y')],
  inputs: [{ name: 'x', dtype: 'float32' }],
  outputs: [{ name: 'y' }],
  initializers: new Map([['c', scalar(factor)]]),
  valueInfo: new Map(),
  opsets,
});
const inputs = ['q', 'k', 'v'].map((name) => ({ name, dtype: 'float32' as const }));
const feeds = new Map([
  ['q', new Tensor('float32', floats(1, 24), [1, 2, 3, 4])],
  ['k', new Tensor('float32', floats(2, 20), [1, 1, 5, 4])],
  ['v', new Tensor('float32', floats(3, 10), [1, 1, 5, 2])],
]);

async function outputOf(graph: Graph): Promise<Tensor | undefined> {
  const session = await Session.create(graph);
  const { outputs } = await session.run(feeds, { backend: 'wasm' });
  session.dispose();
  return outputs['y'];
}

test('scores and weights go through the graphs', async () => {
  const flex: Node = {
    ...node(0, 'FlexAttention', ['q', 'k', 'v'], 'y', [
      ['score_mod', { type: 'graph', value: body('Add', 0.5) }],
      ['prob_mod', { type: 'graph', value: body('Mul', 3) }],
    ]),
    domain: 'ai.onnx.preview',
  };
  const base = { name: 'flex', inputs, outputs: [{ name: 'y' }], valueInfo: new Map(), opsets };
  const whole = await outputOf({ ...base, nodes: [flex], initializers: new Map() });
  const root = Math.fround(Math.sqrt(0.5));
  const perm: Attribute = { type: 'ints', value: [0, 1, 3, 2] };
  const written = await outputOf({
    ...base,
    nodes: [
      node(0, 'Mul', ['q', 'r'], 'qr'),
      node(1, 'Mul', ['k', 'r'], 'kr'),
      node(2, 'Transpose', ['kr'], 'kt', [['perm', perm]]),
      node(3, 'MatMul', ['qr', 'kt'], 's'),
      node(4, 'Add', ['s', 'half'], 't'),
      node(5, 'Softmax', ['t'], 'p'),
      node(6, 'Mul', ['p', 'three'], 'w'),
      node(7, 'MatMul', ['w', 'v'], 'y'),
    ],
    initializers: new Map([
      ['r', scalar(root)],
      ['half', scalar(0.5)],
      ['three', scalar(3)],
    ]),
  });
  expect(whole?.dims).toEqual([1, 2, 3, 2]);
  expect([...(whole?.bytes() ?? [])]).toEqual([...(written?.bytes() ?? [1])]);
});
