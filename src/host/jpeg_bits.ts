// The entropy-coded bits of a JPEG (ITU-T T.81, annexes C and F): Huffman tables, and a reader of a scan's bits. Promises: an end
// within the image gives zeros, never a read outside. Not here: coefficients (jpeg.ts).

/** For each length the first code, the last one (−1: none), and where its symbols begin. */
export interface Huffman {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly start: readonly number[];
  readonly symbols: Uint8Array;
}

export const fail = (what: string): never => {
  throw new RangeError(`ImageDecoder: JPEG: ${what}.`);
};

/** A table as a file has it, and how many bytes it takes. */
export function huffmanOf(bytes: Uint8Array, at: number): { table: Huffman; size: number } {
  const [first, last, start]: number[][] = [[0], [-1], [0]];
  let code = 0;
  let total = 0;
  for (let length = 1; length <= 16; length += 1) {
    const count = bytes[at + length - 1] ?? 0;
    first?.push(code);
    last?.push(count === 0 ? -1 : code + count - 1);
    start?.push(total);
    code = (code + count) << 1;
    total += count;
  }
  const symbols = bytes.slice(at + 16, at + 16 + total);
  return {
    table: { first: first ?? [], last: last ?? [], start: start ?? [], symbols },
    size: 16 + total,
  };
}

/** The bits of a scan, without stuffed bytes; zeros behind its end. */
export class Bits {
  readonly #bytes: Uint8Array;
  at: number;
  #word = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  bit(): number {
    if (this.#count === 0) {
      const byte = this.#bytes[this.at] ?? 0xff;
      const next = this.#bytes[this.at + 1] ?? 0xd9;
      if (byte === 0xff && next !== 0)
        this.#word = 0; // a marker: the scan is over
      else {
        this.#word = byte;
        this.at += byte === 0xff ? 2 : 1;
      }
      this.#count = 8;
    }
    this.#count -= 1;
    return (this.#word >> this.#count) & 1;
  }

  /** A signed number of `length` bits, as T.81 extends it. */
  number(length: number): number {
    let value = 0;
    for (let i = 0; i < length; i += 1) value = (value << 1) | this.bit();
    return length > 0 && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  symbol({ first, last, start, symbols }: Huffman): number {
    let code = 0;
    for (let length = 1; length <= 16; length += 1) {
      code = (code << 1) | this.bit();
      const end = last[length] ?? -1;
      if (end >= 0 && code <= end) {
        return symbols[(start[length] ?? 0) + code - (first[length] ?? 0)] ?? 0;
      }
    }
    return fail('expected a Huffman code, got none');
  }

  /** To behind a restart marker, which begins with whole bytes. */
  restart(): void {
    this.#count = 0;
    while (this.at < this.#bytes.length) {
      const [byte, next = 0] = this.#bytes.subarray(this.at, this.at + 2);
      if (byte === 0xff && next >= 0xd0 && next <= 0xd7) {
        this.at += 2;
        return;
      }
      if (byte === 0xff && next !== 0 && next !== 0xff) return;
      this.at += 1;
    }
  }
}
