// The memory of one core instance: blocks above the C heap base, first fit, 64-byte aligned, grown on demand.
// Promises: every block is followed by at least 16 bytes that may be read (kernels load whole vectors).
// Views of a WebAssembly.Memory die when it grows, so nobody keeps one: ask for `bytes` again.
const ALIGN = 64;
const PAGE = 65536;
const MAX_PAGES = 65536;

interface Block {
  at: number;
  size: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  #free: Block[];
  readonly #used = new Map<number, number>();

  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    const at = Math.ceil(base / ALIGN) * ALIGN;
    this.#free = [{ at, size: memory.buffer.byteLength - at }];
  }

  /** Bytes handed out. */
  get inUse(): number {
    let sum = 0;
    for (const size of this.#used.values()) sum += size;
    return sum;
  }

  /** @throws RangeError if the address space or the machine has no room */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + 16) / ALIGN) * ALIGN;
    let block = this.#free.find((one) => one.size >= size);
    if (block === undefined) {
      this.#grow(size);
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

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  #insert(block: Block): void {
    const next = this.#free.findIndex((one) => one.at > block.at);
    this.#free.splice(next < 0 ? this.#free.length : next, 0, block);
    const merged: Block[] = [];
    for (const one of this.#free) {
      const last = merged.at(-1);
      if (last !== undefined && last.at + last.size === one.at) last.size += one.size;
      else merged.push(one);
    }
    this.#free = merged;
  }

  #grow(bytes: number): void {
    const before = this.memory.buffer.byteLength;
    // At least a quarter more, so that loading many weights does not grow page by page.
    const wanted = Math.max(bytes, before / 4);
    const room = MAX_PAGES - before / PAGE;
    const pages = Math.max(Math.min(Math.ceil(wanted / PAGE), room), Math.ceil(bytes / PAGE));
    try {
      this.memory.grow(pages);
    } catch {
      throw new RangeError(
        `memory: out of memory: expected room for ${bytes} more bytes, got ${before} in use and a limit of ${MAX_PAGES * PAGE}. Use a smaller model, batch or input.`,
      );
    }
    this.#insert({ at: before, size: this.memory.buffer.byteLength - before });
  }
}
