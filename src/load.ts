// Reads a model from where it is (address, path, bytes, response) with progress, and makes a session of it.
// Not here: the file format (onnx/), execution (session.ts).
import { ModelError, throwIfAborted } from './core/errors.ts';
import { Weights } from './core/weight.ts';
import { expectBackend } from './backends/wasm.ts';
import { fileReader } from './external.ts';
import { readModel } from './onnx/model.ts';
import type { LoadOptions, Model } from './model.ts';
import { Session } from './session.ts';

/**
 * Loads an ONNX model: reads it, checks it whole, and compiles the core. Nothing runs yet.
 *
 * @param source a URL, a string (an address, relative to the page in a browser; in Node also a file's path), the
 * file's bytes, or a Response
 * @throws ModelError if the file is no valid model, UnsupportedOpError if something in it is not implemented: both
 * list every problem. RangeError for weights beyond `limits.memory` or the 4 GiB of WebAssembly; TypeError for a source
 * of another kind; Error if it cannot be read; the signal's reason.
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { outputs } = await model.run({ image }, { backend: 'wasm' });
 * console.log(outputs['logits']?.dims); // [ 1, 10 ]
 * model.dispose();
 * ```
 */
export async function load(
  source: URL | string | Uint8Array | Response,
  options: LoadOptions = {},
): Promise<Model> {
  throwIfAborted(options.signal);
  checkOptions(options);
  if (options.worker !== undefined && options.worker !== false) {
    if (options.device !== undefined || options.gpu !== undefined) {
      throw new TypeError(
        'load: device and gpu cannot be used in a worker. Leave worker or them out.',
      );
    }
    const { loadInWorker } = await import('./worker/remote.ts');
    return loadInWorker(await readSource(source, options), options.worker, options);
  }
  expectBackend(options.threads);
  return loadFile(await readSource(source, options), options);
}

/** Loads what was read. @throws as load */
export async function loadFile({ bytes, base }: ModelFile, options: LoadOptions): Promise<Model> {
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const weights = new Weights();
  let loaded = bytes.byteLength;
  onProgress?.({ stage: 'parse', loaded, total: loaded });
  const graph = readModel(bytes, weights);
  const total = loaded + weights.externalBytes;
  const read = fileReader({
    base,
    given: options.externalData ?? {},
    signal,
    onBytes: (count) => {
      loaded += count;
      onProgress?.({ stage: 'download', loaded, total: Math.max(loaded, total) });
    },
  });
  const session = await Session.create(graph, options, { held: weights, read });
  onProgress?.({ stage: 'ready', loaded, total: loaded });
  return session;
}

function checkOptions({ externalData = {}, limits = {}, threads }: LoadOptions): void {
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1 && threads <= 64)) {
    throw new RangeError(`load: threads: expected a number from 1 to 64, got ${String(threads)}.`);
  }
  const { memory } = limits;
  if (memory !== undefined && !(Number.isSafeInteger(memory) && memory > 0)) {
    throw new RangeError(
      `load: limits.memory: expected a number of bytes, at least 1, got ${String(memory)}.`,
    );
  }
  for (const [name, file] of Object.entries<unknown>(externalData)) {
    if (file instanceof Uint8Array || file instanceof URL) continue;
    throw new TypeError(
      `load: externalData '${name}': expected a Uint8Array or a URL, got ${typeof file}.`,
    );
  }
}

/** A model's file, and the address that files beside it are found by. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly base: string | undefined;
}

async function readSource(
  source: URL | string | Uint8Array | Response,
  options: LoadOptions,
): Promise<ModelFile> {
  if (source instanceof Uint8Array) return { bytes: source, base: undefined };
  if (typeof Response !== 'undefined' && source instanceof Response) {
    const { url } = source;
    return { bytes: await readBody(source, options), base: url === '' ? undefined : url };
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new TypeError(
      `load: expected a URL, string, Uint8Array or Response, got ${Object.prototype.toString.call(source)}.`,
    );
  }
  const path = filePath(source);
  if (path !== undefined) return readFile(path);
  const bytes = await readBody(await fetch(source, { signal: options.signal ?? null }), options);
  // Not the address that it was redirected to: files beside it are not beside that.
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  return { bytes, base: new URL(source, page).href };
}

/** The path if `source` names a file and this is Node (or Bun, Deno), else undefined. */
function filePath(source: URL | string): URL | string | undefined {
  const inNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string';
  if (!inNode) return undefined;
  if (source instanceof URL) return source.protocol === 'file:' ? source : undefined;
  if (source.startsWith('file:')) return new URL(source);
  // One letter is a Windows drive, not a scheme.
  return /^[a-z][a-z0-9+.-]+:/i.test(source) ? undefined : source;
}

async function readFile(path: URL | string): Promise<ModelFile> {
  const [files, addresses] = ['node:fs/promises', 'node:url']; // names bundlers do not follow into pages
  const fs = (await import(/* @vite-ignore */ files)) as typeof import('node:fs/promises');
  const url = (await import(/* @vite-ignore */ addresses)) as typeof import('node:url');
  const { buffer, byteOffset, byteLength } = await fs.readFile(path);
  const base = typeof path === 'string' ? url.pathToFileURL(path) : path;
  return { bytes: new Uint8Array(buffer, byteOffset, byteLength), base: base.href };
}

async function readBody(response: Response, options: LoadOptions): Promise<Uint8Array> {
  if (!response.ok) {
    throw new Error(
      `load: ${response.url}: expected status 200, got ${response.status} ${response.statusText}.`,
    );
  }
  const header = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(header) ? { total: header } : {};
  if (response.body === null) {
    throw new ModelError([
      { message: `${response.url}: empty response.`, remedy: 'Check the address.' },
    ]);
  }
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    throwIfAborted(options.signal);
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.byteLength;
    options.onProgress?.({ stage: 'download', loaded, ...total });
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
