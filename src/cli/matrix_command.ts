// `isobit matrix MODEL…`: decodes each model's inputs once, runs model_job.ts on every stack, prints the table, and writes
// device reports where asked. What those hold is device_reports.ts's matter, the rule of the exit code matrix.ts's.

import { jobBundle } from './bundles.ts';
import { DeviceReports, type ReportedModel } from './device_reports.ts';
import { feedFiles } from './feed_files.ts';
import { requireRunnable } from './here.ts';
import { matrixGood, matrixStacks, matrixText, runMatrix } from './matrix.ts';
import type { MatrixModel, MatrixRow } from './matrix.ts';
import { resolveModel, temporaryFolder } from './model_files.ts';
import { EXIT, printResult, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';

export interface MatrixCommandOptions {
  /** A folder of inputs, and NAME=FILE; for one model only. */
  inputs?: string;
  input: string[];
  seed: number;
  stacks?: string[];
  /** Seconds of one run. */
  timeout: number;
  requireAll: boolean;
  /** A folder that gets a device report of each stack. */
  report?: string;
  json: boolean;
}

/** The matrix of the models at these paths. */
export async function matrixOfModels(
  paths: string[],
  options: Omit<MatrixCommandOptions, 'json' | 'requireAll'>,
): Promise<MatrixRow[]> {
  const files = paths.map(resolveModel);
  const { inputs, input, seed } = options;
  if (files.length > 1 && (inputs !== undefined || input.length > 0)) {
    throw new UsageError(`--inputs, --input: expected one model, got ${files.length}.`);
  }
  for (const file of files) await requireRunnable(file);
  const reports = options.report === undefined ? undefined : new DeviceReports(options.report);
  const choice = { input, seed, ...(inputs === undefined ? {} : { inputs }) };
  const folder = temporaryFolder();
  const present = matrixStacks(options.stacks).filter((spec) => spec.find() === undefined);
  const progress = startProgress(present.length * files.length);
  try {
    const models: MatrixModel[] = [];
    const reported: ReportedModel[] = [];
    for (const [i, file] of files.entries()) {
      const feeds = await feedFiles(file, choice, folder.path, i);
      models.push({ name: file.name, job: { kind: 'run', model: file.path, feeds, audit: 'off' } });
      if (reports !== undefined) reported.push({ name: file.name, path: file.path, feeds });
    }
    await reports?.begin(reported);
    const { bundle, root } = jobBundle('model_job');
    const rows = await runMatrix(models, {
      bundle,
      roots: [root, folder.path, ...files.map((file) => file.folder)],
      timeoutMs: 1000 * options.timeout,
      ...(options.stacks === undefined ? {} : { stacks: options.stacks }),
      onStart: (id, model) => progress.at(`${id} ${model}`),
      onDone: (id) => {
        reports?.done(id);
        progress.done();
      },
      ...(reports === undefined ? {} : { onOpen: (spec, stack) => reports.opened(spec, stack) }),
    });
    reports?.write(rows);
    return rows;
  } finally {
    progress.stop();
    folder.remove();
  }
}

/** The command. */
export async function matrixCommand(
  paths: string[],
  options: MatrixCommandOptions,
): Promise<ExitCode> {
  const rows = await matrixOfModels(paths, options);
  // One model is one document, several are a list.
  const document = rows.length === 1 ? rows[0] : rows;
  printResult(options.json, document, rows.map(matrixText).join('\n\n'));
  return matrixGood(rows, options.requireAll) ? EXIT.good : EXIT.failed;
}
