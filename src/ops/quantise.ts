// Steps between floats and quantised integers (V2, V8), for the operators of quantize.ts, integer.ts and qlinear.ts:
// quantise = saturate(round(x ÷ scale) + zero point), dequantise = (x − zero point) · scale. 8-bit values are chains
// from end to end; other widths go by way of int32. What is an operator, and its attributes, is not here.
import type { DType } from '../core/dtype.ts';
import { dtypeInfo } from '../core/dtype.ts';
import type { LowerContext } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitInt64, hasInt64 } from './elementwise_i64.ts';

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
/** Floats of at most 8 bits, which are rounded by Cast. */
export const isSmallFloat = (dtype: string): boolean => /^float[48]e/.test(dtype);
/** Floats that arithmetic is on: what is not float32 is computed as float32 and rounded once (V9). */
export const isFloat = (dtype: string): boolean =>
  dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16';

const isByte = (dtype: DType): boolean => dtype === 'uint8' || dtype === 'int8';

/** The same elements under another shape. */
export function viewOf(node: LowerContext, value: Value, dims: readonly number[]): Value {
  if (value.dims.join() === dims.join()) return value;
  const view = node.temp(value.dtype, dims);
  node.alias(view, value);
  return view;
}

/** One element for all, as a scalar. */
export function scalarOf(node: LowerContext, value: Value, what: string): Value {
  if (sizeOf(value.dims) !== 1) {
    throw new RangeError(
      `${node.opType}: ${what}: expected one element, got shape ${formatShape(value.dims)}.`,
    );
  }
  return viewOf(node, value, []);
}

/** `value` in another dtype, by Cast's rules; itself where the dtype is the same. */
export function castTo(node: LowerContext, value: Value, dtype: DType, to?: Value): Value {
  if (value.dtype === dtype && to === undefined) return value;
  if (dtype === 'int32' && hasInt64(value.dtype, 'int32')) {
    const out = to ?? node.temp('int32', value.dims);
    emitInt64(node, 'cast', out, [value]);
    return out;
  }
  if (value.dtype === 'int32' && to !== undefined && hasInt64('int32', dtype)) {
    emitInt64(node, 'cast', to, [value]);
    return to;
  }
  const [made] = node.call('Cast', [value], {
    attributes: { to: dtypeInfo(dtype).onnx },
    ...(to === undefined ? {} : { to }),
  });
  if (made === undefined) throw new Error(`${node.opType}: Cast gave nothing.`);
  return made;
}

/** A float value as float32. */
export const floatOf = (node: LowerContext, value: Value): Value => castTo(node, value, 'float32');

/** An integer value of any width as chains read it: 8 and 32 bits as they are, others as int32. */
export const wordsOf = (node: LowerContext, value: Value): Value =>
  isByte(value.dtype) || value.dtype === 'int32' ? value : castTo(node, value, 'int32');

/** The i32 word of an 8-bit or int32 value. */
export function wordIn(chain: ChainBuilder, value: Value): number {
  const word = chain.word(value);
  return value.dtype === 'int8' ? chain.op('sign_8', word) : word;
}

/** The step (x − zero point) · scale; operands broadcast. `x`, `zero` are 8-bit or int32, `scale` is float32. */
export function dequantised(
  chain: ChainBuilder,
  x: Value,
  scale: Value,
  zero: Value | undefined,
): number {
  const word = wordIn(chain, x);
  const difference = zero === undefined ? word : chain.op('sub_i32', word, wordIn(chain, zero));
  return chain.op('mul_f32', chain.op('i32_to_f32', difference), chain.f32(scale));
}

/** A quotient, rounded, with its zero point, saturated to `dtype`. */
function saturated(
  node: LowerContext,
  chain: ChainBuilder,
  quotient: number,
  zero: Value | undefined,
  dtype: DType,
): number {
  const rounded = chain.op('round_i32', quotient);
  const moved = zero === undefined ? rounded : chain.op('add_i32', rounded, wordIn(chain, zero));
  if (dtype === 'uint8') return chain.op('clamp_u8', moved);
  if (dtype === 'int8') return chain.op('clamp_i8', moved);
  const [least, most] = RANGES[dtype] ?? [0, 0];
  const bound = (x: number): number =>
    chain.word(node.constantValue('int32', [], Int32Array.of(x)));
  return chain.op('min_i32', chain.op('max_i32', moved, bound(least)), bound(most));
}

/**
 * Emits `out` = saturate(round(x ÷ scale) + zero), where `build` gives the f32 step x; operands broadcast to `out`.
 * `zero` has the dtype of `out`.
 */
export function emitQuantised(
  node: LowerContext,
  out: Value,
  build: (chain: ChainBuilder) => number,
  scale: Value,
  zero: Value | undefined,
): void {
  const words = zero === undefined ? undefined : wordsOf(node, zero);
  const whole = isByte(out.dtype) ? out : node.temp('int32', out.dims);
  emitChain(node, whole, (chain) => {
    const x = build(chain);
    return saturated(node, chain, chain.op('div_f32', x, chain.f32(scale)), words, out.dtype);
  });
  if (whole !== out) castTo(node, whole, out.dtype, out);
}
