// One attempt of a run on a WebGPU device: a stretch of dispatches with shaders is one command buffer; the reference executes
// the others between stretches, and those whose flag was raised before (B6). Promises: where it rejects, the read-back
// buffer is unmapped and nothing is pending. Not here: what follows from flags and faults (executable.ts).
import { throwIfAborted } from '../../core/errors.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import type { Plan } from '../../graph/plan.ts';
import type { RunOptions, StepTime } from '../backend.ts';
import type { WasmBackend } from '../wasm.ts';
import type { Device } from './device.ts';
import type { Outputs } from './outputs.ts';
import type { Recording } from './recording.ts';
import type { Fault, Samples } from './samples.ts';
import { GpuStorage, mapped, upload } from './storage.ts';

// With a signal, the device is asked to finish this many dispatches before the next are submitted.
const DISPATCHES_A_TURN = 16;

/** What is attempted, and where it lies. */
export interface Attempted {
  readonly device: Device;
  readonly reference: WasmBackend;
  readonly plan: Plan;
  readonly recording: Recording;
  readonly outputs: Outputs;
  /** Status words of each dispatch. */
  readonly status: GPUBuffer;
  /** What is read back. */
  readonly staging: GPUBuffer;
  bufferOf(value: Value): GPUBuffer;
  /** Whether a step reads or makes the value, so that it has a buffer. */
  isStored(value: Value): boolean;
}

/** The bytes of the status words and of the outputs that are wanted in memory, and what the audit found. */
export async function attempt(
  run: Attempted,
  feeds: ReadonlyMap<string, Tensor>,
  recompute: ReadonlySet<number>,
  options: RunOptions,
  samples: Samples | undefined,
  times: StepTime[],
): Promise<{ bytes: Uint8Array; faults: Fault[] }> {
  const { device, recording, outputs, status, staging } = run;
  const { gpu } = device;
  const { signal, audit, profile = false } = options;
  const timed = (i: number, backend: StepTime['backend'], begin: number): void => {
    const step = recording.steps[i]?.step;
    if (!profile || step === undefined) return;
    const milliseconds = performance.now() - begin;
    const { kernel } = step.dispatch;
    times.push({ kernel: kernel.name, nodes: step.nodes, backend, begin, milliseconds });
  };
  const checks: Promise<void>[] = [];
  const faults: Fault[] = [];
  const compare = async (): Promise<void> => {
    if (samples === undefined || audit === undefined) return;
    faults.push(
      ...(await samples.check(run.reference, audit.random, () => throwIfAborted(signal))),
    );
  };
  const onGpu = (i: number): boolean => recording.steps[i]?.gpu !== undefined && !recompute.has(i);
  const count = recording.steps.length;
  const most = profile ? 1 : signal === undefined ? count : DISPATCHES_A_TURN;
  // A stretch of GPU dispatches is one command buffer; uploads go in front of the first, copies of the outputs
  // behind the last. Where nothing needs the reference, that is the whole run.
  let at = 0;
  let first = true;
  for (;;) {
    const from = at;
    await samples?.open();
    let full = false;
    while (at < count && at - from < most && onGpu(at) && !full) {
      full = samples?.ends(at) === true;
      at += 1;
    }
    const last = at === count;
    const begin = performance.now();
    const { checked } = device.guard('run', () => {
      const encoder = gpu.createCommandEncoder();
      if (first) encodeFeeds(run, encoder, feeds);
      recording.encode(encoder, from, at, samples);
      if (last) {
        encoder.copyBufferToBuffer(status, 0, staging, 0, status.size);
        outputs.encode(encoder, staging, options.keepOnDevice);
      }
      gpu.queue.submit([encoder.finish()]);
    });
    // The rejection is delivered below, with those of the other stretches.
    checked.catch(() => undefined);
    checks.push(checked);
    first = false;
    const waits = profile || (!last && (signal !== undefined || full));
    if (waits) await device.finished(gpu.queue.onSubmittedWorkDone());
    if (at > from) timed(from, 'webgpu', begin);
    if (last) break;
    throwIfAborted(signal);
    if (full) await compare();
    for (; at < count && !onGpu(at); at += 1) {
      const step = recording.steps[at]?.step;
      if (step !== undefined) {
        const begin = performance.now();
        const { checked } = await computeOnReference(run, step.dispatch);
        checks.push(checked);
        timed(at, 'wasm', begin);
      }
      throwIfAborted(signal);
    }
  }
  const bytes = mapped(device, staging, staging.size);
  // All of them are awaited before any is reported, so that the next run finds the buffer unmapped. A failed
  // submission is a better reason than the mapping that fails after it.
  const settled = await Promise.allSettled([...checks, bytes]);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  await compare();
  return { bytes: await bytes, faults };
}

function encodeFeeds(
  run: Attempted,
  encoder: GPUCommandEncoder,
  feeds: ReadonlyMap<string, Tensor>,
): void {
  const { device } = run;
  encoder.clearBuffer(run.status);
  for (const [name, value] of run.plan.feeds) {
    if (!run.isStored(value)) continue;
    const tensor = feeds.get(name);
    if (tensor === undefined) throw new TypeError(`run: feed '${name}' is missing`);
    const { storage } = tensor;
    if (storage instanceof GpuStorage && storage.device === device) {
      encoder.copyBufferToBuffer(storage.buffer, 0, run.bufferOf(value), 0, storage.buffer.size);
    } else upload(device.gpu, run.bufferOf(value), tensor.bytes());
  }
}

/** @returns the check of the upload, wrapped so that it is not awaited here */
async function computeOnReference(
  run: Attempted,
  dispatch: Dispatch,
): Promise<{ checked: Promise<void> }> {
  const { device, reference } = run;
  const inputs: Uint8Array[] = [];
  for (const value of inputsOf(dispatch)) {
    const constant = run.plan.constant(value);
    if (constant !== undefined) {
      inputs.push(constant.bytes().slice());
      continue;
    }
    const storage = new GpuStorage(device, run.bufferOf(value), byteLengthOf(value));
    inputs.push(await storage.read());
  }
  const results = reference.compute(dispatch, inputs);
  const { checked } = device.guard('run', () => {
    dispatch.outputs.forEach((value, i) => {
      upload(device.gpu, run.bufferOf(value), results[i] ?? new Uint8Array(0));
    });
  });
  checked.catch(() => undefined);
  return { checked };
}
