// A tensor's elements in a core's memory, as a caller holds them between runs (a key/value cache, say): runs of the model that
// made it read them where they lie. Promises: they stay as they are until dispose(), and until the run that reads them is
// over; they outlive the model. Not here: which outputs stay (backends/wasm.ts).
import type { DeviceStorage } from '../../core/tensor.ts';
import type { Heap } from './heap.ts';

export class CoreStorage implements DeviceStorage {
  readonly location = 'wasm';
  readonly heap: Heap;
  readonly address: number;
  readonly byteLength: number;
  /** The caller, and runs that read it. */
  #users = 1;
  #isDisposed = false;

  /** @throws RangeError if there is no room for it */
  constructor(heap: Heap, byteLength: number) {
    this.heap = heap;
    this.byteLength = byteLength;
    this.address = heap.allocate(byteLength);
    heap.lent += 1;
  }

  /** A copy: the core's memory moves when it grows. @throws TypeError after dispose() */
  read(): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#expectAlive();
      resolve(this.heap.bytes(this.address, this.byteLength).slice());
    });
  }

  /** It is read from now on, until release(). @throws TypeError after dispose() */
  retain(): void {
    this.#expectAlive();
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.heap.free(this.address);
    this.heap.lent -= 1;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.release();
  }

  /** Tensors may share it: of one that was disposed of, another does not know. */
  #expectAlive(): void {
    if (!this.#isDisposed) return;
    throw new TypeError('Tensor: used after dispose(): expected a live tensor. Dispose it later.');
  }
}
