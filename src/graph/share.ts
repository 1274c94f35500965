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

/** Whether two dispatches of one kernel on the same operands compute the same. */
function isSame(a: Dispatch, b: Dispatch): boolean {
  const operands = inputsOf(b);
  return (
    a.units === b.units &&
    sameNumbers(wordsOf(a), wordsOf(b)) &&
    a.outputs.length === b.outputs.length &&
    a.outputs.every((value, i) => isSameType(value, b.outputs[i])) &&
    inputsOf(a).every((value, i) => isReadAlike(value, operands[i])) &&
    JSON.stringify(a.constants) === JSON.stringify(b.constants)
  );
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
  identity: (value: Value) => string,
  alias: (to: Value, from: Value) => void,
): Step[] {
  const alike = new Map<string, number[]>();
  const kept: Step[] = [];
  for (const step of steps) {
    const { dispatch } = step;
    const name = `${dispatch.kernel.name} ${inputsOf(dispatch).map(identity).join()}`;
    const others = alike.get(name);
    const at = others?.find((other) => {
      const earlier = kept[other];
      return earlier !== undefined && isSame(earlier.dispatch, dispatch);
    });
    const same = at === undefined ? undefined : kept[at];
    if (at === undefined || same === undefined) {
      if (others === undefined) alike.set(name, [kept.length]);
      else others.push(kept.length);
      kept.push(step);
      continue;
    }
    step.dispatch.outputs.forEach((value, i) => {
      const from = same.dispatch.outputs[i];
      if (from !== undefined) alias(root(value), root(from));
    });
    const nodes = [...new Set([...same.nodes, ...step.nodes])];
    kept[at] = { ...same, nodes };
  }
  return kept;
}
