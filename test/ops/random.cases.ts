// Random operators at seed 0: the first block of the generator's published vectors, ends of ranges, special words, every
// form, and the same numbers under other shapes.
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

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same; outputs?: number; opset?: number } = {},
): OpCase {
  const spec = {
    opType,
    opset: extra.opset ?? 22,
    attributes,
    inputs,
    outputs: extra.outputs ?? 1,
  };
  return nodeCase(`random/${opType} ${id}`, group, spec, extra);
}

const zero = { seed: { float: 0 } };
// Philox4x32-10 of counter 0 and key 0: 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (kat_vectors of Random123).
const block = [0x6627e8, 0xe169c5, 0xbc57ac, 0x9b00db].map((bits) => bits / 2 ** 24);
const f32 = (dims: readonly number[], list: readonly number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const f = Math.fround;
const ratio = given([], [0.5]);
const training: CaseInput = { dtype: 'bool', dims: [], data: [true], constant: true };
const defined: OpCase[] = [
  one('seed=0', 'defined', 'RandomUniform', [], { ...zero, shape: [4] }, f32([4], block)),
  one(
    'seed=0,range',
    'defined',
    'RandomUniformLike',
    [given([2, 2], [0, 0, 0, 0])],
    { ...zero, low: { float: -1 }, high: { float: 3 } },
    f32(
      [2, 2],
      block.map((u) => f(f(u * 4) - 1)),
    ),
  ),
  one(
    'scale=0',
    'defined',
    'RandomNormal',
    [],
    { shape: [3], mean: { float: 7 }, scale: { float: 0 } },
    f32([3], [7, 7, 7]),
  ),
  one(
    'scale=0',
    'defined',
    'RandomNormalLike',
    [given([2], [1, 2])],
    { scale: { float: 0 } },
    f32([2], [0, 0]),
  ),
  one(
    'seed=0',
    'defined',
    'Bernoulli',
    [given([4], [0.4, 0.4, 1, 0])],
    zero,
    f32([4], [1, 0, 1, 0]),
  ),
  one(
    'seed=0',
    'defined',
    'Multinomial',
    [given([1, 2], [0, 0])],
    { ...zero, sample_size: 4 },
    { expected: [new Tensor('int32', [0, 1, 1, 1], [1, 4])] },
  ),
  one(
    'certain',
    'defined',
    'Multinomial',
    [given([2, 3], [-1e9, 0, -1e9, 5, -Infinity, -Infinity])],
    { sample_size: 2, dtype: 7 },
    { expected: [new Tensor('int64', [1n, 1n, 0n, 0n], [2, 2])] },
  ),
  one(
    'training,seed=0',
    'defined',
    'Dropout',
    [given([4], [1, 2, 3, Infinity]), ratio, training],
    { seed: 0 },
    {
      outputs: 2,
      expected: [
        new Tensor('float32', [0, 4, 6, Infinity], [4]),
        new Tensor('bool', [false, true, true, true], [4]),
      ],
    },
  ),
];

const edges: OpCase[] = [
  one('empty', 'edges', 'RandomUniform', [], { shape: [0, 3] }),
  one('range overflows', 'edges', 'RandomUniform', [], {
    shape: [9],
    low: { float: -3e38 },
    high: { float: 3e38 },
  }),
  one('scalar', 'edges', 'RandomUniform', [], { shape: [] }),
  one('empty', 'edges', 'RandomNormal', [], { shape: [0] }),
  one('scale=infinity', 'edges', 'RandomNormal', [], { shape: [9], scale: { float: Infinity } }),
  ...['RandomUniformLike', 'RandomNormalLike', 'Bernoulli'].map((type) =>
    one('data=special', 'edges', type, [drawn([40], 1, 'special')]),
  ),
  one('data=special', 'edges', 'Multinomial', [drawn([9, 5], 2, 'special')], { sample_size: 3 }),
  one('one class', 'edges', 'Multinomial', [drawn([2, 1], 3)], { sample_size: 3 }),
  one('data=special,training', 'edges', 'Dropout', [drawn([40], 4, 'special'), ratio, training]),
  one('ratio=0', 'edges', 'Dropout', [drawn([9], 5), given([], [0]), training], {}, { outputs: 2 }),
  one('ratio=1', 'edges', 'Dropout', [drawn([9], 6), given([], [1]), training], {}, { outputs: 2 }),
];

const random: OpCase[] = [
  one('1000', 'random', 'RandomUniform', [], {
    shape: [10, 100],
    low: { float: -3 },
    high: { float: 0.1 },
  }),
  one('1000', 'random', 'RandomNormal', [], {
    shape: [10, 100],
    mean: { float: 0.3 },
    scale: { float: 2.5 },
  }),
  one('seed=1.5', 'random', 'RandomNormal', [], { shape: [300], seed: { float: 1.5 } }),
  one('3x67', 'random', 'RandomUniformLike', [drawn([3, 67], 10)]),
  one('3x67', 'random', 'RandomNormalLike', [drawn([3, 67], 11)]),
  ...(['bool', 'uint8', 'int32', 'int64'] as const).map((dtype) =>
    one(
      dtype,
      'random',
      'Bernoulli',
      [
        given(
          [100],
          Float32Array.from({ length: 100 }, (_, i) => i / 99),
        ),
      ],
      {
        dtype: { bool: 9, uint8: 2, int32: 6, int64: 7 }[dtype],
      },
    ),
  ),
  one('7x11', 'random', 'Multinomial', [drawn([7, 11], 12)], { sample_size: 20 }),
  one(
    'training',
    'random',
    'Dropout',
    [drawn([5, 77], 13), given([], [0.3]), training],
    {},
    { outputs: 2 },
  ),
  one('training,seed=-5', 'random', 'Dropout', [drawn([5, 7], 14), undefined, training], {
    seed: -5,
  }),
  one(
    'training,opset=6',
    'random',
    'Dropout',
    [drawn([5, 7], 15)],
    { ratio: { float: 0.25 } },
    {
      opset: 6,
      outputs: 2,
    },
  ),
  one('float16', 'random', 'RandomNormal', [], { shape: [50], dtype: 10 }),
  one('bfloat16', 'random', 'RandomUniform', [], { shape: [50], dtype: 16 }),
];

const like = given([4, 6], floats(20, 24));
const [u, z] = [{ key: 'random/u' }, { key: 'random/z' }];
const p = floats(21, 24).map((x) => x - Math.floor(x));
const invariance: OpCase[] = [
  one('24', 'invariance', 'RandomUniform', [], { shape: [24] }, { same: u }),
  one('4x6', 'invariance', 'RandomUniform', [], { shape: [4, 6] }, { same: u }),
  one('more', 'invariance', 'RandomUniform', [], { shape: [99] }, { same: { ...u, to: 24 } }),
  one('4x6', 'invariance', 'RandomUniformLike', [like], {}, { same: u }),
  one('24', 'invariance', 'RandomNormal', [], { shape: [24] }, { same: z }),
  one('4x6', 'invariance', 'RandomNormalLike', [like], {}, { same: z }),
  one('24', 'invariance', 'Bernoulli', [given([24], p)], {}, { same: { key: 'bernoulli' } }),
  one('4x6', 'invariance', 'Bernoulli', [given([4, 6], p)], {}, { same: { key: 'bernoulli' } }),
  one(
    'first row',
    'invariance',
    'Multinomial',
    [given([1, 24], p)],
    { sample_size: 9 },
    { same: { key: 'm' } },
  ),
  one(
    'of two rows',
    'invariance',
    'Multinomial',
    [given([2, 24], [...p, ...p])],
    { sample_size: 9 },
    {
      same: { key: 'm', to: 9 },
    },
  ),
  one('24', 'invariance', 'Dropout', [given([24], p), ratio, training], {}, { same: { key: 'd' } }),
  one(
    '4x6',
    'invariance',
    'Dropout',
    [given([4, 6], p), ratio, training],
    {},
    { same: { key: 'd' } },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
