// Small integer inputs that a shape depends on: axes, shapes, pads, repeats. They must be known while planning.
import type { ShapeContext } from '../core/op.ts';
import { clampedNumber, normalizeAxis } from '../core/shape.ts';

/** The contents of input `i` as numbers. @throws TypeError if it is computed, or no integer tensor */
export function knownIntegers(node: ShapeContext, i: number, what: string): number[] {
  const dtype = node.input(i).dtype;
  if (dtype !== 'int64' && dtype !== 'int32') {
    throw new TypeError(
      `${node.opType}: ${what} (input ${i}): expected int64 or int32, got ${dtype}. Cast it to int64.`,
    );
  }
  return Array.from<number | bigint, number>(node.known(i, what), (value) =>
    typeof value === 'bigint' ? clampedNumber(value) : value,
  );
}

/** Input `i` where the node has it, else the attribute of older opsets, else undefined. */
export function integersOf(
  node: ShapeContext,
  i: number,
  name: string,
): readonly number[] | undefined {
  if (node.optional(i) !== undefined) return knownIntegers(node, i, name);
  return node.has(name) ? node.ints(name) : undefined;
}

/** Axes counted from the front. @throws RangeError for one out of range or named twice */
export function normalizeAxes(op: string, axes: readonly number[], rank: number): number[] {
  const normal = axes.map((axis) => normalizeAxis(op, axis, rank));
  if (new Set(normal).size !== normal.length) {
    throw new RangeError(
      `${op}: an axis is named twice: expected different axes, got [${axes.join(', ')}]. Name each once.`,
    );
  }
  return normal;
}
