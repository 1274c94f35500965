// Fewer of many: what slow stacks run of each case file in `npm test`, evenly spread over it, the same ones every time.
// FULL=1 takes all, on every stack.

/** At most `most` of a list, evenly spread, the first and last among them. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => {
    const one = list[Math.round((i * (list.length - 1)) / (most - 1))];
    if (one === undefined) throw new RangeError(`thinned: expected at least 2, got ${most}.`);
    return one;
  });
}
