// The job that plants a fault in a kernel before it is first used, and looks what the gate of its pipeline makes of it
// (docs/NUMERICS.md, B7), with audits off. test/stacks/pipeline_gate.test.ts says what must come out.
import { load, type Note, type RunResult } from '../../src/index.ts';
import { Device } from '../../src/backends/webgpu/device.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { faultyDevice, type PlantedFault } from '../harness/faulty_device.ts';
import { drawn } from '../harness/graphs.ts';
import { commonKernels, countBuffers } from './audit_job.ts';

export type FirstUseJob = PlantedFault;

interface SeenRun {
  /** Whether its bits were the reference's. */
  readonly same: boolean;
  readonly notes: readonly Note[];
  readonly gate: RunResult['gate'];
}

export interface FirstUseSeen {
  readonly first: SeenRun;
  readonly next: SeenRun;
  /** Another model on the same device, afterwards. */
  readonly other: SeenRun;
  /** A run on a device with the same fault whose pipelines have no gate. */
  readonly ungated: SeenRun;
  /** What `check` says there and with gates: it shows the fault either way. */
  readonly checked: readonly boolean[];
  readonly leaked: readonly string[];
}

export async function run(request: unknown, env: JobEnv): Promise<FirstUseSeen> {
  const job = request as FirstUseJob;
  const level = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const x = drawn(5, 2, 3, 16, 32);
  const faulty = async (): Promise<GPUDevice> => {
    const device = await (await env.gpu?.requestAdapter(level))?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
    faultyDevice(device, job).armed = true;
    return device;
  };
  const runs = async (device: GPUDevice, count: number): Promise<SeenRun[]> => {
    const model = await load(commonKernels(), { device });
    const { digest } = await model.run({ x }, { backend: 'wasm' });
    const seen: SeenRun[] = [];
    for (let i = 0; i < count; i += 1) {
      const result = await model.run({ x }, { backend: 'webgpu', audit: 'off' });
      const { notes, gate } = result;
      seen.push({ same: result.digest === digest, notes, gate });
    }
    model.dispose();
    await model.run({ x }).catch(() => undefined);
    return seen;
  };
  const checkOn = async (device: GPUDevice): Promise<boolean> => {
    const model = await load(commonKernels(), { device });
    const { identical } = await model.check({ x });
    model.dispose();
    return identical;
  };

  const device = await faulty();
  const live = countBuffers(device);
  const [first, next] = await runs(device, 2);
  const [other] = await runs(device, 1);
  await device.queue.onSubmittedWorkDone();
  const leaked = live();
  device.destroy();
  const without = await faulty();
  Pipelines.on(Device.wrap(without)).gated = false;
  const [ungated] = await runs(without, 1);
  const checked = [await checkOn(without)];
  without.destroy();
  const fresh = await faulty();
  checked.push(await checkOn(fresh));
  fresh.destroy();
  if (first === undefined || next === undefined || other === undefined || ungated === undefined) {
    throw new Error('a run is missing');
  }
  return { first, next, other, ungated, checked, leaked };
}
