// Common subexpressions: a dispatch that repeats another one, the same kernel with the same Params on the same values, is
// left out, and its outputs are the other's. R5: equal operands give equal bits, so none moves; a test compares every
// plan with and without. Not here: what counts as the same value (aliases are the planner's).
import { inputsOf, type Dispatch } from '../core/op.ts';
import { wordsOf } from '../core/words.ts';
import { sameNumbers, sameShape } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import type { Step } from './plan.ts';

const isSameType = (x: Value, y: Value | undefined): boolean =>
  x.dtype === y?.dtype && sameShape(x.dims, y.dims);
// A program's loads read by dims and strides that its words hold; what its operands may be taken for, they do not.
const isReadAlike = (x: Value, y: Value | undefined): boolean =>
  x.dtype === y?.dtype && x.canonical === y.canonical;

/** Whether two dispatches on the same operands compute the same. */
function isSame(a: Dispatch, b: Dispatch): boolean {
  const operands = inputsOf(b);
  return (
    a.kernel.name === b.kernel.name &&
    a.kernel.module === b.kernel.module &&
    a.units === b.units &&
    sameNumbers(wordsOf(a), wordsOf(b)) &&
    a.outputs.length === b.outputs.length &&
    a.outputs.every((value, i) => isSameType(value, b.outputs[i])) &&
    inputsOf(a).every((value, i) => isReadAlike(value, operands[i])) &&
    JSON.stringify(a.constants) === JSON.stringify(b.constants)
  );
}

/** A small number that is the same for the same operands. */
const hashOf = (operands: readonly number[]): number =>
  operands.reduce((hash, id) => (Math.imul(hash, 31) + id) & 0x3fffffff, operands.length);

interface Kept {
  step: Step;
  readonly operands: readonly number[];
}

function repeatedBy(
  others: readonly Kept[],
  operands: readonly number[],
  dispatch: Dispatch,
): Kept | undefined {
  for (const other of others) {
    if (sameNumbers(other.operands, operands) && isSame(other.step.dispatch, dispatch))
      return other;
  }
  return undefined;
}

/**
 * The steps without repetitions, in order.
 *
 * @param identity equal for values that share their storage or are the same constant
 * @param alias says that an output of a step left out is an output of another
 */
export function shareSteps(
  steps: readonly Step[],
  root: (value: Value) => Value,
  identity: (value: Value) => number,
  alias: (to: Value, from: Value) => void,
): Step[] {
  const alike = new Map<number, Kept[]>();
  const kept: Kept[] = [];
  for (const step of steps) {
    const { dispatch } = step;
    const operands = inputsOf(dispatch).map(identity);
    const hash = hashOf(operands);
    const others = alike.get(hash);
    const same = others === undefined ? undefined : repeatedBy(others, operands, dispatch);
    if (same === undefined) {
      const one = { step, operands };
      if (others === undefined) alike.set(hash, [one]);
      else others.push(one);
      kept.push(one);
      continue;
    }
    const earlier = same.step;
    dispatch.outputs.forEach((value, i) => {
      const from = earlier.dispatch.outputs[i];
      if (from !== undefined) alias(root(value), root(from));
    });
    same.step = { ...earlier, nodes: [...new Set([...earlier.nodes, ...step.nodes])] };
  }
  return kept.map(({ step }) => step);
}
