// `isobit bench`: our milliseconds and onnxruntime-web's, per model, and the geometric mean of the ratios
// theirs/ours. Measured by src/jobs/bench_job.ts in one process (Node, WASM) or one page (Chromium, WebGPU). A model
// that cannot be measured fails the command: a mean over fewer models would flatter.

import { dirname } from 'node:path';
import type { BenchJob, BenchReport } from '../jobs/bench_job.ts';
import { jobBundle } from './bundles.ts';
import { feedFiles } from './feed_files.ts';
import { requireRunnable } from './here.ts';
import { resolveModel, temporaryFolder } from './model_files.ts';
import { EXIT, printResult, table, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import { stackById } from './stacks/catalog.ts';
import { findPackage } from './stacks/locate.ts';
import { openStack } from './stacks/runner.ts';

export interface BenchOptions {
  against?: 'onnxruntime-web';
  backend: 'wasm' | 'webgpu';
  threads: number;
  /** The id of a stack. */
  stack?: string;
  seconds: number;
  seed: number;
  json: boolean;
}

export interface BenchRow {
  model: string;
  ours_ms: number;
  theirs_ms: number | null;
  /** theirs/ours: above 1, ours is faster. */
  ratio: number | null;
  runs: number;
}

export interface BenchResult {
  backend: string;
  /** Theirs; the core has one. */
  threads: number;
  stack: string;
  adapter: string;
  against: string | null;
  rows: BenchRow[];
  geomean: number | null;
}

const round = (value: number): number => Number(value.toFixed(3));

function geometricMean(ratios: number[]): number {
  const sum = ratios.reduce((total, ratio) => total + Math.log(ratio), 0);
  return Math.exp(sum / ratios.length);
}

function ortFolder(): string {
  const entry = findPackage('onnxruntime-web');
  if (entry !== undefined) return dirname(entry);
  throw new UsageError(
    'bench: onnxruntime-web is not installed. npm install onnxruntime-web@1.30.0',
  );
}

function checkStack(stackId: string, backend: string): void {
  if (stackById(stackId).backend === backend) return;
  throw new UsageError(`--stack: expected a stack for ${backend}, got ${stackId}.`);
}

async function measure(
  models: string[],
  stackId: string,
  options: BenchOptions,
  folder: string,
  progress: Progress,
): Promise<BenchResult> {
  checkStack(stackId, options.backend);
  const files = models.map(resolveModel);
  for (const file of files) await requireRunnable(file);
  const { backend, threads, seconds, seed } = options;
  const against = options.against === undefined ? undefined : ortFolder();
  const { bundle, root } = jobBundle('bench_job');
  const roots = [root, folder, ...files.map((file) => file.folder)];
  if (against !== undefined) roots.push(against);
  const stack = await openStack(stackId, { bundle, roots, timeoutMs: 1_200_000 });
  const rows: BenchRow[] = [];
  let theirs: string | null = null;
  try {
    for (const [i, file] of files.entries()) {
      progress.at(file.name);
      const feeds = await feedFiles(file, { seed, input: [] }, folder, i);
      const job: BenchJob = {
        model: file.path,
        feeds,
        backend,
        threads,
        budgetMs: 1000 * seconds,
        ...(against === undefined ? {} : { ortDist: against }),
      };
      const reply = await stack.run(job);
      if (reply.error !== undefined) throw new Error(`${file.name}: ${reply.error.message}`);
      const report = reply.result as BenchReport;
      theirs = report.theirs;
      const { ours_ms, theirs_ms, runs } = report;
      rows.push({
        model: file.name,
        ours_ms: round(ours_ms),
        theirs_ms: theirs_ms === null ? null : round(theirs_ms),
        ratio: theirs_ms === null ? null : round(theirs_ms / ours_ms),
        runs,
      });
      progress.done();
    }
  } finally {
    await stack.close();
  }
  const ratios = rows.flatMap((row) => row.ratio ?? []);
  return {
    backend,
    threads,
    stack: `${stackId}: ${stack.title}`,
    adapter: stack.adapter,
    against: theirs,
    rows,
    geomean: ratios.length === 0 ? null : round(geometricMean(ratios)),
  };
}

function benchText(result: BenchResult): string {
  const { backend, threads, stack, adapter, against, rows, geomean } = result;
  const cores = threads === 1 ? '1 thread' : `1 thread, theirs ${threads}`;
  const where = backend === 'wasm' ? cores : adapter;
  const head = `${backend}, ${where}, stack ${stack}${against === null ? '' : `, against ${against}`}`;
  const cells = rows.map((row) => [
    row.model,
    `${row.ours_ms.toFixed(2)} ms`,
    ...(row.theirs_ms === null ? [] : [`${row.theirs_ms.toFixed(2)} ms`]),
    ...(row.ratio === null ? [] : [row.ratio.toFixed(2)]),
  ]);
  const titles = against === null ? ['model', 'ours'] : ['model', 'ours', 'theirs', 'ratio'];
  const mean = geomean === null ? '' : `\ngeometric mean ${geomean.toFixed(2)}`;
  return `${head}\n${table([titles, ...cells])}${mean}`;
}

/** The command. */
export async function benchCommand(models: string[], options: BenchOptions): Promise<ExitCode> {
  const stackId = options.stack ?? (options.backend === 'wasm' ? 'wasm-node' : 'A');
  const folder = temporaryFolder();
  const progress = startProgress(models.length);
  try {
    const result = await measure(models, stackId, options, folder.path, progress);
    progress.stop();
    printResult(options.json, result, benchText(result));
    return EXIT.good;
  } finally {
    progress.stop();
    folder.remove();
  }
}
