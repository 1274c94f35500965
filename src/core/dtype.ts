// Element types: their ONNX code, their size, and the typed array that holds them. float16 and bfloat16 are held
// as their 16-bit patterns, bool as one byte that is 0 or 1, string as an array of strings. Types of 8 bits and fewer take one
// byte an element: floats as their patterns, int4 and int2 sign-extended. Nothing here converts a value from one type to another.

/**
 * An element type, as ONNX names it, in lower case. Operators take a part of them each (docs/OPERATORS.md); the floats of
 * 8 and 4 bits and the integers of 4 and 2 are moved and converted, strings are moved on the host.
 *
 * @example
 * ```ts
 * import { Tensor, type DType } from 'isobit';
 *
 * const dtypes: DType[] = ['float32', 'int64', 'bool'];
 * console.log(dtypes.map((dtype) => new Tensor(dtype, [1], [1]).bytes().byteLength)); // [ 4, 8, 1 ]
 * ```
 */
export type DType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2';

/**
 * The arrays that hold elements: one class a dtype, except that bool is a Uint8Array of 0 and 1, float16 and bfloat16 are
 * their bit patterns in a Uint16Array, narrower floats theirs in a Uint8Array, and the integers of 4 and 2 bits are the
 * elements of an Int8Array or Uint8Array.
 *
 * @example
 * ```ts
 * import { Tensor, type TypedArray } from 'isobit';
 *
 * const data: TypedArray = new BigInt64Array([1n, 2n]);
 * console.log(new Tensor('int64', data, [2]).data === data); // true
 * ```
 */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** What a tensor holds: a typed array, or, for dtype `string`, the strings. */
export type TensorData = TypedArray | string[];

export interface DTypeInfo {
  /** Bytes of one element; 0 for string, whose elements have no fixed size. */
  readonly bytes: number;
  /** Bits of one element in a file, where several share a byte there. */
  readonly packedBits?: 2 | 4;
  /** The value of `TensorProto.DataType` in onnx.proto3. */
  readonly onnx: number;
}

const kInfo: Readonly<Record<DType, DTypeInfo>> = {
  float32: { bytes: 4, onnx: 1 },
  uint8: { bytes: 1, onnx: 2 },
  int8: { bytes: 1, onnx: 3 },
  uint16: { bytes: 2, onnx: 4 },
  int16: { bytes: 2, onnx: 5 },
  int32: { bytes: 4, onnx: 6 },
  int64: { bytes: 8, onnx: 7 },
  string: { bytes: 0, onnx: 8 },
  bool: { bytes: 1, onnx: 9 },
  float16: { bytes: 2, onnx: 10 },
  float64: { bytes: 8, onnx: 11 },
  uint32: { bytes: 4, onnx: 12 },
  uint64: { bytes: 8, onnx: 13 },
  bfloat16: { bytes: 2, onnx: 16 },
  float8e4m3fn: { bytes: 1, onnx: 17 },
  float8e4m3fnuz: { bytes: 1, onnx: 18 },
  float8e5m2: { bytes: 1, onnx: 19 },
  float8e5m2fnuz: { bytes: 1, onnx: 20 },
  uint4: { bytes: 1, onnx: 21, packedBits: 4 },
  int4: { bytes: 1, onnx: 22, packedBits: 4 },
  float4e2m1: { bytes: 1, onnx: 23, packedBits: 4 },
  float8e8m0: { bytes: 1, onnx: 24 },
  uint2: { bytes: 1, onnx: 25, packedBits: 2 },
  int2: { bytes: 1, onnx: 26, packedBits: 2 },
};

const kByCode: ReadonlyMap<number, DType> = new Map(
  (Object.keys(kInfo) as DType[]).map((dtype) => [kInfo[dtype].onnx, dtype]),
);

/** Every element type, in the order of their ONNX codes. */
export const kDTypes: readonly DType[] = [...kByCode.keys()]
  .sort((a, b) => a - b)
  .flatMap((code) => kByCode.get(code) ?? []);

/** Size and ONNX code of an element type. */
export function dtypeInfo(dtype: DType): DTypeInfo {
  return kInfo[dtype];
}

/** The element type of an ONNX code, or undefined for a type that is not held here (complex). */
export function dtypeOfOnnx(code: number): DType | undefined {
  return kByCode.get(code);
}

/** Is this one of the element types? For names that come from outside. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(kInfo, name);
}

/**
 * A typed array of `length` elements over `buffer`, no copy.
 *
 * @throws RangeError if `byteOffset` is not a multiple of the element size or the buffer is too short (from the
 * typed array itself); TypeError for string.
 */
export function typedArrayOf(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
    case 'int8':
    case 'int4':
    case 'int2':
      return new Int8Array(buffer, byteOffset, length);
    case 'int16':
      return new Int16Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'bool':
    case 'uint8':
    case 'uint4':
    case 'uint2':
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
    case 'float4e2m1':
      return new Uint8Array(buffer, byteOffset, length);
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length);
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, length);
    case 'string':
      throw new TypeError(
        'typedArrayOf: no typed array holds dtype string: expected a numeric dtype. Use string[].',
      );
    default:
      throw new TypeError(`typedArrayOf: unknown dtype: got ${String(dtype satisfies never)}.`);
  }
}
