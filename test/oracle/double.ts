// float64 of docs/NUMERICS.md (V9) on its bits as bigint, in exact rational arithmetic: one NaN, no -0, one rounding to nearest
// even, subnormals kept. exp and log by enclosures in fixed point whose ends round alike (Ziv).
import * as fixed from './fixed.ts';
import { bitLength, floorOf, integerSqrt, tree, type Rational } from './float.ts';

export const kNaN = 0x7ff8000000000000n;
export const kInfinity = 0x7ff0000000000000n;
export const kMinusInfinity = 0xfff0000000000000n;
export const kOne = 0x3ff0000000000000n;
const kSign = 1n << 63n;

const magnitudeOf = (bits: bigint): bigint => bits & (kSign - 1n);
export const isNaNBits = (bits: bigint): boolean => magnitudeOf(bits) > kInfinity;
export const isFinite = (bits: bigint): boolean => magnitudeOf(bits) < kInfinity;
const isNegative = (bits: bigint): boolean => bits >> 63n === 1n;

export function read(bits: bigint): bigint {
  if (isNaNBits(bits)) return kNaN;
  return magnitudeOf(bits) === 0n ? 0n : bits;
}

/** The exact value of finite bits. */
export function valueOf(bits: bigint): Rational {
  const field = (bits >> 52n) & 0x7ffn;
  const significand = (bits & 0xfffffffffffffn) | (field === 0n ? 0n : 1n << 52n);
  const num = isNegative(bits) ? -significand : significand;
  const exponent = (field === 0n ? 1n : field) - 1075n;
  return exponent < 0n ? { num, den: 1n << -exponent } : { num: num << exponent, den: 1n };
}

/** num / den · 2^exponent rounded once to nearest even; den > 0. */
export function round(num: bigint, den = 1n, exponent = 0): bigint {
  if (num === 0n) return 0n;
  const negative = num < 0n;
  let [n, d] = [negative ? -num : num, den];
  if (exponent >= 0) n <<= BigInt(exponent);
  else d <<= BigInt(-exponent);
  // The unit of the last place: 53 bits are kept, none under 2^-1074.
  const unit = Math.max(bitLength(n) - bitLength(d) - 54, -1074);
  const at = (power: number): { whole: bigint; rest: bigint; by: bigint } => {
    const [a, b] = power < 0 ? [n << BigInt(-power), d] : [n, d << BigInt(power)];
    return { whole: a / b, rest: a % b, by: b };
  };
  let power = unit;
  while (at(power).whole >= 1n << 53n) power += 1;
  const { whole, rest, by } = at(power);
  const up = 2n * rest > by || (2n * rest === by && whole % 2n === 1n);
  let kept = whole + (up ? 1n : 0n);
  if (kept === 1n << 53n) {
    kept = 1n << 52n;
    power += 1;
  }
  const sign = negative ? kSign : 0n;
  if (kept === 0n) return 0n;
  if (power > 971) return kInfinity | sign;
  const bits = kept < 1n << 52n ? kept : (BigInt(power + 1075) << 52n) | (kept - (1n << 52n));
  return bits | sign;
}

const infinity = (negative: boolean): bigint => (negative ? kMinusInfinity : kInfinity);

export function add(x: bigint, y: bigint): bigint {
  const [a, b] = [read(x), read(y)];
  if (isNaNBits(a) || isNaNBits(b)) return kNaN;
  if (!isFinite(a)) return !isFinite(b) && a !== b ? kNaN : a;
  if (!isFinite(b)) return b;
  const [p, q] = [valueOf(a), valueOf(b)];
  return round(p.num * q.den + q.num * p.den, p.den * q.den);
}

export const negate = (x: bigint): bigint => {
  const a = read(x);
  return a === kNaN || a === 0n ? a : a ^ kSign;
};
export const subtract = (x: bigint, y: bigint): bigint => add(x, negate(y));
export const absolute = (x: bigint): bigint => {
  const a = read(x);
  return isNegative(a) ? negate(a) : a;
};

export function multiply(x: bigint, y: bigint): bigint {
  const [a, b] = [read(x), read(y)];
  if (isNaNBits(a) || isNaNBits(b)) return kNaN;
  if (!isFinite(a) || !isFinite(b)) {
    return a === 0n || b === 0n ? kNaN : infinity(isNegative(a) !== isNegative(b));
  }
  const [p, q] = [valueOf(a), valueOf(b)];
  return round(p.num * q.num, p.den * q.den);
}

