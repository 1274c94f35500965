// The functions of the exponential's family: exp2, expm1, sinh, cosh and erfc, one node each. The hand-written words are
// correctly rounded values (V6) by a calculator of 600 bits; edges have what their ranges end with.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

interface Tested {
  readonly opType: string;
  readonly domain?: string;
  readonly opset: number;
  /** Pairs of words, input and result. */
  readonly values: readonly (readonly [number, number])[];
  /** Words where the result saturates, overflows, is flushed or begins to differ from x or 1; with their neighbours. */
  readonly ends: readonly number[];
}

const NAN = 0x7fc00000;
const INFINITY = 0x7f800000;
const MINUS_INFINITY = 0xff800000;
const NANS: readonly (readonly [number, number])[] = [
  [0x7f800001, NAN],
  [0xffc12345, NAN],
];

const FUNCTIONS: readonly Tested[] = [
  {
    opType: 'Exp2',
    domain: 'isobit',
    opset: 1,
    values: [
      ...NANS,
      [INFINITY, INFINITY],
      [MINUS_INFINITY, 0],
      [0x00000000, 0x3f800000],
      [0x80000000, 0x3f800000],
      [0x3f000000, 0x3fb504f3], // the root of 2
      [0xbf800000, 0x3f000000],
      [0x42fe0000, 0x7f000000], // 2^127
      [0x42ffffff, 0x7f7fffa7],
      [0x43000000, INFINITY],
      [0xc2f00000, 0x03800000], // T
      [0xc2f00001, 0],
    ],
    ends: [0x42ffffff, 0xc2f00000, 0x33b8aa3a, 0xb338aa3b, 0x32800000, 0xb2800000, 0x43020000],
  },
  {
    opType: 'Expm1',
    domain: 'isobit',
    opset: 1,
    values: [
      ...NANS,
      [INFINITY, INFINITY],
      [MINUS_INFINITY, 0xbf800000],
      [0x80000000, 0],
      [0x007fffff, 0],
      [0x83800000, 0x83800000], // -T
      [0x3f800000, 0x3fdbf0a9], // e - 1
      [0xbf800000, 0xbf21d2a7],
      [0x3f000000, 0x3f261299],
      [0xbf000000, 0xbec974d0],
      [0x42b17217, 0x7f7fff84],
      [0x42b17218, INFINITY],
      [0xc18aa122, 0xbf7fffff],
      [0xc18aa123, 0xbf800000],
    ],
    ends: [0x42b17217, 0xc18aa122, 0x33000000, 0xb3000000, 0x3f000000, 0xbf000000, 0x42b40000],
  },
  {
    opType: 'Sinh',
    opset: 9,
    values: [
      ...NANS,
      [INFINITY, INFINITY],
      [MINUS_INFINITY, MINUS_INFINITY],
      [0x80000000, 0],
      [0x807fffff, 0],
      [0x83800000, 0x83800000], // -T
      [0x39800000, 0x39800000],
      [0x3f800000, 0x3f966cfe],
      [0xbf800000, 0xbf966cfe],
      [0x3f000000, 0x3f056680],
      [0x42b2d4fc, 0x7f7fffec],
      [0x42b2d4fd, INFINITY],
      [0xc2b2d4fc, 0xff7fffec],
      [0xc2b2d4fd, MINUS_INFINITY],
    ],
    ends: [0x42b2d4fc, 0xc2b2d4fc, 0x39800000, 0x3f000000, 0xbf000000, 0x42b40000, 0xc2b40000],
  },
  {
    opType: 'Cosh',
    opset: 9,
    values: [
      ...NANS,
      [INFINITY, INFINITY],
      [MINUS_INFINITY, INFINITY],
      [0x80000000, 0x3f800000],
      [0x00000001, 0x3f800000],
      [0x39b504f3, 0x3f800000],
      [0x39b504f4, 0x3f800001],
      [0x3f800000, 0x3fc583ab],
      [0xbf800000, 0x3fc583ab],
      [0x3f000000, 0x3f90560c],
      [0xc2b2d4fc, 0x7f7fffec],
      [0xc2b2d4fd, INFINITY],
    ],
    ends: [0x42b2d4fc, 0xc2b2d4fc, 0x39b504f3, 0xb9b504f3, 0x39800000, 0x42b40000, 0xc2b40000],
  },
  {
    opType: 'Erfc',
    domain: 'isobit',
    opset: 1,
    values: [
      ...NANS,
      [INFINITY, 0],
      [MINUS_INFINITY, 0x40000000],
      [0x80000000, 0x3f800000],
      [0x807fffff, 0x3f800000],
      [0x33000000, 0x3f7fffff],
      [0x3f000000, 0x3ef5810a],
      [0xbf000000, 0x3fc29fbd],
      [0x3f800000, 0x3e21130b],
      [0xbf800000, 0x3febdd9f],
      [0xc0400000, 0x3fffff47],
      [0xc0800000, 0x40000000],
      [0x41000000, 0x0f63a7e2],
      [0x410f787f, 0x03800063], // the last result of at least T
      [0x410f7880, 0],
    ],
    ends: [0x410f787f, 0xc07547ca, 0x32e2dfc4, 0xb362dfc4, 0x32800000, 0x3d000000, 0xbd000000],
  },
];

