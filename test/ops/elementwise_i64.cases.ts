// int64 arithmetic and conversions: wrap-around, truncation, division by zero; expectations by BigInt.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { Prng } from '../harness/prng.ts';

const LEAST = -(1n << 63n);
const MOST = (1n << 63n) - 1n;
const EDGES = [
  0n,
  1n,
  -1n,
  2n,
  -2n,
  7n,
  -7n,
  1n << 32n,
  -(1n << 32n),
  LEAST,
  LEAST + 1n,
  MOST,
  0x7fffffffn,
  -0x80000000n,
];

const wrap = (x: bigint): bigint => BigInt.asIntN(64, x);
const BINARY: Readonly<Record<string, (a: bigint, b: bigint) => bigint | boolean>> = {
  Add: (a, b) => wrap(a + b),
  Sub: (a, b) => wrap(a - b),
  Mul: (a, b) => wrap(a * b),
  Div: (a, b) => (b === 0n ? 0n : wrap(a / b)),
  Max: (a, b) => (a > b ? a : b),
  Min: (a, b) => (a < b ? a : b),
  Equal: (a, b) => a === b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
};

const int64 = (dims: number[], data: bigint[]): CaseInput => ({
  dtype: 'int64',
  dims,
  data: BigInt64Array.from(data),
});

function random(seed: number, n: number): bigint[] {
  const prng = new Prng(seed);
  return Array.from(
    { length: n },
    () =>
      BigInt.asIntN(64, (BigInt(prng.word()) << 32n) | BigInt(prng.word())) >>
      BigInt(prng.below(64)),
  );
}

function binary(group: CaseGroup, op: string, id: string, a: bigint[], b: bigint[]): OpCase {
  const apply = BINARY[op];
  const list = a.flatMap((x) => b.map((y) => apply?.(x, y) ?? 0n));
  const isBool = typeof list[0] === 'boolean';
  // Every a with every b, by broadcasting.
  return nodeCase(
    `elementwise_i64/op=${op},${id}`,
    group,
    { opType: op, inputs: [int64([a.length, 1], a), int64([b.length], b)] },
    { expected: [new Tensor(isBool ? 'bool' : 'int64', list, [a.length, b.length])] },
  );
}

/** The sign of the divisor, or of the dividend. */
const modulo = (fmod: number, a: bigint, b: bigint): bigint => {
  if (b === 0n) return 0n;
  const remainder = a % b;
  return fmod === 0 && remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder;
};

function mod(
  group: CaseGroup,
  fmod: number,
  dtype: 'int64' | 'int32' | 'uint8',
  a: bigint[],
  b: bigint[],
): OpCase {
  const input = (dims: number[], list: bigint[]): CaseInput => ({ dtype, dims, data: list });
  return nodeCase(
    `elementwise_i64/op=Mod,fmod=${fmod},dtype=${dtype}`,
    group,
    {
      opType: 'Mod',
      attributes: { fmod },
      inputs: [input([a.length, 1], a), input([b.length], b)],
    },
    {
      expected: [
        new Tensor(
          dtype,
          a.flatMap((x) => b.map((y) => modulo(fmod, x, y))),
          [a.length, b.length],
        ),
      ],
    },
  );
}

const cast = (group: CaseGroup, from: CaseInput, to: number, expected: Tensor): OpCase =>
  nodeCase(
    `elementwise_i64/op=Cast,from=${from.dtype},to=${expected.dtype}`,
    group,
    { opType: 'Cast', attributes: { to }, inputs: [from] },
    { expected: [expected] },
  );

export const cases: OpCase[] = [
  nodeCase(
    'elementwise_i64/op=Neg',
    'defined',
    { opType: 'Neg', inputs: [int64([3], [1n, LEAST, MOST])] },
    { expected: [new Tensor('int64', [-1n, LEAST, -MOST], [3])] },
  ),
  nodeCase(
    'elementwise_i64/op=Abs',
    'defined',
    { opType: 'Abs', inputs: [int64([3], [-1n, LEAST, 5n])] },
    { expected: [new Tensor('int64', [1n, LEAST, 5n], [3])] },
  ),
  nodeCase(
    'elementwise_i64/op=Where',
    'defined',
    {
      opType: 'Where',
      inputs: [
        { dtype: 'bool', dims: [2, 1], data: [1, 0] },
        int64([2], [LEAST, 3n]),
        int64([], [4n]),
      ],
    },
    { expected: [new Tensor('int64', [LEAST, 3n, 4n, 4n], [2, 2])] },
  ),
  cast(
    'defined',
    {
      dtype: 'float32',
      dims: [8],
      data: [1.9, -1.9, NaN, Infinity, -Infinity, 2 ** 63, -(2 ** 63), 2 ** 40],
    },
    7,
    new Tensor('int64', [1n, -1n, 0n, MOST, LEAST, MOST, LEAST, 1n << 40n], [8]),
  ),
  cast(
    'defined',
    int64([5], [(1n << 24n) + 1n, (1n << 24n) + 3n, MOST, LEAST, -5n]),
    1,
    new Tensor('float32', [2 ** 24, 2 ** 24 + 4, 2 ** 63, -(2 ** 63), -5], [5]),
  ),
  cast(
    'defined',
    int64([4], [(1n << 32n) + 7n, -1n, LEAST, 0x80000000n]),
    6,
    new Tensor('int32', [7, -1, 0, -0x80000000], [4]),
  ),
  cast('defined', int64([3], [0n, 1n << 40n, -1n]), 9, new Tensor('bool', [0, 1, 1], [3])),
  cast(
    'defined',
    { dtype: 'int32', dims: [2], data: [-5, 7] },
    7,
    new Tensor('int64', [-5n, 7n], [2]),
  ),
  cast(
    'defined',
    { dtype: 'bool', dims: [2], data: [1, 0] },
    7,
    new Tensor('int64', [1n, 0n], [2]),
  ),
  ...Object.keys(BINARY).flatMap((op) => [
    binary('edges', op, 'edges', EDGES, EDGES),
    binary('random', op, 'seed=1', random(1, 20), random(2, 17)),
  ]),
  ...[0, 1].flatMap((fmod) => [
    mod('edges', fmod, 'int64', EDGES, EDGES),
    mod('edges', fmod, 'int32', [7n, -7n, 0n, -(1n << 31n)], [3n, -3n, 0n, -1n]),
    mod('edges', fmod, 'uint8', [7n, 255n, 0n], [3n, 0n, 255n]),
  ]),
  ...[1, 3].map((rows) => {
    const a = [...random(5, 9), ...random(6, 9 * (rows - 1))];
    return nodeCase(
      `elementwise_i64/op=Mul,rows=${rows}`,
      'invariance',
      { opType: 'Mul', inputs: [int64([rows, 9], a), int64([9], random(7, 9))] },
      { same: { key: 'elementwise_i64/row', from: 0, to: 9 } },
    );
  }),
];
