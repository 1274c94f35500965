// The steps of a plan as they are recorded: pipeline, bind group and grid of each that the GPU executes. Made anew when a
// pipeline was taken down a rung. Not here: buffers, submissions.
import { gridOfDispatch, inputsOf, type Dispatch } from '../../core/op.ts';
import type { Value } from '../../core/value.ts';
import type { Plan, Step } from '../../graph/plan.ts';
import type { RunNote } from '../backend.ts';
import type { Auditable } from './auditor.ts';
import type { Device } from './device.ts';
import type { ParamsBuffer } from './params.ts';
import type { Candidate } from './pipeline_gate.ts';
import type { Pipeline } from './pipelines.ts';
import { bufferSizeOf } from './pool.ts';
import type { Rung } from './rungs.ts';
import { bytesOf, type Samples } from './samples.ts';

/** What a recording asks of the backend. */
export interface PipelineSource {
  readonly device: Device;
  /** How often a pipeline of the device was taken down a rung so far. */
  readonly steps: number;
  /** Where pipelines of the device begin. */
  readonly rung: Rung;
  pipeline(dispatch: Dispatch): Pipeline;
  canRun(plan: Plan, dispatch: Dispatch): boolean;
  /** Where the dispatch is executed; 'reference' also for a kernel without a shader. */
  rungOf(dispatch: Dispatch): Rung | 'reference';
  /** Whether it runs from another text than usual. */
  isLowered(dispatch: Dispatch): boolean;
}

interface Recorded {
  readonly step: Step;
  /** Undefined where the reference executes the step. */
  readonly gpu:
    | {
        readonly pipeline: GPUComputePipeline;
        readonly layout: GPUBindGroupLayout;
        readonly rung: Rung;
        /** Its text is not that of the usual rung. */
        readonly lowered: boolean;
        readonly bindings: GPUBindGroup;
        readonly grid: readonly [number, number, number];
      }
    | undefined;
}

/** What all steps share; each has `stride` bytes of the status buffer. */
interface Shared {
  readonly params: ParamsBuffer;
  readonly status: GPUBuffer;
  readonly stride: number;
}

export class Recording {
  readonly #source: PipelineSource;
  readonly #plan: Plan;
  readonly #shared: Shared;
  #steps: readonly Recorded[] = [];
  #auditable: readonly Auditable[] = [];
  #made = 0;
  /** Whether the gates of its pipelines were run, as far as they could be. */
  gated = false;

  constructor(source: PipelineSource, plan: Plan, shared: Shared) {
    this.#source = source;
    this.#plan = plan;
    this.#shared = shared;
  }

  get steps(): readonly Recorded[] {
    return this.#steps;
  }

  /** The steps that the GPU executes. */
  get auditable(): readonly Auditable[] {
    return this.#auditable;
  }

