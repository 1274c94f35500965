// Operators of com.microsoft that are others in one node: by hand, every form of operands, activations by name, statistics,
// special words, and the same row in another place or beside others.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Data = readonly number[] | Float32Array;
const f32 = (dims: readonly number[], data: Data): CaseInput => ({ dtype: 'float32', dims, data });
const i32 = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'int32',
  dims,
  data,
});
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same; outputs?: number } = {},
): OpCase {
  const { outputs = 1, ...rest } = extra;
  const spec = { opType, domain: 'com.microsoft', attributes, inputs, outputs };
  return nodeCase(`fused/${opType} ${id}`, group, spec, rest);
}
const zero = { epsilon: { float: 0 } };
const defined: OpCase[] = [
  one(
    'both transposed',
    'defined',
    'FusedMatMul',
    [f32([2, 1], [1, 2]), f32([2, 2], [1, 2, 3, 4])],
    { transA: 1, transB: 1, alpha: { float: 2 } },
    { expected: [of([1, 2], 10, 22)] },
  ),
  one(
    'batch axis behind',
    'defined',
    'FusedMatMul',
    [f32([2, 2, 1], [1, 2, 3, 4]), f32([2, 1, 1], [1, 10])],
    { transBatchA: 1 },
    { expected: [of([2, 2, 1], 1, 3, 20, 40)] },
  ),
  one(
    'leaky',
    'defined',
    'FusedGemm',
    [f32([1, 2], [1, 1]), f32([2, 2], [1, -2, 3, -4]), f32([2], [1, 1])],
    { activation: 'LeakyRelu', activation_alpha: { float: 0.5 } },
    { expected: [of([1, 2], 5, -2.5)] },
  ),
  one(
    'sum and clip',
    'defined',
    'FusedConv',
    [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 1], [2]), f32([1], [1]), f32([1, 1, 3], [0, -9, 9])],
    { activation: 'Clip', activation_params: { floats: [0, 10] } },
    { expected: [of([1, 1, 3], 3, 0, 10)] },
  ),
  one(
    'by hand',
    'defined',
    'SkipLayerNormalization',
    [
      f32([1, 1, 4], [1, 2, 1, 2]),
      f32([1, 4], [1, 2, 1, 2]),
      f32([4], [1, 2, 1, 2]),
      f32([4], [0, 0, 1, 1]),
      f32([4], [1, 1, 1, 1]),
    ],
    zero,
    {
      outputs: 4,
      expected: [
        of([1, 1, 4], -1, 2, 0, 3),
        of([1, 1, 1], 4),
        of([1, 1, 1], 1),
        of([1, 1, 4], 3, 5, 3, 5),
      ],
    },
  ),
  one(
    'by hand',
    'defined',
    'SkipSimplifiedLayerNormalization',
    [f32([1, 4], [1, -1, 1, -1]), f32([1, 4], [1, -1, 1, -1]), f32([4], [1, 1, 2, 2])],
    zero,
    { expected: [of([1, 4], 1, -1, 2, -2)] },
  ),
  one(
    'by hand',
    'defined',
    'EmbedLayerNormalization',
    [
      i32([1, 2], 1, 0),
      i32([1, 2], 0, 0),
      f32([2, 2], [0, 4, 1, 3]),
      f32([2, 2], [1, 1, 0, 2]),
      f32([1, 2], [1, 1]),
      f32([2], [1, 1]),
      f32([2], [0, 0]),
      i32([1, 2], 1, 7),
    ],
    zero,
    {
      outputs: 3,
      expected: [
        of([1, 2, 2], -1, 1, -1, 1),
        new Tensor('int32', [1], [1]),
        of([1, 2, 2], 3, 5, 1, 7),
      ],
    },
  ),
  one(
    'by hand',
    'defined',
    'BiasAdd',
    [f32([1, 2], [1, 2]), f32([2], [10, 20]), f32([1, 2], [100, 200])],
    {},
    { expected: [of([1, 2], 111, 222)] },
  ),
  one(
    'ends',
    'defined',
    'Gelu',
    [f32([4], [0, 100, -100, -Infinity])],
    {},
    { expected: [of([4], 0, 100, 0, NaN)] },
  ),
  one(
    'ends',
    'defined',
    'BiasGelu',
    [f32([1, 2], [100, -100]), f32([2], [28, -28])],
    {},
    { expected: [of([1, 2], 128, 0)] },
  ),
  one(
    'ends',
    'defined',
    'FastGelu',
    [f32([3], [0, 100, -100])],
    {},
    { expected: [of([3], 0, 100, 0)] },
  ),
  one(
    'ends',
    'defined',
    'QuickGelu',
    [f32([3], [0, 100, -200])],
    {},
    { expected: [of([3], 0, 100, 0)] },
  ),
  one(
    'halves',
    'defined',
    'BiasSplitGelu',
    [f32([1, 4], [2, 3, 100, -100]), f32([4], [1, 1, 0, 0])],
    {},
    { expected: [of([1, 2], 300, 0)] },
  ),
];

