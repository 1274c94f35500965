// The job that runs every function of one f32 on a stack, on as many words as asked for, and compares each result with
// the reference's, word by word: the element-wise kernel as the library generates it, on the stack's WebGPU, and the same dispatch
// in the core beside it. The list of functions is the list of chain steps, so a new one is run without a line here.
// On a stack without WebGPU the core runs alone. Both give digests like those of scripts/test_math.mjs (of 2^24 results each, then
// of these), which are test/math/sha256.json's where all 2^32 words are run.
// pow runs on its hard cases, where the device may ask for recomputation instead (B6), but give no wrong word.
// Not here: whether the reference is right (test:math), other functions of two operands, and pow at large (math_job.ts).
import { createCore } from '../../src/backends/wasm/core.ts';
import { LaidOut } from '../../src/backends/wasm/laid_out.ts';
import { gridOfDispatch, type Dispatch } from '../../src/core/op.ts';
import { wordsOf } from '../../src/core/words.ts';
import { shaders } from '../../src/backends/webgpu/shaders.ts';
import { assembleShader } from '../../src/core/shader.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { dispatchOf, functionNames } from '../harness/functions.ts';

export interface FunctionsJob {
  /** Chain steps without `_f32`; all of one f32 operand if not given. */
  readonly names?: readonly string[] | undefined;
  /** Words spread evenly over all 2^32: a power of two. */
  readonly count: number;
  /** Input and result of hard cases, alternating, by function. */
  readonly hard: Readonly<Record<string, readonly number[]>>;
  /** Base, exponent and power of hard cases of pow. */
  readonly pairs: readonly number[];
}

export interface FunctionResult {
  readonly name: string;
  readonly words: number;
  readonly differing: number;
  /** Whether a kernel asked for recomputation. */
  readonly flag: number;
  readonly first: string;
  /** Of the core's results and of the device's, over the evenly spread words alone. */
  readonly sha256: readonly string[];
  readonly ms: number;
}

const SHARD = 2 ** 24;
const PAIR = 256; // elements of a dispatch of one pair of pow, all the same
const hex = (words: readonly number[]): string =>
  words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(' ');

/** Both signs of every exponent: the words around each power of two, zeros, infinities and NaNs among them. */
function specialWords(): number[] {
  const words: number[] = [];
  for (let exponent = 0; exponent < 512; exponent += 1)
    for (let k = -4; k < 4; k += 1) words.push(((exponent << 23) + k) >>> 0);
  return words;
}

// ---- the device

const STORAGE = 128;
const COPY_SRC = 4;
const COPY_DST = 8;
const MAP_READ = 1;
const UNIFORM = 64;

/** Computes one function of the words that are given, on the stack's device. */
class OnDevice {
  readonly #gpu: GPUDevice;
  readonly #staging: GPUBuffer;
  readonly #inputs: readonly GPUBuffer[];
  readonly #output: GPUBuffer;
  #failure: string | undefined;

  constructor(gpu: GPUDevice, most: number) {
    this.#gpu = gpu;
    gpu.addEventListener('uncapturederror', (event) => {
      this.#failure ??= event.error.message;
    });
    const buffer = (usage: number, size: number): GPUBuffer => gpu.createBuffer({ size, usage });
    this.#inputs = [most, PAIR].map((n) => buffer(STORAGE | COPY_DST, n * 4));
    this.#output = buffer(STORAGE | COPY_SRC, most * 4);
    this.#staging = buffer(MAP_READ | COPY_DST, most * 4 + 16);
  }

  /** The results of a dispatch on its operands, and whether it asked for recomputation. */
  async run(
    dispatch: Dispatch,
    pipeline: GPUComputePipeline,
    operands: readonly Uint32Array<ArrayBuffer>[],
  ): Promise<{ results: Uint32Array; flag: number }> {
    const gpu = this.#gpu;
    const bytes = operands[0]?.byteLength ?? 0;
    const filled = (data: Uint32Array<ArrayBuffer>, usage: number): GPUBuffer => {
      const buffer = gpu.createBuffer({ size: data.byteLength, usage: usage | COPY_DST });
      gpu.queue.writeBuffer(buffer, 0, data);
      return buffer;
    };
    const params = filled(Uint32Array.from(wordsOf(dispatch)), UNIFORM);
    const status = filled(new Uint32Array(4), STORAGE | COPY_SRC);
    const inputs = this.#inputs.slice(0, operands.length);
    inputs.forEach((buffer, i) => {
      const data = operands[i];
      if (data !== undefined) gpu.queue.writeBuffer(buffer, 0, data);
    });
    const buffers = [params, undefined, status, ...inputs, this.#output];
    const group = gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.flatMap((buffer, binding) =>
        buffer === undefined ? [] : [{ binding, resource: { buffer } }],
      ),
    });
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...gridOfDispatch(dispatch));
    pass.end();
    encoder.copyBufferToBuffer(this.#output, 0, this.#staging, 0, bytes);
    encoder.copyBufferToBuffer(status, 0, this.#staging, bytes, 16);
    gpu.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(1, 0, bytes + 16);
    const got = new Uint32Array(this.#staging.getMappedRange(0, bytes + 16).slice(0));
    this.#staging.unmap();
    params.destroy();
    status.destroy();
    if (this.#failure !== undefined) throw new Error(this.#failure);
    return { results: got.subarray(0, bytes / 4), flag: got[bytes / 4 + 1] ?? 0 };
  }

  async pipeline(dispatch: Dispatch): Promise<GPUComputePipeline> {
    const { shader } = dispatch.kernel;
    if (typeof shader !== 'function') throw new Error('the element-wise kernel has no shader');
    const module = this.#gpu.createShaderModule({
      code: assembleShader(shader(dispatch), shaders),
    });
    const { messages } = await module.getCompilationInfo();
    const error = messages.find((message) => message.type === 'error');
    if (error !== undefined) throw new Error(error.message);
    // Not the asynchronous form: Node's binding of Dawn was seen to abort in it.
    return this.#gpu.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
  }
}

