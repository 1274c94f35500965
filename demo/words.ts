// Results as words: two runs are compared as the u32 words of their f32 elements, never as numbers, because -0 equals
// +0 and NaN differs from itself. Nothing here computes with floats.
import type { Tensor } from '../src/index.ts';

/** The words of a float32 tensor, as `0x3f800000`. */
export function wordsOf(tensor: Tensor): string[] {
  const { data } = tensor;
  if (!(data instanceof Float32Array)) {
    throw new TypeError(`wordsOf: expected a float32 tensor, got ${tensor.dtype}.`);
  }
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return Array.from(words, (word) => `0x${word.toString(16).padStart(8, '0')}`);
}

/** Number of positions at which both lists hold the same word. */
export function equalWords(a: readonly string[], b: readonly string[]): number {
  return a.filter((word, i) => word === b[i]).length;
}
