// onnxruntime-web as the other side of a benchmark: one session on one execution provider, timed run by run. It
// promises that the provider asked for is the one that computes: GPU dispatches are counted during every run, and a
// webgpu session without any, or a wasm session with some, is an error. It compares no results.

import type { FeedFile, JobEnv } from './job.ts';
import { dispatchCount, importOrtWeb, readOrtFeeds } from './ort_module.ts';

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

/** Loads onnxruntime-web and the model; the first run() is a warm-up of its own making. */
export async function openOrt(env: JobEnv, options: OrtOptions): Promise<OrtRunner> {
  const { backend, threads } = options;
  const ort = await importOrtWeb(env, options.dist, backend);
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(options.model, {
    executionProviders: [backend],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const feeds = await readOrtFeeds(env, ort, options.feeds);
  return {
    version: ort.env.versions.web ?? 'unknown',
    run: async () => {
      const before = dispatchCount();
      const begin = performance.now();
      const outputs = await session.run(feeds);
      const ms = performance.now() - begin;
      for (const output of Object.values(outputs)) output.dispose();
      const dispatches = dispatchCount() - before;
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
