// Integer arithmetic of the contract (V8): exact on BigInt, then wrapped in two's complement to the width of the type.
// Division truncates, x / 0 and x mod 0 are 0.
import type { Element } from './layout.ts';
import type { OracleType } from './types.ts';

const WIDTHS: Readonly<Partial<Record<OracleType, number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  int4: 4,
  uint4: 4,
  int2: 2,
  uint2: 2,
};

export const isInteger = (dtype: OracleType): boolean => WIDTHS[dtype] !== undefined;

function widthOf(dtype: OracleType): number {
  const width = WIDTHS[dtype];
  if (width === undefined) throw new TypeError(`oracle: ${dtype}: expected an integer type.`);
  return width;
}

/** The element of an integer type that is worth `value`, which must be in its range. */
export const elementOf = (dtype: OracleType, value: bigint): Element =>
  dtype === 'int64' || dtype === 'uint64' ? value : Number(value);

/** The element that an exact integer becomes: its low bits, read in the type. */
export function wrapped(dtype: OracleType, exact: bigint): Element {
  const width = widthOf(dtype);
  const signed = dtype.startsWith('int');
  return elementOf(dtype, signed ? BigInt.asIntN(width, exact) : BigInt.asUintN(width, exact));
}

/** The least and the greatest value of an integer type. */
export function rangeOf(dtype: OracleType): readonly [bigint, bigint] {
  const width = BigInt(widthOf(dtype));
  return dtype.startsWith('int')
    ? [-(1n << (width - 1n)), (1n << (width - 1n)) - 1n]
    : [0n, (1n << width) - 1n];
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const greatest = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const magnitude = (a: bigint): bigint => (a < 0n ? -a : a);

/** Exact results of the operations on two integers, by ONNX's name for them; wrap what they give. */
export const BINARY: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => (b === 0n ? 0n : a / b),
  Max: greatest,
  Min: least,
  BitwiseAnd: (a, b) => a & b,
  BitwiseOr: (a, b) => a | b,
  BitwiseXor: (a, b) => a ^ b,
};

/** x^y; below 0 the truncated quotient 1 / x^-y, and 0^-y is 0. */
export function power(x: bigint, y: bigint): bigint {
  if (y < 0n) return x === 1n || x === -1n ? power(x, -y) : 0n;
  // Only the low 64 bits matter: squaring keeps them.
  let [result, base] = [1n, x];
  for (let rest = y; rest > 0n; rest >>= 1n) {
    if (rest % 2n === 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

/** The same for one integer. */
export const UNARY: Readonly<Record<string, (a: bigint) => bigint>> = {
  Neg: (a) => -a,
  Abs: magnitude,
  BitwiseNot: (a) => -a - 1n,
  Relu: (a) => (a < 0n ? 0n : a),
  Sign: (a) => (a > 0n ? 1n : a < 0n ? -1n : 0n),
};

export const COMPARISONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  Equal: (a, b) => a === b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
};

/** Mod: what is left has the sign of the divisor, with fmod = 1 that of the dividend. */
export function remainder(a: bigint, b: bigint, fmod: boolean): bigint {
  if (b === 0n) return 0n;
  const left = a % b;
  return !fmod && left !== 0n && left < 0n !== b < 0n ? left + b : left;
}
