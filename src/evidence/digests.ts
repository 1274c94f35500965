// Digests of values (V12) where there are many bytes: by WebCrypto, which hashes on a thread of its own, several at a time;
// where a page has none (it is not in a secure context), by the library that digestOf takes. The same 64 digits either way.
// Not here: the encoding (core/digest.ts).
import { bytesToHex } from '@noble/hashes/utils.js';
import { isSequence, type Data } from '../core/data.ts';
import { digestOf, digestOfItems, encodeTensor } from '../core/digest.ts';
import type { Tensor } from '../core/tensor.ts';

/** Below this many bytes a call of WebCrypto takes longer than hashing. */
const SMALL = 4096;

/** WebCrypto's digests, where there are any. */
const subtleOf = (): SubtleCrypto | undefined =>
  (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;

async function digestOfTensor(tensor: Tensor): Promise<string> {
  const subtle = subtleOf();
  if (subtle === undefined || tensor.dtype === 'string') return digestOf(tensor);
  const chunks: Uint8Array[] = [];
  encodeTensor({ update: (bytes) => chunks.push(bytes) }, tensor);
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (length < SMALL) return digestOf(tensor);
  // A copy: a view of the core's memory dies when that grows.
  const message = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    message.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', message)));
}

/**
 * The digest of a value, as `digestOf` gives it for a tensor. What it reads, it has read when it returns its promise.
 *
 * @throws TypeError for a tensor on a device
 */
export async function digestOfValue(data: Data): Promise<string> {
  if (data === null) return digestOfItems(undefined);
  if (!isSequence(data)) return digestOfTensor(data);
  return digestOfItems(await Promise.all(data.map(digestOfValue)));
}
