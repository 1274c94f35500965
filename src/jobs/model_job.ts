// The job of `isobit run`, `check` and `matrix`: loads a model, runs it once on one backend with given inputs, and
// returns digests, its trace or its receipt; or verifies a receipt, or checks nodes of a bundle, or runs model.check, or runs it
// profiled several times, and returns what that gives; or only loads it, which throws what is wrong with it; or loads none and
// asks the device gate. It is a user of the library like any other and holds no knowledge of stacks.
// Results are JSON: elements travel as base64 of their little-endian bytes, where asked for.

import {
  contract,
  digestOf,
  load,
  probe,
  settleTraces,
  spotCheck,
  Tensor,
  verifyReceipt,
} from '../index.ts';
import type { DType, Model, ProfileStep, Trace, TraceBundle } from '../index.ts';
import type { FeedFile, JobEnv } from './job.ts';
import { toBase64 } from './wire.ts';

export interface ModelJob {
  kind:
    | 'run'
    | 'trace'
    | 'receipt'
    | 'verify'
    | 'spot'
    | 'settle'
    | 'check'
    | 'load'
    | 'profile'
    | 'probe';
  /** Path of the model file; of kind 'probe' none is read. */
  model: string;
  feeds: FeedFile[];
  backend?: 'wasm' | 'webgpu' | 'auto';
  /** As in RunOptions; a run that shows what a stack computes by itself is not audited. */
  audit?: number | 'off';
  /** As in RunOptions: of random operators. */
  seed?: number;
  /** Return the outputs' elements too. */
  data?: boolean;
  /** As in ModelOptions. */
  threads?: number;
  /** Of kinds 'verify' and 'spot': the receipt's text. */
  receipt?: string;
  /** Of kind 'trace': a folder that values are written to; of kind 'spot': one that they are read from. */
  bundle?: string;
  /** Of kind 'spot': how many nodes are drawn, and from which seed, where from one. */
  spot?: { count: number; seed?: number };
  /** Of kind 'settle': two traces, and the folders that their values are in. */
  settle?: Record<'a' | 'b', { trace: Trace; folder: string }>;
  /** Of kind 'profile': how many runs are measured. */
  runs?: number;
}

/** What a traced run gives whose values are kept. */
export interface BundleReport {
  trace: Trace;
  /** Where the job could write no files: the values by digest, as base64. */
  values?: Record<string, string>;
}

export interface ProfileReport {
  digest: string;
  /** On `wasm`: as in RunResult, of the last run. */
  threads?: number;
  notes: string[];
  /** Milliseconds of runs that are not profiled, taken in turns with those that are. */
  plain: number[];
  /** Of each profiled run. */
  steps: (readonly ProfileStep[])[];
}

export interface JobOutput {
  name: string;
  dtype: string;
  shape: number[];
  digest: string;
  /** base64 of the little-endian bytes. */
  data?: string;
}

export interface RunReport {
  contract: string;
  backend: string;
  /** On `wasm`: as in RunResult. */
  threads?: number;
  outputs: JobOutput[];
  digest: string;
  notes: string[];
  /** Milliseconds of the run, without loading. */
  ms: number;
}

/** The feeds of a job as tensors. */
export async function readFeeds(env: JobEnv, files: FeedFile[]): Promise<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {};
  for (const { name, dtype, dims, path } of files) {
    feeds[name] = Tensor.ofBytes(dtype as DType, await env.readFile(path), dims);
  }
  return feeds;
}

async function runOnce(
  model: Pick<Model, 'run'>,
  feeds: Record<string, Tensor>,
  job: ModelJob,
): Promise<RunReport> {
  const begin = performance.now();
  const result = await model.run(feeds, {
    ...{ backend: job.backend ?? 'wasm', audit: job.audit, seed: job.seed },
  });
  const ms = performance.now() - begin;
  const outputs = Object.entries(result.outputs).map(([name, tensor]) => {
    const output: JobOutput = {
      name,
      dtype: tensor.dtype,
      shape: [...tensor.dims],
      digest: digestOf(tensor),
    };
    if (job.data === true && tensor.dtype !== 'string') output.data = toBase64(tensor.bytes());
    return output;
  });
  const { digest, backend, threads, notes } = result;
  return {
    contract: `${contract.id} ${contract.version}`,
    backend,
    ...(threads === undefined ? {} : { threads }),
    outputs,
    digest,
    notes: notes.map((note) => note.message),
    ms,
  };
}

