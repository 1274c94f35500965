// Whether outputs agree with expected ones of another implementation: |got - want| <= atol + rtol * |want| for floats,
// equality for everything else. NaN agrees with NaN, an infinity with itself. It is for foreign results only: our own
// paths are compared bit by bit.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { f32OfWord } from '../core/bits.ts';
import type { DType } from '../core/dtype.ts';
import { formatShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

export interface Tolerance {
  rtol: number;
  atol: number;
}

export interface OutputComparison {
  name: string;
  within: boolean;
  /** The largest |got - want|; null where the two cannot be compared. */
  max_abs: number | null;
  /** What is wrong, where something is. */
  error?: string;
}

const DEFAULT: Tolerance = { rtol: 1e-3, atol: 1e-5 };

/** The tolerance in meta.json, in the folder of expected outputs or above it; else `otherwise`: rtol 1e-3, atol 1e-5. */
export function toleranceOf(folder: string, otherwise: Tolerance = DEFAULT): Tolerance {
  const path = [folder, dirname(folder)]
    .map((place) => join(place, 'meta.json'))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return otherwise;
  const meta = JSON.parse(readFileSync(path, 'utf8')) as { tolerance?: Partial<Tolerance> };
  const { rtol = otherwise.rtol, atol = otherwise.atol } = meta.tolerance ?? {};
  return { rtol, atol };
}

/** The value of a float16 pattern; exact. */
function float16ToNumber(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Floats of 8 and 4 bits: how many bits of fraction, the bias, and what is no number. */
const SMALL: Partial<
  Record<
    DType,
    { sign: number; fraction: number; bias: number; special: (bits: number) => number | undefined }
  >
> = {
  float8e4m3fn: {
    ...{ sign: 0x80, fraction: 3, bias: 7 },
    special: (bits) => ((bits & 0x7f) === 0x7f ? NaN : undefined),
  },
  float8e4m3fnuz: {
    ...{ sign: 0x80, fraction: 3, bias: 8 },
    special: (bits) => (bits === 0x80 ? NaN : undefined),
  },
  float8e5m2: {
    ...{ sign: 0x80, fraction: 2, bias: 15 },
    special: (bits) =>
      (bits & 0x7f) < 0x7c ? undefined : (bits & 3) > 0 ? NaN : bits < 0x80 ? Infinity : -Infinity,
  },
  float8e5m2fnuz: {
    ...{ sign: 0x80, fraction: 2, bias: 16 },
    special: (bits) => (bits === 0x80 ? NaN : undefined),
  },
  float4e2m1: { sign: 8, fraction: 1, bias: 1, special: () => undefined },
};

/** The value of a float of 8 or 4 bits; exact. */
function smallToNumber(dtype: DType, bits: number): number {
  if (dtype === 'float8e8m0') return bits === 255 ? NaN : 2 ** (bits - 127);
  const type = SMALL[dtype];
  if (type === undefined) return bits;
  const { sign, fraction, bias } = type;
  const known = type.special(bits);
  if (known !== undefined) return known;
  const exponent = (bits & (sign - 1)) >>> fraction;
  const field = bits & ((1 << fraction) - 1);
  const one = 1 << fraction;
  const magnitude =
    exponent === 0
      ? field * 2 ** (1 - bias - fraction)
      : (one + field) * 2 ** (exponent - bias - fraction);
  return (bits & sign) > 0 ? -magnitude : magnitude;
}

/** The elements as numbers; integers of 64 bits stay bigints, so that none is rounded. */
function elements(tensor: Tensor): ArrayLike<number | bigint | string> {
  const { data, dtype } = tensor;
  if (data instanceof Uint16Array && dtype === 'float16') return Array.from(data, float16ToNumber);
  if (data instanceof Uint16Array && dtype === 'bfloat16') {
    return Array.from(data, (bits) => f32OfWord((bits << 16) >>> 0));
  }
  if (data instanceof Uint8Array && (dtype.startsWith('float8') || dtype.startsWith('float4'))) {
    return Array.from(data, (bits) => smallToNumber(dtype, bits));
  }
  return data;
}

const isFloat = (dtype: string): boolean => /float/.test(dtype);

/** Compares one output with what was expected. */
export function compareOutput(
  name: string,
  got: Tensor,
  want: Tensor,
  { rtol, atol }: Tolerance,
): OutputComparison {
  const kind = (tensor: Tensor): string => `${tensor.dtype} ${formatShape(tensor.dims)}`;
  if (kind(got) !== kind(want)) {
    const error = `expected ${kind(want)}, got ${kind(got)}.`;
    return { name, within: false, max_abs: null, error };
  }
  const a = elements(got);
  const b = elements(want);
  let worst = 0;
  let error: string | undefined;
  for (let i = 0; i < b.length; i += 1) {
    const [x, y] = [a[i], b[i]];
    if (Object.is(x, y) || x === y) continue;
    const apart = typeof x === 'number' && typeof y === 'number' ? Math.abs(x - y) : Infinity;
    const size = isFloat(want.dtype) && typeof y === 'number' ? Math.abs(y) : 0;
    const allowed = isFloat(want.dtype) ? atol + rtol * size : 0;
    // NaN here is one NaN beside a number, or an infinity's difference: never within.
    if (!(apart <= allowed) || !Number.isFinite(apart)) {
      error ??= `element ${i}: expected ${String(y)} within ${allowed}, got ${String(x)}.`;
    }
    worst = Math.max(worst, Number.isNaN(apart) ? Infinity : apart);
  }
  const result = {
    name,
    within: error === undefined,
    max_abs: Number.isFinite(worst) ? worst : null,
  };
  return error === undefined ? result : { ...result, error };
}
