// Element types as a TensorProto has them (onnx.proto3): their names, the typed field that each is written to where it is not
// in raw_data, and what an element of int32_data may hold. Not here: reading one (tensor.ts).
import type { DType } from '../core/dtype.ts';

/** Names of TensorProto.DataType, for messages about the types that no Tensor holds. */
const kOnnxTypeNames: readonly string[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

/** Whether ONNX has an element type of this number. */
export const isOnnxType = (code: number): boolean => kOnnxTypeNames[code] !== undefined;

/** The name of an ONNX element type, held here or not. */
export function onnxTypeName(code: number): string {
  return kOnnxTypeNames[code] ?? `type ${code}`;
}

export type TypedField =
  'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data' | 'string_data';

/** The typed field of onnx.proto3 that an element type is written to, if not to raw_data. */
export function typedFieldOf(dtype: DType): TypedField {
  switch (dtype) {
    case 'float32':
      return 'float_data';
    case 'float64':
      return 'double_data';
    case 'int64':
      return 'int64_data';
    case 'uint32':
    case 'uint64':
      return 'uint64_data';
    case 'string':
      return 'string_data';
    default:
      return 'int32_data';
  }
}

const kInt32DataRange: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  float16: [0, 65535],
  bfloat16: [0, 65535],
  bool: [0, 1],
  float8e4m3fn: [0, 255],
  float8e4m3fnuz: [0, 255],
  float8e5m2: [0, 255],
  float8e5m2fnuz: [0, 255],
  float8e8m0: [0, 255],
};

/** What an int32_data element may hold for a type. */
export function rangeOf(dtype: DType): readonly [number, number] {
  return kInt32DataRange[dtype] ?? [-0x80000000, 0x7fffffff];
}
