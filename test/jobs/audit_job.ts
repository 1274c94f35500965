// The job that plants faults behind everything that is checked before a run, and looks whether the audit finds them
// (docs/NUMERICS.md, B8). test/stacks/audit.test.ts says what must come out.
import { load, Tensor, type Note, type RunOptions, type RunResult } from '../../src/index.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { faultyDevice, type PlantedFault } from '../harness/faulty_device.ts';
import { drawn, f32, graphOf } from '../harness/graphs.ts';

export interface AuditJob extends PlantedFault {
  /** Sound runs, audited, before the fault appears: 0, and the first audited run meets it. */
  readonly soundRuns: number;
  /** The `audit` of runs. */
  readonly audit?: number | 'off';
  /** Runs at most with the fault, until an audit finds it. */
  readonly runs: number;
}

export interface AuditSeen {
  /** Whether the run with `audit: 'off'` on the faulty device gave the reference's bits, and what it noted. */
  readonly off: { readonly same: boolean; readonly notes: readonly string[] };
  /** The faulty runs: whether their bits were the reference's, and what they noted. */
  readonly runs: readonly { readonly same: boolean; readonly notes: readonly Note[] }[];
  /** The run behind the one that found it. */
  readonly next: { readonly same: boolean; readonly notes: readonly Note[] };
  /** Another model on the same device, afterwards. */
  readonly other: { readonly same: boolean; readonly kinds: readonly string[] };
  readonly swapped: number;
  /** Whether a pipeline was used after it was disabled. */
  readonly usedAgain: boolean;
  readonly leaked: readonly string[];
}

/** Every common kernel once: Conv, MaxPool, Transpose, MatMul, Softmax, ReduceSum, Concat, an element-wise chain. */
export const commonKernels = (): Uint8Array => {
  const ints = (...value: number[]) => ({ type: 'ints' as const, value });
  const int = (value: number) => ({ type: 'int' as const, value });
  return writeModel(
    graphOf(
      [
        {
          op: 'Conv',
          inputs: ['x', 'k'],
          outputs: ['c'],
          attributes: { pads: ints(1, 1, 1, 1), kernel_shape: ints(3, 3) },
        },
        { op: 'MaxPool', inputs: ['c'], outputs: ['m'], attributes: { kernel_shape: ints(2, 2) } },
        { op: 'Transpose', inputs: ['m'], outputs: ['t'], attributes: { perm: ints(0, 2, 1, 3) } },
        { op: 'MatMul', inputs: ['t', 'w'], outputs: ['p'] },
        { op: 'Softmax', inputs: ['p'], outputs: ['s'], attributes: { axis: int(-1) } },
        {
          op: 'Concat',
          inputs: ['p', 's'],
          outputs: ['both'],
          attributes: { axis: int(3) },
        },
        { op: 'Tanh', inputs: ['t'], outputs: ['h'] },
        {
          op: 'ReduceSum',
          inputs: ['h', 'axes'],
          outputs: ['r'],
          attributes: { keepdims: int(0) },
        },
        // Integers that say where elements lie, and are computed on the device.
        { op: 'ArgMax', inputs: ['h'], outputs: ['i'], attributes: { axis: int(3) } },
        {
          op: 'GatherElements',
          inputs: ['h', 'i'],
          outputs: ['g'],
          attributes: { axis: int(3) },
        },
      ],
      [f32('x', 'batch', 3, 16, 32)],
      ['both', 'h', 'r', 'g'],
      { k: drawn(1, 8, 3, 3, 3), w: drawn(2, 31, 24), axes: new Tensor('int64', [3n], [1]) },
    ),
  );
};

/** Buffers that were made and not destroyed, by their labels. */
export function countBuffers(device: GPUDevice): () => string[] {
  const live = new Map<GPUBuffer, string>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    live.set(buffer, descriptor.label ?? '');
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return () => [...live.values()];
}

export async function run(request: unknown, env: JobEnv): Promise<AuditSeen> {
  const job = request as AuditJob;
  const level = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await (await env.gpu?.requestAdapter(level))?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  const live = countBuffers(device);
  const state = faultyDevice(device, job);
  const x = drawn(5, 2, 3, 16, 32);
  const one = await load(commonKernels(), { device });
  const { digest } = await one.run({ x }, { backend: 'wasm' });
  const start = live().length;
  const gpu = (audit: RunOptions['audit']): Promise<RunResult> =>
    one.run({ x }, { backend: 'webgpu', audit });
  const seen = ({ digest: got, notes }: RunResult) => ({ same: got === digest, notes });
  // Everything is compiled and whatever is checked before a first use is checked.
  const sound = await gpu('off');
  if (sound.digest !== digest) throw new Error('the sound device differs');
  for (let i = 0; i < job.soundRuns; i += 1) {
    if ((await gpu(job.audit)).notes.length > 0) throw new Error('the sound device is noted');
  }
  state.armed = true;
  const off = await gpu('off');
  const runs: ReturnType<typeof seen>[] = [];
  while (runs.length < job.runs) {
    const last = seen(await gpu(job.audit));
    runs.push(last);
    if (last.notes.length > 0) break;
  }
  const { swapped } = state;
  const next = seen(await gpu(job.audit));
  const two = await load(commonKernels(), { device });
  const other = await two.run({ x }, { backend: 'webgpu', audit: 'off' });
  two.dispose();
  await two.run({ x }).catch(() => undefined);
  one.dispose();
  await one.run({ x }).catch(() => undefined);
  await device.queue.onSubmittedWorkDone();
  const leaked = live();
  device.destroy();
  return {
    off: { same: off.digest === digest, notes: off.notes.map(({ kind }) => kind) },
    runs,
    next,
    other: { same: other.digest === digest, kinds: other.notes.map(({ kind }) => kind) },
    swapped,
    usedAgain: state.swapped !== swapped,
    leaked: start === 0 ? leaked : [`${start} at the start`, ...leaked],
  };
}
