// Outputs that stay in the core's memory (keepOnDevice on WASM): the same words as those in arrays, fed back or elsewhere; what is
// fed is never written, what is disposed of is free again, and what is held outlives its model.
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Heap } from '../../src/backends/wasm/heap.ts';
import { CoreStorage } from '../../src/backends/wasm/storage.ts';
import { load, Tensor, type Model, type RunOptions } from '../../src/index.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { Session } from '../../src/session.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { floats } from '../harness/prng.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const WIDTH = 20;
const tensor = (seed: number, ...dims: number[]): Tensor =>
  new Tensor(
    'float32',
    floats(
      seed,
      dims.reduce((n, dim) => n * dim, 1),
    ),
    dims,
  );

/** A recurrence with a growing cache, and outputs that are another's, a feed, and a constant. */
const recurrence = graphOf(
  [
    { op: 'MatMul', inputs: ['state', 'w'], outputs: ['sw'] },
    { op: 'Add', inputs: ['sw', 'x'], outputs: ['sx'] },
    { op: 'Tanh', inputs: ['sx'], outputs: ['next'] },
    {
      ...{ op: 'Concat', inputs: ['cache', 'next'], outputs: ['grown'] },
      attributes: { axis: { type: 'int', value: 0 } },
    },
    { op: 'Identity', inputs: ['grown'], outputs: ['again'] },
    { op: 'Identity', inputs: ['state'], outputs: ['before'] },
    { op: 'Identity', inputs: ['w'], outputs: ['weights'] },
  ],
  [f32('x', 1, WIDTH), f32('state', 1, WIDTH), f32('cache', 'past', WIDTH)],
  ['next', 'grown', 'again', 'before', 'weights'],
  { w: tensor(5, WIDTH, WIDTH) },
);
const bytes = writeModel(recurrence);
const start = (): Record<string, Tensor> => ({
  x: tensor(1, 1, WIDTH),
  state: tensor(2, 1, WIDTH),
  cache: tensor(3, 4, WIDTH),
});
const WASM = { backend: 'wasm' } as const;
const KEEP = { ...WASM, keepOnDevice: true } as const;

async function wordsOf(one: Tensor | undefined): Promise<string> {
  const data = await one?.read();
  if (!(data instanceof Float32Array)) throw new Error('expected floats');
  return new Uint32Array(data.slice().buffer).join();
}

