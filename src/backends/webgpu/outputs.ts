// How the outputs of a plan leave the device: copied to a staging buffer in the run's last command buffer, or to buffers
// of their own, which are the caller's, where they stay on the device.
import { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import type { Plan } from '../../graph/plan.ts';
import type { Device } from './device.ts';
import { bufferSizeOf } from './pool.ts';
import { GpuStorage } from './storage.ts';

type Names = ReadonlySet<string> | undefined;

/** Who makes buffers for outputs that stay. */
interface Maker {
  readonly device: Device;
  createBuffer(label: string, size: number, usage: number): GPUBuffer;
}

export class Outputs {
  /** Bytes of the staging buffer. */
  readonly end: number;
  readonly #plan: Plan;
  readonly #bufferOf: (value: Value) => GPUBuffer;
  readonly #readable: { name: string; value: Value; offset: number }[] = [];

  /** @param begin where outputs begin in the staging buffer */
  constructor(plan: Plan, begin: number, bufferOf: (value: Value) => GPUBuffer) {
    this.#plan = plan;
    this.#bufferOf = bufferOf;
    let offset = begin;
    for (const [name, value] of plan.outputs) {
      if (plan.constant(value) !== undefined) continue;
      this.#readable.push({ name, value, offset });
      offset += bufferSizeOf(value);
    }
    this.end = offset;
  }

  /** Copies what is wanted in memory. */
  encode(encoder: GPUCommandEncoder, staging: GPUBuffer, keep: Names): void {
    for (const { name, value, offset } of this.#readable) {
      if (keep?.has(name)) continue;
      const size = bufferSizeOf(value);
      encoder.copyBufferToBuffer(this.#bufferOf(value), 0, staging, offset, size);
    }
  }

  /** The outputs, in the plan's order; `bytes` are the staging buffer's. */
  async tensors(bytes: Uint8Array, keep: Names, maker: Maker): Promise<Map<string, Tensor>> {
    const kept = await this.#copies(keep ?? new Set(), maker);
    const outputs = new Map<string, Tensor>();
    const offsets = new Map(this.#readable.map((one) => [one.name, one.offset]));
    for (const [name, value] of this.#plan.outputs) {
      const constant = this.#plan.constant(value);
      const length = byteLengthOf(value);
      const offset = offsets.get(name) ?? 0;
      const storage = kept.get(name);
      if (constant !== undefined) {
        outputs.set(name, Tensor.ofBytes(value.dtype, constant.bytes().slice(), value.dims));
      } else if (storage !== undefined) {
        outputs.set(name, new Tensor(value.dtype, storage, value.dims));
      } else {
        outputs.set(
          name,
          Tensor.ofBytes(value.dtype, bytes.slice(offset, offset + length), value.dims),
        );
      }
    }
    return outputs;
  }

  /** Copies of outputs that outlive the executable: they are the caller's. */
  async #copies(names: ReadonlySet<string>, maker: Maker): Promise<Map<string, GpuStorage>> {
    const copies = new Map<string, GpuStorage>();
    const wanted = this.#readable.filter(({ name }) => names.has(name));
    if (wanted.length === 0) return copies;
    const { device } = maker;
    try {
      await device.scoped('allocate', () => {
        const encoder = device.gpu.createCommandEncoder();
        for (const { name, value } of wanted) {
          const size = bufferSizeOf(value);
          const buffer = maker.createBuffer(
            'kept output',
            size,
            GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
          );
          copies.set(name, new GpuStorage(device, buffer, byteLengthOf(value)));
          encoder.copyBufferToBuffer(this.#bufferOf(value), 0, buffer, 0, size);
        }
        device.gpu.queue.submit([encoder.finish()]);
      });
    } catch (error) {
      for (const copy of copies.values()) copy.dispose();
      throw error;
    }
    return copies;
  }
}
