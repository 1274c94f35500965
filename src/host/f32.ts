// f32 arithmetic of operators of the host: single operations as V2 states them, sums as V4 does. A double holds every sum,
// difference and product of two f32 and its quotient to more than 2 · 24 + 2 bits, so that Math.fround of it is the exact
// result rounded once. No elementary function: those are planned operators (HostContext.call).
import { canonicalWord, f32OfWord, summandWord, wordOfF32 } from '../core/bits.ts';

/** A value as V2 reads and stores it. */
export const canonical = (x: number): number => f32OfWord(canonicalWord(wordOfF32(x)));

export const add = (x: number, y: number): number => canonical(canonical(x) + canonical(y));
export const subtract = (x: number, y: number): number => canonical(canonical(x) - canonical(y));
export const multiply = (x: number, y: number): number => canonical(canonical(x) * canonical(y));

/** x / 0 is an infinity with the sign of x: zero has none (V2). */
export const divide = (x: number, y: number): number => canonical(canonical(x) / canonical(y));

/** NaN if one of them is. */
export const least = (x: number, y: number): number => Math.min(canonical(x), canonical(y));
export const greatest = (x: number, y: number): number => Math.max(canonical(x), canonical(y));

const RADIX = 64;

/** The sum of terms as a tree (V4), each sum rounded by `round`. */
export function sumOf(terms: readonly number[], round: (x: number) => number): number {
  let level = terms;
  do {
    const next: number[] = [];
    for (let from = 0; from < level.length; from += RADIX) {
      let total = 0;
      for (const x of level.slice(from, from + RADIX)) total = round(total + x);
      next.push(total);
    }
    level = next;
  } while (level.length > 1);
  return level[0] ?? 0;
}

/** The sum of plain summands (V3, V4). */
export function sum(terms: readonly number[]): number {
  const words = terms.map((x) => f32OfWord(summandWord(wordOfF32(x))));
  return canonical(sumOf(words, Math.fround));
}

/**
 * A number whose order is that of the word's values as V2 reads them: NaN above +∞. Equal values have equal keys.
 */
export function orderKey(word: number): number {
  const bits = canonicalWord(word);
  return bits >>> 31 === 1 ? -(bits & 0x7fffffff) : bits;
}
