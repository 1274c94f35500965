// A plan made ready on a WebGPU device: buffers, Params, pipelines and bind groups, made once; a run only records
// and submits (attempt.ts). A dispatch whose flag is raised is recomputed by the reference from its actual inputs, and
// the run is repeated with it (B6). In front of a run new pipelines pass their gate (B7). Some dispatches are audited
// before the outputs are delivered (B8): where one is not the reference's, its pipeline goes one rung down the ladder (B7)
// and the run is repeated. Every device error rejects the run.
import type { Constant } from '../../core/constant.ts';
import { throwIfAborted } from '../../core/errors.ts';
import type { Dispatch } from '../../core/op.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import type { Plan } from '../../graph/plan.ts';
import type {
  AuditOptions,
  Executable,
  RunNote,
  RunOptions,
  RunResult,
  StepTime,
} from '../backend.ts';
import type { WasmBackend } from '../wasm.ts';
import { attempt, type Attempted } from './attempt.ts';
import type { Auditor, RunClock } from './auditor.ts';
import { Outputs } from './outputs.ts';
import { uploadParams } from './params.ts';
import { assignSlots } from './pool.ts';
import { runPipelineGates } from './pipeline_gate.ts';
import { Recording, type PipelineSource } from './recording.ts';
import type { Rung } from './rungs.ts';
import { Samples, type Fault, type SampledRun } from './samples.ts';

// Each dispatch has its own status words, at an offset that every device can bind.
const STATUS_STRIDE = 256;

/** What an executable asks of its backend. */
export interface ExecutableHost extends PipelineSource {
  readonly reference: WasmBackend;
  readonly auditor: Auditor;
  pass(pipelines: Iterable<GPUComputePipeline>): void;
  hasPassed(pipeline: GPUComputePipeline): boolean;
  /** @returns the rung that the dispatch's pipeline is on now; undefined if it had left `from` before */
  stepDown(dispatch: Dispatch, from: Rung): Rung | 'reference' | undefined;
  createBuffer(label: string, size: number, usage: number): GPUBuffer;
  useConstant(constant: Constant): GPUBuffer;
  dropConstant(constant: Constant): void;
}

/** What build() makes. */
type Made = Pick<Attempted, 'status' | 'staging' | 'recording' | 'outputs'>;

export class GpuExecutable implements Executable {
  readonly #backend: ExecutableHost;
  readonly #plan: Plan;
  readonly #buffers: GPUBuffer[] = [];
  readonly #slots: Map<Value, number>;
  readonly #sizes: readonly number[];
  readonly #clock: RunClock = { plain: undefined, unseen: 0 };
  #made: Made | undefined;
  #used: Constant[] = [];
  readonly #owned: GPUBuffer[] = [];

  constructor(backend: ExecutableHost, plan: Plan) {
    this.#backend = backend;
    this.#plan = plan;
    const { slots, sizes } = assignSlots(plan);
    this.#slots = slots;
    this.#sizes = sizes;
  }

