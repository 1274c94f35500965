// Exact rational numbers, for coordinates and weights that must be the same on every machine: rounding happens
// once, at the end. Not for bulk arithmetic.

/** n / d, d > 0; not reduced. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export function rational(n: number | bigint, d: number | bigint = 1): Rational {
  const [num, den] = [BigInt(n), BigInt(d)];
  return den < 0n ? { n: -num, d: -den } : { n: num, d: den };
}

/** The exact value of a finite number (every one is an integer times a power of two). */
export function exactly(x: number): Rational {
  if (!Number.isFinite(x))
    throw new RangeError(`exactly: expected a finite number, got ${x}. Correct it.`);
  let [n, shift] = [x, 0];
  while (!Number.isInteger(n)) {
    n *= 2; // exact: the exponent grows by one, up to 2^53 in magnitude
    shift += 1;
  }
  return { n: BigInt(n), d: 1n << BigInt(shift) };
}

export const add = (a: Rational, b: Rational): Rational => ({
  n: a.n * b.d + b.n * a.d,
  d: a.d * b.d,
});
export const subtract = (a: Rational, b: Rational): Rational => ({
  n: a.n * b.d - b.n * a.d,
  d: a.d * b.d,
});
export const multiply = (a: Rational, b: Rational): Rational => ({ n: a.n * b.n, d: a.d * b.d });
/** b is not 0. */
export const divide = (a: Rational, b: Rational): Rational =>
  b.n < 0n ? { n: -a.n * b.d, d: -a.d * b.n } : { n: a.n * b.d, d: a.d * b.n };
export const absolute = (a: Rational): Rational => (a.n < 0n ? { n: -a.n, d: a.d } : a);
/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The greatest integer that is not greater. */
export function floor(a: Rational): number {
  const quotient = a.n / a.d; // truncated
  return Number(a.n < 0n && quotient * a.d !== a.n ? quotient - 1n : quotient);
}

/** The least integer that is not less. */
export function ceil(a: Rational): number {
  const negated = floor({ n: -a.n, d: a.d });
  return negated === 0 ? 0 : -negated; // never -0
}

const THRESHOLD = 2 ** -120;
/** Integers up to here are doubles. */
const DOUBLE = 2n ** 53n;

/** The nearest canonical float32, ties to even (V2); magnitudes that round under 2^-120 give 0. */
export function roundToF32(a: Rational): number {
  if (a.n === 0n) return 0;
  const magnitude = a.n < 0n ? -a.n : a.n;
  // Most are a double exactly, of 2^-53 at least, which is rounded once.
  if ((a.d & (a.d - 1n)) === 0n && a.d <= DOUBLE && magnitude <= DOUBLE) {
    return Math.fround(Number(a.n) / Number(a.d));
  }
  // The quotient is scaled to 24 or 25 bits; then at most one bit too many is left.
  let exponent = magnitude.toString(2).length - a.d.toString(2).length - 24;
  let scaled = divideToEven(magnitude, a.d, exponent);
  if (scaled >= 1n << 24n) {
    exponent += 1;
    scaled = divideToEven(magnitude, a.d, exponent);
  }
  const value = Number(scaled) * 2 ** exponent;
  return value < THRESHOLD ? 0 : a.n < 0n ? -value : value;
}

/** n / d / 2^exponent, rounded to an integer, ties to even. */
function divideToEven(n: bigint, d: bigint, exponent: number): bigint {
  const [num, den] = exponent < 0 ? [n << BigInt(-exponent), d] : [n, d << BigInt(exponent)];
  const quotient = num / den;
  const twice = 2n * (num - quotient * den);
  return twice > den || (twice === den && quotient % 2n === 1n) ? quotient + 1n : quotient;
}
