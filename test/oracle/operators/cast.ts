// Cast, CastLike and BitCast: bits where the type stays, else the conversions of "Element-wise" in docs/NUMERICS.md.
import * as double from '../double.ts';
import * as f from '../float.ts';
import { elementOf, isInteger, rangeOf, wrapped } from '../integer.ts';
import { typeOf, type Element } from '../layout.ts';
import { inputOf, intOf, stringOf, tensorOf } from '../node.ts';
import { isSmall, narrowed, widened } from '../small.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

/** Integers of 4 and 2 bits. */
const isTiny = (type: OracleType): boolean => /^u?int[24]$/.test(type);

/** An exact value, truncated and saturated; undefined is NaN, which is 0. */
function integerOf(value: f.Rational | 'low' | 'high' | undefined, to: OracleType): Element {
  const [least, most] = rangeOf(to);
  if (value === undefined) return elementOf(to, 0n);
  if (value === 'low' || value === 'high') return elementOf(to, value === 'low' ? least : most);
  const whole = value.num / value.den;
  return elementOf(to, whole < least ? least : whole > most ? most : whole);
}

function valueOfF32(word: number): f.Rational | 'low' | 'high' | undefined {
  const x = f.read(word);
  if (f.isNaNWord(x)) return undefined;
  if (f.isInfinite(x)) return f.isNegative(x) ? 'low' : 'high';
  return f.valueOf(x);
}

function valueOfF64(bits: bigint): f.Rational | 'low' | 'high' | undefined {
  const x = double.read(bits);
  if (x === double.kNaN) return undefined;
  if (!double.isFinite(x)) return x === double.kInfinity ? 'high' : 'low';
  return double.valueOf(x);
}

/** To f32, rounded once and stored canonically; an infinity and a NaN stay. */
function f32OfF64(bits: bigint): number {
  const x = double.read(bits);
  if (x === double.kNaN) return f.kNaN;
  if (!double.isFinite(x)) return x === double.kInfinity ? f.kInfinity : f.kMinusInfinity;
  const { num, den } = double.valueOf(x);
  return f.storeRational(num, den);
}

function f64OfF32(word: number): bigint {
  const x = f.read(word);
  if (f.isNaNWord(x)) return double.kNaN;
  if (f.isInfinite(x)) return f.isNegative(x) ? double.kMinusInfinity : double.kInfinity;
  const { num, den } = f.valueOf(x);
  return double.round(num, den);
}

interface Rounding {
  readonly saturate: boolean;
  readonly mode: string;
}

function convert(from: OracleType, to: OracleType, how: Rounding): (value: Element) => Element {
  if (from === to) return (value) => value;
  const via = (middle: OracleType): ((value: Element) => Element) => {
    const [first, then] = [convert(from, middle, how), convert(middle, to, how)];
    return (value) => then(first(value));
  };
  if (isSmall(from)) {
    const then = convert('float32', to, how);
    return (value) => then(widened(Number(value), from));
  }
  if (isSmall(to)) {
    if (from !== 'float32') return via('float32');
    return (value) => narrowed(Number(value), to, how.saturate, how.mode);
  }
  if (isTiny(to) && from !== 'int32') {
    if (from.startsWith('float')) return via('int32');
    return (value) => wrapped(to, BigInt(value));
  }
  if (from === 'float32') {
    if (to === 'float64') return (value) => f64OfF32(Number(value));
    if (to === 'bool') return (value) => (f.read(Number(value)) === 0 ? 0 : 1);
    if (isInteger(to)) return (value) => integerOf(valueOfF32(Number(value)), to);
  }
  if (from === 'float64') {
    if (to === 'float32') return (value) => f32OfF64(BigInt(value));
    if (to === 'bool') return (value) => (double.read(BigInt(value)) === 0n ? 0 : 1);
    if (isInteger(to)) return (value) => integerOf(valueOfF64(BigInt(value)), to);
  }
  if (isInteger(from) || from === 'bool') {
    if (to === 'float32') return (value) => f.wordOfInteger(BigInt(value));
    if (to === 'float64') return (value) => double.round(BigInt(value));
    if (to === 'bool') return (value) => (BigInt(value) === 0n ? 0 : 1);
    if (isInteger(to)) return (value) => wrapped(to, BigInt(value));
  }
  throw new TypeError(`Cast: no conversion from ${from} to ${to}.`);
}

/** The elements of a tensor in another type, as Cast gives them. */
export function converted(
  x: OracleTensor,
  to: OracleType,
  how: Rounding = { saturate: true, mode: 'up' },
): OracleTensor {
  return tensorOf(to, x.dims, x.data.map(convert(x.dtype, to, how)));
}

const howOf = (node: OracleNode): Rounding => ({
  saturate: intOf(node, 'saturate', 1) !== 0,
  mode: stringOf(node, 'round_mode', 'up'),
});

const kNames: Readonly<Record<string, OracleType>> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  BOOL: 'bool',
};

function cast(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  if (node.opset < 6) {
    const name = stringOf(node, 'to', '');
    return [converted(x, kNames[name] ?? (name.toLowerCase() as OracleType))];
  }
  return [converted(x, typeOf(node, 'to', x.dtype), howOf(node))];
}

/** The bits of an element as an unsigned number, and back. */
function bitCast(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const to = typeOf(node, 'to', x.dtype);
  const width = (type: OracleType): number =>
    isTiny(type) || type === 'float4e2m1' ? Number(/\d/.exec(type)?.[0]) : bytesOf(type) * 8;
  const data = x.data.map((value): Element => {
    const bits = BigInt.asUintN(width(x.dtype), BigInt(value));
    return isInteger(to) ? wrapped(to, bits) : to === 'float64' ? bits : Number(bits);
  });
  return [tensorOf(to, x.dims, data)];
}

function bytesOf(type: OracleType): number {
  if (type === 'bool') return 1;
  if (type === 'bfloat16') return 2;
  return Number(/\d+/.exec(type)?.[0]) / 8;
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  BitCast: bitCast,
  Cast: cast,
  CastLike: (node) => [converted(inputOf(node, 0), inputOf(node, 1).dtype, howOf(node))],
};
