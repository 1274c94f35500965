// `isobit trace MODEL`: the digest of every value of one run, and the root over them, which is the same on every device. As
// a table for people, as the trace itself with --json, and into a file with -o, to be compared with another's. With --bundle
// into a folder with every value, each in a file that is named by the SHA-256 of its bytes, so that equal values are one
// file, `sha256sum` checks them, and who wants a few of them need not get the others.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Trace } from '../index.ts';
import { describeValue } from '../evidence/trace.ts';
import type { BundleReport } from '../jobs/model_job.ts';
import { runModel, type WhereOptions } from './model_run.ts';
import { EXIT, printResult, table } from './output.ts';
import type { ExitCode } from './output.ts';

export interface TraceCommandOptions extends WhereOptions {
  /** A file to write the trace to. */
  output?: string;
  /** A folder to write the trace and all values to. */
  bundle?: string;
  json: boolean;
}

/** Enough digits to tell values apart by eye; the file has them all. */
const DIGITS = 16;

function traceText({ contract, model, inputs, nodes, outputs, root }: Trace): string {
  const rows = (kind: string, values: Trace['inputs']): string[][] =>
    values.map((value) => [
      ...[kind, value.name, describeValue(value)],
      value.digest.slice(0, DIGITS),
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

const writeTrace = (path: string, trace: Trace): void =>
  writeFileSync(path, JSON.stringify(trace, null, 1) + '\n');

/** The trace of a run whose values are in the folder when it is there: its file comes last. */
export async function traceIntoFolder(
  model: string,
  options: TraceCommandOptions,
  argument: string,
): Promise<Trace> {
  const bundle = resolve(argument);
  const file = join(bundle, 'trace.json');
  mkdirSync(join(bundle, 'tensors'), { recursive: true });
  rmSync(file, { force: true });
  const report = await runModel(model, options, { kind: 'trace', bundle });
  const { trace, values = {} } = report as BundleReport;
  for (const [digest, base64] of Object.entries(values)) {
    writeFileSync(join(bundle, 'tensors', `${digest}.bin`), Buffer.from(base64, 'base64'));
  }
  writeTrace(file, trace);
  return trace;
}

/** The command. */
export async function traceCommand(model: string, options: TraceCommandOptions): Promise<ExitCode> {
  const trace =
    options.bundle === undefined
      ? ((await runModel(model, options, { kind: 'trace' })) as Trace)
      : await traceIntoFolder(model, options, options.bundle);
  if (options.output !== undefined) writeTrace(options.output, trace);
  printResult(options.json, trace, traceText(trace));
  return EXIT.good;
}
