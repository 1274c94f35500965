// Sin, Cos, Tan and their inverses: correctly rounded (V6), from words in which reductions and tables go wrong.
// The expected words are those of mpmath at 400 bits, rounded once; all 2^32 inputs are run by npm run test:math.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, Prng, type FloatKind } from '../harness/prng.ts';

const f32 = (dims: number[], data: Float32Array | number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
// Not by way of numbers: engines keep what they like of a NaN.
const ofWords = (list: readonly number[]): Float32Array =>
  new Float32Array(Uint32Array.from(list).buffer);
const resultWords = (list: readonly number[]): Tensor =>
  new Tensor('float32', new Float32Array(Uint32Array.from(list).buffer), [list.length]);

// Zeros, the flush limit, infinities, NaN; 1, pi, pi/2; arguments whose distance from a multiple of pi/2 is under 2^-24.
// prettier-ignore
const ANGLES = [
  0x00000000, 0x80000000, 0x037fffff, 0x03800000, 0x83800001, 0x7f800000, 0xff800000, 0x7f812345,
  0x3f800000, 0xc0490fdb, 0x3fc90fdb, 0x4116cbe4, 0x50a3e87f, 0xeff9be45, 0x6f79be45, 0x7f7fffff,
];
// The same, but 1 and its neighbours, and what lies outside of [-1, 1].
// prettier-ignore
const RATIOS = [
  0x00000000, 0x80000000, 0x037fffff, 0x03800000, 0x83800001, 0x7f800000, 0xff800000, 0x7f812345,
  0x3f800000, 0xbf800000, 0x3f7fffff, 0xbf7fffff, 0x3f800001, 0x3f000000, 0xbf000000, 0x7f7fffff,
];
// prettier-ignore
const DEFINED: Readonly<Record<string, readonly number[]>> = {
  Sin: [
    0x00000000, 0x00000000, 0x00000000, 0x03800000, 0x83800001, 0x7fc00000, 0x7fc00000, 0x7fc00000,
    0x3f576aa4, 0x33bbbd2e, 0x3f800000, 0xb2ccde2e, 0x3f800000, 0x315deea9, 0x3f800000, 0xbf0599b3,
  ],
  Cos: [
    0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x7fc00000, 0x7fc00000, 0x7fc00000,
    0x3f0a5140, 0xbf800000, 0xb33bbd2e, 0xbf800000, 0xb10a4ed8, 0xbf800000, 0xb0ddeea9, 0x3f5a5f96,
  ],
  Tan: [
    0x00000000, 0x00000000, 0x00000000, 0x03800000, 0x83800001, 0x7fc00000, 0x7fc00000, 0x7fc00000,
    0x3fc75923, 0xb3bbbd2e, 0xcbae8a4a, 0x32ccde2e, 0xcdeceba8, 0xb15deea9, 0xce13a60e, 0xbf1c9eca,
  ],
  Asin: [
    0x00000000, 0x00000000, 0x00000000, 0x03800000, 0x83800001, 0x7fc00000, 0x7fc00000, 0x7fc00000,
    0x3fc90fdb, 0xbfc90fdb, 0x3fc9048a, 0xbfc9048a, 0x7fc00000, 0x3f060a92, 0xbf060a92, 0x7fc00000,
  ],
  Acos: [
    0x3fc90fdb, 0x3fc90fdb, 0x3fc90fdb, 0x3fc90fdb, 0x3fc90fdb, 0x7fc00000, 0x7fc00000, 0x7fc00000,
    0x00000000, 0x40490fdb, 0x39b504f3, 0x40490a32, 0x7fc00000, 0x3f860a92, 0x40060a92, 0x7fc00000,
  ],
  Atan: [
    0x00000000, 0x00000000, 0x00000000, 0x03800000, 0x83800001, 0x3fc90fdb, 0xbfc90fdb, 0x7fc00000,
    0x3f490fdb, 0xbf490fdb, 0x3f490fda, 0xbf490fda, 0x3f490fdc, 0x3eed6338, 0xbeed6338, 0x3fc90fdb,
  ],
};
// Nearest to a multiple of pi/2 in their binades, and both sides of 2^18, where the reference changes its method.
// prettier-ignore
const HARD = [
  0x4096cbe4, 0x4116cbe4, 0x437ce5f1, 0x43fce5f1, 0x447ce5f1, 0x474d246f, 0x4a2562ae, 0x4c2332e9,
  0x4ca332e9, 0x4e13d4a5, 0x50a3e87f, 0x5123e87f, 0x51a3e87f, 0x53b146a6, 0x543146a6, 0x5c07bcd0,
  0x642e0733, 0x65898498, 0x66098498, 0x6a1976f1, 0x6a9976f1, 0x6c55da58, 0x6f5db2a1, 0x6f79be45,
  0x6ff9be45, 0x7079be45, 0x70f9be45, 0x723fa09a, 0x77584625, 0x7ebdcda0, 0x48800000, 0x48800001,
  0xc8800000, 0x487fffff,
];
const OPS = Object.keys(DEFINED);
const isInverse = (opType: string): boolean => opType.startsWith('A');
const KINDS: FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];

