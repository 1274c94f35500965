// A device's run of one picture as a file for another device: the picture, the trace, and every value by its digest. Its parts
// are looked at by who compares (the library refuses what is no trace, and bytes that have another digest); here only what
// this form is. No page.
import type { Trace, TraceBundle } from '../src/index.ts';
import { SIDE } from './rasterise.ts';

const FORMAT = 'isobit-demo-trace/1';

/** Another device's run; without its values only digests can be compared. */
export interface TraceFile {
  /** 784 grey bytes; undefined in a trace alone, as `isobit trace -o` writes it. */
  readonly picture: Uint8Array | undefined;
  readonly bundle: TraceBundle;
}

const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
}

export function writeTraceFile(
  picture: Uint8Array,
  trace: Trace,
  values: ReadonlyMap<string, Uint8Array>,
): string {
  const all = [...values].map(([digest, bytes]) => [digest, toBase64(bytes)] as const);
  const file = { format: FORMAT, picture: toBase64(picture), trace };
  return JSON.stringify({ ...file, values: Object.fromEntries(all) });
}

/** @throws Error for a text that is neither a trace nor a file of this form */
export function readTraceFile(text: string): TraceFile {
  const refuse = (why: string): never => {
    throw new Error(`${why}: expected what this page or \`isobit trace -o\` saved.`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
  if (typeof document !== 'object' || document === null) return refuse('not a trace');
  const { format, picture, trace, values } = document as Record<string, unknown>;
  if (format !== FORMAT) {
    const bundle = { trace: document as Trace, value: () => undefined };
    return { picture: undefined, bundle };
  }
  const held = new Map(Object.entries(typeof values === 'object' ? (values ?? {}) : {}));
  const bytesOf = (base64: unknown): Uint8Array | undefined => {
    try {
      return typeof base64 === 'string' ? fromBase64(base64) : undefined;
    } catch {
      return undefined; // missing, and said to be
    }
  };
  const pixels = bytesOf(picture);
  if (pixels?.length !== SIDE * SIDE) return refuse('without a picture');
  const value = (digest: string): Uint8Array | undefined => bytesOf(held.get(digest));
  return { picture: pixels, bundle: { trace: trace as Trace, value } };
}
