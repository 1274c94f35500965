// The job of `npm run bench:dots`: exact integer products and convolutions (V8) from the text with WGSL's dot4I8Packed and from the
// one with shifts and products, in turns over the same buffers. Fails where a word differs between them, and on a device
// without the function. Measured is from the submission of a number of dispatches until the device has finished them.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Device } from '../../src/backends/webgpu/device.ts';
import { passGate } from '../../src/backends/webgpu/gate.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import { assembleOn } from '../../src/backends/webgpu/rungs.ts';
import { inputsOf, type Dispatch } from '../../src/core/op.ts';
import { shaderName } from '../../src/core/shader.ts';
import type { Value } from '../../src/core/value.ts';
import { byteLengthOf } from '../../src/graph/memory.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { DispatchBench, heaviest, planOf, shaderOf } from '../harness/dispatch_bench.ts';
import { INTEGER_GRAPHS } from '../harness/integer_graphs.ts';
import { integers } from '../harness/prng.ts';

export interface DotsJob {
  /** Of one graph. */
  readonly budgetMs: number;
}

export interface DotsRow {
  readonly name: string;
  readonly shader: string;
  /** Least times of one dispatch, with the function and without. */
  readonly packed_ms: number;
  readonly plain_ms: number;
  readonly turns: number;
}

/** What the dispatches before `until` give of drawn bytes: sums of lines belong to their words. */
function contentsOf(plan: Plan, core: WasmBackend, until: Dispatch): Map<Value, Uint8Array> {
  const contents = new Map<Value, Uint8Array>();
  for (const { dispatch } of plan.steps) {
    const inputs = inputsOf(dispatch).map((value, i) => {
      const root = plan.root(value);
      const known = plan.constant(root)?.bytes() ?? contents.get(root);
      const bytes = known ?? Uint8Array.from(integers(i + 1, byteLengthOf(root), 0, 256));
      contents.set(root, bytes);
      return bytes;
    });
    if (dispatch === until) break;
    core.compute(dispatch, inputs).forEach((bytes, i) => {
      const value = dispatch.outputs[i];
      if (value !== undefined) contents.set(plan.root(value), bytes);
    });
  }
  return contents;
}

export async function run(request: unknown, env: JobEnv): Promise<readonly DotsRow[]> {
  const { budgetMs } = request as DotsJob;
  const options = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await Device.request(env.gpu, options);
  await passGate(device);
  const gpu = env.gpu ?? globalThis.navigator?.gpu;
  if (!gpu.wgslLanguageFeatures.has('packed_4x8_integer_dot_product')) {
    throw new Error('dots: there is no dot4I8Packed here.');
  }
  const core = await WasmBackend.create();
  const rows: DotsRow[] = [];
  for (const [name, graph] of INTEGER_GRAPHS) {
    env.log(name);
    const store = new ConstantStore();
    const plan = await planOf(graph, core, store, device.tiles);
    const bench = new DispatchBench(device);
    try {
      const dispatch = heaviest(plan);
      const shader = shaderName(shaderOf(dispatch));
      const form = (packed: boolean): Dispatch => {
        const text = assembleOn(Pipelines.on(device).rung, shaderOf(dispatch), packed);
        const whole = { name: `${shader}, ${packed ? 'packed' : 'plain'}`, text, imports: [] };
        return { ...dispatch, kernel: { ...dispatch.kernel, shader: whole } };
      };
      const measured = await bench.measure(
        plan,
        [form(true), form(false)],
        budgetMs,
        contentsOf(plan, core, dispatch),
      );
      const [one, other] = measured.results.map(({ buffer }) => new Uint32Array(buffer));
      const at = one?.findIndex((word, i) => word !== other?.[i]) ?? 0;
      if (at >= 0) throw new Error(`dots: ${name}: word ${at} is ${one?.[at]} and ${other?.[at]}.`);
      const [packed_ms = Number.NaN, plain_ms = Number.NaN] = measured.times.map((list) =>
        Math.min(...list),
      );
      rows.push({ name, shader, packed_ms, plain_ms, turns: measured.turns });
    } finally {
      bench.dispose();
      plan.release();
      store.release();
    }
  }
  return rows;
}
