// Files beside a model that hold weights: given by the caller, read from the model's folder in Node, or fetched relative
// to the model's address. Read as streams, piece by piece, straight to where the weights stay. That their paths stay in
// the folder was checked by the reader (onnx/external.ts).
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ModelError, throwIfAborted } from './core/errors.ts';

/** A piece of a file that is wanted. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
  /** Takes bytes of it, `at` from its beginning; they are not kept. */
  write(bytes: Uint8Array, at: number): void;
}

/** Reads the parts of a file, which are sorted by offset; with a checksum the whole file. */
export type ReadFile = (
  location: string,
  parts: readonly FilePart[],
  checksum: string | undefined,
) => Promise<void>;

export interface ExternalFiles {
  /** The address of the model: http:, file: or whatever it came from; undefined if it came as bytes. */
  readonly base: string | undefined;
  /** Files given by the caller, by the path that the model states. */
  readonly given: Readonly<Record<string, Uint8Array | URL>>;
  readonly signal: AbortSignal | undefined;
  /** Bytes that came. */
  readonly onBytes: (bytes: number) => void;
}

const CHUNK = 1 << 20;

function broken(location: string, message: string, remedy: string, cause?: unknown): ModelError {
  const problem = { message: `external data '${location}': ${message}`, remedy };
  return new ModelError([problem], cause === undefined ? undefined : { cause });
}

/** The pieces of a file in order, to whoever wants parts of them. */
class Distributor {
  readonly #location: string;
  readonly #parts: readonly FilePart[];
  readonly #hash: ReturnType<typeof sha1.create> | undefined;
  readonly #checksum: string | undefined;
  readonly end: number;
  #first = 0;
  #at = 0;

  constructor(location: string, parts: readonly FilePart[], checksum: string | undefined) {
    this.#location = location;
    this.#parts = parts;
    this.#checksum = checksum;
    this.#hash = checksum === undefined ? undefined : sha1.create();
    this.end = parts.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
  }

  /** Nothing more is wanted. */
  get isDone(): boolean {
    return this.#at >= this.end && this.#hash === undefined;
  }

  take(bytes: Uint8Array): void {
    const [from, to] = [this.#at, this.#at + bytes.byteLength];
    this.#hash?.update(bytes);
    for (let i = this.#first; i < this.#parts.length; i += 1) {
      const part = this.#parts[i];
      if (part === undefined || part.offset >= to) break;
      const partEnd = part.offset + part.length;
      if (partEnd <= from) {
        // Parts can overlap, so a later one may end before an earlier one does.
        if (i === this.#first) this.#first += 1;
        continue;
      }
      const [begin, end] = [Math.max(from, part.offset), Math.min(to, partEnd)];
      part.write(bytes.subarray(begin - from, end - from), begin - part.offset);
    }
    this.#at = to;
  }

  /** @throws ModelError if the file was too short, or another than the model was written with */
  finish(): void {
    if (this.#at < this.end) {
      throw broken(
        this.#location,
        `too short: expected ${this.end} bytes, got ${this.#at}.`,
        'Get the file again.',
      );
    }
    const got = this.#hash === undefined ? undefined : bytesToHex(this.#hash.digest());
    if (got !== this.#checksum) {
      throw broken(
        this.#location,
        `wrong checksum: expected ${this.#checksum}, got ${got}.`,
        'Get the file again: it is damaged or belongs to another model.',
      );
    }
  }
}

/** What reads the files of a model. */
export function fileReader(files: ExternalFiles): ReadFile {
  return async (location, parts, checksum) => {
    const to = new Distributor(location, parts, checksum);
    const given = Object.hasOwn(files.given, location) ? files.given[location] : undefined;
    if (given instanceof Uint8Array) {
      to.take(given);
      files.onBytes(given.byteLength);
    } else {
      const address = given ?? addressOf(location, files.base);
      const inNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string';
      if (address.protocol === 'file:' && inNode) {
        // Only what is wanted, unless all of it must be seen.
        const ranges = checksum === undefined ? parts : undefined;
        if (ranges === undefined) await readFromDisk(address, location, to, files);
        else await readPartsFromDisk(address, location, ranges, files);
        if (ranges !== undefined) return;
      } else await download(address, location, to, files);
    }
    to.finish();
  };
}

/** @throws ModelError if the model came as bytes, which have no folder */
function addressOf(location: string, base: string | undefined): URL {
  const path = location.split('/').map(encodeURIComponent).join('/');
  // Addresses of data: and blob: have no folder either.
  if (base !== undefined && !/^(data|blob):/i.test(base)) return new URL(path, base);
  throw broken(
    location,
    'expected the file, got a model without an address.',
    `Give it: load(bytes, { externalData: { '${location}': file } }).`,
  );
}

async function download(
  address: URL,
  location: string,
  to: Distributor,
  { signal, onBytes }: ExternalFiles,
): Promise<void> {
  const response = await fetch(address, { signal: signal ?? null });
  if (!response.ok || response.body === null) {
    throw broken(
      location,
      `${address.href}: expected status 200, got ${response.status} ${response.statusText}.`,
      'Put the file beside the model, or give it as externalData.',
    );
  }
  const reader = response.body.getReader();
  while (!to.isDone) {
    throwIfAborted(signal);
    const { done, value } = await reader.read();
    if (done) return;
    to.take(value);
    onBytes(value.byteLength);
  }
  await reader.cancel();
}

async function openFile(
  address: URL,
  location: string,
): Promise<import('node:fs/promises').FileHandle> {
  const name = 'node:fs/promises'; // a name bundlers do not follow into pages
  const fs = (await import(/* @vite-ignore */ name)) as typeof import('node:fs/promises');
  try {
    const file = await fs.open(address, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Error('it is no file');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'Put the file beside the model, or give it as externalData.';
    throw broken(location, `it cannot be read: ${why}.`, remedy, error);
  }
}

async function readFromDisk(
  address: URL,
  location: string,
  to: Distributor,
  { signal, onBytes }: ExternalFiles,
): Promise<void> {
  const file = await openFile(address, location);
  try {
    const buffer = new Uint8Array(CHUNK);
    for (let at = 0; ;) {
      throwIfAborted(signal);
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) return;
      to.take(buffer.subarray(0, bytesRead));
      onBytes(bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function readPartsFromDisk(
  address: URL,
  location: string,
  parts: readonly FilePart[],
  { signal, onBytes }: ExternalFiles,
): Promise<void> {
  const file = await openFile(address, location);
  try {
    const buffer = new Uint8Array(CHUNK);
    for (const part of parts) {
      const { offset, length } = part;
      for (let at = 0; at < length;) {
        throwIfAborted(signal);
        const wanted = Math.min(CHUNK, length - at);
        const { bytesRead } = await file.read(buffer, 0, wanted, offset + at);
        if (bytesRead === 0) {
          throw broken(
            location,
            `too short: expected ${offset + length} bytes, got ${offset + at}.`,
            'Get the file again.',
          );
        }
        part.write(buffer.subarray(0, bytesRead), at);
        onBytes(bytesRead);
        at += bytesRead;
      }
    }
  } finally {
    await file.close();
  }
}
