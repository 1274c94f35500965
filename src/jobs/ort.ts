// onnxruntime-web as the other side of a benchmark: one session on one execution provider, timed run by run. It
// promises that the provider asked for is the one that computes: GPU dispatches are counted during every run, and a
// webgpu session without any, or a wasm session with some, is an error. It compares no results.

import type { FeedFile, JobEnv } from './job.ts';

interface OrtTensor {
  dispose(): void;
}

interface OrtSession {
  inputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface Ort {
  env: {
    logLevel: string;
    wasm: { numThreads: number; wasmPaths: string };
    versions: { web?: string };
  };
  Tensor: new (type: string, data: unknown, dims: number[]) => OrtTensor;
  InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OrtSession>;
  };
}

export interface OrtOptions {
  /** The folder `dist` of the package onnxruntime-web. */
  dist: string;
  model: Uint8Array;
  backend: 'wasm' | 'webgpu';
  threads: number;
  feeds: FeedFile[];
}

export interface OrtRunner {
  version: string;
  /** Runs once; milliseconds from the call to the outputs in memory. */
  run: () => Promise<number>;
  close(): Promise<void>;
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
    default:
      throw new TypeError(
        `onnxruntime-web: input dtype: expected a plain number type, got ${dtype}.`,
      );
  }
}

async function importOrt(env: JobEnv, dist: string, backend: 'wasm' | 'webgpu'): Promise<Ort> {
  const inNode = typeof document === 'undefined';
  const file = backend === 'webgpu' ? 'ort.webgpu.min.mjs' : 'ort.wasm.min.mjs';
  const name = inNode ? 'ort.node.min.mjs' : file;
  const module: unknown = await import(/* @vite-ignore */ env.url(`${dist}/${name}`));
  const ort = module as Ort;
  ort.env.wasm.wasmPaths = env.url(dist) + '/';
  // It warns of every node that it keeps on the processor.
  ort.env.logLevel = 'error';
  return ort;
}

/** Loads onnxruntime-web and the model; the first run() is a warm-up of its own making. */
export async function openOrt(env: JobEnv, options: OrtOptions): Promise<OrtRunner> {
  const { backend, threads } = options;
  const ort = await importOrt(env, options.dist, backend);
  ort.env.wasm.numThreads = threads;
  countDispatches();
  const session = await ort.InferenceSession.create(options.model, {
    executionProviders: [backend],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, dtype, dims, path } of options.feeds) {
    feeds[name] = new ort.Tensor(dtype, typedArray(dtype, await env.readFile(path)), dims);
  }
  return {
    version: ort.env.versions.web ?? 'unknown',
    run: async () => {
      dispatches = 0;
      const begin = performance.now();
      const outputs = await session.run(feeds);
      const ms = performance.now() - begin;
      for (const output of Object.values(outputs)) output.dispose();
      if (dispatches > 0 !== (backend === 'webgpu')) {
        throw new Error(
          `onnxruntime-web: wrong execution provider: expected ${backend}, got a run with ${dispatches} GPU dispatches.`,
        );
      }
      return ms;
    },
    close: () => session.release(),
  };
}
