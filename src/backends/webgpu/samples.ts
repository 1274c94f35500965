// What the audited dispatches of one run read and wrote: copied inside the run's own command buffers, right before and
// right behind each dispatch, because values lie in slots that later ones overwrite; then fetched and compared with the
// reference. Copies go in batches of bounded size: a run of many audited dispatches is cut where a batch is full.
// Promises: buffers are freed by check() or dispose(); a dispatch whose flag is raised is not compared (B6).
// Not here: what is chosen (auditor.ts), what a difference leads to (executable.ts).
import { HostConstant, type Constant } from '../../core/constant.ts';
import { DeviceError } from '../../core/errors.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import { nextTurn } from '../wasm/commands.ts';
import type { WasmBackend } from '../wasm.ts';
import type { Choice } from './auditor.ts';
import type { Device } from './device.ts';
import { bufferSizeOf } from './pool.ts';
import { spotCheck, type Observed, type Random, type SpotDifference } from './spot_check.ts';
import { mapped } from './storage.ts';

// Bytes copied before the run waits for them.
const BATCH = 1 << 26;
const STATUS_BYTES = 16;
// What searching an output costs beside copying it.
const OUTPUT_PASSES = 4;
const FIXED_BYTES = 4096;
// The page gets a turn this often while many dispatches are compared.
const TURN_MS = 15;
/** Where values lie on the GPU. */
export interface SampledRun {
  readonly device: Device;
  dispatch(step: number): Dispatch | undefined;
  constant(value: Value): Constant | undefined;
  bufferOf(value: Value): GPUBuffer;
  /** The status words of a step: the buffer and the offset. */
  statusOf(step: number): { buffer: GPUBuffer; offset: number };
}

/** A difference, and the step of the plan that it is in. */
export interface Fault extends SpotDifference {
  readonly step: number;
}

interface Copy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly size: number;
  readonly staging: number;
  readonly offset: number;
  readonly length: number;
}

interface Sample {
  readonly step: number;
  readonly dispatch: Dispatch;
  readonly units: readonly number[];
  readonly inputs: readonly (Constant | Copy)[];
  readonly outputs: readonly Copy[];
  readonly status: Copy;
}

interface Batch {
  readonly samples: Sample[];
  /** Sizes of its staging buffers: one, but where a single value is larger than a batch. */
  readonly sizes: number[];
}

/** Bytes that auditing a dispatch moves or looks at; see Auditable. */
export function bytesOf(
  dispatch: Dispatch,
  constant: (value: Value) => Constant | undefined,
): number {
  const read = inputsOf(dispatch).map((value) =>
    constant(value) === undefined ? 2 * bufferSizeOf(value) : byteLengthOf(value),
  );
  const written = dispatch.outputs.map((value) => (1 + OUTPUT_PASSES) * bufferSizeOf(value));
  return [...read, ...written].reduce((sum, bytes) => sum + bytes, FIXED_BYTES);
}

export class Samples {
  readonly #run: SampledRun;
  readonly #batches: Batch[] = [];
  readonly #byStep = new Map<number, Sample>();
  readonly #ends = new Set<number>();
  #staging: GPUBuffer[] = [];
  /** Milliseconds that the host spent. */
  spentMs = 0;
  /** What it moves and looks at; see bytesOf. */
  readonly bytes: number;
  /** The steps that were compared. */
  readonly checked: number[] = [];
  /** True if there was no room for the copies: the rest of this run is not audited. */
  failed = false;

