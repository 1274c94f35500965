// Pooling: by hand, padding and ceil_mode, special words, one to three dimensions, strides that take each way
// through memory, windows of more than 64 taps, indices, and windows in other places of a row.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type OpCase, type Same } from '../harness/cases.ts';
import { floats, integers } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  dims: readonly number[],
  data: readonly number[] | Float32Array,
  attributes: Attributes,
  extra: { expected?: readonly Tensor[]; same?: Same; outputs?: number; opset?: number } = {},
): OpCase {
  return nodeCase(
    `pool/${opType} ${id}`,
    group,
    {
      opType,
      opset: extra.opset ?? 19,
      attributes,
      inputs: [{ dtype: 'float32', dims, data }],
      outputs: extra.outputs ?? 1,
    },
    extra,
  );
}

const grid = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const square = [1, 1, 3, 3];
const two = { kernel_shape: [2, 2] };
const padded = { kernel_shape: [2, 2], pads: [1, 1, 0, 0] };
const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const defined: OpCase[] = [
  one('2x2', 'defined', 'MaxPool', square, grid, two, of([1, 1, 2, 2], 5, 6, 8, 9)),
  one('2x2', 'defined', 'AveragePool', square, grid, two, of([1, 1, 2, 2], 3, 4, 6, 7)),
  one(
    'pads',
    'defined',
    'AveragePool',
    square,
    grid,
    padded,
    of(square, 1, 1.5, 2.5, 2.5, 3, 4, 5.5, 6, 7),
  ),
  one(
    'pads,counted',
    'defined',
    'AveragePool',
    square,
    grid,
    { ...padded, count_include_pad: 1 },
    of(square, 0.25, 0.75, 1.25, 1.25, 3, 4, 2.75, 6, 7),
  ),
  one(
    'ceil',
    'defined',
    'AveragePool',
    square,
    grid,
    { ...two, strides: [2, 2], ceil_mode: 1 },
    of([1, 1, 2, 2], 3, 4.5, 7.5, 9),
  ),
  one(
    'ceil',
    'defined',
    'MaxPool',
    square,
    grid,
    { ...two, strides: [2, 2], ceil_mode: 1 },
    of([1, 1, 2, 2], 5, 6, 8, 9),
  ),
  one(
    'SAME_UPPER',
    'defined',
    'MaxPool',
    square,
    grid,
    { ...two, auto_pad: 'SAME_UPPER' },
    of(square, 5, 6, 6, 8, 9, 9, 8, 9, 9),
  ),
  one(
    'SAME_LOWER',
    'defined',
    'MaxPool',
    square,
    grid,
    { ...two, auto_pad: 'SAME_LOWER' },
    of(square, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  ),
  one(
    '1d',
    'defined',
    'LpPool',
    [1, 1, 4],
    [3, 4, -3, -4],
    { kernel_shape: [2], strides: [2], p: 2 },
    of([1, 1, 2], 5, 5),
  ),
  one(
    '1d,p=1',
    'defined',
    'LpPool',
    [1, 1, 4],
    [3, 4, -3, -4],
    { kernel_shape: [2], strides: [2], p: 1 },
    of([1, 1, 2], 7, 7),
  ),
  one('3x3', 'defined', 'GlobalAveragePool', square, grid, {}, of([1, 1, 1, 1], 5)),
  one('3x3', 'defined', 'GlobalMaxPool', square, grid, {}, of([1, 1, 1, 1], 9)),
  one('1d', 'defined', 'GlobalLpPool', [1, 1, 2], [-3, 4], {}, of([1, 1, 1], 5)),
  one('indices', 'defined', 'MaxPool', [1, 2, 2, 2], [1, 1, 0, 1, 5, 4, NaN, NaN], two, {
    outputs: 2,
    expected: [
      new Tensor('float32', [1, NaN], [1, 2, 1, 1]),
      new Tensor('int64', [0n, 6n], [1, 2, 1, 1]),
    ],
  }),
  one(
    'indices,column major',
    'defined',
    'MaxPool',
    [1, 1, 2, 3],
    [1, 2, 3, 4, 9, 6],
    { kernel_shape: [2, 3], storage_order: 1 },
    {
      outputs: 2,
      expected: [new Tensor('float32', [9], [1, 1, 1, 1]), new Tensor('int64', [3n], [1, 1, 1, 1])],
    },
  ),
  nodeCase(
    'pool/MaxPool dtype=uint8',
    'defined',
    {
      opType: 'MaxPool',
      opset: 12,
      attributes: { kernel_shape: [2] },
      inputs: [{ dtype: 'uint8', dims: [1, 1, 3], data: [255, 1, 2] }],
    },
    { expected: [new Tensor('uint8', [255, 2], [1, 1, 2])] },
  ),
];

const edges: OpCase[] = ['MaxPool', 'AveragePool', 'LpPool'].flatMap((opType) => [
  one('data=special', 'edges', opType, [1, 2, 9, 11], floats(1, 198, 'special'), {
    kernel_shape: [2, 2],
    strides: [2, 2],
  }),
  one('data=subnormal', 'edges', opType, [1, 1, 9, 10], floats(2, 90, 'subnormal'), {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  }),
  one('kernel=1', 'edges', opType, [1, 1, 3, 5], floats(3, 15, 'special'), {
    kernel_shape: [1, 1],
  }),
]);

const GEOMETRIES: readonly (readonly [string, readonly number[], Attributes])[] = [
  ['1d', [2, 3, 37], { kernel_shape: [5], strides: [3], pads: [2, 1] }],
  ['2x2/2', [1, 3, 8, 40], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['3x3/1', [1, 2, 7, 21], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['3x3/2', [1, 2, 11, 23], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['4x4/4', [1, 2, 12, 20], { kernel_shape: [4, 4], strides: [4, 4] }],
  ['dilated', [1, 2, 15, 17], { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 2, 2, 1] }],
  [
    '3x3/2,ceil',
    [1, 1, 10, 10],
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1], ceil_mode: 1 },
  ],
  ['9x9', [1, 1, 12, 14], { kernel_shape: [9, 9], pads: [4, 4, 4, 4] }],
  [
    '3d',
    [1, 2, 4, 5, 6],
    { kernel_shape: [2, 3, 2], strides: [1, 2, 1], pads: [1, 0, 1, 0, 1, 0] },
  ],
];
const random: OpCase[] = GEOMETRIES.flatMap(([id, dims, attributes], seed) => {
  const n = dims.reduce((product, size) => product * size, 1);
  const normal = floats(seed, n, 'normal');
  const wide = floats(seed, n, 'wide');
  return [
    one(id, 'random', 'MaxPool', dims, normal, attributes),
    one(id, 'random', 'AveragePool', dims, wide, attributes),
    one(`${id},counted`, 'random', 'AveragePool', dims, normal, {
      ...attributes,
      count_include_pad: 1,
    }),
  ];
});
random.push(
  one(
    'indices,random',
    'random',
    'MaxPool',
    [2, 2, 7, 9],
    integers(8, 252, -3, 4),
    { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 1, 0] },
    { outputs: 2 },
  ),
  one('p=3', 'random', 'LpPool', [1, 2, 9], floats(9, 18), { kernel_shape: [4], p: 3 }),
  one('random', 'random', 'GlobalAveragePool', [2, 5, 9, 9], floats(10, 810), {}),
  one('p=1', 'random', 'GlobalLpPool', [2, 5, 9, 9], floats(10, 810), { p: 1 }),
);

// The mean of the same 3x3 window: alone, at the start of a longer row, and under a larger window whose other
// taps are padding.
const window = floats(42, 9, 'wide');
const wide = new Float32Array(120);
for (let i = 0; i < 9; i += 1) wide[Math.floor(i / 3) * 40 + (i % 3)] = window[i] ?? 0;
const same = { key: 'pool/AveragePool window' };
const invariance: OpCase[] = [
  one(
    'window=alone',
    'invariance',
    'AveragePool',
    square,
    window,
    { kernel_shape: [3, 3] },
    { same },
  ),
  one(
    'window=in a row',
    'invariance',
    'AveragePool',
    [1, 1, 3, 40],
    wide,
    { kernel_shape: [3, 3], strides: [1, 40] },
    { same },
  ),
  one(
    'window=padded',
    'invariance',
    'AveragePool',
    square,
    window,
    { kernel_shape: [5, 5], pads: [1, 1, 1, 1] },
    { same },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
