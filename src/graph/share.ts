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
  // Whole keys are long: they are made where kernel and operands are those of another step.
  const alike = new Map<string, { key: string | undefined; at: number }[]>();
  const kept: Step[] = [];
  for (const step of steps) {
    const operands = inputsOf(step.dispatch).map(identity);
    const name = `${step.dispatch.kernel.name} ${operands.join()}`;
    const others = alike.get(name) ?? [];
    const key = others.length === 0 ? undefined : keyOf(step.dispatch, identity);
    const found = others.find((other) => {
      const earlier = kept[other.at];
      if (earlier !== undefined) other.key ??= keyOf(earlier.dispatch, identity);
      return other.key === key;
    });
    const same = found === undefined ? undefined : kept[found.at];
    if (found === undefined || same === undefined) {
      alike.set(name, [...others, { key, at: kept.length }]);
      kept.push(step);
      continue;
    }
    step.dispatch.outputs.forEach((value, i) => {
      const from = same.dispatch.outputs[i];
      if (from !== undefined) alias(root(value), root(from));
    });
    const nodes = [...new Set([...same.nodes, ...step.nodes])];
    kept[found.at] = { ...same, nodes };
  }
  return kept;
}
