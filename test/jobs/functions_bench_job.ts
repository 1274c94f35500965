// The job of `npm run bench:math`: nanoseconds an element of each function of one f32, on a stack in Node: the core, one
// thread; Math.* where there is one, from one Float32Array to another; the library's element-wise kernel on the stack's WebGPU;
// and the same kernel with WGSL's own function in the place of the library's, which promises no bits. Arguments are spread evenly
// over a range where the function does its work. Each figure is the median of rounds that take turns, so that all meet the same
// noise. Nothing is compared here: see functions_job.ts.
import { createCore } from '../../src/backends/wasm/core.ts';
import { LaidOut } from '../../src/backends/wasm/laid_out.ts';
import { gridOfDispatch, type Dispatch } from '../../src/core/op.ts';
import { wordsOf } from '../../src/core/words.ts';
import { shaders } from '../../src/backends/webgpu/shaders.ts';
import { assembleShader } from '../../src/core/shader.ts';
import { median, type JobEnv } from '../../src/jobs/job.ts';
import { dispatchOf } from '../harness/functions.ts';
import { floats } from '../harness/prng.ts';

/** What a function is measured on and beside. */
export interface Measured {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** The name in Math; none if absent. */
  readonly js?: string | undefined;
  /** WGSL of x, a f32; none if absent. */
  readonly wgsl?: string | undefined;
}
export interface FunctionsBenchJob {
  readonly functions: readonly Measured[];
  readonly rounds: number;
}
/** Nanoseconds an element. */
export interface FunctionCost {
  readonly name: string;
  readonly core: number;
  readonly js: number | undefined;
  readonly gpu: number;
  readonly builtin: number | undefined;
}

const N = 2 ** 16; // the core's operands stay in the second-level cache
const ON_GPU = 2 ** 20;
const AT_LEAST_MS = 4;

/** Nanoseconds an element of `work`, which does `n` of them: repeated until the clock can tell. */
function timed(n: number, work: () => void): number {
  const begin = performance.now();
  let times = 0;
  let ms = 0;
  while (ms < AT_LEAST_MS) {
    work();
    times += 1;
    ms = performance.now() - begin;
  }
  return (ms * 1e6) / (n * times);
}

type Loop = (x: Float32Array, y: Float32Array) => void;

/** A loop of its own for each function, as a program would have: a shared one calls through a pointer. */
function loopOf(js: string): Loop {
  if (!/^\w+$/.test(js) || !(js in Math)) throw new RangeError(`no Math.${js}`);
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is this file's own but for a name of Math
  return new Function(
    'x',
    'y',
    `for (let i = 0; i < ${N}; i += 1) y[i] = Math.${js}(x[i]);`,
  ) as Loop;
}

class Gpu {
  readonly #device: GPUDevice;
  readonly #x: GPUBuffer;
  readonly #y: GPUBuffer;
  readonly #status: GPUBuffer;

  constructor(device: GPUDevice, x: Float32Array<ArrayBuffer>) {
    const buffer = (usage: number, size: number): GPUBuffer => device.createBuffer({ size, usage });
    this.#device = device;
    this.#x = buffer(128 | 8, x.byteLength);
    this.#y = buffer(128, x.byteLength);
    this.#status = buffer(128, 16);
    device.queue.writeBuffer(this.#x, 0, x);
  }

  /** A function that runs `dispatch` so many times and resolves when they are done. */
  prepare(dispatch: Dispatch, text: string): (times: number) => Promise<void> {
    const device = this.#device;
    const module = device.createShaderModule({ code: text });
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const words = Uint32Array.from(wordsOf(dispatch));
    const params = device.createBuffer({ size: words.byteLength, usage: 64 | 8 });
    device.queue.writeBuffer(params, 0, words);
    const buffers = [params, undefined, this.#status, this.#x, this.#y];
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.flatMap((buffer, binding) =>
        buffer === undefined ? [] : [{ binding, resource: { buffer } }],
      ),
    });
    return async (times) => {
      const encoder = device.createCommandEncoder();
      for (let i = 0; i < times; i += 1) {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...gridOfDispatch(dispatch));
        pass.end();
      }
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
  }
}

/** Five dispatches less one: what a submission costs by itself drops out. */
async function gpuTime(run: (times: number) => Promise<void>): Promise<number> {
  const begin = performance.now();
  await run(1);
  const middle = performance.now();
  await run(5);
  const end = performance.now();
  return Math.max(0, ((end - middle - (middle - begin)) * 1e6) / (4 * ON_GPU));
}

/** The library's text with the call of the function replaced by WGSL's own. */
function withBuiltin(text: string, name: string, wgsl: string): string {
  const call = `= ${name}_f32(v1);`;
  if (!text.includes(call)) throw new Error(`${name}: no call ${call} in the shader`);
  return `${text.replace(call, '= builtin(v1);')}
fn builtin(word: u32) -> u32 { let x = bitcast<f32>(word); return bitcast<u32>(${wgsl}); }`;
}

export async function run(request: unknown, env: JobEnv): Promise<FunctionCost[]> {
  const { functions, rounds } = request as FunctionsBenchJob;
  const adapter = await env.gpu?.requestAdapter(
    env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
  );
  const device = await adapter?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  const core = await createCore();
  const costs: FunctionCost[] = [];
  for (const { name, low, high, js, wgsl } of functions) {
    const x = Float32Array.from(floats(7, ON_GPU, 'normal'), (_, i) => {
      const u = ((Math.imul(i, 0x9e3779b1) >>> 0) + 0.5) / 2 ** 32; // spread, in no order
      return low + (high - low) * u;
    });
    const some = x.slice(0, N);
    const dispatch = dispatchOf(name, N);
    const laid = new LaidOut(core, dispatch, [new Uint8Array(some.buffer)]);
    const y = new Float32Array(N);
    const loop = js === undefined ? undefined : loopOf(js);
    const onGpu = dispatchOf(name, ON_GPU);
    const { shader } = onGpu.kernel;
    if (typeof shader !== 'function') throw new Error('the element-wise kernel has no shader');
    const text = assembleShader(shader(onGpu), shaders);
    const gpu = new Gpu(device, x);
    const ours = gpu.prepare(onGpu, text);
    const theirs =
      wgsl === undefined ? undefined : gpu.prepare(onGpu, withBuiltin(text, name, wgsl));
    const times: Record<'core' | 'js' | 'gpu' | 'builtin', number[]> = {
      core: [],
      js: [],
      gpu: [],
      builtin: [],
    };
    for (let round = -1; round < rounds; round += 1) {
      const one = {
        core: timed(N, () => laid.run(0, dispatch.units)),
        js: loop === undefined ? undefined : timed(N, () => loop(some, y)),
        gpu: await gpuTime(ours),
        builtin: theirs === undefined ? undefined : await gpuTime(theirs),
      };
      if (round < 0) continue; // the first one compiles
      for (const side of ['core', 'js', 'gpu', 'builtin'] as const) {
        const time = one[side];
        if (time !== undefined) times[side].push(time);
      }
    }
    laid.free();
    const of = (list: number[]): number | undefined => (list.length > 0 ? median(list) : undefined);
    costs.push({
      name,
      core: median(times.core),
      js: of(times.js),
      gpu: median(times.gpu),
      builtin: of(times.builtin),
    });
    env.log(
      `${name}: core ${median(times.core).toFixed(1)} ns, GPU ${median(times.gpu).toFixed(1)} ns`,
    );
  }
  device.destroy();
  return costs;
}
