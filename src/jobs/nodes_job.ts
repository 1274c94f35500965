// What is to be known of a model before its nodes are measured one by one: the value of every output of its nodes, for
// given inputs, and which of its operators run on the host. It measures nothing.

import { load } from '../index.ts';
import type { Tensor } from '../index.ts';
import { registry } from '../registry.ts';
import type { FeedFile, JobEnv } from './job.ts';
import { readFeeds } from './model_job.ts';
import { toWire } from './wire.ts';
import type { Wire } from './wire.ts';

export interface OperatorName {
  domain: string;
  type: string;
  opset: number;
}

export interface NodesJob {
  /** Path of a model whose outputs are all values of interest. */
  model: string;
  feeds: FeedFile[];
  operators: OperatorName[];
}

export interface NodesReport {
  /** The tensors; sequences and optionals are left out. */
  values: { name: string; value: Wire }[];
  /** For each operator: it has no kernel at all. */
  onHost: boolean[];
}

const runsOnHost = ({ domain, type, opset }: OperatorName): boolean =>
  registry.find(domain, type, opset) === undefined &&
  registry.findHost(domain, type, opset) !== undefined;

export async function run(request: unknown, env: JobEnv): Promise<NodesReport> {
  const job = request as NodesJob;
  const model = await load(await env.readFile(job.model), { threads: 1 });
  try {
    const feeds = await readFeeds(env, job.feeds);
    const { outputs } = await model.run(feeds, { backend: 'wasm' });
    const values = Object.entries(outputs).map(([name, tensor]: [string, Tensor]) => {
      return { name, value: toWire(tensor) };
    });
    await registry.load();
    return { values, onHost: job.operators.map(runsOnHost) };
  } finally {
    model.dispose();
  }
}
