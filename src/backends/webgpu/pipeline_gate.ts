// The gate of a pipeline (docs/NUMERICS.md, B7): before its first result is delivered, the very pipeline runs once over
// drawn words with the model's own Params and constants, and random work units are compared with the reference. Promises:
// once a pipeline and device; bounded bytes and work; a pipeline that is too large, or that reads integers which the
// reference cannot have at hand, is counted as skipped; buffers are freed. Not here: what a difference leads to (executable.ts).
import { HostConstant, type Constant } from '../../core/constant.ts';
import { DeviceError, throwIfAborted } from '../../core/errors.ts';
import { gridOfDispatch, inputsOf, type Dispatch } from '../../core/op.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import type { Plan } from '../../graph/plan.ts';
import { nextTurn } from '../wasm/commands.ts';
import type { WasmBackend } from '../wasm.ts';
import type { Device } from './device.ts';
import { drawBytes, type Draw } from './draws.ts';
import { KnownIntegers } from './known_integers.ts';
import { uploadParams } from './params.ts';
import { bufferSizeOf } from './pool.ts';
import type { Fault } from './samples.ts';
import { drawUnits, spotCheck, type Random } from './spot_check.ts';
import { mapped, upload } from './storage.ts';

/** A step whose pipeline is new, and the pipeline. */
export interface Candidate {
  readonly step: number;
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export interface GateContext {
  readonly device: Device;
  readonly plan: Plan;
  readonly reference: WasmBackend;
  readonly random: Random;
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly signal: AbortSignal | undefined;
  bufferOf(value: Value): GPUBuffer;
}

export interface GateOutcome {
  readonly faults: readonly Fault[];
  /** Pipelines whose units were compared and equal. */
  readonly passed: readonly GPUComputePipeline[];
  /** Pipelines that were not compared. */
  readonly skipped: number;
}

// Of one pipeline: bytes of drawn inputs and outputs, of constants, multiply-adds on the device, and on the reference.
const BYTES = 1 << 22;
const CONSTANT_BYTES = 1 << 24;
const DEVICE_WORK = 2 ** 27;
const UNIT_WORK = 1 << 21;
const UNITS = 3;
// Of one submission.
const BATCH_BYTES = 1 << 25;
const STATUS_BYTES = 256;

interface Gate extends GateContext {
  readonly integers: KnownIntegers;
}

interface Trial {
  readonly candidate: Candidate;
  /** In the order of `inputsOf(dispatch)`. */
  readonly inputs: readonly Constant[];
  /** Where outputs and the status lie in what is read back. */
  readonly offsets: readonly number[];
  readonly status: number;
}

/** Runs the gates of these pipelines; several steps with one pipeline are one, the least that fits. */
export async function runPipelineGates(
  given: GateContext,
  candidates: readonly Candidate[],
): Promise<GateOutcome> {
  const { plan, reference, feeds } = given;
  const context = { ...given, integers: new KnownIntegers(plan, reference, feeds) };
  const least = new Map<GPUComputePipeline, Candidate | undefined>();
  for (const one of candidates) {
    const before = least.get(one.pipeline);
    const fits = isBounded(context, one.dispatch) && knowsIntegers(context, one.dispatch);
    const isLess = before === undefined || workOf(one.dispatch) < workOf(before.dispatch);
    if (!least.has(one.pipeline) || (fits && isLess)) {
      least.set(one.pipeline, fits ? one : before);
    }
  }
  const todo = [...least.values()].filter((one) => one !== undefined);
  const faults: Fault[] = [];
  const passed: GPUComputePipeline[] = [];
  let again: Candidate[] = [];
  const round = async (all: readonly Candidate[], draw: Draw): Promise<void> => {
    for (const batch of batchesOf(context, all)) {
      throwIfAborted(context.signal);
      for (const { candidate, fault, flagged } of await tryOut(context, batch, draw)) {
        if (flagged) again.push(candidate);
        else if (fault === undefined) passed.push(candidate.pipeline);
        else faults.push(fault);
      }
      await nextTurn();
    }
  };
  await round(todo, 'adversarial');
  const flagged = again;
  again = [];
  await round(flagged, 'moderate');
  return { faults, passed, skipped: least.size - passed.length - faults.length };
}

const workOf = ({ units, unitCost }: Dispatch): number => units * Math.max(1, unitCost);

/** Values that are drawn: the others are constants, or integers that a caller fed. */
const drawnOf = ({ plan }: GateContext, dispatch: Dispatch): Value[] =>
  inputsOf(dispatch).filter((value) => plan.constant(plan.root(value)) === undefined);

function bytesOf(context: GateContext, dispatch: Dispatch): number {
  const values = [...drawnOf(context, dispatch), ...dispatch.outputs];
  return values.reduce((sum, value) => sum + bufferSizeOf(context.plan.root(value)), 0);
}

function isBounded(context: GateContext, dispatch: Dispatch): boolean {
  const { plan } = context;
  const constants = inputsOf(dispatch).map((value) => plan.constant(plan.root(value)));
  const bytes = constants.reduce((sum, one) => sum + (one?.byteLength ?? 0), 0);
  return (
    dispatch.units > 0 &&
    bytes <= CONSTANT_BYTES &&
    bytesOf(context, dispatch) <= BYTES &&
    workOf(dispatch) <= DEVICE_WORK &&
    dispatch.unitCost <= UNIT_WORK
  );
}

/** Integers may say where elements lie, and a kernel relies on what it was promised: they must be those of the run. */
function knowsIntegers(context: Gate, dispatch: Dispatch): boolean {
  const { plan } = context;
  return inputsOf(dispatch).every(
    (value, i) =>
      plan.constant(plan.root(value)) !== undefined ||
      isData(dispatch, value, i) ||
      value.dtype === 'bool' ||
      context.integers.contents(value) !== undefined,
  );
}

/** Whether the kernel takes any words for an input. */
function isData({ kernel, inputs }: Dispatch, value: Value, i: number): boolean {
  const { chain, anyIntegers } = kernel;
  if (isFloat(value) || chain === 'whole' || anyIntegers === true) return true;
  // What a chain loads is data where an input is.
  return anyIntegers !== undefined && (i >= inputs.length || anyIntegers.includes(i));
}

const isFloat = ({ dtype }: Value): boolean => dtype.includes('float');

function batchesOf(context: Gate, all: readonly Candidate[]): Candidate[][] {
  const batches: Candidate[][] = [];
  let filled = BATCH_BYTES;
  for (const one of all) {
    const bytes = bytesOf(context, one.dispatch);
    if (filled + bytes > BATCH_BYTES) {
      batches.push([]);
      filled = 0;
    }
    batches.at(-1)?.push(one);
    filled += bytes;
  }
  return batches;
}

interface Tried {
  readonly candidate: Candidate;
  readonly fault: Fault | undefined;
  readonly flagged: boolean;
}

/** One submission and one reading. */
async function tryOut(context: Gate, batch: readonly Candidate[], draw: Draw): Promise<Tried[]> {
  const { device, reference, random } = context;
  const made: GPUBuffer[] = [];
  try {
    const { trials, staging } = await device.scoped('gate', () =>
      submit(context, batch, draw, made),
    );
    const contents = await mapped(device, staging, staging.size);
    return trials.map(({ candidate, inputs, offsets, status }) => {
      const { step, dispatch } = candidate;
      if (contents[status + 4] !== 0) return { candidate, fault: undefined, flagged: true };
      const outputs = dispatch.outputs.map((value, i) => {
        const at = offsets[i] ?? 0;
        return contents.subarray(at, at + byteLengthOf(value));
      });
      const count = Math.max(1, Math.min(UNITS, Math.floor(UNIT_WORK / (dispatch.unitCost + 1))));
      const units = drawUnits(dispatch, count, random);
      const found = spotCheck(reference, dispatch, { inputs, outputs }, units, random);
      const fault = found === undefined ? undefined : { step, ...found };
      return { candidate, fault, flagged: false };
    });
  } catch (error) {
    device.throwIfFailed();
    // No room: a run that works without a gate works, and its audit looks at these pipelines.
    if (error instanceof DeviceError) return [];
    throw error;
  } finally {
    for (const buffer of made) buffer.destroy();
  }
}

function submit(
  context: Gate,
  batch: readonly Candidate[],
  draw: Draw,
  made: GPUBuffer[],
): { trials: Trial[]; staging: GPUBuffer } {
  const { device, plan, random } = context;
  const { gpu } = device;
  const create = (label: string, size: number, usage: number): GPUBuffer => {
    const buffer = gpu.createBuffer({ label: `gate ${label}`, size, usage });
    made.push(buffer);
    return buffer;
  };
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const dispatches = batch.map(({ dispatch }) => dispatch);
  const params = uploadParams(dispatches, gpu, create);
  const status = create('status', batch.length * STATUS_BYTES, storage);
  const encoder = gpu.createCommandEncoder();
  const copies: { from: GPUBuffer; at: number; size: number }[] = [];
  let end = status.size;
  const pass = encoder.beginComputePass();
  const trials = batch.map((candidate, k): Trial => {
    const { dispatch, pipeline, layout } = candidate;
    // Values with one root are one buffer.
    const contents = new Map<Value, Constant>();
    const buffers = new Map<Value, GPUBuffer>();
    const inputs = inputsOf(dispatch).map((value, i) => {
      const root = plan.root(value);
      let content = plan.constant(root) ?? contents.get(root);
      if (content === undefined) {
        const known = isData(dispatch, value, i) ? undefined : context.integers.contents(value);
        const bytes = known?.bytes() ?? drawBytes(value, draw, random);
        content = new HostConstant(value.dtype, bytes);
        const buffer = create('input', bufferSizeOf(root), storage);
        upload(gpu, buffer, bytes);
        contents.set(root, content);
        buffers.set(root, buffer);
      } else if (!buffers.has(root)) buffers.set(root, context.bufferOf(root));
      return content;
    });
    const offsets = dispatch.outputs.map((value) => {
      const root = plan.root(value);
      const size = bufferSizeOf(root);
      const from = create('output', size, storage);
      buffers.set(root, from);
      copies.push({ from, at: end, size });
      end += size;
      return end - size;
    });
    const entries = [
      {
        binding: 0,
        resource: {
          buffer: params.buffer,
          offset: params.offsets[k] ?? 0,
          size: params.sizes[k] ?? 16,
        },
      },
      {
        binding: 2,
        resource: { buffer: status, offset: k * STATUS_BYTES, size: STATUS_BYTES },
      },
      ...[...inputsOf(dispatch), ...dispatch.outputs].map((value, i) => {
        const root = plan.root(value);
        const buffer = buffers.get(root) ?? context.bufferOf(root);
        return { binding: 3 + i, resource: { buffer, size: bufferSizeOf(root) } };
      }),
    ];
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, gpu.createBindGroup({ label: 'gate', layout, entries }));
    pass.dispatchWorkgroups(...gridOfDispatch(dispatch));
    return { candidate, inputs, offsets, status: k * STATUS_BYTES };
  });
  pass.end();
  const staging = create('read back', end, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  encoder.copyBufferToBuffer(status, 0, staging, 0, status.size);
  for (const { from, at, size } of copies) encoder.copyBufferToBuffer(from, 0, staging, at, size);
  gpu.queue.submit([encoder.finish()]);
  return { trials, staging };
}
