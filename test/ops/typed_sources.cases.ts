// Tensors that are made or marked, by element type: Range, EyeLike, OneHot with indices of every type, ConstantOfShape, Trilu.
import { dtypeInfo, kDTypes, type DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { edgesOf, inputOfType, randomOf } from '../harness/typed_data.ts';

const TYPES = kDTypes.filter((dtype) => dtype !== 'string');
const NUMBERS: readonly DType[] = [
  ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const),
  ...(['float16', 'bfloat16', 'float32', 'float64'] as const),
];
const f16 = (...bits: number[]): CaseInput[] =>
  bits.map((one) => ({ dtype: 'float16', dims: [], data: [one], constant: true }));

/** start, limit and delta of a type, as small integers. */
function bounds(dtype: DType, list: readonly number[]): CaseInput[] {
  const bits: Partial<Record<DType, (x: number) => number>> = {
    // Powers of two and 0 only.
    float16: (x) => (x === 0 ? 0 : (Math.log2(x) + 15) << 10),
    bfloat16: (x) => (x === 0 ? 0 : (Math.log2(x) + 127) << 7),
  };
  return list.map((x) => ({ dtype, dims: [], data: [bits[dtype]?.(x) ?? x], constant: true }));
}

const range = NUMBERS.map((dtype) =>
  nodeCase(`typed_sources/op=Range,dtype=${dtype}`, 'edges', {
    opType: 'Range',
    opset: 27,
    inputs: bounds(dtype, [1, 64, 2]),
  }),
);

const eye = TYPES.filter((dtype) => !/float[48]/.test(dtype)).map((dtype) =>
  nodeCase(`typed_sources/op=EyeLike,dtype=${dtype}`, 'edges', {
    opType: 'EyeLike',
    opset: 22,
    attributes: { dtype: dtypeInfo(dtype).onnx, k: 1 },
    inputs: [{ dtype: 'int32', dims: [3, 4], data: new Int32Array(12) }],
  }),
);

const oneHot = NUMBERS.flatMap((dtype) => {
  const data = edgesOf(dtype);
  const depth: CaseInput = { dtype: 'int64', dims: [], data: [7n], constant: true };
  return (['float32', 'float16', 'uint4'] as const).map((values) =>
    nodeCase(`typed_sources/op=OneHot,indices=${dtype},values=${values}`, 'edges', {
      opType: 'OneHot',
      opset: 11,
      inputs: [inputOfType(dtype, data), depth, { dtype: values, dims: [2], data: [0, 1] }],
    }),
  );
});

const filled = TYPES.map((dtype) =>
  nodeCase(`typed_sources/op=ConstantOfShape,dtype=${dtype}`, 'edges', {
    opType: 'ConstantOfShape',
    opset: 25,
    attributes: { value: new Tensor(dtype, edgesOf(dtype).slice(1, 2), [1]) },
    inputs: [{ dtype: 'int64', dims: [2], data: [3n, 5n], constant: true }],
  }),
);

const triangle = TYPES.map((dtype) =>
  nodeCase(`typed_sources/op=Trilu,dtype=${dtype}`, 'random', {
    opType: 'Trilu',
    opset: 14,
    inputs: [inputOfType(dtype, randomOf(dtype, 3, 60), [3, 4, 5])],
  }),
);

const moved = TYPES.flatMap((dtype) => [
  nodeCase(`typed_sources/op=Transpose,dtype=${dtype}`, 'random', {
    opType: 'Transpose',
    opset: 25,
    attributes: { perm: [1, 0] },
    inputs: [inputOfType(dtype, randomOf(dtype, 4, 35), [5, 7])],
  }),
  nodeCase(`typed_sources/op=Concat,dtype=${dtype}`, 'random', {
    opType: 'Concat',
    opset: 13,
    attributes: { axis: 1 },
    inputs: [3, 5].map((n) => inputOfType(dtype, randomOf(dtype, n, 3 * n), [3, n])),
  }),
]);

export const cases: readonly OpCase[] = [
  nodeCase(
    'typed_sources/op=Range,values=float16',
    'defined',
    // 1, 5, 2
    { opType: 'Range', opset: 27, inputs: f16(0x3c00, 0x4500, 0x4000) },
    { expected: [new Tensor('float16', [0x3c00, 0x4200], [2])] },
  ),
  nodeCase(
    'typed_sources/op=OneHot,values=int8',
    'defined',
    {
      opType: 'OneHot',
      opset: 11,
      inputs: [
        { dtype: 'uint8', dims: [2], data: [1, 9] },
        { dtype: 'int64', dims: [], data: [3n], constant: true },
        { dtype: 'int8', dims: [2], data: [-1, 5] },
      ],
    },
    { expected: [new Tensor('int8', [-1, 5, -1, -1, -1, -1], [2, 3])] },
  ),
  ...range,
  ...eye,
  ...oneHot,
  ...filled,
  ...triangle,
  ...moved,
  ...[0, 2].map((before) =>
    nodeCase(
      `typed_sources/op=Trilu,before=${before}`,
      'invariance',
      {
        opType: 'Trilu',
        opset: 14,
        inputs: [
          inputOfType(
            'int16',
            Int16Array.from([
              ...(randomOf('int16', 5, 6 * before) as Int16Array),
              ...(randomOf('int16', 6, 6) as Int16Array),
            ]),
            [before + 1, 2, 3],
          ),
        ],
      },
      { same: { key: 'typed_sources/Trilu', from: 6 * before, to: 6 * before + 6 } },
    ),
  ),
];
