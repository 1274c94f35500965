// Cast: bits where the type stays, else the conversions of "Element-wise" in docs/NUMERICS.md.
import * as f from '../float.ts';
import { isInteger, rangeOf, elementOf, wrapped } from '../integer.ts';
import { typeOf, type Element } from '../layout.ts';
import { inputOf, tensorOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

/** Truncated, saturated; NaN is 0. */
function integerOf(word: number, to: OracleType): Element {
  const [least, most] = rangeOf(to);
  if (f.isNaNWord(word)) return elementOf(to, 0n);
  if (f.isInfinite(word)) return elementOf(to, f.isNegative(word) ? least : most);
  const value = f.truncate(word);
  return elementOf(to, value < least ? least : value > most ? most : value);
}

/** V9: a 16-bit float is sign, exponent and `fraction` bits; magnitudes under 2^least / 2^fraction are +0. */
const kFloats16 = {
  float16: { fraction: 10, bias: 15, nan: 0x7e00, infinity: 0x7c00, subnormals: true },
  bfloat16: { fraction: 7, bias: 127, nan: 0x7fc0, infinity: 0x7f80, subnormals: false },
} as const;
type Float16 = keyof typeof kFloats16;
const isFloat16 = (type: OracleType): type is Float16 => type in kFloats16;

/** The f32 word of a 16-bit float: exact, but for NaN, zeros and what is under T. */
function widened(bits: number, type: Float16): number {
  const { fraction, bias, infinity } = kFloats16[type];
  const [magnitude, negative] = [bits & 0x7fff, bits >>> 15 === 1];
  if (magnitude > infinity) return f.kNaN;
  if (magnitude === infinity) return negative ? f.kMinusInfinity : f.kInfinity;
  const exponent = magnitude >>> fraction;
  const significand = (magnitude & (2 ** fraction - 1)) + (exponent === 0 ? 0 : 2 ** fraction);
  const power = Math.max(exponent, 1) - bias - fraction;
  const num = BigInt(negative ? -significand : significand);
  return f.read(f.roundRational(num, 1n, power));
}

/** Nearest in a 16-bit type: the magnitudes of a type are in the order of their patterns, so the nearest pattern is sought. */
function narrowed(word: number, type: Float16): number {
  const { fraction, bias, nan, infinity, subnormals } = kFloats16[type];
  const x = subnormals ? word : f.read(word);
  if (f.isNaNWord(x)) return nan;
  const sign = f.isNegative(x) ? 0x8000 : 0;
  if (f.isInfinite(x)) return sign | infinity;
  const { num, den } = f.valueOf(x);
  const magnitude = num < 0n ? -num : num;
  // Of twice the value's distance in units of 2^(1 - bias - fraction) nothing is lost: all is compared as integers.
  const scale = BigInt(fraction + bias);
  const valueOf = (pattern: number): bigint => {
    const exponent = pattern >>> fraction;
    const significand = (pattern & (2 ** fraction - 1)) + (exponent === 0 ? 0 : 2 ** fraction);
    return BigInt(significand) << BigInt(Math.max(exponent, 1));
  };
  const scaled = magnitude << scale;
  let [low, high]: [number, number] = [0, infinity]; // the largest pattern not above the value
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (valueOf(middle) * den <= scaled) low = middle;
    else high = middle;
  }
  const twice = 2n * scaled;
  const tie = (valueOf(low) + valueOf(low + 1)) * den;
  const up = twice > tie || (twice === tie && low % 2 === 1);
  const pattern = low + (up ? 1 : 0);
  return pattern === 0 ? 0 : sign | pattern;
}

function convert(from: OracleType, to: OracleType): (value: Element) => Element {
  if (from === to) return (value) => value;
  if (isFloat16(from)) {
    const then = convert('float32', to);
    return (value) => then(widened(Number(value), from));
  }
  if (isFloat16(to)) {
    const first = convert(from, 'float32');
    return (value) => narrowed(Number(first(value)), to);
  }
  const whole = isInteger(from) || from === 'bool';
  if (from === 'float32' && isInteger(to)) return (value) => integerOf(Number(value), to);
  if (from === 'float32' && to === 'bool') return (value) => (f.read(Number(value)) === 0 ? 0 : 1);
  if (whole && to === 'float32') return (value) => f.wordOfInteger(BigInt(value));
  if (whole && to === 'bool') return (value) => (BigInt(value) === 0n ? 0 : 1);
  if (whole && isInteger(to)) return (value) => wrapped(to, BigInt(value));
  throw new TypeError(`Cast: no conversion from ${from} to ${to}.`);
}

function cast(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const to = typeOf(node, 'to', x.dtype);
  return [tensorOf(to, x.dims, x.data.map(convert(x.dtype, to)))];
}

export const operators: Readonly<Record<string, OracleOperator>> = { Cast: cast };
