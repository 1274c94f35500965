// Products of stacks of matrices on floats (V3, V4, V9), however operands lie: what MatMul, Gemm, convolutions of one output position,
// attention and recurrent layers are made of. The reference's right operand is packed into panels of 8 columns: by a
// dispatch of its own, so that constant weights are packed once, while planning, or by the kernel where few rows read it;
// the left one is packed by the kernel. Nothing here depends on values. Not here: the operators (mat_mul.ts), the kernels of WebGPU (mat_mul_strided.ts).
import { broadcastStrides } from '../core/chain.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { columnsOfBlock } from './column_blocks.ts';
import { emitProductF64 } from './mat_mul_f64.ts';
import { emitStrided } from './mat_mul_strided.ts';
import { emitDequantisedProduct } from './quantised.ts';

export const matMulPack: Kernel = {
  name: 'mat_mul_pack',
  params: paramFields('k', 'n', 'row_stride', 'column_stride', 'batch_dims[8]', 'batch_strides[8]'),
  unpack: unpackPanels,
};

export const matMul: Kernel = {
  name: 'mat_mul',
  params: paramFields(
    'm',
    'n',
    'k',
    'batch_rank',
    'row_block',
    'column_block',
    'row_stride',
    'column_stride',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
    'b_row_stride',
    'b_column_stride',
    'pad0',
    'pad1',
  ),
  chain: 'epilogue',
};

/** The loops of wasm/ops/mat_mul_pack.c, the other way. */
function unpackPanels(params: Uint32Array, packed: Uint32Array, to: Uint32Array): void {
  const [k = 0, n = 0, rowStride = 0, columnStride = 0] = params;
  const panels = Math.ceil(n / PANEL);
  const units = packed.length / Math.max(1, k * PANEL);
  for (let unit = 0; unit < units; unit += 1) {
    let first = (unit % panels) * PANEL * columnStride;
    for (let axis = 0, rest = Math.floor(unit / panels); axis < BATCH_RANK; axis += 1) {
      const dim = params[4 + axis] ?? 1;
      first += (rest % dim) * (params[4 + BATCH_RANK + axis] ?? 0);
      rest = Math.floor(rest / dim);
    }
    const width = Math.min(PANEL, n - (unit % panels) * PANEL);
    for (let row = 0; row < k; row += 1) {
      const from = (unit * k + row) * PANEL;
      const at = first + row * rowStride;
      for (let c = 0; c < width; c += 1) to[at + c * columnStride] = packed[from + c] ?? 0;
    }
  }
}

const PANEL = 8; // columns a panel, PANEL in wasm/tile.h
const BATCH_RANK = 8;
// Rows a unit: the flushed rows stay in the second-level cache while all panels pass, and a unit is
// about a millisecond at most (measured: larger blocks are not faster).
const ROWS = 64;
const PACKED_ROWS = 1 << 16; // elements of flushed rows a unit
const STRIP = 4; // rows that a panel passes at once, STRIP in wasm/tile.h
const PACKED_HERE = 1 << 16; // elements that a unit packs for itself, which stay in the second-level cache
const FEWEST_COLUMNS = 32; // and columns at least, of which lines of memory are whole
const LONGEST = 1 << 13; // terms of a sum up to which it packs for itself: every thread has room for FEWEST_COLUMNS of them

/** One operand: its matrices are `[batch][row][column]` at these strides, in elements. */
export interface Operand {
  readonly value: Value;
  readonly batch: readonly number[];
  readonly rowStride: number;
  readonly columnStride: number;
  /** The axis of the value along which rows lie on the left, columns on the right, if it is one. */
  readonly lineAxis?: number | undefined;
}

/** Batch axes from the innermost out, neighbours merged where every operand steps through them alike. */
function mergedBatch(
  op: string,
  dims: readonly number[],
  strides: readonly (readonly number[])[],
): { dims: number[]; strides: number[][] } {
  const merged: number[] = [];
  const steps: number[][] = strides.map(() => []);
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    const dim = dims[axis] ?? 1;
    if (dim === 1) continue;
    const last = merged.length - 1;
    const joins =
      last >= 0 &&
      strides.every((list, i) => list[axis] === (steps[i]?.[last] ?? 0) * (merged[last] ?? 1));
    if (joins) merged[last] = (merged[last] ?? 1) * dim;
    else {
      merged.push(dim);
      strides.forEach((list, i) => steps[i]?.push(list[axis] ?? 0));
    }
  }
  if (merged.length > BATCH_RANK) {
    throw new RangeError(
      `${op}: too many batch axes: expected at most ${BATCH_RANK} that broadcast differently, got ${formatShape(dims)}. Reshape the operands.`,
    );
  }
  return { dims: merged, strides: steps };
}

