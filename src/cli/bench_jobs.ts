// What the forms of `isobit bench` share: their options, onnxruntime-web as it is installed, and jobs sent one after
// another to one stack, which stays open for all of them. What is measured is src/jobs/bench_job.ts' question.

import { dirname } from 'node:path';
import type { BenchJob } from '../jobs/bench_job.ts';
import type { FeedFile } from '../jobs/job.ts';
import { jobBundle } from './bundles.ts';
import { feedFiles } from './feed_files.ts';
import { requireRunnable } from './here.ts';
import { resolveModel } from './model_files.ts';
import type { ModelFile } from './model_files.ts';
import { UsageError } from './output.ts';
import type { Progress } from './progress.ts';
import { stackById } from './stacks/catalog.ts';
import { findPackage } from './stacks/locate.ts';
import { openStack } from './stacks/runner.ts';
import type { Stack } from './stacks/types.ts';

export interface BenchOptions {
  against?: 'onnxruntime-web';
  backend: 'wasm' | 'webgpu';
  /** Measure what the audit of runs costs. */
  audit: boolean;
  /** Measure loading and the first run. */
  load: boolean;
  /** Measure the nodes of the models, each by itself. */
  ops: boolean;
  threads: number;
  /** The id of a stack. */
  stack?: string;
  seconds: number;
  seed: number;
  json: boolean;
}

/** Where one measurement takes place. */
export interface Bench {
  models: string[];
  stackId: string;
  options: BenchOptions;
  /** A folder for files that jobs read. */
  folder: string;
  progress: Progress;
}

/** Times to the microsecond, ratios to a thousandth. */
export const round = (value: number): number => Number(value.toFixed(3));

/** The folder `dist` of onnxruntime-web, where a comparison is asked for. */
export function ortFolder({ against }: BenchOptions): string | undefined {
  if (against === undefined) return undefined;
  const entry = findPackage('onnxruntime-web');
  if (entry !== undefined) return dirname(entry);
  throw new UsageError(
    'bench: onnxruntime-web is not installed. npm install onnxruntime-web@1.30.0',
  );
}

/** The name of the other side and of the machine, above a table. */
export function headOf(
  { backend, threads }: Pick<BenchOptions, 'backend' | 'threads'>,
  { stack, adapter, against }: { stack: string; adapter: string; against: string | null },
): string {
  const cores = threads === 1 ? '1 thread' : `${threads} threads`;
  const where = backend === 'wasm' ? cores : adapter;
  return `${backend}, ${where}, stack ${stack}${against === null ? '' : `, against ${against}`}`;
}

export const stackTitle = (stack: Stack): string => `${stack.id}: ${stack.title}`;

/** A model, the files that hold its inputs, and its number among the models. */
export interface ModelAtWork {
  file: ModelFile;
  feeds: FeedFile[];
  index: number;
}

/** Runs a job; its error is thrown with `label` in front. */
export type Ask = (
  label: string,
  job: Pick<BenchJob, 'model' | 'feeds'> & Partial<BenchJob>,
) => Promise<unknown>;

/** Opens the stack and hands it to `each`, once a model. */
export async function onStack<T>(
  { models, stackId, options, folder, progress }: Bench,
  each: (at: ModelAtWork, ask: Ask) => Promise<T>,
): Promise<{ stack: Stack; results: T[] }> {
  const { backend, threads, seconds, seed, audit } = options;
  if (stackById(stackId).backend !== backend) {
    throw new UsageError(`--stack: expected a stack for ${backend}, got ${stackId}.`);
  }
  const ortDist = audit ? undefined : ortFolder(options);
  const files = models.map(resolveModel);
  for (const file of files) await requireRunnable(file);
  const { bundle, root } = jobBundle('bench_job');
  const roots = [root, folder, ...files.map((file) => file.folder)];
  if (ortDist !== undefined) roots.push(ortDist);
  const stack = await openStack(stackId, { bundle, roots, timeoutMs: 1_200_000 });
  const ask: Ask = async (label, job) => {
    const shared = { backend, threads, budgetMs: 1000 * seconds, audit };
    const reply = await stack.run({
      ...shared,
      ...(ortDist === undefined ? {} : { ortDist }),
      ...job,
    });
    if (reply.error !== undefined) throw new Error(`${label}: ${reply.error.message}`);
    return reply.result;
  };
  const results: T[] = [];
  try {
    for (const [index, file] of files.entries()) {
      progress.at(file.name);
      const feeds = await feedFiles(file, { seed, input: [] }, folder, index);
      results.push(await each({ file, feeds, index }, ask));
      progress.done();
    }
  } finally {
    await stack.close();
  }
  return { stack, results };
}
