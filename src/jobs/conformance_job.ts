// The job of `isobit conformance`: loads a model once and runs it on each data set of a case, on one backend. Inputs and
// outputs are JSON of any kind of value (wire.ts); whether outputs are the expected ones is the command line's question.
// An error of one data set is that set's result.

import { load, Tensor } from '../index.ts';
import type { Data } from '../index.ts';
import type { JobEnv } from './job.ts';
import { fromWire, toWire } from './wire.ts';
import type { Wire } from './wire.ts';

export interface ConformanceJob {
  /** Path of the model file. */
  model: string;
  /** For each data set, the inputs by name. */
  sets: Record<string, Wire>[];
  backend: 'wasm' | 'webgpu';
}

export type SetReport =
  | { outputs: { name: string; value: Wire }[]; digest: string; error?: undefined }
  | { error: { name: string; message: string } };

export async function run(request: unknown, env: JobEnv): Promise<SetReport[]> {
  const { model: path, sets, backend } = request as ConformanceJob;
  // By its address, so that files beside it are found.
  const model = await load(new URL(env.url(path)), { gpu: env.gpu });
  try {
    const reports: SetReport[] = [];
    for (const set of sets) {
      try {
        const feeds: Record<string, Data> = {};
        for (const [name, wire] of Object.entries(set)) feeds[name] = fromWire(wire, Tensor);
        const result = await model.run(feeds, { backend, audit: 'off' });
        const outputs = Object.entries(result.values).map(([name, value]) => {
          return { name, value: toWire(value) };
        });
        reports.push({ outputs, digest: result.digest });
      } catch (e) {
        const { name, message } = e instanceof Error ? e : new Error(String(e));
        reports.push({ error: { name, message } });
      }
    }
    return reports;
  } finally {
    model.dispose();
  }
}
