// A job that traces a model, or checks it, on a device whose pipelines pass no gate and whose runs are not audited: what a
// planted fault does then is seen by the trace alone.
import { Device } from '../../src/backends/webgpu/device.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import { load } from '../../src/index.ts';
import type { FeedFile, JobEnv } from '../../src/jobs/job.ts';
import { readFeeds } from '../../src/jobs/model_job.ts';

export interface UngatedJob {
  readonly kind: 'trace' | 'check';
  readonly model: string;
  readonly feeds: FeedFile[];
}

export async function run(request: unknown, env: JobEnv): Promise<unknown> {
  const { kind, model: path, feeds: files } = request as UngatedJob;
  const adapter = await env.gpu?.requestAdapter(
    env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
  );
  const device = await adapter?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  Pipelines.on(Device.wrap(device)).gated = false;
  const model = await load(new URL(env.url(path)), { device });
  try {
    const feeds = await readFeeds(env, files);
    if (kind === 'check') return await model.check(feeds);
    return (await model.run(feeds, { backend: 'webgpu', audit: 'off', trace: true })).trace;
  } finally {
    model.dispose();
    device.destroy();
  }
}
