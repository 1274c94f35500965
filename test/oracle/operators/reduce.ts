// Reductions, of the terms of each output in row-major order of the reduced axes ("Reductions" in docs/NUMERICS.md).
import * as double from '../double.ts';
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { elementOf, rangeOf, wrapped } from '../integer.ts';
import type { Element } from '../layout.ts';
import { axisOf, inputOf, intOf, intsOf, numbersOf, tensorOf } from '../node.ts';
import { setsAlong, termsOf } from '../sets.ts';
import type { OracleNode, OracleOperator, OracleType } from '../types.ts';

type Fold = (terms: readonly number[]) => number;
type Fold64 = (terms: readonly bigint[]) => bigint;
type IntegerFold = (terms: readonly bigint[], dtype: OracleType) => bigint;

const square = (x: number): number => f.multiply(x, x);

/** The largest term, by canonical reads; NaN if one is; −∞ of none. */
export const greatest: Fold = (terms) => terms.reduce(f.maximum, f.kMinusInfinity);
const least: Fold = (terms) => terms.reduce(f.minimum, f.kInfinity);
export const sumOfSquares: Fold = (terms) => f.sumTree(terms.map(square));
export const sumOfMagnitudes: Fold = (terms) => f.sumTree(terms.map(f.absolute));
/** Sum ÷ count, the count rounded to f32. */
export const mean: Fold = (terms) =>
  f.divide(f.sumTree(terms), f.wordOfInteger(BigInt(terms.length)));

const logSumExp: Fold = (terms) => {
  const top = greatest(terms);
  const m = f.isFinite(top) ? top : f.kZero;
  return f.add(elementary.log(f.sumTree(terms.map((x) => elementary.exp(f.subtract(x, m))))), m);
};

const addAll: IntegerFold = (terms) => terms.reduce((a, b) => a + b, 0n);
const integerRange = (dtype: OracleType): readonly [bigint, bigint] =>
  dtype === 'bool' ? [0n, 1n] : rangeOf(dtype);

function reduction(fold: Fold, exact?: IntegerFold, fold64?: Fold64): OracleOperator {
  return (node) => {
    const x = inputOf(node, 0);
    const { axes, each } = axesOf(node, x.dims.length);
    const { kept, positions } = each
      ? { kept: x.dims, positions: x.data.map((_, i) => [i]) }
      : setsAlong(x.dims, axes);
    const reduced = new Set(axes.map((axis) => axisOf(axis, x.dims.length)));
    const dims =
      each || intOf(node, 'keepdims', 1) !== 0
        ? kept
        : kept.filter((_, axis) => !reduced.has(axis));
    const value = (set: readonly number[]): Element => {
      const terms = termsOf(x.data, set);
      if (x.dtype === 'float32') return f.store(fold(terms.map(Number)));
      if (x.dtype === 'float64' && fold64 !== undefined) return fold64(terms.map(BigInt));
      if (exact === undefined) throw new TypeError(`${node.opType}: no ${x.dtype}.`);
      const result = exact(terms.map(BigInt), x.dtype);
      return x.dtype === 'bool' ? Number(result) : wrapped(x.dtype, result);
    };
    return [tensorOf(x.dtype, dims, positions.map(value))];
  };
}

/** The axes, from the input or the attribute; all if there are none, unless that means that nothing is reduced. */
function axesOf(node: OracleNode, rank: number): { axes: readonly number[]; each: boolean } {
  const input = node.inputs[1];
  const given = input === undefined ? (intsOf(node, 'axes') ?? []) : numbersOf(input);
  if (given.length > 0) return { axes: given, each: false };
  return {
    axes: Array.from({ length: rank }, (_, axis) => axis),
    each: intOf(node, 'noop_with_empty_axes', 0) !== 0,
  };
}

