// An operand of exact integer products (V8), before it is packed: what the kernels of the reference (integer_pairs.ts) and those
// of WebGPU (integer_dot.ts) share. Promises: the fields of Params that say where its elements and its zero points lie, and how a
// product is divided into units of work. Not here: how elements are packed.
import { broadcastStrides } from '../core/chain.ts';
import type { DispatchOptions, LowerContext } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { columnsOfBlock } from './column_blocks.ts';
import { isSigned } from './element_types.ts';

export const PANEL = 8; // lines side by side in a right operand, INTEGER_PANEL in wasm/integer.h

/** Lines side by side in a left operand of so many. */
export const stripOf = (lines: number): number => (lines === 1 ? 1 : 4);

/** An 8-bit tensor. */
export interface IntegerTensor {
  readonly value: Value;
  /** Of the value's dtype: one, or [lines], or [..., lines] by batch axes. */
  readonly zeroPoint: Value | undefined;
}

/** An operand of bytes, integers of at most 8 bits: lines (rows on the left, columns on the right) of terms, at these strides in elements. */
export interface IntegerOperand extends IntegerTensor {
  readonly batch: readonly number[];
  readonly lines: number;
  readonly lineStride: number;
  readonly termStride: number;
  /** Elements from one matrix to the next, where they do not lie behind one another. */
  readonly matrixStride?: number;
}

/** An operand as a product reads it. */
export interface Packed {
  readonly value: Value;
  readonly batch: readonly number[];
  /** Words a matrix. */
  readonly size: number;
}

/** A packed operand whose batch axes, in words, are those of a product. */
export type PackedOperand = Packed & { readonly strides: readonly number[] };

export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly terms: number;
}

const RANK = 8;
// Rows of a unit, as for products of floats (product.ts).
const ROWS = 64;

/** What says where elements and zero points lie, in the Params of both kernels that pack. */
export const PACKING_FIELDS = [
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
] as const;

/** The Params of both products; `length` is the name of how long a line is. */
export const productFields = (length: string): string[] => [
  ...['m', 'n', length, 'batch_rank', 'row_block', 'column_block', 'images', 'strip'],
  ...['batch_dims[8]', 'a_strides[8]', 'b_strides[8]'],
];

/** Eight words of Params for batch axes, innermost first. */
const axesOf = (list: readonly number[], fill: number): number[] => [
  ...list.toReversed(),
  ...Array.from({ length: RANK - list.length }, () => fill),
];

/** A zero of an 8-bit dtype, for operands without a zero point. */
export const noZero = (node: LowerContext, value: Value): Value =>
  node.constantValue(value.dtype, [], isSigned(value.dtype) ? Int8Array.of(0) : Uint8Array.of(0));

/** What both kernels that pack read of an operand, `block` lines side by side. @throws RangeError for too many batch axes */
export function packing(
  node: LowerContext,
  operand: IntegerOperand,
  terms: number,
  block: number,
): { inputs: [Value, Value]; params: Record<string, number | readonly number[]> } {
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
  const matrix = operand.matrixStride ?? lines * terms;
  return {
    inputs: [value, zero],
    params: {
      terms,
      lines,
      block,
      is_signed: isSigned(value.dtype) ? 1 : 0,
      line_stride: operand.lineStride,
      term_stride: operand.termStride,
      zero_stride: many && zero.dims.at(-1) !== 1 ? 1 : 0,
      matrices: sizeOf(batch),
      batch_dims: axesOf(batch, 1),
      batch_strides: axesOf(
        broadcastStrides(batch, batch).map((s) => s * matrix),
        0,
      ),
      zero_strides: axesOf(zeroStrides, 0),
    },
  };
}

/** What both products have of their sizes, but for the length of a line: Params, units and the scratch memory of one. */
export function productOf(
  to: Value,
  a: PackedOperand,
  b: PackedOperand,
  batch: readonly number[],
  { m, n, terms }: ProductSizes,
): DispatchOptions & Required<Pick<DispatchOptions, 'params'>> {
  const rows = Math.min(ROWS, Math.ceil(m / 4) * 4);
  const images = sizeOf(batch);
  const others = images * Math.ceil(m / rows);
  const columns = columnsOfBlock(n, others, (images * m * terms) / 2);
  return {
    params: {
      m,
      n,
      batch_rank: batch.length,
      row_block: rows,
      column_block: columns,
      images,
      strip: stripOf(m),
      batch_dims: axesOf(batch, 1),
      a_strides: axesOf(a.strides, 0),
      b_strides: axesOf(b.strides, 0),
    },
    inputs: [a.value, b.value],
    outputs: [to],
    units: others * Math.ceil(n / columns),
    unitCost: (Math.min(rows, m) * Math.min(columns, n) * terms) / 2,
    scratch: 4 * (rows * columns + 16),
  };
}
