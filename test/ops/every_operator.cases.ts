// The same three cases of one small node of nearly every operator: special words, random words, and rows whose bits do
// not depend on how many rows there are. Values written by hand stand in every_operator_defined.cases.ts.
import { Tensor, type TensorInput } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type NodeSpec,
  type OpCase,
} from '../harness/cases.ts';
import { int64s } from '../harness/movement.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

/** Data of `rows` rows; row r of an input has the same words whatever `rows` is. */
interface Rows {
  readonly rows: number;
  float(seed: number, ...inner: number[]): CaseInput;
  bool(seed: number, ...inner: number[]): CaseInput;
  int32(seed: number, ...inner: number[]): CaseInput;
  index(seed: number, ...inner: number[]): CaseInput;
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

function rowsOf(rows: number, kind: FloatKind): Rows {
  const list = (n: number, row: (r: number) => ArrayLike<number>): number[] =>
    Array.from({ length: n }, (_, r) => Array.from(row(r))).flat();
  const ints = (seed: number, n: number, low: number, high: number): number[] =>
    list(rows, (r) => integers(seed * 97 + r, n, low, high));
  return {
    rows,
    float(seed, ...inner) {
      const n = sizeOf(inner);
      const data = new Float32Array(rows * n);
      const words = new Uint32Array(data.buffer);
      for (let r = 0; r < rows; r += 1) {
        words.set(new Uint32Array(floats(seed * 97 + r, n, kind).buffer), r * n);
      }
      return { dtype: 'float32', dims: [rows, ...inner], data };
    },
    bool: (seed, ...inner) => ({
      dtype: 'bool',
      dims: [rows, ...inner],
      data: ints(seed, sizeOf(inner), 0, 2),
    }),
    int32: (seed, ...inner) => ({
      dtype: 'int32',
      dims: [rows, ...inner],
      data: ints(seed, sizeOf(inner), -9, 9),
    }),
    index: (seed, ...inner) => ({
      dtype: 'int64',
      dims: [rows, ...inner],
      data: ints(seed, sizeOf(inner), -14, 14).map(BigInt),
    }),
  };
}

type Make = (r: Rows) => Omit<NodeSpec, 'opType'>;
/** Operator, elements of a row of its first output, node. */
type Entry = readonly [string, number, Make];

const vector = (seed: number, n: number): CaseInput => ({
  dtype: 'float32',
  dims: [n],
  data: floats(seed, n),
});
const scalar = (x: number): CaseInput => ({ dtype: 'float32', dims: [], data: [x] });
const constant = (...data: number[]): CaseInput => ({
  dtype: 'float32',
  dims: [data.length],
  data,
  constant: true,
});
const one =
  (attributes: Readonly<Record<string, CaseAttribute>> = {}, opset = 17): Make =>
  (r) => ({ opset, attributes, inputs: [r.float(1, 12)] });

const UNARY = [
  'Abs',
  'Ceil',
  'Erf',
  'Floor',
  'Identity',
  'IsNaN',
  'LeakyRelu',
  'Log',
  'Neg',
  'Reciprocal',
  'Relu',
  'Round',
  'Sign',
  'Tanh',
  'Dropout',
  'Hardmax',
  'LogSoftmax',
  'LpNormalization',
];
const BINARY = [
  'Add',
  'Div',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'Max',
  'Min',
  'Mul',
  'Pow',
  'Sub',
  'Sum',
];
const REDUCTIONS = ['L1', 'LogSum', 'LogSumExp', 'Max', 'SumSquare'];

const ELEMENTWISE: readonly Entry[] = [
  ...UNARY.map((op): Entry => [op, 12, one()]),
  ...BINARY.map((op): Entry => [op, 12, (r) => ({ inputs: [r.float(1, 12), r.float(2, 12)] })]),
  ...['And', 'Or', 'Xor'].map((op): Entry => [
    op,
    12,
    (r) => ({ inputs: [r.bool(1, 12), r.bool(2, 12)] }),
  ]),
  ['Not', 12, (r) => ({ inputs: [r.bool(1, 12)] })],
  ['Mod', 12, (r) => ({ inputs: [r.int32(1, 12), r.int32(2, 12)] })],
  ['Cast', 12, one({ to: 6 })],
  ['Clip', 12, (r) => ({ inputs: [r.float(1, 12), scalar(-1), scalar(1.5)] })],
  ['PRelu', 12, (r) => ({ inputs: [r.float(1, 12), r.float(2, 12)] })],
  ['Where', 12, (r) => ({ inputs: [r.bool(1, 12), r.float(2, 12), r.float(3, 12)] })],
];

const COMPOSED: readonly Entry[] = [
  ...REDUCTIONS.map((name): Entry => [`Reduce${name}`, 1, one({ axes: [1] }, 12)]),
  ['CumSum', 12, (r) => ({ inputs: [r.float(1, 12), { ...int64s(1), dims: [] }] })],
  ['TopK', 3, (r) => ({ inputs: [r.float(1, 12), int64s(3)], outputs: 2 })],
  ['Gemm', 2, (r) => ({ inputs: [r.float(1, 6), { ...vector(2, 12), dims: [6, 2] }] })],
  [
    'BatchNormalization',
    12,
    (r) => ({ inputs: [r.float(1, 2, 6), ...[2, 3, 4, 5].map((seed) => vector(seed, 2))] }),
  ],
  [
    'GroupNormalization',
    12,
    (r) => ({
      opset: 21,
      attributes: { num_groups: 2 },
      inputs: [r.float(1, 4, 3), vector(2, 4), vector(3, 4)],
    }),
  ],
  ['LRN', 12, (r) => ({ attributes: { size: 3 }, inputs: [r.float(1, 4, 3)] })],
  [
    'MeanVarianceNormalization',
    12,
    (r) => ({ attributes: { axes: [2, 3] }, inputs: [r.float(1, 2, 2, 3)] }),
  ],
  ['SimplifiedLayerNormalization', 12, (r) => ({ inputs: [r.float(1, 12), vector(2, 12)] })],
  [
    'com.microsoft:SimplifiedLayerNormalization',
    12,
    (r) => ({ domain: 'com.microsoft', inputs: [r.float(1, 12), vector(2, 12)] }),
  ],
  ...['LpPool', 'MaxPool'].map((op): Entry => [
    op,
    10,
    (r) => ({ attributes: { kernel_shape: [3] }, inputs: [r.float(1, 1, 12)] }),
  ]),
  ...['GlobalAveragePool', 'GlobalLpPool', 'GlobalMaxPool'].map((op): Entry => [
    op,
    2,
    (r) => ({ inputs: [r.float(1, 2, 6)] }),
  ]),
  [
    'Upsample',
    8,
    (r) => ({
      opset: 9,
      attributes: { mode: 'linear' },
      inputs: [r.float(1, 1, 4), constant(1, 1, 2)],
    }),
  ],
];

/** Updates of slots of a row, by indices that may be outside. */
const scatter =
  (opset: number): Make =>
  (r) => ({
    opset,
    attributes: { axis: 1 },
    inputs: [r.float(1, 12), r.index(2, 4), r.float(3, 4)],
  });

const MOVEMENT: readonly Entry[] = [
  ['DepthToSpace', 12, (r) => ({ attributes: { blocksize: 2 }, inputs: [r.float(1, 4, 1, 3)] })],
  ['SpaceToDepth', 12, (r) => ({ attributes: { blocksize: 2 }, inputs: [r.float(1, 1, 2, 6)] })],
  ['Expand', 12, (r) => ({ inputs: [r.float(1, 1, 4), int64s(r.rows, 3, 4)] })],
  ['Flatten', 12, (r) => ({ inputs: [r.float(1, 3, 4)] })],
  ['Gather', 4, (r) => ({ attributes: { axis: 1 }, inputs: [r.float(1, 12), GATHERED] })],
  [
    'GatherElements',
    4,
    (r) => ({ attributes: { axis: 1 }, inputs: [r.float(1, 12), r.index(2, 4)] }),
  ],
  [
    'GatherND',
    4,
    (r) => ({ attributes: { batch_dims: 1 }, inputs: [r.float(1, 12), r.index(2, 4, 1)] }),
  ],
  [
    'OneHot',
    12,
    (r) => ({ inputs: [r.float(1, 4), { ...int64s(3), dims: [] }, constant(-0, NaN)] }),
  ],
  ['Pad', 7, (r) => ({ inputs: [r.float(1, 4), int64s(0, 1, 0, 2), constantScalar(-0)] })],
  ['Reshape', 12, (r) => ({ inputs: [r.float(1, 3, 4), int64s(-1, 12)] })],
  ['Scatter', 12, scatter(9)],
  ['ScatterElements', 12, scatter(17)],
  [
    'ScatterND',
    12,
    (r) => ({
      inputs: [
        r.float(1, 12),
        {
          dtype: 'int64',
          dims: [r.rows, 2, 2],
          data: Array.from({ length: r.rows }, (_, row) => [row, 3, row, -1].map(BigInt)).flat(),
        },
        r.float(3, 2),
      ],
    }),
  ],
  ['Shape', 1, one({ start: 1 })],
  [
    'DynamicSlice',
    4,
    (r) => ({ opset: 9, inputs: [r.float(1, 12), ...[1, 5, 1].map((x) => int64s(x))] }),
  ],
  ['Slice', 4, (r) => ({ inputs: [r.float(1, 12), ...[1, 9, 1, 2].map((x) => int64s(x))] })],
  [
    'Split',
    5,
    (r) => ({ attributes: { axis: 1 }, inputs: [r.float(1, 12), int64s(5, 7)], outputs: 2 }),
  ],
  ['Squeeze', 12, (r) => ({ inputs: [r.float(1, 1, 12), int64s(1)] })],
  ['Unsqueeze', 12, (r) => ({ inputs: [r.float(1, 12), int64s(1)] })],
  ['Tile', 12, (r) => ({ inputs: [r.float(1, 4), int64s(1, 3)] })],
  ['Transpose', 12, (r) => ({ attributes: { perm: [0, 2, 1] }, inputs: [r.float(1, 3, 4)] })],
  ['Trilu', 12, (r) => ({ inputs: [r.float(1, 3, 4)] })],
  ['EyeLike', 4, (r) => ({ inputs: [r.float(1, 4)] })],
  [
    'Constant',
    4,
    (r) => {
      const { dtype, dims, data } = r.float(1, 4);
      return { attributes: { value: new Tensor(dtype, data as TensorInput, dims) }, inputs: [] };
    },
  ],
  ['ConstantOfShape', 4, (r) => ({ inputs: [int64s(r.rows, 4)] })],
  ['Range', 4, (r) => ({ inputs: [0.25, 4 * r.rows, 1].map((x) => constantScalar(x)) })],
];
const GATHERED: CaseInput = { dtype: 'int64', dims: [4], data: [0n, 5n, -1n, 30n] };

function constantScalar(x: number): CaseInput {
  return { ...scalar(x), constant: true };
}

function casesOf([name, width, make]: Entry): OpCase[] {
  const opType = name.slice(name.indexOf(':') + 1);
  const spec = (rows: number, kind: FloatKind): NodeSpec => ({
    opType,
    ...make(rowsOf(rows, kind)),
  });
  const id = `every_operator/op=${name}`;
  const key = `every_operator/${name}`;
  return [
    nodeCase(`${id},data=special`, 'edges', spec(5, 'special')),
    nodeCase(`${id},data=normal`, 'random', spec(4, 'normal')),
    nodeCase(`${id},rows=1`, 'invariance', spec(1, 'normal'), { same: { key } }),
    nodeCase(`${id},rows=3`, 'invariance', spec(3, 'normal'), {
      same: { key, from: 0, to: width },
    }),
  ];
}

const size = (rows: number, kind: FloatKind): NodeSpec => ({
  opType: 'Size',
  inputs: [{ ...rowsOf(rows, kind).float(1, 12), dims: [2, 6 * rows] }],
});

export const cases: OpCase[] = [
  nodeCase(
    'every_operator/op=ReduceMax',
    'defined',
    {
      opType: 'ReduceMax',
      opset: 12,
      attributes: { axes: [1] },
      inputs: [{ dtype: 'float32', dims: [2, 3], data: [1, 5, 2, -Infinity, NaN, Infinity] }],
    },
    { expected: [new Tensor('float32', [5, NaN], [2, 1])] },
  ),
  ...[...ELEMENTWISE, ...COMPOSED, ...MOVEMENT].flatMap(casesOf),
  // The number of elements, whatever they are.
  nodeCase('every_operator/op=Size,data=special', 'edges', size(1, 'special')),
  nodeCase('every_operator/op=Size,data=normal', 'random', size(3, 'normal')),
  ...(['special', 'normal'] as const).map((kind) =>
    nodeCase(`every_operator/op=Size,same=${kind}`, 'invariance', size(2, kind), {
      same: { key: 'every_operator/Size' },
    }),
  ),
];
