// Reductions: values by hand, special words, every layout (rows, columns, scattered axes), several tree levels,
// and the same row alone, in a batch and along another axis.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

const f32 = (dims: readonly number[], data: readonly number[] | Float32Array): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const axesInput = (...axes: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [axes.length],
  data: axes.map(BigInt),
  constant: true,
});

const FLOAT_OPS = [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSum',
  'ReduceLogSumExp',
];

function reduceCase(
  id: string,
  group: OpCase['group'],
  opType: string,
  x: CaseInput,
  axes: readonly number[] | undefined,
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const inputs = axes === undefined ? [x] : [x, axesInput(...axes)];
  return nodeCase(
    `reduce/${opType} ${id}`,
    group,
    { opType, opset: 18, attributes, inputs },
    extra,
  );
}

const small = f32([2, 3], [1, 2, 3, 4, 5, 6]);
const defined: OpCase[] = [
  // 2^-102 is a summand, its neighbour below is +0; a sum that cancels to 2^-120 stays, one to 2^-125 is +0.
  reduceCase(
    'flush limit',
    'defined',
    'ReduceSum',
    f32(
      [6, 2],
      [
        ...[0x0c800000, 0x0c7fffff, 0x8c800000, 0x8c7fffff, 0x0c7fffff, 0x80000000].map(f32OfWord),
        ...[0x0c7fffff, 0x0c7fffff, 0x0c800020, 0x8c800000, 0x0c800001, 0x8c800000].map(f32OfWord),
      ],
    ),
    [1],
    { keepdims: 0 },
    { expected: [new Tensor('float32', [2 ** -102, -(2 ** -102), 0, 0, 2 ** -120, 0], [6])] },
  ),
  reduceCase(
    'all',
    'defined',
    'ReduceSum',
    small,
    undefined,
    {},
    { expected: [new Tensor('float32', [21], [1, 1])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceSum',
    small,
    [-1],
    { keepdims: 0 },
    { expected: [new Tensor('float32', [6, 15], [2])] },
  ),
  reduceCase(
    'first',
    'defined',
    'ReduceMean',
    small,
    [0],
    {},
    { expected: [new Tensor('float32', [2.5, 3.5, 4.5], [1, 3])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceMax',
    small,
    [1],
    {},
    { expected: [new Tensor('float32', [3, 6], [2, 1])] },
  ),
  reduceCase(
    'first',
    'defined',
    'ReduceMin',
    small,
    [0],
    {},
    { expected: [new Tensor('float32', [1, 2, 3], [1, 3])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceProd',
    small,
    [1],
    {},
    { expected: [new Tensor('float32', [6, 120], [2, 1])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceSumSquare',
    small,
    [1],
    {},
    { expected: [new Tensor('float32', [14, 77], [2, 1])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceL1',
    f32([1, 3], [-1, 2, -3]),
    [1],
    {},
    { expected: [new Tensor('float32', [6], [1, 1])] },
  ),
  reduceCase(
    'last',
    'defined',
    'ReduceL2',
    f32([1, 2], [-3, 4]),
    [1],
    {},
    { expected: [new Tensor('float32', [5], [1, 1])] },
  ),
  // The first group of 64 takes 2^24 + 1 to 2^24 sixty-three times; joined later, the ones would count.
  reduceCase(
    'order=group',
    'defined',
    'ReduceSum',
    f32(
      [1, 128],
      Float32Array.from({ length: 128 }, (_, i) => (i === 0 ? 16777216 : 1)),
    ),
    [1],
    {},
    { expected: [new Tensor('float32', [16777216 + 64], [1, 1])] },
  ),
  nodeCase(
    'reduce/ReduceSum axes=none,noop',
    'defined',
    {
      opType: 'ReduceSum',
      opset: 13,
      attributes: { noop_with_empty_axes: 1 },
      inputs: [f32([2], [1.5, -2])],
    },
    { expected: [new Tensor('float32', [1.5, -2], [2])] },
  ),
  nodeCase(
    'reduce/ReduceMean opset=11,axes=attribute',
    'defined',
    { opType: 'ReduceMean', opset: 11, attributes: { axes: [-1], keepdims: 0 }, inputs: [small] },
    { expected: [new Tensor('float32', [2, 5], [2])] },
  ),
  ...(['int32', 'int64'] as const).flatMap((dtype) => {
    const value = (n: number): number | bigint => (dtype === 'int64' ? BigInt(n) : n);
    const x: CaseInput = { dtype, dims: [2, 3], data: [3, -1, 2, -7, 7, 100].map(value) };
    const of = (...list: number[]): Tensor =>
      new Tensor(dtype, (dtype === 'int64' ? list.map(BigInt) : list) as never, [2, 1]);
    return [
      reduceCase(`dtype=${dtype}`, 'defined', 'ReduceSum', x, [1], {}, { expected: [of(4, 100)] }),
      reduceCase(
        `dtype=${dtype}`,
        'defined',
        'ReduceProd',
        x,
        [1],
        {},
        { expected: [of(-6, -4900)] },
      ),
      reduceCase(`dtype=${dtype}`, 'defined', 'ReduceMax', x, [1], {}, { expected: [of(3, 100)] }),
      reduceCase(`dtype=${dtype}`, 'defined', 'ReduceMin', x, [1], {}, { expected: [of(-1, -7)] }),
      reduceCase(
        `dtype=${dtype}`,
        'defined',
        'ReduceSumSquare',
        x,
        [1],
        {},
        { expected: [of(14, 10098)] },
      ),
    ];
  }),
];

const inf = Infinity;
const edges: OpCase[] = [
  // No terms: 0, NaN, -inf, inf, 1, 0, 0, 0, log 0, log 0.
  ...FLOAT_OPS.map((opType, i) =>
    reduceCase(
      'terms=0',
      'edges',
      opType,
      f32([2, 0], []),
      [1],
      {},
      {
        expected: [
          new Tensor(
            'float32',
            Array(2).fill([0, NaN, -inf, inf, 1, 0, 0, 0, -inf, -inf][i]),
            [2, 1],
          ),
        ],
      },
    ),
  ),
  ...FLOAT_OPS.flatMap((opType) => [
    reduceCase('data=special', 'edges', opType, f32([64, 3], floats(11, 192, 'special')), [1]),
    reduceCase(
      'data=special,axis=0',
      'edges',
      opType,
      f32([3, 67], floats(12, 201, 'special')),
      [0],
    ),
    reduceCase('data=subnormal', 'edges', opType, f32([7, 40], floats(13, 280, 'subnormal')), [1]),
    reduceCase('data=scalar', 'edges', opType, f32([], floats(14, 1)), undefined),
  ]),
  reduceCase(
    'data=inf',
    'edges',
    'ReduceLogSumExp',
    f32([4, 2], [-inf, -inf, inf, 1, NaN, 1, 100, 101]),
    [1],
  ),
  reduceCase(
    'data=huge',
    'edges',
    'ReduceSum',
    f32([2, 2], [3e38, 3e38, -3e38, -3e38]),
    [1],
    {},
    { expected: [new Tensor('float32', [inf, -inf], [2, 1])] },
  ),
];

const SHAPES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[5, 1], [1]],
  [[9, 63], [1]],
  [[4, 64], [1]],
  [[13, 65], [1]],
  [[3, 700], [1]],
  [[1, 4097], [1]],
  [[2, 8200], [1]],
  [[70, 21], [0]],
  [[3, 130, 5], [1]],
  [
    [2, 3, 4, 33],
    [1, 3],
  ],
  [
    [5, 2, 7, 3],
    [0, 2],
  ],
  [
    [3, 4, 5],
    [0, 1, 2],
  ],
  [
    [2, 65, 19],
    [0, 1],
  ],
];
const random: OpCase[] = SHAPES.flatMap(([dims, axes], seed) =>
  ['ReduceSum', 'ReduceMean', 'ReduceL2', 'ReduceProd', 'ReduceMax', 'ReduceLogSumExp'].map(
    (opType, i) => {
      const n = dims.reduce((product, size) => product * size, 1);
      const kind: FloatKind = (seed + i) % 2 === 0 ? 'wide' : 'normal';
      const x = f32(dims, floats(seed, n, kind));
      return reduceCase(
        `dims=${dims.join('x')},axes=${axes.join()},data=${kind}`,
        'random',
        opType,
        x,
        axes,
      );
    },
  ),
);
random.push(
  ...['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd'].map((opType) =>
    reduceCase(
      'dtype=int32,random',
      'random',
      opType,
      { dtype: 'int32', dims: [3, 70, 5], data: integers(5, 1050, -2147483648, 2147483648) },
      [1],
    ),
  ),
);

// One row of 1000 terms: alone, as a column, with its terms spread over two axes, and third in a batch of ten.
const row = floats(99, 1000, 'wide');
const batch = Float32Array.from({ length: 10000 }, (_, i) =>
  Math.floor(i / 1000) === 2 ? (row[i % 1000] ?? 0) : i,
);
const columns = Float32Array.from({ length: 10000 }, (_, i) =>
  i % 10 === 2 ? (row[Math.floor(i / 10)] ?? 0) : i,
);
const invariance: OpCase[] = [
  'ReduceSum',
  'ReduceMean',
  'ReduceProd',
  'ReduceL2',
  'ReduceMin',
].flatMap((opType) => {
  const key = `reduce/${opType} layout`;
  const third = { same: { key, from: 2, to: 3 } };
  return [
    reduceCase(
      'layout=row',
      'invariance',
      opType,
      f32([1, 1000], row),
      [1],
      { keepdims: 0 },
      { same: { key } },
    ),
    reduceCase(
      'layout=column',
      'invariance',
      opType,
      f32([1000, 1], row),
      [0],
      { keepdims: 0 },
      { same: { key } },
    ),
    reduceCase(
      'layout=two',
      'invariance',
      opType,
      f32([20, 1, 50], row),
      [0, 2],
      { keepdims: 0 },
      { same: { key } },
    ),
    reduceCase(
      'layout=rows',
      'invariance',
      opType,
      f32([10, 1000], batch),
      [1],
      { keepdims: 0 },
      third,
    ),
    reduceCase(
      'layout=columns',
      'invariance',
      opType,
      f32([1000, 10], columns),
      [0],
      { keepdims: 0 },
      third,
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
