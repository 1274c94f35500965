// Compute pipelines by shader text and constants, made once a device. Every entry point is `main`; bindings are
// fixed: 0 Params, 1 tables where the text has them, 2 status, then inputs, then outputs. Browsers compile those of a
// plan side by side; elsewhere they are made one by one, because Node's binding of Dawn was seen to abort in
// createComputePipelineAsync. Each has a rung of the ladder (B7), at first the device's; a fault takes it one down.
import { DeviceError } from '../../core/errors.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Shader, ShaderName } from '../../core/shader.ts';
import type { Device } from './device.ts';
import { assembleOn, rungBelow, type Rung } from './rungs.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** All that tells one pipeline from another. */
interface Recipe {
  readonly rung: Rung | 'reference';
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
  readonly #passed = new WeakSet<GPUComputePipeline>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();
  // By the key that a pipeline has on the device's rung.
  readonly #lowered = new Map<string, Rung | 'reference'>();
  #steps = 0;
  /** Where pipelines of the device begin: what its gate says (B7), or a test that looks at a rung. */
  rung: Rung = 'full';
  /** False where a test looks for raw faults: then no pipeline's gate is run (pipeline_gate.ts). */
  gated = true;

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

  /** How often a pipeline was taken down a rung so far: whoever holds pipelines asks again when it has changed. */
  get steps(): number {
    return this.#steps;
  }

  /** These pipelines passed their gate, or it was not for them. */
  pass(pipelines: Iterable<GPUComputePipeline>): void {
    for (const pipeline of pipelines) this.#passed.add(pipeline);
  }

  /** Whether a pipeline needs no gate any more. */
  hasPassed(pipeline: GPUComputePipeline): boolean {
    return !this.gated || this.#passed.has(pipeline);
  }

  /** Where the dispatch is executed. */
  rungOf(dispatch: Dispatch): Rung | 'reference' {
    return this.#lowered.size === 0 ? this.rung : this.#recipe(dispatch).rung;
  }

  /**
   * What the dispatch's pipeline gave on rung `from` was not the contract's: on this device it goes one rung down.
   *
   * @returns the rung it is on now; undefined if it had left `from` before
   */
  stepDown(dispatch: Dispatch, from: Rung): Rung | 'reference' | undefined {
    const shader = shaderOf(dispatch);
    const { rung } = this.#recipe(dispatch);
    if (rung !== from) return undefined;
    const below = rungBelow(rung, shader);
    this.#lowered.set(keyOf(dispatch, this.#text(this.rung, shader)), below);
    this.#steps += 1;
    return below;
  }

  /** Whether the rung that the dispatch is on changes its text: one without rounded operations is the same on each. */
  isLowered(dispatch: Dispatch): boolean {
    const { rung, text } = this.#recipe(dispatch);
    return rung !== 'full' && text !== this.#text('full', shaderOf(dispatch));
  }

  /** Forgets all pipelines, but not their rungs: after an error nobody knows which one is invalid. */
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

  #text(rung: Rung, shader: ShaderName | Shader): string {
    return assembleOn(rung, shader, this.#device.packedDots);
  }

  #recipe(dispatch: Dispatch): Recipe {
    const { kernel, constants } = dispatch;
    const shader = shaderOf(dispatch);
    const first = this.#text(this.rung, shader);
    const firstKey = keyOf(dispatch, first);
    const rung = this.#lowered.get(firstKey) ?? this.rung;
    const isFirst = rung === this.rung || rung === 'reference';
    const text = isFirst ? first : this.#text(rung, shader);
    const key = isFirst ? firstKey : keyOf(dispatch, text);
    const inputs = inputsOf(dispatch).length;
    const outputs = dispatch.outputs.length;
    return { rung, key, label: kernel.name, text, inputs, outputs, constants };
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

function shaderOf(dispatch: Dispatch): ShaderName | Shader {
  const { kernel } = dispatch;
  const shader = typeof kernel.shader === 'function' ? kernel.shader(dispatch) : kernel.shader;
  if (shader === undefined) {
    throw new DeviceError(`${kernel.name}: there is no WebGPU kernel`, { stage: 'pipeline' });
  }
  return shader;
}

function keyOf(dispatch: Dispatch, text: string): string {
  const { constants, outputs } = dispatch;
  return `${inputsOf(dispatch).length} ${outputs.length} ${JSON.stringify(constants)}\n${text}`;
}
