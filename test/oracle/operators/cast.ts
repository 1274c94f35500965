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

function convert(from: OracleType, to: OracleType): (value: Element) => Element {
  if (from === to) return (value) => value;
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
