// The job of `npm run bench:halves`: products and convolutions with constant float16 weights, which WebGPU reads as they lie,
// against the same with the weights widened in the file, which is what their float32 copies were: Cast, product, Cast. Both run
// in turns in one process; a time is a whole run without audits. It promises that both give the same bits.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { inputsOf } from '../../src/core/op.ts';
import { load } from '../../src/index.ts';
import { median, type JobEnv } from '../../src/jobs/job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { registry } from '../../src/registry.ts';
import { graphOf } from '../harness/graphs.ts';
import { integers } from '../harness/prng.ts';

export interface HalvesJob {
  /** Of one row. */
  readonly budgetMs: number;
  /** Rows whose names hold it; all if not given. */
  readonly only?: string | undefined;
}

export interface HalvesRow {
  readonly name: string;
  readonly before_bytes: number;
  readonly after_bytes: number;
  /** Medians of a run. */
  readonly before_ms: number;
  readonly after_ms: number;
  readonly turns: number;
}

/** One node that reads `x` and the weights `w`. */
interface Form {
  readonly name: string;
  readonly op: 'Gemm' | 'Conv';
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

// Rows, terms and columns; whether weights are transposed.
const PRODUCTS = [
  [1, 4096, 4096, 0],
  [1, 4096, 4096, 1],
  [1, 576, 1536, 0],
  [4, 576, 1536, 0],
  [4, 576, 1536, 1],
  [64, 576, 1536, 0],
  [64, 576, 1536, 1],
  [16, 576, 1536, 0],
  [64, 576, 1537, 0],
] as const;
// Side of the image, channels, filters, groups and the side of the kernel.
const CONVOLUTIONS = [
  [28, 64, 64, 1, 3],
  [28, 3, 64, 1, 3],
  [7, 256, 256, 1, 3],
  [4, 256, 256, 1, 3],
  [28, 64, 128, 1, 1],
  [28, 63, 128, 1, 1],
  [4, 511, 512, 1, 1],
  [28, 63, 3, 1, 1],
  [28, 64, 64, 64, 3],
  [28, 64, 64, 64, 5],
  [4, 512, 512, 512, 3],
] as const;
const MIN_TURNS = 5;

const int = (value: number): Attribute => ({ type: 'int', value });

const FORMS: readonly Form[] = [
  ...PRODUCTS.map(([m, k, n, transB]): Form => {
    const name = `${m} x ${k} x ${n}${transB === 1 ? ', transposed' : ''}`;
    const w = transB === 1 ? [n, k] : [k, n];
    return { name, op: 'Gemm', x: [m, k], w, attributes: { transB: int(transB) } };
  }),
  ...CONVOLUTIONS.map(([image, channels, filters, group, side]): Form => {
    const kind = group === 1 ? 'convolution' : 'depthwise';
    const pads = Array.from({ length: 4 }, () => (side - 1) / 2);
    return {
      name: `${kind} ${side} x ${side}, ${channels} to ${filters} of ${image} x ${image}`,
      op: 'Conv',
      x: [1, channels, image, image],
      w: [filters, channels / group, side, side],
      attributes: { group: int(group), pads: { type: 'ints', value: pads } },
    };
  }),
];

/** Normal float16 between 2^-6 and 2^-2 in magnitude, and these widened. */
function weights(seed: number, dims: readonly number[]): { half: Tensor; word: Tensor } {
  const all = integers(seed, sizeOf(dims), 0, 0x10000);
  const half = Uint16Array.from(all, (x) => (x & 0x83ff) | ((9 + ((x >>> 10) & 3)) << 10));
  const word = Uint32Array.from(
    half,
    (x) => ((x & 0x8000) << 16) | (((x & 0x7fff) << 13) + 0x38000000),
  );
  return {
    half: new Tensor('float16', half, dims),
    word: new Tensor('float32', new Float32Array(word.buffer), dims),
  };
}

function graphs({ op, x: dims, w, attributes }: Form): { before: Graph; after: Graph } {
  const { half, word } = weights(1, w);
  const x = { name: 'x', dtype: 'float16' as const, dims };
  const cast = (from: string, output: string, to: number) => ({
    ...{ op: 'Cast', inputs: [from], outputs: [output] },
    attributes: { to: int(to) },
  });
  const product = (a: string, y: string) => ({ op, inputs: [a, 'w'], outputs: [y], attributes });
  const typed = (graph: Graph): Graph => ({ ...graph, outputs: [{ name: 'y', dtype: 'float16' }] });
  return {
    before: typed(
      graphOf([cast('x', 'a', 1), product('a', 'p'), cast('p', 'y', 10)], [x], ['y'], { w: word }),
    ),
    after: typed(graphOf([product('x', 'y')], [x], ['y'], { w: half })),
  };
}

/** Bytes of the constants that a plan for WebGPU uploads. */
async function uploaded(graph: Graph, core: WasmBackend): Promise<number> {
  const store = new ConstantStore();
  const feeds = new Map(
    graph.inputs.map(({ name, dtype = 'float16', dims = [] }) => [
      name,
      { dtype, dims: dims.map(Number) },
    ]),
  );
  const options = { target: 'webgpu' as const, outputs: ['y'], fuse: true };
  const plan = planGraph(await registry.check(graph), store, core, feeds, options);
  const constants = new Set(
    plan.steps.flatMap(({ dispatch }) => inputsOf(dispatch).map((value) => plan.constant(value))),
  );
  const bytes = [...constants].reduce((sum, one) => sum + (one?.byteLength ?? 0), 0);
  plan.release();
  store.release();
  return bytes;
}

export async function run(request: unknown, env: JobEnv): Promise<HalvesRow[]> {
  const { budgetMs, only = '' } = request as HalvesJob;
  const level = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const core = await WasmBackend.create();
  const rows: HalvesRow[] = [];
  for (const form of FORMS.filter((one) => one.name.includes(only))) {
    const { name } = form;
    env.log(name);
    const both = graphs(form);
    const device = await (await env.gpu?.requestAdapter(level))?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
    const sides = [both.before, both.after];
    const models = await Promise.all(sides.map((graph) => load(writeModel(graph), { device })));
    const x = weights(7, form.x).half;
    const once = async (i: number): Promise<{ digest: string; ms: number }> => {
      const begin = performance.now();
      const result = await models[i]?.run({ x }, { backend: 'webgpu', audit: 'off' });
      return { ms: performance.now() - begin, digest: result?.digest ?? '' };
    };
    const [one, other] = [await once(0), await once(1)];
    if (one.digest !== other.digest) throw new Error(`halves: ${name}: other bits.`);
    const times: number[][] = [[], []];
    const end = performance.now() + budgetMs;
    let turns = 0;
    for (; turns < MIN_TURNS || performance.now() < end; turns += 1) {
      for (const i of turns % 2 === 0 ? [0, 1] : [1, 0]) times[i]?.push((await once(i)).ms);
    }
    const [before_ms = Number.NaN, after_ms = Number.NaN] = times.map((list) => median(list));
    const bytes = {
      before_bytes: await uploaded(both.before, core),
      after_bytes: await uploaded(both.after, core),
    };
    rows.push({ name, ...bytes, before_ms, after_ms, turns });
    for (const model of models) model.dispose();
    device.destroy();
  }
  return rows;
}
