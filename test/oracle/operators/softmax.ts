// Softmax, LogSoftmax and Hardmax: the steps of docs/NUMERICS.md, a row at a time.
import * as double from '../double.ts';
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import type { Element } from '../layout.ts';
import { inputOf, intOf, tensorOf, wordsOf, axisOf } from '../node.ts';
import { axesFrom, setsAlong, termsOf } from '../sets.ts';
import type { OracleOperator } from '../types.ts';
import { rankOf } from './order.ts';
import { greatest } from './reduce.ts';

const softmaxOf = (row: readonly number[]): number[] => {
  const m = greatest(row);
  const e = row.map((x) => elementary.exp(f.subtract(x, m)));
  const s = f.sumTree(e);
  return e.map((term) => f.divide(term, s));
};

export const logSoftmaxOf = (row: readonly number[]): number[] => {
  const m = greatest(row);
  const d = row.map((x) => f.subtract(x, m));
  const s = elementary.log(f.sumTree(d.map(elementary.exp)));
  return d.map((term) => f.subtract(term, s));
};

/** The same steps of float64. */
const exponentials64 = (row: readonly bigint[]): { d: bigint[]; s: bigint } => {
  const m = row.reduce(double.maximum, double.kMinusInfinity);
  const d = row.map((x) => double.subtract(x, m));
  return { d, s: double.sumTree(d.map(double.exp)) };
};
const softmax64 = (row: readonly bigint[]): bigint[] => {
  const { d, s } = exponentials64(row);
  return d.map((x) => double.divide(double.exp(x), s));
};
const logSoftmax64 = (row: readonly bigint[]): bigint[] => {
  const { d, s } = exponentials64(row);
  return d.map((x) => double.subtract(x, double.log(s)));
};

/** 1 at the first largest term, NaN being above +∞. */
const hardmaxOf = (row: readonly number[]): number[] => {
  const ranks = row.map((word) => rankOf('float32', word));
  const first = ranks.findIndex((rank) => ranks.every((other) => other <= rank));
  return ranks.map((_, i) => (i === first ? f.kOne : f.kZero));
};

/** Along one axis; before opset 13 the axes from `axis` on are one row. */
const rowwise =
  (
    of: (row: readonly number[]) => number[],
    of64?: (row: readonly bigint[]) => bigint[],
  ): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    const old = node.opset < 13;
    const axis = intOf(node, 'axis', old ? 1 : -1);
    // An old axis may be the rank itself: then each element is a row.
    const first = old && axis === x.dims.length ? axis : axisOf(axis, x.dims.length);
    const axes = old ? axesFrom(x.dims, first) : x.dims.length === 0 ? [] : [first];
    const isDouble = x.dtype === 'float64' && of64 !== undefined;
    if (!isDouble) wordsOf(x); // of float32
    const data: Element[] = [...x.data];
    for (const set of setsAlong(x.dims, axes).positions) {
      const row = termsOf(x.data, set);
      const results: Element[] = isDouble ? of64(row.map(BigInt)) : of(row.map(Number));
      results.forEach((word, i) => (data[set[i] ?? 0] = word));
    }
    return [tensorOf(x.dtype, x.dims, data)];
  };

export const operators: Readonly<Record<string, OracleOperator>> = {
  Softmax: rowwise(softmaxOf, softmax64),
  LogSoftmax: rowwise(logSoftmaxOf, logSoftmax64),
  Hardmax: rowwise(hardmaxOf),
};
