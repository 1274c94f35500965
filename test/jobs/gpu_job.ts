// The job that puts the GPU path into trouble: values that kernels cannot represent, outputs that stay on the device,
// devices that are lent, shared, destroyed or too small, runs that are stopped. Each scenario returns what was seen as
// JSON; test/stacks/gpu.test.ts says what it must be.
import { load, Tensor, type Model, type RunOptions, type RunResult } from '../../src/index.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { drawn, f32, graphOf } from '../harness/graphs.ts';
import { floats } from '../harness/prng.ts';
import { cell, cellInputs, cellWeights } from '../harness/recurrence.ts';

export interface GpuJob {
  readonly scenario: keyof typeof SCENARIOS;
  /** Path of a decoder model with a key/value cache, where there is one. */
  readonly decoder?: string;
}

/** `name: message` of what `work` rejects with, else what it gave. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    const value = await work;
    const { digest } = (value ?? {}) as { digest?: string };
    return digest ?? 'fulfilled';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

async function wordsOf(one: Tensor | undefined): Promise<string> {
  if (one === undefined) throw new Error('no such output');
  return new Uint32Array(((await one.read()) as Float32Array).slice().buffer).join();
}

async function requestDevice(env: JobEnv): Promise<GPUDevice> {
  const options = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const device = await (await env.gpu?.requestAdapter(options))?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  return device;
}

/** Counts the buffers of a device that are made and not destroyed. */
function countBuffers(device: GPUDevice): { live: () => string[]; made: () => number } {
  const live = new Map<GPUBuffer, string>();
  let made = 0;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    made += 1;
    live.set(buffer, descriptor.label ?? '');
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return { live: () => [...live.values()], made: () => made };
}

/** A GPU object that remembers the devices it gave, and may change them first. */
function watched(
  env: JobEnv,
  change: (device: GPUDevice) => void = () => undefined,
): { gpu: GPU; devices: GPUDevice[] } {
  const devices: GPUDevice[] = [];
  const requestAdapter = async (
    options: GPURequestAdapterOptions = {},
  ): Promise<GPUAdapter | null> => {
    const level = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
    const adapter = (await env.gpu?.requestAdapter({ ...options, ...level })) ?? null;
    if (adapter === null) return null;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      devices.push(device);
      change(device);
      return device;
    };
    return adapter;
  };
  return { gpu: { requestAdapter } as unknown as GPU, devices };
}

/** y = Relu(x · w) · v over any batch, nodes `first`, `relu`, `second`. */
const twoProducts = (k = 70): Uint8Array =>
  writeModel(
    graphOf(
      [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'], name: 'first' },
        { op: 'Relu', inputs: ['p'], outputs: ['r'], name: 'relu' },
        { op: 'MatMul', inputs: ['r', 'v'], outputs: ['y'], name: 'second' },
      ],
      [f32('x', 'batch', k)],
      ['y'],
      { w: drawn(1, k, 24), v: drawn(2, 24, 9) },
    ),
  );

/** The state of a recurrence and a growing cache, and one number of both. */
const recurrence = (): Uint8Array =>
  writeModel(
    graphOf(
      [...cell, { op: 'ReduceMean', inputs: ['grown'], outputs: ['y'] }],
      cellInputs,
      ['y', 'next', 'grown'],
      cellWeights,
    ),
  );

