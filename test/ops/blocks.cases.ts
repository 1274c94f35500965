// Col2Im, CenterCropPad, ReverseSequence, MaxUnpool: by hand, overlaps, odd differences, lengths and indices outside,
// special words, and the same block in another batch.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
type Data = readonly number[] | Float32Array;
const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const given = (dims: readonly number[], data: Data): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const drawn = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput =>
  given(dims, floats(seed, sizeOf(dims), kind));
const known = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});
const fed = (dims: readonly number[], list: readonly number[]): CaseInput => ({
  dtype: 'int64',
  dims,
  data: list.map(BigInt),
});

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly CaseInput[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const spec = { opType, opset: 22, attributes, inputs };
  return nodeCase(`blocks/${opType} ${id}`, group, spec, extra);
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const nine = given([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const rows = given([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
const defined: OpCase[] = [
  one(
    'overlap',
    'defined',
    'Col2Im',
    [given([1, 2, 3], [1, 2, 3, 10, 20, 30]), known(4), known(2)],
    {},
    of([1, 1, 4], 1, 12, 23, 30),
  ),
  one(
    'stride,pads',
    'defined',
    'Col2Im',
    [given([1, 2, 3], [1, 2, 3, 10, 20, 30]), known(4), known(2)],
    { strides: [2], pads: [1, 1] },
    of([1, 1, 4], 10, 2, 20, 3),
  ),
  one('crop', 'defined', 'CenterCropPad', [nine, known(2, 1)], {}, of([2, 1], 2, 5)),
  one(
    'crop and pad',
    'defined',
    'CenterCropPad',
    [nine, known(1, 6)],
    {},
    of([1, 6], 0, 4, 5, 6, 0, 0),
  ),
  one('axes', 'defined', 'CenterCropPad', [nine, known(1)], { axes: [-1] }, of([3, 1], 2, 5, 8)),
  one(
    'batch first',
    'defined',
    'ReverseSequence',
    [rows, fed([2], [3, 1])],
    { batch_axis: 0, time_axis: 1 },
    of([2, 4], 3, 2, 1, 4, 5, 6, 7, 8),
  ),
  one(
    'time first',
    'defined',
    'ReverseSequence',
    [rows, fed([4], [2, 0, 1, 2])],
    {},
    of([2, 4], 5, 2, 3, 8, 1, 6, 7, 4),
  ),
  one(
    '2x2',
    'defined',
    'MaxUnpool',
    [given([1, 1, 1, 2], [5, 6]), fed([1, 1, 1, 2], [2, 5])],
    { kernel_shape: [2, 2], strides: [2, 2] },
    of([1, 1, 2, 4], 0, 0, 5, 0, 0, 6, 0, 0),
  ),
  one(
    'output_shape',
    'defined',
    'MaxUnpool',
    [given([1, 1, 1, 2], [5, 6]), fed([1, 1, 1, 2], [2, 5]), known(1, 1, 3, 5)],
    { kernel_shape: [2, 2], strides: [2, 2] },
    of([1, 1, 3, 5], 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0),
  ),
];

const integersOf = (dtype: DType, dims: readonly number[], seed: number): CaseInput => ({
  dtype,
  dims,
  data: integers(seed, sizeOf(dims), 0, 100),
});
const edges: OpCase[] = [
  ...(['special', 'subnormal'] as const).flatMap((kind, k) => [
    one(`data=${kind}`, 'edges', 'Col2Im', [drawn([1, 4, 9], k, kind), known(4, 4), known(2, 2)]),
    one(`data=${kind}`, 'edges', 'CenterCropPad', [drawn([3, 6], 5 + k, kind), known(5, 3)]),
    one(`data=${kind}`, 'edges', 'ReverseSequence', [
      drawn([5, 3], 10 + k, kind),
      fed([3], [9, -2, 4]),
    ]),
    one(
      `data=${kind}`,
      'edges',
      'MaxUnpool',
      [drawn([1, 2, 3], 15 + k, kind), fed([1, 2, 3], [1, -1, 50, 3, 3, -60])],
      { kernel_shape: [2], strides: [2] },
    ),
  ]),
  one('dtype=uint8', 'edges', 'CenterCropPad', [integersOf('uint8', [3, 5], 20), known(4, 4)]),
  one('dtype=uint8', 'edges', 'ReverseSequence', [
    integersOf('uint8', [3, 5], 21),
    fed([5], [3, 2, 1, 0, 3]),
  ]),
  one('same', 'edges', 'CenterCropPad', [drawn([3, 6], 22), known(3, 6)]),
  one('to nothing', 'edges', 'CenterCropPad', [drawn([3, 6], 23), known(3, 0)]),
];

const random: OpCase[] = [
  one('2d', 'random', 'Col2Im', [drawn([2, 3 * 6, 28], 30, 'wide'), known(9, 12), known(3, 2)], {
    strides: [1, 3],
    dilations: [2, 1],
    pads: [1, 0, 1, 0],
  }),
  one('3d', 'random', 'Col2Im', [drawn([1, 8, 12], 31), known(3, 4, 3), known(2, 2, 2)]),
  one('many taps', 'random', 'Col2Im', [drawn([1, 100, 16], 32), known(13, 13), known(10, 10)]),
  one('3d', 'random', 'CenterCropPad', [drawn([4, 5, 6], 33), known(7, 3)], { axes: [2, 0] }),
  one('3d', 'random', 'ReverseSequence', [drawn([7, 4, 5], 34), fed([4], [7, 3, 0, 5])]),
  one('4d', 'random', 'ReverseSequence', [drawn([3, 5, 2, 2], 35), fed([3], [5, 2, 4])], {
    batch_axis: 0,
    time_axis: 1,
  }),
  one(
    '2d',
    'random',
    'MaxUnpool',
    [drawn([2, 2, 3, 4], 36), fed([2, 2, 3, 4], integers(37, 48, 0, 160))],
    { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 0] },
  ),
];

const [first, second] = [floats(40, 24), floats(41, 24)];
const both = Float32Array.of(...first, ...second);
const invariance: OpCase[] = (
  [
    ['Col2Im', [4, 6], [known(7), known(2)], {}],
    ['CenterCropPad', [4, 6], [known(3, 5)], { axes: [1, 2] }],
  ] as const
).flatMap(([opType, dims, more, attributes]) => {
  const key = `blocks/${opType}`;
  const size = opType === 'Col2Im' ? 14 : 15;
  return [
    one('alone', 'invariance', opType, [given([1, ...dims], second), ...more], attributes, {
      same: { key },
    }),
    one('second', 'invariance', opType, [given([2, ...dims], both), ...more], attributes, {
      same: { key, from: size, to: 2 * size },
    }),
  ];
});
const sequence = { batch_axis: 0, time_axis: 1 };
invariance.push(
  one(
    'alone',
    'invariance',
    'ReverseSequence',
    [given([1, 24], second), fed([1], [20])],
    sequence,
    {
      same: { key: 'reverse' },
    },
  ),
  one(
    'second',
    'invariance',
    'ReverseSequence',
    [given([2, 24], both), fed([2], [7, 20])],
    sequence,
    {
      same: { key: 'reverse', from: 24, to: 48 },
    },
  ),
);
const places = Array.from({ length: 24 }, (_, i) => 2 * i + (i % 2));
const wide = { kernel_shape: [2], strides: [2] };
invariance.push(
  one(
    'alone',
    'invariance',
    'MaxUnpool',
    [given([1, 1, 24], second), fed([1, 1, 24], places)],
    wide,
    {
      same: { key: 'unpool' },
    },
  ),
  one(
    'second',
    'invariance',
    'MaxUnpool',
    [given([2, 1, 24], both), fed([2, 1, 24], [...places, ...places.map((at) => at + 48)])],
    wide,
    { same: { key: 'unpool', from: 48, to: 96 } },
  ),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
