// The job of `isobit bench`: measures one model on one backend, alternating with onnxruntime-web in the same process
// or page, so that both meet the same noise. Each side is warmed up first; what counts is the median of the time from
// the call to the outputs in memory. Loading, and our digest, are outside, but where loading is what is measured: then
// each time is one from the file's bytes to the outputs of the first run. It compares no results: see model_job.ts.

import { load } from '../index.ts';
import { median } from './job.ts';
import type { FeedFile, JobEnv } from './job.ts';
import { readFeeds } from './model_job.ts';
import { openOrt } from './ort.ts';
import type { OrtOptions, OrtRunner } from './ort.ts';

export interface BenchJob {
  model: string;
  feeds: FeedFile[];
  backend: 'wasm' | 'webgpu';
  /** Of WASM, on both sides. */
  threads: number;
  /** The folder `dist` of onnxruntime-web; without it only our side is measured. */
  ortDist?: string;
  /** After the warm-up, runs begin for this long, but at least `MIN_RUNS`. */
  budgetMs: number;
  /** That onnxruntime-web refuses the model is a finding, not an error. */
  mayRefuse?: boolean;
  /** Measure loading and the first run. */
  loading?: boolean;
  /** Compare audited runs with runs that are not, instead of ours with theirs. */
  audit?: boolean;
}

export interface BenchReport {
  ours_ms: number;
  theirs_ms: number | null;
  runs: number;
  theirs: string | null;
  /** Why onnxruntime-web did not run the model, where it may refuse and did. */
  refused?: string;
}

/** Our runs on WebGPU with and without their audit. */
export interface AuditReport {
  /** Means, since audits come in some of the runs: audited as by default, and with `audit: 'off'`. */
  on_ms: number;
  off_ms: number;
  /** on/off, and the standard error of it as the pairs scatter. */
  ratio: number;
  error: number;
  /** The same of the process' CPU time, where there is one: other work on the machine does not count in it. */
  cpu_ratio: number | null;
  cpu_error: number | null;
  /** What the first audited run, which looks at every dispatch, took beyond a run that is not audited. */
  first_ms: number;
  runs: number;
}

const MIN_RUNS = 3;
/** Before each run where there are several threads: those of the other side look for work for a while before they sleep. */
const PAUSE_MS = 20;

type Runner = () => Promise<number>;

/** Runs of code that the engine has compiled in haste before it compiles it well: four or five on V8. */
const COLD_RUNS = 5;
/** Even a short budget leaves time for them, where a run is short. */
const WARM_MS = 200;

/**
 * Warm-up: the cold runs, then until two successive runs differ by less than a tenth, at most ten and half the budget.
 * Where a run takes seconds, nothing later gets faster.
 */