// ---- the digests

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

// ---- one function

type Core = Awaited<ReturnType<typeof createCore>>;

interface Tally {
  words: number;
  differing: number;
  flag: number;
  first: string;
}

function compare(
  tally: Tally,
  words: Uint32Array,
  wanted: Uint32Array,
  got: Uint32Array | undefined,
): void {
  tally.words += words.length;
  if (got === undefined) return;
  for (let i = 0; i < words.length; i += 1) {
    if (wanted[i] === got[i]) continue;
    tally.differing += 1;
    if (tally.first === '')
      tally.first = `input, reference, got: ${hex([words[i] ?? 0, wanted[i] ?? 0, got[i] ?? 0])}`;
  }
}

async function runFunction(
  name: string,
  job: FunctionsJob,
  core: Core,
  onDevice: OnDevice | undefined,
): Promise<FunctionResult> {
  const begin = performance.now();
  const tally: Tally = { words: 0, differing: 0, flag: 0, first: '' };
  const pipelines = new Map<number, GPUComputePipeline>();
  const both = async (words: Uint32Array<ArrayBuffer>) => {
    const dispatch = dispatchOf(name, words.length);
    const laid = new LaidOut(core, dispatch, [new Uint8Array(words.buffer)]);
    laid.run(0, dispatch.units);
    const wanted = new Uint32Array(laid.output(0).slice().buffer);
    laid.free();
    let got: Uint32Array | undefined;
    if (onDevice !== undefined) {
      let pipeline = pipelines.get(words.length);
      pipeline ??= await onDevice.pipeline(dispatch);
      pipelines.set(words.length, pipeline);
      const run = await onDevice.run(dispatch, pipeline, [words]);
      got = run.results;
      tally.flag |= run.flag;
    }
    compare(tally, words, wanted, got);
    return { wanted, got };
  };
  // Hard cases have words of MPFR's: the core's are compared with them, and the device's with the core's.
  const hard = job.hard[name] ?? [];
  const inputs = Uint32Array.from([...hard.filter((_, i) => i % 2 === 0), ...specialWords()]);
  const { wanted } = await both(inputs);
  const stated = Uint32Array.from(hard.filter((_, i) => i % 2 === 1));
  compare(tally, inputs.subarray(0, stated.length), stated, wanted);

  const digests: Uint8Array[][] = [[], []];
  const stride = 2 ** 32 / job.count;
  for (let start = 0; start < job.count; start += SHARD) {
    const words = new Uint32Array(Math.min(SHARD, job.count));
    // Of each stride another word, so that low bits are not all zero.
    for (let i = 0; i < words.length; i += 1)
      words[i] = (start + i) * stride + (Math.imul(start + i, 0x9e3779b1) & (stride - 1));
    const results = await both(words);
    digests[0]?.push(await sha256(new Uint8Array(results.wanted.buffer)));
    if (results.got !== undefined)
      digests[1]?.push(await sha256(new Uint8Array(results.got.slice().buffer)));
  }
  const total: string[] = [];
  for (const list of digests) {
    if (list.length > 0)
      total.push(hexOf(await sha256(Uint8Array.from(list.flatMap((digest) => [...digest])))));
  }
  return { name, ...tally, sha256: total, ms: Math.round(performance.now() - begin) };
}

/** Each pair by itself, since one that is undecided raises the flag of its dispatch. */
async function runPairs(
  pairs: readonly number[],
  core: Core,
  onDevice: OnDevice | undefined,
): Promise<FunctionResult> {
  const begin = performance.now();
  const tally: Tally = { words: 0, differing: 0, flag: 0, first: '' };
  const dispatch = dispatchOf('pow', PAIR, 2);
  const pipeline = await onDevice?.pipeline(dispatch);
  for (let i = 0; i < pairs.length; i += 3) {
    const [base, exponent, power] = pairs.slice(i, i + 3).map((word) => {
      return new Uint32Array(PAIR).fill(word);
    });
    if (base === undefined || exponent === undefined || power === undefined) break;
    const operands = [base, exponent];
    const laid = new LaidOut(
      core,
      dispatch,
      operands.map((words) => new Uint8Array(words.buffer)),
    );
    laid.run(0, dispatch.units);
    compare(tally, base, power, new Uint32Array(laid.output(0).slice().buffer));
    laid.free();
    if (onDevice === undefined || pipeline === undefined) continue;
    const { results, flag } = await onDevice.run(dispatch, pipeline, operands);
    if (flag === 0) compare(tally, base, power, results);
  }
  return { name: 'pow', ...tally, sha256: [], ms: Math.round(performance.now() - begin) };
}

export async function run(request: unknown, env: JobEnv): Promise<FunctionResult[]> {
  const job = request as FunctionsJob;
  const adapter = await env.gpu?.requestAdapter(
    env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
  );
  const gpu = await adapter?.requestDevice();
  if (env.gpu !== undefined && gpu === undefined) throw new Error('no WebGPU device on this stack');
  const core = await createCore();
  const onDevice = gpu && new OnDevice(gpu, Math.max(SHARD / 256, Math.min(SHARD, job.count)));
  const results: FunctionResult[] = [];
  for (const name of job.names ?? functionNames()) {
    const result = await runFunction(name, job, core, onDevice);
    env.log(`${name}: ${result.words} words, ${result.differing} differ, ${result.ms} ms`);
    results.push(result);
  }
  if (job.pairs.length > 0) results.push(await runPairs(job.pairs, core, onDevice));
  gpu?.destroy();
  return results;
}
