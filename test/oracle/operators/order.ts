// ArgMax, ArgMin and TopK: what comes first in the order of NUMERICS.md. Floats are compared as canonical reads:
// every zero and every magnitude under 2^-120 is zero, all NaNs are equal.
import * as double from '../double.ts';
import { type Element, elementAt, listInput, tensorBy } from '../layout.ts';
import { at, axisOf, inputOf, intOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

const ABOVE_INFINITY = 1n << 64n;

/** An integer that orders elements: greater elements have greater ones, NaN the greatest, equal elements equal ones. */
export function rankOf(dtype: OracleType, element: Element): bigint {
  if (dtype === 'float64') {
    const bits = double.read(BigInt(element));
    if (bits === double.kNaN) return ABOVE_INFINITY;
    return bits >> 63n === 1n ? -(bits & ((1n << 63n) - 1n)) : bits;
  }
  if (dtype !== 'float32') return BigInt(element);
  const word = BigInt(element);
  const magnitude = word & 0x7fffffffn;
  if (magnitude > 0x7f800000n) return ABOVE_INFINITY;
  // 2^-120 is the exponent field 127 - 120 = 7.
  if (magnitude < 7n << 23n) return 0n;
  return word >> 31n === 1n ? -magnitude : magnitude;
}

/** The elements along an axis, one list for each index of the others (1 in the axis' place). */
function linesOf(x: OracleTensor, axis: number): (index: readonly number[]) => bigint[] {
  const n = at(x.dims, axis);
  return (index) =>
    Array.from({ length: n }, (_, i) =>
      rankOf(
        x.dtype,
        elementAt(
          x,
          index.map((place, k) => (k === axis ? i : place)),
        ),
      ),
    );
}

function arg(node: OracleNode, largest: boolean): OracleTensor[] {
  const x = inputOf(node, 0);
  const axis = axisOf(intOf(node, 'axis', 0), x.dims.length);
  const last = intOf(node, 'select_last_index', 0) !== 0;
  const line = linesOf(x, axis);
  const kept = x.dims.map((dim, k) => (k === axis ? 1 : dim));
  const found = tensorBy('int64', kept, (index) => {
    const ranks = line(index);
    const wanted = ranks.includes(ABOVE_INFINITY)
      ? ABOVE_INFINITY
      : ranks.reduce((a, b) => (largest === b > a && a !== b ? b : a));
    return BigInt(last ? ranks.lastIndexOf(wanted) : ranks.indexOf(wanted));
  });
  return intOf(node, 'keepdims', 1) !== 0
    ? [found]
    : [{ ...found, dims: x.dims.filter((_, k) => k !== axis) }];
}

function topK(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const k = listInput(node, 1)?.[0] ?? intOf(node, 'k', 0);
  const axis = axisOf(intOf(node, 'axis', -1), x.dims.length);
  const largest = intOf(node, 'largest', 1) !== 0;
  const line = linesOf(x, axis);
  const dims = x.dims.map((dim, i) => (i === axis ? k : dim));
  const order = (index: readonly number[]): number => {
    const ranks = line(index);
    const places = ranks.map((_, i) => i);
    places.sort((i, j) => {
      const [a, b] = [at(ranks, i), at(ranks, j)];
      if (a === b) return i - j;
      return a > b === largest ? -1 : 1;
    });
    return at(places, at(index, axis));
  };
  return [
    tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        index.map((place, i) => (i === axis ? order(index) : place)),
      ),
    ),
    tensorBy('int64', dims, (index) => BigInt(order(index))),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  ArgMax: (node) => arg(node, true),
  ArgMin: (node) => arg(node, false),
  TopK: topK,
};
