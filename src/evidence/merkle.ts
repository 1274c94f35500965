// A Merkle tree over a list, as RFC 9162 (section 2.1.1) has it: SHA-256, leaves and inner nodes told apart by a first byte, an odd
// list split at the largest power of two below its length. Two lists with one root are equal; two with different roots are
// told apart at one leaf by log2(n) heads of ranges. Promises: leaves are hashed once, ranges on demand. Not here: what a
// leaf is.
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalBytes, type Json } from './canonical.ts';

const EMPTY = sha256(new Uint8Array());

function hashOf(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = sha256.create().update(Uint8Array.of(prefix));
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** How a list of `n` > 1 is split: the largest power of two below n go left. */
export function splitOf(n: number): number {
  let left = 1;
  while (left * 2 < n) left *= 2;
  return left;
}

/** The head of a range of one leaf, from the document that the leaf is the canonical text of. */
export const leafHead = (leaf: Json): Uint8Array => hashOf(0, canonicalBytes(leaf));

/** The head of a range from those of the two that it is split into. */
export const joinedHead = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  hashOf(1, left, right);

export class MerkleTree {
  readonly length: number;
  readonly #leaves: readonly Uint8Array[];

  /** @param leaves their bytes, which are not kept */
  constructor(leaves: readonly Uint8Array[]) {
    this.length = leaves.length;
    this.#leaves = leaves.map((leaf) => hashOf(0, leaf));
  }

  /**
   * The head of the leaves [begin, end); of all of them, the root.
   *
   * @throws RangeError for a range outside
   */
  head(begin = 0, end = this.length): Uint8Array {
    if (!(0 <= begin && begin <= end && end <= this.length)) {
      throw new RangeError(
        `MerkleTree: range: expected 0 <= begin <= end <= ${this.length}, got [${begin}, ${end}).`,
      );
    }
    const n = end - begin;
    if (n === 0) return EMPTY;
    const leaf = this.#leaves[begin];
    if (n === 1 && leaf !== undefined) return leaf;
    const middle = begin + splitOf(n);
    return hashOf(1, this.head(begin, middle), this.head(middle, end));
  }
}
