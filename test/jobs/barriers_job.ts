// The job of `npm run bench:barriers`: what the rounding barriers (docs/NUMERICS.md, B1) cost each shader of summed products. A
// graph of one product is planned, its heaviest dispatch runs in turns from the text of the rung in force and from the
// same text with the barriers replaced by the identity. That text exists here only: no session can come by it.
// It promises that both compute the same but for rounding. Measured is from the submission of a number of dispatches
// until the device has finished them.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Device } from '../../src/backends/webgpu/device.ts';
import { passGate } from '../../src/backends/webgpu/gate.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import { assembleOn } from '../../src/backends/webgpu/rungs.ts';
import type { Dispatch } from '../../src/core/op.ts';
import { shaderName, type Shader } from '../../src/core/shader.ts';
import { DEFAULT_TILES } from '../../src/core/tiles.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { median, type JobEnv } from '../../src/jobs/job.ts';
import { bare } from '../harness/bare_text.ts';
import { DispatchBench, heaviest, planOf, shaderOf } from '../harness/dispatch_bench.ts';
import { PRODUCT_GRAPHS } from '../harness/product_graphs.ts';

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

/** The dispatch with its shader's barriers replaced. */
function withoutBarriers(dispatch: Dispatch, pipelines: Pipelines): Dispatch {
  const shader = shaderOf(dispatch);
  const text = bare(assembleOn(pipelines.rung, shader));
  const other: Shader = { name: `${shaderName(shader)}, bare`, text, imports: [] };
  return { ...dispatch, kernel: { ...dispatch.kernel, shader: other } };
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
    // Those of a graphics card, on every device: they use every shader.
    const plan = await planOf(graph, core, store, DEFAULT_TILES);
    const bench = new DispatchBench(device);
    try {
      const dispatch = heaviest(plan);
      const sides = [dispatch, withoutBarriers(dispatch, Pipelines.on(device))];
      const { times, results, turns } = await bench.measure(plan, sides, budgetMs);
      const [with_ms = Number.NaN, without_ms = Number.NaN] = times.map((list) => median(list));
      rows.push({
        ...{ name, shader: shaderName(shaderOf(dispatch)), constants: dispatch.constants },
        ...{ with_ms, without_ms, share: without_ms / with_ms, turns },
        ...compare(name, results),
      });
    } finally {
      bench.dispose();
      plan.release();
      store.release();
    }
  }
  return { rung: Pipelines.on(device).rung, rows };
}
