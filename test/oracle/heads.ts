// What attention operators of the oracle share: tensors as rows of heads, scores, softmax and weighted sums, each by its
// section of docs/NUMERICS.md, one row at a time.
import * as elementary from './elementary.ts';
import * as f from './float.ts';
import { at, tensorOf, wordsOf } from './node.ts';
import type { OracleTensor } from './types.ts';

/** The words of row `i` of head `h` of batch entry `b`. */
export interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly rows: number;
  readonly size: number;
  row(b: number, h: number, i: number): number[];
}

/** [batch, heads, rows, size]. */
export function headsOf4(x: OracleTensor): Heads {
  const words = wordsOf(x);
  const [batch, heads, rows, size] = [0, 1, 2, 3].map((axis) => at(x.dims, axis));
  if (batch === undefined || heads === undefined || rows === undefined || size === undefined) {
    throw new RangeError('heads: four axes.');
  }
  return {
    batch,
    heads,
    rows,
    size,
    row: (b, h, i) => {
      const from = ((b * heads + h) * rows + i) * size;
      return words.slice(from, from + size);
    },
  };
}

/** [batch, rows, heads · size]. */
export function headsOf3(x: OracleTensor, heads: number): Heads {
  const words = wordsOf(x);
  const [batch, rows, hidden] = [at(x.dims, 0), at(x.dims, 1), at(x.dims, 2)];
  const size = hidden / heads;
  return {
    batch,
    heads,
    rows,
    size,
    row: (b, h, i) => {
      const from = (b * rows + i) * hidden + h * size;
      return words.slice(from, from + size);
    },
  };
}

/** Rows of `before`, if there is one, and then of `after`. */
export function behind(before: Heads | undefined, after: Heads): Heads {
  if (before === undefined) return after;
  return {
    ...after,
    rows: before.rows + after.rows,
    row: (b, h, i) => (i < before.rows ? before.row(b, h, i) : after.row(b, h, i - before.rows)),
  };
}

/** Every row changed by a function. */
export const mapRows = (
  x: Heads,
  change: (row: number[], b: number, h: number, i: number) => number[],
): Heads => ({
  ...x,
  row: (b, h, i) => change(x.row(b, h, i), b, h, i),
});

export const tensorOfHeads = (x: Heads): OracleTensor =>
  tensorOf('float32', [x.batch, x.heads, x.rows, x.size], words(x, false));

/** Heads side by side again: [batch, rows, heads · size]. */
export const tensorOfRows = (x: Heads): OracleTensor =>
  tensorOf('float32', [x.batch, x.rows, x.heads * x.size], words(x, true));

function words(x: Heads, rowsFirst: boolean): number[] {
  const data: number[] = [];
  const [outer, inner] = rowsFirst ? [x.rows, x.heads] : [x.heads, x.rows];
  for (let b = 0; b < x.batch; b += 1) {
    for (let o = 0; o < outer; o += 1) {
      for (let n = 0; n < inner; n += 1) {
        for (const word of rowsFirst ? x.row(b, n, o) : x.row(b, o, n)) data.push(word);
      }
    }
  }
  return data;
}

/** m = maximum; e = exp(x − m); e ÷ V4 sum of the e. */
export function softmax(row: readonly number[]): number[] {
  const m = row.reduce(f.maximum, f.kMinusInfinity);
  const e = row.map((x) => elementary.exp(f.subtract(x, m)));
  const s = f.sumTree(e);
  return e.map((term) => f.divide(term, s));
}

/** tanh(x ÷ cap) · cap. */
export const capped = (x: number, cap: number): number =>
  f.multiply(elementary.tanh(f.divide(x, cap)), cap);

/** 1 ÷ √n. */
export const inverseRootOf = (n: number): number =>
  f.divide(f.kOne, f.sqrt(f.wordOfInteger(BigInt(n))));

/**
 * Weighted rows of v: for every row of q the scores that `score` makes of the plain ones, their softmax, and the V4 sums over
 * the keys. `weights` sees every row of scores behind the softmax.
 */
export function attend(
  q: Heads,
  k: Heads,
  v: Heads,
  score: (dots: number[], b: number, h: number, i: number) => number[],
  weigh: (scores: number[], h: number) => number[] = softmax,
  weights: (row: number[], b: number, h: number, i: number) => void = () => {},
): Heads {
  const group = q.heads / k.heads;
  return {
    batch: q.batch,
    heads: q.heads,
    rows: q.rows,
    size: v.size,
    row: (b, h, i) => {
      const shared = Math.floor(h / group);
      const own = q.row(b, h, i);
      const keys = Array.from({ length: k.rows }, (_, j) => k.row(b, shared, j));
      const p = weigh(
        score(
          keys.map((key) => f.dot(own, key)),
          b,
          h,
          i,
        ),
        h,
      );
      weights(p, b, h, i);
      const values = Array.from({ length: v.rows }, (_, j) => v.row(b, shared, j));
      return Array.from({ length: v.size }, (_, d) =>
        f.dot(
          p,
          values.map((value) => at(value, d)),
        ),
      );
    },
  };
}
