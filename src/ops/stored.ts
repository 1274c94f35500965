// How products on WebGPU read constants of 16-bit floats (V9), so that they take half the memory of their float32 copies: products
// of few rows read a right operand as it lies in the file; where there are many, which would widen it for each eight again, it
// is widened by every run, into memory that values of the run share. Widening is exact, so no bit depends on it.
// Columns are to be neighbours, so that two are read at once: where rows are, which is what transposed weights are, they are
// moved, once, while planning. Not here: which values are such constants (cast.ts).
import type { LowerContext } from '../core/op.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain } from './chain_builder.ts';
import { readElement } from './element_types.ts';
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
  /** Whether columns 2i and 2i + 1 lie in one word. */
  readonly isPaired: boolean;
}

const STORED: Partial<Record<Value['dtype'], number>> = { float16: 1, bfloat16: 2 };

// Measured on SwiftShader: with 16 rows both take the same. A dispatch a run is not worth less than 64 KiB of memory.
const MOST_ROWS = Infinity;
const LEAST_ELEMENTS = 1 << 14;

/** k rows and n columns of the right operand, as they are to be read for m rows of the left one. */
export function asStored(
  node: LowerContext,
  left: Matrices,
  right: Matrices,
  batchDims: readonly number[],
  { m, n, k }: { m: number; n: number; k: number },
): StoredMatrices {
  const { halves } = right.value;
  const stored = halves === undefined ? undefined : STORED[halves.dtype];
  const copied = { ...right, stored: 0, isPaired: false };
  if (halves === undefined || stored === undefined) return copied;
  const isMany = m > MOST_ROWS;
  const isLarge = sizeOf(right.value.dims) >= LEAST_ELEMENTS;
  // A product of constants is computed while planning.
  if (isMany && (!isLarge || node.isConstant(left.value))) return copied;
  const lying = { ...right, value: halves };
  const isMoved = right.columnStride !== 1 && n > 1 && batchDims.length + 2 <= COPY_RANK;
  const own = isMoved ? moved(node, lying, batchDims, k, n) : lying;
  if (isMany) {
    const wide = node.temp('float32', own.value.dims);
    emitChain(node, wide, (chain) => readElement(chain, own.value), false, true);
    return { ...own, value: wide, stored: 0, isPaired: false };
  }
  const steps = [n, own.rowStride, ...own.strides];
  return { ...own, stored, isPaired: own.columnStride === 1 && steps.every((x) => x % 2 === 0) };
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
