// Exact integer products of 8-bit operands (V8), as two kernels on both machines. Operands are
// widened and their zero points subtracted while they are packed, two terms a word; the product then adds exactly in i32,
// modulo 2^32. Nothing here scales or rounds: integer.ts and quantised.ts say what becomes of the sums.
import { broadcastStrides } from '../core/chain.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import packShader from '../../shaders/ops/integer_pack.wgsl';
import productShader from '../../shaders/ops/integer_product.wgsl';
import { epilogueChain } from './chain_wgsl.ts';
import { isSigned } from './element_types.ts';
import { gridOf } from './grid.ts';
import { columnsOfBlock } from './column_blocks.ts';

export const integerPack: Kernel = {
  name: 'integer_pack',
  params: paramFields(
    'terms',
    'lines',
    'block',
    'is_signed',
    'line_stride',
    'term_stride',
    'zero_stride',
    'matrices',
    'batch_dims[8]',
    'batch_strides[8]',
    'zero_strides[8]',
  ),
  shader: packShader,
  anyIntegers: true,
};

export const integerProduct: Kernel = {
  name: 'integer_product',
  params: paramFields(
    'm',
    'n',
    'pairs',
    'batch_rank',
    'row_block',
    'column_block',
    'images',
    'strip',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
  ),
  // Params 1 is n, the length of a row.
  shader: epilogueChain(productShader, (dispatch) => dispatch.params[1] ?? 0),
  chain: 'epilogue',
  anyIntegers: true,
};

export const PANEL = 8; // lines side by side in a right operand, INTEGER_PANEL in wasm/integer.h
const RANK = 8;
// Rows and columns of a unit of the reference, as for products of floats (mat_mul.ts).
const ROWS = 64;

/** Lines side by side in a left operand of so many. */
export const stripOf = (lines: number): number => (lines === 1 ? 1 : 4);

/** An operand of bytes, integers of at most 8 bits: lines (rows on the left, columns on the right) of terms, at these strides in elements. */
export interface IntegerOperand {
  readonly value: Value;
  /** Of the value's dtype: one, or [lines], or [..., lines] by batch axes. */
  readonly zeroPoint: Value | undefined;
  readonly batch: readonly number[];
  readonly lines: number;
  readonly lineStride: number;
  readonly termStride: number;
  /** Elements from one matrix to the next, where they do not lie behind one another. */
  readonly matrixStride?: number;
}

/** An operand as integer_product reads it. */
export interface Packed {
  readonly value: Value;
  readonly batch: readonly number[];
  /** Words a matrix. */
  readonly size: number;
}

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from({ length: RANK - list.length }, () => fill),
];
const innermostFirst = (list: readonly number[]): number[] => list.toReversed();

/** A zero of an 8-bit dtype, for operands without a zero point. */
export const noZero = (node: LowerContext, value: Value): Value =>
  node.constantValue(value.dtype, [], isSigned(value.dtype) ? Int8Array.of(0) : Uint8Array.of(0));

/** Emits the packing of an operand, `block` lines side by side. */
export function pack(
  node: LowerContext,
  operand: IntegerOperand,
  terms: number,
  block: number,
): Packed {
  const { value, batch, lines } = operand;
  if (batch.length > RANK) {
    throw new RangeError(
      `${node.opType}: too many batch axes: expected at most ${RANK}, got ${formatShape(batch)}. Reshape the operands.`,
    );
  }
  const zero = operand.zeroPoint ?? noZero(node, value);
  const many = sizeOf(zero.dims) !== 1;
  const zeroStrides =
    many && zero.dims.length > 1
      ? broadcastStrides(zero.dims.slice(0, -1), batch).map((s) => s * (zero.dims.at(-1) ?? 1))
      : batch.map(() => 0);
  const size = Math.ceil(lines / block) * block * Math.ceil(terms / 2);
  const matrices = sizeOf(batch);
  const packed = node.temp('uint32', [matrices, size]);
  node.emit(integerPack, {
    params: {
      terms,
      lines,
      block,
      is_signed: isSigned(value.dtype) ? 1 : 0,
      line_stride: operand.lineStride,
      term_stride: operand.termStride,
      zero_stride: many && zero.dims.at(-1) !== 1 ? 1 : 0,
      matrices,
      batch_dims: eight(innermostFirst(batch), 1),
      batch_strides: eight(
        innermostFirst(
          broadcastStrides(batch, batch).map((s) => s * (operand.matrixStride ?? lines * terms)),
        ),
        0,
      ),
      zero_strides: eight(innermostFirst(zeroStrides), 0),
    },
    inputs: [value, zero],
    outputs: [packed],
    units: matrices * Math.ceil(lines / block),
    unitCost: block * terms,
    grid: gridOf(matrices * size),
  });
  return { value: packed, batch, size };
}

/** Emits the product of packed operands; strides are those of the batch axes, in words. */
export function emitPacked(
  node: LowerContext,
  to: Value,
  a: Packed & { readonly strides: readonly number[] },
  b: Packed & { readonly strides: readonly number[] },
  batch: readonly number[],
  { m, n, terms }: { m: number; n: number; terms: number },
): void {
  const rows = Math.min(ROWS, Math.ceil(m / 4) * 4);
  const images = sizeOf(batch);
  const others = images * Math.ceil(m / rows);
  const columns = columnsOfBlock(n, others, (images * m * terms) / 2);
  node.emit(integerProduct, {
    params: {
      m,
      n,
      pairs: Math.ceil(terms / 2),
      batch_rank: batch.length,
      row_block: rows,
      column_block: columns,
      images,
      strip: stripOf(m),
      batch_dims: eight(innermostFirst(batch), 1),
      a_strides: eight(innermostFirst(a.strides), 0),
      b_strides: eight(innermostFirst(b.strides), 0),
    },
    inputs: [a.value, b.value],
    outputs: [to],
    units: others * Math.ceil(n / columns),
    unitCost: (Math.min(rows, m) * Math.min(columns, n) * terms) / 2,
    scratch: 4 * (rows * columns + 16),
    grid: gridOf(images * Math.ceil(m / 4) * Math.ceil(n / 4)),
    constants: { ROWS: m === 1 ? 1 : 4 },
  });
}

/** `to[batch][m][n]`, int32 `= Σ (a − its zero point) · (b − its zero point)`, batch axes broadcast. */
export function emitIntegerProduct(
  node: LowerContext,
  to: Value,
  a: IntegerOperand,
  b: IntegerOperand,
  terms: number,
): void {
  const batch = broadcastShapes(node.opType, a.batch, b.batch);
  const left = pack(node, a, terms, stripOf(a.lines));
  const right = pack(node, b, terms, PANEL);
  emitPacked(
    node,
    to,
    { ...left, strides: broadcastStrides(a.batch, batch).map((s) => s * left.size) },
    { ...right, strides: broadcastStrides(b.batch, batch).map((s) => s * right.size) },
    batch,
    { m: a.lines, n: b.lines, terms },
  );
}
