// Element-wise operators on every element type that they take beside float32 and int64: all pairs of edges, random elements,
// and the same elements elsewhere.
import { dtypeInfo, typedArrayOf, type DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseGroup, type OpCase } from '../harness/cases.ts';
import { edgesOf, inputOfType, randomOf } from '../harness/typed_data.ts';

const NARROW: readonly DType[] = ['int8', 'uint8', 'int16', 'uint16'];
const INTEGERS: readonly DType[] = [...NARROW, 'int32', 'uint32', 'int64', 'uint64'];
const FLOATS: readonly DType[] = ['float16', 'bfloat16', 'float64'];
const ALL: readonly DType[] = [...INTEGERS, ...FLOATS];
const BITS: Readonly<Record<string, DType[]>> = {
  unsigned: ['uint8', 'uint16', 'uint32', 'uint64'],
  signed: ['int8', 'int16', 'int32', 'int64'],
};

interface Binary {
  readonly op: string;
  readonly dtypes: readonly DType[];
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
}
const BINARY: readonly Binary[] = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'].map((op) => ({ op, dtypes: ALL })),
  { op: 'Equal', dtypes: [...ALL, 'bool'] },
  ...['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'].map((op) => ({ op, dtypes: ALL })),
  { op: 'Mod', dtypes: INTEGERS },
  { op: 'Mod', dtypes: ['float32', ...ALL], attributes: { fmod: 1 } },
  ...['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].map((op) => ({ op, dtypes: INTEGERS })),
  ...['LEFT', 'RIGHT'].map((direction) => ({
    op: 'BitShift',
    dtypes: BITS['unsigned'] ?? [],
    attributes: { direction },
  })),
  { op: 'Pow', dtypes: ['int32', 'int64', 'float16', 'bfloat16'] },
  { op: 'PRelu', dtypes: ['int32', 'uint32', 'float16'] },
  { op: 'Sum', dtypes: FLOATS },
  { op: 'Mean', dtypes: ['float32', ...FLOATS] },
];
const UNARY: readonly Binary[] = [
  { op: 'Neg', dtypes: [...(BITS['signed'] ?? []), ...FLOATS] },
  { op: 'Abs', dtypes: ALL },
  { op: 'Sign', dtypes: ALL },
  { op: 'Relu', dtypes: [...(BITS['signed'] ?? []), ...FLOATS] },
  { op: 'BitwiseNot', dtypes: INTEGERS },
  ...['Floor', 'Ceil', 'Round', 'Sqrt', 'Reciprocal', 'Exp', 'Log', 'IsNaN', 'IsInf'].map((op) => ({
    op,
    dtypes: ['float32', ...FLOATS] as DType[],
  })),
  ...['Sigmoid', 'Tanh', 'Erf', 'Softplus', 'Gelu', 'Elu'].map((op) => ({
    op,
    dtypes: ['float16', 'bfloat16'] as DType[],
  })),
];

