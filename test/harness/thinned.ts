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

/** Every `of`-th of a list, from the one at `at` on: all shares together are the list. Of a short one at least one. */
export function shareOf<T>(list: readonly T[], at: number, of: number): T[] {
  const some = list.filter((_, i) => i % of === at);
  return some.length > 0 ? some : list.slice(-1);
}
