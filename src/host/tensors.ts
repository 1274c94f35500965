// Pieces of tensors for operators of the host: slices and joins along an axis, of every dtype, strings too. They copy
// bits (V1). Shapes are the callers' to check; what does not fit is said with the operator's name.
import type { HostContext } from '../core/host_op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { typedArrayOf, type DType, type TensorData } from '../core/dtype.ts';

/** Elements of a dtype that are zero bits, or empty strings. */
export function emptyOf(dtype: DType, length: number): TensorData {
  if (dtype === 'string') return Array.from({ length }, () => '');
  const bytes = typedArrayOf(dtype, new ArrayBuffer(0), 0, 0).BYTES_PER_ELEMENT;
  return typedArrayOf(dtype, new ArrayBuffer(length * bytes), 0, length);
}

/** `count` elements of `from` at `at`, into `to` at `offset`; both of one dtype. */
export function copyElements(
  to: TensorData,
  offset: number,
  from: TensorData,
  at: number,
  count: number,
): void {
  if (Array.isArray(to)) {
    if (Array.isArray(from)) for (let i = 0; i < count; i += 1) to[offset + i] = from[at + i] ?? '';
    return;
  }
  if (Array.isArray(from)) return;
  const width = to.BYTES_PER_ELEMENT;
  const source = new Uint8Array(from.buffer, from.byteOffset + at * width, count * width);
  new Uint8Array(to.buffer, to.byteOffset + offset * width, count * width).set(source);
}

/** The one integer of input `i`. @throws TypeError or RangeError if it is none */
export function oneNumber(node: HostContext, i: number, what: string): number {
  const tensor = node.tensorAt(i);
  const [value] = tensor.size === 1 ? tensor.numbers() : [];
  if (value !== undefined && Number.isInteger(value)) return value;
  throw new RangeError(
    `${node.opType}: ${what} (input ${i}): expected one integer, got ${tensor.dtype} ${formatShape(tensor.dims)}.`,
  );
}

/** Item `index` along an axis, without that axis. */
export function sliceOf(tensor: Tensor, axis: number, index: number): Tensor {
  const { dims, dtype, data } = tensor;
  const outer = sizeOf(dims.slice(0, axis));
  const inner = sizeOf(dims.slice(axis + 1));
  const count = dims[axis] ?? 0;
  const to = emptyOf(dtype, outer * inner);
  for (let o = 0; o < outer; o += 1) {
    copyElements(to, o * inner, data, (o * count + index) * inner, inner);
  }
  return new Tensor(dtype, to, [...dims.slice(0, axis), ...dims.slice(axis + 1)]);
}

/** Items [from, to) along an axis. */
export function rangeOf(tensor: Tensor, axis: number, from: number, to: number): Tensor {
  const { dims, dtype, data } = tensor;
  const outer = sizeOf(dims.slice(0, axis));
  const inner = sizeOf(dims.slice(axis + 1));
  const count = dims[axis] ?? 0;
  const length = (to - from) * inner;
  const result = emptyOf(dtype, outer * length);
  for (let o = 0; o < outer; o += 1) {
    copyElements(result, o * length, data, (o * count + from) * inner, length);
  }
  return new Tensor(dtype, result, [...dims.slice(0, axis), to - from, ...dims.slice(axis + 1)]);
}

/** The items at these indices of an axis, in their order. */
export function gathered(tensor: Tensor, axis: number, indices: readonly number[]): Tensor {
  const { dims, dtype, data } = tensor;
  const outer = sizeOf(dims.slice(0, axis));
  const inner = sizeOf(dims.slice(axis + 1));
  const count = dims[axis] ?? 0;
  const to = emptyOf(dtype, outer * indices.length * inner);
  for (let o = 0; o < outer; o += 1) {
    indices.forEach((index, i) => {
      copyElements(to, (o * indices.length + i) * inner, data, (o * count + index) * inner, inner);
    });
  }
  return new Tensor(dtype, to, [...dims.slice(0, axis), indices.length, ...dims.slice(axis + 1)]);
}

/** Tensors joined along an axis. @throws RangeError where they differ elsewhere */
export function concatenated(opType: string, tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError(`${opType}: nothing to join: expected a tensor.`);
  const rest = (dims: readonly number[]): string =>
    `${dims.length}: ${dims.filter((_, i) => i !== axis).join()}`;
  const wrong = tensors.find(
    (one) => one.dtype !== first.dtype || rest(one.dims) !== rest(first.dims),
  );
  if (wrong !== undefined) {
    throw new RangeError(
      `${opType}: tensors do not join on axis ${axis}: expected ${first.dtype} ${formatShape(first.dims)}, got ${wrong.dtype} ${formatShape(wrong.dims)}.`,
    );
  }
  const outer = sizeOf(first.dims.slice(0, axis));
  const inner = sizeOf(first.dims.slice(axis + 1));
  const total = tensors.reduce((sum, one) => sum + (one.dims[axis] ?? 0), 0);
  const to = emptyOf(first.dtype, outer * total * inner);
  let at = 0;
  for (const { dims, data } of tensors) {
    const length = (dims[axis] ?? 0) * inner;
    for (let o = 0; o < outer; o += 1) {
      copyElements(to, o * total * inner + at, data, o * length, length);
    }
    at += length;
  }
  return new Tensor(first.dtype, to, [
    ...first.dims.slice(0, axis),
    total,
    ...first.dims.slice(axis + 1),
  ]);
}
