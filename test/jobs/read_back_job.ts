// The job of `npm run bench:readback`: how long a few words take from the GPU to memory, waited for as the platform has it and as
// the library does (`Device.finished`), in turns over the same device. Between two there is a pause that differs, so that
// they do not fall in step with a browser that looks for finished work at regular times.
import { Device } from '../../src/backends/webgpu/device.ts';
import { median, type JobEnv } from '../../src/jobs/job.ts';
import { integers } from '../harness/prng.ts';

export interface ReadBackJob {
  /** Of each way. */
  readonly turns: number;
}

export interface ReadBackRow {
  readonly way: string;
  /** Milliseconds: the least, the median and the most. */
  readonly times: readonly number[];
}

const BYTES = 4096;
const PAUSE_MS = 40;

export async function run(request: unknown, env: JobEnv): Promise<readonly ReadBackRow[]> {
  const { turns } = request as ReadBackJob;
  const options = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await Device.request(env.gpu, options);
  const { gpu } = device;
  const from = gpu.createBuffer({ size: BYTES, usage: GPUBufferUsage.COPY_SRC });
  const ways = {
    'as the platform has it': (mapped: Promise<undefined>) => mapped,
    'as the library waits': (mapped: Promise<undefined>) => device.finished(mapped),
  };
  const rows = Object.entries(ways).map(([way, wait]) => ({ way, wait, times: [] as number[] }));
  const pauses = integers(1, turns * rows.length, 0, PAUSE_MS);
  for (const pause of pauses) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const row = rows.shift();
    if (row === undefined) break;
    rows.push(row);
    const begin = performance.now();
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const to = gpu.createBuffer({ size: BYTES, usage });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, 0, BYTES);
    gpu.queue.submit([encoder.finish()]);
    await row.wait(to.mapAsync(GPUMapMode.READ));
    to.destroy();
    row.times.push(performance.now() - begin);
  }
  gpu.destroy();
  return rows.map(({ way, times }) => ({
    way,
    times: [Math.min(...times), median(times), Math.max(...times)],
  }));
}
