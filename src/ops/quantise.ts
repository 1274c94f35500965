// Steps between floats and quantised integers (V2, V8), for the operators of quantize.ts, integer.ts and qlinear.ts:
// quantise = saturate(round(x ÷ scale) + zero point), dequantise = (x − zero point) · scale, each a chain from end to
// end, whatever the types. What is an operator, and its attributes, is not here.
import type { DType } from '../core/dtype.ts';
import type { LowerContext } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitCast } from './cast.ts';
import { isFloat as isFloatingPoint, readElement, storeElement } from './element_types.ts';
import { view } from './wide.ts';

/** The integer types that values are quantised to, and their ranges. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
  uint2: [0, 3],
  int2: [-2, 1],
};

/** Integers that QuantizeLinear gives. */
export const isQuantum = (dtype: string): boolean => Object.hasOwn(RANGES, dtype);
/** Integers of at most 8 bits: of these products are exact sums. */
export const isNarrow = (dtype: string): boolean => isQuantum(dtype) && !dtype.endsWith('16');
/** Floats of at most 8 bits, which are rounded as Cast does. */
export const isSmallFloat = (dtype: string): boolean =>
  /^float[48]e/.test(dtype) && dtype !== 'float8e8m0';
/** Floats that arithmetic is on: what is not float32 is computed as float32 and rounded once (V9). */
export const isFloat = (dtype: string): boolean =>
  dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16';

/** One element for all, as a scalar. */
export function scalarOf(node: LowerContext, value: Value, what: string): Value {
  if (sizeOf(value.dims) !== 1) {
    throw new RangeError(
      `${node.opType}: ${what}: expected one element, got shape ${formatShape(value.dims)}.`,
    );
  }
  return view(node, value, []);
}

/** A float value as float32. */
export function floatOf(node: LowerContext, value: Value): Value {
  if (value.dtype === 'float32') return value;
  const out = node.temp('float32', value.dims);
  emitCast(node, out, value);
  return out;
}

/** The step (x − zero point) · scale; operands broadcast. Integers are subtracted exactly, floats as floats. */
export function dequantised(
  chain: ChainBuilder,
  x: Value,
  scale: Value,
  zero: Value | undefined,
): number {
  const word = readElement(chain, x);
  const factor = readElement(chain, scale);
  if (!isFloatingPoint(x.dtype) && (zero === undefined || !isFloatingPoint(zero.dtype))) {
    const moved = zero === undefined ? word : chain.op('sub_i32', word, readElement(chain, zero));
    return chain.op('mul_f32', chain.op('i32_to_f32', moved), factor);
  }
  const value = isFloatingPoint(x.dtype) ? word : chain.op('i32_to_f32', word);
  const moved = zero === undefined ? value : chain.op('sub_f32', value, readElement(chain, zero));
  return chain.op('mul_f32', moved, factor);
}

/** A quotient, rounded, with its zero point, saturated to `dtype`. */
function saturated(
  chain: ChainBuilder,
  quotient: number,
  zero: number | undefined,
  dtype: DType,
): number {
  const rounded = chain.op('round_i32', quotient);
  const moved = zero === undefined ? rounded : chain.op('add_i32', rounded, zero);
  if (dtype === 'uint8') return chain.op('clamp_u8', moved);
  if (dtype === 'int8') return chain.op('low_8', chain.op('clamp_i8', moved));
  const [least, most] = RANGES[dtype] ?? [0, 0];
  const above = chain.op('max_i32', moved, chain.integer(least));
  const clamped = chain.op('min_i32', above, chain.integer(most));
  return least === 0 ? clamped : chain.op(dtype === 'int16' ? 'low_16' : 'low_8', clamped);
}

/** How a quotient is rounded before it is made an integer, and one that becomes a small float. */
export interface Precision {
  readonly dtype: DType;
  readonly saturate: boolean;
}

/**
 * Emits `out` = saturate(round(x ÷ scale) + zero), where `build` gives the f32 step x; operands broadcast to `out`. Small
 * floats are the quotient itself, rounded to their type.
 */
export function emitQuantised(
  node: LowerContext,
  out: Value,
  build: (chain: ChainBuilder) => number,
  scale: Value,
  zero: Value | undefined,
  { dtype, saturate }: Precision = { dtype: 'float32', saturate: true },
): void {
  emitChain(node, out, (chain) => {
    // Read first: the steps from the quotient on, one behind the other, are one pass of the core.
    const moved =
      zero === undefined || isSmallFloat(out.dtype) ? undefined : readElement(chain, zero);
    const quotient = chain.op('div_f32', build(chain), readElement(chain, scale));
    const rounded =
      dtype === 'float16'
        ? chain.op('f16_to_f32', chain.op('f32_to_f16', quotient))
        : dtype === 'bfloat16'
          ? chain.op('bf16_to_f32', chain.op('f32_to_bf16', quotient))
          : quotient;
    return isSmallFloat(out.dtype)
      ? storeElement(chain, out.dtype, rounded, { saturate, mode: 'up' })
      : saturated(chain, rounded, moved, out.dtype);
  });
}
