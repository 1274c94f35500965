// An operand of exact integer products (V8), before it is packed: what the kernels of the reference (integer_pairs.ts) and those
// of WebGPU (integer_dot.ts) share. Promises: the fields of Params that say where its elements and its zero points lie. Not
// here: how elements are packed.
import { broadcastStrides } from '../core/chain.ts';
import type { LowerContext } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { isSigned } from './element_types.ts';

export const PANEL = 8; // lines side by side in a right operand, INTEGER_PANEL in wasm/integer.h

/** Lines side by side in a left operand of so many. */
export const stripOf = (lines: number): number => (lines === 1 ? 1 : 4);

/** An 8-bit tensor. */
export interface Zeroed {
  readonly value: Value;
  /** Of the value's dtype: one, or [lines], or [..., lines] by batch axes. */
  readonly zeroPoint: Value | undefined;
}

/** An operand of bytes, integers of at most 8 bits: lines (rows on the left, columns on the right) of terms, at these strides in elements. */
export interface IntegerOperand extends Zeroed {
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

const RANK = 8;

/** Eight words of Params for batch axes, innermost first. */
export const axesOf = (list: readonly number[], fill: number): number[] => [
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