async function warmUp(run: Runner, budgetMs: number): Promise<void> {
  const end = performance.now() + Math.max(WARM_MS, budgetMs / 2);
  let last = await run();
  for (let i = 1; i < 10 && performance.now() < end; i += 1) {
    const ms = await run();
    if (i >= COLD_RUNS && Math.abs(ms - last) < last / 10) return;
    last = ms;
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

interface Spent {
  readonly ms: number;
  readonly cpu: number;
}

/** CPU milliseconds of the process so far, its GPU's threads included where that is software; NaN in a page. */
function cpuMs(): number {
  if (typeof process === 'undefined' || typeof process.cpuUsage !== 'function') return Number.NaN;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function ratioOfMeans(
  on: readonly number[],
  off: readonly number[],
): { ratio: number; error: number } {
  const ratio = mean(on) / mean(off);
  // The residuals of on = ratio * off, as the estimator of a ratio of means has it.
  const squares = on.map((ms, i) => (ms - ratio * (off[i] ?? 0)) ** 2);
  return { ratio, error: Math.sqrt(mean(squares) / Math.max(1, on.length - 1)) / mean(off) };
}

/** Pairs of runs, one audited as by default and one not, in alternating order. */
async function auditCost(job: BenchJob, env: JobEnv): Promise<AuditReport> {
  const model = await load(await env.readFile(job.model), { gpu: env.gpu });
  try {
    const feeds = await readFeeds(env, job.feeds);
    const timed = async (audit: 'off' | undefined): Promise<Spent> => {
      const cpu = cpuMs();
      const begin = performance.now();
      const { notes } = await model.run(feeds, { backend: 'webgpu', audit });
      const spent = { ms: performance.now() - begin, cpu: cpuMs() - cpu };
      const found = notes.find((note) => note.audit !== undefined);
      if (found !== undefined) throw new Error(`bench: ${found.message}`);
      return spent;
    };
    await warmUp(async () => (await timed('off')).ms, job.budgetMs);
    const before = await timed('off');
    const first = await timed(undefined);
    const first_ms = first.ms - Math.min(before.ms, (await timed('off')).ms);
    const on: Spent[] = [];
    const off: Spent[] = [];
    const end = performance.now() + job.budgetMs;
    while (on.length < MIN_RUNS || performance.now() < end) {
      // The order alternates: the second of a pair finds the caches of the first.
      const order =
        on.length % 2 === 0 ? ([undefined, 'off'] as const) : (['off', undefined] as const);
      for (const audit of order) (audit === 'off' ? off : on).push(await timed(audit));
    }
    const of = (runs: readonly Spent[], key: keyof Spent): number[] => runs.map((one) => one[key]);
    const time = ratioOfMeans(of(on, 'ms'), of(off, 'ms'));
    const cpu = ratioOfMeans(of(on, 'cpu'), of(off, 'cpu'));
    return {
      on_ms: mean(of(on, 'ms')),
      off_ms: mean(of(off, 'ms')),
      ...time,
      cpu_ratio: Number.isFinite(cpu.ratio) ? cpu.ratio : null,
      cpu_error: Number.isFinite(cpu.error) ? cpu.error : null,
      first_ms,
      runs: on.length,
    };
  } finally {
    model.dispose();
  }
}

/** onnxruntime-web with the model, after its warm-up; or why it refuses. */
async function openTheirs(
  env: JobEnv,
  options: OrtOptions,
  { mayRefuse, budgetMs }: BenchJob,
): Promise<OrtRunner | string> {
  let theirs: OrtRunner | undefined;
  try {
    theirs = await openOrt(env, options);
    await warmUp(theirs.run, budgetMs);
    return theirs;
  } catch (error) {
    await theirs?.close();
    if (mayRefuse !== true) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** What takes turns: our side, and theirs where there is one. */
interface Sides {
  readonly ours: Runner;
  readonly theirs: Runner | undefined;
}

/** Both sides in turns; the medians. */
async function alternate(
  { ours, theirs }: Sides,
  budgetMs: number,
  pauseMs = 0,
): Promise<Pick<BenchReport, 'ours_ms' | 'theirs_ms' | 'runs'>> {
  const mine: number[] = [];
  const others: number[] = [];
  const end = performance.now() + budgetMs;
  while (mine.length < MIN_RUNS || performance.now() < end) {
    // The order alternates too: the second of a pair finds the caches of the first.
    const order: Runner[] = theirs === undefined ? [ours] : [ours, theirs];
    if (mine.length % 2 === 1) order.reverse();
    for (const side of order) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      (side === ours ? mine : others).push(await side());
    }
  }
  return {
    ours_ms: median(mine),
    theirs_ms: theirs === undefined ? null : median(others),
    runs: mine.length,
  };
}

/** From the file's bytes to the first outputs, again and again; both libraries have been used before. */
async function loadingCost(job: BenchJob, env: JobEnv): Promise<BenchReport> {
  const { backend, threads, budgetMs, ortDist } = job;
  const bytes = await env.readFile(job.model);
  const feeds = await readFeeds(env, job.feeds);
  const ours: Runner = async () => {
    const begin = performance.now();
    const model = await load(bytes, { gpu: env.gpu, threads });
    try {
      await model.run(feeds, { backend });
      return performance.now() - begin;
    } finally {
      model.dispose();
    }
  };
  let version: string | undefined;
  const open = async (dist: string): Promise<number> => {
    const begin = performance.now();
    const theirs = await openOrt(env, { dist, model: bytes, backend, threads, feeds: job.feeds });
    try {
      await theirs.run();
      version = theirs.version;
      return performance.now() - begin;
    } finally {
      await theirs.close();
    }
  };
  const theirs = ortDist === undefined ? undefined : () => open(ortDist);
  await warmUp(ours, budgetMs);
  if (theirs !== undefined) await warmUp(theirs, budgetMs);
  const times = await alternate({ ours, theirs }, budgetMs);
  return { ...times, theirs: version === undefined ? null : `onnxruntime-web ${version}` };
}

export async function run(request: unknown, env: JobEnv): Promise<BenchReport | AuditReport> {
  const job = request as BenchJob;
  if (job.audit === true) return auditCost(job, env);
  if (job.loading === true) return loadingCost(job, env);
  const { backend, threads, budgetMs } = job;
  const bytes = await env.readFile(job.model);
  const model = await load(bytes, { gpu: env.gpu, threads });
  let theirs: OrtRunner | undefined;
  try {
    const feeds = await readFeeds(env, job.feeds);
    const ourRun: Runner = async () => {
      const begin = performance.now();
      const result = await model.run(feeds, { backend });
      const ms = performance.now() - begin;
      if (result.backend !== backend) {
        throw new Error(`bench: wrong backend: expected ${backend}, got ${result.backend}.`);
      }
      return ms;
    };
    await warmUp(ourRun, budgetMs);
    let refused: string | undefined;
    if (job.ortDist !== undefined) {
      const options = { dist: job.ortDist, model: bytes, backend, threads, feeds: job.feeds };
      const opened = await openTheirs(env, options, job);
      if (typeof opened === 'string') refused = opened;
      else theirs = opened;
    }
    return {
      ...(await alternate(
        { ours: ourRun, theirs: theirs?.run },
        budgetMs,
        threads > 1 ? PAUSE_MS : 0,
      )),
      theirs: theirs === undefined ? null : `onnxruntime-web ${theirs.version}`,
      ...(refused === undefined ? {} : { refused }),
    };
  } finally {
    await theirs?.close();
    model.dispose();
  }
}
