// Values where a machine takes them from: what lies with another backend comes to memory, or stays where it is. Nothing is computed here.
import { mapTensors, tensorsIn, type Data } from './core/data.ts';
import { Tensor } from './core/tensor.ts';
import type { WasmBackend } from './backends/wasm.ts';
import type { WebGpuBackend } from './backends/webgpu.ts';
import type { FeedType } from './graph/plan.ts';

/** The tensor with its elements in memory. */
export async function inMemory(tensor: Tensor): Promise<Tensor> {
  return tensor.storage === undefined
    ? tensor
    : new Tensor(tensor.dtype, await tensor.read(), tensor.dims);
}

/** A value with the elements of all its tensors in memory. */
export async function dataInMemory(data: Data): Promise<Data> {
  const here = new Map<Tensor, Tensor>();
  for (const tensor of tensorsIn(data)) here.set(tensor, await inMemory(tensor));
  return mapTensors(data, (tensor) => here.get(tensor) ?? tensor);
}

/** Values by name, in memory. */
export async function allInMemory(values: ReadonlyMap<string, Data>): Promise<Map<string, Data>> {
  const here = new Map(values);
  for (const [name, data] of values) here.set(name, await dataInMemory(data));
  return here;
}

/** What a plan takes for a feed whose contents it is for. */
export async function typeWithContents(tensor: Tensor): Promise<FeedType> {
  const { dtype, dims } = tensor;
  return { dtype, dims, contents: (await inMemory(tensor)).bytes().slice() };
}

/** Feeds for a backend: what lies on another device, or in the memory of another core, is fetched. */
export async function bringTo(
  backend: WasmBackend | WebGpuBackend,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const out = new Map(feeds);
  for (const [name, tensor] of feeds) {
    // Not awaited where nothing is to be fetched: small models notice.
    if (tensor.storage !== undefined && !backend.holds(tensor))
      out.set(name, await inMemory(tensor));
  }
  return out;
}
