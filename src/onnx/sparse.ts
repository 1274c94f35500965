// SparseTensorProto to a tensor: every element is there, those that the file does not name are zero bits. Indices are places
// in row-major order, or one coordinate for each axis. For constants; sparse initializers are refused elsewhere.
import { ModelError } from '../core/errors.ts';
import { dtypeInfo, typedArrayOf } from '../core/dtype.ts';
import { clampedNumber, formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import type { Message } from './proto.ts';
import { readTensorProto, type ReadTensor } from './tensor.ts';

/** More would be no constant of a model that can run. */
const MOST_BYTES = 2147483647;

/** Reads a SparseTensorProto. Damage of the file throws; a bad tensor in a sound file is returned as such. */
export function readSparseTensor(message: Message): ReadTensor {
  let values: ReadTensor | undefined;
  let indices: ReadTensor | undefined;
  const words: number[] = [];
  while (message.next()) {
    if (message.field === 1) values = message.message('values', readTensorProto);
    else if (message.field === 2) indices = message.message('indices', readTensorProto);
    else if (message.field === 3) message.varints('dims', words);
    else message.skip();
  }
  const dims = Array.from(new BigInt64Array(Uint32Array.from(words).buffer), clampedNumber);
  const name = values?.name ?? '';
  const failed = [values, indices].find((read) => read?.error !== undefined);
  if (failed !== undefined) return { name, tensor: undefined, error: failed.error };
  try {
    return { name, tensor: dense(values?.tensor, indices?.tensor, dims), error: undefined };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const problem = { message: `sparse tensor: ${text}`, remedy: 'Export the model again.' };
    return { name, tensor: undefined, error: new ModelError([problem]) };
  }
}

function dense(
  values: Tensor | undefined,
  indices: Tensor | undefined,
  dims: readonly number[],
): Tensor {
  if (values === undefined || values.dtype === 'string') {
    throw new TypeError('values: expected numbers.');
  }
  const count = values.size;
  const size = sizeOf(dims);
  const width = dtypeInfo(values.dtype).bytes;
  if (size * width > MOST_BYTES) {
    throw new RangeError(`expected at most ${MOST_BYTES} bytes, got shape ${formatShape(dims)}.`);
  }
  const places = placesOf(indices, count, dims);
  const bytes = new Uint8Array(size * width);
  const from = values.bytes();
  places.forEach((place, i) => {
    if (place < 0 || place >= size) {
      throw new RangeError(`indices: expected 0..${size - 1}, got ${place}.`);
    }
    bytes.set(from.subarray(i * width, (i + 1) * width), place * width);
  });
  return new Tensor(values.dtype, typedArrayOf(values.dtype, bytes.buffer, 0, size), dims);
}

/** The place of each value in row-major order. */
function placesOf(indices: Tensor | undefined, count: number, dims: readonly number[]): number[] {
  const numbers = indices?.dtype === 'int64' ? indices.numbers() : undefined;
  if (indices === undefined || numbers === undefined)
    throw new TypeError('indices: expected int64.');
  const rank = dims.length;
  if (indices.dims.join() === String(count)) return numbers;
  if (indices.dims.join() !== `${count},${rank}`) {
    throw new RangeError(
      `indices: expected [${count}] or [${count}, ${rank}], got ${formatShape(indices.dims)}.`,
    );
  }
  const strides = stridesOf(dims);
  return Array.from({ length: count }, (_, i) =>
    dims.reduce((place, size, axis) => {
      const at = numbers[i * rank + axis] ?? 0;
      if (at >= 0 && at < size) return place + at * (strides[axis] ?? 1);
      throw new RangeError(`indices: axis ${axis}: expected 0..${size - 1}, got ${at}.`);
    }, 0),
  );
}
