// Where the values of a plan live: offsets in one arena, reused as soon as the last reader is done.
// Greedy: in one of several orders, each value at the lowest offset where it meets none that lives at the same time
// (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020: by size and by breadth).
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

interface Span {
  readonly value: Value;
  readonly first: number;
  readonly last: number;
  readonly size: number;
  offset: number;
}

/** The most bytes that live at one step, for each step from the feeds (-1) on. */
function breadths(spans: readonly Span[]): Float64Array {
  const end = spans.reduce((most, { last }) => Math.max(most, last), -1);
  const live = new Float64Array(end + 2);
  // Where sizes come and where they go, summed up.
  for (const { first, last, size } of spans) {
    live[first + 1] = (live[first + 1] ?? 0) + size;
    if (last + 2 < live.length) live[last + 2] = (live[last + 2] ?? 0) - size;
  }
  for (let at = 1; at < live.length; at += 1) live[at] = (live[at] ?? 0) + (live[at - 1] ?? 0);
  return live;
}

/** Places spans in this order, each at the lowest offset where it meets none that lives with it; gives the size of all. */
function place(spans: readonly Span[]): number {
  const placed: Span[] = []; // by offset
  let bytes = 0;
  for (const span of spans) {
    span.offset = 0;
    for (const rival of placed) {
      if (rival.first > span.last || span.first > rival.last) continue;
      if (span.offset + span.size <= rival.offset) break;
      span.offset = Math.max(span.offset, rival.offset + rival.size);
    }
    let at = placed.length;
    while (at > 0 && (placed[at - 1]?.offset ?? 0) > span.offset) at -= 1;
    placed.splice(at, 0, span);
    bytes = Math.max(bytes, span.offset + span.size);
  }
  return bytes;
}

/** An arena this close to what lives at one time is not worth another order. */
const CLOSE = 1.05;

/** What a value that has outgrown its place gets more than it needs, as a share, so that one that grows is not placed each time. */
const ROOM = 1 / 16;

/** Where the stored values of a plan lie, by their ids. */
export interface Arrangement {
  readonly structure: object;
  /** Bytes that each has, aligned. */
  readonly sizes: ReadonlyMap<number, number>;
  readonly offsets: ReadonlyMap<number, number>;
  /** Of the whole arena. */
  readonly bytes: number;
}

/**
 * Offsets of all stored values, `align`-aligned, and the arena's size in bytes. Of several orders the one that needs least:
 * by size; by breadth, which are the values of the fullest step first; by how long they live; by size times that.
 *
 * @param before of the plan before: where values live as they did there, and fit where they lay without much room, they stay there
 */
export function arrange(plan: Plan, align: number, before?: Arrangement): Arrangement {
  const { structure } = plan;
  const aligned = (bytes: number): number => Math.ceil(bytes / align) * align;
  // 16 bytes more: kernels may load a whole vector at the last element.
  const least = (value: Value): number => aligned(byteLengthOf(value) + 16);
  const known = before?.structure === structure ? before : undefined;
  const roomy = (size: number): number => aligned(size + size * ROOM);
  const fits = (size: number, had: number): boolean => size <= had && had <= roomy(size);
  const stays = ([id, had]: [number, number]): boolean => fits(least(plan.value(id)), had);
  if (known !== undefined && [...known.sizes].every(stays)) return known;
  const sizeFor = (value: Value): number => {
    const size = least(value);
    const had = known?.sizes.get(value.id) ?? size;
    if (fits(size, had)) return had;
    return size > had ? roomy(size) : size;
  };
  const spans = [...lifetimes(plan)].map(([value, span]) => ({
    value,
    ...span,
    size: sizeFor(value),
    offset: 0,
  }));
  const live = breadths(spans);
  const bound = live.reduce((most, bytes) => Math.max(most, bytes), 0);
  const length = ({ first, last }: Span): number => last - first + 1;
  const fullest = ({ first, last }: Span): number =>
    live.subarray(first + 1, last + 2).reduce((most, bytes) => Math.max(most, bytes), 0);
  // What comes first; then by size.
  const orders: ((span: Span) => number)[] = [
    () => 0,
    fullest,
    length,
    (span) => span.size * length(span),
  ];
  let best = { offsets: new Map<number, number>(), bytes: Number.POSITIVE_INFINITY };
  for (const order of orders) {
    const keyed = spans.map((span) => ({ span, key: order(span) }));
    keyed.sort((a, b) => b.key - a.key || b.span.size - a.span.size || a.span.first - b.span.first);
    const bytes = place(keyed.map(({ span }) => span));
    if (bytes < best.bytes) {
      best = { offsets: new Map(spans.map(({ value, offset }) => [value.id, offset])), bytes };
    }
    if (best.bytes <= CLOSE * bound) break;
  }
  return { structure, sizes: new Map(spans.map(({ value, size }) => [value.id, size])), ...best };
}