/** Runs until the engine has compiled what it compiles, before anything is measured. */
const WARM_UP = 5;

async function profileRuns(
  model: Pick<Model, 'run'>,
  feeds: Record<string, Tensor>,
  { backend = 'wasm', runs = 1 }: ModelJob,
): Promise<ProfileReport> {
  const options = { backend, audit: 'off' } as const;
  for (let i = 0; i < WARM_UP; i += 1) await model.run(feeds, options);
  const report: ProfileReport = { digest: '', notes: [], plain: [], steps: [] };
  for (let i = 0; i < runs; i += 1) {
    const begin = performance.now();
    await model.run(feeds, options);
    report.plain.push(performance.now() - begin);
    const result = await model.run(feeds, { ...options, profile: true });
    report.steps.push(result.profile ?? []);
    report.digest = result.digest;
    if (result.threads !== undefined) report.threads = result.threads;
    report.notes = result.notes.map((note) => note.message);
  }
  return report;
}

const valueFile = (bundle: string, digest: string): string => `${bundle}/tensors/${digest}.bin`;

async function traceOnce(
  model: Pick<Model, 'run'>,
  feeds: Record<string, Tensor>,
  { backend = 'wasm', audit, seed, bundle }: ModelJob,
  env: JobEnv,
): Promise<Trace | BundleReport> {
  const values: Record<string, string> = {};
  const onValue =
    bundle === undefined
      ? undefined
      : (digest: string, bytes: Uint8Array): Promise<void> | undefined => {
          if (env.writeFile !== undefined) return env.writeFile(valueFile(bundle, digest), bytes);
          values[digest] = toBase64(bytes);
          return undefined;
        };
  const { trace } = await model.run(feeds, { backend, audit, seed, trace: true, onValue });
  if (trace === undefined) throw new TypeError('trace: the model gave none.');
  if (bundle === undefined) return trace;
  return env.writeFile === undefined ? { trace, values } : { trace };
}

/** What reads the values of a bundle in a folder. */
const valuesIn =
  (folder: string, env: JobEnv): TraceBundle['value'] =>
  async (digest) => {
    try {
      return await env.readFile(valueFile(folder, digest));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };

/** A bundle in a folder. What its trace is worth, is seen when it is checked. */
async function bundleIn(folder: string, env: JobEnv): Promise<TraceBundle> {
  const text = new TextDecoder().decode(await env.readFile(`${folder}/trace.json`));
  let trace: unknown;
  try {
    trace = JSON.parse(text);
  } catch {
    trace = text; // no trace either, and refused as such
  }
  return { trace: trace as Trace, value: valuesIn(folder, env) };
}

export async function run(request: unknown, env: JobEnv): Promise<unknown> {
  const job = request as ModelJob;
  const { threads } = job;
  if (job.kind === 'probe') return probe({ gpu: env.gpu });
  const model = await load(new URL(env.url(job.model)), { gpu: env.gpu, threads });
  try {
    if (job.kind === 'load') return null;
    const feeds = await readFeeds(env, job.feeds);
    if (job.settle !== undefined) {
      const { a, b } = job.settle;
      const side = ({ trace, folder }: typeof a): TraceBundle => ({
        ...{ trace, value: valuesIn(folder, env) },
      });
      return await settleTraces(model, side(a), side(b));
    }
    if (job.kind === 'profile') return await profileRuns(model, feeds, job);
    if (job.kind === 'check') return await model.check(feeds);
    const { backend = 'wasm', audit, seed, receipt = '', bundle = '', spot } = job;
    if (job.kind === 'trace') return await traceOnce(model, feeds, job, env);
    if (job.kind === 'spot') {
      const { count = 0, ...draw } = spot ?? {};
      return await spotCheck(receipt, model, feeds, await bundleIn(bundle, env), count, draw);
    }
    if (job.kind === 'receipt') {
      return (await model.run(feeds, { backend, audit, seed, receipt: true })).receipt;
    }
    if (job.kind === 'verify') return await verifyReceipt(receipt, model, feeds, { backend });
    return await runOnce(model, feeds, job);
  } finally {
    model.dispose();
  }
}
