// `isobit trace MODEL`: the digest of every value of one run, and the root over them, which is the same on every device. As
// a table for people, as the trace itself with --json, and into a file with -o, to be compared with another's.
import { writeFileSync } from 'node:fs';
import type { Trace } from '../index.ts';
import type { ModelJob } from '../jobs/model_job.ts';
import { chooseInputs } from './feed_files.ts';
import { runOnGpu } from './gpu_stack.ts';
import { requireRunnable, runHere } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import { EXIT, printResult, table } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import type { InputOptions } from './run.ts';

export interface TraceCommandOptions extends InputOptions {
  backend: 'wasm' | 'webgpu';
  /** The id of a WebGPU stack. */
  stack?: string;
  /** A file to write the trace to. */
  output?: string;
  json: boolean;
}

/** Enough digits to tell values apart by eye; the file has them all. */
const DIGITS = 16;

async function traceFile(argument: string, options: TraceCommandOptions): Promise<Trace> {
  const file = resolveModel(argument);
  await requireRunnable(file);
  const chosen = await chooseInputs(file, options);
  const folder = temporaryFolder();
  const progress = startProgress(1);
  try {
    progress.at(file.name);
    const { backend, stack } = options;
    const feeds = writeFeeds(chosen.feeds, folder.path);
    const job: ModelJob = { kind: 'trace', model: file.path, feeds, backend };
    if (backend === 'wasm' && stack === undefined) return (await runHere(job)) as Trace;
    const only = stack === undefined ? undefined : [stack];
    const roots = [file.folder, folder.path];
    return (await runOnGpu({ ...job, backend: 'webgpu' }, roots, only)).result as Trace;
  } finally {
    progress.stop();
    folder.remove();
  }
}

function traceText({ contract, model, inputs, nodes, outputs, root }: Trace): string {
  const rows = (kind: string, values: Trace['inputs']): string[][] =>
    values.map(({ name, digest, type, dims }) => [
      ...[kind, name, dims === undefined ? type : `${type} [${dims.join(', ')}]`],
      digest.slice(0, DIGITS),
    ]);
  const of = nodes.flatMap((node) =>
    rows(
      `${node.path} ${node.operator}`,
      node.outputs.flatMap((one) => one ?? []),
    ),
  );
  return [
    table([...rows('input', inputs), ...of, ...rows('output', outputs)]),
    `contract ${contract.id} ${contract.version}`,
    `model ${model}`,
    `root ${root}`,
  ].join('\n');
}

/** The command. */
export async function traceCommand(model: string, options: TraceCommandOptions): Promise<ExitCode> {
  const trace = await traceFile(model, options);
  if (options.output !== undefined) {
    writeFileSync(options.output, JSON.stringify(trace, null, 1) + '\n');
  }
  printResult(options.json, trace, traceText(trace));
  return EXIT.good;
}
