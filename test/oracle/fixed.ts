// Elementary functions to any precision in BigInt fixed point: X stands for X / 2^P. Each comment bounds the error in
// units of 2^-P, for the arguments that elementary.ts passes; all are far below 2^40 units, which is the width that the
// rounding allows for. Nothing here rounds to f32.
import { bitLength, integerSqrt, type Rational } from './float.ts';

/** v · 2^exponent. */
export interface Scaled {
  readonly v: bigint;
  readonly exponent: number;
}

export const unit = (P: number): bigint => 1n << BigInt(P);
export const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);

/** num / den in fixed point; error under 1 unit. */
export const fixed = ({ num, den }: Rational, P: number): bigint => (num << BigInt(P)) / den;

function perPrecision(compute: (P: number) => bigint): (P: number) => bigint {
  const known = new Map<number, bigint>();
  return (P) => {
    let value = known.get(P);
    if (value === undefined) known.set(P, (value = compute(P)));
    return value;
  };
}

/** Sum of z^(2j+1) / (2j+1), with alternating signs if `alternate`: atanh z or atan z. Error: one unit a term. */
function oddSeries(z: bigint, P: number, alternate: boolean): bigint {
  const shift = BigInt(P);
  const square = (z * z) >> shift;
  let power = z;
  let sum = z;
  for (let n = 3; power > 1n || power < -1n; n += 2) {
    power = (power * square) >> shift;
    const term = power / BigInt(n);
    sum += alternate && n % 4 === 3 ? -term : term;
  }
  return sum;
}

/** ln 2 = 2 atanh(1/3). Error under 2^9 units at P <= 8192 (P / 3.17 terms and 2^10 are never reached below). */
const ln2Guarded = perPrecision((P) => {
  const Q = P + 32;
  return (2n * oddSeries(unit(Q) / 3n, Q, false)) >> 32n;
});
/** π = 16 atan(1/5) − 4 atan(1/239), Machin. */
const piGuarded = perPrecision((P) => {
  const Q = P + 32;
  return (16n * oddSeries(unit(Q) / 5n, Q, true) - 4n * oddSeries(unit(Q) / 239n, Q, true)) >> 32n;
});
const ln10 = perPrecision((P) => logOfRatio({ num: 10n, den: 1n }, P));

/** Error under 2 units: 32 guard bits take the terms' errors. */
export const constants = { ln2: ln2Guarded, pi: piGuarded, ln10 };

/**
 * e^X for |X| <= 2^9. With k = ⌊X / ln 2⌋ the rest is below 1 and its error |k| · 2 < 2^11 units; the series of
 * rest / 2^8 adds 30 at most, eight squarings multiply by 2^8: under 2^20 units of 2^(exponent).
 */
export function exp(X: bigint, P: number): Scaled {
  const ln2 = constants.ln2(P);
  let k = X / ln2;
  if (X - k * ln2 < 0n) k -= 1n;
  const r = (X - k * ln2) >> 8n;
  const shift = BigInt(P);
  let term = unit(P);
  let sum = term;
  for (let n = 1n; term > 0n; n += 1n) {
    term = ((term * r) >> shift) / n;
    sum += term;
  }
  for (let i = 0; i < 8; i += 1) sum = (sum * sum) >> shift;
  return { v: sum, exponent: Number(k) - P };
}

/** v · 2^exponent in fixed point, rounded down. */
export function toFixed({ v, exponent }: Scaled, P: number): bigint {
  const shift = BigInt(exponent + P);
  return shift >= 0n ? v << shift : v >> -shift;
}

/**
 * ln(num / den), both positive. With num / den = m · 2^k, 2/3 <= m < 3/2 about, ln m = 2 atanh((m − 1) / (m + 1)):
 * a quotient of exact integers, P / 4.6 terms; k ln 2 adds 2 |k| units, |k| < 2^9: under 2^12 units.
 */
export function logOfRatio({ num, den }: Rational, P: number): bigint {
  let k = bitLength(num) - bitLength(den);
  // m = a / b in (1/2, 2)
  let a = k < 0 ? num << BigInt(-k) : num;
  let b = k > 0 ? den << BigInt(k) : den;
  if (2n * a > 3n * b) {
    b <<= 1n;
    k += 1;
  } else if (3n * a < 2n * b) {
    a <<= 1n;
    k -= 1;
  }
  const z = ((a - b) << BigInt(P)) / (a + b);
  return 2n * oddSeries(z, P, false) + BigInt(k) * constants.ln2(P);
}

/** √(X / 2^P): error under 1 unit. */
export const sqrtFixed = (X: bigint, P: number): bigint => integerSqrt(X << BigInt(P));

/**
 * atan(num / den), den > 0. Two halvings, atan z = 2 atan(z / (1 + √(1 + z²))), bring z under 1/5; their errors are a
 * few units and multiplied by 4: under 2^9 units.
 */
export function atanOfRatio({ num, den }: Rational, P: number): bigint {
  if (num < 0n) return -atanOfRatio({ num: -num, den }, P);
  if (num > den) return constants.pi(P) / 2n - atanOfRatio({ num: den, den: num }, P);
  const one = unit(P);
  let z = (num << BigInt(P)) / den;
  for (let i = 0; i < 2; i += 1) {
    z = (z << BigInt(P)) / (one + sqrtFixed(one + ((z * z) >> BigInt(P)), P));
  }
  return 4n * oddSeries(z, P, true);
}

/**
 * Sine and cosine of a finite rational. π has as many more bits as the argument has before its point, so that the
 * rest modulo π/2 has an error of a few units; the series have P / 5 terms, each under 2: under 2^10 units.
 */
export function sinCos(x: Rational, P: number): { readonly sin: bigint; readonly cos: bigint } {
  const Q = P + 32 + Math.max(0, bitLength(magnitude(x.num)) - bitLength(x.den));
  const X = fixed(x, Q);
  const half = constants.pi(Q) / 2n;
  let n = X / half;
  if (X - n * half < 0n) n -= 1n;
  const r = (X - n * half) >> BigInt(Q - P);
  const shift = BigInt(P);
  const square = (r * r) >> shift;
  const series = (first: bigint, from: bigint): bigint => {
    let term = first;
    let sum = first;
    for (let i = from; term !== 0n && term !== -1n; i += 2n) {
      term = -((term * square) >> shift) / (i * (i + 1n));
      sum += term;
    }
    return sum;
  };
  const sin = series(r, 2n);
  const cos = series(unit(P), 1n);
  switch (Number(((n % 4n) + 4n) % 4n)) {
    case 0:
      return { sin, cos };
    case 1:
      return { sin: cos, cos: -sin };
    case 2:
      return { sin: -sin, cos: -cos };
    default:
      return { sin: -cos, cos: sin };
  }
}

/**
 * erf x = 2/√π · e^(−x²) · Σ 2^n x^(2n+1) / (1·3·5 … (2n+1)) for |x| <= 10. All terms have one sign and add up to
 * e^(x²) at most; the factor e^(−x²) is exact to 2^20 units of its own last place, so the product is to 2^22 units.
 */
export function erf(x: Rational, P: number): bigint {
  const shift = BigInt(P);
  const X = fixed(x, P);
  const square = (X * X) >> shift;
  let term = X;
  let sum = X;
  for (let n = 3n; term > 1n || term < -1n; n += 2n) {
    term = ((term * 2n * square) >> shift) / n;
    sum += term;
  }
  const { v, exponent } = exp(-square, P);
  const product = toFixed({ v: sum * v, exponent: exponent - P }, P);
  return (2n * product * unit(P)) / sqrtFixed(constants.pi(P), P);
}