const product = (n: number): Uint8Array =>
  writeModel(
    graphOf(
      [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
      [f32('a', n, 1), f32('b', 1, n)],
      ['y'],
    ),
  );

async function used<T>(
  bytes: Uint8Array,
  options: { gpu?: GPU | undefined; device?: GPUDevice | undefined },
  work: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await load(bytes, options);
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** One run on each backend. */
async function both(
  model: Model,
  feeds: Record<string, Tensor>,
): Promise<{ same: boolean; notes: { kind: string; nodes: readonly string[] }[] }> {
  const wasm = await model.run(feeds, { backend: 'wasm' });
  const gpu = await model.run(feeds, { backend: 'webgpu' });
  return {
    same: wasm.digest === gpu.digest,
    notes: gpu.notes.map(({ kind, nodes }) => ({ kind, nodes })),
  };
}

// ---- scenarios

/** Values that kernels cannot represent, in the middle of ordinary ones. */
async function flags(env: JobEnv): Promise<unknown> {
  const device = await requestDevice(env);
  const conv = writeModel(
    graphOf(
      [
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'], name: 'conv' },
        { op: 'Relu', inputs: ['c'], outputs: ['y'], name: 'relu' },
      ],
      [f32('x', 1, 3, 7, 6)],
      ['y'],
      { w: drawn(3, 4, 3, 3, 3) },
    ),
  );
  const sum = writeModel(
    graphOf(
      [{ op: 'ReduceSum', inputs: ['x'], outputs: ['y'], name: 'sum' }],
      [f32('x', 5, 70)],
      ['y'],
    ),
  );
  const rows: unknown[] = [];
  const graphs = [
    ['MatMul', twoProducts(), [5, 70]],
    ['Conv', conv, [1, 3, 7, 6]],
    ['ReduceSum', sum, [5, 70]],
  ] as const;
  const values = [
    1,
    Infinity,
    -Infinity,
    NaN,
    2 ** 50,
    -(2 ** 49),
    2 ** 100,
    2 ** 99,
    2 ** -60,
    -0,
  ];
  for (const [name, bytes, dims] of graphs) {
    await used(bytes, { device }, async (model) => {
      for (const value of values) {
        const x = drawn(4, ...dims);
        (x.data as Float32Array)[37] = value;
        rows.push({ name, value: String(value), ...(await both(model, { x })) });
      }
    });
  }
  device.destroy();
  return rows;
}

/** A node that only the reference computes between two of the GPU, with ordinary and with special values. */
async function mixed(env: JobEnv): Promise<unknown> {
  const bytes = writeModel(
    graphOf(
      [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'], name: 'first' },
        { op: 'TopK', inputs: ['p', 'k'], outputs: ['t', 'i'], name: 'top' },
        { op: 'MatMul', inputs: ['t', 'v'], outputs: ['y'], name: 'second' },
      ],
      [f32('x', 'batch', 70)],
      ['t', 'y'],
      { w: drawn(1, 70, 24), k: new Tensor('int64', [8n], [1]), v: drawn(2, 8, 9) },
    ),
  );
  return used(bytes, { gpu: env.gpu }, async (model) => {
    const special = drawn(4, 5, 70);
    (special.data as Float32Array)[37] = Infinity;
    const x = drawn(4, 5, 70);
    const { signal } = new AbortController();
    const wasm = await model.run({ x }, { backend: 'wasm' });
    const kept = await model.run({ x }, { backend: 'webgpu', signal, keepOnDevice: ['t'] });
    const same = async (name: string): Promise<boolean> =>
      (await wordsOf(kept.outputs[name])) === (await wordsOf(wasm.outputs[name]));
    const seen = [await both(model, { x }), await both(model, { x: special })];
    return { seen, kept: [await same('t'), await same('y')] };
  });
}

/** States and caches that stay on the device, against the same steps on the reference. */
async function kept(env: JobEnv): Promise<unknown> {
  return used(recurrence(), { gpu: env.gpu }, async (model) => {
    const start = { state: drawn(6, 1, 20), cache: new Tensor('float32', [], [0, 20]) };
    let here: Record<string, Tensor> = start;
    let there: Record<string, Tensor> = start;
    const same: boolean[] = [];
    const locations = new Set<string>();
    const keepOnDevice = ['next', 'grown'];
    let last: RunResult | undefined;
    for (let step = 0; step < 6; step += 1) {
      const x = drawn(10 + step, 1, 20);
      const wasm = await model.run({ ...here, x }, { backend: 'wasm' });
      const gpu = await model.run({ ...there, x }, { backend: 'webgpu', keepOnDevice });
      const { y, next, grown } = gpu.outputs;
      if (y === undefined || next === undefined || grown === undefined)
        throw new Error('no output');
      locations.add(`${y.location} ${next.location} ${grown.location}`);
      for (const [name, one] of Object.entries({ y, next, grown })) {
        same.push((await wordsOf(one)) === (await wordsOf(wasm.outputs[name])));
      }
      if (there !== start) for (const one of Object.values(there)) one.dispose();
      here = { state: wasm.outputs['next'] ?? next, cache: wasm.outputs['grown'] ?? grown };
      there = { state: next, cache: grown };
      last = gpu;
    }
    const x = drawn(30, 1, 20);
    const reference = await model.run({ ...here, x }, { backend: 'wasm' });
    const digest = await outcome(Promise.resolve().then(() => last));
    // What lies on a device can be fed to the reference, and to a model with a device of its own.
    const fetched = await outcome(model.run({ ...there, x }, { backend: 'wasm' }));
    const moved = await used(recurrence(), { gpu: env.gpu }, (other) =>
      outcome(other.run({ ...there, x }, { backend: 'webgpu' })),
    );
    const unknown = await outcome(
      model.run({ ...there, x }, { backend: 'webgpu', keepOnDevice: ['z'] }),
    );
    // A kept output is the caller's: the next run of the same plan does not write to it.
    const y = drawn(31, 1, 20);
    const keep = { backend: 'webgpu', keepOnDevice: true } as const;
    const one = await model.run({ ...start, x }, keep);
    await model.run({ ...start, x: y }, keep);
    const own = await model.run({ ...start, x }, { backend: 'wasm' });
    const untouched = (await wordsOf(one.outputs['next'])) === (await wordsOf(own.outputs['next']));
    for (const one of Object.values(there)) one.dispose();
    return {
      untouched,
      same,
      locations: [...locations],
      digest,
      fetched: fetched === reference.digest,
      moved: moved === reference.digest,
      unknown,
      disposed: await outcome(model.run({ ...there, x }, { backend: 'webgpu' })),
    };
  });
}

/** Greedy decoding with the cache on the device, against the same on the reference. */
async function decoder(env: JobEnv, job: GpuJob): Promise<unknown> {
  if (job.decoder === undefined) throw new Error('decoder: expected a path');
  return used(await env.readFile(job.decoder), { gpu: env.gpu }, async (model) => {
    const layers = model.inputs.filter((info) => info.name.endsWith('.key')).length;
    const decode = async (options: RunOptions): Promise<{ tokens: number[]; bits: string }> => {
      const cache: Record<string, Tensor> = {};
      for (let i = 0; i < layers; i += 1) {
        for (const part of ['key', 'value']) {
          cache[`past_key_values.${i}.${part}`] = new Tensor('float32', [], [1, 4, 0, 8]);
        }
      }
      const tokens = [1];
      let bits = '';
      for (let step = 0; step < 5; step += 1) {
        const input = new Tensor('int64', [BigInt(tokens.at(-1) ?? 0)], [1, 1]);
        const { outputs } = await model.run({ input_ids: input, ...cache }, options);
        for (const [name, one] of Object.entries(outputs)) {
          if (name === 'logits') continue;
          const key = name.replace('present', 'past_key_values');
          cache[key]?.dispose();
          cache[key] = one;
        }
        const logits = outputs['logits']?.data as Float32Array;
        bits += await wordsOf(outputs['logits']);
        tokens.push(logits.indexOf(Math.max(...logits)));
      }
      for (const one of Object.values(cache)) {
        bits += await wordsOf(one);
        one.dispose();
      }
      return { tokens, bits };
    };
    const wasm = await decode({ backend: 'wasm' });
    const names = model.outputs.map((info) => info.name).filter((name) => name !== 'logits');
    const gpu = await decode({ backend: 'webgpu', keepOnDevice: names });
    return { same: wasm.bits === gpu.bits, tokens: gpu.tokens };
  });
}

/** The caller's own device, lent to two models at once. */
async function lent(env: JobEnv): Promise<unknown> {
  const device = await requestDevice(env);
  let lost = false;
  void device.lost.then(() => (lost = true));
  const own: string[] = [];
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    own.push('own error');
  });
  const x = drawn(7, 4, 70);
  const y = drawn(8, 6, 70);
  const one = await load(twoProducts(), { device });
  const two = await load(twoProducts(), { device });
  const wasm = [
    (await one.run({ x }, { backend: 'wasm' })).digest,
    (await one.run({ x: y }, { backend: 'wasm' })).digest,
  ];
  const runs = await Promise.all([
    one.run({ x }, { backend: 'webgpu' }),
    two.run({ x: y }, { backend: 'webgpu' }),
    two.run({ x }, { backend: 'webgpu' }),
    one.run({ x: y }, { backend: 'webgpu' }),
  ]);
  const same = runs.map((run, i) => run.digest === wasm[[0, 1, 0, 1][i] ?? 0]);
  // A mistake of the caller on this device is the caller's.
  device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  await device.queue.onSubmittedWorkDone();
  const afterMistake = (await outcome(two.run({ x }, { backend: 'webgpu' }))) === wasm[0];
  one.dispose();
  const afterDispose = (await outcome(two.run({ x }, { backend: 'webgpu' }))) === wasm[0];
  two.dispose();
  await device.queue.onSubmittedWorkDone();
  const stillThere = !lost;
  const three = await load(twoProducts(), { device });
  await three.run({ x }, { backend: 'webgpu' });
  device.destroy();
  await device.lost;
  const destroyed = [
    await outcome(three.run({ x }, { backend: 'webgpu' })),
    await outcome(three.run({ x: y }, { backend: 'webgpu' })),
  ];
  const reference = (await outcome(three.run({ x }, { backend: 'wasm' }))) === wasm[0];
  three.dispose();
  return { same, own, afterMistake, afterDispose, stillThere, destroyed, reference };
}