  /** Makes everything on the device, within the caller's error scope. If it fails, dispose frees what was made. */
  build(): void {
    const plan = this.#plan;
    const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    for (const size of this.#sizes) this.#buffers.push(this.#own('values', size, storage));
    const count = Math.max(1, plan.steps.length);
    const status = this.#own('status', count * STATUS_STRIDE, storage);
    const params = uploadParams(
      plan.steps.map((step) => step.dispatch),
      this.#backend.device.gpu,
      (label, size, usage) => this.#own(label, size, usage),
    );
    const recording = new Recording(this.#backend, plan, { params, status, stride: STATUS_STRIDE });
    recording.make((value) => this.#bufferOf(value));
    const outputs = new Outputs(plan, count * STATUS_STRIDE, (value) => this.#bufferOf(value));
    const staging = this.#own(
      'read back',
      outputs.end,
      GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    );
    this.#made = { status, staging, recording, outputs };
  }

  get #status(): GPUBuffer {
    return this.#built().status;
  }

  #built(): Made {
    if (this.#made === undefined) throw new Error('webgpu: run before build()');
    return this.#made;
  }

  async run(feeds: ReadonlyMap<string, Tensor>, options: RunOptions): Promise<RunResult> {
    // Dispatches that met what their kernel cannot represent; one that only followed from garbage of another
    // is recomputed too, which moves no bit.
    const recompute = new Set<number>();
    const { recording, outputs } = this.#built();
    const notes: RunNote[] = [];
    const begin = performance.now();
    const gate = { pipelines: 0, skipped: 0, milliseconds: 0 };
    let auditMs = 0;
    let auditBytes = 0;
    let audited = false;
    for (;;) {
      throwIfAborted(options.signal);
      await this.#refresh(recording);
      if (options.gate !== undefined && !recording.gated) {
        const gateFaults = await this.#passGates(feeds, options, gate);
        notes.push(...this.#stepDown(gateFaults, 'gate'));
        if (gateFaults.length > 0) continue;
        recording.gated = true;
      }
      // Garbage that a raised flag left behind is not audited again: the first attempt was, from its actual inputs.
      const all = this.#backend.auditor.fresh || notes.length > 0;
      const samples = recompute.size === 0 ? this.#choose(options.audit, all) : undefined;
      let faults: Fault[];
      let bytes: Uint8Array;
      // Of the attempt that is delivered.
      const times: StepTime[] = [];
      try {
        ({ bytes, faults } = await attempt(
          this.#attempted(),
          feeds,
          recompute,
          options,
          samples,
          times,
        ));
      } finally {
        samples?.dispose();
      }
      if (samples !== undefined) {
        audited = true;
        auditMs += samples.spentMs;
        auditBytes += samples.bytes;
      }
      if (samples?.failed === true) notes.push({ kind: 'audit', kernel: '', nodes: [] });
      notes.push(...this.#stepDown(faults, 'run'));
      if (faults.length > 0) continue;
      if (samples !== undefined) this.#trust(samples, all);
      const words = new Uint32Array(bytes.buffer, 0, this.#status.size / 4);
      const raised = recording.steps
        .map((_, i) => i)
        .filter((i) => !recompute.has(i) && words[(i * STATUS_STRIDE) / 4 + 1] !== 0);
      if (raised.length === 0) {
        if (options.audit !== undefined) {
          const ms = performance.now() - begin - gate.milliseconds;
          const time = { ms, auditMs, bytes: auditBytes, audited };
          this.#backend.auditor.account(this.#clock, time);
        }
        const { keepOnDevice } = options;
        return {
          outputs: await outputs.tensors(bytes, keepOnDevice, this.#backend),
          notes: [...notes, ...recording.notes(recompute)],
          ...(gate.pipelines + gate.skipped === 0 ? {} : { gate }),
          ...(options.profile === true ? { steps: times } : {}),
        };
      }
      for (const i of raised) recompute.add(i);
    }
  }

  dispose(): void {
    for (const buffer of this.#owned) buffer.destroy();
    for (const constant of this.#used) this.#backend.dropConstant(constant);
  }

  /** Pipelines that left their rung since the last run, here or by another model on the device, are replaced. */
  async #refresh(recording: Recording): Promise<void> {
    if (recording.isCurrent) return;
    const before = this.#used;
    this.#used = [];
    await this.#backend.device.scoped('prepare', () => {
      recording.make((value) => this.#bufferOf(value));
    });
    for (const constant of before) this.#backend.dropConstant(constant);
  }

  /** Runs the gates of pipelines that have not passed theirs, and adds what that took to `cost`. */
  async #passGates(
    feeds: ReadonlyMap<string, Tensor>,
    { gate: random, signal }: RunOptions,
    cost: { pipelines: number; skipped: number; milliseconds: number },
  ): Promise<readonly Fault[]> {
    const all = this.#built().recording.candidates;
    const candidates = all.filter(({ pipeline }) => !this.#backend.hasPassed(pipeline));
    if (candidates.length === 0 || random === undefined) return [];
    const begin = performance.now();
    const { device, reference } = this.#backend;
    const plan = this.#plan;
    const bufferOf = (value: Value): GPUBuffer => this.#bufferOf(value);
    const { faults, passed, skipped } = await runPipelineGates(
      { device, plan, reference, random, feeds, signal, bufferOf },
      candidates,
    );
    this.#backend.pass(passed);
    cost.pipelines += passed.length + faults.length;
    cost.skipped += skipped;
    cost.milliseconds += performance.now() - begin;
    return faults;
  }

  /** What this attempt of a run audits, if anything. */
  #choose(audit: AuditOptions | undefined, all: boolean): Samples | undefined {
    if (audit === undefined) return undefined;
    const { auditable } = this.#built().recording;
    const choice = this.#backend.auditor.choose(auditable, audit, all);
    return choice.size === 0 ? undefined : new Samples(this.#sampled(), choice);
  }

  #sampled(): SampledRun {
    return {
      device: this.#backend.device,
      dispatch: (step) => this.#plan.steps[step]?.dispatch,
      constant: (value) => this.#plan.constant(value),
      bufferOf: (value) => this.#bufferOf(value),
      statusOf: (step) => ({ buffer: this.#status, offset: step * STATUS_STRIDE }),
    };
  }

  #attempted(): Attempted {
    const { device, reference } = this.#backend;
    return {
      ...{ device, reference, plan: this.#plan, ...this.#built() },
      bufferOf: (value) => this.#bufferOf(value),
      isStored: (value) => this.#slots.has(value),
    };
  }

  #trust(samples: Samples, all: boolean): void {
    const { steps } = this.#built().recording;
    const checked = samples.checked.flatMap((step) => steps[step]?.gpu?.pipeline ?? []);
    this.#backend.auditor.trust(checked, all && !samples.failed);
  }

  /** Takes the pipelines of these steps one rung down. @returns one note for each pipeline */
  #stepDown(faults: readonly Fault[], seen: 'gate' | 'run'): RunNote[] {
    const { steps } = this.#built().recording;
    return faults.flatMap((fault) => {
      const { step, dispatch, unit, output, index, expected, got, differing } = fault;
      const rung = steps[step]?.gpu?.rung;
      // Steps with the same pipeline tell the same story; so does another model on the device.
      const next = rung === undefined ? undefined : this.#backend.stepDown(dispatch, rung);
      if (rung === undefined || next === undefined) return [];
      const { constants, kernel } = dispatch;
      const name = dispatch.outputs[output]?.name ?? '';
      const details = {
        seen,
        rung,
        next,
        constants,
        unit,
        output,
        name,
        index,
        expected,
        got,
        differing,
      };
      const nodes = this.#plan.steps[step]?.nodes ?? [];
      return [{ kind: 'audit', kernel: kernel.name, nodes, fault: details }];
    });
  }

  #own(label: string, size: number, usage: number): GPUBuffer {
    const buffer = this.#backend.createBuffer(label, size, usage);
    this.#owned.push(buffer);
    return buffer;
  }

  #bufferOf(value: Value): GPUBuffer {
    const root = this.#plan.root(value);
    const buffer = this.#buffers[this.#slots.get(root) ?? -1];
    if (buffer !== undefined) return buffer;
    const constant = this.#plan.constant(root);
    if (constant === undefined) throw new Error(`webgpu: value ${root.id} is stored nowhere`);
    this.#used.push(constant);
    return this.#backend.useConstant(constant);
  }
}
