// RoiAlign, MaxRoiPool and Det: by hand, regions outside, empty, infinite and NaN, images that there are not, both modes,
// singular matrices, and the same region or matrix among others.
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
const batches = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
});
const boxes = (...list: (readonly number[])[]): CaseInput =>
  given([list.length, list[0]?.length ?? 4], list.flat());

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly CaseInput[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number } = {},
): OpCase {
  const spec = { opType, opset: extra.opset ?? 22, attributes, inputs };
  return nodeCase(`regions/${opType} ${id}`, group, spec, extra);
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const image = given([1, 1, 2, 3], [1, 2, 4, 8, 16, 32]);
const defined: OpCase[] = [
  one(
    'elements',
    'defined',
    'RoiAlign',
    [image, boxes([0, 0, 3, 2]), batches(0)],
    { output_height: 2, output_width: 3, sampling_ratio: 1 },
    of([1, 1, 2, 3], 1, 2, 4, 8, 16, 32),
  ),
  one(
    'mean of all',
    'defined',
    'RoiAlign',
    [image, boxes([0, 0, 2, 2]), batches(0)],
    { sampling_ratio: 2 },
    of([1, 1, 1, 1], 27 / 4),
  ),
  one(
    'opset=10',
    'defined',
    'RoiAlign',
    [image, boxes([0, 0, 0, 0]), batches(0)],
    { sampling_ratio: 1 },
    { opset: 10, ...of([1, 1, 1, 1], 27 / 4) },
  ),
  one(
    'max is of parts',
    'defined',
    'RoiAlign',
    [image, boxes([0, 0, 2, 2]), batches(0)],
    { sampling_ratio: 1, mode: 'max' },
    of([1, 1, 1, 1], 4),
  ),
  one(
    'outside, and no image',
    'defined',
    'RoiAlign',
    [image, boxes([50, 0, 60, 2], [0, 0, 2, 2], [0, 0, 2, 2]), batches(0, 1, -1)],
    { sampling_ratio: 1 },
    of([3, 1, 1, 1], 0, 0, 0),
  ),
  one(
    'bins',
    'defined',
    'MaxRoiPool',
    [image, boxes([0, 0, 0, 2, 1], [0, 1, 0, 1, 0], [1, 0, 0, 2, 1])],
    { pooled_shape: [1, 2] },
    of([3, 1, 1, 2], 16, 32, 2, 2, 0, 0),
  ),
  one('2x2', 'defined', 'Det', [given([2, 2], [2, 1, 4, 3])], {}, of([], 2)),
  one(
    'of three',
    'defined',
    'Det',
    [given([3, 2, 2], [1, 2, 1, 2, 0, 1, 1, 0, 4, 0, 0, 0.5])],
    {},
    of([3], 0, -1, 2),
  ),
  one('0x0', 'defined', 'Det', [given([2, 0, 0], [])], {}, of([2], 1, 1)),
];

const inf = Infinity;
const odd = boxes(
  [NaN, 0, 2, 2],
  [0, 0, inf, 2],
  [-inf, 0, inf, 2],
  [2, 2, 0, 0],
  [-5, -5, 30, 30],
  [0, 0, 3e38, 2],
  [1e-40, 0, 2, 1],
);
const edges: OpCase[] = ['avg', 'max'].flatMap((mode) => [
  one(
    `${mode},data=special`,
    'edges',
    'RoiAlign',
    [drawn([1, 2, 5, 4], 1, 'special'), boxes([0, 0, 4, 5], [1, 1, 3, 3]), batches(0, 0)],
    {
      ...{ mode, output_height: 3, output_width: 2 },
    },
  ),
  ...['half_pixel', 'output_half_pixel'].flatMap((way) =>
    [0, 2].map((sampling_ratio) =>
      one(
        `${mode},${way},ratio=${sampling_ratio},odd regions`,
        'edges',
        'RoiAlign',
        [drawn([1, 1, 4, 3], 2), odd, batches(0, 0, 0, 0, 0, 0, 0)],
        {
          mode,
          coordinate_transformation_mode: way,
          sampling_ratio,
          output_height: 2,
          output_width: 2,
        },
      ),
    ),
  ),
]);
edges.push(
  one(
    'data=special',
    'edges',
    'MaxRoiPool',
    [drawn([1, 2, 5, 4], 3, 'special'), boxes([0, 0, 0, 3, 4], [0, 1, 1, 2, 9])],
    {
      pooled_shape: [2, 3],
    },
  ),
  one(
    'odd regions',
    'edges',
    'MaxRoiPool',
    [
      drawn([2, 1, 5, 4], 4),
      boxes(
        [NaN, 0, 0, 3, 4],
        [0.9, NaN, 1, 2, inf],
        [-0.9, 3, 3, 0, 0],
        [inf, 0, 0, 2, 2],
        [1, -inf, -9, 0.5, 2.5],
      ),
    ],
    { pooled_shape: [2, 2] },
  ),
  ...(['special', 'subnormal'] as const).map((kind, k) =>
    one(`data=${kind}`, 'edges', 'Det', [drawn([20, 3, 3], 5 + k, kind)]),
  ),
  one('1x1', 'edges', 'Det', [given([3, 1, 1], [-0, NaN, 1e-40])]),
  one('a column of zeros before NaN', 'edges', 'Det', [given([2, 2], [0, NaN, 0, 1])]),
);

const regions = (n: number, seed: number, size: number): number[][] =>
  Array.from({ length: n }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = Array.from(
      floats(seed + i, 4),
      (x) => ((x + 4) * size) / 8,
    );
    return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
  });
