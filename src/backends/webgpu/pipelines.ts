// Compute pipelines by shader text and constants, made once a device. Every entry point is `main`; bindings are
// fixed: 0 Params, 1 tables where the text has them, 2 status, then inputs, then outputs.
import { DeviceError } from '../../core/errors.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import { assembleShader } from '../../core/shader.ts';
import type { Device } from './device.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class Pipelines {
  static readonly #ofDevice = new WeakMap<Device, Pipelines>();
  readonly #device: Device;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();

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

  /** Forgets all pipelines: after an error nobody knows which one is invalid. */
  clear(): void {
    this.#modules.clear();
    this.#pipelines.clear();
  }

  /** The pipeline of a dispatch. Errors surface in the error scope of the caller. */
  of(dispatch: Dispatch): Pipeline {
    const { kernel, constants } = dispatch;
    const shader = typeof kernel.shader === 'function' ? kernel.shader(dispatch) : kernel.shader;
    if (shader === undefined) {
      throw new DeviceError(`${kernel.name}: there is no WebGPU kernel`, { stage: 'pipeline' });
    }
    const text = assembleShader(shader);
    const inputs = inputsOf(dispatch).length;
    const outputs = dispatch.outputs.length;
    const key = `${inputs} ${outputs} ${JSON.stringify(constants)}\n${text}`;
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const { gpu } = this.#device;
    let module = this.#modules.get(text);
    if (module === undefined) {
      module = gpu.createShaderModule({ label: kernel.name, code: text });
      this.#modules.set(text, module);
    }
    const layout = gpu.createBindGroupLayout({
      label: kernel.name,
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
    const pipeline = gpu.createComputePipeline({
      label: kernel.name,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants },
    });
    const made = { pipeline, layout };
    this.#pipelines.set(key, made);
    return made;
  }
}
