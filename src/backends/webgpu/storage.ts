// A tensor's elements in a GPUBuffer, as a caller holds them between runs (a key/value cache, say).
import { DeviceError } from '../../core/errors.ts';
import type { DeviceStorage } from '../../core/tensor.ts';
import type { Device } from './device.ts';

export class GpuStorage implements DeviceStorage {
  readonly location = 'webgpu';
  readonly device: Device;
  readonly buffer: GPUBuffer;
  readonly byteLength: number;

  constructor(device: Device, buffer: GPUBuffer, byteLength: number) {
    this.device = device;
    this.buffer = buffer;
    this.byteLength = byteLength;
  }

  /** @throws DeviceError if the device failed, with it or since */
  async read(): Promise<Uint8Array> {
    const { gpu, failure, info } = this.device;
    if (failure !== undefined) {
      const message = 'Tensor: the device that it lay on was lost. Compute it again.';
      throw new DeviceError(message, { stage: 'read', adapter: info.name, cause: failure });
    }
    const { size } = this.buffer;
    let staging: GPUBuffer | undefined;
    try {
      const buffer = await this.device.scoped('read', () => {
        staging = gpu.createBuffer({
          label: 'read',
          size,
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        });
        const encoder = gpu.createCommandEncoder();
        encoder.copyBufferToBuffer(this.buffer, 0, staging, 0, size);
        gpu.queue.submit([encoder.finish()]);
        return staging;
      });
      return (await mapped(this.device, buffer, size)).subarray(0, this.byteLength);
    } finally {
      staging?.destroy();
    }
  }

  dispose(): void {
    this.buffer.destroy();
  }
}

/** A copy of the first `size` bytes of a MAP_READ buffer, which is unmapped again. */
export async function mapped(device: Device, buffer: GPUBuffer, size: number): Promise<Uint8Array> {
  try {
    await device.finished(buffer.mapAsync(GPUMapMode.READ, 0, size));
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw device.unreadable(cause);
  }
  const copy = new Uint8Array(buffer.getMappedRange(0, size)).slice();
  buffer.unmap();
  return copy;
}

/** writeBuffer takes whole words. */
export function upload(gpu: GPUDevice, buffer: GPUBuffer, bytes: Uint8Array): void {
  if (bytes.byteLength === 0) return;
  let whole: Uint8Array = bytes;
  // Not every engine takes bytes of a memory that threads share.
  if (bytes.byteLength % 4 !== 0 || !(bytes.buffer instanceof ArrayBuffer)) {
    whole = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
    whole.set(bytes);
  }
  gpu.queue.writeBuffer(buffer, 0, whole as Uint8Array<ArrayBuffer>);
}