const f32 = (dims: number[], data: Float32Array | number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const ofWords = (list: readonly number[]): Float32Array =>
  new Float32Array(Uint32Array.from(list).buffer);

const KINDS: FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];
// Zeros, subnormals, T and its neighbours, the largest numbers, NaNs with payloads: of both signs.
const COMMON = [
  0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x037fffff, 0x03800000, 0x03800001, 0x3f7fffff,
  0x3f800000, 0x3f800001, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff,
].flatMap((word) => [word, (word | 0x80000000) >>> 0]);

function casesOf({ opType, domain = '', opset, values, ends }: Tested): OpCase[] {
  const node = (inputs: CaseInput[]): Parameters<typeof nodeCase>[2] => ({
    opType,
    domain,
    opset,
    inputs,
  });
  const id = (rest: string): string => `elementwise_exp/op=${opType},${rest}`;
  const expected = ofWords(values.map(([, y]) => y));
  const edges = [...COMMON, ...ends.flatMap((word) => [word - 1, word, word + 1])];
  // One row alone, and in batches: its bits do not depend on what it travels with (R4).
  const row = floats(41, 70, 'special');
  return [
    nodeCase(
      id('data=values'),
      'defined',
      node([f32([values.length], ofWords(values.map(([x]) => x)))]),
      { expected: [new Tensor('float32', expected, [values.length])] },
    ),
    nodeCase(id('data=ends'), 'edges', node([f32([edges.length], ofWords(edges))])),
    nodeCase(id('rank=0'), 'edges', node([f32([], [f32OfWord(0x40200000)])])),
    ...[0, 1, 3, 257].map((n) =>
      nodeCase(id(`n=${n}`), 'edges', node([f32([n], floats(42, n, 'special'))])),
    ),
    ...KINDS.map((kind, seed) =>
      nodeCase(
        id(`data=${kind},n=300,seed=${seed}`),
        'random',
        node([f32([3, 100], floats(500 + seed, 300, kind))]),
      ),
    ),
    ...[0, 1, 6].map((position) => {
      const batch = floats(43, 7 * 70, 'wide');
      batch.set(row, position * 70);
      return nodeCase(
        id(`invariance=batch,position=${position}`),
        'invariance',
        node([f32([7, 70], batch)]),
        { same: { key: opType, from: position * 70, to: position * 70 + 70 } },
      );
    }),
  ];
}

export const cases: OpCase[] = FUNCTIONS.flatMap(casesOf);
