// The job of `isobit compare`: one run of a model in another runtime, and how far what it gave lies from values of ours,
// which are files. Comparing happens here, beside the guest, so that no tensor travels back. A value that cannot be
// compared says why. It is no user of the library and knows nothing of graphs.

import { distancesOf, isComparable } from './distance.ts';
import type { CompareTolerance, Distances, Elements } from './distance.ts';
import type { FeedFile, JobEnv } from './job.ts';
import { dispatchCount, importOrtNode, importOrtWeb, readOrtFeeds } from './ort_module.ts';
import type { Ort, OrtTensor } from './ort_module.ts';

/** The other runtime, as it is installed. */
export type Guest =
  | { kind: 'onnxruntime-web'; dist: string; provider: 'wasm' | 'webgpu' }
  | { kind: 'onnxruntime-node'; entry: string; provider: 'cpu' };

export interface GuestJob {
  guest: Guest;
  /** Path of the model file. */
  model: string;
  feeds: FeedFile[];
  /** Our values, by the names of the model's outputs; with none of them the model is run for itself. */
  expected: FeedFile[];
  tolerance: CompareTolerance;
  /** Let the guest change the graph: fuse, fold, and the rest of what it does by default. */
  optimised: boolean;
}

/** What became of one value. */
export type GuestValue =
  | { name: string; distances: Distances; kind?: undefined; reason?: undefined }
  /** Another type or shape than ours. */
  | {
      name: string;
      kind: { ours: string; guest: string };
      distances?: undefined;
      reason?: undefined;
    }
  | { name: string; reason: string; distances?: undefined; kind?: undefined };

export interface GuestReport {
  version: string;
  /** GPU dispatches of the run; 0 where the guest computed on the processor. */
  dispatches: number;
  values: GuestValue[];
}

async function importGuest(env: JobEnv, guest: Guest): Promise<{ ort: Ort; version: string }> {
  if (guest.kind === 'onnxruntime-node') {
    const ort = await importOrtNode(env, guest.entry);
    return { ort, version: ort.env.versions.node ?? 'unknown' };
  }
  const ort = await importOrtWeb(env, guest.dist, guest.provider);
  ort.env.wasm.numThreads = 1;
  return { ort, version: ort.env.versions.web ?? 'unknown' };
}

/** Theirs with the elements as bytes or strings; undefined where they come in another form. */
function elementsOf({ type, dims, data }: OrtTensor): Elements | undefined {
  const shape = { dtype: type, dims: [...dims] };
  if (ArrayBuffer.isView(data)) {
    return { ...shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  }
  const isText = Array.isArray(data) && data.every((item) => typeof item === 'string');
  return isText ? { ...shape, data } : undefined;
}

async function readElements(env: JobEnv, { dtype, dims, path }: FeedFile): Promise<Elements> {
  const bytes = await env.readFile(path);
  if (dtype !== 'string') return { dtype, dims, data: bytes };
  return { dtype, dims, data: JSON.parse(new TextDecoder().decode(bytes)) as string[] };
}

const typeText = ({ dtype, dims }: Pick<Elements, 'dtype' | 'dims'>): string =>
  `${dtype}[${dims.join()}]`;

async function compareValue(
  env: JobEnv,
  expected: FeedFile,
  got: OrtTensor | undefined,
  tolerance: CompareTolerance,
): Promise<GuestValue> {
  const { name } = expected;
  const theirs = got === undefined ? undefined : elementsOf(got);
  if (theirs === undefined) return { name, reason: 'the guest gave no tensor for it' };
  if (typeText(expected) !== typeText(theirs)) {
    return { name, kind: { ours: typeText(expected), guest: typeText(theirs) } };
  }
  if (!isComparable(expected.dtype)) {
    return { name, reason: `elements of ${expected.dtype} are not compared` };
  }
  const ours = await readElements(env, expected);
  return { name, distances: distancesOf(ours, theirs, tolerance) };
}

export async function run(request: unknown, env: JobEnv): Promise<GuestReport> {
  const { guest, model, feeds, expected, tolerance, optimised } = request as GuestJob;
  const { ort, version } = await importGuest(env, guest);
  const session = await ort.InferenceSession.create(await env.readFile(model), {
    executionProviders: [guest.provider],
    graphOptimizationLevel: optimised ? 'all' : 'disabled',
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  try {
    const given = await readOrtFeeds(env, ort, feeds);
    const names = expected.map(({ name }) => name);
    const before = dispatchCount();
    const outputs = await session.run(given, names.length > 0 ? names : session.outputNames);
    const dispatches = dispatchCount() - before;
    const values: GuestValue[] = [];
    for (const one of expected) {
      values.push(await compareValue(env, one, outputs[one.name], tolerance));
      outputs[one.name]?.dispose();
    }
    return { version, dispatches, values };
  } finally {
    await session.release();
  }
}
