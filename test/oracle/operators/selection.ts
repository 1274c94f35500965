// NonZero, Compress, Unique and NonMaxSuppression, by their text in NUMERICS.md: by definition and by
// comparing everything with everything, not by sorting.
import * as f from '../float.ts';
import { elementAt, tensorBy } from '../layout.ts';
import {
  at,
  axisOf,
  indicesOf,
  inputOf,
  intOf,
  numbersOf,
  sizeOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { rankOf } from './order.ts';

const int64 = (values: readonly number[], dims: readonly number[] = [values.length]) =>
  tensorOf('int64', dims, values.map(BigInt));

function nonZero(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const found = [...indicesOf(x.dims)].filter(
    (index) => rankOf(x.dtype, elementAt(x, index)) !== 0n,
  );
  const rows = x.dims.flatMap((_, axis) => found.map((index) => at(index, axis)));
  return [int64(rows, [x.dims.length, found.length])];
}

/** The tensor, or its elements in one axis where the node names none. */
function alongAxis(node: OracleNode): { x: OracleTensor; axis: number } {
  const given = inputOf(node, 0);
  if (!node.attributes.has('axis')) return { x: { ...given, dims: [sizeOf(given.dims)] }, axis: 0 };
  return { x: given, axis: axisOf(intOf(node, 'axis', 0), given.dims.length) };
}

const take = (x: OracleTensor, axis: number, places: readonly number[]): OracleTensor =>
  tensorBy(
    x.dtype,
    x.dims.map((dim, k) => (k === axis ? places.length : dim)),
    (index) =>
      elementAt(
        x,
        index.map((i, k) => (k === axis ? at(places, i) : i)),
      ),
  );

function compress(node: OracleNode): OracleTensor[] {
  const { x, axis } = alongAxis(node);
  const marks = numbersOf(inputOf(node, 1));
  return [
    take(
      x,
      axis,
      marks.flatMap((mark, i) => (mark === 1 ? [i] : [])),
    ),
  ];
}

function unique(node: OracleNode): OracleTensor[] {
  const { x, axis } = alongAxis(node);
  const count = at(x.dims, axis);
  const slice = (place: number): bigint[] => {
    const part = take(x, axis, [place]);
    return part.data.map((element) => rankOf(x.dtype, element));
  };
  const slices = Array.from({ length: count }, (_, i) => slice(i));
  const same = (a: number, b: number): boolean => at(slices, a).join() === at(slices, b).join();
  const before = (a: number, b: number): boolean => {
    const k = at(slices, a).findIndex((rank, i) => rank !== at(at(slices, b), i));
    return k >= 0 && at(at(slices, a), k) < at(at(slices, b), k);
  };
  const places = slices.map((_, i) => i);
  const firsts = places.filter((i) => places.findIndex((j) => same(i, j)) === i);
  // The place of a group is how many lie before it.
  const ordered =
    intOf(node, 'sorted', 1) === 0
      ? firsts
      : firsts.map((_, place) =>
          at(
            firsts.filter((i) => firsts.filter((j) => before(j, i)).length === place),
            0,
          ),
        );
  return [
    take(x, axis, ordered),
    int64(ordered),
    int64(places.map((i) => ordered.findIndex((j) => same(i, j)))),
    int64(ordered.map((i) => places.filter((j) => same(i, j)).length)),
  ];
}

const HALF = 0x3f000000;

function nonMaxSuppression(node: OracleNode): OracleTensor[] {
  const boxes = inputOf(node, 0);
  const scores = inputOf(node, 1);
  const one = (i: number): number | undefined => {
    const tensor = node.inputs[i];
    return tensor === undefined ? undefined : Number(at(tensor.data, 0));
  };
  const most = one(2) ?? 0;
  const limit = one(3) ?? f.kZero;
  const lowest = one(4);
  const words = wordsOf(boxes);
  const [batches, classes, count] = [0, 1, 2].map((axis) => at(scores.dims, axis)) as [
    number,
    number,
    number,
  ];
  const isCentre = intOf(node, 'center_point_box', 0) === 1;
  const box = (n: number, i: number) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => at(words, (n * count + i) * 4 + k)) as [
      number,
      number,
      number,
      number,
    ];
    const ends = (p: number, q: number) => {
      if (!isCentre) return { low: f.minimum(p, q), high: f.maximum(p, q) };
      const half = f.multiply(q, HALF);
      return { low: f.subtract(p, half), high: f.add(p, half) };
    };
    const sides = [ends(a, c), ends(b, d)] as const;
    const length = ({ low, high }: { low: number; high: number }) => f.subtract(high, low);
    return { sides, area: f.multiply(length(sides[0]), length(sides[1])) };
  };
  const covers = (n: number, i: number, j: number): boolean => {
    const [p, q] = [box(n, i), box(n, j)];
    const side = (k: 0 | 1): number =>
      f.maximum(
        f.kZero,
        f.subtract(
          f.minimum(p.sides[k].high, q.sides[k].high),
          f.maximum(p.sides[k].low, q.sides[k].low),
        ),
      );
    const common = f.multiply(side(0), side(1));
    const ratio = f.divide(common, f.subtract(f.add(p.area, q.area), common));
    return f.compare(ratio, limit) === 1;
  };
  const chosen: number[] = [];
  for (let n = 0; n < batches; n += 1) {
    for (let c = 0; c < classes; c += 1) {
      const score = (i: number): number => Number(at(scores.data, (n * classes + c) * count + i));
      let open = Array.from({ length: count }, (_, i) => i).filter(
        (i) => lowest === undefined || f.compare(score(i), lowest) === 1,
      );
      const kept: number[] = [];
      while (open.length > 0 && kept.length < most) {
        // The first one that none is above; a NaN is as low as −∞.
        const rank = (i: number): bigint =>
          f.isNaNWord(score(i)) ? -0x7f800000n : rankOf('float32', score(i));
        const best = at(
          open.filter((i) => open.every((j) => rank(j) <= rank(i))),
          0,
        );
        open = open.filter((i) => i !== best);
        if (!kept.some((k) => covers(n, best, k))) kept.push(best);
      }
      for (const i of kept) chosen.push(n, c, i);
    }
  }
  return [int64(chosen, [chosen.length / 3, 3])];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  NonZero: nonZero,
  Compress: compress,
  Unique: unique,
  NonMaxSuppression: nonMaxSuppression,
};
