// `isobit collect FOLDER`: receives the reports that pages of a bundle post, writes them as files, and says of each whether
// its digests are those of the bundle, or of the first report that ran the same model on the same inputs. It ends after
// --count reports; its exit code is good if all of them agree.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DeviceReport, DeviceRun } from '../../evidence/device_report_types.ts';
import { exposureOf } from '../connect/options.ts';
import { EXIT, printResult, table, UsageError } from '../output.ts';
import type { ExitCode } from '../output.ts';
import { startCollector } from './collector.ts';
import { BUNDLE_FILE, bundleOf } from './form.ts';
import type { BundleDocument } from './form.ts';
import { judgeReport } from './judge.ts';
import type { FarmVerdict } from './judge.ts';

export interface CollectOptions {
  /** A bundle whose page is served too. */
  serve?: string;
  listen?: string;
  publicUrl?: string;
  /** How many reports to wait for. */
  count?: number;
  json: boolean;
}

/** A report that came. */
export interface Collected extends FarmVerdict {
  file: string;
  device: string;
}

function bundleAt(folder: string): BundleDocument {
  const path = join(folder, BUNDLE_FILE);
  if (!existsSync(path)) {
    throw new UsageError(
      `--serve: expected a folder of isobit matrix --bundle, got ${folder} without ${BUNDLE_FILE}.`,
    );
  }
  try {
    return bundleOf(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new UsageError(`--serve: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The GPU, the browser and the system of a report, in one line. */
export function deviceText({ claims }: DeviceReport): string {
  const { gpu, browser, system, processor = '' } = claims;
  const named = gpu === undefined ? '' : gpu.name || `${gpu.vendor} ${gpu.architecture}`.trim();
  const card = gpu === undefined ? 'no GPU' : named || 'a GPU without a name';
  return `${`${browser.name} ${browser.version} on ${system} ${processor}`.trim()}, ${card}`;
}

/** Which digest a run should have: the bundle's, by name, or that of the first run of the same model and inputs. */
export function expectations(
  bundle: BundleDocument | undefined,
): (run: DeviceRun) => string | undefined {
  const named = new Map(bundle?.models.map(({ name, digest }) => [name, digest]));
  const first = new Map<string, string>();
  return ({ name, model, inputs, digest }) => {
    if (bundle !== undefined) return named.get(name);
    const key = JSON.stringify([model, inputs.map((input) => [input.name, input.digest])]);
    if (digest !== null && !first.has(key)) first.set(key, digest);
    return first.get(key);
  };
}

function lineOf({ file, device, verdict, runs, casesDiffering }: Collected): string[] {
  const equal = runs.filter((run) => run.verdict === 'identical').length;
  const cases = casesDiffering === 0 ? '' : `, ${casesDiffering} operator cases differ`;
  return [file, verdict, `${equal} of ${runs.length} runs${cases}`, device];
}

/** The command. @throws UsageError for wrong options */
export async function collectCommand(folder: string, options: CollectOptions): Promise<ExitCode> {
  const { serve, count, json } = options;
  const bundle = serve === undefined ? undefined : bundleAt(serve);
  const exposure = exposureOf(options);
  const expectedOf = expectations(bundle);
  const collected: Collected[] = [];
  const say = (line: string): void =>
    void (json ? process.stderr : process.stdout).write(`${line}\n`);
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((done) => (finish = done));
  const collector = await startCollector({
    folder: resolve(folder),
    ...(serve === undefined ? {} : { bundle: serve }),
    ...(exposure === undefined ? {} : { exposure }),
    onReport: (report, file) => {
      const one = { file, device: deviceText(report), ...judgeReport(report, expectedOf) };
      collected.push(one);
      say(table([lineOf(one)]));
      if (collected.length === count) finish();
    },
  });
  say(collector.page === undefined ? `?report=${collector.report}` : `page ${collector.page}`);
  try {
    await finished;
  } finally {
    await collector.close();
  }
  const good = collected.every(({ verdict }) => verdict === 'identical' || verdict === 'wasm-only');
  const verdict = good ? 'identical' : 'NOT IDENTICAL';
  printResult(json, { good, reports: collected }, `${collected.length} reports: ${verdict}`);
  return good ? EXIT.good : EXIT.failed;
}
