// The encoding of a value (V12) as bytes, and back: what a value's digest is the SHA-256 of, so that a file of these bytes is
// named by what sha256sum says of it and can be checked by anybody. Promises: bytes are a value of this contract version in
// their one form, or refused with a reason. A sequence holds the digests of its items, whose bytes stand elsewhere.
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Data } from '../core/data.ts';
import { contract, encodeItems, encodeTensor } from '../core/digest.ts';
import { dtypeInfo, isDType } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';

/** Bytes that are no value, and why. */
export class EncodingError extends Error {
  override name = 'EncodingError';
}

function collected(
  write: (sink: { update(bytes: Uint8Array): unknown }) => void,
  room?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  write({ update: (bytes) => chunks.push(bytes) });
  // A copy: a view of the core's memory dies when that grows.
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const fits = room !== undefined && room.length >= length;
  const all = fits ? room.subarray(0, length) : new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/**
 * @param room where the encoding is written to, if it fits
 * @throws TypeError for a tensor that is in no array
 */
export const encodedTensor = (
  tensor: Tensor,
  room?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> => collected((sink) => encodeTensor(sink, tensor), room);

/** Of a sequence of values with these digests; undefined is an optional that holds nothing. */
export const encodedItems = (digests: readonly string[] | undefined): Uint8Array<ArrayBuffer> =>
  collected((sink) => encodeItems(sink, digests));

/** More dimensions, or levels of sequences in sequences, than any operator knows. */
const MOST_DIMS = 64;
const MOST_LEVELS = 4;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (count > this.left) {
      throw new EncodingError(`too short: expected ${count} bytes more, got ${this.left}.`);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u64(): number {
    const at = this.#at;
    this.take(8);
    const value = this.#view.getBigUint64(at, true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new EncodingError(`expected a number below 2^53, got ${value}.`);
  }

  text(): string {
    const bytes = this.take(this.u64());
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw new EncodingError('expected text in UTF-8.', { cause: error });
    }
  }
}

function tensorOf(reader: Reader): Tensor {
  const dtype = reader.text();
  if (!isDType(dtype)) throw new EncodingError(`expected an element type, got '${dtype}'.`);
  const rank = reader.u64();
  if (rank > MOST_DIMS) throw new EncodingError(`expected few dimensions, got ${rank}.`);
  const dims = Array.from({ length: rank }, () => reader.u64());
  const size = dims.reduce((product, dim) => product * dim, 1);
  try {
    if (dtype !== 'string') {
      const bytes = reader.take(size * dtypeInfo(dtype).bytes);
      const tensor = Tensor.ofBytes(dtype, bytes.slice(), dims);
      return tensor;
    }
    // Each has a length of 8 bytes.
    if (size * 8 > reader.left) throw new EncodingError(`expected ${size} texts, got fewer.`);
    return new Tensor(
      'string',
      Array.from({ length: size }, () => reader.text()),
      dims,
    );
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      throw new EncodingError(error.message, { cause: error });
    }
    throw error;
  }
}

/**
 * The value that the bytes are the encoding of.
 *
 * @param valueOf the items of sequences, by their digests
 * @throws EncodingError saying what is wrong with the bytes; what `valueOf` throws
 */
export async function decodedValue(
  bytes: Uint8Array,
  valueOf: (digest: string, level: number) => Promise<Data>,
  level = 0,
): Promise<Data> {
  const reader = new Reader(bytes);
  const kind = reader.text();
  const [id, version] = [reader.text(), reader.u64()];
  if (id !== contract.id || version !== contract.version) {
    throw new EncodingError(
      `expected a value of contract ${contract.id} ${contract.version}, got ${id} ${version}.`,
    );
  }
  const ended = <T>(value: T): T => {
    if (reader.left === 0) return value;
    throw new EncodingError(`too long: ${reader.left} bytes are left over.`);
  };
  switch (kind) {
    case 'isobit tensor':
      return ended(tensorOf(reader));
    case 'isobit nothing':
      return ended(null);
    case 'isobit sequence': {
      if (level >= MOST_LEVELS) throw new EncodingError('sequences lie too deep in one another.');
      const count = reader.u64();
      if (count * 32 > reader.left) throw new EncodingError(`expected ${count} items, got fewer.`);
      const digests = ended(Array.from({ length: count }, () => bytesToHex(reader.take(32))));
      const items: Data[] = [];
      for (const digest of digests) items.push(await valueOf(digest, level + 1));
      return items;
    }
    default:
      throw new EncodingError(`expected a tensor, a sequence or nothing, got '${kind}'.`);
  }
}
