// The job of `npm run bench:barriers`: what the rounding barriers (docs/NUMERICS.md, B1) cost each shader of summed products. A
// graph of one product is planned, its heaviest dispatch runs in turns from the text of the rung in force and from the
// same text with the barriers replaced by the identity. That text exists here only: no session can come by it.
// It promises that both compute the same but for rounding. Measured is from the submission of a number of dispatches
// until the device has finished them.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Device } from '../../src/backends/webgpu/device.ts';
import { passGate } from '../../src/backends/webgpu/gate.ts';
import { uploadParams } from '../../src/backends/webgpu/params.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import { bufferSizeOf } from '../../src/backends/webgpu/pool.ts';
import { assembleOn } from '../../src/backends/webgpu/rungs.ts';
import { mapped } from '../../src/backends/webgpu/storage.ts';
import { gridOfDispatch, inputsOf, type Dispatch } from '../../src/core/op.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { shaderName, type Shader, type ShaderName } from '../../src/core/shader.ts';
import type { Value } from '../../src/core/value.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { median, type JobEnv } from '../../src/jobs/job.ts';
import { registry } from '../../src/registry.ts';
import { bare } from '../harness/bare_text.ts';
import { PRODUCT_GRAPHS } from '../harness/product_graphs.ts';
import { floats } from '../harness/prng.ts';

export interface BarriersJob {
  /** Of one graph. */
  readonly budgetMs: number;
}

export interface BarriersRow {
  readonly name: string;
  /** The shader's name, with what its function made of it for this dispatch. */
  readonly shader: string;
  readonly constants: Readonly<Record<string, number>>;
  /** Medians of one dispatch, with barriers and without. */
  readonly with_ms: number;
  readonly without_ms: number;
  /** without / with: the share of the speed without barriers that is left. */
  readonly share: number;
  readonly turns: number;
  /** Words of the output that differ without barriers, and how many there are. */
  readonly differing: number;
  readonly words: number;
}

export interface BarriersReport {
  readonly rung: string;
  readonly rows: readonly BarriersRow[];
}

const MIN_TURNS = 5;
// A submission has as many dispatches as take this long, so that what a submission costs is little of it.
const BATCH_MS = 25;
const MOST_DISPATCHES = 500;
const STATUS_BYTES = 256;
const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;

/** The plan of a graph with static shapes, on WebGPU. */
async function planOf(graph: Graph, core: WasmBackend, store: ConstantStore): Promise<Plan> {
  const feeds = new Map(
    graph.inputs.map(({ name, dims = [] }) => [
      name,
      { dtype: 'float32' as const, dims: dims.map(Number) },
    ]),
  );
  const outputs = graph.outputs.map(({ name }) => name);
  const options = { target: 'webgpu' as const, outputs, fuse: true };
  return planGraph(await registry.check(graph), store, core, feeds, options);
}

const workOf = ({ units, unitCost }: Dispatch): number => units * unitCost;

function heaviest({ steps }: Plan): Dispatch {
  const [first, ...rest] = steps.map(({ dispatch }) => dispatch);
  if (first === undefined) throw new Error('barriers: the plan is empty.');
  return rest.reduce((most, one) => (workOf(one) > workOf(most) ? one : most), first);
}

function shaderOf(dispatch: Dispatch): ShaderName | Shader {
  const { kernel } = dispatch;
  const shader = typeof kernel.shader === 'function' ? kernel.shader(dispatch) : kernel.shader;
  if (shader === undefined) throw new Error(`barriers: ${kernel.name} has no shader.`);
  return shader;
}

/** The dispatch with its shader's barriers replaced. */
function withoutBarriers(dispatch: Dispatch, pipelines: Pipelines): Dispatch {
  const shader = shaderOf(dispatch);
  const text = bare(assembleOn(pipelines.rung, shader));
  const other: Shader = { name: `${shaderName(shader)}, bare`, text, imports: [] };
  return { ...dispatch, kernel: { ...dispatch.kernel, shader: other } };
}

/** Buffers of one dispatch, and its two pipelines over the same of them. */
class Bench {
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

