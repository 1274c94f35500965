// The product of matrices on WebGPU (V3, V4): both operands where they lie, by strides, without packing.
// Blocks of 8 or 4 rows and the swap of sides are chosen from shapes alone, the thin form by the device too; no bit
// depends on them.
// Measured on SwiftShader: registers alone beat tiles in workgroup memory twofold, since a word read costs there as
// much as six products, wherever it lies, and a barrier as much as sixty.
// Not here: what MatMul and Gemm mean (mat_mul.ts), the kernel of the reference (mat_mul.c).
import type { Dispatch, Kernel, LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import type { Shader, ShaderName } from '../core/shader.ts';
import type { Tiles } from '../core/tiles.ts';
import { epilogueChain } from './chain_wgsl.ts';
import { gridOf } from './grid.ts';
import { rowBitsOf } from './row_bits.ts';
import { asStored, asStoredLeft, type Matrices } from './stored.ts';
import block4 from '../../shaders/math/product_4x8.wgsl';
import block8 from '../../shaders/math/product_8x8.wgsl';
import block from '../../shaders/ops/mat_mul_strided.wgsl';
import thin from '../../shaders/ops/mat_mul_thin.wgsl';

// Params 1 is n, the length of a row.
const columns = (dispatch: Dispatch): number => dispatch.params[1] ?? 0;
const thinShader = epilogueChain(thin, columns);
const shaders = {
  4: epilogueChain(blockShader(block, 4), columns),
  8: epilogueChain(blockShader(block, 8), columns),
};

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
    'images',
    'row_bits',
    'b_stored',
    'a_stored',
  ),
  shader: (dispatch: Dispatch) =>
    'LANE_BITS' in dispatch.constants
      ? thinShader(dispatch)
      : shaders[(dispatch.params[0] ?? 0) > 4 ? 8 : 4](dispatch),
  chain: 'epilogue',
};

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from({ length: 8 - list.length }, () => fill),
];

/** Grid and constants of a product block (shaders/math/product_8x8.wgsl): what the sizes and the device choose. */
export function blockGrid(
  images: number,
  rows: number,
  columns: number,
  terms: number,
  tiles: Tiles,
): { rowBits: number; grid: readonly [number, number, number]; levels: number } {
  const blockRows = rows > 4 ? 8 : 4;
  const blocks = Math.ceil(rows / blockRows);
  const lanes = Math.ceil(columns / 8);
  const rowBits = rowBitsOf(images, blocks, lanes, terms, tiles);
  const strips = Math.ceil(blocks / 2 ** rowBits);
  return {
    rowBits,
    grid: gridOf(images * strips * lanes * 2 ** rowBits),
    levels: terms <= 64 ? 1 : terms <= 4096 ? 2 : 3,
  };
}

/** The kernel text of a product block of `rows` rows whose operands `host` loads. */
export function blockShader(host: ShaderName, rows: 4 | 8): Shader {
  const block = rows === 8 ? block8 : block4;
  return { name: `${host}:${rows}`, text: '', imports: [block, host] };
}

// One row, or up to three with sums of more than this many terms, are computed without blocks, which would leave most
// of a GPU idle: four outputs an invocation, or a group of invocations.
const LONG_SUM = 256;
const MOST_MATRICES = 65535; // of the thin form: workgroups a dimension

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
  const isThin =
    node.tiles.fewRows === 'lanes' &&
    batch <= MOST_MATRICES &&
    (m === 1 || (m <= 3 && k > LONG_SUM));
  const shape = blockGrid(batch, m, n, k, node.tiles);
  // Lanes that share their outputs: as many as have a group of terms, where there are too few outputs to fill a GPU.
  let laneBits = 0;
  while (laneBits < 6 && 64 << laneBits < k && (n * m * batch) << laneBits < 65536) laneBits += 1;
  const rows = asStoredLeft(left, k);
  const lying = asStored(node, right, batchDims, { n, k });
  to.canonical = true;
  node.emit(matMulStrided, {
    params: {
      m,
      n,
      k,
      batch_rank: batchDims.length,
      a_row_stride: left.rowStride,
      a_column_stride: left.columnStride,
      b_row_stride: lying.rowStride,
      b_column_stride: lying.columnStride,
      batch_dims: eight(batchDims, 1),
      a_strides: eight(left.strides, 0),
      b_strides: eight(lying.strides, 0),
      images: batch,
      row_bits: shape.rowBits,
      b_stored: lying.stored,
      a_stored: rows.stored,
    },
    inputs: [rows.value, lying.value],
    outputs: [to],
    units: batch * m,
    unitCost: 4 * n * k,
    grid: isThin ? [Math.ceil((n << laneBits) / 256), m, batch] : shape.grid,
    constants: {
      ...(isThin ? { LANE_BITS: laneBits } : { LEVELS: shape.levels }),
      ...(lying.stored === 0 ? {} : { B_STORED: lying.stored, B_PAIRS: lying.isPaired ? 1 : 0 }),
      ...(rows.stored === 0 ? {} : { A_STORED: rows.stored }),
      ...(rows.isPaired && !isThin ? { A_PAIRS: 1 } : {}),
    },
  });
}
