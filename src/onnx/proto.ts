// A strict cursor over protocol buffer messages, on top of `pbf`, which reads the wire format but checks nothing. Every
// read here is checked against the end of its message and against the wire type, so a damaged file ends in a
// ModelError that names the field (`model.graph.node[3].input`), never in a RangeError or a wrong value. Unknown
// fields are skipped, as the format demands. 64-bit integers are exact. Nothing of ONNX is known here.

import { PbfReader } from 'pbf';
import { ModelError } from '../core/errors.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const kWireNames: Readonly<Record<number, string>> = {
  [VARINT]: 'varint',
  [FIXED64]: '64-bit',
  [BYTES]: 'length-delimited',
  [FIXED32]: '32-bit',
};

/** protobuf's own default; a deeper file is an attack or damage, and would exhaust the stack. */
const MAX_DEPTH = 100;

// A byte order mark is kept: names are compared byte by byte.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function wireName(type: number): string {
  return kWireNames[type] ?? `unknown (${type})`;
}

const elementName = (field: string, element: number): string =>
  element < 0 ? field : `${field}[${element}]`;

export class Message {
  /** Number of the field that the cursor stands on; set by next(). */
  field = 0;
  readonly #pbf: PbfReader;
  readonly #end: number;
  readonly #name: string;
  /** Which element of a repeated field this message is; -1 for none. */
  readonly #element: number;
  readonly #parent: Message | undefined;
  readonly #depth: number;
  #wire = 0;
  /** Which element of a repeated field is being read; -1 for none. Kept as a number, since only errors name it. */
  #reading = -1;

  private constructor(
    pbf: PbfReader,
    end: number,
    name: string,
    element: number,
    parent: Message | undefined,
  ) {
    this.#pbf = pbf;
    this.#end = end;
    this.#name = name;
    this.#element = element;
    this.#parent = parent;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
  }

  /** A message that fills `bytes`. @param name how errors call it, e.g. 'model' */
  static of(bytes: Uint8Array, name: string): Message {
    // A plain Uint8Array also where Node's Buffer was given, so that no view of the file is one.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Message(new PbfReader(plain), plain.length, name, -1, undefined);
  }

