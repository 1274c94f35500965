// What share of the SIMD peak the core's product of two square matrices reaches, on one thread. The peak is that of a loop
// that only multiplies and adds in registers (peak_module.ts), in the form and with the number of chains that were fastest
// here; loop and products take turns in one process, so that both meet the same clock and the same noise.
// A product counts 2 n^3 operations. `call` is from the call of the library to the output in memory, `kernel` the dispatch
// alone, as a profile has it. Not here: other libraries, other operators (isobit bench).
import { parseArgs } from 'node:util';
import { load, Tensor } from '../src/index.ts';
import type { Model } from '../src/index.ts';
import { median } from '../src/jobs/job.ts';
import type { Graph } from '../src/graph/graph.ts';
import { writeModel } from '../src/onnx/writer.ts';
import { Random } from './digits/random.ts';
import { FLOPS_A_PAIR, peakLoop } from './peak_module.ts';
import type { PeakForm, PeakLoop } from './peak_module.ts';

export interface PeakRow {
  name: string;
  /** Billions of operations a second: of the median time. */
  gflops: number;
  /** Of the peak: the median over turns. */
  share: number;
  turns: number;
}

export interface PeakReport {
  size: number;
  /** The fastest loop. */
  loop: { form: PeakForm; chains: number; gflops: number };
  rows: PeakRow[];
}

const MIN_TURNS = 5;
const WARM_RUNS = 20;
// A loop is tried so often for so long; the fastest time is the one without other work on the machine.
const TRIES = 40;
const TRY_MS = 0.5;

const timeOf = (work: () => unknown): number => {
  const begin = performance.now();
  work();
  return performance.now() - begin;
};
const gflops = (flops: number, ms: number): number => flops / ms / 1e6;
const run = ({ run }: PeakLoop, passes: number): number => run(passes, 0.5, 1);
const flopsOf = ({ pairs }: PeakLoop, passes: number): number => passes * pairs * FLOPS_A_PAIR;

/** The fastest form of the loop. More chains than registers spill, fewer wait for results. */
function fastestLoop(): { loop: PeakLoop; form: PeakForm; chains: number; gflops: number } {
  const forms = (['joined', 'apart'] as const).flatMap((form) =>
    Array.from({ length: 7 }, (_, i) => {
      const chains = 4 + 2 * i;
      return { form, chains, loop: peakLoop(form, chains) };
    }),
  );
  const measured = forms.map(({ form, chains, loop }) => {
    // Long enough for the engine's second compiler, at first.
    run(loop, 100_000);
    const passes = Math.ceil((1000 * TRY_MS) / timeOf(() => run(loop, 1000)));
    const times = Array.from({ length: TRIES }, () => timeOf(() => run(loop, passes)));
    return { loop, form, chains, gflops: gflops(flopsOf(loop, passes), Math.min(...times)) };
  });
  return measured.reduce((best, one) => (one.gflops > best.gflops ? one : best));
}

