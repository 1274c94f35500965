// QAttention of com.microsoft: by hand with equal scores; every form of scales, zero points, masks and caches with both 8-bit
// types; the ends of 8 bits and special words in scales and bias; an entry alone and in a batch.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type Byte = 'int8' | 'uint8';
const tensor = (
  dtype: 'float16' | 'float32' | 'int32' | Byte,
  dims: readonly number[],
  data: CaseInput['data'],
): CaseInput => ({ dtype, dims, data });
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

type Same = NonNullable<OpCase['same']>;
function one(
  id: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>>,
  { outputs = 1, ...rest }: { expected?: readonly Tensor[]; same?: Same; outputs?: number } = {},
): OpCase {
  const spec = { opType: 'QAttention', domain: 'com.microsoft', attributes, inputs, outputs };
  return nodeCase(`quantised_attention/QAttention ${id}`, group, spec, rest);
}

// q and k are 0, v = (x · 2) · 0.5 + 1, of x = 128 + x' in uint8.
const defined: OpCase[] = [
  one(
    'equal weights',
    'defined',
    [
      tensor('uint8', [1, 2, 1], [129, 131]),
      tensor('int8', [1, 3], [0, 0, 2]),
      tensor('float32', [3], [0, 0, 1]),
      tensor('float32', [], [0.5]),
      tensor('float32', [1], [1]),
      undefined,
      tensor('uint8', [], [128]),
    ],
    { num_heads: 1 },
    {
      outputs: 2,
      expected: [
        new Tensor('float32', [3, 3], [1, 2, 1]),
        new Tensor('float32', [0, 0, 2, 4], [2, 1, 1, 2, 1]),
      ],
    },
  ),
];

function build(group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] {
  let next = seed;
  const f = (...dims: number[]): CaseInput =>
    tensor('float32', dims, floats(next++, sizeOf(dims), kind));
  const bytes = (dtype: Byte, ...dims: number[]): CaseInput =>
    tensor(
      dtype,
      dims,
      integers(next++, sizeOf(dims), dtype === 'int8' ? -128 : 0, dtype === 'int8' ? 127 : 255),
    );
  const heads = { num_heads: 2 };
  const small = tensor('float32', [], [0.015625]);
  return [
    one(
      `scalars,data=${kind}`,
      group,
      [
        ...[bytes('uint8', 2, 3, 5), bytes('uint8', 5, 24), f(24), small, f(1)],
        ...[undefined, bytes('uint8'), bytes('uint8', 1)],
      ],
      { ...heads, unidirectional: 1 },
      { outputs: 2 },
    ),
    one(
      `columns,data=${kind}`,
      group,
      [
        ...[bytes('uint8', 2, 3, 66), bytes('int8', 66, 12), f(12), small, f(12)],
        ...[tensor('int32', [2, 3], [1, 1, 0, 0, 1, 1]), bytes('uint8'), bytes('int8', 12)],
      ],
      heads,
    ),
    one(
      `past,data=${kind}`,
      group,
      [
        ...[bytes('int8', 2, 3, 5), bytes('int8', 5, 24), f(24), small, small],
        ...[tensor('int32', [2], [4, 5]), undefined, undefined, f(2, 2, 2, 2, 4)],
      ],
      { ...heads, scale: { float: 0.3 } },
      { outputs: 2 },
    ),
  ];
}

/** By bit patterns. */
const half = (dims: readonly number[], ...data: number[]): CaseInput =>
  tensor('float16', dims, data);
const random: OpCase[] = [
  ...build('random', 'normal', 500),
  ...build('random', 'wide', 700),
  one(
    'float16',
    'random',
    [
      tensor('uint8', [1, 2, 3], integers(900, 6, 0, 255)),
      tensor('int8', [3, 6], integers(901, 18, -128, 127)),
      half([6], 0x3800, 0xbc00, 0x3400, 0x4000, 0xb000, 0x3c00),
      half([], 0x2c00),
      half([6], 0x3400, 0x3800, 0x3000, 0x2c00, 0x2800, 0x3c00),
    ],
    { num_heads: 1 },
    { outputs: 2 },
  ),
];

// What scales and bias may hold at the edges: special words, and the 8-bit ends times each other.
const ends = (dtype: Byte, ...dims: number[]): CaseInput =>
  tensor(
    dtype,
    dims,
    Array.from(
      { length: sizeOf(dims) },
      (_, i) => (dtype === 'int8' ? [-128, 127] : [0, 255])[i % 2] ?? 0,
    ),
  );
const edges: OpCase[] = [
  ...build('edges', 'special', 100),
  ...build('edges', 'subnormal', 300),
  one(
    'ends',
    'edges',
    [
      ...[ends('uint8', 1, 3, 129), ends('int8', 129, 3), tensor('float32', [3], [-0, 0, 1])],
      ...[tensor('float32', [], [1]), tensor('float32', [], [1]), undefined],
      ...[tensor('uint8', [], [255]), tensor('int8', [], [-128])],
    ],
    { num_heads: 1 },
    { outputs: 2 },
  ),
  one(
    'no rows',
    'edges',
    [
      ...[tensor('uint8', [1, 0, 2], []), ends('uint8', 2, 3), tensor('float32', [3], [0, 0, 1])],
      ...[tensor('float32', [], [1]), tensor('float32', [], [1])],
    ],
    { num_heads: 1 },
    { outputs: 2 },
  ),
];

const own = integers(22, 12, 0, 255);
const projection: CaseInput[] = [
  tensor('uint8', [3, 6], integers(20, 18, 0, 255)),
  tensor('float32', [6], floats(21, 6)),
  tensor('float32', [], [0.01]),
  tensor('float32', [], [0.02]),
];
const entry = (id: string, batch: number, before: readonly number[], from: number): OpCase =>
  one(
    id,
    'invariance',
    [tensor('uint8', [batch, 4, 3], [...before, ...own]), ...projection],
    { num_heads: 1 },
    { same: { key: 'quantised_attention/QAttention entry', from } },
  );
const invariance: OpCase[] = [
  entry('alone', 1, [], 0),
  entry('second of two', 2, [...integers(23, 12, 0, 255)], 8),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
