// `isobit trace MODEL`: the digest of every value of one run, and the root over them, which is the same on every device. As
// a table for people, as the trace itself with --json, and into a file with -o, to be compared with another's.
import { writeFileSync } from 'node:fs';
import type { Trace } from '../index.ts';
import { describeValue } from '../evidence/trace.ts';
import { runModel, type WhereOptions } from './model_run.ts';
import { EXIT, printResult, table } from './output.ts';
import type { ExitCode } from './output.ts';

export interface TraceCommandOptions extends WhereOptions {
  /** A file to write the trace to. */
  output?: string;
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

/** The command. */
export async function traceCommand(model: string, options: TraceCommandOptions): Promise<ExitCode> {
  const trace = (await runModel(model, options, { kind: 'trace' })) as Trace;
  if (options.output !== undefined) {
    writeFileSync(options.output, JSON.stringify(trace, null, 1) + '\n');
  }
  printResult(options.json, trace, traceText(trace));
  return EXIT.good;
}
