// `isobit bench`: our milliseconds and onnxruntime-web's, per model, and the geometric mean of the ratios
// theirs/ours. Measured by src/jobs/bench_job.ts in one process (Node, WASM) or one page (Chromium, WebGPU). A model
// that cannot be measured fails the command: a mean over fewer models would flatter. With --load it is loading
// and the first run; with --ops or --audit something else, see bench_ops.ts and bench_audit.ts.

import type { BenchReport } from '../jobs/bench_job.ts';
import { auditText, measureAudit } from './bench_audit.ts';
import { headOf, onStack, round, stackTitle } from './bench_jobs.ts';
import type { Bench, BenchOptions } from './bench_jobs.ts';
import { measureOps, opsText } from './bench_ops.ts';
import { temporaryFolder } from './model_files.ts';
import { EXIT, printResult, table, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';

export interface BenchRow {
  model: string;
  ours_ms: number;
  theirs_ms: number | null;
  /** theirs/ours: above 1, ours is faster. */
  ratio: number | null;
  runs: number;
}

export interface BenchResult {
  backend: 'wasm' | 'webgpu';
  /** Of WASM, on both sides. */
  threads: number;
  stack: string;
  adapter: string;
  against: string | null;
  rows: BenchRow[];
  geomean: number | null;
}

function geometricMean(ratios: number[]): number {
  const sum = ratios.reduce((total, ratio) => total + Math.log(ratio), 0);
  return Math.exp(sum / ratios.length);
}

async function measure(bench: Bench): Promise<BenchResult> {
  const { backend, threads } = bench.options;
  const { stack, results } = await onStack(bench, async ({ file, feeds }, ask) => {
    const job = { model: file.path, feeds, loading: bench.options.load };
    const report = (await ask(file.name, job)) as BenchReport;
    return { model: file.name, ...report };
  });
  const rows = results.map(({ model, ours_ms, theirs_ms, runs }) => ({
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
    stack: stackTitle(stack),
    adapter: stack.adapter,
    against: results.at(-1)?.theirs ?? null,
    rows,
    geomean: ratios.length === 0 ? null : round(geometricMean(ratios)),
  };
}

function benchText(result: BenchResult): string {
  const { against, rows, geomean } = result;
  const cells = rows.map((row) => [
    row.model,
    `${row.ours_ms.toFixed(2)} ms`,
    ...(row.theirs_ms === null ? [] : [`${row.theirs_ms.toFixed(2)} ms`]),
    ...(row.ratio === null ? [] : [row.ratio.toFixed(2)]),
  ]);
  const titles = against === null ? ['model', 'ours'] : ['model', 'ours', 'theirs', 'ratio'];
  const mean = geomean === null ? '' : `\ngeometric mean ${geomean.toFixed(2)}`;
  return `${headOf(result, result)}\n${table([titles, ...cells])}${mean}`;
}

function checkOptions({ audit, load, ops, backend, against }: BenchOptions): void {
  if (audit && (backend !== 'webgpu' || against !== undefined || ops)) {
    throw new UsageError('--audit: expected --backend webgpu and no --against and no --ops.');
  }
  if (load && (audit || ops)) throw new UsageError('--load: expected no --audit and no --ops.');
  if (ops && backend !== 'wasm') {
    throw new UsageError(`--ops: expected --backend wasm, got ${backend}.`);
  }
}

/** The command. */
export async function benchCommand(models: string[], options: BenchOptions): Promise<ExitCode> {
  checkOptions(options);
  const { audit, ops, backend, json } = options;
  const stackId = options.stack ?? (backend === 'wasm' ? 'wasm-node' : 'A');
  const folder = temporaryFolder();
  const progress = startProgress(models.length);
  const bench = { models, stackId, options, folder: folder.path, progress };
  const print = <T>(result: T, text: (result: T) => string): void => {
    progress.stop();
    printResult(json, result, text(result));
  };
  try {
    if (audit) print(await measureAudit(bench), auditText);
    else if (ops) print(await measureOps(bench), opsText);
    else print(await measure(bench), benchText);
    return EXIT.good;
  } finally {
    progress.stop();
    folder.remove();
  }
}
