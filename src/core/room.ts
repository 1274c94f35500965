// Room for the words of Params, of which a plan has thousands: engines allocate an array of more than 64 bytes outside of
// their heap, and collect it one by one. Here many lie in one buffer, which goes when none of them is used any more.
// Promises: zeros, in nobody else's room. Not for what is transferred or read by way of its `buffer`.

/** Bytes that are allocated at once. */
const SLAB_BYTES = 1 << 14;

let slab = new ArrayBuffer(0);
let used = 0;

/** `length` zeros. */
export function roomForWords(length: number): Uint32Array {
  const bytes = 4 * length;
  if (bytes > SLAB_BYTES / 4) return new Uint32Array(length);
  if (used + bytes > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const words = new Uint32Array(slab, used, length);
  used += bytes;
  return words;
}
