// A plan as a text: steps with their words, operands and results numbered as they come, constants by their bytes, places in
// the arena, outputs. Two plans with one text compute the same from the same places; an error that planning ends in is a text
// too.
import { createHash } from 'node:crypto';
import type { Evaluator } from '../../src/core/constant.ts';
import { gridOfDispatch, inputsOf } from '../../src/core/op.ts';
import { wordsOf } from '../../src/core/words.ts';
import type { Tiles } from '../../src/core/tiles.ts';
import type { Value } from '../../src/core/value.ts';
import type { CheckedGraph } from '../../src/graph/check.ts';
import type { ConstantStore } from '../../src/graph/constant_store.ts';
import { arrange } from '../../src/graph/memory.ts';
import type { FeedType, Plan, PlanOptions } from '../../src/graph/plan.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { SEED_FEED, seedTensor } from '../../src/graph/seed.ts';

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
    return `${type}#${number}@${offsets.get(root.id)}`;
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

/** What is planned, but for the feeds. */
export interface Planning {
  readonly core: Evaluator;
  readonly checked: CheckedGraph;
  readonly store: ConstantStore;
  readonly target?: 'wasm' | 'webgpu';
  /** Of the graph if not given. */
  readonly outputs?: readonly string[];
  readonly fuse?: boolean;
  readonly tiles?: Tiles;
  readonly keep?: PlanOptions['keep'];
  /** Takes the plan, which it releases; released at once if not given. */
  readonly take?: (plan: Plan) => void;
}

/** The plan for these feeds as a text, or the error that planning ends in. */
export function plannedText(
  { core, checked, store, target = 'wasm', outputs, fuse = true, tiles, keep, take }: Planning,
  feeds: ReadonlyMap<string, FeedType>,
): string {
  const { dtype, dims } = seedTensor(0);
  const fed = new Map([...feeds, [SEED_FEED, { dtype, dims }]]);
  const wanted = outputs ?? checked.graph.outputs.map(({ name }) => name);
  try {
    const kept = keep === undefined ? {} : { keep };
    const options = { target, tiles, outputs: wanted, fuse, ...kept };
    const plan = planGraph(checked, store, core, fed, options);
    const text = textOfPlan(plan);
    if (take === undefined) plan.release();
    else take(plan);
    return text;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return error.message;
    throw error;
  }
}