const text = ({ op, attributes = {} }: Binary, dtype: DType): string =>
  `element_types/op=${op}${Object.entries(attributes)
    .map(([name, value]) => `,${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')},dtype=${dtype}`;

/** Every edge with every edge, by broadcasting. */
function pairs(one: Binary, dtype: DType): OpCase {
  const edges = edgesOf(dtype);
  const n = edges.length;
  const { op: opType, attributes = {} } = one;
  // A slope broadcasts to x, x does not to a slope.
  const list = Array.from<number | bigint>(edges as Iterable<number | bigint>);
  const first =
    opType === 'PRelu'
      ? { dtype, dims: [n, n], data: list.flatMap((edge) => list.map(() => edge)) }
      : inputOfType(dtype, edges, [n, 1]);
  const inputs = [first, inputOfType(dtype, edges)];
  return nodeCase(`${text(one, dtype)},data=pairs`, 'edges', {
    opType,
    opset: 24,
    attributes,
    inputs,
  });
}

function random(one: Binary, dtype: DType, arity: number): OpCase {
  const inputs = Array.from({ length: arity }, (_, i) =>
    inputOfType(dtype, randomOf(dtype, 11 + i, 1031)),
  );
  const { op: opType, attributes = {} } = one;
  return nodeCase(`${text(one, dtype)},data=random`, 'random', {
    opType,
    opset: 24,
    attributes,
    inputs,
  });
}

/** The same 40 elements alone and behind others. */
function places(one: Binary, dtype: DType, arity: number): OpCase[] {
  return [0, 37].map((before) => {
    const inputs = Array.from({ length: arity }, (_, i) => {
      const own = randomOf(dtype, 21 + i, 40);
      const n = before + 40 + before;
      const data = typedArrayOf(dtype, new ArrayBuffer(n * dtypeInfo(dtype).bytes), 0, n);
      const bytes = new Uint8Array(data.buffer);
      const { bytes: width } = dtypeInfo(dtype);
      bytes.set(new Uint8Array(randomOf(dtype, 31 + i, n).buffer));
      bytes.set(new Uint8Array(own.buffer), before * width);
      return inputOfType(dtype, data);
    });
    const { op: opType, attributes = {} } = one;
    return nodeCase(
      `${text(one, dtype)},before=${before}`,
      'invariance',
      { opType, opset: 24, attributes, inputs },
      { same: { key: text(one, dtype), from: before, to: before + 40 } },
    );
  });
}

const ends = (
  group: CaseGroup,
  op: string,
  dtype: DType,
  a: number[],
  b: number[],
  y: number[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
): OpCase =>
  nodeCase(
    `${text({ op, dtypes: [], attributes }, dtype)},data=ends`,
    group,
    {
      opType: op,
      opset: 24,
      attributes,
      inputs:
        b.length === 0
          ? [{ dtype, dims: [a.length], data: a }]
          : [a, b].map((data) => ({ dtype, dims: [data.length], data })),
    },
    { expected: [new Tensor(op.startsWith('Is') ? 'bool' : dtype, y, [y.length])] },
  );

const defined: OpCase[] = [
  ends('defined', 'Add', 'int8', [127, -128, 100], [1, -1, 100], [-128, 127, -56]),
  ends('defined', 'Sub', 'uint8', [0, 5, 255], [1, 7, 255], [255, 254, 0]),
  ends('defined', 'Mul', 'uint16', [65535, 256, 300], [65535, 256, 300], [1, 0, 24464]),
  ends('defined', 'Div', 'int16', [-32768, 7, -7, 5], [-1, -2, 2, 0], [-32768, -3, -3, 0]),
  ends('defined', 'Div', 'uint32', [4294967295, 7, 1], [2, 2, 0], [2147483647, 3, 0]),
  ends('defined', 'Mod', 'int8', [-7, 7, -128, 5], [3, -3, -1, 0], [2, -2, 0, 0]),
  ends('defined', 'Mod', 'int16', [-7, 7, -32768, 5], [3, -3, -1, 0], [-1, 1, 0, 0], { fmod: 1 }),
  ends('defined', 'BitShift', 'uint8', [129, 255, 1], [1, 8, 7], [2, 0, 128], {
    direction: 'LEFT',
  }),
  ends('defined', 'BitwiseAnd', 'int8', [-1, 12], [5, 10], [5, 8]),
  ends('defined', 'BitwiseOr', 'uint16', [1, 12], [4, 10], [5, 14]),
  ends('defined', 'BitwiseXor', 'int32', [-1, 12], [5, 10], [-6, 6]),
  ends('defined', 'BitwiseNot', 'uint8', [0, 255, 1], [], [255, 0, 254]),
  ends(
    'defined',
    'Pow',
    'int32',
    [2, 3, -1, 5, 0],
    [31, -1, -3, 0, -1],
    [-2147483648, 0, -1, 1, 0],
  ),
  // 2048 + 1 is a tie of float16, to even; 65504 + 16 rounds up to infinity; a subnormal result stays.
  ends(
    'defined',
    'Add',
    'float16',
    [0x6800, 0x7bff, 0x0001],
    [0x3c00, 0x4c00, 0x0002],
    [0x6800, 0x7c00, 0x0003],
  ),
  ends('defined', 'Mean', 'float32', [1, 3], [2, 5], [1.5, 4]),
  ends('defined', 'IsInf', 'float16', [0x7c00, 0xfc00, 0x7e00, 0x7bff], [], [1, 1, 0, 0]),
  nodeCase(
    'element_types/op=IsInf,detect_negative=0,detect_positive=1',
    'defined',
    {
      opType: 'IsInf',
      opset: 20,
      attributes: { detect_negative: 0 },
      inputs: [{ dtype: 'float32', dims: [4], data: [Infinity, -Infinity, NaN, 3e38] }],
    },
    { expected: [new Tensor('bool', [1, 0, 0, 0], [4])] },
  ),
  nodeCase('element_types/op=IsInf,detect=none', 'edges', {
    opType: 'IsInf',
    opset: 20,
    attributes: { detect_negative: 0, detect_positive: 0 },
    inputs: [{ dtype: 'float32', dims: [3], data: [Infinity, -Infinity, NaN] }],
  }),
];

/** Bases and exponents of different types. */
const mixed: OpCase[] = (
  [
    ['int32', 'float32'],
    ['int64', 'float32'],
    ['int32', 'int64'],
    ['int64', 'uint64'],
    ['int32', 'uint32'],
    ['int64', 'int8'],
    ['float32', 'uint16'],
    ['float32', 'uint64'],
    ['float16', 'int32'],
  ] as const
).map(([x, y]) =>
  nodeCase(`element_types/op=Pow,dtype=${x},exponent=${y}`, 'edges', {
    opType: 'Pow',
    opset: 15,
    inputs: [inputOfType(x, edgesOf(x), [edgesOf(x).length, 1]), inputOfType(y, edgesOf(y))],
  }),
);

const clip = ALL.map((dtype) => {
  const [low, high] = [edgesOf(dtype).slice(2, 3), edgesOf(dtype).slice(5, 6)];
  return nodeCase(`element_types/op=Clip,dtype=${dtype}`, 'edges', {
    opType: 'Clip',
    opset: 13,
    inputs: [
      inputOfType(dtype, edgesOf(dtype)),
      inputOfType(dtype, low, []),
      inputOfType(dtype, high, []),
    ],
  });
});
const where = [...ALL, 'bool' as const, 'int4' as const, 'float8e5m2' as const].map((dtype) => {
  const edges = edgesOf(dtype);
  return nodeCase(`element_types/op=Where,dtype=${dtype}`, 'edges', {
    opType: 'Where',
    opset: 16,
    inputs: [
      { dtype: 'bool', dims: [2, 1], data: [0, 1] },
      inputOfType(dtype, edges),
      inputOfType(dtype, edges.slice(0, 1)),
    ],
  });
});

export const cases: readonly OpCase[] = [
  ...defined,
  ...BINARY.flatMap((one) => one.dtypes.map((dtype) => pairs(one, dtype))),
  ...UNARY.flatMap((one) =>
    one.dtypes.map((dtype) =>
      nodeCase(`${text(one, dtype)},data=edges`, 'edges', {
        opType: one.op,
        opset: 24,
        inputs: [inputOfType(dtype, edgesOf(dtype))],
      }),
    ),
  ),
  ...mixed,
  ...clip,
  ...where,
  ...BINARY.flatMap((one) => one.dtypes.map((dtype) => random(one, dtype, 2))),
  ...UNARY.flatMap((one) => one.dtypes.map((dtype) => random(one, dtype, 1))),
  ...BINARY.flatMap((one) => one.dtypes.slice(0, 1).flatMap((dtype) => places(one, dtype, 2))),
  ...UNARY.flatMap((one) => one.dtypes.slice(-1).flatMap((dtype) => places(one, dtype, 1))),
];
