// Normalisations: values by hand (powers of two, so that every step is exact), special words, ranks and axes, optional
// outputs, constant parameters as exporters write them, and rows in other places of a batch.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats } from '../harness/prng.ts';

type Data = readonly number[] | Float32Array;
const f32 = (dims: readonly number[], data: Data): CaseInput => ({ dtype: 'float32', dims, data });
const constant = (dims: readonly number[], data: Data): CaseInput => ({
  ...f32(dims, data),
  constant: true,
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
  extra: {
    expected?: readonly Tensor[];
    same?: Same;
    outputs?: number;
    opset?: number;
    domain?: string;
  } = {},
): OpCase {
  const { opset = 23, domain = '', outputs = 1, ...rest } = extra;
  const spec = { opType, domain, opset: domain === '' ? opset : 1, attributes, inputs, outputs };
  return nodeCase(`normalization/${opType} ${id}`, group, spec, rest);
}

const zero = { epsilon: { float: 0 } };
const square = [1, 3, 5, 7]; // mean 4, deviations -3 -1 1 3, variance 5
const two = [-2, 2, 6, 10]; // mean 4, variance 20
const pair = [3, 5, 3, 5]; // mean 4, variance 1
const defined: OpCase[] = [
  one(
    'by hand',
    'defined',
    'BatchNormalization',
    [
      f32([1, 2, 2], [1, 2, 3, 4]),
      constant([2], [2, 1]),
      constant([2], [1, 0]),
      constant([2], [1, 3]),
      constant([2], [4, 0.25]),
    ],
    zero,
    { expected: [of([1, 2, 2], 1, 2, 0, 2)] },
  ),
  one(
    'by hand',
    'defined',
    'LayerNormalization',
    [f32([1, 4], pair), f32([4], [1, 2, 1, 2]), f32([4], [0, 0, 1, 1])],
    zero,
    {
      outputs: 3,
      expected: [of([1, 4], -1, 2, 0, 3), of([1, 1], 4), of([1, 1], 1)],
    },
  ),
  one(
    'no bias,axis=0',
    'defined',
    'LayerNormalization',
    [f32([2, 2], pair), f32([2, 2], [1, 1, 1, 1])],
    { ...zero, axis: 0 },
    {
      expected: [of([2, 2], -1, 1, -1, 1)],
    },
  ),
  one(
    'by hand',
    'defined',
    'InstanceNormalization',
    [f32([1, 1, 4], pair), f32([1], [2]), f32([1], [1])],
    zero,
    {
      expected: [of([1, 1, 4], -1, 3, -1, 3)],
    },
  ),
  one(
    'by hand',
    'defined',
    'GroupNormalization',
    [f32([1, 2, 2], pair), f32([2], [1, 2]), f32([2], [0, 1])],
    { ...zero, num_groups: 1 },
    {
      expected: [of([1, 2, 2], -1, 1, -1, 3)],
    },
  ),
  one(
    'opset=18',
    'defined',
    'GroupNormalization',
    [f32([1, 2, 2], pair), f32([1], [2]), f32([1], [1])],
    { ...zero, num_groups: 1 },
    {
      opset: 18,
      expected: [of([1, 2, 2], -1, 3, -1, 3)],
    },
  ),
  one(
    'by hand',
    'defined',
    'RMSNormalization',
    [f32([1, 4], [2, -2, 2, -2]), f32([4], [1, 1, 2, 2])],
    zero,
    {
      expected: [of([1, 4], 1, -1, 2, -2)],
    },
  ),
  one(
    'domain=com.microsoft',
    'defined',
    'SimplifiedLayerNormalization',
    [f32([1, 2], [2, -2]), f32([2], [1, 1])],
    zero,
    {
      domain: 'com.microsoft',
      outputs: 2,
      expected: [of([1, 2], 1, -1), of([1, 1], 0.5)],
    },
  ),
  one(
    'by hand',
    'defined',
    'MeanVarianceNormalization',
    [f32([1, 1, 2, 2], pair)],
    {},
    {
      expected: [of([1, 1, 2, 2], -1, 1, -1, 1)],
    },
  ),
  one(
    'p=1',
    'defined',
    'LpNormalization',
    [f32([2, 2], [-1, 3, 0, 0])],
    { p: 1 },
    { expected: [of([2, 2], -0.25, 0.75, 0, 0)] },
  ),
  one(
    'p=2,axis=0',
    'defined',
    'LpNormalization',
    [f32([2, 2], [3, 0, 4, 0])],
    { axis: 0 },
    {
      expected: [of([2, 2], Math.fround(0.6), 0, Math.fround(0.8), 0)],
    },
  ),
  one(
    'by hand',
    'defined',
    'LRN',
    [f32([1, 3, 1], [1, 2, 4])],
    { size: 3, alpha: { float: 3 }, beta: { float: 1 }, bias: { float: 0 } },
    {
      expected: [of([1, 3, 1], Math.fround(1 / 5), Math.fround(2 / 21), Math.fround(4 / 20))],
    },
  ),
];

interface Shape {
  readonly op: string;
  readonly dims: readonly number[];
  /** Dims of the parameters behind x. */
  readonly parameters: readonly (readonly number[])[];
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
  readonly outputs?: number;
  readonly opset?: number;
}
const SHAPES: readonly Shape[] = [
  { op: 'BatchNormalization', dims: [2, 3, 5, 7], parameters: [[3], [3], [3], [3]] },
  { op: 'BatchNormalization', dims: [4, 6], parameters: [[6], [6], [6], [6]], opset: 9 },
  { op: 'LayerNormalization', dims: [3, 70], parameters: [[70], [70]], outputs: 3 },
  {
    op: 'LayerNormalization',
    dims: [2, 3, 4, 33],
    parameters: [[4, 33], [33]],
    attributes: { axis: 2 },
  },
  { op: 'InstanceNormalization', dims: [2, 3, 9, 8], parameters: [[3], [3]] },
  {
    op: 'GroupNormalization',
    dims: [2, 6, 5, 5],
    parameters: [[6], [6]],
    attributes: { num_groups: 3 },
  },
  { op: 'RMSNormalization', dims: [2, 4, 65], parameters: [[65]] },
  { op: 'SimplifiedLayerNormalization', dims: [5, 16], parameters: [[16]] },
  { op: 'MeanVarianceNormalization', dims: [2, 3, 4, 5], parameters: [] },
  { op: 'MeanVarianceNormalization', dims: [4, 67], parameters: [], attributes: { axes: [1] } },
  { op: 'LpNormalization', dims: [3, 20, 4], parameters: [], attributes: { axis: 1, p: 2 } },
  { op: 'LpNormalization', dims: [3, 20, 4], parameters: [], attributes: { axis: -1, p: 1 } },
  {
    op: 'LRN',
    dims: [1, 7, 3, 4],
    parameters: [],
    attributes: { size: 4, alpha: { float: 0.0001 }, bias: { float: 2 } },
  },
];
const build = (
  group: OpCase['group'],
  kind: 'normal' | 'wide' | 'special' | 'subnormal',
  seed: number,
): OpCase[] =>
  SHAPES.map(({ op, dims, parameters, attributes = {}, outputs = 1, opset = 23 }, i) => {
    const inputs = [
      f32(dims, floats(seed + 10 * i, sizeOf(dims), kind)),
      // The fourth parameter of BatchNormalization is a variance.
      ...parameters.map((shape, k) => {
        const data = floats(seed + 10 * i + k + 1, sizeOf(shape), kind);
        return (i + seed) % 2 === 0
          ? constant(shape, k === 3 ? data.map(Math.abs) : data)
          : f32(shape, data);
      }),
    ];
    const id = `case=${i},dims=${dims.join('x')},data=${kind}`;
    return one(id, group, op, inputs, attributes, { outputs, opset });
  });
const edges: OpCase[] = [
  ...build('edges', 'special', 1000),
  ...build('edges', 'subnormal', 2001),
  one(
    'data=equal',
    'edges',
    'LayerNormalization',
    [f32([1, 5], [7, 7, 7, 7, 7]), f32([5], [1, 1, 1, 1, 1])],
    zero,
  ),
  one(
    'data=infinite',
    'edges',
    'RMSNormalization',
    [f32([2, 3], [Infinity, 1, 2, 3e38, 3e38, 1]), f32([3], [1, 1, 1])],
    zero,
  ),
];
const random: OpCase[] = [...build('random', 'normal', 3000), ...build('random', 'wide', 4001)];

// The same row alone and third in a batch.
const row = floats(5, 130);
const batch = Float32Array.from({ length: 520 }, (_, i) =>
  Math.floor(i / 130) === 2 ? (row[i % 130] ?? 0) : i % 11,
);
const scale = f32([130], floats(6, 130));
const invariance: OpCase[] = ['LayerNormalization', 'RMSNormalization'].flatMap((op) => {
  const key = `normalization/${op} row`;
  return [
    one('rows=1', 'invariance', op, [f32([1, 130], row), scale], {}, { same: { key } }),
    one(
      'rows=4',
      'invariance',
      op,
      [f32([4, 130], batch), scale],
      {},
      { same: { key, from: 260, to: 390 } },
    ),
  ];
});
// In exact arithmetic: twice the deviations, half the factor.
invariance.push(
  one(
    'scaled=1',
    'invariance',
    'InstanceNormalization',
    [f32([1, 1, 4], square), f32([1], [1]), f32([1], [0])],
    zero,
    {
      same: { key: 'normalization/InstanceNormalization scaled' },
    },
  ),
  one(
    'scaled=2',
    'invariance',
    'InstanceNormalization',
    [f32([1, 1, 4], two), f32([1], [1]), f32([1], [0])],
    zero,
    {
      same: { key: 'normalization/InstanceNormalization scaled' },
    },
  ),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
