// The job of `isobit stacks`: the device gate's report on the stack's GPU, as a model would get that GPU. It loads no
// model and takes no options.

import { probe } from '../index.ts';
import type { Probe } from '../index.ts';
import type { JobEnv } from './job.ts';

/** @throws DeviceError where there is no GPU, or where it fails */
export function run(_request: unknown, env: JobEnv): Promise<Probe> {
  return probe({ gpu: env.gpu });
}
