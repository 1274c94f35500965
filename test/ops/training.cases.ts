// What trains: BatchNormalization with statistics of the batch, in all its opsets, and the optimisers: by hand, special
// words, several tensors at once, and the same tensor among others.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

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
const count = (t: number): CaseInput => ({ dtype: 'int64', dims: [], data: [BigInt(t)] });

interface Extra {
  readonly expected?: readonly Tensor[];
  readonly same?: Same;
  readonly opset?: number;
  readonly outputs?: number;
}

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly CaseInput[],
  attributes: Attributes = {},
  { opset, outputs, ...extra }: Extra = {},
): OpCase {
  const isBatch = opType === 'BatchNormalization';
  return nodeCase(
    `training/${opType} ${id}`,
    group,
    {
      ...{ opType, attributes, inputs },
      domain: isBatch ? '' : 'ai.onnx.preview.training',
      opset: opset ?? (isBatch ? 22 : 1),
      outputs: outputs ?? 1,
    },
    extra,
  );
}

const f32 = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const f = Math.fround;
const four = given([2, 1, 2], [1, 3, 5, 7]);
const [unit, none] = [given([1], [1]), given([1], [0])];
const training = { training_mode: 1, epsilon: { float: 4 }, momentum: { float: 0.5 } };
// Mean 4, variance 5, √(5 + 4) = 3.
const third = f(2 / 3);
const normalised = [1, 3, 5, 7].map((x) => f(f(x * third) + f(1 - f(4 * third))));
const defined: OpCase[] = [
  one(
    'batch',
    'defined',
    'BatchNormalization',
    [four, given([1], [2]), unit, none, unit],
    training,
    { outputs: 3, expected: [f32([2, 1, 2], ...normalised), f32([1], 2), f32([1], 3)] },
  ),
  one(
    'saved,opset=9',
    'defined',
    'BatchNormalization',
    [four, given([1], [2]), unit, none, unit],
    { epsilon: { float: 4 }, momentum: { float: 0.5 } },
    {
      opset: 9,
      outputs: 5,
      expected: [f32([2, 1, 2], ...normalised), f32([1], 2), f32([1], 3), f32([1], 4), f32([1], 5)],
    },
  ),
  one(
    'is_test,opset=6',
    'defined',
    'BatchNormalization',
    [given([1, 1, 2], [1, 3]), unit, none, unit, given([1], [4])],
    { is_test: 1, epsilon: { float: 0 } },
    { opset: 6, expected: [f32([1, 1, 2], 0, 1)] },
  ),
  one(
    'step',
    'defined',
    'Adagrad',
    [given([], [1]), count(3), given([2], [1, 2]), given([2], [3, -4]), given([2], [16, 0])],
    { epsilon: { float: 0 }, decay_factor: { float: 1 } },
    {
      outputs: 2,
      expected: [f32([2], f(1 - f(f(0.25 * 3) / 5)), 2.25), f32([2], 25, 16)],
    },
  ),
  one(
    'first step',
    'defined',
    'Adam',
    [given([], [0.5]), count(0), ...[8, 4, 2, 0].map((x) => given([1], [x]))],
    {
      alpha: { float: 0.5 },
      beta: { float: 0.75 },
      epsilon: { float: 1 },
      norm_coefficient_post: { float: 0.5 },
    },
    { outputs: 3, expected: [f32([1], 0.5 * (8 - 1.5 / 3)), f32([1], 3), f32([1], 4)] },
  ),
  one(
    'standard',
    'defined',
    'Momentum',
    [given([], [0.5]), count(1), ...[8, 4, 2].map((x) => given([1], [x]))],
    { alpha: { float: 0.5 }, beta: { float: 2 }, mode: 'standard', norm_coefficient: { float: 1 } },
    { outputs: 2, expected: [f32([1], -4.5), f32([1], 25)] },
  ),
  one(
    'nesterov,first step',
    'defined',
    'Momentum',
    [given([], [0.5]), count(0), ...[8, 4, 2].map((x) => given([1], [x]))],
    { alpha: { float: 0.5 }, beta: { float: 2 }, mode: 'nesterov', norm_coefficient: { float: 0 } },
    { outputs: 2, expected: [f32([1], 4.75), f32([1], 5)] },
  ),
];