/** A device that is destroyed before and during runs: the run rejects, the next one takes a new device. */
async function destroyed(env: JobEnv): Promise<unknown> {
  const { gpu, devices } = watched(env);
  return used(twoProducts(), { gpu }, async (model) => {
    const x = drawn(7, 4, 70);
    const wasm = await model.run({ x }, { backend: 'wasm' });
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      const got = await outcome(model.run({ x }, { backend: 'webgpu' }));
      seen.push(got === wasm.digest ? 'same' : got);
    };
    await run();
    const kept = await model.run({ x }, { backend: 'webgpu', keepOnDevice: true });
    devices[0]?.destroy(); // between two runs
    await devices[0]?.lost;
    const read = await outcome(kept.outputs['y']?.read() ?? Promise.resolve());
    kept.outputs['y']?.dispose();
    await run();
    const submit = devices[1]?.queue.submit.bind(devices[1].queue);
    if (devices[1] !== undefined) {
      devices[1].queue.submit = (buffers) => {
        devices[1]?.destroy(); // in the middle of one
        return submit?.(buffers);
      };
    }
    await run();
    await run();
    return { seen, read, devices: devices.length };
  });
}

/** What `auto` takes and says: here, where there is no adapter, and where an adapter claims to be a graphics card. */
async function auto(env: JobEnv): Promise<unknown> {
  const x = drawn(7, 4, 70);
  const took = async (model: Model): Promise<string> => {
    const { backend, notes } = await model.run({ x });
    return `${backend}: ${notes.map(({ message }) => message).join(' ')}`;
  };
  const none = { requestAdapter: async () => null } as unknown as GPU;
  const card = watched(env);
  const claiming = {
    requestAdapter: async (options: GPURequestAdapterOptions) => {
      const adapter = await card.gpu.requestAdapter(options);
      const info = { vendor: 'acme', architecture: 'card', device: '', description: '' };
      if (adapter !== null) Object.defineProperty(adapter, 'info', { value: info });
      return adapter;
    },
  } as unknown as GPU;
  return {
    here: await used(twoProducts(), { gpu: env.gpu }, took),
    none: await used(twoProducts(), { gpu: none }, took),
    card: await used(twoProducts(), { gpu: claiming }, async (model) => {
      const first = await took(model);
      card.devices[0]?.destroy();
      await card.devices[0]?.lost;
      return [first, await took(model), card.devices.length];
    }),
  };
}

