// Where the values of a plan live: offsets in one arena, reused as soon as the last reader is done.
// Greedy by size: the largest values are placed first, each at the lowest offset where it meets no value that
// lives at the same time (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
import { dtypeInfo } from '../core/dtype.ts';
import { inputsOf } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import type { Plan } from './plan.ts';

/** Bytes of a value, as stored. */
export function byteLengthOf(value: Value): number {
  return sizeOf(value.dims) * dtypeInfo(value.dtype).bytes;
}

/** First and last step at which each stored value must be intact; feeds from -1, outputs to the end. */
export function lifetimes(plan: Plan): Map<Value, { first: number; last: number }> {
  const spans = new Map<Value, { first: number; last: number }>();
  const touch = (value: Value, at: number): void => {
    const root = plan.root(value);
    if (plan.constant(root) !== undefined) return;
    const span = spans.get(root);
    if (span === undefined) spans.set(root, { first: at, last: at });
    else span.last = at;
  };
  for (const value of plan.feeds.values()) touch(value, -1);
  plan.steps.forEach(({ dispatch }, i) => {
    for (const value of inputsOf(dispatch)) touch(value, i);
    for (const value of dispatch.outputs) touch(value, i);
  });
  for (const value of plan.outputs.values()) touch(value, plan.steps.length);
  return spans;
}

/** Offsets of all stored values, `align`-aligned, and the arena's size in bytes. */
export function arrange(plan: Plan, align: number): { offsets: Map<Value, number>; bytes: number } {
  const spans = [...lifetimes(plan)].map(([value, span]) => ({
    value,
    ...span,
    // 16 bytes more: kernels may load a whole vector at the last element.
    size: Math.ceil((byteLengthOf(value) + 16) / align) * align,
    offset: 0,
  }));
  spans.sort((a, b) => b.size - a.size || a.first - b.first);
  const placed: typeof spans = [];
  let bytes = 0;
  for (const span of spans) {
    const rivals = placed
      .filter((other) => other.first <= span.last && span.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    for (const rival of rivals) {
      if (span.offset + span.size <= rival.offset) break;
      span.offset = Math.max(span.offset, rival.offset + rival.size);
    }
    placed.push(span);
    bytes = Math.max(bytes, span.offset + span.size);
  }
  return { offsets: new Map(placed.map((span) => [span.value, span.offset])), bytes };
}
