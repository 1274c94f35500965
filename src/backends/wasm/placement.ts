// A weight in the core's memory. Once it is packed for a kernel and nothing else reads it, its own bytes are given up: the
// packed ones hold the same words in another order, and bring them back whenever they are asked for. So a loaded model
// has its weights once, where they are many. What packing changed (it flushes) is kept beside it, word by word; the bytes that come back are
// those that were read. It decides nothing: the backend says when.
import type { Constant } from '../../core/constant.ts';
import type { DType } from '../../core/dtype.ts';
import type { Dispatch } from '../../core/op.ts';
import type { Heap } from './heap.ts';

/** Below this the work of giving it up is worth more than the memory. */
const LEAST_BYTES = 1 << 18;
/** Words that packing may have changed, as a share; with more it stays. */
const MOST_CHANGED = 1 / 64;

interface Packed {
  readonly dispatch: Dispatch;
  readonly bytes: () => Uint8Array;
  /** Places of words that packing changed, and what they were. */
  readonly places: Uint32Array;
  readonly words: Uint32Array;
}

const wordsOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

/** The places at which two lists differ; undefined where they are too many. */
function changes(a: Uint32Array, b: Uint32Array): Uint32Array | undefined {
  const most = Math.floor(a.length * MOST_CHANGED);
  const places: number[] = [];
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] === b[i]) continue;
    if (places.length === most) return undefined;
    places.push(i);
  }
  return Uint32Array.from(places);
}

export class Placement {
  readonly byteLength: number;
  /** Executables that read it where it lies. */
  users = 0;
  readonly #heap: Heap;
  #address: number | undefined;
  #packed: Packed | undefined;
  #isTried = false;

  constructor(heap: Heap, byteLength: number) {
    this.#heap = heap;
    this.byteLength = byteLength;
    this.#address = heap.allocate(byteLength);
  }

  /** Where it lies; brings it back. @throws RangeError if there is no room for it */
  get address(): number {
    if (this.#address !== undefined) return this.#address;
    const address = this.#heap.allocate(this.byteLength);
    this.#restore(wordsOf(this.#heap.bytes(address, this.byteLength)));
    this.#address = address;
    return address;
  }

  bytes(): Uint8Array {
    return this.#heap.bytes(this.address, this.byteLength);
  }

  /**
   * It was packed by this dispatch, into bytes that stay: it can be given up, if they say all that it said.
   *
   * @param scratch gives words to work in, zeros or not
   */
  packed(
    dispatch: Dispatch,
    bytes: () => Uint8Array,
    scratch: (length: number) => Uint32Array,
  ): void {
    if (this.#isTried || this.byteLength < LEAST_BYTES || dispatch.kernel.unpack === undefined)
      return;
    this.#isTried = true;
    const back = scratch(this.byteLength / 4).fill(0);
    dispatch.kernel.unpack(dispatch.params, wordsOf(bytes()), back);
    const own = wordsOf(this.bytes());
    const places = changes(own, back);
    if (places === undefined) return;
    this.#packed = { dispatch, bytes, places, words: places.map((i) => own[i] ?? 0) };
    this.giveUp();
  }

  /** Frees its bytes where nothing reads them and others can bring them back. */
  giveUp(): void {
    if (this.users > 0 || this.#packed === undefined || this.#address === undefined) return;
    this.#heap.free(this.#address);
    this.#address = undefined;
  }

  #restore(to: Uint32Array): void {
    if (this.#packed === undefined) throw new Error('placement: nothing to bring it back from');
    const { dispatch, bytes, places, words } = this.#packed;
    to.fill(0);
    dispatch.kernel.unpack?.(dispatch.params, wordsOf(bytes()), to);
    places.forEach((place, i) => (to[place] = words[i] ?? 0));
  }
}

/** A weight as a constant of plans. The model has it, nobody releases it. */
export class PlacedConstant implements Constant {
  readonly dtype: DType;
  readonly placement: Placement;

  constructor(dtype: DType, placement: Placement) {
    this.dtype = dtype;
    this.placement = placement;
  }

  get byteLength(): number {
    return this.placement.byteLength;
  }

  get address(): number {
    return this.placement.address;
  }

  bytes(): Uint8Array {
    return this.placement.bytes();
  }

  release(): void {}
}