/** A signal before a run, and in the middle of one of many dispatches. */
async function stopped(env: JobEnv): Promise<unknown> {
  const n = 120;
  const nodes = Array.from({ length: n }, (_, i) => ({
    op: 'MatMul',
    inputs: [i === 0 ? 'x' : `m${i - 1}`, 'w'],
    outputs: [`m${i}`],
  }));
  const bytes = writeModel(
    graphOf(nodes, [f32('x', 64, 64)], [`m${n - 1}`], {
      w: new Tensor(
        'float32',
        floats(9, 64 * 64).map((value) => value / 16),
        [64, 64],
      ),
    }),
  );
  return used(bytes, { gpu: env.gpu }, async (model) => {
    const x = drawn(7, 64, 64);
    const wasm = await model.run({ x }, { backend: 'wasm' });
    const whole = await model.run({ x }, { backend: 'webgpu' });
    const reason = new Error('enough');
    const before = await outcome(
      model.run({ x }, { backend: 'webgpu', signal: AbortSignal.abort(reason) }),
    );
    const controller = new AbortController();
    const run = outcome(model.run({ x }, { backend: 'webgpu', signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 1);
    const during = await run;
    const { signal } = new AbortController();
    const after = await model.run({ x }, { backend: 'webgpu', signal });
    return {
      before,
      during,
      same: [whole.digest === wasm.digest, after.digest === wasm.digest],
      notes: after.notes.length,
    };
  });
}

/** Bindings and buffers beyond what the device gives. */
async function tooLarge(env: JobEnv): Promise<unknown> {
  // A device whose bindings hold 1 KiB: values beyond it go to the reference, which says so.
  const small = await requestDevice(env);
  const {
    minUniformBufferOffsetAlignment,
    maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupsPerDimension,
  } = small.limits;
  const limits = {
    minUniformBufferOffsetAlignment,
    maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupsPerDimension,
    maxStorageBufferBindingSize: 1024,
    maxBufferSize: small.limits.maxBufferSize,
  };
  Object.defineProperty(small, 'limits', { value: limits });
  const createBindGroup = small.createBindGroup.bind(small);
  const bound: number[] = [];
  small.createBindGroup = (descriptor) => {
    for (const { resource } of descriptor.entries) {
      // The gate's buffers are not the model's.
      if ('buffer' in resource && !resource.buffer.label.startsWith('gate'))
        bound.push(resource.size ?? resource.buffer.size);
    }
    return createBindGroup(descriptor);
  };
  // x has 1200 bytes; y has 700 and may lie where x was.
  const softmax = writeModel(
    graphOf(
      [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'], name: 'first' },
        { op: 'Softmax', inputs: ['p'], outputs: ['y'] },
      ],
      [f32('x', 5, 60)],
      ['y'],
      { w: drawn(1, 60, 35) },
    ),
  );
  const binding = await used(softmax, { device: small }, (model) =>
    both(model, { x: drawn(7, 5, 60) }),
  );
  small.destroy();
  // A product of 324 MB, more than a buffer holds by default.
  const device = await requestDevice(env);
  const counted = countBuffers(device);
  const buffer = await used(product(9000), { device }, (model) =>
    outcome(model.run({ a: drawn(1, 9000, 1), b: drawn(2, 1, 9000) }, { backend: 'webgpu' })),
  );
  await device.queue.onSubmittedWorkDone();
  const next = await used(product(40), { device }, (model) =>
    both(model, { a: drawn(1, 40, 1), b: drawn(2, 1, 40) }),
  );
  const leaked = counted.live();
  device.destroy();
  return { binding, largest: Math.max(...bound), buffer, next, leaked };
}

/** Errors in the middle of runs: no result, no leftover, and the next run works. */
async function broken(env: JobEnv): Promise<unknown> {
  const device = await requestDevice(env);
  const counted = countBuffers(device);
  const seen: string[] = [];
  await used(twoProducts(), { device }, async (model) => {
    const x = drawn(7, 4, 70);
    const wasm = await model.run({ x }, { backend: 'wasm' });
    const run = async (): Promise<void> => {
      const got = await outcome(model.run({ x }, { backend: 'webgpu' }));
      seen.push(got === wasm.digest ? 'same' : got.replace(/:.*/s, ''));
    };
    // A command buffer that copies beyond the end of a buffer: the submission is invalid.
    const { queue } = device;
    const submit = queue.submit.bind(queue);
    const invalid = (): void => {
      queue.submit = (buffers) => {
        queue.submit = submit;
        const tiny = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC });
        tiny.destroy();
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(tiny, 0, tiny, 0, 64);
        return submit([...buffers, encoder.finish()]);
      };
    };
    await run();
    invalid();
    await run();
    await run();
    // A shader that does not compile.
    const createShaderModule = device.createShaderModule.bind(device);
    device.createShaderModule = () => createShaderModule({ code: 'no shader' });
    const other = { x: drawn(8, 40, 70) };
    seen.push((await outcome(model.run(other, { backend: 'webgpu' }))).replace(/:.*/s, ''));
    device.createShaderModule = createShaderModule;
    await run();
    seen.push(String((await both(model, other)).same));
  });
  await device.queue.onSubmittedWorkDone();
  const leaked = counted.live();
  device.destroy();
  return { seen, leaked, made: counted.made() > 0 };
}

