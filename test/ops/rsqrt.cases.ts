// isobit.Rsqrt, 1 / √x rounded once (V6). The hand-written words are of exact powers of four, of a calculator, and of the
// ends of the range: a result lies between 2^-64 and 2^60.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const NAN = 0x7fc00000;
const INFINITY = 0x7f800000;
const VALUES: readonly (readonly [number, number])[] = [
  [0x7f800001, NAN],
  [0xffc12345, NAN],
  [INFINITY, 0],
  [0xff800000, NAN],
  [0x00000000, INFINITY],
  [0x80000000, INFINITY], // a zero has no sign
  [0x837fffff, INFINITY], // under T: zero
  [0x83800000, NAN], // -T
  [0xbf800000, NAN],
  [0x03800000, 0x5d800000], // T = 2^-120: 2^60
  [0x03800001, 0x5d7fffff],
  [0x3e800000, 0x40000000], // 1/4: 2
  [0x3f800000, 0x3f800000],
  [0x3f7fffff, 0x3f800000], // 1 - 2^-24: 1 + 2^-25
  [0x3f800001, 0x3f7fffff], // 1 + 2^-23: 1 - 2^-24 + 3 / 8 2^-46
  [0x3f800002, 0x3f7ffffe],
  [0x40000000, 0x3f3504f3], // 0.70710678118654752…
  [0x40400000, 0x3f13cd3a], // 0.57735026918962576…
  [0x40800000, 0x3f000000],
  [0x42c80000, 0x3dcccccd], // 100: 0.1
  [0x7f7fffff, 0x1f800000], // the largest number: 2^-64 (1 + 2^-25)
];

const f32 = (dims: number[], data: Float32Array): CaseInput => ({ dtype: 'float32', dims, data });
const ofWords = (list: readonly number[]): Float32Array =>
  new Float32Array(Uint32Array.from(list).buffer);
const id = (rest: string): string => `rsqrt/${rest}`;
const node = (input: CaseInput): Parameters<typeof nodeCase>[2] => ({
  opType: 'Rsqrt',
  domain: 'isobit',
  opset: 1,
  inputs: [input],
});

const KINDS: FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];
// Both ends of every binade and their neighbours, of both signs.
const ends = Array.from({ length: 512 }, (_, k) => [-1, 0, 1].map((d) => ((k << 23) + d) >>> 0));
const row = floats(61, 70, 'special');

export const cases: OpCase[] = [
  nodeCase(
    id('data=values'),
    'defined',
    node(f32([VALUES.length], ofWords(VALUES.map(([x]) => x)))),
    { expected: [new Tensor('float32', ofWords(VALUES.map(([, y]) => y)), [VALUES.length])] },
  ),
  nodeCase(id('data=binades'), 'edges', node(f32([512, 3], ofWords(ends.flat())))),
  nodeCase(id('rank=0'), 'edges', node(f32([], ofWords([0x40200000])))),
  ...[0, 1, 3, 257].map((n) =>
    nodeCase(id(`n=${n}`), 'edges', node(f32([n], floats(62, n, 'special')))),
  ),
  ...KINDS.map((kind, seed) =>
    nodeCase(
      id(`data=${kind},n=300,seed=${seed}`),
      'random',
      node(f32([3, 100], floats(600 + seed, 300, kind))),
    ),
  ),
  // One row alone, and in batches: its bits do not depend on what it travels with (R4).
  ...[0, 1, 6].map((position) => {
    const batch = floats(63, 7 * 70, 'wide');
    batch.set(row, position * 70);
    return nodeCase(
      id(`invariance=batch,position=${position}`),
      'invariance',
      node(f32([7, 70], batch)),
      { same: { key: 'Rsqrt', from: position * 70, to: position * 70 + 70 } },
    );
  }),
];
