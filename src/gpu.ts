// The door to WebGPU: its backend, the gate and the texts of the shaders are a part of the library of their own, loaded
// when a GPU is first asked for, so that a page that stays on WASM never loads it. Promises: where there is no adapter
// nothing is loaded, and a part that cannot be loaded is a DeviceError, so that `auto` takes WASM and says why. Not here:
// what the part does (backends/webgpu.ts).
import { DeviceError } from './core/errors.ts';
import { findAdapter } from './backends/webgpu/adapter.ts';
import type { Device } from './backends/webgpu/device.ts';
import type { ModelOptions } from './model.ts';

/** What is loaded. */
export type GpuPart = typeof import('./backends/webgpu.ts');

/**
 * The device that the options name, and what works on it.
 *
 * @throws DeviceError if there is no adapter, it gives no device, or the part cannot be loaded
 */
export async function openDevice(
  options: ModelOptions,
): Promise<{ part: GpuPart; device: Device }> {
  const { device, gpu = globalThis.navigator?.gpu, adapterOptions = {} } = options;
  if (device !== undefined) {
    const part = await loadPart();
    return { part, device: part.Device.wrap(device, gpu) };
  }
  const adapter = await findAdapter(gpu, adapterOptions);
  const part = await loadPart();
  return { part, device: await part.Device.of(adapter, gpu) };
}

async function loadPart(): Promise<GpuPart> {
  try {
    return await import('./backends/webgpu.ts');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError(
      `WebGPU: its part of the library could not be loaded: ${why}. Use backend wasm, or load the page again.`,
      { stage: 'load', cause },
    );
  }
}