function eight(list: readonly number[], fill: number): number[] {
  const out = [...list];
  while (out.length < BATCH_RANK) out.push(fill);
  return out;
}

/** Matrices [batch][k][n] flushed (V3) and packed in panels of eight columns, as the reference reads them. */
export function emitPack(
  node: LowerContext,
  value: Value,
  batch: readonly number[],
  k: number,
  n: number,
  rowStride: number,
  columnStride: number,
): Value {
  const matrices = sizeOf(batch);
  const panels = Math.ceil(n / PANEL);
  const packed = node.temp('float32', [matrices, panels * PANEL * k]);
  packed.canonical = true;
  const own = mergedBatch(node.opType, batch, [stridesOf(batch).map((s) => s * k * n)]);
  node.emit(matMulPack, {
    params: {
      k,
      n,
      row_stride: rowStride,
      column_stride: columnStride,
      batch_dims: eight(own.dims, 1),
      batch_strides: eight(own.strides[0] ?? [], 0),
    },
    inputs: [value],
    outputs: [packed],
    units: matrices * panels,
    unitCost: 8 * k,
  });
  return packed;
}

/** Bytes that a unit of the reference's kernel works in, for blocks of these sizes. */
export const scratchOfProduct = (
  rows: number,
  columns: number,
  k: number,
  isPacked: boolean,
): number => 4 * (rows * k + rows * columns + 16 + (isPacked ? 0 : k * columns));

/** `to[batch][m][n] = a[batch][m][k] * b[batch][k][n]`, batch axes broadcast. */
export function emitProduct(
  node: LowerContext,
  to: Value,
  a: Operand,
  b: Operand,
  m: number,
  n: number,
  k: number,
): void {
  const left = { ...a, lineStride: a.rowStride, termStride: a.columnStride, lineAxis: a.lineAxis };
  const right = { ...b, lineStride: b.columnStride, termStride: b.rowStride, lineAxis: b.lineAxis };
  if (emitDequantisedProduct(node, to, left, right, { m, n, k })) return;
  const batch = broadcastShapes(node.opType, a.batch, b.batch);
  const isDouble = a.value.dtype === 'float64';
  if (isDouble || node.target === 'webgpu') {
    const { dims, strides } = mergedBatch(node.opType, batch, [
      broadcastStrides(a.batch, batch).map((s) => s * m * k),
      broadcastStrides(b.batch, batch).map((s) => s * k * n),
    ]);
    const [left = [], right = []] = strides;
    const emitHere = isDouble ? emitProductF64 : emitStrided;
    emitHere(node, to, dims, { ...a, strides: left }, { ...b, strides: right }, { m, n, k });
    return;
  }
  // What few rows read once is packed on the way.
  const isReadOnce = m <= STRIP && sizeOf(b.batch) === sizeOf(batch);
  const isPacked = !isReadOnce || k > LONGEST || node.isConstant(b.value);
  const size = isPacked ? Math.ceil(n / PANEL) * PANEL * k : k * n;
  const operand = isPacked
    ? emitPack(node, b.value, b.batch, k, n, b.rowStride, b.columnStride)
    : b.value;
  const whole = mergedBatch(node.opType, batch, [
    broadcastStrides(a.batch, batch).map((s) => s * m * k),
    broadcastStrides(b.batch, batch).map((s) => s * size),
  ]);
  const most = Math.max(4, Math.min(ROWS, Math.floor(PACKED_ROWS / Math.max(1, k)) & ~3));
  const rows = Math.min(most, Math.ceil(m / 4) * 4);
  const others = sizeOf(batch) * Math.ceil(m / rows);
  const block = columnsOfBlock(n, others, sizeOf(batch) * m * k);
  const fitting = Math.max(1, Math.floor(PACKED_HERE / Math.max(1, k) / FEWEST_COLUMNS));
  const columns = isPacked ? block : Math.min(block, fitting * FEWEST_COLUMNS);
  to.canonical = true;
  node.emit(matMul, {
    params: {
      m,
      n,
      k,
      batch_rank: whole.dims.length,
      row_block: rows,
      column_block: columns,
      row_stride: a.rowStride,
      column_stride: a.columnStride,
      batch_dims: eight(whole.dims, 1),
      a_strides: eight(whole.strides[0] ?? [], 0),
      b_strides: eight(whole.strides[1] ?? [], 0),
      b_row_stride: isPacked ? 0 : b.rowStride,
      b_column_stride: isPacked ? 0 : b.columnStride,
      pad0: 0,
      pad1: 0,
    },
    inputs: [a.value, operand],
    outputs: [to],
    units: others * Math.ceil(n / columns),
    unitCost: (Math.min(rows, m) + (isPacked ? 0 : 1)) * Math.min(columns, n) * k,
    scratch: scratchOfProduct(rows, columns, k, isPacked),
  });
}