/** R, T and the tensors of n groups. */
const groups = (
  states: number,
  shapes: readonly (readonly number[])[],
  seed: number,
  kind: FloatKind,
  t = 7,
): CaseInput[] => [
  given([], [0.01]),
  count(t),
  ...Array.from({ length: 2 + states }, (_, k) =>
    shapes.map((dims, i) => {
      const { data } = drawn(dims, seed + 10 * k + i, kind);
      // Sums of squares are not negative.
      return given(
        dims,
        k > 0 && k === 1 + states
          ? Float32Array.from(data as Float32Array, Math.abs)
          : (data as Float32Array),
      );
    }),
  ).flat(),
];
const OPTIMISERS: readonly (readonly [string, number, Attributes])[] = [
  [
    'Adagrad',
    1,
    { epsilon: { float: 1e-5 }, decay_factor: { float: 0.1 }, norm_coefficient: { float: 0.001 } },
  ],
  [
    'Adam',
    2,
    {
      alpha: { float: 0.95 },
      beta: { float: 0.85 },
      epsilon: { float: 1e-7 },
      norm_coefficient: { float: 0.001 },
    },
  ],
  [
    'Momentum',
    1,
    {
      alpha: { float: 0.9 },
      beta: { float: 0.8 },
      mode: 'nesterov',
      norm_coefficient: { float: 0.01 },
    },
  ],
];

const edges: OpCase[] = [
  ...(['special', 'subnormal'] as const).flatMap((kind, k) => [
    one(
      `data=${kind}`,
      'edges',
      'BatchNormalization',
      [drawn([3, 4, 5], k, kind), ...[1, 2, 3, 4].map((i) => drawn([4], 10 * i + k))],
      { training_mode: 1 },
      { outputs: 3 },
    ),
    ...OPTIMISERS.map(([type, states, attributes]) =>
      one(`data=${kind}`, 'edges', type, groups(states, [[40]], 50 + k, kind), attributes, {
        outputs: 1 + states,
      }),
    ),
  ]),
  one(
    'one element',
    'edges',
    'BatchNormalization',
    [drawn([1, 2, 1], 5), ...[1, 2, 3, 4].map((i) => drawn([2], i))],
    { training_mode: 1 },
    { outputs: 3 },
  ),
  ...OPTIMISERS.map(([type, states, attributes]) =>
    one('T=0', 'edges', type, groups(states, [[3]], 60, 'normal', 0), attributes, {
      outputs: 1 + states,
    }),
  ),
];

const random: OpCase[] = [
  ...[1, 6, 7, 13, 14, 15].map((opset) =>
    one(
      `opset=${opset}`,
      'random',
      'BatchNormalization',
      [
        drawn([4, 3, 5, 7], opset, opset === 7 ? 'wide' : 'normal'),
        ...[1, 2, 3, 4].map((i) => drawn([3], 20 * i)),
      ],
      opset >= 14 ? { training_mode: 1 } : { momentum: { float: 0.7 } },
      { opset, outputs: opset >= 14 ? 3 : 5 },
    ),
  ),
  one(
    'every place,opset=7',
    'random',
    'BatchNormalization',
    [drawn([70, 2, 3], 30), ...[1, 2, 3, 4].map((i) => drawn([2, 3], 31 * i))],
    { spatial: 0 },
    { opset: 7, outputs: 5 },
  ),
  ...OPTIMISERS.flatMap(([type, states, attributes], k) => [
    one(
      'two tensors',
      'random',
      type,
      groups(states, [[3, 5], [70]], 70 + k, 'normal'),
      attributes,
      {
        outputs: 2 + 2 * states,
      },
    ),
    one(
      'defaults',
      'random',
      type,
      groups(states, [[9]], 80 + k, 'wide'),
      type === 'Momentum' ? attributes : {},
      {
        outputs: 1 + states,
      },
    ),
  ]),
];

const x = floats(90, 140);
const parameters = [1, 2, 3, 4].map((i) => drawn([2], 90 + i));
const key = { key: 'training/batch' };
const flat = Float32Array.from({ length: 140 }, (_, i) => {
  // [70, 2] of the same [1, 2, 70].
  return x[(i % 2) * 70 + Math.floor(i / 2)] ?? 0;
});
const invariance: OpCase[] = [
  one(
    'one image',
    'invariance',
    'BatchNormalization',
    [given([1, 2, 70], x), ...parameters],
    { training_mode: 1 },
    { same: key, outputs: 3 },
  ),
  one(
    '7x10',
    'invariance',
    'BatchNormalization',
    [given([1, 2, 7, 10], x), ...parameters],
    { training_mode: 1 },
    { same: key, outputs: 3 },
  ),
  one(
    'rows',
    'invariance',
    'BatchNormalization',
    [given([70, 2], flat), ...parameters],
    { training_mode: 1 },
    { outputs: 3 },
  ),
  ...OPTIMISERS.flatMap(([type, states, attributes]) => {
    const alone = groups(states, [[9]], 95, 'normal');
    const both = groups(states, [[9], [4]], 95, 'normal');
    return [
      one('alone', 'invariance', type, alone, attributes, {
        same: { key: type },
        outputs: 1 + states,
      }),
      one('first of two', 'invariance', type, both, attributes, {
        same: { key: type },
        outputs: 2 + 2 * states,
      }),
    ];
  }),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
