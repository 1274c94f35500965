// `isobit bench`: our milliseconds and onnxruntime-web's, per model, and the geometric mean of the ratios
// theirs/ours. Measured by src/jobs/bench_job.ts in one process (Node, WASM) or one page (Chromium, WebGPU). A model
// that cannot be measured fails the command: a mean over fewer models would flatter. With --audit: our runs on WebGPU with
// their audit (docs/NUMERICS.md, B8) against the same without.

import { dirname } from 'node:path';
import type { AuditReport, BenchJob, BenchReport } from '../jobs/bench_job.ts';
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
import type { Stack } from './stacks/types.ts';

export interface BenchOptions {
  against?: 'onnxruntime-web';
  backend: 'wasm' | 'webgpu';
  /** Measure what the audit of runs costs. */
  audit: boolean;
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

/** What an audit costs; means over pairs of runs, see AuditReport. */
export interface AuditBenchResult {
  stack: string;
  adapter: string;
  rows: ({ model: string } & AuditReport)[];
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

/** Runs the job for each model on one stack. */
async function reports(
  models: string[],
  stackId: string,
  options: BenchOptions,
  folder: string,
  progress: Progress,
  against?: string,
): Promise<{ stack: Stack; results: { model: string; report: unknown }[] }> {
  checkStack(stackId, options.backend);
  const files = models.map(resolveModel);
  for (const file of files) await requireRunnable(file);
  const { backend, threads, seconds, seed, audit } = options;
  const { bundle, root } = jobBundle('bench_job');
  const roots = [root, folder, ...files.map((file) => file.folder)];
  if (against !== undefined) roots.push(against);
  const stack = await openStack(stackId, { bundle, roots, timeoutMs: 1_200_000 });
  const results: { model: string; report: unknown }[] = [];
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
        audit,
        ...(against === undefined ? {} : { ortDist: against }),
      };
      const reply = await stack.run(job);
      if (reply.error !== undefined) throw new Error(`${file.name}: ${reply.error.message}`);
      results.push({ model: file.name, report: reply.result });
      progress.done();
    }
  } finally {
    await stack.close();
  }
  return { stack, results };
}

async function measure(
  models: string[],
  stackId: string,
  options: BenchOptions,
  folder: string,
  progress: Progress,
): Promise<BenchResult> {
  const { backend, threads } = options;
  const against = options.against === undefined ? undefined : ortFolder();
  const { stack, results } = await reports(models, stackId, options, folder, progress, against);
  const measured = results.map(({ model, report }) => ({ model, ...(report as BenchReport) }));
  const rows = measured.map(({ model, ours_ms, theirs_ms, runs }) => ({
    model,
    ours_ms: round(ours_ms),
    theirs_ms: theirs_ms === null ? null : round(theirs_ms),
    ratio: theirs_ms === null ? null : round(theirs_ms / ours_ms),
    runs,
  }));
  const ratios = rows.flatMap((row) => row.ratio ?? []);
  return {
    backend,
    threads,
    stack: `${stackId}: ${stack.title}`,
    adapter: stack.adapter,
    against: measured.at(-1)?.theirs ?? null,
    rows,
    geomean: ratios.length === 0 ? null : round(geometricMean(ratios)),
  };
}

async function measureAudit(
  models: string[],
  stackId: string,
  options: BenchOptions,
  folder: string,
  progress: Progress,
): Promise<AuditBenchResult> {
  const { stack, results } = await reports(models, stackId, options, folder, progress);
  const rows = results.map(({ model, report }) => {
    const { on_ms, off_ms, ratio, error, cpu_ratio, cpu_error, first_ms, runs } =
      report as AuditReport;
    return {
      model,
      on_ms: round(on_ms),
      off_ms: round(off_ms),
      ratio: round(ratio),
      error: round(error),
      cpu_ratio: cpu_ratio === null ? null : round(cpu_ratio),
      cpu_error: cpu_error === null ? null : round(cpu_error),
      first_ms: round(first_ms),
      runs,
    };
  });
  return { stack: `${stackId}: ${stack.title}`, adapter: stack.adapter, rows };
}

function auditText({ stack, adapter, rows }: AuditBenchResult): string {
  const titles = [
    'model',
    'audited',
    'not',
    'ratio',
    '±',
    'of CPU time',
    '±',
    'first audit',
    'pairs',
  ];
  const cells = rows.map((row) => [
    row.model,
    `${row.on_ms.toFixed(2)} ms`,
    `${row.off_ms.toFixed(2)} ms`,
    row.ratio.toFixed(3),
    row.error.toFixed(3),
    row.cpu_ratio?.toFixed(3) ?? '',
    row.cpu_error?.toFixed(3) ?? '',
    `${row.first_ms.toFixed(2)} ms`,
    String(row.runs),
  ]);
  return `webgpu, ${adapter}, stack ${stack}, audited runs against the same without\n${table([titles, ...cells])}`;
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
  const { audit, backend, against } = options;
  if (audit && (backend !== 'webgpu' || against !== undefined)) {
    throw new UsageError('--audit: expected --backend webgpu and no --against.');
  }
  const stackId = options.stack ?? (options.backend === 'wasm' ? 'wasm-node' : 'A');
  const folder = temporaryFolder();
  const progress = startProgress(models.length);
  try {
    if (audit) {
      const result = await measureAudit(models, stackId, options, folder.path, progress);
      progress.stop();
      printResult(options.json, result, auditText(result));
      return EXIT.good;
    }
    const result = await measure(models, stackId, options, folder.path, progress);
    progress.stop();
    printResult(options.json, result, benchText(result));
    return EXIT.good;
  } finally {
    progress.stop();
    folder.remove();
  }
}
