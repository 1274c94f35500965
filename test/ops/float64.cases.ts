// float64: arithmetic at the ends of its range, the hardest arguments of exp and log, reductions by the tree, running sums and
// products, and what refuses the type.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseGroup,
  type CaseInput,
  type OpCase,
} from '../harness/cases.ts';
import { floats } from '../harness/prng.ts';
import { edgesOf, randomOf } from '../harness/typed_data.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;

const ofBits = (...bits: bigint[]): Float64Array =>
  new Float64Array(BigUint64Array.from(bits).buffer);
const f64 = (data: Float64Array, dims: readonly number[] = [data.length]): CaseInput => ({
  dtype: 'float64',
  dims,
  data,
});

function one(
  id: string,
  group: CaseGroup,
  opType: string,
  inputs: readonly CaseInput[],
  attributes: Attributes = {},
  expected?: Float64Array,
): OpCase {
  return nodeCase(
    `float64/op=${opType},${id}`,
    group,
    { opType, opset: opType === 'CumProd' ? 26 : 20, attributes, inputs },
    expected === undefined
      ? {}
      : { expected: [new Tensor('float64', expected, [expected.length])] },
  );
}

// Arguments whose results lie nearest to a halfway point or to a number, as Lefèvre and Muller found them (worst cases for
// correct rounding of the elementary functions in double precision), and the ends of the ranges.
const HARD_EXP = ofBits(
  0x3e46a09e667f3bcdn,
  0xbe3fffffffffffffn,
  0x3ca0000000000000n, // 2^-53: a tie but for the square
  0xbc90000000000000n,
  0x4086_2e42_fefa_39efn,
  0x4086_2e42_fefa_39f0n,
  0xc086_232b_dd7a_bcd2n, // the least normal result
  0xc087_4910_d52d_3051n,
  0xc087_4910_d52d_3052n,
  0x7fefffffffffffffn,
  0x0000000000000001n,
);
const HARD_LOG = ofBits(
  0x3fefffffffffffffn,
  0x3ff0000000000001n,
  0x0000000000000001n,
  0x000fffffffffffffn,
  0x7fefffffffffffffn,
  0x3ff6a09e667f3bcdn,
  0x3ff6a09e667f3bccn,
  0x3fe6a09e667f3bcdn,
  0x4000000000000000n,
  0xbff0000000000000n,
);

const REDUCTIONS = [
  'ReduceSum',
  'ReduceMean',
  'ReduceProd',
  'ReduceMax',
  'ReduceMin',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSum',
  'ReduceLogSumExp',
];
const axes = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});
const axis = (value: number): CaseInput => ({
  dtype: 'int32',
  dims: [],
  data: [value],
  constant: true,
});
const inputsOf = (op: string, x: CaseInput, ...list: number[]): CaseInput[] =>
  [x, axes(...list)].slice(0, op.startsWith('Reduce') ? 2 : 1);
const CUMULATIVE = ['CumSum', 'CumProd'];
const FORMS: readonly Attributes[] = [
  {},
  { exclusive: 1 },
  { reverse: 1 },
  { exclusive: 1, reverse: 1 },
];
const formText = (form: Attributes): string => Object.keys(form).join('+') || 'plain';

const random64 = (seed: number, ...dims: number[]): CaseInput =>
  f64(
    randomOf(
      'float64',
      seed,
      dims.reduce((a, b) => a * b, 1),
    ) as Float64Array,
    dims,
  );
const moderate = (seed: number, ...dims: number[]): CaseInput => {
  const size = dims.reduce((a, b) => a * b, 1);
  return f64(Float64Array.from(floats(seed, size), Number), dims);
};
const edges64 = f64(edgesOf('float64') as Float64Array, [4, 6]);
const k3: CaseInput = { dtype: 'int64', dims: [1], data: [3n], constant: true };

/** Products, Softmax and order. */
const others: OpCase[] = [
  one(
    'values',
    'defined',
    'MatMul',
    [f64(Float64Array.of(1, 2, 3)), f64(Float64Array.of(4, 5, 6))].map((x, i) => ({
      ...x,
      dims: i === 0 ? [1, 3] : [3],
    })),
    {},
    Float64Array.of(32),
  ),
  one('batches', 'random', 'MatMul', [random64(81, 2, 3, 4, 70), random64(82, 3, 70, 5)]),
  one('edges', 'edges', 'MatMul', [edges64, f64(edgesOf('float64') as Float64Array, [6, 4])]),
  one('inner=0', 'edges', 'MatMul', [random64(83, 2, 0), random64(84, 0, 3)]),
  one('vectors', 'edges', 'MatMul', [random64(85, 130), random64(86, 130, 2)]),
  one('trans', 'random', 'Gemm', [random64(87, 5, 3), random64(88, 4, 5), random64(89, 4)], {
    transA: 1,
    transB: 1,
    alpha: { float: 0.5 },
    beta: { float: Math.fround(0.1) },
  }),
  one('plain', 'random', 'Gemm', [random64(87, 3, 5), random64(88, 5, 4)]),
  one('alpha', 'edges', 'Gemm', [edges64, f64(edgesOf('float64') as Float64Array, [6, 4])], {
    alpha: { float: 2 },
  }),
  ...['Softmax', 'LogSoftmax'].flatMap((op) => [
    one('edges', 'edges', op, [edges64], { axis: 0 }),
    one('moderate', 'random', op, [moderate(91, 3, 5, 7)], { axis: 1 }),
  ]),
  ...['ArgMax', 'ArgMin'].flatMap((op) => [
    one('edges', 'edges', op, [edges64], { axis: 1 }),
    one('last', 'edges', op, [edges64], { axis: 0, select_last_index: 1 }),
  ]),
  nodeCase('float64/op=TopK', 'edges', {
    opType: 'TopK',
    opset: 11,
    inputs: [edges64, k3],
    outputs: 2,
  }),
  nodeCase('float64/op=TopK,largest=0', 'edges', {
    opType: 'TopK',
    opset: 11,
    attributes: { largest: 0 },
    inputs: [edges64, k3],
    outputs: 2,
  }),
];

