// `isobit run MODEL`: one run of one model and the digests of its outputs. WASM runs in this process, WebGPU on a
// stack of its own. Where the inputs came with expected outputs, these are compared within their tolerance, and a
// difference fails the command.

import type { DType } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';
import type { JobOutput, ModelJob, RunReport } from '../jobs/model_job.ts';
import { chooseInputs } from './feed_files.ts';
import type { ChosenInputs } from './feed_files.ts';
import { mayOpenGraphicsCard, runOnGpu } from './gpu_stack.ts';
import { requireRunnable, runHere } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import type { ModelFile } from './model_files.ts';
import { EXIT, printResult, table } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import { compareOutput, toleranceOf } from './tolerance.ts';
import type { OutputComparison, Tolerance } from './tolerance.ts';

export interface InputOptions {
  inputs?: string;
  input: string[];
  seed: number;
}

export interface RunCommandOptions extends InputOptions {
  backend: 'wasm' | 'webgpu' | 'auto';
  /** The id of a WebGPU stack. */
  stack?: string;
  threads?: number;
  /** Of random operators. */
  randomSeed?: number;
  json: boolean;
}

export interface RunDocument {
  model: string;
  contract: string;
  backend: string;
  /** On wasm: as in RunResult. */
  threads?: number;
  /** The adapter, where it ran on one. */
  adapter?: string;
  outputs: { name: string; dtype: string; shape: number[]; digest: string }[];
  digest: string;
  ms: number;
  notes: string[];
  /** The comparison with the expected outputs that lie beside the inputs. */
  expected?: Tolerance & { within: boolean; outputs: OutputComparison[] };
}

async function reportOnGpu(
  job: ModelJob,
  roots: string[],
  only: string[] | undefined,
): Promise<{ report: RunReport; adapter: string; stack: string }> {
  const { result, stack } = await runOnGpu({ ...job, backend: 'webgpu' }, roots, only);
  const report = result as RunReport;
  return { report, adapter: stack.adapter, stack: `${stack.id} (${stack.title})` };
}

async function execute(
  job: ModelJob,
  roots: string[],
  options: RunCommandOptions,
): Promise<{ report: RunReport; adapter?: string; notes: string[] }> {
  const { backend, stack } = options;
  if (backend === 'webgpu' || stack !== undefined) {
    const ran = await reportOnGpu(job, roots, stack === undefined ? undefined : [stack]);
    return { ...ran, notes: [`ran on stack ${ran.stack}`] };
  }
  if (backend === 'auto' && mayOpenGraphicsCard()) {
    try {
      const ran = await reportOnGpu(job, roots, ['F']);
      return { ...ran, notes: [`auto: took the graphics card, stack ${ran.stack}`] };
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e);
      return { report: (await runHere(job)) as RunReport, notes: [`auto: took wasm: ${why}`] };
    }
  }
  const notes = backend === 'auto' ? ['auto: took wasm: no graphics card was found'] : [];
  return { report: (await runHere(job)) as RunReport, notes };
}

/** The machine of a run, for people. */
export function whereOf({
  backend,
  threads = 1,
  adapter,
}: Pick<RunDocument, 'backend' | 'threads' | 'adapter'>): string {
  if (adapter !== undefined) return `${backend}, ${adapter}`;
  return threads === 1 ? backend : `${backend}, ${threads} threads`;
}

function tensorOf(output: JobOutput): Tensor {
  const bytes = new Uint8Array(Buffer.from(output.data ?? '', 'base64'));
  return Tensor.ofBytes(output.dtype as DType, bytes, output.shape);
}

/** Compares the outputs that are expected; undefined when none are. */
function compare(report: RunReport, chosen: ChosenInputs): RunDocument['expected'] {
  const { expected, folder } = chosen;
  const names = Object.keys(expected);
  if (names.length === 0 || folder === undefined) return undefined;
  const tolerance = toleranceOf(folder);
  const outputs = names.flatMap((name) => {
    const output = report.outputs.find((candidate) => candidate.name === name);
    const want = expected[name];
    if (output === undefined || want === undefined) return [];
    return [compareOutput(name, tensorOf(output), want, tolerance)];
  });
  return { ...tolerance, within: outputs.every((output) => output.within), outputs };
}

async function runFile(file: ModelFile, options: RunCommandOptions): Promise<RunDocument> {
  await requireRunnable(file);
  const chosen = await chooseInputs(file, options);
  const folder = temporaryFolder();
  const progress = startProgress(1);
  try {
    progress.at(file.name);
    const job: ModelJob = {
      kind: 'run',
      model: file.path,
      feeds: writeFeeds(chosen.feeds, folder.path),
      backend: 'wasm',
      data: Object.keys(chosen.expected).length > 0,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      ...(options.randomSeed === undefined ? {} : { seed: options.randomSeed }),
    };
    const { report, adapter, notes } = await execute(job, [file.folder, folder.path], options);
    const expected = compare(report, chosen);
    return {
      model: file.name,
      contract: report.contract,
      backend: report.backend,
      ...(report.threads === undefined ? {} : { threads: report.threads }),
      ...(adapter === undefined ? {} : { adapter }),
      outputs: report.outputs.map(({ name, dtype, shape, digest }) => {
        return { name, dtype, shape, digest };
      }),
      digest: report.digest,
      ms: Number(report.ms.toFixed(3)),
      notes: [...notes, ...report.notes],
      ...(expected === undefined ? {} : { expected }),
    };
  } finally {
    progress.stop();
    folder.remove();
  }
}

function runText(document: RunDocument): string {
  const { model, contract, outputs, digest, ms, notes, expected } = document;
  const where = whereOf(document);
  const rows = outputs.map((output) => [
    output.name,
    `${output.dtype} [${output.shape.join(', ')}]`,
    output.digest,
  ]);
  const lines = [`${model}: ${where}, ${ms.toFixed(1)} ms, contract ${contract}`, table(rows)];
  lines.push(`digest ${digest}`, ...notes.map((note) => `note: ${note}`));
  if (expected !== undefined) {
    const { rtol, atol, within } = expected;
    lines.push(`expected outputs: ${within ? 'within' : 'NOT within'} rtol ${rtol}, atol ${atol}`);
    for (const { name, error } of expected.outputs) {
      if (error !== undefined) lines.push(`  ${name}: ${error}`);
    }
  }
  return lines.join('\n');
}

/** The command. */
export async function runCommand(model: string, options: RunCommandOptions): Promise<ExitCode> {
  const document = await runFile(resolveModel(model), options);
  printResult(options.json, document, runText(document));
  return document.expected?.within === false ? EXIT.failed : EXIT.good;
}