function build(group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] {
  let next = seed;
  const f = (...dims: number[]): CaseInput => f32(dims, floats(next++, sizeOf(dims), kind));
  const out: OpCase[] = [];
  const add = (
    id: string,
    opType: string,
    attributes: Readonly<Record<string, CaseAttribute>>,
    outputs: number,
    ...inputs: (CaseInput | undefined)[]
  ): void => {
    out.push(one(`${id},data=${kind}`, group, opType, inputs, attributes, { outputs }));
  };
  const mm = 'FusedMatMul';
  add('alpha', mm, { alpha: { float: 0.3 } }, 1, f(2, 3, 66), f(66, 5));
  add('transposed', mm, { transA: 1, transB: 1 }, 1, f(2, 4, 3), f(5, 4));
  add(
    'batches behind',
    mm,
    { transBatchA: 1, transA: 1, transBatchB: 1, transB: 1 },
    1,
    f(4, 2, 3),
    f(5, 2, 4),
  );
  add('vector', mm, { transB: 1 }, 1, f(4), f(3, 4));
  add(
    'tanh',
    'FusedGemm',
    { activation: 'Tanh', transB: 1, alpha: { float: 0.5 } },
    1,
    f(3, 4),
    f(5, 4),
    f(5),
  );
  add('plain', 'FusedGemm', {}, 1, f(2, 3), f(3, 2));
  add(
    'hard,pads',
    'FusedConv',
    {
      activation: 'HardSigmoid',
      activation_params: { floats: [0.3, 0.4] },
      pads: [1, 1, 1, 1],
      strides: [2, 1],
    },
    1,
    f(1, 2, 4, 4),
    f(3, 2, 3, 3),
    f(3),
  );
  add(
    'sum,relu,groups',
    'FusedConv',
    { activation: 'Relu', group: 2 },
    1,
    f(2, 4, 5),
    f(2, 2, 2),
    undefined,
    f(2, 2, 4),
  );
  add('all', 'SkipLayerNormalization', {}, 4, f(2, 3, 9), f(1, 3, 9), f(9), f(9), f(9));
  add('least', 'SkipLayerNormalization', { epsilon: { float: 1e-5 } }, 1, f(2, 70), f(70), f(70));
  add(
    'bias',
    'SkipSimplifiedLayerNormalization',
    { epsilon: { float: 1e-5 } },
    1,
    f(2, 3, 9),
    f(2, 3, 9),
    f(9),
    f(9),
  );
  const ids = [i32([2, 3], 1, 2, 4, 0, 1, 2), i32([2, 3], 0, 1, 0, 1, 1, 0)];
  add(
    'all',
    'EmbedLayerNormalization',
    {},
    3,
    ids[0],
    ids[1],
    f(5, 8),
    f(4, 8),
    f(2, 8),
    f(8),
    f(8),
    i32([2, 3], 1, 1, 0, 1, 0, 1),
  );
  add(
    'positions',
    'EmbedLayerNormalization',
    {},
    2,
    ids[0],
    undefined,
    f(5, 8),
    f(4, 8),
    undefined,
    f(8),
    f(8),
    undefined,
    i32([1, 3], 3, 1, 0),
  );
  add('rows', 'BiasAdd', {}, 1, f(2, 3, 5), f(5), f(2, 3, 5));
  add('rows', 'Gelu', {}, 1, f(3, 40));
  add('rows', 'BiasGelu', {}, 1, f(3, 20), f(20));
  add('rows', 'FastGelu', {}, 1, f(3, 20));
  add('bias', 'FastGelu', {}, 1, f(3, 20), f(20));
  add('alpha', 'QuickGelu', { alpha: { float: 1.3 } }, 1, f(3, 20));
  add('rows', 'BiasSplitGelu', {}, 1, f(3, 20), f(20));
  return out;
}
const edges: OpCase[] = [...build('edges', 'special', 100), ...build('edges', 'subnormal', 300)];
const random: OpCase[] = [...build('random', 'normal', 500), ...build('random', 'wide', 700)];

