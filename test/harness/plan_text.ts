// A plan as a text: steps with their words, operands and results numbered as they come, constants by their bytes, places in
// the arena, outputs. Two plans with one text compute the same from the same places.
import { createHash } from 'node:crypto';
import { gridOfDispatch, inputsOf } from '../../src/core/op.ts';
import { wordsOf } from '../../src/core/words.ts';
import type { Value } from '../../src/core/value.ts';
import { arrange } from '../../src/graph/memory.ts';
import type { Plan } from '../../src/graph/plan.ts';

export function textOfPlan(plan: Plan): string {
  const numbers = new Map<Value, number>();
  const { offsets, bytes } = arrange(plan, 64);
  const textOf = (value: Value): string => {
    const root = plan.root(value);
    const type = `${value.dtype}[${value.dims.join()}]${value.canonical ? 'c' : ''}`;
    const constant = plan.constant(root);
    if (constant !== undefined) {
      return `${type}=${createHash('sha1').update(constant.bytes()).digest('hex')}`;
    }
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return `${type}#${number}@${offsets.get(root)}`;
  };
  const steps = plan.steps.map(({ dispatch, nodes }) => {
    const { kernel, units, unitCost, scratch, constants, outputs, chain } = dispatch;
    return [
      kernel.name,
      wordsOf(dispatch).join(),
      `${units} x ${unitCost}, ${scratch}, ${gridOfDispatch(dispatch).join(' x ')}`,
      JSON.stringify(constants),
      chain?.steps.map(({ op, args }) => `${op}(${args.join()})`).join(' '),
      inputsOf(dispatch).map(textOf).join(' '),
      outputs.map(textOf).join(' '),
      `of ${nodes.join()}`,
    ].join('; ');
  });
  const named = (values: ReadonlyMap<string, Value>): string[] =>
    [...values].map(([name, value]) => `${name}: ${textOf(value)}`);
  const deferred = plan.deferred.map(({ index }) => index).join();
  return [
    ...named(plan.feeds),
    ...steps,
    ...named(plan.outputs),
    `${bytes} bytes; deferred ${deferred}`,
  ].join('\n');
}
