// The WebGPU backend: one command buffer for each stretch of dispatches that have a shader, the reference for
// the others. Promises: the reference's bits, or no result: a dispatch whose flag is raised is recomputed by
// the reference from its actual inputs, and every device error rejects the run. One run at a time (the session
// queues). Not here: choosing an adapter (webgpu/adapter.ts), what is audited (webgpu/auditor.ts).
import type { Constant } from '../core/constant.ts';
import type { Tensor } from '../core/tensor.ts';
import { DeviceError } from '../core/errors.ts';
import { gridOfDispatch, inputsOf, type Dispatch } from '../core/op.ts';
import type { Plan } from '../graph/plan.ts';
import type { Executable } from './backend.ts';
import type { WasmBackend } from './wasm.ts';
import { Auditor } from './webgpu/auditor.ts';
import { Device } from './webgpu/device.ts';
import { GpuExecutable, type ExecutableHost } from './webgpu/executable.ts';
import { farFinding, NEAR_BYTES } from './webgpu/far.ts';
import { gateOf, passGate } from './webgpu/gate.ts';
import { Pipelines, type Pipeline } from './webgpu/pipelines.ts';
import { align, bufferSizeOf } from './webgpu/pool.ts';
import type { Rung } from './webgpu/rungs.ts';
import { GpuStorage, upload } from './webgpu/storage.ts';

export { Device, farFinding, gateOf };

export class WebGpuBackend implements ExecutableHost {
  readonly device: Device;
  readonly auditor = new Auditor();
  readonly #reference: WasmBackend;
  readonly #pipelines: Pipelines;
  readonly #constants = new Map<Constant, { buffer: GPUBuffer; users: number }>();
  // How many bytes a binding may have: more where the device was seen to index them.
  #reach = NEAR_BYTES;

  private constructor(device: Device, reference: WasmBackend) {
    this.device = device;
    this.#reference = reference;
    this.#pipelines = Pipelines.on(device);
  }

  /**
   * The backend on a device that passed the gate (B7); the rung of its pipelines is what the gate says.
   *
   * @throws DeviceError for a device that the gate refuses
   */
  static async create(device: Device, reference: WasmBackend): Promise<WebGpuBackend> {
    try {
      await passGate(device);
    } catch (error) {
      device.dispose();
      throw error;
    }
    return new WebGpuBackend(device, reference);
  }

  async prepare(plan: Plan): Promise<Executable> {
    const executable = new GpuExecutable(this, plan);
    const begin = performance.now();
    try {
      const dispatches = plan.steps.map((step) => step.dispatch);
      await this.#look(plan, dispatches);
      await this.#pipelines.compile(dispatches.filter((one) => this.canRun(plan, one)));
      await this.device.scoped('prepare', () => executable.build());
      this.auditor.earn(performance.now() - begin);
      return executable;
    } catch (error) {
      executable.dispose();
      this.#pipelines.clear();
      throw error;
    }
  }

  /** Looks at indices past 2^24 once a plan has them. */
  async #look(plan: Plan, dispatches: readonly Dispatch[]): Promise<void> {
    const { maxStorageBufferBindingSize } = this.device.gpu.limits;
    if (this.#reach > NEAR_BYTES) return;
    if (dispatches.every((dispatch) => largestOf(plan, dispatch) <= NEAR_BYTES)) return;
    const finding = await farFinding(this.device);
    if (finding?.outcome === 'ok') this.#reach = maxStorageBufferBindingSize;
  }

  get reference(): WasmBackend {
    return this.#reference;
  }

  pipeline(dispatch: Dispatch): Pipeline {
    return this.#pipelines.of(dispatch);
  }

  get steps(): number {
    return this.#pipelines.steps;
  }

  get rung(): Rung {
    return this.#pipelines.rung;
  }

  rungOf(dispatch: Dispatch): Rung | 'reference' {
    return dispatch.kernel.shader === undefined ? 'reference' : this.#pipelines.rungOf(dispatch);
  }

  pass(pipelines: Iterable<GPUComputePipeline>): void {
    this.#pipelines.pass(pipelines);
  }

  hasPassed(pipeline: GPUComputePipeline): boolean {
    return this.#pipelines.hasPassed(pipeline);
  }

  isLowered(dispatch: Dispatch): boolean {
    return this.#pipelines.isLowered(dispatch);
  }

  stepDown(dispatch: Dispatch, from: Rung): Rung | 'reference' | undefined {
    return this.#pipelines.stepDown(dispatch, from);
  }

  /** Whether the dispatch can run on this device at all. */
  canRun(plan: Plan, dispatch: Dispatch): boolean {
    if (this.rungOf(dispatch) === 'reference') return false;
    const { limits } = this.device.gpu;
    const tensors = [...inputsOf(dispatch), ...dispatch.outputs];
    return (
      tensors.length < limits.maxStorageBuffersPerShaderStage &&
      largestOf(plan, dispatch) <= Math.min(this.#reach, limits.maxStorageBufferBindingSize) &&
      gridOfDispatch(dispatch).every((n) => n <= limits.maxComputeWorkgroupsPerDimension)
    );
  }

  /** @throws DeviceError for a size beyond the device's limit; other errors go to the error scope */
  createBuffer(label: string, size: number, usage: number): GPUBuffer {
    const { gpu, info } = this.device;
    if (size > gpu.limits.maxBufferSize) {
      throw new DeviceError(
        `WebGPU: buffer '${label}': expected at most ${gpu.limits.maxBufferSize} bytes on this device, got ${size}. Use backend wasm, or smaller inputs.`,
        { stage: 'allocate', adapter: info.name },
      );
    }
    return gpu.createBuffer({ label, size, usage });
  }

  /** Whether the tensor lies on this device. */
  holds({ storage }: Tensor): boolean {
    return storage instanceof GpuStorage && storage.device === this.device;
  }

  /** The buffer of a constant, uploaded once and shared. */
  useConstant(constant: Constant): GPUBuffer {
    const known = this.#constants.get(constant);
    if (known !== undefined) {
      known.users += 1;
      return known.buffer;
    }
    const buffer = this.createBuffer(
      'constant',
      Math.max(16, align(constant.byteLength, 16)),
      GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    );
    upload(this.device.gpu, buffer, constant.bytes());
    this.#constants.set(constant, { buffer, users: 1 });
    return buffer;
  }

  dropConstant(constant: Constant): void {
    const known = this.#constants.get(constant);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    known.buffer.destroy();
    this.#constants.delete(constant);
  }

  dispose(): void {
    for (const { buffer } of this.#constants.values()) buffer.destroy();
    this.#constants.clear();
    this.device.dispose();
  }
}

/** The most bytes that a binding of the dispatch has. */
const largestOf = (plan: Plan, dispatch: Dispatch): number =>
  [...inputsOf(dispatch), ...dispatch.outputs].reduce(
    (most, value) => Math.max(most, bufferSizeOf(plan.root(value))),
    0,
  );
