// `isobit profile MODEL`: what each step of a run takes, the median over several runs, as two tables, steps and operators,
// and as a file for the trace viewers of browsers (chrome://tracing, Perfetto). WASM runs in this process, WebGPU on a stack.
// Steps are executed one by one, so that their sum is more than a run that is not profiled, whose time stands beside it.

import { writeFileSync } from 'node:fs';
import { median } from '../jobs/job.ts';
import type { ModelJob, ProfileReport } from '../jobs/model_job.ts';
import type { ProfileStep } from '../run_types.ts';
import { chooseInputs } from './feed_files.ts';
import { runOnGpu } from './gpu_stack.ts';
import { requireRunnable, runHere } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import { EXIT, printResult, table } from './output.ts';
import type { ExitCode } from './output.ts';
import { whereOf } from './run.ts';
import type { InputOptions } from './run.ts';

export interface ProfileOptions extends InputOptions {
  backend: 'wasm' | 'webgpu';
  /** The id of a WebGPU stack. */
  stack?: string;
  threads?: number;
  runs: number;
  /** How many steps the text lists, the slowest ones. */
  top: number;
  /** Where the trace goes. */
  trace?: string;
  json: boolean;
}

export interface StepRow {
  kernel: string;
  nodes: string[];
  where: ProfileStep['where'];
  /** The median, without the steps within it. */
  ms: number;
}

export interface OperatorRow {
  operator: string;
  steps: number;
  ms: number;
}

export interface ProfileDocument {
  model: string;
  backend: string;
  /** On wasm: as in RunResult. */
  threads?: number;
  adapter?: string;
  digest: string;
  runs: number;
  /** The median of runs that are not profiled. */
  run_ms: number;
  /** The sum of the steps. */
  steps_ms: number;
  /** In the order of execution. */
  steps: StepRow[];
  operators: OperatorRow[];
  notes: string[];
}

const rounded = (ms: number): number => Number(ms.toFixed(6));

/** The steps of all runs, each with its median; runs that took other branches than the last are left out. */
function rowsOf(runs: readonly (readonly ProfileStep[])[]): StepRow[] {
  const last = runs.at(-1) ?? [];
  const same = runs.filter(
    (steps) =>
      steps.length === last.length && steps.every(({ kernel }, i) => kernel === last[i]?.kernel),
  );
  return last.map(({ kernel, nodes, where }, i) => {
    const own = same.map((steps) => (steps[i]?.milliseconds ?? 0) - (steps[i]?.nested ?? 0));
    return { kernel, nodes: [...nodes], where, ms: rounded(median(own)) };
  });
}

/** Sums by the operators of a step's nodes: `Conv Relu` is one kernel for both. */
function operatorsOf(steps: readonly StepRow[]): OperatorRow[] {
  const rows = new Map<string, OperatorRow>();
  for (const { nodes, ms } of steps) {
    const operator = [...new Set(nodes.map((label) => label.split(' ')[0] ?? ''))].join(' ');
    const row = rows.get(operator) ?? { operator, steps: 0, ms: 0 };
    row.steps += 1;
    row.ms = rounded(row.ms + ms);
    rows.set(operator, row);
  }
  return [...rows.values()].sort((a, b) => b.ms - a.ms);
}

/** The trace event format: complete events, microseconds; one row a place of execution. */
export function traceOf(steps: readonly ProfileStep[]): object {
  const threads = ['host', 'wasm', 'webgpu'];
  return {
    displayTimeUnit: 'ms',
    traceEvents: [
      ...threads.map((name, tid) => ({
        ph: 'M',
        name: 'thread_name',
        pid: 1,
        tid,
        args: { name },
      })),
      ...steps.map(({ kernel, nodes, where, begin, milliseconds }) => ({
        ...{ ph: 'X', cat: where, pid: 1, tid: threads.indexOf(where) },
        ...{ name: kernel === 'host' ? (nodes[0] ?? kernel) : kernel, args: { nodes } },
        ...{ ts: 1000 * begin, dur: 1000 * milliseconds },
      })),
    ],
  };
}

async function execute(
  job: ModelJob,
  roots: string[],
  { backend, stack }: ProfileOptions,
): Promise<{ report: ProfileReport; adapter?: string }> {
  if (backend === 'wasm' && stack === undefined) {
    return { report: (await runHere(job)) as ProfileReport };
  }
  const only = stack === undefined ? undefined : [stack];
  const ran = await runOnGpu({ ...job, backend: 'webgpu' }, roots, only);
  const adapter = `${ran.stack.adapter}, stack ${ran.stack.id}`;
  return { report: ran.result as ProfileReport, adapter };
}

function profileText(document: ProfileDocument, top: number): string {
  const { model, runs, run_ms, steps_ms, steps, operators, notes } = document;
  const where = whereOf(document);
  const share = (ms: number): string => `${((100 * ms) / Math.max(steps_ms, 1e-9)).toFixed(1)} %`;
  const slowest = [...steps].sort((a, b) => b.ms - a.ms).slice(0, top);
  const short = (nodes: readonly string[]): string =>
    nodes.length < 2 ? nodes.join() : `${nodes[0] ?? ''} and ${nodes.length - 1} more`;
  return [
    `${model}: ${where}, ${steps.length} steps of ${steps_ms.toFixed(3)} ms in all; ${run_ms.toFixed(3)} ms a run that is not profiled; medians of ${runs}`,
    '',
    table([
      ['ms', 'share', 'kernel', 'where', 'nodes'],
      ...slowest.map((step) => [
        ...[step.ms.toFixed(4), share(step.ms), step.kernel, step.where, short(step.nodes)],
      ]),
    ]),
    '',
    table([
      ['ms', 'share', 'steps', 'operators'],
      ...operators.map((row) => [
        ...[row.ms.toFixed(4), share(row.ms), String(row.steps), row.operator],
      ]),
    ]),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

/** The command. */
export async function profileCommand(path: string, options: ProfileOptions): Promise<ExitCode> {
  const file = resolveModel(path);
  await requireRunnable(file);
  const chosen = await chooseInputs(file, { beside: true, ...options });
  const folder = temporaryFolder();
  try {
    const job: ModelJob = {
      kind: 'profile',
      model: file.path,
      feeds: writeFeeds(chosen.feeds, folder.path),
      backend: 'wasm',
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      runs: options.runs,
    };
    const { report, adapter } = await execute(job, [file.folder, folder.path], options);
    const steps = rowsOf(report.steps);
    const document: ProfileDocument = {
      model: file.name,
      backend: adapter === undefined ? 'wasm' : 'webgpu',
      ...(report.threads === undefined ? {} : { threads: report.threads }),
      ...(adapter === undefined ? {} : { adapter }),
      digest: report.digest,
      runs: options.runs,
      run_ms: rounded(median(report.plain)),
      steps_ms: rounded(steps.reduce((sum, step) => sum + step.ms, 0)),
      steps,
      operators: operatorsOf(steps),
      notes: report.notes,
    };
    if (options.trace !== undefined) {
      writeFileSync(options.trace, `${JSON.stringify(traceOf(report.steps.at(-1) ?? []))}\n`);
    }
    printResult(options.json, document, profileText(document, options.top));
    return EXIT.good;
  } finally {
    folder.remove();
  }
}
