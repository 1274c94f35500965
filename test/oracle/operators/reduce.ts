// Reductions, of the terms of each output in row-major order of the reduced axes ("Reductions" in docs/NUMERICS.md).
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { elementOf, rangeOf, wrapped } from '../integer.ts';
import type { Element } from '../layout.ts';
import { axisOf, inputOf, intOf, intsOf, numbersOf, tensorOf } from '../node.ts';
import { setsAlong, termsOf } from '../sets.ts';
import type { OracleNode, OracleOperator, OracleType } from '../types.ts';

type Fold = (terms: readonly number[]) => number;
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

function reduction(fold: Fold, exact?: IntegerFold): OracleOperator {
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

export const operators: Readonly<Record<string, OracleOperator>> = {
  ReduceL1: reduction(sumOfMagnitudes),
  ReduceL2: reduction((terms) => f.sqrt(sumOfSquares(terms))),
  ReduceLogSum: reduction((terms) => elementary.log(f.sumTree(terms))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(greatest, (terms, dtype) =>
    terms.reduce((a, b) => (b > a ? b : a), integerRange(dtype)[0]),
  ),
  ReduceMean: reduction(mean),
  ReduceMin: reduction(least, (terms, dtype) =>
    terms.reduce((a, b) => (b < a ? b : a), integerRange(dtype)[1]),
  ),
  ReduceProd: reduction(f.productTree, (terms) => terms.reduce((a, b) => a * b, 1n)),
  ReduceSum: reduction(f.sumTree, addAll),
  ReduceSumSquare: reduction(sumOfSquares, (terms) =>
    addAll(
      terms.map((x) => x * x),
      'int64',
    ),
  ),
};

/** CumSum: running sums, each a V2 operation, or exact and wrapped. */
function cumSum(node: OracleNode): ReturnType<OracleOperator> {
  const x = inputOf(node, 0);
  const [axis = 0] = numbersOf(inputOf(node, 1));
  const exclusive = intOf(node, 'exclusive', 0) !== 0;
  const reverse = intOf(node, 'reverse', 0) !== 0;
  const float = x.dtype === 'float32';
  const zero: Element = float ? f.kZero : elementOf(x.dtype, 0n);
  const plus = (a: Element, b: Element): Element =>
    float ? f.add(Number(a), Number(b)) : wrapped(x.dtype, BigInt(a) + BigInt(b));
  const data: Element[] = [...x.data];
  for (const set of setsAlong(x.dims, [axis]).positions) {
    let sum = zero;
    for (const position of reverse ? set.toReversed() : set) {
      const next = plus(sum, x.data[position] ?? zero);
      data[position] = exclusive ? sum : next;
      sum = next;
    }
  }
  return [tensorOf(x.dtype, x.dims, data)];
}

export const cumulative: Readonly<Record<string, OracleOperator>> = { CumSum: cumSum };
