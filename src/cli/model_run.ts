// One job on one model with inputs that the options choose, on WASM in this process or on a WebGPU stack: what the commands
// have in common that run a model once. Not here: what the job gives, how it is printed.
import type { ModelJob } from '../jobs/model_job.ts';
import { chooseInputs } from './feed_files.ts';
import { runOnGpu } from './gpu_stack.ts';
import { requireRunnable, runHere } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import { startProgress } from './progress.ts';
import type { InputOptions } from './run.ts';

export interface WhereOptions extends InputOptions {
  backend: 'wasm' | 'webgpu';
  /** The id of a WebGPU stack. */
  stack?: string;
  /** Of random operators. */
  randomSeed?: number;
}

/** @returns the job's result */
export async function runModel(
  argument: string,
  options: WhereOptions,
  wanted: Pick<ModelJob, 'kind' | 'receipt' | 'bundle' | 'spot'>,
): Promise<unknown> {
  const file = resolveModel(argument);
  await requireRunnable(file);
  const chosen = await chooseInputs(file, options);
  const folder = temporaryFolder();
  const progress = startProgress(1);
  try {
    progress.at(file.name);
    const { backend, stack, randomSeed: seed } = options;
    const feeds = writeFeeds(chosen.feeds, folder.path);
    const random = seed === undefined ? {} : { seed };
    const job: ModelJob = { ...wanted, ...random, model: file.path, feeds, backend };
    if (backend === 'wasm' && stack === undefined) return await runHere(job);
    const only = stack === undefined ? undefined : [stack];
    const roots = [file.folder, folder.path];
    return (await runOnGpu({ ...job, backend: 'webgpu' }, roots, only)).result;
  } finally {
    progress.stop();
    folder.remove();
  }
}
