// GPU buffers of one executable: one buffer a slot, slots reused by values that do not live together.
// A buffer may not be read-only and writable in one dispatch, so two values of one dispatch never share.
import type { Value } from '../../core/value.ts';
import { byteLengthOf, lifetimes } from '../../graph/memory.ts';
import type { Plan } from '../../graph/plan.ts';

export const align = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of a value's buffer: whole 16-byte vectors, never empty. */
export function bufferSizeOf(value: Value): number {
  return Math.max(16, align(byteLengthOf(value), 16));
}

/** A slot number for each stored value, and the slots' sizes. First fit by size, in order of first use. */
export function assignSlots(plan: Plan): { slots: Map<Value, number>; sizes: number[] } {
  const spans = [...lifetimes(plan)].sort((a, b) => a[1].first - b[1].first);
  const slots = new Map<Value, number>();
  const sizes: number[] = [];
  const busyUntil: number[] = [];
  for (const [value, span] of spans) {
    const size = bufferSizeOf(value);
    let best = -1;
    sizes.forEach((have, slot) => {
      // A slot wastes at most as much as it serves; a larger one is kept for larger values.
      const fits = have >= size && have <= size * 2 && (busyUntil[slot] ?? 0) < span.first;
      if (fits && (best < 0 || have < (sizes[best] ?? 0))) best = slot;
    });
    if (best < 0) best = sizes.push(size) - 1;
    busyUntil[best] = span.last;
    slots.set(value, best);
  }
  return { slots, sizes };
}