// The same row alone and third of three.
const row = floats(9, 6);
const behind = (data: Float32Array): number[] => [...floats(10, 12), ...data];
const vector = (seed: number, n = 6): CaseInput => f32([n], floats(seed, n));
type Rows = (x: Float32Array, n: number) => (CaseInput | undefined)[];
const table: readonly (readonly [string, Rows, number])[] = [
  ['FusedMatMul', (x) => [f32([x.length / 6, 6], x), f32([6, 6], floats(20, 36))], 6],
  ['FusedGemm', (x) => [f32([x.length / 6, 6], x), f32([6, 6], floats(21, 36))], 6],
  ['FusedConv', (x) => [f32([x.length / 6, 1, 6], x), f32([1, 1, 3], floats(22, 3))], 4],
  [
    'SkipLayerNormalization',
    (x) => [f32([x.length / 6, 6], x), f32([x.length / 6, 6], x), vector(23)],
    6,
  ],
  [
    'SkipSimplifiedLayerNormalization',
    (x) => [f32([x.length / 6, 6], x), f32([x.length / 6, 6], x), vector(24)],
    6,
  ],
  ['BiasAdd', (x) => [f32([x.length / 6, 6], x), vector(25), f32([x.length / 6, 6], x)], 6],
  ['Gelu', (x) => [f32([x.length / 6, 6], x)], 6],
  ['BiasGelu', (x) => [f32([x.length / 6, 6], x), vector(26)], 6],
  ['FastGelu', (x) => [f32([x.length / 6, 6], x), vector(27)], 6],
  ['QuickGelu', (x) => [f32([x.length / 6, 6], x)], 6],
  ['BiasSplitGelu', (x) => [f32([x.length / 6, 6], x), vector(28)], 3],
];
const invariance: OpCase[] = table.flatMap(([opType, inputs, width]) => {
  const key = `fused/${opType} row`;
  return [
    one('alone', 'invariance', opType, inputs(row, 1), {}, { same: { key } }),
    one(
      'third',
      'invariance',
      opType,
      inputs(Float32Array.from(behind(row)), 3),
      {},
      {
        same: { key, from: 2 * width, to: 3 * width },
      },
    ),
  ];
});
const tables = [f32([5, 6], floats(30, 30)), f32([4, 6], floats(31, 24))];
invariance.push(
  ...[[3], [1, 2, 3]].map((ids) =>
    one(
      `row ${ids.length}`,
      'invariance',
      'EmbedLayerNormalization',
      [
        i32([1, ids.length], ...ids),
        undefined,
        ...tables,
        undefined,
        vector(32),
        vector(33),
        undefined,
        i32([1, ids.length], ...ids.map((id) => id - 1)),
      ],
      {},
      { same: { key: 'fused/EmbedLayerNormalization row', from: (ids.length - 1) * 6 } },
    ),
  ),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