/** Words whose values are `from` and the f32 next to it, `n` of them on both sides. */
const around = (from: number, n: number): number[] =>
  Array.from({ length: 2 * n + 1 }, (_, i) => from + i - n);
/** Any finite magnitude of at least 2^-8, by its bits: most are far beyond 2^18. */
function huge(seed: number, n: number): Float32Array {
  const prng = new Prng(seed);
  return ofWords(
    Array.from({ length: n }, () => {
      const field = 119 + prng.below(136);
      return ((prng.word() & 0x807fffff) | (field << 23)) >>> 0;
    }),
  );
}
/** Magnitudes of at most 1: most of them above 1/4. */
function ratios(seed: number, n: number): Float32Array {
  const prng = new Prng(seed);
  return ofWords(
    Array.from({ length: n }, () => {
      const word = prng.below(0x3f800001 - 0x3e800000) + 0x3e800000;
      return (word | (prng.word() & 0x80000000)) >>> 0;
    }),
  );
}

const defined: OpCase[] = OPS.map((opType) =>
  nodeCase(
    `elementwise_trig/op=${opType},data=defined`,
    'defined',
    { opType, inputs: [f32([16], ofWords(isInverse(opType) ? RATIOS : ANGLES))] },
    { expected: [resultWords(DEFINED[opType] ?? [])] },
  ),
);

// Where a method changes or a result is a power of two: 1/2, 1, 7/16, 11/16, 19/16, 39/16, multiples of pi/4.
const EDGES = [
  0x3f000000, 0x3f800000, 0x3ee00000, 0x3f300000, 0x3f980000, 0x401c0000, 0x3f490fdb, 0x3fc90fdb,
  0x40490fdb, 0x40c90fdb, 0x3f0a5140, 0x5e800000,
];
const edges: OpCase[] = OPS.flatMap((opType) => [
  ...[0, 1, 5].map((n) =>
    nodeCase(`elementwise_trig/op=${opType},n=${n}`, 'edges', {
      opType,
      inputs: [f32([n], floats(700 + n, n))],
    }),
  ),
  nodeCase(`elementwise_trig/op=${opType},rank=0`, 'edges', {
    opType,
    inputs: [f32([], [0.75])],
  }),
  nodeCase(`elementwise_trig/op=${opType},data=special,n=517`, 'edges', {
    opType,
    inputs: [f32([517], floats(701, 517, 'special'))],
  }),
  nodeCase(`elementwise_trig/op=${opType},data=hard`, 'edges', {
    opType,
    inputs: [f32([HARD.length], ofWords(HARD))],
  }),
  nodeCase(`elementwise_trig/op=${opType},data=around`, 'edges', {
    opType,
    inputs: [f32([EDGES.length, 33], ofWords(EDGES.flatMap((word) => around(word, 16))))],
  }),
  // tan(pi/8) and cot(pi/8), where atan changes its quotient.
  nodeCase(`elementwise_trig/op=${opType},data=eighths`, 'edges', {
    opType,
    inputs: [
      f32(
        [2, 2, 33],
        ofWords(
          [0, 0x80000000].flatMap((sign) =>
            [0x3ed413cd, 0x401a827a].flatMap((word) => around(word + sign, 16)),
          ),
        ),
      ),
    ],
  }),
]);

const random: OpCase[] = OPS.flatMap((opType, i) => [
  ...KINDS.map((kind) =>
    nodeCase(`elementwise_trig/op=${opType},data=${kind},n=300`, 'random', {
      opType,
      inputs: [f32([3, 100], floats(710 + i, 300, kind))],
    }),
  ),
  nodeCase(`elementwise_trig/op=${opType},data=huge,n=999`, 'random', {
    opType,
    inputs: [f32([999], huge(720 + i, 999))],
  }),
  nodeCase(`elementwise_trig/op=${opType},data=ratios,n=999`, 'random', {
    opType,
    inputs: [f32([999], ratios(730 + i, 999))],
  }),
]);

// One row alone, and the same row in batches and in another lane (R4): 70 and 71 columns are no multiples of four.
const row = floats(740, 70, 'special');
const invariance: OpCase[] = OPS.flatMap((opType) =>
  [0, 1, 6].map((position) => {
    const batch = floats(741, 7 * 71, 'wide');
    const from = position * 71;
    batch.set(row, from);
    return nodeCase(
      `elementwise_trig/op=${opType},invariance=batch,position=${position}`,
      'invariance',
      { opType, inputs: [f32([7, 71], batch)] },
      { same: { key: opType, from, to: from + 70 } },
    );
  }),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