  /** Constants as they are, all else floats of moderate size. */
  #filled(plan: Plan, value: Value, seed: number): GPUBuffer {
    const bytes = plan.constant(value)?.bytes() ?? floats(seed, sizeOf(value.dims));
    const buffer = this.#buffer(value.name, bufferSizeOf(value), STORAGE);
    const data = new Uint8Array(bufferSizeOf(value));
    data.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#device.gpu.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  async measure(name: string, plan: Plan, budgetMs: number): Promise<BarriersRow> {
    const { gpu } = this.#device;
    const pipelines = Pipelines.on(this.#device);
    const dispatch = heaviest(plan);
    const sides = [dispatch, withoutBarriers(dispatch, pipelines)];
    await pipelines.compile(sides);
    const buffers = [
      ...inputsOf(dispatch).map((value, i) => this.#filled(plan, value, i + 1)),
      ...dispatch.outputs.map((value) => this.#buffer('output', bufferSizeOf(value), STORAGE)),
    ];
    const [output] = buffers.slice(-dispatch.outputs.length);
    if (output === undefined) throw new Error(`barriers: ${name} has no output.`);
    const runs = await this.#device.scoped('bench', () => {
      const params = uploadParams([dispatch], gpu, this.#buffer);
      const status = this.#buffer('status', STATUS_BYTES, STORAGE);
      return sides.map((side) => {
        const { pipeline, layout } = pipelines.of(side);
        const bound = [params.buffer, undefined, status, ...buffers];
        const entries = bound.flatMap((buffer, binding) =>
          buffer === undefined ? [] : [{ binding, resource: { buffer } }],
        );
        const bindings = gpu.createBindGroup({ layout, entries });
        return (count: number) => this.#run(pipeline, bindings, gridOfDispatch(side), count);
      });
    });
    const results: Float32Array[] = [];
    const once: number[] = [];
    for (const run of runs) {
      await run(1);
      once.push(await run(1));
      results.push(await this.#read(output));
    }
    const count = Math.ceil(Math.min(MOST_DISPATCHES, BATCH_MS / Math.max(0.01, ...once)));
    const times: number[][] = runs.map(() => []);
    const end = performance.now() + budgetMs;
    let turns = 0;
    for (; turns < MIN_TURNS || performance.now() < end; turns += 1) {
      // The order alternates: the second of a pair finds the caches of the first.
      const order = turns % 2 === 0 ? [0, 1] : [1, 0];
      for (const i of order) times[i]?.push(((await runs[i]?.(count)) ?? Number.NaN) / count);
    }
    const [with_ms = Number.NaN, without_ms = Number.NaN] = times.map((list) => median(list));
    return {
      ...{ name, shader: shaderName(shaderOf(dispatch)), constants: dispatch.constants },
      ...{ with_ms, without_ms, share: without_ms / with_ms, turns },
      ...compare(name, results),
    };
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

/** How many words differ. @throws Error where more than rounding does: then the two did not do the same work */
function compare(
  name: string,
  [a = new Float32Array(), b = new Float32Array()]: readonly Float32Array[],
): Pick<BarriersRow, 'differing' | 'words'> {
  let differing = 0;
  a.forEach((x, i) => {
    const y = b[i] ?? Number.NaN;
    if (x === y) return;
    differing += 1;
    if (!(Math.abs(x - y) < 1e-3 * Math.max(1, Math.abs(x)))) {
      throw new Error(`barriers: ${name}: word ${i} is ${x} with and ${y} without.`);
    }
  });
  return { differing, words: a.length };
}

export async function run(request: unknown, env: JobEnv): Promise<BarriersReport> {
  const { budgetMs } = request as BarriersJob;
  const options = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await Device.request(env.gpu, options);
  await passGate(device);
  const core = await WasmBackend.create();
  const rows: BarriersRow[] = [];
  for (const [name, graph] of PRODUCT_GRAPHS) {
    env.log(name);
    const store = new ConstantStore();
    const plan = await planOf(graph, core, store);
    const bench = new Bench(device);
    try {
      rows.push(await bench.measure(name, plan, budgetMs));
    } finally {
      bench.dispose();
      plan.release();
      store.release();
    }
  }
  return { rung: Pipelines.on(device).rung, rows };
}
