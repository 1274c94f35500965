// Element-wise operators: one node each, on float32, int32 and bool, broadcast and not.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

const f32 = (dims: number[], data: Float32Array | number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const words = (...list: number[]): number[] => list.map(f32OfWord);
const result = (data: Float32Array): Tensor => new Tensor('float32', data, [data.length]);
const resultWords = (...list: number[]): Tensor => {
  const out = Uint32Array.from(list);
  return new Tensor('float32', new Float32Array(out.buffer), [list.length]);
};

const UNARY = [
  'Neg',
  'Abs',
  'Relu',
  'Reciprocal',
  'Sqrt',
  'Exp',
  'Log',
  'Sigmoid',
  'Tanh',
  'Erf',
  'Floor',
  'Ceil',
  'Round',
  'Sign',
  'IsNaN',
];
const BINARY = [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'Max',
  'Min',
  'PRelu',
  'Equal',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
];
const KINDS: FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];
const NAN = 0x7fc00000;

const defined: OpCase[] = [
  nodeCase(
    'elementwise/op=Add,data=flush-limit',
    'defined',
    {
      opType: 'Add',
      inputs: [
        // 2^-120 stays, its neighbour below is +0; a NaN loses its payload; -0 + -0 is +0; inf - inf is NaN.
        f32([6], words(0x03800000, 0x037fffff, 0xffc12345, 0x80000000, 0x7f800000, 0x7f7fffff)),
        f32([6], words(0x00000000, 0x00000001, 0x3f800000, 0x80000000, 0xff800000, 0x7f7fffff)),
      ],
    },
    { expected: [resultWords(0x03800000, 0, NAN, 0, NAN, 0x7f800000)] },
  ),
  nodeCase(
    'elementwise/op=Div,data=zeros',
    'defined',
    {
      opType: 'Div',
      inputs: [
        // x / ±0 is infinite with the sign of x: zero has no sign.
        f32([5], words(0x3f800000, 0xbf800000, 0x3f800000, 0x00000000, 0x40400000)),
        f32([5], words(0x80000000, 0x80000000, 0x00000000, 0x00000000, 0x40000000)),
      ],
    },
    { expected: [resultWords(0x7f800000, 0xff800000, 0x7f800000, NAN, 0x3fc00000)] },
  ),
  nodeCase(
    'elementwise/op=Sqrt,data=specials',
    'defined',
    {
      opType: 'Sqrt',
      inputs: [f32([5], words(0x80000000, 0xbf800000, 0x40800000, 0x7f800000, 0x80000001))],
    },
    { expected: [resultWords(0, NAN, 0x40000000, 0x7f800000, 0)] },
  ),
  nodeCase(
    'elementwise/op=Relu,data=specials',
    'defined',
    {
      opType: 'Relu',
      inputs: [f32([5], words(0xff800000, 0x7f800001, 0x80000000, 0x3f800000, 0x007fffff))],
    },
    { expected: [resultWords(0, NAN, 0, 0x3f800000, 0)] },
  ),
  nodeCase(
    'elementwise/op=Where,data=payloads',
    'defined',
    {
      opType: 'Where',
      inputs: [
        { dtype: 'bool', dims: [4], data: [1, 0, 1, 0] },
        f32([4], new Float32Array(Uint32Array.of(0xffc12345, 1, 0x80000000, 4).buffer)),
        f32([4], new Float32Array(Uint32Array.of(1, 0x7f812345, 3, 0x80000001).buffer)),
      ],
      // Movement copies words: payloads, −0 and subnormals stay.
    },
    { expected: [resultWords(0xffc12345, 0x7f812345, 0x80000000, 0x80000001)] },
  ),
  // One word for all is read canonically, too: 2^-121 is 0, and so is its product with 2^100.
  nodeCase(
    'elementwise/op=Mul,data=small-scalar',
    'defined',
    {
      opType: 'Mul',
      inputs: [
        f32([5], words(0x44800000, 0x3f800000, 0xc0800000, 0x71800000, 0x7f800000)),
        f32([], words(0x03000000)),
      ],
    },
    { expected: [resultWords(0, 0, 0, 0, 0x7fc00000)] },
  ),
  nodeCase(
    'elementwise/op=Clip,data=1',
    'defined',
    {
      opType: 'Clip',
      inputs: [f32([4], [-2, 0.5, 3, Number.NaN]), f32([], [-1]), f32([], [1])],
    },
    { expected: [result(Float32Array.of(-1, 0.5, 1, Number.NaN))] },
  ),
];

const edges: OpCase[] = [
  ...UNARY.map((opType) =>
    nodeCase(`elementwise/op=${opType},data=special,n=517`, 'edges', {
      opType,
      inputs: [f32([517], floats(11, 517, 'special'))],
    }),
  ),
  ...BINARY.map((opType) =>
    nodeCase(`elementwise/op=${opType},data=special,n=1033`, 'edges', {
      opType,
      inputs: [f32([1033], floats(12, 1033, 'special')), f32([1033], floats(13, 1033, 'special'))],
    }),
  ),
  ...[0, 1, 3, 4, 5, 255, 256, 257].map((n) =>
    nodeCase(`elementwise/op=Mul,data=subnormal,n=${n}`, 'edges', {
      opType: 'Mul',
      inputs: [f32([n], floats(14, n, 'subnormal')), f32([n], floats(15, n, 'wide'))],
    }),
  ),
  nodeCase('elementwise/op=Add,rank=0', 'edges', {
    opType: 'Add',
    inputs: [f32([], [1.5]), f32([], [2])],
  }),
];

