// Softmax and LogSoftmax: the steps of docs/NUMERICS.md, a row at a time.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { inputOf, intOf, tensorOf, wordsOf, axisOf } from '../node.ts';
import { axesFrom, setsAlong, termsOf } from '../sets.ts';
import type { OracleOperator } from '../types.ts';
import { greatest } from './reduce.ts';

const softmaxOf = (row: readonly number[]): number[] => {
  const m = greatest(row);
  const e = row.map((x) => elementary.exp(f.subtract(x, m)));
  const s = f.sumTree(e);
  return e.map((term) => f.divide(term, s));
};

const logSoftmaxOf = (row: readonly number[]): number[] => {
  const m = greatest(row);
  const d = row.map((x) => f.subtract(x, m));
  const s = elementary.log(f.sumTree(d.map(elementary.exp)));
  return d.map((term) => f.subtract(term, s));
};

/** Along one axis; before opset 13 the axes from `axis` on are one row. */
const rowwise =
  (of: (row: readonly number[]) => number[]): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    const words = wordsOf(x);
    const old = node.opset < 13;
    const axis = intOf(node, 'axis', old ? 1 : -1);
    // An old axis may be the rank itself: then each element is a row.
    const first = old && axis === x.dims.length ? axis : axisOf(axis, x.dims.length);
    const data: number[] = [...words];
    const axes = old ? axesFrom(x.dims, first) : x.dims.length === 0 ? [] : [first];
    for (const set of setsAlong(x.dims, axes).positions) {
      of(termsOf(words, set)).forEach((word, i) => (data[set[i] ?? 0] = word));
    }
    return [tensorOf('float32', x.dims, data)];
  };

export const operators: Readonly<Record<string, OracleOperator>> = {
  Softmax: rowwise(softmaxOf),
  LogSoftmax: rowwise(logSoftmaxOf),
};
