// Common subexpressions: a dispatch that repeats another one, the same kernel with the same Params on the same values, is
// left out, and its outputs are the other's. R5: equal operands give equal bits, so none moves; a test compares every
// plan with and without. Not here: what counts as the same value (aliases are the planner's).
import { inputsOf, wordsOf, type Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import type { Step } from './plan.ts';

/** What makes two dispatches compute the same. */
function keyOf(dispatch: Dispatch, identity: (value: Value) => string): string {
  const { kernel, units, constants, chain, outputs } = dispatch;
  const types = outputs.map(({ dtype, dims }) => `${dtype}[${dims.join()}]`);
  const operands = inputsOf(dispatch).map((value) => `${identity(value)}:${value.dtype}`);
  // A program's loads read by dims and strides that its words hold; what its operands may be taken for, they do not.
  const canonical = inputsOf(dispatch).map((value) => (value.canonical ? 1 : 0));
  return [
    kernel.name,
    wordsOf(dispatch).join(),
    units,
    JSON.stringify(constants),
    chain === undefined ? '' : chain.steps.map(({ op }) => op).join(),
    operands.join(),
    canonical.join(),
    types.join(),
  ].join(' ');
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
  const first = new Map<string, number>();
  const kept: Step[] = [];
  for (const step of steps) {
    const key = keyOf(step.dispatch, identity);
    const at = first.get(key);
    const same = at === undefined ? undefined : kept[at];
    if (at === undefined || same === undefined) {
      first.set(key, kept.length);
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
