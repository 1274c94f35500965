// Finds an adapter: all that is asked of WebGPU before the rest of this backend is loaded (src/gpu.ts).
import { DeviceError } from '../../core/errors.ts';

/** The adapter that would be used, or why there is none. */
export async function findAdapter(
  gpu: GPU | undefined,
  options: GPURequestAdapterOptions,
): Promise<GPUAdapter> {
  if (gpu === undefined) {
    throw new DeviceError('WebGPU: this environment has no navigator.gpu. Use backend wasm.', {
      stage: 'adapter',
    });
  }
  const adapter =
    (await gpu.requestAdapter(options)) ??
    (await gpu.requestAdapter({ ...options, featureLevel: 'compatibility' }));
  if (adapter === null) {
    throw new DeviceError('WebGPU: there is no adapter. Use backend wasm, or enable WebGPU.', {
      stage: 'adapter',
    });
  }
  return adapter;
}
