// The GPU that operator cases run on: a device of the adapter that the library would take, replaced after a case that
// failed, so that one failing case does not fail all that follow. No page.
import type { DeviceSource } from './cases.ts';

export interface Gpu extends DeviceSource {
  readonly name: string;
  dispose(): void;
}

/** The adapter that the library would take; null where there is none. */
export async function requestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return (
    (await gpu.requestAdapter()) ?? (await gpu.requestAdapter({ featureLevel: 'compatibility' }))
  );
}

/** A browser that has given no device by then is taken for one that will not. */
const DEVICE_MS = 30_000;

/** @throws Error where there is no answer in time */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    const message = `no answer in ${DEVICE_MS / 1000} s`;
    timer = setTimeout(() => reject(new Error(message)), DEVICE_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** A device, or why there is none. */
export async function openGpu(): Promise<Gpu | string> {
  const { gpu } = navigator;
  if (gpu === undefined) return 'none: this browser offers no WebGPU here';
  const request = async (): Promise<GPUDevice> => {
    const adapter = await requestAdapter(gpu);
    if (adapter === null) throw new Error('there is no adapter');
    return adapter.requestDevice();
  };
  try {
    let current = await inTime(request());
    const { vendor, architecture, device, description } = current.adapterInfo;
    const parts = [vendor, architecture, device, description].filter((part) => part !== '');
    return {
      name: [...new Set(parts)].join(' ') || 'unnamed adapter',
      device: () => Promise.resolve(current),
      replace: async () => {
        current.destroy();
        current = await inTime(request());
      },
      dispose: () => current.destroy(),
    };
  } catch (error) {
    return `none: ${error instanceof Error ? error.message : String(error)}`;
  }
}
