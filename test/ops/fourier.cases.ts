// DFT, STFT and the tables beside them: by hand, cut and continued signals, both directions, one-sided spectra, special
// words, lengths that are no power of two, and the same signal along another axis.
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
const known = (value: number): CaseInput => ({
  dtype: 'int64',
  dims: [],
  data: [BigInt(value)],
  constant: true,
});
const hertz = (value: number): CaseInput => ({ ...given([], [value]), constant: true });

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number } = {},
): OpCase {
  const spec = { opType, opset: extra.opset ?? 20, attributes, inputs };
  return nodeCase(`fourier/${opType} ${id}`, group, spec, extra);
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const f = Math.fround;
const real = given([1, 4, 1], [1, 2, 3, 5]);
const defined: OpCase[] = [
  one('real', 'defined', 'DFT', [real], {}, of([1, 4, 2], 11, 0, -2, 3, -3, 0, -2, -3)),
  one('onesided', 'defined', 'DFT', [real], { onesided: 1 }, of([1, 3, 2], 11, 0, -2, 3, -3, 0)),
  one(
    'inverse',
    'defined',
    'DFT',
    [given([1, 4, 2], [11, 0, -2, 3, -3, 0, -2, -3])],
    { inverse: 1 },
    of([1, 4, 2], 1, 0, 2, 0, 3, 0, 5, 0),
  ),
  one(
    'inverse,onesided',
    'defined',
    'DFT',
    [given([1, 3, 2], [11, 0, -2, 3, -3, 0])],
    { inverse: 1, onesided: 1 },
    of([1, 4, 1], 1, 2, 3, 5),
  ),
  one('cut', 'defined', 'DFT', [real, known(2)], {}, of([1, 2, 2], 3, 0, -1, 0)),
  one(
    'continued,opset=17',
    'defined',
    'DFT',
    [given([1, 2, 1], [1, 2]), known(4)],
    { axis: 1 },
    { opset: 17, ...of([1, 4, 2], 3, 0, 1, -2, -1, 0, 1, 2) },
  ),
  one(
    'axis=0',
    'defined',
    'DFT',
    [given([2, 2, 1], [1, 2, 3, 5]), undefined, known(0)],
    {},
    of([2, 2, 2], 4, 0, 7, 0, -2, 0, -3, 0),
  ),
  one(
    'frames',
    'defined',
    'STFT',
    [given([1, 4, 1], [1, 2, 3, 5]), known(1), given([2], [1, 2])],
    {},
    of([1, 3, 2, 2], 5, 0, -3, 0, 8, 0, -4, 0, 13, 0, -7, 0),
  ),
  one('4', 'defined', 'HannWindow', [known(4)], {}, of([4], 0, 0.5, 1, 0.5)),
  one('3,symmetric', 'defined', 'HannWindow', [known(3)], { periodic: 0 }, of([3], 0, 1, 0)),
  one('1,symmetric', 'defined', 'HannWindow', [known(1)], { periodic: 0 }, of([1], 1)),
  one('2', 'defined', 'HammingWindow', [known(2)], {}, of([2], f(4 / 46), 1)),
  one('2', 'defined', 'BlackmanWindow', [known(2)], {}, of([2], 0, 1)),
  // The edges lie in bins 0, 0, 1 and 2 of 4: one filter at 0 and 0 only, one that falls from 1.
  one(
    'two filters',
    'defined',
    'MelWeightMatrix',
    [known(2), known(6), known(16), hertz(0), hertz(8)],
    {},
    of([4, 2], 1, 0, 0, 1, 0, 0, 0, 0),
  ),
];

const WINDOWS = ['HannWindow', 'HammingWindow', 'BlackmanWindow'];
const edges: OpCase[] = [
  ...(['special', 'subnormal'] as const).flatMap((kind, k) => [
    one(`data=${kind}`, 'edges', 'DFT', [drawn([3, 8, 2], k, kind)]),
    one(`data=${kind},inverse`, 'edges', 'DFT', [drawn([3, 5, 2], 5 + k, kind)], {
      inverse: 1,
      onesided: 1,
    }),
    one(`data=${kind}`, 'edges', 'STFT', [
      drawn([1, 20, 1], 10 + k, kind),
      known(3),
      drawn([8], 15 + k, kind),
    ]),
  ]),
  one('length=1', 'edges', 'DFT', [drawn([2, 1, 2], 20)]),
  one('zeros only', 'edges', 'DFT', [drawn([2, 0, 2], 21), known(3)]),
  ...WINDOWS.flatMap((type) => [
    one('0', 'edges', type, [known(0)]),
    one('1', 'edges', type, [known(1)]),
    one('2,symmetric', 'edges', type, [known(2)], { periodic: 0 }),
  ]),
  one('no filter', 'edges', 'MelWeightMatrix', [known(0), known(8), known(16), hertz(0), hertz(8)]),
  one('one edge', 'edges', 'MelWeightMatrix', [known(3), known(8), known(16), hertz(4), hertz(4)]),
  one('beyond the spectrum', 'edges', 'MelWeightMatrix', [
    known(3),
    known(8),
    known(16),
    hertz(-5),
    hertz(90),
  ]),
];

const LENGTHS = [2, 3, 7, 12, 64, 100];
const random: OpCase[] = LENGTHS.flatMap((n, k) => [
  one(`n=${n}`, 'random', 'DFT', [drawn([2, n, 2], 30 + k, k % 2 === 0 ? 'normal' : 'wide')]),
  one(`n=${n},inverse`, 'random', 'DFT', [drawn([2, n, 2], 40 + k)], { inverse: 1 }),
  one(`n=${n},real`, 'random', 'DFT', [drawn([2, n, 1], 50 + k)], { onesided: k % 2 }),
  one(`n=${n},to real`, 'random', 'DFT', [drawn([2, Math.floor(n / 2) + 1, 2], 60 + k), known(n)], {
    inverse: 1,
    onesided: 1,
  }),
]);
random.push(
  one('axis=1 of 4', 'random', 'DFT', [drawn([2, 5, 3, 2], 70), undefined, known(1)]),
  one('opset=19', 'random', 'DFT', [drawn([2, 3, 6, 1], 71)], { axis: -2 }, { opset: 19 }),
  one('complex', 'random', 'STFT', [drawn([2, 50, 2], 72), known(7), drawn([12], 73)], {
    onesided: 0,
  }),
  one('no window', 'random', 'STFT', [drawn([2, 50, 1], 74), known(5), undefined, known(15)]),
  ...WINDOWS.flatMap((type) =>
    [7, 16, 400].flatMap((size) => [
      one(`${size}`, 'random', type, [known(size)]),
      one(`${size},symmetric`, 'random', type, [known(size)], { periodic: 0 }),
    ]),
  ),
  one('speech', 'random', 'MelWeightMatrix', [
    known(40),
    known(512),
    known(16000),
    hertz(20),
    hertz(7600),
  ]),
  one('small', 'random', 'MelWeightMatrix', [
    known(8),
    known(16),
    known(8192),
    hertz(0),
    hertz(4096),
  ]),
);

const signal = floats(90, 30);
const columns = Float32Array.from({ length: 60 }, (_, i) =>
  i % 2 === 1 ? (signal[(i - 1) / 2] ?? 0) : i,
);
const key = 'fourier/signal';
const invariance: OpCase[] = [
  one('row', 'invariance', 'DFT', [given([1, 30, 1], signal)], {}, { same: { key } }),
  one(
    'second row',
    'invariance',
    'DFT',
    [given([2, 30, 1], [...columns.slice(0, 30), ...signal])],
    {},
    {
      same: { key, from: 60, to: 120 },
    },
  ),
  one(
    'alone',
    'invariance',
    'STFT',
    [given([1, 30, 1], signal), known(30), undefined, known(30)],
    {
      onesided: 0,
    },
    { same: { key } },
  ),
  ...WINDOWS.flatMap((type) => [
    one('periodic', 'invariance', type, [known(12)], {}, { same: { key: type, to: 12 } }),
    one(
      'symmetric',
      'invariance',
      type,
      [known(13)],
      { periodic: 0 },
      { same: { key: type, to: 12 } },
    ),
  ]),
  one(
    'once',
    'invariance',
    'MelWeightMatrix',
    [known(5), known(32), known(800), hertz(10), hertz(390)],
    {},
    {
      same: { key: 'mel' },
    },
  ),
  one(
    'opset=27',
    'invariance',
    'MelWeightMatrix',
    [known(5), known(32), known(800), hertz(10), hertz(390)],
    {},
    {
      same: { key: 'mel' },
      opset: 27,
    },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
