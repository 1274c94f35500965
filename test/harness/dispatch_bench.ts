// Forms of one dispatch against each other on a device, for measurements: other shaders, constants, Params or grids that
// read and write the same values. They run in turns over the same buffers; measured is from the submission of a number of
// dispatches until the device has finished them. What each wrote first is handed back, to be compared. It promises nothing
// about the pipelines' gate (docs/NUMERICS.md, B7), which is not run here.
import type { Device } from '../../src/backends/webgpu/device.ts';
import { uploadParams } from '../../src/backends/webgpu/params.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import { bufferSizeOf } from '../../src/backends/webgpu/pool.ts';
import { mapped } from '../../src/backends/webgpu/storage.ts';
import type { WasmBackend } from '../../src/backends/wasm.ts';
import { gridOfDispatch, inputsOf, type Dispatch } from '../../src/core/op.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shader, ShaderName } from '../../src/core/shader.ts';
import type { Value } from '../../src/core/value.ts';
import type { Tiles } from '../../src/core/tiles.ts';
import type { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { registry } from '../../src/registry.ts';
import { floats } from './prng.ts';

/** Of each form, in the order they were given. */
export interface Measured {
  /** Milliseconds of one dispatch, a turn each. */
  readonly times: readonly (readonly number[])[];
  /** The words of the output. */
  readonly results: readonly Float32Array[];
  readonly turns: number;
}

const MIN_TURNS = 5;
// A submission has as many dispatches as take half of this or more in the first form, and of what an empty one takes times
// so many: engines say late that a device has finished, Deno every 11 ms, Firefox every 100.
const BATCH_MS = 20;
const EMPTY_TIMES = 20;
const MOST_DISPATCHES = 4096;
const STATUS_BYTES = 256;
const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;

/** The plan of a graph with static shapes, on WebGPU. */
export async function planOf(
  graph: Graph,
  core: WasmBackend,
  store: ConstantStore,
  tiles: Tiles,
): Promise<Plan> {
  const feeds = new Map(
    graph.inputs.map(({ name, dtype = 'float32', dims = [] }) => [
      name,
      { dtype, dims: dims.map(Number) },
    ]),
  );
  const outputs = graph.outputs.map(({ name }) => name);
  const options = { target: 'webgpu' as const, tiles, outputs, fuse: true };
  return planGraph(await registry.check(graph), store, core, feeds, options);
}

const workOf = ({ units, unitCost }: Dispatch): number => units * unitCost;

/** @throws Error for a plan without dispatches */
export function heaviest({ steps }: Plan): Dispatch {
  const [first, ...rest] = steps.map(({ dispatch }) => dispatch);
  if (first === undefined) throw new Error('bench: the plan is empty.');
  return rest.reduce((most, one) => (workOf(one) > workOf(most) ? one : most), first);
}

/** @throws Error for a kernel without a shader */
export function shaderOf(dispatch: Dispatch): ShaderName | Shader {
  const { kernel } = dispatch;
  const shader = typeof kernel.shader === 'function' ? kernel.shader(dispatch) : kernel.shader;
  if (shader === undefined) throw new Error(`bench: ${kernel.name} has no shader.`);
  return shader;
}

/** How many dispatches a submission has. */
async function countOf(run: (count: number) => Promise<number>): Promise<number> {
  const empty = Math.min(await run(0), await run(0), await run(0));
  const batch = Math.max(BATCH_MS, EMPTY_TIMES * empty);
  let count = 1;
  while (count < MOST_DISPATCHES && (await run(count)) < batch / 2) count *= 2;
  return count;
}

/** Buffers of one dispatch, and the pipelines of its forms over the same of them. */
export class DispatchBench {
  readonly #device: Device;
  readonly #made: GPUBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  #buffer = (label: string, size: number, usage: number): GPUBuffer => {
    const one = this.#device.gpu.createBuffer({ label, size, usage });
    this.#made.push(one);
    return one;
  };

  /** Constants as they are, what was given, all else floats of moderate size, or their bytes. */
  #filled(plan: Plan, value: Value, seed: number, given?: Uint8Array): GPUBuffer {
    const bytes = plan.constant(value)?.bytes() ?? given ?? floats(seed, sizeOf(value.dims));
    const buffer = this.#buffer(value.name, bufferSizeOf(value), STORAGE);
    const data = new Uint8Array(bufferSizeOf(value));
    const length = Math.min(bytes.byteLength, data.length);
    data.set(new Uint8Array(bytes.buffer, bytes.byteOffset, length));
    this.#device.gpu.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  /** Measures these forms of one dispatch of the plan for about `budgetMs`, with given contents of inputs or drawn ones. */
  async measure(
    plan: Plan,
    forms: readonly Dispatch[],
    budgetMs: number,
    contents: ReadonlyMap<Value, Uint8Array> = new Map(),
  ): Promise<Measured> {
    const { gpu } = this.#device;
    const [first] = forms;
    if (first === undefined) throw new Error('bench: there is nothing to measure.');
    const pipelines = Pipelines.on(this.#device);
    await pipelines.compile(forms);
    const buffers = [
      ...inputsOf(first).map((value, i) =>
        this.#filled(plan, value, i + 1, contents.get(plan.root(value))),
      ),
      ...first.outputs.map((value) => this.#buffer('output', bufferSizeOf(value), STORAGE)),
    ];
    const [output] = buffers.slice(-first.outputs.length);
    if (output === undefined) throw new Error(`bench: ${first.kernel.name} has no output.`);
    const runs = await this.#device.scoped('bench', () => {
      const params = uploadParams(forms, gpu, this.#buffer);
      const status = this.#buffer('status', STATUS_BYTES, STORAGE);
      return forms.map((form, index) => {
        const { pipeline, layout } = pipelines.of(form);
        const [offset, size] = [params.offsets[index] ?? 0, params.sizes[index] ?? 0];
        const entries = [
          { binding: 0, resource: { buffer: params.buffer, offset, size } },
          ...[status, ...buffers].map((buffer, i) => ({ binding: 2 + i, resource: { buffer } })),
        ];
        const bindings = gpu.createBindGroup({ layout, entries });
        return (count: number) => this.#run(pipeline, bindings, gridOfDispatch(form), count);
      });
    });
    const results: Float32Array[] = [];
    for (const run of runs) {
      await run(1);
      results.push(await this.#read(output));
    }
    const count = await countOf(runs[0] ?? (() => Promise.resolve(0)));
    const times: number[][] = runs.map(() => []);
    const end = performance.now() + budgetMs;
    let turns = 0;
    for (; turns < MIN_TURNS || performance.now() < end; turns += 1) {
      // The order alternates: the second of a pair finds the caches of the first.
      const order = [...runs.entries()];
      for (const [i, run] of turns % 2 === 0 ? order : order.toReversed()) {
        times[i]?.push((await run(count)) / count);
      }
    }
    return { times, results, turns };
  }

  async #run(
    pipeline: GPUComputePipeline,
    bindings: GPUBindGroup,
    grid: readonly [number, number, number],
    count: number,
  ): Promise<number> {
    const { gpu } = this.#device;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    for (let i = 0; i < count; i += 1) pass.dispatchWorkgroups(...grid);
    pass.end();
    const commands = encoder.finish();
    const begin = performance.now();
    gpu.queue.submit([commands]);
    await this.#device.race(gpu.queue.onSubmittedWorkDone());
    return performance.now() - begin;
  }

  async #read(buffer: GPUBuffer): Promise<Float32Array> {
    const { gpu } = this.#device;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = this.#buffer('read back', buffer.size, usage);
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    gpu.queue.submit([encoder.finish()]);
    const bytes = await mapped(this.#device, staging, buffer.size);
    return new Float32Array(bytes.slice().buffer);
  }

  dispose(): void {
    for (const one of this.#made) one.destroy();
  }
}
