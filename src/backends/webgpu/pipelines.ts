// Compute pipelines by shader text and constants, made once a device. Every entry point is `main`; bindings are
// fixed: 0 Params, 1 tables where the text has them, 2 status, then inputs, then outputs. Browsers compile those of a
// plan side by side; elsewhere they are made one by one, because Node's binding of Dawn was seen to abort in
// createComputePipelineAsync.
import { DeviceError } from '../../core/errors.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Device } from './device.ts';
import { assembleOn, type Rung } from './rungs.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** All that tells one pipeline from another. */
interface Recipe {
  readonly key: string;
  readonly label: string;
  readonly text: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly constants: Readonly<Record<string, number>>;
}

export class Pipelines {
  static readonly #ofDevice = new WeakMap<Device, Pipelines>();
  readonly #device: Device;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #disabled = new Set<string>();
  /** Of all pipelines of the device: what its gate says (B7), or a test that looks at a rung. */
  rung: Rung = 'full';

  private constructor(device: Device) {
    this.#device = device;
  }

  /** The device's pipelines: models on one device share them. */
  static on(device: Device): Pipelines {
    let pipelines = Pipelines.#ofDevice.get(device);
    if (pipelines === undefined) {
      pipelines = new Pipelines(device);
      Pipelines.#ofDevice.set(device, pipelines);
    }
    return pipelines;
  }

  /** How many pipelines were disabled so far: whoever holds pipelines asks again when it has changed. */
  get disabled(): number {
    return this.#disabled.size;
  }

  /** Never again on this device: its output was not the contract's. */
  disable(dispatch: Dispatch): void {
    this.#disabled.add(this.#recipe(dispatch).key);
  }

  isDisabled(dispatch: Dispatch): boolean {
    return this.#disabled.size > 0 && this.#disabled.has(this.#recipe(dispatch).key);
  }

  /** Forgets all pipelines, but not which are disabled: after an error nobody knows which one is invalid. */
  clear(): void {
    this.#modules.clear();
    this.#pipelines.clear();
  }

  /**
   * Makes the pipelines of all these dispatches together where the device can: then of() finds them.
   *
   * @throws DeviceError for a text or a pipeline that the device refuses
   */
  async compile(dispatches: readonly Dispatch[]): Promise<void> {
    if ('process' in globalThis) return;
    const device = this.#device;
    const { result, checked } = device.guard('prepare', () => {
      const missing = new Map<string, Recipe>();
      for (const dispatch of dispatches) {
        const recipe = this.#recipe(dispatch);
        if (!this.#pipelines.has(recipe.key)) missing.set(recipe.key, recipe);
      }
      return [...missing.values()].map(async (recipe) => {
        const { layout, descriptor } = this.#describe(recipe);
        const pipeline = await device.gpu.createComputePipelineAsync(descriptor);
        this.#pipelines.set(recipe.key, { pipeline, layout });
      });
    });
    const all = Promise.all(result);
    // A refused text is a better reason than the pipeline that fails after it.
    all.catch(() => undefined);
    await checked;
    try {
      await device.race(all);
    } catch (cause) {
      if (cause instanceof DeviceError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new DeviceError(`WebGPU: ${message}`, {
        stage: 'prepare',
        adapter: device.info.name,
        cause,
      });
    }
  }

  /** The pipeline of a dispatch. Errors surface in the error scope of the caller. */
  of(dispatch: Dispatch): Pipeline {
    const recipe = this.#recipe(dispatch);
    const known = this.#pipelines.get(recipe.key);
    if (known !== undefined) return known;
    const { layout, descriptor } = this.#describe(recipe);
    const made = { pipeline: this.#device.gpu.createComputePipeline(descriptor), layout };
    this.#pipelines.set(recipe.key, made);
    return made;
  }

  #recipe(dispatch: Dispatch): Recipe {
    const { kernel, constants } = dispatch;
    const shader = typeof kernel.shader === 'function' ? kernel.shader(dispatch) : kernel.shader;
    if (shader === undefined) {
      throw new DeviceError(`${kernel.name}: there is no WebGPU kernel`, { stage: 'pipeline' });
    }
    const text = assembleOn(this.rung, shader);
    const inputs = inputsOf(dispatch).length;
    const outputs = dispatch.outputs.length;
    const key = `${inputs} ${outputs} ${JSON.stringify(constants)}\n${text}`;
    return { key, label: kernel.name, text, inputs, outputs, constants };
  }

  #describe({ label, text, inputs, outputs, constants }: Recipe): {
    layout: GPUBindGroupLayout;
    descriptor: GPUComputePipelineDescriptor;
  } {
    const { gpu } = this.#device;
    let module = this.#modules.get(text);
    if (module === undefined) {
      module = gpu.createShaderModule({ label, code: text });
      this.#modules.set(text, module);
    }
    const layout = gpu.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
        { binding: 2, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
        ...Array.from({ length: inputs + outputs }, (_, i) => ({
          binding: 3 + i,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: i < inputs ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      ],
    });
    const descriptor = {
      label,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants },
    };
    return { layout, descriptor };
  }
}
