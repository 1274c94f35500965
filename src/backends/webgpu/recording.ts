// The steps of a plan as they are recorded: pipeline, bind group and grid of each that the GPU executes. Made anew when a
// pipeline was disabled. Not here: buffers, submissions.
import { gridOfDispatch, inputsOf, type Dispatch } from '../../core/op.ts';
import type { Value } from '../../core/value.ts';
import type { Plan, Step } from '../../graph/plan.ts';
import type { RunNote } from '../backend.ts';
import type { Auditable } from './auditor.ts';
import type { Device } from './device.ts';
import type { ParamsBuffer } from './params.ts';
import type { Pipeline } from './pipelines.ts';
import { bufferSizeOf } from './pool.ts';
import { bytesOf, type Samples } from './samples.ts';

/** What a recording asks of the backend. */
export interface PipelineSource {
  readonly device: Device;
  /** How many pipelines of the device were disabled so far. */
  readonly disabled: number;
  pipeline(dispatch: Dispatch): Pipeline;
  canRun(plan: Plan, dispatch: Dispatch): boolean;
  isDisabled(dispatch: Dispatch): boolean;
}

interface Recorded {
  readonly step: Step;
  /** Undefined where the reference executes the step. */
  readonly gpu:
    | {
        readonly pipeline: GPUComputePipeline;
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
  #disabled = 0;

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

  /** False once a pipeline of the device was disabled behind it. */
  get isCurrent(): boolean {
    return this.#disabled === this.#source.disabled;
  }

  /** Makes it, within the caller's error scope. */
  make(bufferOf: (value: Value) => GPUBuffer): void {
    this.#steps = this.#plan.steps.map((step, i) => this.#record(step, i, bufferOf));
    this.#disabled = this.#source.disabled;
    this.#auditable = this.#steps.flatMap(({ step: { dispatch }, gpu }, step) => {
      if (gpu === undefined) return [];
      const bytes = bytesOf(dispatch, (value) => this.#plan.constant(value));
      return [{ step, dispatch, pipeline: gpu.pipeline, bytes }];
    });
  }

  /** Which steps a run executed elsewhere: on the reference, or there in the end. */
  notes(recomputed: ReadonlySet<number>): RunNote[] {
    return this.#steps.flatMap(({ step, gpu }, i) => {
      if (gpu !== undefined && !recomputed.has(i)) return [];
      return [
        {
          kind: gpu === undefined ? 'reference' : 'recomputed',
          kernel: step.dispatch.kernel.name,
          nodes: step.nodes,
          disabled: this.#source.isDisabled(step.dispatch),
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
    if (!this.#source.canRun(this.#plan, dispatch)) return { step, gpu: undefined };
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
    return { step, gpu: { pipeline, bindings, grid: gridOfDispatch(dispatch) } };
  }
}