export function divide(x: bigint, y: bigint): bigint {
  const [a, b] = [read(x), read(y)];
  if (isNaNBits(a) || isNaNBits(b) || (!isFinite(a) && !isFinite(b))) return kNaN;
  if (!isFinite(b)) return 0n;
  const signed = infinity(isNegative(a) !== isNegative(b));
  if (!isFinite(a)) return signed;
  if (b === 0n) return a === 0n ? kNaN : signed;
  const [p, q] = [valueOf(a), valueOf(b)];
  const num = p.num * q.den;
  return q.num < 0n ? round(-num, p.den * -q.num) : round(num, p.den * q.num);
}

export function sqrt(x: bigint): bigint {
  const a = read(x);
  if (a === 0n || a === kInfinity || isNaNBits(a)) return a;
  if (isNegative(a)) return kNaN;
  // num / den with den a power of 2: an even number of guard bits, and a last bit that says whether the root is exact.
  const { num, den } = valueOf(a);
  const odd = bitLength(den) % 2 === 0;
  const scaled = (odd ? num * 2n : num) << 256n;
  const root = integerSqrt(scaled);
  const exponent = -((bitLength(odd ? den * 2n : den) - 1) / 2) - 128;
  return round(2n * root + (root * root === scaled ? 0n : 1n), 1n, exponent - 1);
}

/** Sign of a - b, or undefined if one is a NaN. */
export function compare(x: bigint, y: bigint): -1 | 0 | 1 | undefined {
  const [a, b] = [read(x), read(y)];
  if (isNaNBits(a) || isNaNBits(b)) return undefined;
  const rank = (bits: bigint): bigint => (isNegative(bits) ? -magnitudeOf(bits) : bits);
  return rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0;
}
export const maximum = (x: bigint, y: bigint): bigint => {
  const order = compare(x, y);
  return order === undefined ? kNaN : read(order < 0 ? y : x);
};
export const minimum = (x: bigint, y: bigint): bigint => {
  const order = compare(x, y);
  return order === undefined ? kNaN : read(order > 0 ? y : x);
};

/** The remainder of the truncated quotient, with the sign of the dividend. */
export function remainder(x: bigint, y: bigint): bigint {
  const [a, b] = [read(x), read(y)];
  if (isNaNBits(a) || isNaNBits(b) || !isFinite(a) || b === 0n) return kNaN;
  if (!isFinite(b)) return a;
  const [p, q] = [valueOf(a), valueOf(b)];
  return round((p.num * q.den) % (q.num * p.den), p.den * q.den);
}

/** A function of finite bits to integers; others keep their canonical bits. */
export const integral =
  (of: (x: Rational) => bigint) =>
  (bits: bigint): bigint => {
    const x = read(bits);
    return isFinite(x) ? round(of(valueOf(x))) : x;
  };
export const floor = integral(floorOf);
export const ceil = integral(({ num, den }) => -floorOf({ num: -num, den }));

export function sign(x: bigint): bigint {
  const order = compare(x, 0n);
  return order === undefined ? kNaN : round(BigInt(order));
}

const kSlack = 1n << 40n;
function decide(enclose: (P: number) => fixed.Scaled): bigint {
  for (let P = 256; P <= 8192; P *= 2) {
    const { v, exponent } = enclose(P);
    const bits = round(v - kSlack, 1n, exponent);
    if (bits === round(v + kSlack, 1n, exponent)) return bits;
  }
  throw new Error('decide: no decision at 8192 bits.');
}

export function exp(x: bigint): bigint {
  const a = read(x);
  if (a === 0n) return kOne;
  if (isNaNBits(a) || a === kInfinity) return a;
  // e^746 > 2^1075.
  const value = isFinite(a) ? valueOf(a) : { num: -746n, den: 1n };
  if (value.num >= 746n * value.den) return kInfinity;
  if (value.num <= -746n * value.den) return 0n;
  return decide((P) => fixed.exp(fixed.fixed(value, P), P));
}

export function log(x: bigint): bigint {
  const a = read(x);
  if (a === 0n) return kMinusInfinity;
  if (isNaNBits(a) || isNegative(a)) return kNaN;
  if (a === kInfinity) return a;
  if (a === kOne) return 0n;
  return decide((P) => ({ v: fixed.logOfRatio(valueOf(a), P), exponent: -P }));
}

/** The tree of V4, nothing flushed. */
export const sumTree = (terms: readonly bigint[]): bigint => treeOf(terms, 0n, add);
export const productTree = (terms: readonly bigint[]): bigint => treeOf(terms, kOne, multiply);
const treeOf = (
  terms: readonly bigint[],
  start: bigint,
  combine: (a: bigint, b: bigint) => bigint,
): bigint => read(tree(terms.map(read), start, combine));
