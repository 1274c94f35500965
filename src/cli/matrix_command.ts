// `isobit matrix MODEL…`: decodes each model's inputs once, runs model_job.ts on every stack of this machine, then on the
// remote browsers that were named, prints the table, and writes device reports where asked. What those hold is
// device_reports.ts's matter, the rule of the exit code matrix.ts's.

import { jobBundle } from './bundles.ts';
import { exposureOf, remotesOf } from './connect/options.ts';
import type { ConnectOptions } from './connect/options.ts';
import type { Remote } from './connect/remote.ts';
import { remoteColumns } from './connect/run_remotes.ts';
import { DeviceReports, type ReportedModel } from './device_reports.ts';
import { writeBundle } from './farm/bundle.ts';
import { feedFiles, filesOfModel } from './feed_files.ts';
import type { InputChoice } from './feed_files.ts';
import { requireRunnable } from './here.ts';
import { matrixGood, matrixRows, matrixStacks, matrixText, stackColumns } from './matrix.ts';
import type { MatrixModel, MatrixRow, MatrixStack } from './matrix.ts';
import { resolveModel, temporaryFolder } from './model_files.ts';
import { EXIT, printResult, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress, startProgressTable } from './progress.ts';
import { hostScript } from './stacks/runner.ts';
import { serveFiles } from './stacks/server.ts';
import type { Exposure } from './stacks/server.ts';

export interface MatrixCommandOptions extends ConnectOptions {
  /** A folder of inputs, and NAME=FILE; for one model only. */
  inputs?: string;
  input: string[];
  seed: number;
  stacks?: string[];
  /** Seconds of one run. */
  timeout: number;
  requireAll: boolean;
  /** How many remote browsers at a time. */
  parallel: number;
  /** How often a run is repeated where a remote browser fails. */
  retries: number;
  /** A folder that gets a page for device farms, instead of running anything. */
  bundle?: string;
  /** A folder that gets a device report of each stack and remote browser. */
  report?: string;
  json: boolean;
}

type RunOptions = Omit<MatrixCommandOptions, 'json' | 'requireAll'>;

/** The columns of the stacks of this machine. */
async function localColumns(
  models: MatrixModel[],
  roots: string[],
  { stacks, timeout }: RunOptions,
  reports: DeviceReports | undefined,
): Promise<MatrixStack[][]> {
  const { bundle, root } = jobBundle('model_job');
  const present = matrixStacks(stacks).filter((spec) => spec.find() === undefined);
  const progress = startProgress(present.length * models.length);
  try {
    return await stackColumns(models, {
      bundle,
      roots: [root, ...roots],
      timeoutMs: 1000 * timeout,
      ...(stacks === undefined ? {} : { stacks }),
      onStart: (id, model) => progress.at(`${id} ${model}`),
      onDone: (id) => {
        reports?.done(id);
        progress.done();
      },
      ...(reports === undefined ? {} : { onOpen: (spec, stack) => reports.opened(spec, stack) }),
    });
  } finally {
    progress.stop();
  }
}

/** The columns of remote browsers, which read the job bundle and the files `roots` from a server of this process. */
async function farColumns(
  remotes: Remote[],
  models: MatrixModel[],
  roots: string[],
  exposure: Exposure | undefined,
  { timeout, parallel, retries }: RunOptions,
  reports: DeviceReports | undefined,
): Promise<MatrixStack[][]> {
  if (remotes.length === 0) return [];
  const { bundle, root } = jobBundle('model_job');
  const server = await serveFiles(hostScript(), [root, ...roots], exposure);
  const names = remotes.map(({ id, address }) => `${id} ${address.shown}`);
  const row = (id: string): string => names.find((name) => name.startsWith(`${id} `)) ?? id;
  // Two backends.
  const progress = startProgressTable(names, 2 * models.length);
  try {
    return await remoteColumns(remotes, models, {
      bundle,
      page: { address: server.page, isLoopback: exposure === undefined, timeoutMs: 1000 * timeout },
      parallel,
      retries,
      onStart: (id, step) => progress.at(row(id), step),
      onDone: (id) => {
        reports?.done(id);
        progress.done(row(id));
      },
      ...(reports === undefined
        ? {}
        : { onOpen: (id, opened) => reports.openedRemote(id, opened) }),
      onEnd: (id) => progress.at(row(id), 'done'),
    });
  } finally {
    progress.stop();
    await server.close();
  }
}

