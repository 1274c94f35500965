// The memory of outputs that stay in the core's (keepOnDevice on WASM): what is disposed of is free again, also where a run
// fails or is stopped, and stays while a run reads it. Not here: their words (kept.test.ts).
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Heap } from '../../src/backends/wasm/heap.ts';
import { CoreStorage } from '../../src/backends/wasm/storage.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { Tensor } from '../../src/index.ts';
import { registry } from '../../src/registry.ts';
import { Session } from '../../src/session.ts';
import { drawn, f32, graphOf } from '../harness/graphs.ts';
import { KEEP, recurrence, start, WASM, wordsOf } from '../harness/recurrence.ts';

/** A turn of the event loop, in which a run with a signal that is on its way stands still. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const controller = (): { signal: AbortSignal; abort: () => void } => {
  const one = new AbortController();
  return { signal: one.signal, abort: () => one.abort() };
};

/** Products that take some turns, and are worth a thread. */
async function ofProducts(
  work: (session: Session, feeds: Record<string, Tensor>) => Promise<void>,
  threads = 1,
): Promise<void> {
  const n = 400;
  const product = (from: string, to: string): Parameters<typeof graphOf>[0][number] => ({
    ...{ op: 'MatMul', inputs: [from, 'w'], outputs: [to] },
  });
  const graph = graphOf(
    [product('state', 'a'), product('a', 'b'), product('b', 'c'), product('c', 'y')],
    [f32('state', n, n)],
    ['y'],
    { w: drawn(5, n, n) },
  );
  const session = await Session.create(graph, { threads });
  try {
    const feeds = { state: drawn(6, n, n) };
    // The plan, and the threads, are there from now on.
    await session.run(feeds, WASM);
    await work(session, feeds);
  } finally {
    session.dispose();
  }
}

test('products on two threads, fed back and moved', async () => {
  await ofProducts(async (session, feeds) => {
    let [array, kept] = [feeds['state'], feeds['state']];
    for (let step = 0; step < 4; step += 1) {
      if (array === undefined || kept === undefined) throw new Error('no output');
      array = (await session.run({ state: array }, WASM)).outputs['y'];
      const before = kept;
      kept = (await session.run({ state: kept }, KEEP)).outputs['y'];
      before.dispose();
      expect(await wordsOf(kept)).toBe(await wordsOf(array));
    }
  }, 2);
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

  test('is free after a run that was stopped on its way', async () => {
    await ofProducts(async (session, feeds) => {
      const before = session.memoryInUse;
      const { signal, abort } = controller();
      const run = session.run(feeds, { ...KEEP, signal });
      await turn();
      abort();
      await expect(run).rejects.toThrow('aborted');
      expect(session.memoryInUse).toBe(before);
    });
  });

  test('of what a run reads stays until that is over', async () => {
    await ofProducts(async (session, feeds) => {
      const before = session.memoryInUse;
      const first = await session.run(feeds, KEEP);
      const { y: state } = first.outputs;
      if (state === undefined) throw new Error('no output');
      const array = new Tensor('float32', await state.read(), state.dims);
      const { digest } = await session.run({ state: array }, WASM);
      const run = session.run({ state }, { ...WASM, signal: controller().signal });
      await turn();
      state.dispose();
      expect(session.memoryInUse).toBeGreaterThan(before);
      expect((await run).digest).toBe(digest);
      expect(session.memoryInUse).toBe(before);
    });
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
