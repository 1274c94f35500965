// Digests of values (V12) where there are many bytes: by WebCrypto, which hashes on a thread of its own, several at a time;
// where a page has none (it is not in a secure context), by the library that digestOf takes. The same 64 digits either way.
// Who keeps values gets with each digest the bytes that it is of. Not here: the encoding (core/digest.ts, encoding.ts).
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isSequence, type Data } from '../core/data.ts';
import { digestOf, digestOfItems } from '../core/digest.ts';
import type { Tensor } from '../core/tensor.ts';
import type { ValueSink } from './bundle_types.ts';
import { encodedItems, encodedTensor } from './encoding.ts';

/** Below this many bytes a call of WebCrypto takes longer than hashing. */
const SMALL = 4096;

/** WebCrypto's digests, where there are any. */
const subtleOf = (): SubtleCrypto | undefined =>
  (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;

/** SHA-256, as 64 lower-case hex digits. */
export async function digestOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = subtleOf();
  if (subtle === undefined || bytes.length < SMALL) return bytesToHex(sha256(bytes));
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes)));
}

/** Room for one encoding, weakly: fresh memory takes longer to come than bytes to be copied. */
let room: WeakRef<Uint8Array<ArrayBuffer>> | undefined;

async function digestOfTensor(tensor: Tensor): Promise<string> {
  const subtle = subtleOf();
  if (subtle === undefined || tensor.dtype === 'string') return digestOf(tensor);
  if (tensor.bytes().byteLength < SMALL) return digestOf(tensor);
  const encoding = encodedTensor(tensor, room?.deref());
  if (room?.deref()?.buffer !== encoding.buffer)
    room = new WeakRef(new Uint8Array(encoding.buffer));
  // It copies its operand before it returns its promise (Web Cryptography, 14.3.5): the room is free for the next.
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', encoding)));
}

/**
 * The digest of a value, as `digestOf` gives it for a tensor. What it reads, it has read when it returns its promise.
 *
 * @throws TypeError for a tensor that is in no array
 */
export async function digestOfValue(data: Data): Promise<string> {
  if (data === null) return digestOfItems(undefined);
  if (!isSequence(data)) return digestOfTensor(data);
  return digestOfItems(await Promise.all(data.map(digestOfValue)));
}

/** As digestOfValue; gives the sink the encoding of the value, and before that those of the items of a sequence. */
export async function keptValue(data: Data, keep: ValueSink): Promise<string> {
  let bytes: Uint8Array<ArrayBuffer>;
  if (data === null) bytes = encodedItems(undefined);
  else if (!isSequence(data)) bytes = encodedTensor(data);
  else {
    const items: string[] = [];
    for (const item of data) items.push(await keptValue(item, keep));
    bytes = encodedItems(items);
  }
  const digest = await digestOfBytes(bytes);
  await keep(digest, bytes);
  return digest;
}