// How loads lie: rows shorter than the elements of an invocation, rows that they straddle, two to four broadcast axes.
// Add stores words, Less bytes, and Pow is long, so that each is divided among invocations in its own way.
const BROADCASTS: [number[], number[]][] = [
  [
    [5, 2],
    [5, 1],
  ],
  [[5, 2], [2]],
  [[7, 3], [3]],
  [
    [7, 3],
    [7, 1],
  ],
  [[6, 5], [5]],
  [
    [67, 5],
    [67, 1],
  ],
  [
    [3, 1, 5],
    [4, 1],
  ],
  [
    [2, 3, 1],
    [1, 3, 4],
  ],
  [
    [3, 2, 2],
    [3, 1, 2],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 1],
  ],
  [
    [2, 1, 4, 1],
    [3, 1, 5],
  ],
  [
    [2, 1, 2, 1, 3],
    [3, 1, 2, 1],
  ],
  [[1], [9]],
];
const layouts: OpCase[] = BROADCASTS.flatMap(([a, b], i) =>
  ['Add', 'Less', 'Pow'].map((opType) =>
    nodeCase(`elementwise/op=${opType},dims=${a.join('x')},other=${b.join('x')}`, 'edges', {
      opType,
      inputs: [f32(a, floats(400 + i, size(a), 'wide')), f32(b, floats(430 + i, size(b), 'wide'))],
    }),
  ),
);

const random: OpCase[] = [
  ...UNARY.flatMap((opType, i) =>
    KINDS.map((kind) =>
      nodeCase(`elementwise/op=${opType},data=${kind},n=300,seed=${i}`, 'random', {
        opType,
        inputs: [f32([3, 100], floats(100 + i, 300, kind))],
      }),
    ),
  ),
  ...BINARY.flatMap((opType, i) =>
    KINDS.map((kind) =>
      nodeCase(`elementwise/op=${opType},data=${kind},broadcast=1,seed=${i}`, 'random', {
        opType,
        inputs: [
          f32([2, 3, 37], floats(200 + i, 222, kind)),
          f32([3, 1], floats(300 + i, 3, kind)),
        ],
      }),
    ),
  ),
  ...['Add', 'Sub', 'Mul', 'Equal', 'Less', 'Greater', 'Max', 'Min'].map((opType) =>
    nodeCase(`elementwise/op=${opType},dtype=int32`, 'random', {
      opType,
      inputs: [
        { dtype: 'int32', dims: [2, 50], data: integers(1, 100, -2147483648, 2147483647) },
        { dtype: 'int32', dims: [50], data: integers(2, 50, -3, 3) },
      ],
    }),
  ),
  ...['And', 'Or', 'Xor', 'Equal'].map((opType) =>
    nodeCase(`elementwise/op=${opType},dtype=bool`, 'random', {
      opType,
      inputs: [
        { dtype: 'bool', dims: [7, 9], data: integers(3, 63, 0, 2) },
        { dtype: 'bool', dims: [9], data: integers(4, 9, 0, 2) },
      ],
    }),
  ),
  nodeCase('elementwise/op=Not', 'random', {
    opType: 'Not',
    inputs: [{ dtype: 'bool', dims: [7, 9], data: integers(6, 63, 0, 2) }],
  }),
  nodeCase('elementwise/op=Sum,inputs=3', 'random', {
    opType: 'Sum',
    inputs: [
      f32([2, 50], floats(23, 100, 'wide')),
      f32([50], floats(24, 50, 'special')),
      f32([2, 1], floats(25, 2, 'normal')),
    ],
  }),
  ...[6, 9].map((to) =>
    nodeCase(`elementwise/op=Cast,from=float32,to=${to}`, 'random', {
      opType: 'Cast',
      attributes: { to },
      inputs: [f32([400], floats(21, 400, to === 6 ? 'wide' : 'special'))],
    }),
  ),
  nodeCase('elementwise/op=Cast,from=int32,to=1', 'random', {
    opType: 'Cast',
    attributes: { to: 1 },
    inputs: [{ dtype: 'int32', dims: [300], data: integers(5, 300, -2147483648, 2147483647) }],
  }),
  nodeCase('elementwise/op=LeakyRelu,alpha=0.2', 'random', {
    opType: 'LeakyRelu',
    attributes: { alpha: { float: 0.2 } },
    inputs: [f32([333], floats(22, 333, 'special'))],
  }),
];

// One row alone, and the same row in batches: a row's bits do not depend on what it travels with (R4).
const row = floats(31, 70, 'special');
const invariance: OpCase[] = ['Sigmoid', 'Exp', 'Sqrt'].flatMap((opType) =>
  [0, 1, 6].map((position) => {
    const batch = floats(32, 7 * 70, 'wide');
    batch.set(row, position * 70);
    return nodeCase(
      `elementwise/op=${opType},invariance=batch,position=${position}`,
      'invariance',
      { opType, inputs: [f32([7, 70], batch)] },
      { same: { key: opType, from: position * 70, to: position * 70 + 70 } },
    );
  }),
);

export const cases: OpCase[] = [...defined, ...edges, ...layouts, ...random, ...invariance];