  /** The steps, as a pipeline's gate takes them. */
  get candidates(): readonly Candidate[] {
    return this.#steps.flatMap(({ step: { dispatch }, gpu }, step) =>
      gpu === undefined ? [] : [{ step, dispatch, pipeline: gpu.pipeline, layout: gpu.layout }],
    );
  }

  /** False once a pipeline of the device was taken down a rung behind it. */
  get isCurrent(): boolean {
    return this.#made === this.#source.steps;
  }

  /** Makes it, within the caller's error scope. */
  make(bufferOf: (value: Value) => GPUBuffer): void {
    this.#steps = this.#plan.steps.map((step, i) => this.#record(step, i, bufferOf));
    this.#made = this.#source.steps;
    this.gated = false;
    this.#auditable = this.#steps.flatMap(({ step: { dispatch }, gpu }, step) => {
      if (gpu === undefined) return [];
      const bytes = bytesOf(dispatch, (value) => this.#plan.constant(value));
      return [{ step, dispatch, pipeline: gpu.pipeline, bytes }];
    });
  }

  /** Which steps a run executed on another rung, and which elsewhere: on the reference, or there in the end. */
  notes(recomputed: ReadonlySet<number>): RunNote[] {
    return [...this.#rungNotes(), ...this.#otherNotes(recomputed)];
  }

  /** One note for a rung and a reason. */
  #rungNotes(): RunNote[] {
    const notes = new Map<string, { rung: Rung; of: 'device' | 'pipeline'; nodes: Set<number> }>();
    for (const { step, gpu } of this.#steps) {
      if (gpu?.lowered !== true) continue;
      const { rung } = gpu;
      const of = rung === this.#source.rung ? 'device' : 'pipeline';
      const note = notes.get(`${of} ${rung}`) ?? { rung, of, nodes: new Set() };
      for (const node of step.nodes) note.nodes.add(node);
      notes.set(`${of} ${rung}`, note);
    }
    return [...notes.values()].map(({ rung, of, nodes }) => ({
      kind: 'rung',
      kernel: '',
      nodes: [...nodes],
      rung: { is: rung, of },
    }));
  }

  #otherNotes(recomputed: ReadonlySet<number>): RunNote[] {
    return this.#steps.flatMap(({ step, gpu }, i) => {
      if (gpu !== undefined && !recomputed.has(i)) return [];
      return [
        {
          kind: gpu === undefined ? 'reference' : 'recomputed',
          kernel: step.dispatch.kernel.name,
          nodes: step.nodes,
          disabled:
            step.dispatch.kernel.shader !== undefined &&
            this.#source.rungOf(step.dispatch) === 'reference',
        },
      ];
    });
  }

  /** The steps [from, to), with copies around those that are sampled. */
  encode(encoder: GPUCommandEncoder, from: number, to: number, samples: Samples | undefined): void {
    let pass: GPUComputePassEncoder | undefined;
    for (let i = from; i < to; i += 1) {
      const gpu = this.#steps[i]?.gpu;
      if (gpu === undefined) continue;
      const sampled = samples?.has(i) === true;
      if (sampled) {
        // Copies stand between passes.
        pass?.end();
        samples.encodeInputs(i, encoder);
        pass = undefined;
      }
      pass ??= encoder.beginComputePass();
      pass.setPipeline(gpu.pipeline);
      pass.setBindGroup(0, gpu.bindings);
      pass.dispatchWorkgroups(...gpu.grid);
      if (sampled) {
        pass.end();
        samples.encodeOutputs(i, encoder);
        pass = undefined;
      }
    }
    pass?.end();
  }

  #record(step: Step, i: number, bufferOf: (value: Value) => GPUBuffer): Recorded {
    const { params, status, stride } = this.#shared;
    const { dispatch } = step;
    const rung = this.#source.rungOf(dispatch);
    if (rung === 'reference' || !this.#source.canRun(this.#plan, dispatch)) {
      return { step, gpu: undefined };
    }
    const lowered = rung !== 'full' && this.#source.isLowered(dispatch);
    const { pipeline, layout } = this.#source.pipeline(dispatch);
    const tensors = [...inputsOf(dispatch), ...dispatch.outputs];
    const bindings = this.#source.device.gpu.createBindGroup({
      label: dispatch.kernel.name,
      layout,
      entries: [
        {
          binding: 0,
          resource: {
            buffer: params.buffer,
            offset: params.offsets[i] ?? 0,
            size: params.sizes[i] ?? 16,
          },
        },
        {
          binding: 2,
          resource: { buffer: status, offset: i * stride, size: stride },
        },
        ...tensors.map((value, k) => ({
          binding: 3 + k,
          // A slot may be larger than the value, and than what can be bound.
          resource: {
            buffer: bufferOf(value),
            size: bufferSizeOf(this.#plan.root(value)),
          },
        })),
      ],
    });
    const grid = gridOfDispatch(dispatch);
    return { step, gpu: { pipeline, layout, rung, lowered, bindings, grid } };
  }
}
