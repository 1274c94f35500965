// The logarithm's family: log2, log10, log1p, asinh, acosh, atanh and softplus, one node each. The hand-written words are
// correctly rounded values (V6) by a calculator of 2000 bits; ends are where a method or a special value begins.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, Prng, type FloatKind } from '../harness/prng.ts';

interface Tested {
  readonly opType: string;
  readonly domain?: string;
  readonly opset: number;
  /** Words, and those of the results. */
  readonly inputs: readonly number[];
  readonly results: readonly number[];
  /** Words whose neighbours are tried too. */
  readonly ends: readonly number[];
}

// prettier-ignore
const FUNCTIONS: readonly Tested[] = [
  {
    opType: 'Log2',
    domain: 'isobit',
    opset: 1,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000,
      0x41000000, 0x40400000, 0x41200000, 0x7f000000, 0x3f7fffff, 0x3f800001,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0x7fc00000, 0xff800000, 0xff800000, 0xff800000, 0xff800000,
      0xff800000, 0xc2f00000, 0x7fc00000, 0x43000000, 0x00000000, 0x7fc00000, 0x3f800000, 0xbf800000,
      0x40400000, 0x3fcae00d, 0x40549a78, 0x42fe0000, 0xb3b8aa3c, 0x3438aa3a,
    ],
    ends: [
      0x3f780000, 0x3f840000, 0x3f3504f3, 0x3fb504f3, 0x41200000,
    ],
  },
  {
    opType: 'Log10',
    domain: 'isobit',
    opset: 1,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x41200000, 0x501502f9,
      0x51ba43b7, 0x3dcccccd, 0x40000000, 0x447a0000, 0x3f7fffff, 0x3f800001,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0x7fc00000, 0xff800000, 0xff800000, 0xff800000, 0xff800000,
      0xff800000, 0xc2107e91, 0x7fc00000, 0x421a209b, 0x00000000, 0x7fc00000, 0x3f800000, 0x41200000,
      0x41300000, 0xbf800000, 0x3e9a209b, 0x40400000, 0xb2de5bd9, 0x335e5bd8,
    ],
    ends: [
      0x41200000, 0x42c80000, 0x447a0000, 0x461c4000, 0x47c35000, 0x49742400, 0x4b189680, 0x4cbebc20,
      0x4e6e6b28, 0x501502f9,
    ],
  },
  {
    opType: 'Log1p',
    domain: 'isobit',
    opset: 1,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0xbf800000, 0xbf800001, 0xbf7fffff, 0x3f800000,
      0xbf000000, 0x38d1b717, 0x32800000, 0xb2800000, 0x33800000, 0xb3800001, 0x501502f9,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0x7fc00000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
      0x00000000, 0x03800000, 0x83800000, 0x42b17218, 0xff800000, 0x7fc00000, 0xc1851592, 0x3f317218,
      0xbf317218, 0x38d1b468, 0x32800000, 0xb2800000, 0x33800000, 0xb3800001, 0x41b834f1,
    ],
    ends: [
      0x32800000, 0xb2800000, 0x33000000, 0xb3000000, 0x3d000000, 0xbd000000, 0xbf000000, 0xbf800000,
      0x5f000000, 0x5f800000,
    ],
  },
  {
    opType: 'Asinh',
    opset: 9,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x3f000000, 0x3d7fffff,
      0x3d800000, 0x39800000, 0x397fffff, 0x3a000001, 0x501502f9, 0xff7fffff,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0xff800000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
      0x00000000, 0x03800000, 0x83800000, 0x42b2d4fc, 0x3f61a1b3, 0xbf61a1b3, 0x3ef66165, 0x3d7fd567,
      0x3d7fd568, 0x39800000, 0x397fffff, 0x3a000001, 0x41bdc082, 0xc2b2d4fc,
    ],
    ends: [
      0x39800000, 0xb9800000, 0x3d800000, 0xbd800000, 0x3eb504f3, 0x3f800000, 0x4e800000, 0x4f000000,
      0x7f000020,
    ],
  },
  {
    opType: 'Acosh',
    opset: 9,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0x3f7fffff, 0x3f800001, 0x3f800002,
      0x3fc00000, 0x40000000, 0x41200000, 0xc0000000, 0x501502f9,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000,
      0x7fc00000, 0x7fc00000, 0x7fc00000, 0x42b2d4fc, 0x00000000, 0x7fc00000, 0x3a000000, 0x3a3504f3,
      0x3f766165, 0x3fa89214, 0x403f90f7, 0x7fc00000, 0x41bdc082,
    ],
    ends: [
      0x3f800040, 0x3f800400, 0x3f87c000, 0x40000000, 0x4e800000, 0x4f000000, 0x7f000020,
    ],
  },
  {
    opType: 'Atanh',
    opset: 9,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x3f800001, 0xbf7fffff,
      0x3f7fffff, 0x3f000000, 0xbe800000, 0x39800000, 0x397fffff, 0x3a000001,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
      0x00000000, 0x03800000, 0x83800000, 0x7fc00000, 0x7f800000, 0xff800000, 0x7fc00000, 0xc10aa123,
      0x410aa123, 0x3f0c9f54, 0xbe82c578, 0x39800000, 0x397fffff, 0x3a000002,
    ],
    ends: [
      0x39800000, 0xb9800000, 0x3d000000, 0xbd000000, 0x3e2fb0cd, 0x3f7ffff0, 0xbf800000,
    ],
  },
  {
    opType: 'Softplus',
    opset: 1,
    inputs: [
      0x7f800001, 0xffc12345, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x807fffff,
      0x037fffff, 0x03800000, 0x83800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x3f000000, 0x41200000,
      0xc1200000, 0x41780000, 0x41800000, 0x42c80000, 0xc2a00000, 0xc2a6570a, 0xc2a65c29, 0xc2a65744,
      0xc2c80000, 0x33800000,
    ],
    results: [
      0x7fc00000, 0x7fc00000, 0x7f800000, 0x00000000, 0x3f317218, 0x3f317218, 0x3f317218, 0x3f317218,
      0x3f317218, 0x3f317218, 0x3f317218, 0x7f7fffff, 0x3fa818f5, 0x3ea063d6, 0x3f795d1c, 0x41200030,
      0x383e6ab2, 0x41780000, 0x41800000, 0x42c80000, 0x05bfecba, 0x0380fc15, 0x00000000, 0x0380ed79,
      0x00000000, 0x3f317218,
    ],
    ends: [
      0x32800000, 0xb2800000, 0x41800000, 0x41780000, 0xc0600000, 0xc2a65740, 0xc2a80000, 0x42b40000,
    ],
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

/** Magnitudes in [2^-14, 2^7), half of them within 1/16 of 1 or of -1: no other generator has more than a few there. */
function dense(seed: number, n: number): Float32Array {
  const prng = new Prng(seed);
  return ofWords(
    Array.from({ length: n }, (_, i) => {
      const word = prng.word();
      const near = 0x3f800000 - 0x100000 + prng.below(0x180000);
      const wide = (word & 0x7fffff) | ((113 + prng.below(21)) << 23);
      return ((i & 1 ? near : wide) | (word & 0x80000000)) >>> 0;
    }),
  );
}

function casesOf({ opType, domain = '', opset, inputs: words, results, ends }: Tested): OpCase[] {
  const node = (inputs: CaseInput[]): Parameters<typeof nodeCase>[2] => ({
    opType,
    domain,
    opset,
    inputs,
  });
  const id = (rest: string): string => `elementwise_log/op=${opType},${rest}`;
  const edges = [...COMMON, ...ends.flatMap((word) => [word - 1, word, word + 1])];
  // One row alone, and in batches: its bits do not depend on what it travels with (R4).
  const row = floats(41, 70, 'special');
  return [
    nodeCase(id('data=values'), 'defined', node([f32([words.length], ofWords(words))]), {
      expected: [new Tensor('float32', ofWords(results), [results.length])],
    }),
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
    nodeCase(id('data=dense,n=999'), 'random', node([f32([999], dense(510, 999))])),
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
