// The job of `npm run bench:tiles`: what other tiles than those that src/ops/mat_mul_strided.ts chooses from sizes would
// give a product or convolution on this device: blocks of 4 or 8 rows, 1 to 16 of them side by side in a workgroup, and
// for few rows the thin form with 1 to 64 lanes an output. All run in turns. It promises that every form wrote the same
// words, since no tile may move a bit (docs/NUMERICS.md, R1), and throws where one did not. The form in force is among
// the others once more: what the two differ by is the noise.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Device } from '../../src/backends/webgpu/device.ts';
import { passGate } from '../../src/backends/webgpu/gate.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import type { Dispatch } from '../../src/core/op.ts';
import type { ShaderName } from '../../src/core/shader.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { epilogueChain } from '../../src/ops/chain_wgsl.ts';
import { gridOf } from '../../src/ops/grid.ts';
import { blockShader } from '../../src/ops/mat_mul_strided.ts';
import { DispatchBench, heaviest, planOf } from '../harness/dispatch_bench.ts';
import { TILE_GRAPHS } from '../harness/product_graphs.ts';
import taps from '../../shaders/ops/conv_taps.wgsl';
import strided from '../../shaders/ops/mat_mul_strided.wgsl';
import thin from '../../shaders/ops/mat_mul_thin.wgsl';

export interface TilesJob {
  /** Of one graph. */
  readonly budgetMs: number;
  /** Graphs whose names begin so; all if not given. */
  readonly only?: string | undefined;
}

export interface TilesRow {
  readonly name: string;
  /** The name of the form in force. */
  readonly chosen: string;
  /** The least time of one dispatch in that form. */
  readonly chosen_ms: number;
  /** The least time in each form ÷ that of the form in force, the latter measured once more. */
  readonly forms: readonly { readonly name: string; readonly ratio: number }[];
  readonly turns: number;
}

export interface TilesReport {
  readonly rung: string;
  readonly rows: readonly TilesRow[];
}

interface Form {
  readonly name: string;
  readonly dispatch: Dispatch;
}

const ROW_BITS = [0, 1, 2, 3, 4];
const LANE_BITS = [0, 1, 2, 3, 4, 5, 6];
// Rows up to which the thin form is tried too.
const FEW_ROWS = 4;
const GROUP = 64; // terms

/** Reads a param of one word by its name; the index is where it lies. */
function param({ kernel, params }: Dispatch, name: string): { index: number; value: number } {
  let index = 0;
  for (const field of kernel.params) {
    if (field.name === name) return { index, value: params[index] ?? 0 };
    index += field.length;
  }
  throw new Error(`tiles: ${kernel.name} has no param ${name}.`);
}

interface Sizes {
  readonly host: ShaderName;
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly terms: number;
}

function sizesOf(dispatch: Dispatch): Sizes {
  const of = (name: string): number => param(dispatch, name).value;
  const images = of('images');
  if (dispatch.kernel.name === 'mat_mul_strided') {
    return { host: strided, images, rows: of('m'), columns: of('n'), terms: of('k') };
  }
  const columns = of('out_depth') * of('out_height') * of('out_width');
  return { host: taps, images, rows: of('filters'), columns, terms: of('terms') };
}

/** The dispatch with another text, grid and constants, and other side-by-side blocks if they are given. */
function other(
  dispatch: Dispatch,
  text: Parameters<typeof epilogueChain>[0],
  grid: readonly [number, number, number],
  constants: Readonly<Record<string, number>>,
  rowBits = 0,
): Dispatch {
  const { columns } = sizesOf(dispatch);
  const params = dispatch.params.slice();
  params[param(dispatch, 'row_bits').index] = rowBits;
  const kernel = { ...dispatch.kernel, shader: epilogueChain(text, () => columns) };
  return { ...dispatch, kernel, params, grid, constants };
}

const blockName = (rows: number, bits: number): string => `${rows} x ${2 ** bits}`;
const thinName = (bits: number): string => `thin ${2 ** bits}`;

function blocks(dispatch: Dispatch): Form[] {
  const { host, images, rows, columns, terms } = sizesOf(dispatch);
  const { AXES } = dispatch.constants;
  const LEVELS = terms <= 64 ? 1 : terms <= 4096 ? 2 : 3;
  const constants = AXES === undefined ? { LEVELS } : { LEVELS, AXES };
  const heights = rows > 4 ? ([4, 8] as const) : ([4] as const);
  return heights.flatMap((height) =>
    ROW_BITS.map((bits) => {
      const strips = Math.ceil(Math.ceil(rows / height) / 2 ** bits);
      const grid = gridOf(images * strips * Math.ceil(columns / 8) * 2 ** bits);
      const text = blockShader(host, height);
      return {
        name: blockName(height, bits),
        dispatch: other(dispatch, text, grid, constants, bits),
      };
    }),
  );
}

function thins(dispatch: Dispatch): Form[] {
  const { host, images, rows, columns, terms } = sizesOf(dispatch);
  if (host !== strided || rows > FEW_ROWS) return [];
  // Lanes beyond the groups of terms have nothing to add.
  const useful = LANE_BITS.filter((bits) => bits === 0 || GROUP << (bits - 1) < terms);
  return useful.map((bits) => ({
    name: thinName(bits),
    dispatch: other(dispatch, thin, [Math.ceil((columns << bits) / 256), rows, images], {
      LANE_BITS: bits,
    }),
  }));
}

/** The name that the form in force has among the others. */
function chosenName(dispatch: Dispatch): string {
  const bits = dispatch.constants['LANE_BITS'];
  if (bits !== undefined) return thinName(bits);
  return blockName(sizesOf(dispatch).rows > 4 ? 8 : 4, param(dispatch, 'row_bits').value);
}

const least = (times: readonly number[] | undefined): number => Math.min(...(times ?? []));

/** @throws Error where a form wrote another word than the first */
function sameWords(name: string, forms: readonly Form[], results: readonly Float32Array[]): void {
  const [wanted = [], ...rest] = results.map(({ buffer }) => new Uint32Array(buffer));
  for (const [i, words] of rest.entries()) {
    const at = words.findIndex((word, k) => word !== wanted[k]);
    if (at >= 0 || words.length !== wanted.length) {
      throw new Error(`tiles: ${name}: word ${at} of ${forms[i]?.name} is another one.`);
    }
  }
}

export async function run(request: unknown, env: JobEnv): Promise<TilesReport> {
  const { budgetMs, only = '' } = request as TilesJob;
  const options = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await Device.request(env.gpu, options);
  await passGate(device);
  const core = await WasmBackend.create();
  const rows: TilesRow[] = [];
  for (const [name, graph] of TILE_GRAPHS) {
    if (!name.startsWith(only)) continue;
    env.log(name);
    const store = new ConstantStore();
    const plan = await planOf(graph, core, store, device.tiles);
    const bench = new DispatchBench(device);
    try {
      const dispatch = heaviest(plan);
      const forms = [...blocks(dispatch), ...thins(dispatch)];
      const all = [dispatch, ...forms.map((form) => form.dispatch)];
      const { times, results, turns } = await bench.measure(plan, all, budgetMs);
      sameWords(name, forms, results);
      const chosen_ms = least(times[0]);
      const ratios = forms.map((form, i) => ({
        name: form.name,
        ratio: least(times[i + 1]) / chosen_ms,
      }));
      rows.push({ name, chosen: chosenName(dispatch), chosen_ms, forms: ratios, turns });
    } finally {
      bench.dispose();
      plan.release();
      store.release();
    }
  }
  return { rung: Pipelines.on(device).rung, rows };
}