/** Which inputs the models are run with. @throws UsageError for inputs of one model where there are several */
function choiceOf(paths: string[], { inputs, input, seed }: RunOptions): InputChoice {
  if (paths.length > 1 && (inputs !== undefined || input.length > 0)) {
    throw new UsageError(`--inputs, --input: expected one model, got ${paths.length}.`);
  }
  return { input, seed, ...(inputs === undefined ? {} : { inputs }) };
}

/** Writes the bundle of the models at these paths, and prints what it expects. */
async function bundleCommand(
  paths: string[],
  folder: string,
  options: MatrixCommandOptions,
): Promise<ExitCode> {
  if (options.connect.length > 0 || options.report !== undefined) {
    throw new UsageError('--bundle: expected neither --connect nor --report: it runs nothing.');
  }
  const document = await writeBundle(paths, folder, choiceOf(paths, options));
  const lines = document.models.map(({ name, digest }) => `${name}: ${digest}`);
  const next = `Serve ${folder} from anywhere, or by: isobit collect REPORTS --serve ${folder}`;
  printResult(options.json, document, [...lines, next].join('\n'));
  return EXIT.good;
}

/**
 * The matrix of the models at these paths.
 *
 * @throws UsageError for wrong options; ModelError or UnsupportedOpError, by name, for a model that cannot run
 */
export async function matrixOfModels(paths: string[], options: RunOptions): Promise<MatrixRow[]> {
  const choice = choiceOf(paths, options);
  const files = paths.map(resolveModel);
  const remotes = remotesOf(options);
  const exposure = exposureOf(options);
  if (exposure !== undefined && remotes.length === 0) {
    throw new UsageError('--listen: expected a remote browser (--connect URL), got none.');
  }
  for (const file of files) await requireRunnable(file);
  const reports = options.report === undefined ? undefined : new DeviceReports(options.report);
  const folder = temporaryFolder();
  try {
    const models: MatrixModel[] = [];
    const reported: ReportedModel[] = [];
    for (const [i, file] of files.entries()) {
      const feeds = await feedFiles(file, choice, folder.path, i);
      models.push({ name: file.name, job: { kind: 'run', model: file.path, feeds, audit: 'off' } });
      if (reports !== undefined) reported.push({ name: file.name, path: file.path, feeds });
    }
    await reports?.begin(reported);
    const folders = files.map((file) => file.folder);
    const here = await localColumns(models, [folder.path, ...folders], options, reports);
    // What others can reach is what a run needs, not all that lies beside a model.
    const needed = [folder.path, ...files.flatMap(filesOfModel)];
    const there = await farColumns(remotes, models, needed, exposure, options, reports);
    const rows = matrixRows(models, [...here, ...there]);
    reports?.write(rows);
    return rows;
  } finally {
    folder.remove();
  }
}

/** The command. */
export async function matrixCommand(
  paths: string[],
  options: MatrixCommandOptions,
): Promise<ExitCode> {
  if (options.bundle !== undefined) return bundleCommand(paths, options.bundle, options);
  const rows = await matrixOfModels(paths, options);
  // One model is one document, several are a list.
  const document = rows.length === 1 ? rows[0] : rows;
  printResult(options.json, document, rows.map(matrixText).join('\n\n'));
  return matrixGood(rows, options.requireAll) ? EXIT.good : EXIT.failed;
}
