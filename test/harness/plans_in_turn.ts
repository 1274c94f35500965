// Plans of one graph for feeds one after the other, each made of the one before where that can be, beside plans of planners that
// saw nothing before. Not here: which graphs and feeds.
import { vi } from 'vitest';
import type { WasmBackend } from '../../src/backends/wasm.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { arrange, byteLengthOf, lifetimes, type Arrangement } from '../../src/graph/memory.ts';
import type { FeedType, Plan } from '../../src/graph/plan.ts';
import { Planner } from '../../src/graph/planning.ts';
import { registry } from '../../src/registry.ts';
import { plannedText, textOfPlan } from './plan_text.ts';

export type Types = ReadonlyMap<string, FeedType>;

/** Nodes that were lowered since it was cleared. */
export const lowered = vi.spyOn(Planner.prototype, 'begin');
/** Nodes that were lowered in plans made of others, and in plans of their own. */
export const counts = { of: 0, alone: 0 };

/** Whether no two values that live at one time share a byte, and all have room. */
export function meetsNone(plan: Plan, { offsets, sizes, bytes }: Arrangement): boolean {
  const spans = [...lifetimes(plan)].map(([{ id }, { first, last }]) => {
    const begin = offsets.get(id) ?? -1;
    const size = sizes.get(id) ?? 0;
    if (size < byteLengthOf(plan.value(id)) + 16) return { begin: -1, end: 0, first, last };
    return { begin, end: begin + size, first, last };
  });
  return spans.every(
    (a, i) =>
      a.begin >= 0 &&
      a.end <= bytes &&
      spans
        .slice(i + 1)
        .every((b) => a.end <= b.begin || b.end <= a.begin || a.last < b.first || b.last < a.first),
  );
}

/**
 * Plans for one feed after the other, each of the one before, beside plans of their own; says which differ, place values badly or
 * change the one before.
 *
 * @param areHeld whether a plan is released behind the next, which then finds what it holds, or before it
 */
export function differing(
  core: WasmBackend,
  graph: Graph,
  feeds: readonly Types[],
  target: 'wasm' | 'webgpu',
  areHeld: boolean,
): number[] {
  const checked = checkGraph(graph, registry);
  const store = new ConstantStore();
  let arranged: Arrangement | undefined;
  let last: Plan | undefined;
  let text = '';
  let areApart = true;
  let isLeft = true;
  const take = (plan: Plan): void => {
    arranged = arrange(plan, 64, arranged);
    areApart &&= meetsNone(plan, arranged);
    isLeft &&= last === undefined || textOfPlan(last) === text;
    last?.release();
    last = undefined;
    if (!areHeld) return plan.release();
    last = plan;
    text = textOfPlan(plan);
  };
  const wrong = feeds.flatMap((types, i) => {
    lowered.mockClear();
    const own = plannedText({ core, checked, store, target, take }, types);
    counts.of += lowered.mock.calls.length;
    lowered.mockClear();
    const alone = new ConstantStore();
    const expected = plannedText({ core, checked, store: alone, target }, types);
    counts.alone += lowered.mock.calls.length;
    alone.release();
    return own === expected && areApart && isLeft ? [] : [i];
  });
  last?.release();
  store.release();
  return wrong;
}
