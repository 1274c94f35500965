// The digest of a tensor and of a run (V12): SHA-256 over one canonical byte encoding, so that two machines can
// compare results by 64 hex digits. The contract's id and version are part of it: digests of different contract
// versions never agree by accident. Equal digests mean equal element type, shape and bits; -0 and +0 differ here.
//
// Encoding, version 1. u64(n) is n as 8 bytes, little-endian; text(s) is u64(number of UTF-8 bytes) and the bytes.
//   tensor:  text('isobit tensor') text(contract.id) u64(contract.version)
//            text(dtype, e.g. 'float32') u64(rank) u64(dim) for each dimension
//            then the elements in row-major order: little-endian bytes (bool: one byte, 0 or 1);
//            string: text(element) for each element
//   items:   text('isobit sequence'), contract as above, u64(number of items) and the 32 bytes of each item's digest; of an
//            optional that holds nothing text('isobit nothing') and contract
//   run:     text('isobit run') text(contract.id) u64(contract.version) u64(number of outputs)
//            then for each output, in graph order: text(name) and the 32 bytes of its tensor digest

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Tensor } from './tensor.ts';

/**
 * The bit contract that this package keeps; see docs/NUMERICS.md. Version 1 is frozen: another bit is another version.
 *
 * @example
 * ```ts
 * import { contract } from 'isobit';
 *
 * console.log(`${contract.id} ${contract.version}`); // isobit 1
 * ```
 */
export const contract: { readonly id: string; readonly version: number } = Object.freeze({
  id: 'isobit',
  version: 1,
});

/** What takes the bytes of an encoding, piece by piece. */
interface Sink {
  update(bytes: Uint8Array): unknown;
}
type Hasher = ReturnType<typeof sha256.create>;

function u64(hasher: Sink, value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  hasher.update(bytes);
}

function text(hasher: Sink, value: string): void {
  const bytes = utf8ToBytes(value);
  u64(hasher, bytes.length);
  hasher.update(bytes);
}

function begin(sink: Sink, kind: string): void {
  text(sink, kind);
  text(sink, contract.id);
  u64(sink, contract.version);
}

function open(kind: string): Hasher {
  const hasher = sha256.create();
  begin(hasher, kind);
  return hasher;
}

/** The bytes that a tensor's digest is the SHA-256 of. */
export function encodeTensor(sink: Sink, tensor: Tensor): void {
  const data = tensor.data;
  begin(sink, 'isobit tensor');
  text(sink, tensor.dtype);
  u64(sink, tensor.dims.length);
  for (const dim of tensor.dims) u64(sink, dim);
  if (Array.isArray(data)) for (const item of data) text(sink, item);
  else sink.update(tensor.bytes());
}

/**
 * SHA-256 of a tensor of any dtype and shape, as 64 lower-case hex digits: of contract, dtype, shape and bits (V12).
 * Equal digests mean equal bits, -0 and +0 differ, and so do the payloads of NaNs.
 *
 * @throws TypeError if the tensor stayed where it was computed: `await tensor.read()` first and build a tensor of the result
 * @example
 * ```ts
 * import { digestOf, Tensor } from 'isobit';
 *
 * const [plus, minus] = [new Tensor('float32', [0], [1]), new Tensor('float32', [-0], [1])];
 * console.log(digestOf(plus).slice(0, 16)); // 67c63c8cdd76e1ca
 * console.log(digestOf(plus) === digestOf(minus)); // false
 * ```
 */
export function digestOf(tensor: Tensor): string {
  const hasher = sha256.create();
  encodeTensor(hasher, tensor);
  return bytesToHex(hasher.digest());
}

/** The bytes that the digest of a sequence of values with these digests is of; undefined is an optional that holds nothing. */
export function encodeItems(sink: Sink, digests: readonly string[] | undefined): void {
  begin(sink, digests === undefined ? 'isobit nothing' : 'isobit sequence');
  if (digests === undefined) return;
  u64(sink, digests.length);
  for (const digest of digests) sink.update(hexToBytes(digest));
}

/** The digest of a sequence of values with these digests; undefined is an optional that holds nothing. */
export function digestOfItems(digests: readonly string[] | undefined): string {
  const hasher = sha256.create();
  encodeItems(hasher, digests);
  return bytesToHex(hasher.digest());
}

/**
 * SHA-256 of a run's outputs, in graph order.
 *
 * @param entries names and `digestOf` of the outputs
 * @param seed of the run, if random operators ran: their numbers are a function of it
 * @throws RangeError for a digest that is not 64 hex digits
 */
export function digestOfRun(
  entries: readonly { readonly name: string; readonly digest: string }[],
  seed?: number,
): string {
  const hasher = open('isobit run');
  u64(hasher, entries.length);
  for (const { name, digest } of entries) {
    if (!/^[0-9a-f]{64}$/.test(digest)) {
      throw new RangeError(
        `digestOfRun: bad digest of '${name}': expected 64 lower-case hex digits, got '${digest}'.`,
      );
    }
    text(hasher, name);
    hasher.update(hexToBytes(digest));
  }
  if (seed !== undefined) {
    text(hasher, 'seed');
    u64(hasher, seed);
  }
  return bytesToHex(hasher.digest());
}
