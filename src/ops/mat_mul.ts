// MatMul and Gemm on float32, and on float64 by a kernel of its own (V3, V4, V9; alpha, beta and C of Gemm are V2 operations on the finished sums).
// The right operand is packed into panels of 8 columns by a dispatch of its own, so that constant weights are packed
// once, while planning; the left one is packed by the kernel. Nothing here depends on values. `emitProduct` is also
// how Conv computes a single output position.
import { NEWEST_OPSET } from '../core/op.ts';
import type { Kernel, LowerContext, NodeContext, OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import { broadcastStrides } from '../core/chain.ts';
import type { DType } from '../core/dtype.ts';
import { emitChain } from './chain_builder.ts';
import { emitProductF64, emitScaledF64 } from './mat_mul_f64.ts';
import { emitStrided } from './mat_mul_strided.ts';
import { emitDequantisedProduct } from './quantised.ts';
import { columnsOfBlock } from './column_blocks.ts';

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

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from<number>({ length: BATCH_RANK - list.length }).fill(fill),
];

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
  const packedSize = Math.ceil(n / PANEL) * PANEL * k;
  const packed = emitPack(node, b.value, b.batch, k, n, b.rowStride, b.columnStride);
  const whole = mergedBatch(node.opType, batch, [
    broadcastStrides(a.batch, batch).map((s) => s * m * k),
    broadcastStrides(b.batch, batch).map((s) => s * packedSize),
  ]);
  const most = Math.max(4, Math.min(ROWS, Math.floor(PACKED_ROWS / Math.max(1, k)) & ~3));
  const rows = Math.min(most, Math.ceil(m / 4) * 4);
  const others = sizeOf(batch) * Math.ceil(m / rows);
  const columns = columnsOfBlock(n, others, sizeOf(batch) * m * k);
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
    },
    inputs: [a.value, packed],
    outputs: [to],
    units: others * Math.ceil(n / columns),
    unitCost: Math.min(rows, m) * Math.min(columns, n) * k,
    scratch: 4 * (rows * k + rows * columns + 16),
  });
}

/** float32, or float64 throughout. */
function oneFloat(node: NodeContext): [DType] {
  const wanted = node.dtypeOf(0) === 'float64' ? 'float64' : 'float32';
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && dtype !== wanted) {
      throw new TypeError(
        `${node.opType}: input ${i}: expected ${wanted}, got ${dtype}. Cast it to ${wanted}.`,
      );
    }
  }
  return [wanted];
}

/** Both operands as matrices: a vector is a row on the left and a column on the right. */
export function matricesOf(
  op: string,
  a: readonly number[],
  b: readonly number[],
): { a: readonly number[]; b: readonly number[] } {
  if (a.length === 0 || b.length === 0) {
    throw new RangeError(
      `${op}: expected at least one axis, got ${formatShape(a)} and ${formatShape(b)}.`,
    );
  }
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left.at(-1) !== right.at(-2)) {
    throw new RangeError(
      `${op}: inner sizes differ: expected ${left.at(-1)} rows on the right, got ${formatShape(a)} and ${formatShape(b)}. Transpose or reshape an operand.`,
    );
  }
  return { a: left, b: right };
}

/** The dims of a product of stacks of matrices. */
export function matMulDims(op: string, x: readonly number[], y: readonly number[]): number[] {
  const { a, b } = matricesOf(op, x, y);
  const batch = broadcastShapes(op, a.slice(0, -2), b.slice(0, -2));
  return [
    ...batch,
    ...(x.length === 1 ? [] : a.slice(-2, -1)),
    ...(y.length === 1 ? [] : b.slice(-1)),
  ];
}

export const MatMul: OpDef = {
  type: 'MatMul',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  dtypes: oneFloat,
  infer: (node) => [matMulDims('MatMul', node.input(0).dims, node.input(1).dims)],
  lower(node) {
    const [x, y] = [node.input(0), node.input(1)];
    const { a, b } = matricesOf('MatMul', x.dims, y.dims);
    const k = a.at(-1) ?? 0;
    const n = b.at(-1) ?? 0;
    // Against one matrix all rows of the left operand are rows of one product.
    const isOne = x.quantised?.axis === undefined;
    const shared = sizeOf(b.slice(0, -2)) === 1 && b.length <= a.length && isOne;
    const m = shared ? sizeOf(a.slice(0, -1)) : (a.at(-2) ?? 0);
    emitProduct(
      node,
      node.output(0),
      {
        value: x,
        batch: shared ? [] : a.slice(0, -2),
        rowStride: k,
        columnStride: 1,
        lineAxis: x.dims.length > 1 ? x.dims.length - 2 : undefined,
      },
      {
        value: y,
        batch: shared ? [] : b.slice(0, -2),
        rowStride: n,
        columnStride: 1,
        lineAxis: y.dims.length > 1 ? y.dims.length - 1 : undefined,
      },
      m,
      n,
      k,
    );
  },
};

