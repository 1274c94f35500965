// Jobs in this process, by the bundle that the stacks run too: the package holds the library once. Before any stack
// starts, a model is loaded here, so that a file that cannot run is one error that names it, whatever the command.

import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { JobFunction } from '../jobs/job.ts';
import type { ModelJob } from '../jobs/model_job.ts';
import { jobBundle } from './bundles.ts';
import type { JobName } from './bundles.ts';
import type { ModelFile } from './model_files.ts';

/** The job's result on WASM in this process. */
export async function runHere(job: ModelJob): Promise<unknown> {
  return runJobHere('model_job', job);
}

/** The result of a bundle's job on WASM in this process. */
export async function runJobHere(name: JobName, job: unknown): Promise<unknown> {
  const { bundle } = jobBundle(name);
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(bundle).href);
  const { run } = module as { run: JobFunction };
  return run(job, {
    gpu: undefined,
    readFile: async (path) => new Uint8Array(await readFile(path)),
    writeFile: (path, bytes) => writeFile(path, bytes),
    url: (path) => pathToFileURL(path).href,
    log: () => undefined,
  });
}

/** An error with the file's path in front of its text; its name and a model's problems stay. */
export function ofFile({ path }: ModelFile, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const named = new Error(`${path}: ${error.message}`, { cause: error });
  named.name = error.name;
  return 'problems' in error ? Object.assign(named, { problems: error.problems }) : named;
}

/** @throws Error named as the ModelError or UnsupportedOpError that loading gives, with the file's path */
export async function requireRunnable(file: ModelFile): Promise<void> {
  try {
    await runHere({ kind: 'load', model: file.path, feeds: [] });
  } catch (error) {
    throw ofFile(file, error);
  }
}