  constructor(run: SampledRun, choice: Choice) {
    this.#run = run;
    let batch: Batch | undefined;
    let filled = 0;
    let bytes = 0;
    for (const [step, units] of [...choice].sort(([a], [b]) => a - b)) {
      const dispatch = run.dispatch(step);
      if (dispatch === undefined) continue;
      if (batch === undefined || filled >= BATCH) {
        batch = { samples: [], sizes: [] };
        filled = 0;
        this.#batches.push(batch);
      }
      const sample = this.#sample(step, dispatch, units, batch.sizes);
      batch.samples.push(sample);
      this.#byStep.set(step, sample);
      filled = batch.sizes.reduce((sum, size) => sum + size, 0);
      bytes += bytesOf(dispatch, (value) => run.constant(value));
    }
    for (const { samples } of this.#batches) this.#ends.add(samples.at(-1)?.step ?? -1);
    this.bytes = bytes;
  }

  has(step: number): boolean {
    return this.#byStep.has(step);
  }

  /** Whether a batch is full behind this step: then it is submitted, and check() comes next. */
  ends(step: number): boolean {
    return this.#ends.has(step);
  }

  /** Makes room for the batch that comes next. A run that would work without an audit works. */
  async open(): Promise<void> {
    const [batch] = this.#batches;
    if (batch === undefined || this.#staging.length > 0) return;
    const begin = performance.now();
    const { device } = this.#run;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    try {
      await device.scoped('audit', () => {
        for (const size of batch.sizes) {
          this.#staging.push(device.gpu.createBuffer({ label: 'audit', size, usage }));
        }
      });
    } catch (error) {
      this.dispose();
      device.throwIfFailed();
      if (!(error instanceof DeviceError)) throw error;
      this.failed = true;
    }
    this.spentMs += performance.now() - begin;
  }

  encodeInputs(step: number, encoder: GPUCommandEncoder): void {
    for (const input of this.#byStep.get(step)?.inputs ?? []) {
      if ('staging' in input) this.#encode(encoder, input);
    }
  }

  encodeOutputs(step: number, encoder: GPUCommandEncoder): void {
    const sample = this.#byStep.get(step);
    if (sample === undefined) return;
    for (const copy of [...sample.outputs, sample.status]) this.#encode(encoder, copy);
  }

  /**
   * Compares the batch whose last step the device has finished (waiting for that is not the audit's time) and frees it.
   *
   * @returns the first difference of each step that has one
   */
  async check(
    reference: WasmBackend,
    random: Random,
    turn: () => void = () => undefined,
  ): Promise<Fault[]> {
    const { device } = this.#run;
    const batch = this.#batches.shift();
    if (batch === undefined) return [];
    const begin = performance.now();
    const contents: Uint8Array[] = [];
    for (const [i, buffer] of this.#staging.entries()) {
      contents.push(await mapped(device, buffer, batch.sizes[i] ?? buffer.size));
    }
    this.#free();
    const faults: Fault[] = [];
    let last = performance.now();
    for (const { step, dispatch, units, inputs, outputs, status } of batch.samples) {
      const raised = bytesIn(contents, status)[4] !== 0;
      if (raised) continue;
      const observed: Observed = {
        inputs: inputs.map((input, i) =>
          'staging' in input
            ? new HostConstant(inputsOf(dispatch)[i]?.dtype ?? 'uint8', bytesIn(contents, input))
            : input,
        ),
        outputs: outputs.map((copy) => bytesIn(contents, copy)),
      };
      this.checked.push(step);
      const found = spotCheck(reference, dispatch, observed, units, random);
      if (found !== undefined) faults.push({ step, ...found });
      if (performance.now() - last < TURN_MS) continue;
      await nextTurn();
      turn();
      last = performance.now();
    }
    this.spentMs += performance.now() - begin;
    return faults;
  }

  dispose(): void {
    this.#free();
    this.#batches.length = 0;
    this.#byStep.clear();
    this.#ends.clear();
  }

  #free(): void {
    for (const buffer of this.#staging) buffer.destroy();
    this.#staging = [];
  }

  #encode(encoder: GPUCommandEncoder, { from, fromOffset, size, staging, offset }: Copy): void {
    const to = this.#staging[staging];
    if (to === undefined) throw new Error('webgpu: audit before open()');
    encoder.copyBufferToBuffer(from, fromOffset, to, offset, size);
  }

  #sample(step: number, dispatch: Dispatch, units: readonly number[], sizes: number[]): Sample {
    const most = Math.min(BATCH, this.#run.device.gpu.limits.maxBufferSize);
    const place = (from: GPUBuffer, fromOffset: number, size: number, length: number): Copy => {
      let staging = sizes.length - 1;
      let offset = sizes[staging] ?? most;
      if (offset > 0 && offset + size > most) {
        staging = sizes.push(0) - 1;
        offset = 0;
      }
      sizes[staging] = offset + size;
      return { from, fromOffset, size, staging, offset, length };
    };
    const copyOf = (value: Value): Copy =>
      place(this.#run.bufferOf(value), 0, bufferSizeOf(value), byteLengthOf(value));
    const { buffer, offset } = this.#run.statusOf(step);
    return {
      step,
      dispatch,
      units,
      inputs: inputsOf(dispatch).map((value) => this.#run.constant(value) ?? copyOf(value)),
      outputs: dispatch.outputs.map(copyOf),
      status: place(buffer, offset, STATUS_BYTES, STATUS_BYTES),
    };
  }
}

function bytesIn(contents: readonly Uint8Array[], { staging, offset, length }: Copy): Uint8Array {
  return (contents[staging] ?? new Uint8Array(0)).subarray(offset, offset + length);
}
