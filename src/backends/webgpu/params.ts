// The Params of all dispatches of a plan in one uniform buffer, each at an offset that can be bound.
import type { Dispatch } from '../../core/op.ts';
import { wordsOf } from '../../core/words.ts';
import { align } from './pool.ts';

export interface ParamsBuffer {
  readonly buffer: GPUBuffer;
  /** Of each dispatch, in bytes. */
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

export function uploadParams(
  dispatches: readonly Dispatch[],
  gpu: GPUDevice,
  create: (label: string, size: number, usage: number) => GPUBuffer,
): ParamsBuffer {
  const step = gpu.limits.minUniformBufferOffsetAlignment;
  const words = dispatches.map(wordsOf);
  const offsets: number[] = [];
  let size = 0;
  for (const one of words) {
    offsets.push(size);
    size = align(size + one.byteLength, step);
  }
  const all = new Uint32Array(Math.max(4, size / 4));
  words.forEach((one, i) => all.set(one, (offsets[i] ?? 0) / 4));
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = create('params', all.byteLength, usage);
  gpu.queue.writeBuffer(buffer, 0, all);
  return { buffer, offsets, sizes: words.map((one) => one.byteLength) };
}