async function allWords(
  outputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, string>> {
  const words: Record<string, string> = {};
  for (const [name, one] of Object.entries(outputs)) words[name] = await wordsOf(one);
  return words;
}

async function using<T>(work: (model: Model) => Promise<T>, threads = 1): Promise<T> {
  const model = await load(bytes, { threads });
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** Six steps, each fed what the one before gave. */
async function steps(model: Model, options: RunOptions): Promise<string[]> {
  let feeds = start();
  const seen: string[] = [];
  for (let step = 0; step < 6; step += 1) {
    const { outputs } = await model.run(feeds, options);
    seen.push(JSON.stringify(await allWords(outputs)));
    const { next, grown, again, before } = outputs;
    if (next === undefined || grown === undefined) throw new Error('no output');
    for (const one of [again, before]) one?.dispose();
    if (step > 0) for (const name of ['state', 'cache']) feeds[name]?.dispose();
    feeds = { x: tensor(10 + step, 1, WIDTH), state: next, cache: grown };
  }
  for (const name of ['state', 'cache']) feeds[name]?.dispose();
  return seen;
}

describe.each([1, 2])('%i threads', (threads) => {
  test('fed back, the words are those of arrays', async () => {
    const seen = await using(async (model) => {
      const arrays = await steps(model, WASM);
      return [
        arrays,
        await steps(model, KEEP),
        await steps(model, { ...KEEP, keepOnDevice: ['grown'] }),
      ];
    }, threads);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });
});

test('they lie in the core, where data cannot be read at once; constants and what is not kept in arrays', async () => {
  await using(async (model) => {
    const { outputs } = await model.run(start(), KEEP);
    const where = Object.entries(outputs).map(([name, { location }]) => `${name} ${location}`);
    expect(where).toEqual(['next wasm', 'grown wasm', 'again wasm', 'before wasm', 'weights cpu']);
    expect(() => outputs['next']?.data).toThrow(
      'expected location cpu, got wasm. Use await tensor.read()',
    );
    const some = await model.run(start(), { ...WASM, keepOnDevice: ['next'] });
    expect([some.outputs['next']?.location, some.outputs['grown']?.location]).toEqual([
      'wasm',
      'cpu',
    ]);
  });
});

test('a kept output is the caller’s: no later run writes to it, and no output shares it', async () => {
  await using(async (model) => {
    const feeds = start();
    const wanted = await allWords((await model.run(feeds, WASM)).outputs);
    const { outputs } = await model.run(feeds, KEEP);
    await model.run({ ...feeds, x: tensor(9, 1, WIDTH) }, KEEP);
    await model.run({ ...feeds, x: tensor(9, 1, WIDTH) }, WASM);
    outputs['again']?.dispose();
    await model.run({ ...feeds, x: tensor(8, 1, WIDTH), cache: tensor(3, 40, WIDTH) }, KEEP);
    const { again: _, ...others } = outputs;
    const { again: __, ...rest } = wanted;
    expect(await allWords(others)).toEqual(rest);
  });
});

test('what is fed is not written, and stays when an output of its bytes goes', async () => {
  await using(async (model) => {
    const { outputs } = await model.run(start(), KEEP);
    const { next: state } = outputs;
    if (state === undefined) throw new Error('no output');
    const words = await wordsOf(state);
    const second = await model.run({ ...start(), state }, KEEP);
    expect(await wordsOf(second.outputs['before'])).toBe(words);
    second.outputs['before']?.dispose();
    await model.run({ ...start(), state: tensor(7, 1, WIDTH) }, KEEP);
    expect(await wordsOf(state)).toBe(words);
  });
});

test('another model takes them, and they outlive their own', async () => {
  const kept = await using(async (model) => (await model.run(start(), KEEP)).outputs);
  await new Promise((resolve) => setTimeout(resolve));
  const { next, grown } = kept;
  if (next === undefined || grown === undefined) throw new Error('no output');
  const wanted = await using(async (model) => {
    const { outputs } = await model.run(start(), WASM);
    const { next: state, grown: cache } = outputs;
    if (state === undefined || cache === undefined) throw new Error('no output');
    expect(await wordsOf(next)).toBe(await wordsOf(state));
    const fed = await model.run({ ...start(), state, cache }, WASM);
    expect((await model.run({ ...start(), state: next, cache: grown }, WASM)).digest).toBe(
      fed.digest,
    );
    return [await wordsOf(state), await wordsOf(cache)];
  });
  expect([await wordsOf(next), await wordsOf(grown)]).toEqual(wanted);
});

describe('memory', () => {
  const measured = async (work: (session: Session) => Promise<void>): Promise<number[]> => {
    const session = await Session.create(recurrence, {});
    const outputs = (await session.run(start(), KEEP)).outputs;
    for (const one of Object.values(outputs)) one.dispose();
    const before = session.memoryInUse;
    await work(session);
    const after = session.memoryInUse;
    session.dispose();
    return [before, after];
  };

  test('is free when they are disposed of, once', async () => {
    const [before, after] = await measured(async (session) => {
      const { outputs } = await session.run(start(), KEEP);
      expect(session.memoryInUse).toBeGreaterThan(4 * 64);
      for (const one of Object.values(outputs)) {
        const { storage } = one;
        one.dispose();
        storage?.dispose();
      }
    });
    expect(after).toBe(before);
  });

  test('of one that a run reads is free when the run is over', () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1 }), 64);
    const storage = new CoreStorage(heap, 1000);
    const held = heap.inUse;
    storage.retain();
    storage.dispose();
    storage.dispose();
    expect([heap.inUse, heap.lent]).toEqual([held, 1]);
    storage.release();
    expect([heap.inUse, heap.lent]).toEqual([0, 0]);
  });

  test('of what was fed is free when that and its outputs are disposed of', async () => {
    const feeds = start();
    const [before, after] = await measured(async (session) => {
      const first = await session.run(feeds, KEEP);
      const { next: state } = first.outputs;
      if (state === undefined) throw new Error('no output');
      const second = await session.run({ ...feeds, state }, KEEP);
      for (const { outputs } of [first, second])
        for (const one of Object.values(outputs)) one.dispose();
    });
    expect(after).toBe(before);
  });

  test('is free where a run fails', async () => {
    const backend = await WasmBackend.create();
    const checked = await registry.check(recurrence);
    const types = new Map(
      Object.entries(start()).map(([name, { dtype, dims }]) => [name, { dtype, dims }]),
    );
    const outputs = recurrence.outputs.map(({ name }) => name);
    const plan = planGraph(checked, new ConstantStore(), backend, types, {
      ...{ target: 'wasm', outputs, fuse: true },
    });
    const executable = backend.prepare(plan);
    const keepOnDevice = new Set(outputs);
    const { outputs: all } = await executable.run(new Map(Object.entries(start())), {
      keepOnDevice,
    });
    for (const one of all.values()) one.dispose();
    const before = backend.memoryInUse;
    const { x: _, ...some } = start();
    await expect(executable.run(new Map(Object.entries(some)), { keepOnDevice })).rejects.toThrow(
      "feed 'x' is missing",
    );
    expect(backend.memoryInUse).toBe(before);
  });

  test('is free after a run that was stopped', async () => {
    const [before, after] = await measured(async (session) => {
      const controller = new AbortController();
      const run = session.run(start(), { ...KEEP, signal: controller.signal });
      controller.abort();
      await expect(run).rejects.toThrow('aborted');
    });
    expect(after).toBe(before);
  });

  test('that was disposed of is not fed', async () => {
    await measured(async (session) => {
      const { outputs } = await session.run(start(), KEEP);
      for (const one of Object.values(outputs)) one.dispose();
      const state = outputs['next'];
      if (state === undefined) throw new Error('no output');
      await expect(session.run({ ...start(), state }, WASM)).rejects.toThrow(
        'used after dispose()',
      );
    });
  });
});
