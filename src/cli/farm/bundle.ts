// `isobit matrix MODEL… --bundle FOLDER`: writes a static page that runs the models and the operator cases on WASM and WebGPU
// wherever it is opened, with the inputs and the digests that the reference gives for them here. Any static server can
// serve it, at any path. The page itself is built with the package (dist/farm, from demo/farm); nothing is run but the reference.

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contract } from '../../core/digest.ts';
import type { RunReport } from '../../jobs/model_job.ts';
import { feedFiles, filesOfModel } from '../feed_files.ts';
import type { InputChoice } from '../feed_files.ts';
import { ofFile, runHere } from '../here.ts';
import { resolveModel } from '../model_files.ts';
import type { ModelFile } from '../model_files.ts';
import { UsageError } from '../output.ts';
import { BUNDLE_FILE } from './form.ts';
import type { BundleDocument, BundleModel } from './form.ts';

/** Where the built page lies: beside the command line in the package, in dist/ when the sources run. */
function pageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const root of [
    here,
    resolve(here, '..'),
    resolve(here, '../../../dist'),
    resolve(here, '../../dist'),
  ]) {
    const folder = join(root, 'farm');
    if (existsSync(join(folder, 'index.html'))) return folder;
  }
  throw new Error(`farm/index.html: not found near ${here}. Build the package: npm run build.`);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (e) {
    throw new UsageError(`--bundle: ${e instanceof Error ? e.message : String(e)}.`);
  }
  const count = readdirSync(folder).length;
  if (count === 0) return;
  throw new UsageError(
    `--bundle: expected a new or an empty folder, got ${count} entries in ${folder}.`,
  );
}

/** A path below the bundle as it stands in the document. */
const slashed = (folder: string, path: string): string =>
  relative(folder, path).split(sep).join('/');

async function addModel(
  file: ModelFile,
  index: number,
  choice: InputChoice,
  folder: string,
): Promise<BundleModel> {
  const own = join(folder, 'models', String(index));
  for (const path of filesOfModel(file)) {
    const to = join(own, relative(file.folder, path));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(path, to);
  }
  mkdirSync(join(folder, 'inputs'), { recursive: true });
  const feeds = await feedFiles(file, choice, join(folder, 'inputs'), index);
  const model = join(own, relative(file.folder, file.path));
  const job = { kind: 'run', model, feeds, backend: 'wasm' } as const;
  const { digest } = (await runHere(job).catch((e: unknown) => {
    throw ofFile(file, e);
  })) as RunReport;
  const inBundle = feeds.map((feed) => ({ ...feed, path: slashed(folder, feed.path) }));
  return { name: file.name, file: slashed(folder, model), feeds: inBundle, digest };
}

/**
 * Writes the bundle of the models at these paths.
 *
 * @throws UsageError for a folder with something in it, two models of one name, or inputs that are strings; ModelError or
 * UnsupportedOpError, by name, for a model that cannot run
 */
export async function writeBundle(
  paths: string[],
  target: string,
  choice: InputChoice,
): Promise<BundleDocument> {
  const files = paths.map(resolveModel);
  const names = files.map((file) => file.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UsageError(
      `--bundle: two models are called ${twice}: expected different names. Rename a file.`,
    );
  }
  const folder = resolve(target);
  const page = pageFolder();
  makeFolder(folder);
  const models: BundleModel[] = [];
  for (const [i, file] of files.entries()) models.push(await addModel(file, i, choice, folder));
  const document: BundleDocument = {
    format: 'isobit-bundle/1',
    contract: `${contract.id} ${contract.version}`,
    models,
  };
  cpSync(page, folder, { recursive: true });
  writeFileSync(join(folder, BUNDLE_FILE), `${JSON.stringify(document, null, 1)}\n`);
  return document;
}
