// Operators with kernels of their own on 16-bit floats (V9): the float32 operator on the same values, rounded once at its end;
// statistics that stay float32, types that differ between operands, and what only moves bits.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats } from '../harness/prng.ts';
import { edgesOf, inputOfType, randomOf } from '../harness/typed_data.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const HALVES: readonly DType[] = ['float16', 'bfloat16'];
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const integer = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});

interface Spec {
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  /** Inputs behind those of the type. */
  readonly others?: readonly CaseInput[];
  readonly outputs?: number;
}

const SPECS: readonly Spec[] = [
  { op: 'Softmax', shapes: [[3, 70]] },
  { op: 'LogSoftmax', shapes: [[4, 9]] },
  {
    op: 'MatMul',
    shapes: [
      [2, 5, 66],
      [66, 7],
    ],
  },
  { op: 'Gemm', shapes: [[4, 6], [6, 5], [5]], attributes: { alpha: { float: 0.5 } } },
  { op: 'Conv', shapes: [[1, 3, 7, 6], [4, 3, 3, 3], [4]], attributes: { pads: [1, 1, 1, 1] } },
  { op: 'MaxPool', shapes: [[1, 2, 6, 6]], attributes: { kernel_shape: [2, 2] } },
  { op: 'AveragePool', shapes: [[1, 2, 6, 6]], attributes: { kernel_shape: [3, 3] } },
  { op: 'GlobalAveragePool', shapes: [[2, 3, 4, 4]] },
  { op: 'ReduceSum', shapes: [[5, 130]], others: [integer(1)] },
  { op: 'ReduceMax', shapes: [[5, 13]], others: [integer(0)] },
  { op: 'ReduceL2', shapes: [[5, 13]], others: [integer(1)] },
  { op: 'LayerNormalization', shapes: [[3, 8], [8], [8]], outputs: 3 },
  { op: 'CumSum', shapes: [[4, 9]], others: [{ ...integer(1), dims: [] }] },
  { op: 'TopK', shapes: [[3, 9]], others: [integer(4)], outputs: 2 },
  { op: 'ArgMax', shapes: [[3, 9]], attributes: { axis: 1 } },
  { op: 'ArgMin', shapes: [[3, 9]], attributes: { axis: 1 } },
  { op: 'LeakyRelu', shapes: [[31]] },
];

function one(spec: Spec, dtype: DType, group: OpCase['group'], seed: number): OpCase {
  const { op: opType, shapes, attributes = {}, others = [], outputs = 1 } = spec;
  const inputs = shapes.map((dims, i) => {
    const n = size(dims);
    const edges = edgesOf(dtype) as Uint16Array;
    const data =
      group === 'edges' && i === 0
        ? Uint16Array.from({ length: n }, (_, k) => edges[(k * 7) % edges.length] ?? 0)
        : randomOf(dtype, seed + i, n);
    return inputOfType(dtype, data, dims);
  });
  return nodeCase(`float16/op=${opType},dtype=${dtype},data=${group}`, group, {
    opType,
    opset: 18,
    attributes,
    inputs: [...inputs, ...others],
    outputs,
  });
}

const halves = (...data: number[]): CaseInput => ({ dtype: 'float16', dims: [data.length], data });

export const cases: readonly OpCase[] = [
  // 1 + 2^-11 + 2^-11 as one sum: 1 + 2^-10. Rounded after each step it would stay 1.
  nodeCase(
    'float16/op=ReduceSum,rounded=once',
    'defined',
    { opType: 'ReduceSum', opset: 13, inputs: [halves(0x3c00, 0x1000, 0x1000), integer(0)] },
    { expected: [new Tensor('float16', [0x3c01], [1])] },
  ),
  // 60000 · 2 is no float16.
  nodeCase(
    'float16/op=MatMul,overflow',
    'defined',
    {
      opType: 'MatMul',
      opset: 13,
      inputs: [
        { dtype: 'float16', dims: [1, 1], data: [0x7b53] },
        { dtype: 'float16', dims: [1, 1], data: [0x4000] },
      ],
    },
    { expected: [new Tensor('float16', [0x7c00], [1, 1])] },
  ),
  // Bits are moved: a NaN keeps its payload, -0 its sign.
  nodeCase(
    'float16/op=Transpose,bits',
    'defined',
    {
      opType: 'Transpose',
      opset: 13,
      inputs: [{ dtype: 'float16', dims: [2, 2], data: [0x7c01, 0x8000, 0x0001, 0xfe55] }],
    },
    { expected: [new Tensor('float16', [0x7c01, 0x0001, 0x8000, 0xfe55], [2, 2])] },
  ),
  ...SPECS.flatMap((spec) => HALVES.map((dtype) => one(spec, dtype, 'edges', 5))),
  ...SPECS.flatMap((spec) => HALVES.map((dtype) => one(spec, dtype, 'random', 15))),
  // Operands of two types: the result has that of the first float operand.
  nodeCase('float16/op=BatchNormalization,statistics=float32', 'random', {
    opType: 'BatchNormalization',
    opset: 15,
    inputs: [
      inputOfType('float16', randomOf('float16', 25, 24), [2, 3, 4]),
      inputOfType('float16', randomOf('float16', 26, 3)),
      inputOfType('float16', randomOf('float16', 27, 3)),
      inputOfType('float32', floats(28, 3)),
      inputOfType('float32', floats(29, 3).map(Math.abs)),
    ],
  }),
  ...[0, 2].map((before) =>
    nodeCase(
      `float16/op=Softmax,before=${before}`,
      'invariance',
      {
        opType: 'Softmax',
        opset: 13,
        inputs: [
          inputOfType(
            'float16',
            Uint16Array.from([
              ...(randomOf('float16', 31, 9 * before) as Uint16Array),
              ...(randomOf('float16', 32, 9) as Uint16Array),
            ]),
            [before + 1, 9],
          ),
        ],
      },
      { same: { key: 'float16/Softmax', from: 9 * before, to: 9 * before + 9 } },
    ),
  ),
];