/** Y = X · W of n by n; W the model's own or fed. */
function productModel(size: number, w: Tensor | undefined): Uint8Array {
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [size, size] });
  const graph: Graph = {
    name: 'product',
    nodes: [
      {
        ...{ index: 0, name: 'y', domain: '', opType: 'MatMul', attributes: new Map() },
        ...{ inputs: ['x', 'w'], outputs: ['y'] },
      },
    ],
    inputs: w === undefined ? [info('x'), info('w')] : [info('x')],
    outputs: [info('y')],
    initializers: w === undefined ? new Map() : new Map([['w', w]]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
  return writeModel(graph);
}

interface Product {
  readonly model: Model;
  readonly feeds: Record<string, Tensor>;
}

interface Turn {
  readonly peakMs: number;
  /** The whole call, and its dispatch `mat_mul`. */
  readonly callMs: number;
  readonly kernelMs: number;
}

/** One run. That it is profiled costs a call from JavaScript for each of its one or two dispatches. */
async function productTimes({ model, feeds }: Product): Promise<Omit<Turn, 'peakMs'>> {
  const begin = performance.now();
  const { profile } = await model.run(feeds, { backend: 'wasm', profile: true });
  const callMs = performance.now() - begin;
  const step = profile?.find(({ kernel }) => kernel === 'mat_mul');
  if (step === undefined) throw new Error('peak: the run has no step mat_mul.');
  return { callMs, kernelMs: step.milliseconds };
}

/** Loop and product by turns; one product at a time, as a second one would take the caches from the first. */
async function turnsOf(product: Product, peak: () => number, seconds: number): Promise<Turn[]> {
  for (let i = 0; i < WARM_RUNS; i += 1) await productTimes(product);
  const turns: Turn[] = [];
  const end = performance.now() + 1000 * seconds;
  while (turns.length < MIN_TURNS || performance.now() < end) {
    turns.push({ peakMs: peak(), ...(await productTimes(product)) });
  }
  return turns;
}

export async function measurePeak(size: number, seconds: number): Promise<PeakReport> {
  const random = new Random(1);
  const matrix = (): Tensor => {
    const data = Float32Array.from({ length: size * size }, () => random.between(-1, 1));
    return new Tensor('float32', data, [size, size]);
  };
  const [x, w] = [matrix(), matrix()];
  const { loop, ...best } = fastestLoop();
  const flops = 2 * size ** 3;
  // As long as a product at the peak, so that both see the same of what else goes on.
  const passes = Math.ceil(flops / flopsOf(loop, 1));
  const atPeak = flopsOf(loop, passes);
  const peak = (): number => timeOf(() => run(loop, passes));
  const rows: PeakRow[] = [];
  for (const [name, weights, feeds] of [
    ['weights of the model', w, { x }],
    ['both fed', undefined, { x, w }],
  ] as const) {
    const model = await load(productModel(size, weights));
    try {
      const turns = await turnsOf({ model, feeds }, peak, seconds / 2);
      const row = (what: string, key: keyof Turn, own: number): PeakRow => ({
        name: `${name}: ${what}`,
        gflops: gflops(own, median(turns.map((turn) => turn[key]))),
        share: median(turns.map((turn) => (own / turn[key]) * (turn.peakMs / atPeak))),
        turns: turns.length,
      });
      rows.push(row('peak', 'peakMs', atPeak));
      rows.push(row('kernel', 'kernelMs', flops), row('call', 'callMs', flops));
    } finally {
      model.dispose();
    }
  }
  return { size, loop: best, rows };
}

function reportText({ size, loop, rows }: PeakReport): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(
    ({ name, gflops, share, turns }) =>
      `${name.padEnd(width)}  ${gflops.toFixed(1).padStart(6)} GFLOP/s  ${(100 * share).toFixed(1).padStart(5)} %  of ${turns} turns`,
  );
  const head = `${size} x ${size} x ${size}, 1 thread; fastest loop: ${loop.chains} chains ${loop.form}, ${loop.gflops.toFixed(1)} GFLOP/s`;
  return [head, ...lines].join('\n');
}

/** @throws RangeError for what is no integer of at least `least` */
function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`--${name}: expected an integer of at least ${least}, got ${text}.`);
}

/** @returns the exit code: 2 for options that are wrong */
export async function main(args: string[]): Promise<number> {
  let options: { size: number; seconds: number; json: boolean };
  try {
    const { values } = parseArgs({
      args,
      options: {
        size: { type: 'string', default: '512' },
        seconds: { type: 'string', default: '10' },
        json: { type: 'boolean', default: false },
      },
    });
    const size = whole('size', values.size, 8);
    options = { size, seconds: whole('seconds', values.seconds, 1), json: values.json };
  } catch (error) {
    console.error(`peak: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  const report = await measurePeak(options.size, options.seconds);
  console.log(options.json ? JSON.stringify(report, null, 2) : reportText(report));
  return 0;
}