const random: OpCase[] = [
  ...['avg', 'max'].flatMap((mode) =>
    [0, 3].map((sampling_ratio) =>
      one(
        `${mode},ratio=${sampling_ratio}`,
        'random',
        'RoiAlign',
        [drawn([3, 2, 9, 11], 10), boxes(...regions(6, 11, 20)), batches(0, 2, 1, 1, 0, 2)],
        { mode, sampling_ratio, output_height: 3, output_width: 2, spatial_scale: { float: 0.5 } },
      ),
    ),
  ),
  one(
    'opset=10,wide',
    'random',
    'RoiAlign',
    [drawn([1, 1, 9, 11], 12, 'wide'), boxes(...regions(4, 13, 11)), batches(0, 0, 0, 0)],
    { output_height: 2, output_width: 5 },
    { opset: 10 },
  ),
  one(
    'scaled',
    'random',
    'MaxRoiPool',
    [drawn([2, 3, 9, 11], 14), boxes(...regions(6, 15, 30).map((box, i) => [i % 2, ...box]))],
    { pooled_shape: [3, 4], spatial_scale: { float: 0.4 } },
    { opset: 1 },
  ),
  ...[2, 3, 5, 8].map((n) =>
    one(`drawn ${n}x${n}`, 'random', 'Det', [drawn([3, 2, n, n], 20 + n)]),
  ),
  one('wide', 'random', 'Det', [drawn([9, 4, 4], 30, 'wide')]),
  one('integers', 'random', 'Det', [given([7, 5, 5], integers(31, 175, -2, 3))]),
];

const [picture, other] = [floats(40, 60), floats(41, 60)];
const box = [0.7, 1.1, 7.3, 5.2];
const attributes = { output_height: 2, output_width: 3 };
const pooled = { pooled_shape: [2, 3] };
const matrix = floats(42, 25);
const invariance: OpCase[] = [
  one(
    'alone',
    'invariance',
    'RoiAlign',
    [given([1, 1, 6, 10], picture), boxes(box), batches(0)],
    attributes,
    {
      same: { key: 'roi' },
    },
  ),
  one(
    'second region of the second image',
    'invariance',
    'RoiAlign',
    [given([2, 1, 6, 10], [...other, ...picture]), boxes([0, 0, 1, 1], box), batches(0, 1)],
    attributes,
    { same: { key: 'roi', from: 6, to: 12 } },
  ),
  one(
    'alone',
    'invariance',
    'MaxRoiPool',
    [given([1, 1, 6, 10], picture), boxes([0, ...box])],
    pooled,
    {
      same: { key: 'pool' },
    },
  ),
  one(
    'second region of the second image',
    'invariance',
    'MaxRoiPool',
    [given([2, 1, 6, 10], [...other, ...picture]), boxes([0, 0, 0, 1, 1], [1, ...box])],
    pooled,
    { same: { key: 'pool', from: 6, to: 12 } },
  ),
  one('alone', 'invariance', 'Det', [given([5, 5], matrix)], {}, { same: { key: 'det' } }),
  one(
    'second',
    'invariance',
    'Det',
    [given([2, 5, 5], [...floats(43, 25), ...matrix])],
    {},
    {
      same: { key: 'det', from: 1, to: 2 },
    },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
