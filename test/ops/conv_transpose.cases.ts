// ConvTranspose: by hand, phases without taps, every attribute, special words, one to three axes, and the same input in
// another batch.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type OpCase, type Same } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
interface Operand {
  readonly dims: readonly number[];
  readonly data: readonly number[] | Float32Array;
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const drawn = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): Operand => ({
  dims,
  data: floats(seed, sizeOf(dims), kind),
});

function one(
  id: string,
  group: OpCase['group'],
  operands: readonly Operand[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number } = {},
): OpCase {
  return nodeCase(
    `conv_transpose/${id}`,
    group,
    {
      opType: 'ConvTranspose',
      opset: extra.opset ?? 22,
      attributes,
      inputs: operands.map(({ dims, data }, i) => ({
        dtype: 'float32' as const,
        dims,
        data,
        constant: i > 0 && group === 'random',
      })),
    },
    extra,
  );
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const three: Operand = { dims: [1, 1, 3], data: [1, 10, 100] };
const taps: Operand = { dims: [1, 1, 2], data: [1, 2] };
const defined: OpCase[] = [
  one('stride=1', 'defined', [three, taps], {}, of([1, 1, 4], 1, 12, 120, 200)),
  one(
    'stride=2',
    'defined',
    [three, taps],
    { strides: [2] },
    of([1, 1, 6], 1, 2, 10, 20, 100, 200),
  ),
  // Every third output is reached by no tap.
  one(
    'stride=3',
    'defined',
    [three, taps, { dims: [1], data: [5] }],
    { strides: [3] },
    of([1, 1, 8], 6, 7, 5, 15, 25, 5, 105, 205),
  ),
  one(
    'dilation=2',
    'defined',
    [three, taps],
    { dilations: [2] },
    of([1, 1, 5], 1, 10, 102, 20, 200),
  ),
  one('pads', 'defined', [three, taps], { strides: [2], pads: [1, 2] }, of([1, 1, 3], 2, 10, 20)),
  one(
    'output_padding',
    'defined',
    [three, taps],
    { strides: [2], output_padding: [1] },
    of([1, 1, 7], 1, 2, 10, 20, 100, 200, 0),
  ),
  one(
    'output_shape',
    'defined',
    [three, taps],
    { strides: [2], output_shape: [5] },
    of([1, 1, 5], 2, 10, 20, 100, 200),
  ),
  one(
    'output_shape larger',
    'defined',
    [three, taps],
    { strides: [2], output_shape: [8] },
    of([1, 1, 8], 1, 2, 10, 20, 100, 200, 0, 0),
  ),
  one(
    'SAME_UPPER',
    'defined',
    [three, { dims: [1, 1, 3], data: [1, 2, 3] }],
    { strides: [2], auto_pad: 'SAME_UPPER' },
    of([1, 1, 6], 1, 2, 13, 20, 130, 200),
  ),
  one(
    'SAME_LOWER',
    'defined',
    [three, { dims: [1, 1, 3], data: [1, 2, 3] }],
    { strides: [2], auto_pad: 'SAME_LOWER' },
    of([1, 1, 6], 2, 13, 20, 130, 200, 300),
  ),
  // An infinite weight spoils only what it meets.
  one(
    'infinite weight',
    'defined',
    [
      { dims: [1, 1, 2], data: [1, 2] },
      { dims: [1, 1, 3], data: [3, Infinity, 5] },
    ],
    { strides: [2] },
    of([1, 1, 5], 3, Infinity, 11, Infinity, 10),
  ),
];

const edges: OpCase[] = (['special', 'subnormal'] as const).flatMap((kind, k) => [
  one(
    `data=${kind},stride=1`,
    'edges',
    [drawn([1, 2, 4, 5], 10 + k, kind), drawn([2, 3, 3, 3], 20 + k, kind)],
    {
      pads: [1, 1, 1, 1],
    },
  ),
  one(
    `data=${kind},stride=2`,
    'edges',
    [
      drawn([2, 2, 3, 4], 30 + k, kind),
      drawn([2, 2, 4, 3], 40 + k, kind),
      drawn([2], 50 + k, kind),
    ],
    { strides: [2, 2], pads: [1, 0, 1, 1] },
  ),
]);
edges.push(
  one('size=1', 'edges', [drawn([1, 1, 1, 1], 60), drawn([1, 1, 2, 2], 61)], { strides: [3, 2] }),
  one('padding only', 'edges', [drawn([1, 1, 2], 62), drawn([1, 1, 1], 63)], {
    strides: [4],
    output_padding: [3],
    pads: [1, 0],
  }),
);

const GEOMETRIES: readonly (readonly [string, readonly number[], readonly number[], Attributes])[] =
  [
    ['1d,stride=3', [2, 3, 11], [3, 2, 5], { strides: [3], pads: [2, 1] }],
    ['2d,4x4/2', [1, 8, 7, 9], [8, 4, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }],
    [
      '2d,3x3/2',
      [1, 4, 6, 5],
      [4, 5, 3, 3],
      { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    ],
    ['2d,groups', [2, 6, 5, 4], [6, 2, 3, 2], { group: 3, strides: [1, 2] }],
    [
      '2d,dilated',
      [1, 3, 5, 6],
      [3, 2, 3, 2],
      { dilations: [2, 3], strides: [2, 2], pads: [2, 0, 1, 1] },
    ],
    ['2d,dilation by stride', [1, 2, 5, 5], [2, 2, 3, 3], { dilations: [2, 2], strides: [4, 2] }],
    ['2d,cropped', [1, 2, 6, 6], [2, 3, 2, 2], { strides: [2, 2], pads: [4, 3, 5, 4] }],
    ['3d', [1, 2, 3, 4, 3], [2, 3, 2, 3, 2], { strides: [2, 1, 2], pads: [0, 1, 0, 1, 1, 0] }],
    ['long', [1, 40, 3, 3], [40, 2, 3, 3], { strides: [2, 2] }],
    ['depthwise', [1, 5, 4, 4], [5, 1, 2, 2], { group: 5, strides: [2, 2] }],
  ];
const random: OpCase[] = GEOMETRIES.flatMap(([id, x, w, attributes], seed) => {
  const group = typeof attributes['group'] === 'number' ? attributes['group'] : 1;
  const bias = drawn([(w[1] ?? 1) * group], seed + 70);
  return [
    one(id, 'random', [drawn(x, seed), drawn(w, seed + 30), bias], attributes),
    one(`${id},wide`, 'random', [drawn(x, seed, 'wide'), drawn(w, seed + 30, 'wide')], attributes, {
      opset: 1,
    }),
  ];
});

const image = drawn([1, 3, 4, 4], 90);
const filters = drawn([3, 2, 3, 3], 91);
const batch: Operand = {
  dims: [2, 3, 4, 4],
  data: Float32Array.from([...floats(92, 48), ...image.data]),
};
const key = 'conv_transpose/batch';
const invariance: OpCase[] = [
  one('batch=1', 'invariance', [image, filters], { strides: [2, 2] }, { same: { key } }),
  one(
    'batch=2',
    'invariance',
    [batch, filters],
    { strides: [2, 2] },
    {
      same: { key, from: 162, to: 324 },
    },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