  /** Where this message stands in the file, e.g. `model.graph.node[3]`. */
  get path(): string {
    const name = elementName(this.#name, this.#element);
    return this.#parent === undefined ? name : `${this.#parent.path}.${name}`;
  }

  /** The error for what stands here: `path: message`. */
  fail(message: string, field?: string, remedy?: string): never {
    const path =
      field === undefined ? this.path : `${this.path}.${elementName(field, this.#reading)}`;
    throw new ModelError([
      {
        message: `${path}: ${message}`,
        remedy: remedy ?? 'The file is damaged or no ONNX file: get it again.',
      },
    ]);
  }

  /** Moves to the next field; false at the end of the message. Each field must then be read or skipped. */
  next(): boolean {
    this.#reading = -1;
    if (this.#pbf.pos === this.#end) return false;
    const tag = this.#small('field tag');
    this.field = Math.floor(tag / 8);
    this.#wire = tag & 7;
    if (this.field === 0 || tag > 0xffffffff) {
      this.fail(`bad field tag: expected a field number of 1..536870911, got ${this.field}.`);
    }
    if (kWireNames[this.#wire] === undefined) {
      this.fail(`bad wire type in field ${this.field}: expected 0, 1, 2 or 5, got ${this.#wire}.`);
    }
    return true;
  }

  skip(): void {
    const name = `field ${this.field}`;
    if (this.#wire === VARINT) this.#varint(name);
    else if (this.#wire === FIXED64) this.#take(8, name);
    else if (this.#wire === FIXED32) this.#take(4, name);
    else this.#take(this.#small(name), name);
  }

  /** int64, and int32 and enums, which are written alike. */
  int64(name: string): bigint {
    this.#expect(VARINT, name);
    const { low, high } = this.#varint(name);
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** int32 and enums. Their sign is extended to 64 bits on the wire; anything else is out of range. */
  int32(name: string): number {
    this.#expect(VARINT, name);
    const { low, high } = this.#varint(name);
    const value = low | 0;
    if (high !== (value < 0 ? 0xffffffff : 0)) {
      const got = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
      this.fail(`integer out of range: expected 32 bits, got ${got}.`, name);
    }
    return value;
  }

  /** A length-delimited field: a view of the file's bytes, no copy. */
  bytes(name: string): Uint8Array {
    this.#expect(BYTES, name);
    const length = this.#small(name);
    const from = this.#pbf.pos;
    this.#take(length, name);
    return this.#pbf.buf.subarray(from, from + length);
  }

  /** @param element which one of a repeated field it is, for errors */
  string(name: string, element = -1): string {
    this.#reading = element;
    return this.text(this.bytes(name), name);
  }

  /** Bytes as UTF-8, strictly. */
  text(bytes: Uint8Array, name: string): string {
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail('not text: expected UTF-8.', name);
    }
  }

  float(name: string): number {
    this.#expect(FIXED32, name);
    this.#room(4, name);
    return this.#pbf.readFloat();
  }

  /** Reads a nested message; `read` must consume it with next(). @param element as for string() */
  message<T>(name: string, read: (message: Message) => T, element = -1): T {
    this.#reading = element;
    this.#expect(BYTES, name);
    const length = this.#small(name);
    this.#room(length, name);
    const inner = new Message(this.#pbf, this.#pbf.pos + length, name, element, this);
    if (inner.#depth > MAX_DEPTH) {
      this.fail(`messages nested too deeply: expected at most ${MAX_DEPTH} levels.`, name);
    }
    return read(inner);
  }

  /**
   * Elements of a repeated fixed-size field, appended to `chunks` as bytes: a packed run is a view of the file, a
   * single element (unpacked form) is one too. @param width bytes of an element, 4 or 8
   */
  fixed(name: string, width: 4 | 8, chunks: Uint8Array[]): void {
    if (this.#wire === BYTES) {
      const bytes = this.bytes(name);
      if (bytes.length % width !== 0) {
        this.fail(`bad length: expected a multiple of ${width} bytes, got ${bytes.length}.`, name);
      }
      chunks.push(bytes);
      return;
    }
    this.#expect(width === 4 ? FIXED32 : FIXED64, name);
    const from = this.#pbf.pos;
    this.#take(width, name);
    chunks.push(this.#pbf.buf.subarray(from, from + width));
  }

  /**
   * Elements of a repeated varint field, packed or not, appended to `words` as pairs (low, high) of 32 bits: the two's
   * complement of int32, int64 and uint64 alike.
   */
  varints(name: string, words: number[]): void {
    if (this.#wire === BYTES) {
      const length = this.#small(name);
      this.#room(length, name);
      const packed = new Message(this.#pbf, this.#pbf.pos + length, name, -1, this);
      while (this.#pbf.pos < packed.#end) {
        const { low, high } = packed.#varint();
        words.push(low, high);
      }
      return;
    }
    this.#expect(VARINT, name);
    const { low, high } = this.#varint(name);
    words.push(low, high);
  }

  #expect(wire: number, name: string): void {
    if (this.#wire !== wire) {
      this.fail(`wrong wire type: expected ${wireName(wire)}, got ${wireName(this.#wire)}.`, name);
    }
  }

  #room(length: number, name: string | undefined): void {
    const left = this.#end - this.#pbf.pos;
    if (length > left) this.fail(`cut short: expected ${length} bytes, got ${left}.`, name);
  }

  #take(length: number, name: string): void {
    this.#room(length, name);
    this.#pbf.pos += length;
  }

  /** A tag or a length: a varint that must be a safe integer. */
  #small(name: string): number {
    const { pos, buf } = this.#pbf;
    const first = pos < this.#end ? (buf[pos] ?? 0) : 0x80;
    if (first < 0x80) {
      this.#pbf.pos = pos + 1; // most are one byte
      return first;
    }
    const { low, high } = this.#varint(name);
    if (high > 0x1fffff) this.fail('bad length or tag: expected less than 2^53.', name);
    return high * 0x100000000 + low;
  }

  /** Up to ten bytes of seven bits each, the lowest first. */
  #varint(name?: string): { low: number; high: number } {
    const { buf } = this.#pbf;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#pbf.pos >= this.#end) this.#room(1, name);
      const byte = buf[this.#pbf.pos++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    return this.fail('bad varint: expected at most 10 bytes.', name);
  }
}
