// The seed of a run as random operators see it (V10): a feed that no model names, three u32 words, the seed's low and high
// and a path that tells runs of a body from each other. Names become words by FNV-1a. No random number is made here.
import { Tensor } from '../core/tensor.ts';

/** No value of a file has this name: it is no text that a file can hold. */
export const SEED_FEED = '\uD800 seed';

/** The 64 bits of FNV-1a over the UTF-8 bytes of a text, low word first. */
export function wordsOfName(text: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** The one that was made last: most runs are given none, and nobody writes to it. */
let last: { readonly seed: number; readonly tensor: Tensor } | undefined;

/** @throws RangeError for what is no integer from 0 to 2^53 - 1 */
export function seedTensor(seed: number): Tensor {
  if (last?.seed === seed) return last.tensor;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(
      `run: seed: expected an integer from 0 to 2^53 - 1, got ${seed}. Choose another.`,
    );
  }
  const tensor = new Tensor('uint32', [seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0], [3]);
  last = { seed, tensor };
  return tensor;
}

/** The seed for run `count`, from 0, of a body that the node with this first output carries. */
export function seedOfBody(seed: Tensor, output: string, count: number): Tensor {
  const [low = 0, high = 0, path = 0] = Array.from(seed.data as Uint32Array, Number);
  const [own] = wordsOfName(`${path} ${count} ${output}`);
  return new Tensor('uint32', [low, high, own], [3]);
}
