// How products and convolutions on WebGPU read constants of 16-bit floats (V9): as they lie in the file, in half the memory of
// their float32 copies. Widening is exact, so no bit depends on it. On the right columns are to be neighbours, so that two are
// read at once: where rows are, which is what transposed weights are, they are moved, once, while planning. On the left, where
// filters are, terms are neighbours. Not here: which values are such constants (cast.ts).
import type { LowerContext } from '../core/op.ts';
import { stridesOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { COPY_RANK, emitStridedCopy } from './strided_copy.ts';

/** The matrices `[row][column]` of one operand, in elements; `strides` of the batch axes, innermost first. */
export interface Matrices {
  readonly value: Value;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly strides: readonly number[];
}

export interface StoredMatrices extends Matrices {
  /** As shaders/math/halves.wgsl and wasm/stored.h have it: 0 for words. */
  readonly stored: number;
  /** Whether columns 2i and 2i + 1, on the left terms 2i and 2i + 1, lie in one word. */
  readonly isPaired: boolean;
}

const STORED: Partial<Record<Value['dtype'], number>> = { float16: 1, bfloat16: 2 };

const isEven = (x: number): boolean => x % 2 === 0;

/** The elements of a value as they are to be read: `stored` as above. */
export function storedOf(value: Value): { value: Value; stored: number } {
  const { halves } = value;
  const stored = halves === undefined ? undefined : STORED[halves.dtype];
  return halves === undefined || stored === undefined
    ? { value, stored: 0 }
    : { value: halves, stored };
}

/** The left operand, of k terms a row, as it is to be read. */
export function asStoredLeft(left: Matrices, k: number): StoredMatrices {
  const lying = storedOf(left.value);
  const steps = [k, left.rowStride, ...left.strides];
  const isPaired = lying.stored > 0 && left.columnStride === 1 && steps.every(isEven);
  return { ...left, ...lying, isPaired };
}

/** k rows and n columns of the right operand, as they are to be read. */
export function asStored(
  node: LowerContext,
  right: Matrices,
  batchDims: readonly number[],
  { n, k }: { n: number; k: number },
): StoredMatrices {
  const { value, stored } = storedOf(right.value);
  const lying = { ...right, value };
  if (stored === 0) return { ...lying, stored, isPaired: false };
  const isMoved = right.columnStride !== 1 && n > 1 && batchDims.length + 2 <= COPY_RANK;
  const own = isMoved ? moved(node, lying, batchDims, k, n) : lying;
  const steps = [n, own.rowStride, ...own.strides];
  return { ...own, stored, isPaired: own.columnStride === 1 && steps.every(isEven) };
}

/** The same matrices, columns next to each other and rows one behind the other. */
function moved(
  node: LowerContext,
  { value, rowStride, columnStride, strides }: Matrices,
  batchDims: readonly number[],
  k: number,
  n: number,
): Matrices {
  // What a batch shares is there once.
  const batch = batchDims.map((dim, axis) => (strides[axis] === 0 ? 1 : dim)).reverse();
  const dims = [...batch, k, n];
  const to = node.temp(value.dtype, dims);
  const steps = [...[...strides].reverse(), rowStride, columnStride];
  emitStridedCopy(node, to, value, { dims, strides: steps, offset: 0 });
  const own = stridesOf(dims).slice(0, -2).reverse();
  return {
    value: to,
    rowStride: n,
    columnStride: 1,
    strides: own.map((stride, axis) => (strides[axis] === 0 ? 0 : stride)),
  };
}