/** Buffers after many shapes (a table of constants belongs to each), kept outputs, recomputed nodes, and dispose. */
async function buffers(env: JobEnv): Promise<unknown> {
  const device = await requestDevice(env);
  const counted = countBuffers(device);
  const conv = writeModel(
    graphOf(
      [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] }],
      [f32('x', 1, 3, 7, 'width')],
      ['y'],
      { w: drawn(3, 4, 3, 3, 3) },
    ),
  );
  const model = await load(conv, { device });
  const counts: number[] = [];
  for (let run = 1; run <= 24; run += 1) {
    const x = drawn(run, 1, 3, 7, 4 + run);
    if (run % 5 === 0) (x.data as Float32Array)[3] = Infinity;
    const { outputs } = await model.run({ x }, { backend: 'webgpu', keepOnDevice: run % 2 === 0 });
    outputs['y']?.dispose();
    counts.push(counted.live().length);
  }
  const kept = await model.run(
    { x: drawn(1, 1, 3, 7, 5) },
    { backend: 'webgpu', keepOnDevice: true },
  );
  model.dispose();
  await outcome(model.run({ x: drawn(1, 1, 3, 7, 5) }));
  await device.queue.onSubmittedWorkDone();
  const afterDispose = counted.live();
  // On a device that is not the model's, a kept output outlives the model.
  const readable = (await wordsOf(kept.outputs['y'])).length > 0;
  kept.outputs['y']?.dispose();
  const leaked = counted.live();
  device.destroy();
  return {
    most: Math.max(...counts.slice(12)),
    first: Math.max(...counts.slice(0, 12)),
    afterDispose,
    readable,
    leaked,
  };
}

const SCENARIOS = {
  flags,
  mixed,
  kept,
  decoder,
  lent,
  destroyed,
  auto,
  stopped,
  tooLarge,
  broken,
  buffers,
} as const;

export async function run(request: unknown, env: JobEnv): Promise<unknown> {
  const job = request as GpuJob;
  return SCENARIOS[job.scenario](env, job);
}
