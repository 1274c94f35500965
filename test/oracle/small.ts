// The floats of 16, 8 and 4 bits (V9) as lists of their values: a pattern is worth what its fields say, and a value becomes the
// pattern whose worth is nearest, the even one of two. float8e8m0, the exponent alone, is rounded by its own rule.
import * as f from './float.ts';
import type { OracleType } from './types.ts';

interface Format {
  readonly fraction: number;
  readonly bias: number;
  /** The place of the sign. */
  readonly sign: number;
  /** The largest finite magnitude. */
  readonly most: number;
  readonly nan: number | undefined;
  readonly infinity?: number;
  /** Magnitudes under T are +0, as those of f32. */
  readonly flushes?: boolean;
}

const kFormats: Readonly<Partial<Record<OracleType, Format>>> = {
  float16: { fraction: 10, bias: 15, sign: 15, most: 0x7bff, nan: 0x7e00, infinity: 0x7c00 },
  bfloat16: {
    fraction: 7,
    bias: 127,
    sign: 15,
    most: 0x7f7f,
    nan: 0x7fc0,
    infinity: 0x7f80,
    flushes: true,
  },
  float8e4m3fn: { fraction: 3, bias: 7, sign: 7, most: 0x7e, nan: 0x7f },
  float8e4m3fnuz: { fraction: 3, bias: 8, sign: 7, most: 0x7f, nan: 0x80 },
  float8e5m2: { fraction: 2, bias: 15, sign: 7, most: 0x7b, nan: 0x7e, infinity: 0x7c },
  float8e5m2fnuz: { fraction: 2, bias: 16, sign: 7, most: 0x7f, nan: 0x80 },
  float4e2m1: { fraction: 1, bias: 1, sign: 3, most: 0x7, nan: undefined },
};

export const isSmall = (type: OracleType): boolean =>
  type === 'float8e8m0' || kFormats[type] !== undefined;

function formatOf(type: OracleType): Format {
  const found = kFormats[type];
  if (found === undefined) throw new TypeError(`${type}: no float of 16 bits or fewer.`);
  return found;
}

/** significand · 2^power of a magnitude. */
function fields(magnitude: number, { fraction, bias }: Format): [number, number] {
  const exponent = magnitude >>> fraction;
  const significand = (magnitude % 2 ** fraction) + (exponent === 0 ? 0 : 2 ** fraction);
  return [significand, Math.max(exponent, 1) - bias - fraction];
}

/** The f32 word of a pattern: exact, but for NaN, zeros and what is under T. */
export function widened(bits: number, type: OracleType): number {
  if (type === 'float8e8m0') {
    return bits === 255 ? f.kNaN : f.read(f.roundRational(1n, 1n, bits - 127));
  }
  const format = formatOf(type);
  const magnitude = bits % 2 ** format.sign;
  const negative = bits >= 2 ** format.sign;
  if (magnitude === format.infinity) return negative ? f.kMinusInfinity : f.kInfinity;
  if (magnitude > format.most || bits === format.nan) return f.kNaN;
  const [significand, power] = fields(magnitude, format);
  return f.read(f.roundRational(BigInt(negative ? -significand : significand), 1n, power));
}

/** The pattern of a canonical f32 word, nearest to it, ties to even. */
export function narrowed(word: number, type: OracleType, saturate: boolean, mode: string): number {
  const x = f.read(word);
  if (type === 'float8e8m0') return exponentOf(x, saturate, mode);
  const format = formatOf(type);
  const { most, infinity } = format;
  const nan = format.nan ?? 0;
  if (f.isNaNWord(x)) return nan;
  const sign = f.isNegative(x) ? 2 ** format.sign : 0;
  const cutOff = saturate && format.sign < 15;
  const large =
    cutOff || format.nan === undefined
      ? most + sign
      : infinity === undefined
        ? nan
        : infinity + sign;
  if (f.isInfinite(x)) return large;
  const { num, den } = f.valueOf(x);
  const magnitude = num < 0n ? -num : num;
  // All in units of the least subnormal number; one magnitude beyond the largest is what would overflow.
  const unit = format.bias + format.fraction - 1;
  const worth = (pattern: number): bigint => {
    const [significand, power] = fields(pattern, format);
    return BigInt(significand) << BigInt(power + unit);
  };
  const scaled = magnitude << BigInt(unit);
  let [low, high]: [number, number] = [0, most + 1]; // the largest pattern not above the value
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (worth(middle) * den <= scaled) low = middle;
    else high = middle;
  }
  const tie = (worth(low) + worth(low + 1)) * den;
  const up = 2n * scaled > tie || (2n * scaled === tie && low % 2 === 1);
  const pattern = low + (up ? 1 : 0);
  if (pattern > most) return large;
  if (format.flushes === true && pattern < 0x380) return 0;
  return pattern === 0 ? 0 : sign + pattern;
}

/** The exponent field of an f32, up by one where `mode` says so. */
function exponentOf(word: number, saturate: boolean, mode: string): number {
  const field = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (field === 255) return 255;
  const up = mode === 'up' ? fraction > 0 : mode === 'nearest' && fraction >= 0x400000;
  const rounded = field + (up ? 1 : 0);
  return saturate ? Math.min(rounded, 254) : rounded;
}
