// The memory of one core instance: blocks above the C heap base, first fit, 64-byte aligned, grown on demand.
// Promises: every block is followed by at least 16 bytes that may be read (kernels load whole vectors).
// Views of a WebAssembly.Memory die when it grows, so nobody keeps one: ask for `bytes` again.
const ALIGN = 64;
export const PAGE = 65536;
export const MAX_PAGES = 65536;
// Growing by less than this at a time would be slow for many small blocks; by more would hold what nobody asked for.
const GROWTH = 16 << 20;

interface Block {
  at: number;
  size: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Blocks that callers hold: with any, the memory is not to be used for something else. */
  lent = 0;
  #free: Block[];
  readonly #used = new Map<number, number>();

  readonly #maxPages: number;

  /** @param limit bytes that the memory may have in all; 4 GiB if not given */
  constructor(memory: WebAssembly.Memory, base: number, limit = MAX_PAGES * PAGE) {
    this.memory = memory;
    this.#maxPages = Math.min(MAX_PAGES, Math.floor(limit / PAGE));
    const at = Math.ceil(base / ALIGN) * ALIGN;
    const end = Math.min(memory.buffer.byteLength, limit);
    this.#free = [{ at, size: Math.max(0, Math.floor((end - at) / ALIGN) * ALIGN) }];
  }

  /** Bytes that the memory may have in all. */
  get limit(): number {
    return this.#maxPages * PAGE;
  }

  /** Bytes handed out. */
  get inUse(): number {
    let sum = 0;
    for (const size of this.#used.values()) sum += size;
    return sum;
  }

  /**
   * Room for blocks of these sizes, without handing them out: what does not fit fails at once, and nothing more than
   * they need is grown.
   *
   * @throws RangeError as allocate
   */
  reserve(sizes: readonly number[]): void {
    const bytes = sizes.reduce((sum, size) => sum + Math.ceil((size + 16) / ALIGN) * ALIGN, 0);
    if (bytes > this.#freeAtEnd()) this.#grow(bytes - this.#freeAtEnd(), 0);
  }

  /** @throws RangeError if the address space or the machine has no room */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + 16) / ALIGN) * ALIGN;
    let block = this.#free.find((one) => one.size >= size);
    if (block === undefined) {
      this.#grow(size - this.#freeAtEnd());
      block = this.#free.find((one) => one.size >= size);
    }
    if (block === undefined)
      throw new RangeError(`memory: no block of ${size} bytes after growing`);
    const { at } = block;
    block.at += size;
    block.size -= size;
    if (block.size === 0) this.#free = this.#free.filter((one) => one !== block);
    this.#used.set(at, size);
    return at;
  }

  free(at: number): void {
    const size = this.#used.get(at);
    if (size === undefined) throw new RangeError(`memory: address ${at} is not an allocated block`);
    this.#used.delete(at);
    this.#insert({ at, size });
  }

  /** Frees every block but those at these addresses; an address without a block is none. */
  freeAllBut(kept: readonly number[]): void {
    for (const at of [...this.#used.keys()]) if (!kept.includes(at)) this.free(at);
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  #insert(block: Block): void {
    const found = this.#free.findIndex((one) => one.at > block.at);
    const at = found < 0 ? this.#free.length : found;
    const [before, next] = [this.#free[at - 1], this.#free[at]];
    const joinsBefore = before !== undefined && before.at + before.size === block.at;
    const joinsNext = next !== undefined && block.at + block.size === next.at;
    if (joinsBefore) before.size += block.size + (joinsNext ? next.size : 0);
    else if (joinsNext) [next.at, next.size] = [block.at, block.size + next.size];
    else this.#free.splice(at, 0, block);
    if (joinsBefore && joinsNext) this.#free.splice(at, 1);
  }

  #freeAtEnd(): number {
    const last = this.#free.at(-1);
    const { byteLength } = this.memory.buffer;
    return last !== undefined && last.at + last.size === byteLength ? last.size : 0;
  }

  #grow(bytes: number, ahead = GROWTH): void {
    const before = this.memory.buffer.byteLength;
    // A quarter more, so that many weights do not grow page by page.
    const wanted = Math.max(bytes, Math.min(before / 4, ahead));
    const room = Math.max(0, this.#maxPages - before / PAGE);
    const pages = Math.max(Math.min(Math.ceil(wanted / PAGE), room), Math.ceil(bytes / PAGE));
    try {
      if (pages > room) throw new RangeError('beyond the limit');
      this.memory.grow(pages);
    } catch {
      throw new RangeError(
        `memory: out of memory: expected room for ${bytes} more bytes, got ${before} in use and a limit of ${this.#maxPages * PAGE}. Use a smaller model, batch or input, or raise limits.memory.`,
      );
    }
    this.#insert({ at: before, size: this.memory.buffer.byteLength - before });
  }
}
