// The job that runs products or convolutions with constant float16 weights, of each form, on a device: whether their pipelines pass their gates
// (docs/NUMERICS.md, B7) and audits (B8), and find a fault, and how many bytes of weights lie on the device.
// test/stacks/weights_16.test.ts says what must come out.
import { load, Tensor, type Note } from '../../src/index.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { faultyDevice } from '../harness/faulty_device.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { integers } from '../harness/prng.ts';

export interface Weights16Job {
  readonly op: keyof typeof FORMS;
  /** When every word that their kernel writes gets a wrong bit: never, before the gates, behind them. */
  readonly fault: 'never' | 'before' | 'behind';
}

interface SeenRun {
  readonly rows: number;
  /** Whether its bits were the reference's. */
  readonly same: boolean;
  readonly notes: readonly Note[];
  /** Of the run that was first with the pipeline. */
  readonly gate: { readonly pipelines: number; readonly skipped: number };
}

export interface Weights16Seen {
  readonly runs: readonly SeenRun[];
  /** Bytes of the buffers of constants, while all plans are held. */
  readonly constantBytes: number;
}

const TERMS = 67;
const COLUMNS = 22;
const FILTERS = 6;
const CHANNELS = 4;

/** Products in blocks of 4 rows, of 8; the thin form is a graphics card's (test/stacks/tiles.test.ts). Rows of Conv are images. */
export const FORMS = {
  MatMul: { kernel: 'mat_mul_strided', rows: [4, 9], row: [TERMS], weights: [TERMS, COLUMNS] },
  Conv: {
    kernel: 'conv_taps',
    rows: [2],
    row: [CHANNELS, 5, 5],
    weights: [FILTERS, CHANNELS, 3, 3],
  },
} as const;

/** Numbers from 2^-24 to 2 in magnitude, subnormal ones among them. */
const halves = (seed: number, ...dims: number[]): Tensor =>
  new Tensor(
    'float16',
    Uint16Array.from(
      integers(
        seed,
        dims.reduce((n, dim) => n * dim, 1),
        0,
        0x10000,
      ),
      (bits) => bits & 0xbfff,
    ),
    dims,
  );

export async function run(request: unknown, env: JobEnv): Promise<Weights16Seen> {
  const { fault, op } = request as Weights16Job;
  const { kernel, row, weights } = FORMS[op];
  const level = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await (await env.gpu?.requestAdapter(level))?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  const state = faultyDevice(device, { kernel, where: 'true' });
  let constantBytes = 0;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    if (descriptor.label === 'constant') constantBytes += descriptor.size;
    return create(descriptor);
  };
  const x = { ...f32('x', 'rows', ...row), dtype: 'float16' as const };
  const graph = graphOf([{ op, inputs: ['x', 'w'], outputs: ['y'] }], [x], ['y'], {
    w: halves(1, ...weights),
  });
  const typed = { ...graph, outputs: [{ name: 'y', dtype: 'float16' as const }] };
  const model = await load(writeModel(typed), { device });
  const runs: SeenRun[] = [];
  for (const rows of FORMS[op].rows) {
    const feeds = { x: halves(2, rows, ...row) };
    const { digest } = await model.run(feeds, { backend: 'wasm' });
    state.armed = fault === 'before';
    const first = await model.run(feeds, { backend: 'webgpu', audit: 'off' });
    state.armed = fault !== 'never';
    const { pipelines = 0, skipped = 0 } = first.gate ?? {};
    // A share of 1 audits as much as there is.
    const next = await model.run(feeds, { backend: 'webgpu', audit: 1 });
    runs.push({
      rows,
      same: first.digest === digest && next.digest === digest,
      notes: [...first.notes, ...next.notes],
      gate: { pipelines, skipped },
    });
  }
  model.dispose();
  device.destroy();
  return { runs, constantBytes };
}