const long = randomOf('float64', 71, 64 * 64 + 77) as Float64Array;

export const cases: readonly OpCase[] = [
  ...others,
  // A tie to even, a subnormal sum, an overflow.
  one(
    'ties',
    'defined',
    'Add',
    [
      f64(Float64Array.of(1, 5e-324, 1.7976931348623157e308)),
      f64(Float64Array.of(2 ** -53, 5e-324, 1e300)),
    ],
    {},
    Float64Array.of(1, 1e-323, Infinity),
  ),
  one(
    'values',
    'defined',
    'CumProd',
    [f64(Float64Array.of(1, 2, 3, 4)), axis(0)],
    {},
    Float64Array.of(1, 2, 6, 24),
  ),
  one(
    'values',
    'defined',
    'CumSum',
    [f64(Float64Array.of(1, 2, 3)), axis(0)],
    { exclusive: 1, reverse: 1 },
    Float64Array.of(5, 3, 0),
  ),
  one(
    'limits',
    'defined',
    'Exp',
    [f64(Float64Array.of(0, Infinity, -Infinity, -800, 800))],
    {},
    Float64Array.of(1, Infinity, 0, 0, Infinity),
  ),
  one(
    'limits',
    'defined',
    'Log',
    [f64(Float64Array.of(1, Infinity, 0, -0))],
    {},
    Float64Array.of(0, Infinity, -Infinity, -Infinity),
  ),
  nodeCase(
    'float64/op=CumProd,dtype=int32',
    'defined',
    {
      opType: 'CumProd',
      opset: 26,
      inputs: [{ dtype: 'int32', dims: [4], data: [3, -7, 65536, 65536] }, axis(0)],
    },
    { expected: [new Tensor('int32', [3, -21, -1376256, 0], [4])] },
  ),
  one('hard', 'edges', 'Exp', [f64(HARD_EXP)]),
  one('hard', 'edges', 'Log', [f64(HARD_LOG)]),
  ...REDUCTIONS.flatMap((op) => [
    one('edges', 'edges', op, inputsOf(op, f64(edgesOf('float64') as Float64Array, [4, 6]), 1)),
    one(
      'subnormal',
      'edges',
      op,
      inputsOf(op, f64(ofBits(1n, 2n, 3n, 0x8000000000000001n), [2, 2]), 0),
    ),
    one('empty', 'edges', op, inputsOf(op, f64(new Float64Array(0), [2, 0]), 1)),
  ]),
  ...CUMULATIVE.flatMap((op) =>
    FORMS.map((form) =>
      one(
        `${formText(form)},edges`,
        'edges',
        op,
        [f64(edgesOf('float64') as Float64Array, [6, 4]), axis(0)],
        form,
      ),
    ),
  ),
  ...CUMULATIVE.flatMap((op) =>
    FORMS.map((form) =>
      nodeCase(`float64/op=${op},${formText(form)},dtype=float32`, 'edges', {
        opType: op,
        opset: 26,
        attributes: form,
        inputs: [{ dtype: 'float32', dims: [8, 4], data: edgesOf('float32') }, axis(-1)],
      }),
    ),
  ),
  ...['Exp', 'Log'].map((op) =>
    one('random', 'random', op, [f64(randomOf('float64', 72, 301) as Float64Array)]),
  ),
  ...REDUCTIONS.map((op) =>
    one(
      'random',
      'random',
      op,
      inputsOf(op, f64(randomOf('float64', 73, 300) as Float64Array, [5, 4, 15]), 0, 2),
    ),
  ),
  one('long', 'random', 'ReduceSum', [f64(long), axes(0)]),
  one('long', 'random', 'ReduceProd', [f64(long.slice(0, 130)), axes(0)]),
  ...CUMULATIVE.map((op) =>
    one('random', 'random', op, [
      f64(randomOf('float64', 74, 60) as Float64Array, [3, 5, 4]),
      axis(1),
    ]),
  ),
  ...[0, 3].flatMap((before) =>
    ['CumProd', 'ReduceSum'].map((op) => {
      const rows = randomOf('float64', 75, 8 * 20) as Float64Array;
      const own = randomOf('float64', 76, 20) as Float64Array;
      const data = Float64Array.from([...rows.slice(0, 20 * before), ...own]);
      const inputs = [f64(data, [before + 1, 20]), op === 'CumProd' ? axis(1) : axes(1)];
      const width = op === 'CumProd' ? 20 : 1;
      return nodeCase(
        `float64/op=${op},before=${before}`,
        'invariance',
        { opType: op, opset: 26, inputs },
        { same: { key: `float64/${op}`, from: before * width, to: (before + 1) * width } },
      );
    }),
  ),
];
