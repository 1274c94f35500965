// onnxruntime-web and onnxruntime-node as modules that are installed beside this package: how they are imported, the few of
// their types that jobs use, and tensors of plain bytes. On WebGPU every dispatch of the process or page is counted, so
// that whoever asked for that provider can tell whether it computed. It runs nothing.

import type { FeedFile, JobEnv } from './job.ts';

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  dispose(): void;
}

export interface OrtSession {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(
    feeds: Record<string, OrtTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface Ort {
  env: {
    logLevel: string;
    wasm: { numThreads: number; wasmPaths: string };
    versions: { web?: string; node?: string };
  };
  Tensor: new (type: string, data: unknown, dims: number[]) => OrtTensor;
  InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OrtSession>;
  };
}

let dispatches = 0;

/** Counts every compute dispatch of this process or page from now on. */
function countDispatches(): void {
  if (typeof GPUComputePassEncoder === 'undefined') return;
  const proto = GPUComputePassEncoder.prototype;
  for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'] as const) {
    const original = proto[name] as (...args: unknown[]) => undefined;
    if (original.name === 'counted') continue;
    proto[name] = function counted(this: GPUComputePassEncoder, ...args: unknown[]) {
      dispatches += 1;
      return original.apply(this, args);
    } as never;
  }
}

/** The compute dispatches since onnxruntime-web was imported. */
export const dispatchCount = (): number => dispatches;

/** @param dist The folder `dist` of the package onnxruntime-web. */
export async function importOrtWeb(
  env: JobEnv,
  dist: string,
  backend: 'wasm' | 'webgpu',
): Promise<Ort> {
  const inNode = typeof document === 'undefined';
  const file = backend === 'webgpu' ? 'ort.webgpu.min.mjs' : 'ort.wasm.min.mjs';
  const name = inNode ? 'ort.node.min.mjs' : file;
  const module: unknown = await import(/* @vite-ignore */ env.url(`${dist}/${name}`));
  const ort = module as Ort;
  ort.env.wasm.wasmPaths = env.url(dist) + '/';
  // It warns of every node that it keeps on the processor.
  ort.env.logLevel = 'error';
  countDispatches();
  return ort;
}

/** @param entry The main file of the package onnxruntime-node, which is CommonJS. */
export async function importOrtNode(env: JobEnv, entry: string): Promise<Ort> {
  const module: unknown = await import(/* @vite-ignore */ env.url(entry));
  const ort = (module as { default: Ort }).default;
  ort.env.logLevel = 'error';
  return ort;
}

function typedArray(dtype: string, bytes: Uint8Array): unknown {
  const buffer = bytes.slice().buffer;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint16':
    // Its bits, as theirs takes them.
    case 'float16':
      return new Uint16Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'string':
      return JSON.parse(new TextDecoder().decode(bytes));
    default:
      throw new TypeError(`onnxruntime: input dtype: expected a plain number type, got ${dtype}.`);
  }
}

/**
 * The files' tensors as theirs.
 *
 * @throws TypeError for a type that theirs does not take
 */
export async function readOrtFeeds(
  env: JobEnv,
  ort: Ort,
  files: readonly FeedFile[],
): Promise<Record<string, OrtTensor>> {
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, dtype, dims, path } of files) {
    feeds[name] = new ort.Tensor(dtype, typedArray(dtype, await env.readFile(path)), dims);
  }
  return feeds;
}
