// Data and expectations for operators that move bits: elements of every width with random bits (NaN payloads and
// negative zeros included), and the expected output from a function of the index alone, element by element.
import { dtypeInfo, typedArrayOf, type DType } from '../../src/core/dtype.ts';
import { stridesOf } from '../../src/core/shape.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { CaseInput } from './cases.ts';
import { Prng } from './prng.ts';

/** One dtype for every width of an element, and bool. */
export const WIDTHS: readonly DType[] = ['uint8', 'bool', 'float16', 'float32', 'int64'];

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Random bits; bool is 0 and 1. */
export function bits(seed: number, dtype: DType, dims: readonly number[]): CaseInput {
  const prng = new Prng(seed);
  const n = sizeOf(dims);
  const bytes = new Uint8Array(n * dtypeInfo(dtype).bytes);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = prng.word() >>> (dtype === 'bool' ? 31 : 24);
  return { dtype, dims, data: typedArrayOf(dtype, bytes.buffer, 0, n) };
}

export const int64s = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});

function bytesOf(input: CaseInput): Uint8Array {
  const { data } = input;
  if (!ArrayBuffer.isView(data)) throw new TypeError('movement: expected a typed array');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Calls back for every index of the shape, in order. */
export function eachIndex(
  dims: readonly number[],
  visit: (index: number[], flat: number) => void,
): void {
  const strides = stridesOf(dims);
  for (let flat = 0; flat < sizeOf(dims); flat += 1) {
    visit(
      dims.map((dim, axis) => Math.floor(flat / (strides[axis] ?? 1)) % dim),
      flat,
    );
  }
}

/** The tensor of `dims` whose element at an index is `input`'s at `source(index)`, or zero bits for undefined. */
export function moved(
  input: CaseInput,
  dims: readonly number[],
  source: (index: number[]) => readonly number[] | undefined,
  fill?: CaseInput,
): Tensor {
  const width = dtypeInfo(input.dtype).bytes;
  const from = bytesOf(input);
  const to = new Uint8Array(sizeOf(dims) * width);
  const strides = stridesOf(input.dims);
  eachIndex(dims, (index, flat) => {
    const at = source(index);
    if (at === undefined) {
      if (fill !== undefined) to.set(bytesOf(fill), flat * width);
      return;
    }
    const element = at.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
    to.set(from.subarray(element * width, (element + 1) * width), flat * width);
  });
  return new Tensor(input.dtype, typedArrayOf(input.dtype, to.buffer, 0, sizeOf(dims)), dims);
}
