// What a chain computes on, for each element type: floats as canonical f32 words, integers and bool as 32-bit words, sign- or
// zero-extended. Reading and storing an element are steps of the chain like others, so that types of any width are fused alike,
// and a fused value is the one that would have been stored (R5, V9). 64-bit types have kernels of their own.
import type { ChainOpName } from '../core/chain.ts';
import type { DType } from '../core/dtype.ts';
import type { Value } from '../core/value.ts';
import type { ChainBuilder } from './chain_builder.ts';
import type { Float64Op } from './elementwise_f64.ts';
import type { Int64Op } from './elementwise_i64.ts';

/** How an operator is done on each type: a step of a chain, or an operation of a 64-bit kernel. */
export interface Steps {
  readonly float32?: ChainOpName;
  /** int32, and the narrower signed integers, sign-extended. */
  readonly int32?: ChainOpName;
  /** uint32, and the narrower unsigned integers. */
  readonly uint32?: ChainOpName;
  readonly bool?: ChainOpName;
  /** int64 and uint64. */
  readonly int64?: Int64Op;
  readonly float64?: Float64Op;
}

export const SIGNED: readonly DType[] = ['int8', 'int16', 'int32', 'int64'];
export const UNSIGNED: readonly DType[] = ['uint8', 'uint16', 'uint32', 'uint64'];
export const INTEGERS: readonly DType[] = [...SIGNED, ...UNSIGNED];

export const isSigned = (dtype: DType): boolean => dtype.startsWith('int');
export const isWide = (dtype: DType): boolean => dtype === 'int64' || dtype === 'uint64';
export const isFloat16 = (dtype: DType | undefined): boolean =>
  dtype === 'float16' || dtype === 'bfloat16';
/** float64 has a kernel, the others are f32 in a chain. */
export const isFloat = (dtype: DType): boolean => dtype.includes('float');

/** The words of the types of shaders/math/small.wgsl. */
const SMALL: Partial<Record<DType, number>> = {
  float8e4m3fn: 0x027e_0773,
  float8e4m3fnuz: 0x047f_0873,
  float8e5m2: 0x017b_0f72,
  float8e5m2fnuz: 0x047f_1072,
  float4e2m1: 0x0007_0131,
};
const SATURATES = 0x1000_0000;

/** The step of a chain for a type of at most 32 bits. */
export function stepOf(steps: Steps, dtype: DType): ChainOpName | undefined {
  if (dtype === 'float32' || dtype === 'bool') return steps[dtype];
  if (isWide(dtype)) return undefined;
  if (SIGNED.includes(dtype)) return steps.int32;
  return UNSIGNED.includes(dtype) ? steps.uint32 : undefined;
}

/** The types that `steps` are given for; 16-bit floats are done by way of float32. */
export function dtypesOf(steps: Steps): DType[] {
  const all: readonly DType[] = ['float32', 'float64', 'bool', ...INTEGERS];
  return all.filter((dtype) => {
    if (dtype === 'float64') return steps.float64 !== undefined;
    if (isWide(dtype)) return steps.int64 !== undefined;
    return stepOf(steps, dtype) !== undefined;
  });
}

/** The element as the steps of its kind take it. */
export function readElement(c: ChainBuilder, value: Value): number {
  const { dtype } = value;
  if (dtype === 'float32') return c.f32(value);
  const word = c.word(value);
  switch (dtype) {
    case 'float16':
      return c.op('f16_to_f32', word);
    case 'bfloat16':
      return c.op('bf16_to_f32', word);
    case 'float8e8m0':
      return c.op('e8m0_to_f32', word);
    case 'int8':
    case 'int4':
    case 'int2':
      return c.op('sign_8', word);
    case 'int16':
      return c.op('sign_16', word);
    default: {
      const format = SMALL[dtype];
      return format === undefined ? word : c.op('small_to_f32', word, c.integer(format));
    }
  }
}

/** What becomes of a float that a type of 8 or 4 bits has no room for; float8e8m0 is also rounded up, down or to nearest. */
export interface Rounding {
  readonly saturate: boolean;
  readonly mode: string;
}
const DEFAULT: Rounding = { saturate: true, mode: 'up' };
export const ROUND_MODES = ['down', 'nearest', 'up'];

/** What is stored of a value of the type's kind: integers keep their low bits, floats are rounded once (V8, V9). */
export function storeElement(
  c: ChainBuilder,
  dtype: DType,
  at: number,
  { saturate, mode }: Rounding = DEFAULT,
): number {
  const low = (bits: number): number => c.op('and_bool', at, c.integer(2 ** bits - 1));
  const extended = (bits: number): number => {
    const sign = c.integer(2 ** (bits - 1));
    return c.op('low_8', c.op('sub_i32', c.op('xor_bool', low(bits), sign), sign));
  };
  switch (dtype) {
    case 'float16':
      return c.op('f32_to_f16', at);
    case 'bfloat16':
      return c.op('f32_to_bf16', at);
    case 'float8e8m0':
      return c.op('f32_to_e8m0', at, c.integer(ROUND_MODES.indexOf(mode) + (saturate ? 4 : 0)));
    case 'int8':
    case 'uint8':
      return c.op('low_8', at);
    case 'int16':
    case 'uint16':
      return c.op('low_16', at);
    case 'int4':
      return extended(4);
    case 'int2':
      return extended(2);
    case 'uint4':
      return low(4);
    case 'uint2':
      return low(2);
    default: {
      const format = SMALL[dtype];
      if (format === undefined) return at;
      return c.op('f32_to_small', at, c.integer(format + (saturate ? SATURATES : 0)));
    }
  }
}
