// The product of matrices on WebGPU (V3, V4): both operands where they lie, by strides, without packing.
// Tile shapes, the thin form and the swap of sides are chosen from shapes alone; no bit depends on them.
// Not here: what MatMul and Gemm mean (mat_mul.ts), the kernel of the reference (mat_mul.c).
import type { Dispatch, Kernel, LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { epilogueChain } from './chain_wgsl.ts';
import thin from '../../shaders/ops/mat_mul_thin.wgsl';
import tile from '../../shaders/ops/mat_mul_strided.wgsl';

const thinShader = epilogueChain(thin);
const tileShader = epilogueChain(tile);

export const matMulStrided: Kernel = {
  name: 'mat_mul_strided',
  params: paramFields(
    'm',
    'n',
    'k',
    'batch_rank',
    'a_row_stride',
    'a_column_stride',
    'b_row_stride',
    'b_column_stride',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
  ),
  shader: (dispatch: Dispatch) =>
    'LANE_BITS' in dispatch.constants ? thinShader(dispatch) : tileShader(dispatch),
  chain: 'epilogue',
};

/** The matrices `[row][column]` of one operand, in elements; `strides` of the batch axes, innermost first. */
export interface Matrices {
  readonly value: Value;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly strides: readonly number[];
}

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from({ length: 8 - list.length }, () => fill),
];

/**
 * How a tile of 64 invocations, four by four outputs each, is laid over rows and columns: as few outputs past the
 * end as possible, then as square as possible.
 */
export function tileShape(
  rows: number,
  columns: number,
): { rowBits: number; columnBits: number; tilesDown: number; tilesAcross: number } {
  let best = { rowBits: 3, columnBits: 3, tilesDown: 1, tilesAcross: 1 };
  let least = Infinity;
  for (const rowBits of [3, 2, 1, 4, 5]) {
    const columnBits = 6 - rowBits;
    const tilesDown = Math.ceil(rows / (4 << rowBits));
    const tilesAcross = Math.ceil(columns / (4 << columnBits));
    // A long tile loads more words a product.
    const cost = tilesDown * tilesAcross * (1 + Math.abs(rowBits - 3) / 8);
    if (cost < least) {
      least = cost;
      best = { rowBits, columnBits, tilesDown, tilesAcross };
    }
  }
  return best;
}

// Up to this many rows each row is computed alone.
const THIN_ROWS = 3;

/** `to[batch][m][n] = a[batch][m][k] * b[batch][k][n]`; `batchDims` innermost first. */
export function emitStrided(
  node: LowerContext,
  to: Value,
  batchDims: readonly number[],
  a: Matrices,
  b: Matrices,
  sizes: { m: number; n: number; k: number },
): void {
  const { k } = sizes;
  let { m, n } = sizes;
  let [left, right] = [a, b];
  if (n === 1 && m > 1) {
    // A product of two numbers has no order: one column is computed as one row.
    [m, n] = [n, m];
    left = { ...b, rowStride: b.columnStride, columnStride: b.rowStride };
    right = { ...a, rowStride: a.columnStride, columnStride: a.rowStride };
  }
  const batch = batchDims.reduce((product, dim) => product * dim, 1);
  const isThin = m <= THIN_ROWS;
  const shape = tileShape(m, n);
  // Lanes that share an output: as many as have a group of terms, where there are too few outputs to fill a GPU.
  let laneBits = 0;
  while (laneBits < 6 && 64 << laneBits < k && (n * m * batch) << laneBits < 16384) laneBits += 1;
  to.canonical = true;
  node.emit(matMulStrided, {
    params: {
      m,
      n,
      k,
      batch_rank: batchDims.length,
      a_row_stride: left.rowStride,
      a_column_stride: left.columnStride,
      b_row_stride: right.rowStride,
      b_column_stride: right.columnStride,
      batch_dims: eight(batchDims, 1),
      a_strides: eight(left.strides, 0),
      b_strides: eight(right.strides, 0),
    },
    inputs: [left.value, right.value],
    outputs: [to],
    units: batch * m,
    unitCost: 4 * n * k,
    grid: isThin
      ? [Math.ceil((n << laneBits) / 64), m, batch]
      : [shape.tilesAcross, shape.tilesDown, batch],
    constants: isThin
      ? { LANE_BITS: laneBits }
      : { ROW_BITS: shape.rowBits, COLUMN_BITS: shape.columnBits },
  });
}
