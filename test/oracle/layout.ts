// Tensors made element by element from their index, and elements by type: what operators that move bits share, on top
// of node.ts. No arithmetic on elements is here.
import { at, flatOf, indicesOf, intOf, sizeOf } from './node.ts';
import type { OracleNode, OracleTensor, OracleType } from './types.ts';

export type Element = number | bigint;

/** The all-zero element of a type: zero, false, and zero bits of a float. */
export function zeroOf(dtype: OracleType): Element {
  return dtype === 'int64' || dtype === 'uint64' || dtype === 'float64' ? 0n : 0;
}

/** The element of a tensor at an index. */
export const elementAt = (tensor: OracleTensor, index: readonly number[]): Element =>
  at(tensor.data, flatOf(index, tensor.dims));

/** The tensor whose element at each index is what `element` gives. */
export function tensorBy(
  dtype: OracleType,
  dims: readonly number[],
  element: (index: readonly number[]) => Element,
): OracleTensor {
  return { dtype, dims, data: [...indicesOf(dims)].map(element) };
}

/** The tensor of these dimensions that holds the elements of another in the same order. */
export function renamed(tensor: OracleTensor, dims: readonly number[]): OracleTensor {
  if (sizeOf(dims) !== tensor.data.length) {
    throw new RangeError(
      `expected a shape of ${tensor.data.length} elements, got [${dims.join()}].`,
    );
  }
  return { ...tensor, dims };
}

/** The element that a tensor contributes at an index of the broadcast shape. */
export function broadcastAt(tensor: OracleTensor, index: readonly number[]): Element {
  const lead = index.length - tensor.dims.length;
  return elementAt(
    tensor,
    tensor.dims.map((dim, axis) => (dim === 1 ? 0 : at(index, lead + axis))),
  );
}

/** The integers of an input, or undefined where the input is absent. */
export const listInput = (node: OracleNode, i: number): number[] | undefined =>
  node.inputs[i]?.data.map(Number);

const TYPES: ReadonlyMap<number, OracleType> = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [21, 'uint4'],
  [22, 'int4'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
  [25, 'uint2'],
  [26, 'int2'],
]);

/** The type that an attribute names by its code in onnx.proto3 (TensorProto.DataType). */
export function typeOf(node: OracleNode, name: string, otherwise: OracleType): OracleType {
  const code = intOf(node, name, undefined);
  if (code === undefined) return otherwise;
  const found = TYPES.get(code);
  if (found === undefined) throw new RangeError(`${name}: unknown type code ${code}.`);
  return found;
}
