// The core of a disposed model serves the next one: no other is made, nothing stays handed out in it, bits are the same; and
// what may not serve again does not: a core in which a kernel trapped, one with a user's kernel, with threads, with a limit.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { createCore, type Core } from '../../src/backends/wasm/core.ts';
import { keepSpare, takeSpare } from '../../src/backends/wasm/spare.ts';
import { load, Tensor } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { floats } from '../harness/prng.ts';

const N = 1 << 14;

/** y = x + c, with a constant large enough to lie in the core. */
function sumModel(seed: number): Uint8Array {
  const graph: Graph = {
    ...{ name: 'sum', valueInfo: new Map(), opsets: new Map([['', 17]]) },
    nodes: [
      {
        ...{ index: 0, name: 'add', domain: '', opType: 'Add' },
        ...{ inputs: ['x', 'c'], outputs: ['y'], attributes: new Map() },
      },
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: [N] }],
    outputs: [{ name: 'y' }],
    initializers: new Map([['c', new Tensor('float32', floats(seed, N), [N])]]),
  };
  return writeModel(graph);
}

const x = new Tensor('float32', floats(7, N), [N]);

async function digestOf(bytes: Uint8Array): Promise<string> {
  const model = await load(bytes, { threads: 1 });
  const { digest } = await model.run({ x }, { backend: 'wasm' });
  model.dispose();
  // What dispose() queues comes after what runs, and before anything that is awaited twice.
  await new Promise((resolve) => setTimeout(resolve));
  return digest;
}

/** How many cores are made from here on. */
function countInstances(): () => number {
  const { Instance } = WebAssembly;
  let cores = 0;
  vi.spyOn(WebAssembly, 'Instance').mockImplementation(function made(module, imports) {
    const instance = new Instance(module, imports);
    if (instance.exports['run_commands'] !== undefined) cores += 1;
    return instance;
  });
  return () => cores;
}

async function coreOf(options: Parameters<typeof WasmBackend.create>[0] = {}): Promise<boolean> {
  const backend = await WasmBackend.create(options);
  backend.dispose();
  return takeSpare() !== undefined;
}

let references = 0;
/** A reference that no garbage collection ends, and that is counted. */
class StrongRef<T> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
    references += 1;
  }
  deref(): T {
    return this.#value;
  }
}

describe('the core of a disposed model', () => {
  beforeEach(() => {
    takeSpare();
    vi.stubGlobal('WeakRef', StrongRef);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    takeSpare();
  });

  test('serves the next model, with the same bits', async () => {
    const [one, two] = [sumModel(1), sumModel(2)];
    const alone: string[] = [];
    for (const bytes of [one, two]) {
      alone.push(await digestOf(bytes));
      takeSpare();
    }
    const cores = countInstances();
    expect([await digestOf(one), await digestOf(two), await digestOf(one)]).toEqual([
      ...alone,
      alone[0],
    ]);
    expect(cores()).toBe(1);
  });

  test('is one model’s at a time', async () => {
    const bytes = sumModel(1);
    await digestOf(bytes);
    const cores = countInstances();
    const models = [await load(bytes, { threads: 1 }), await load(bytes, { threads: 1 })];
    expect(cores()).toBe(1);
    const results = models.map((model) => model.run({ x }, { backend: 'wasm' }));
    const [a, b] = await Promise.all(results);
    expect(a?.digest).toBe(b?.digest);
    for (const model of models) model.dispose();
  });

  test('has nothing handed out but its modules’ data', async () => {
    const core = await createCore();
    const data = core.heap.inUse;
    core.heap.allocate(1000);
    core.heap.allocate(5);
    expect(core.vacate()).toBe(true);
    expect(core.heap.inUse).toBe(data);
  });

  test('disposing twice hands it on once', async () => {
    const backend = await WasmBackend.create();
    backend.dispose();
    expect(takeSpare()).toBeDefined();
    backend.dispose();
    expect(takeSpare()).toBeUndefined();
  });

  test('is not kept where a kernel trapped in it', async () => {
    const core = await createCore();
    const { byteLength } = core.heap.memory.buffer;
    expect(() => core.runCommands(byteLength, 1, byteLength, 0, 0)).toThrow(
      WebAssembly.RuntimeError,
    );
    keepSpare(core);
    expect(takeSpare()).toBeUndefined();
  });

  test('is not kept where it is large', async () => {
    const core = await createCore();
    const kept = (one: Core): boolean => {
      keepSpare(one);
      return takeSpare() !== undefined;
    };
    expect(kept(core)).toBe(true);
    core.heap.memory.grow(1024);
    expect(kept(core)).toBe(false);
  });

  test('is not kept with threads or with a limit of memory', async () => {
    expect(await coreOf()).toBe(true);
    expect(await coreOf({ limit: 16 << 20 })).toBe(false);
    expect(await coreOf({ threads: 2 })).toBe(false);
  });

  test('in one turn many are kept weakly but once, and the last one is it', async () => {
    references = 0;
    const [first, last] = [await createCore(), await createCore()];
    for (let i = 0; i < 20; i += 1) {
      await Promise.resolve();
      keepSpare(first);
    }
    keepSpare(last);
    expect(references).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(references).toBe(1);
    expect(takeSpare()).toBe(last);
    expect(takeSpare()).toBeUndefined();
  });
});
