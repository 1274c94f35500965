// Cosines of rational parts of a turn, for twiddle factors and windows that are computed while planning: in integers of 160
// binary places, so that what is rounded to float32 afterwards is the exact value rounded once (V6). Not for bulk arithmetic.
import { rational, roundToF32 } from './rational.ts';

const PLACES = 160n;
const UNIT = 1n << PLACES;
/** No result is off by more: some 30 truncations, and that of 2π, in units of 2^-160. */
const ERROR = 1n << 12n;

/** arctan(1 / n) in units of 2^-192. */
function inverseArctangent(n: bigint): bigint {
  let power = (1n << 192n) / n;
  let sum = 0n;
  for (let k = 0n; power !== 0n; k += 1n) {
    const term = power / (2n * k + 1n);
    sum += k % 2n === 0n ? term : -term;
    power /= n * n;
  }
  return sum;
}

/** 2π in units of 2^-160 (Machin). */
const TURN = (8n * (4n * inverseArctangent(5n) - inverseArctangent(239n))) >> 32n;

/** x - x³/6 + … (or 1 - x²/2 + …) for 0 <= x < 1, in units of 2^-160. */
function series(x: bigint, first: bigint, from: bigint): bigint {
  const square = (x * x) >> PLACES;
  let term = first;
  let sum = first;
  for (let k = from; term !== 0n; k += 2n) {
    term = -((term * square) >> PLACES) / (k * (k + 1n));
    sum += term;
  }
  return sum;
}

/** cos(2π · part / whole) in units of 2^-160, exact where the cosine is 0 or ±1. */
function cosine(part: number, whole: number): bigint {
  const n = BigInt(whole);
  let q = BigInt(part) % n;
  if (q < 0n) q += n;
  if (2n * q > n) q = n - q;
  if (4n * q > n) return -cosineOfQuarter(n - 2n * q, 2n * n);
  return cosineOfQuarter(q, n);
}

/** The same for at most a quarter of a turn. */
function cosineOfQuarter(q: bigint, n: bigint): bigint {
  if (8n * q <= n) return series((TURN * q) / n, UNIT, 1n);
  const x = (TURN * (n - 4n * q)) / (4n * n);
  return series(x, x, 2n);
}

/** numerator / denominator of an exact value in units of 2^-160 with the stated error, rounded to the nearest float32. */
function rounded(numerator: bigint, denominator: bigint, error: bigint): number {
  const low = roundToF32(rational(numerator - error, denominator * UNIT));
  const high = roundToF32(rational(numerator + error, denominator * UNIT));
  if (numerator === 0n || low === high) return roundToF32(rational(numerator, denominator * UNIT));
  throw new RangeError('turns: a cosine lies too near the middle of two floats to be rounded.');
}

/** cos(2π · part / whole), rounded once. */
export const cosineOfTurn = (part: number, whole: number): number =>
  rounded(cosine(part, whole), 1n, ERROR);

/** sin(2π · part / whole), rounded once. */
export const sineOfTurn = (part: number, whole: number): number =>
  cosineOfTurn(4 * part - whole, 4 * whole);

/** Σ weights[k] · cos(2π · k · part / whole) / scale, rounded once; weights and scale are integers. */
export function cosineSum(
  weights: readonly number[],
  scale: number,
  part: number,
  whole: number,
): number {
  const sum = weights.reduce((total, w, k) => total + BigInt(w) * cosine(k * part, whole), 0n);
  const error = weights.reduce((total, w) => total + BigInt(Math.abs(w)), 0n) * ERROR;
  return rounded(sum, BigInt(scale), error);
}
