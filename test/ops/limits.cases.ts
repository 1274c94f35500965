// Element-wise operators at the limits of the contract (R1): every pair, or every one, of the words around zero, the flush
// limits, one, ties, the integers' ends and overflow; then empty tensors, single elements, and the same words elsewhere.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';

// Magnitudes; each is taken with both signs.
const MAGNITUDES = [
  0x00000000,
  0x00000001,
  0x007fffff,
  0x00800000, // zero, the ends of the subnormals, 2^-126
  0x037fffff,
  0x03800000,
  0x03800001, // T = 2^-120 and its neighbours
  0x0c7fffff,
  0x0c800000,
  0x25ffffff,
  0x26000000, // the limits of V3
  0x217fffff,
  0x21800000,
  0x21800001, // √T: squares around T
  0x3e800000,
  0x3f000000,
  0x3f7fffff,
  0x3f800000,
  0x3f800001,
  0x3fc00000,
  0x40000000,
  0x40200000,
  0x42aeac50,
  0x42b17218,
  0x42fc0000,
  0x43000000, // where exp and exp2 end
  0x4affffff,
  0x4b000001,
  0x4b800000,
  0x4effffff,
  0x4f000000,
  0x4f800000,
  0x5f000000, // halves end; 2^31, 2^32, 2^63
  0x5f7fffff,
  0x5f800000, // squares around overflow
  0x7e800000,
  0x7f000000,
  0x7f7fffff,
  0x7f800000, // 2^126, 2^127, the largest, ∞
  0x7f800001,
  0x7fc00000,
  0x7fffffff, // NaNs
];
const WORDS = Uint32Array.from(MAGNITUDES.flatMap((word) => [word, (word | 0x80000000) >>> 0]));
const N = WORDS.length;
/** Each word N times. */
const REPEATED = Uint32Array.from({ length: N * N }, (_, i) => WORDS[Math.floor(i / N)] ?? 0);

const words = (dims: readonly number[], list: Uint32Array = WORDS): CaseInput => ({
  dtype: 'float32',
  dims,
  data: new Float32Array(list.slice().buffer),
});
const result = (...list: number[]): Tensor =>
  new Tensor('float32', new Float32Array(Uint32Array.from(list).buffer), [list.length]);

const UNARY = [
  ...[
    'Abs',
    'Acos',
    'Acosh',
    'Asin',
    'Asinh',
    'Atan',
    'Atanh',
    'Ceil',
    'Cos',
    'Cosh',
    'Erf',
    'Exp',
  ],
  ...[
    'Floor',
    'IsNaN',
    'Log',
    'Neg',
    'Reciprocal',
    'Relu',
    'Round',
    'Sigmoid',
    'Sign',
    'Sin',
    'Sinh',
  ],
  ...['Softplus', 'Sqrt', 'Tan', 'Tanh'],
];
const BINARY = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'PRelu'],
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'],
];

export const cases: OpCase[] = [
  nodeCase(
    'limits/Round,ties',
    'defined',
    {
      opType: 'Round',
      // ±1/2, ±3/2, 5/2, 2^23 − 1/2
      inputs: [
        words(
          [6],
          Uint32Array.of(0x3f000000, 0xbf000000, 0x3fc00000, 0xbfc00000, 0x40200000, 0x4affffff),
        ),
      ],
    },
    { expected: [result(0, 0, 0x40000000, 0xc0000000, 0x40000000, 0x4b000000)] },
  ),
  nodeCase(
    'limits/Mul,around T and overflow',
    'defined',
    {
      opType: 'Mul',
      // (2^-60 (1 − 2^-24))² is under T by more than half a place; T · (1 − 2^-24) is a word under T; max · (1 + 2^-23) overflows.
      inputs: [
        words([4], Uint32Array.of(0x217fffff, 0x03800000, 0x7f7fffff, 0x21800000)),
        words([4], Uint32Array.of(0x217fffff, 0x3f7fffff, 0x3f800001, 0x21800000)),
      ],
    },
    { expected: [result(0, 0, 0x7f800000, 0x03800000)] },
  ),
  ...UNARY.map((opType) => nodeCase(`limits/${opType}`, 'edges', { opType, inputs: [words([N])] })),
  ...BINARY.map((opType) =>
    nodeCase(`limits/${opType}`, 'edges', {
      opType,
      // A slope broadcasts to x, x does not to a slope.
      inputs: [opType === 'PRelu' ? words([N, N], REPEATED) : words([N, 1]), words([N])],
    }),
  ),
  ...[6, 7, 9, 2, 12].map((to) =>
    nodeCase(`limits/Cast,to=${to}`, 'edges', {
      opType: 'Cast',
      attributes: { to },
      inputs: [words([N])],
    }),
  ),
  nodeCase('limits/Clip', 'edges', {
    opType: 'Clip',
    inputs: [
      words([N]),
      words([], Uint32Array.of(0x837fffff)),
      words([], Uint32Array.of(0x03800000)),
    ],
  }),
  ...[...UNARY, ...BINARY].flatMap((opType) =>
    [0, 1].map((n) => {
      const one = words([n], Uint32Array.of(0x3f000000).subarray(0, n));
      return nodeCase(`limits/${opType},n=${n}`, 'edges', {
        opType,
        inputs: BINARY.includes(opType) ? [one, one] : [one],
      });
    }),
  ),
  // Sums of two, all pairs, and their product with a third.
  nodeCase('limits/Sum', 'random', {
    opType: 'Sum',
    inputs: [
      words([N, 1, 1]),
      words([N, 1]),
      words([4], Uint32Array.of(0xbf800000, 0xff7fffff, 0x83800000, 0)),
    ],
  }),
  ...[1, 5].map((rows) =>
    nodeCase(
      `limits/Exp,rows=${rows}`,
      'invariance',
      {
        opType: 'Exp',
        inputs: [
          words(
            [rows, N],
            Uint32Array.from({ length: rows * N }, (_, i) => WORDS[i % N] ?? 0),
          ),
        ],
      },
      { same: { key: 'limits/row', from: 0, to: N } },
    ),
  ),
];