/** @throws RangeError for operands that do not fit */
export function gemmSizes(
  op: string,
  a: readonly number[],
  b: readonly number[],
  transA: boolean,
  transB: boolean,
): { m: number; n: number; k: number } {
  const [m, k] = transA ? [a[1], a[0]] : [a[0], a[1]];
  const [rows, n] = transB ? [b[1], b[0]] : [b[0], b[1]];
  if (
    a.length !== 2 ||
    b.length !== 2 ||
    k !== rows ||
    m === undefined ||
    n === undefined ||
    k === undefined
  ) {
    throw new RangeError(
      `${op}: operands do not fit: expected [M, K] and [K, N] after transA and transB, got ${formatShape(a)} and ${formatShape(b)}.`,
    );
  }
  return { m, n, k };
}

/** Y = alpha * A' * B' + beta * C, each * and + of its own; alpha or beta of 1 moves no bit and is left out. */
export const Gemm: OpDef = {
  type: 'Gemm',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    alpha: { kind: 'float' },
    beta: { kind: 'float' },
    transA: { kind: 'int' },
    transB: { kind: 'int' },
    broadcast: { kind: 'int' }, // before opset 7: C is [M, N] without it
  },
  dtypes: oneFloat,
  infer(node) {
    const { m, n } = gemmSizes(
      'Gemm',
      node.input(0).dims,
      node.input(1).dims,
      node.int('transA', 0) !== 0,
      node.int('transB', 0) !== 0,
    );
    const c = node.optional(2);
    // Operators of other domains are this one with an opset of their own.
    const isWhole = node.opType === 'Gemm' && node.opset < 7 && node.int('broadcast', 0) === 0;
    const seen = c === undefined || isWhole ? c?.dims : broadcastShapes('Gemm', c.dims, [m, n]);
    if (c !== undefined && seen?.join() !== [m, n].join()) {
      throw new RangeError(
        `Gemm: C: expected a shape that broadcasts to ${formatShape([m, n])}, got ${formatShape(c.dims)}.`,
      );
    }
    return [[m, n]];
  },
  lower(node) {
    const [a, b, c] = [node.input(0), node.input(1), node.optional(2)];
    const [transA, transB] = [node.int('transA', 0) !== 0, node.int('transB', 0) !== 0];
    const { m, n, k } = gemmSizes('Gemm', a.dims, b.dims, transA, transB);
    const [alpha, beta] = [Math.fround(node.float('alpha', 1)), Math.fround(node.float('beta', 1))];
    const out = node.output(0);
    const plain = alpha === 1 && c === undefined;
    const product = plain ? out : node.temp(out.dtype, [m, n]);
    emitProduct(
      node,
      product,
      {
        value: a,
        batch: [],
        rowStride: transA ? 1 : k,
        columnStride: transA ? m : 1,
        lineAxis: transA ? 1 : 0,
      },
      {
        value: b,
        batch: [],
        rowStride: transB ? 1 : n,
        columnStride: transB ? k : 1,
        lineAxis: transB ? 0 : 1,
      },
      m,
      n,
      k,
    );
    if (plain) return;
    if (out.dtype === 'float64') {
      emitScaledF64(node, out, product, alpha, c, beta);
      return;
    }
    emitChain(node, out, (chain) => {
      const y = chain.f32(product);
      const scaled = alpha === 1 ? y : chain.op('mul_f32', y, chain.scalar(alpha));
      if (c === undefined) return scaled;
      const summand = chain.f32(c);
      return chain.op(
        'add_f32',
        scaled,
        beta === 1 ? summand : chain.op('mul_f32', summand, chain.scalar(beta)),
      );
    });
  },
};