/** The folds of float64: the same compositions, nothing flushed. */
const greatest64: Fold64 = (terms) => terms.reduce(double.maximum, double.kMinusInfinity);
const squares64: Fold64 = (terms) => double.sumTree(terms.map((x) => double.multiply(x, x)));
const logSumExp64: Fold64 = (terms) => {
  const top = greatest64(terms);
  const m = double.isFinite(top) ? top : 0n;
  const sum = double.sumTree(terms.map((x) => double.exp(double.subtract(x, m))));
  return double.add(double.log(sum), m);
};
const mean64: Fold64 = (terms) =>
  double.divide(double.sumTree(terms), double.round(BigInt(terms.length)));

const square64: IntegerFold = (terms, dtype) =>
  addAll(
    terms.map((x) => x * x),
    dtype,
  );
const magnitudes: IntegerFold = (terms, dtype) =>
  addAll(
    terms.map((x) => BigInt(wrapped(dtype, x < 0n ? -x : x))),
    dtype,
  );
/** The wrapped sum divided by the count, truncated; 0 of none. */
const integerMean: IntegerFold = (terms, dtype) =>
  terms.length === 0 ? 0n : BigInt(wrapped(dtype, addAll(terms, dtype))) / BigInt(terms.length);

export const operators: Readonly<Record<string, OracleOperator>> = {
  ReduceL1: reduction(sumOfMagnitudes, magnitudes, (terms) =>
    double.sumTree(terms.map(double.absolute)),
  ),
  ReduceL2: reduction(
    (terms) => f.sqrt(sumOfSquares(terms)),
    undefined,
    (terms) => double.sqrt(squares64(terms)),
  ),
  ReduceLogSum: reduction(
    (terms) => elementary.log(f.sumTree(terms)),
    undefined,
    (terms) => double.log(double.sumTree(terms)),
  ),
  ReduceLogSumExp: reduction(logSumExp, undefined, logSumExp64),
  ReduceMax: reduction(
    greatest,
    (terms, dtype) => terms.reduce((a, b) => (b > a ? b : a), integerRange(dtype)[0]),
    greatest64,
  ),
  ReduceMean: reduction(mean, integerMean, mean64),
  ReduceMin: reduction(
    least,
    (terms, dtype) => terms.reduce((a, b) => (b < a ? b : a), integerRange(dtype)[1]),
    (terms) => terms.reduce(double.minimum, double.kInfinity),
  ),
  ReduceProd: reduction(
    f.productTree,
    (terms) => terms.reduce((a, b) => a * b, 1n),
    double.productTree,
  ),
  ReduceSum: reduction(f.sumTree, addAll, double.sumTree),
  ReduceSumSquare: reduction(sumOfSquares, square64, squares64),
};

/** CumSum and CumProd: running sums and products, each a V2 operation (of float64 a V9 one), or exact and wrapped. */
const cumulated =
  (product: boolean): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    const { dtype } = x;
    const [axis = 0] = numbersOf(inputOf(node, 1));
    const exclusive = intOf(node, 'exclusive', 0) !== 0;
    const reverse = intOf(node, 'reverse', 0) !== 0;
    let start: Element;
    if (dtype === 'float32') start = product ? f.kOne : f.kZero;
    else if (dtype === 'float64') start = product ? double.kOne : 0n;
    else start = elementOf(dtype, product ? 1n : 0n);
    const combine = (a: Element, b: Element): Element => {
      if (dtype === 'float32') return (product ? f.multiply : f.add)(Number(a), Number(b));
      if (dtype === 'float64')
        return (product ? double.multiply : double.add)(BigInt(a), BigInt(b));
      return wrapped(dtype, product ? BigInt(a) * BigInt(b) : BigInt(a) + BigInt(b));
    };
    const data: Element[] = [...x.data];
    for (const set of setsAlong(x.dims, [axis]).positions) {
      let sum = start;
      for (const position of reverse ? set.toReversed() : set) {
        const next = combine(sum, x.data[position] ?? start);
        data[position] = exclusive ? sum : next;
        sum = next;
      }
    }
    return [tensorOf(dtype, x.dims, data)];
  };

export const cumulative: Readonly<Record<string, OracleOperator>> = {
  CumProd: cumulated(true),
  CumSum: cumulated(false),
};
