// The values of one run that do not lie in the arena: feeds that stayed in the core's memory, read where they lie, and outputs that
// are to stay there, computed where they will lie. Promises: what is written shares a place with nothing, so what is fed never is;
// after an error nothing is left. Not here: the arena, and who writes command lists (backends/wasm.ts).
import { dtypeInfo } from '../../core/dtype.ts';
import { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import type { Plan } from '../../graph/plan.ts';
import type { Heap } from './heap.ts';
import { CoreStorage } from './storage.ts';

export class Lent {
  /** Addresses, by the values that have the storage (`Plan.root`). */
  readonly places = new Map<Value, number>();
  readonly #heap: Heap;
  readonly #plan: Plan;
  readonly #read: CoreStorage[] = [];
  readonly #kept = new Map<string, CoreStorage>();

  /**
   * @param keep names of outputs
   * @param isStored whether a step reads or writes the value
   * @throws RangeError if there is no room
   */
  constructor(
    heap: Heap,
    plan: Plan,
    feeds: ReadonlyMap<string, Tensor>,
    keep: ReadonlySet<string>,
    isStored: (value: Value) => boolean,
  ) {
    this.#heap = heap;
    this.#plan = plan;
    try {
      for (const [name, value] of plan.feeds) {
        const storage = feeds.get(name)?.storage;
        if (!(storage instanceof CoreStorage) || storage.heap !== heap || !isStored(value))
          continue;
        const bytes = byteLengthOf(value);
        if (storage.byteLength !== bytes) {
          throw new RangeError(
            `run: feed '${name}': expected a storage of ${bytes} bytes, got ${storage.byteLength}. Give the tensor the shape it was computed with.`,
          );
        }
        storage.retain();
        this.#read.push(storage);
        this.places.set(value, storage.address);
      }
      const fed = new Set(plan.feeds.values());
      for (const [name, value] of plan.outputs) {
        const root = plan.root(value);
        if (!keep.has(name) || plan.constant(root) !== undefined || !isStored(root)) continue;
        const storage = new CoreStorage(heap, byteLengthOf(value));
        this.#kept.set(name, storage);
        // What is fed, or stays by other names too, is copied when it is there.
        if (!fed.has(root)) this.places.set(root, storage.address);
      }
    } catch (error) {
      this.giveUp();
      throw error;
    }
  }

  isSame(other: Lent | undefined): boolean {
    if (other === undefined) return this.places.size === 0;
    if (other.places.size !== this.places.size) return false;
    for (const [value, at] of this.places) if (other.places.get(value) !== at) return false;
    return true;
  }

  /**
   * The tensor of an output that stays, once it is computed; undefined for any other.
   *
   * @throws RangeError for elements that its dtype does not have
   */
  output(name: string, value: Value, addressOf: (value: Value) => number): Tensor | undefined {
    const storage = this.#kept.get(name);
    if (storage === undefined) return undefined;
    const from = addressOf(this.#plan.root(value));
    if (from !== storage.address) {
      const bytes = this.#heap.bytes(from, storage.byteLength);
      this.#heap.bytes(storage.address, storage.byteLength).set(bytes);
    }
    const { dtype, dims } = value;
    // Bools, and integers of fewer bits than a byte, are looked at as in an array.
    if (dtypeInfo(dtype).bytes === 1)
      Tensor.ofBytes(dtype, this.#heap.bytes(storage.address, storage.byteLength), dims);
    return new Tensor(dtype, storage, dims);
  }

  /** The run is over: what it read may go. */
  end(): void {
    for (const storage of this.#read.splice(0)) storage.release();
  }

  /** The run failed: what it was to give goes too. */
  giveUp(): void {
    this.end();
    for (const storage of this.#kept.values()) storage.dispose();
  }
}
