// Threads of the reference: any number gives the same bits, in plans that are worth it and in commands of one unit; memory
// that grows is seen by helpers that wait; where memory cannot be shared, a run says so. Not here: other engines
// (test/stacks/threads.test.ts).
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { STACK_BYTES } from '../../src/backends/wasm/team.ts';
import { load, Tensor, type Model, type RunResult } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { outputsOf } from '../../src/outputs.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { runPlanned } from '../harness/planned.ts';
import { floats } from '../harness/prng.ts';

const N = 192;

/** y = Softmax(x·w) for any number of rows. */
function graph(): Graph {
  const node = (index: number, opType: string, inputs: string[], outputs: string[]) => ({
    ...{ index, name: `${opType}_${index}`, domain: '', opType, inputs, outputs },
    attributes: new Map(),
  });
  return {
    name: 'threads',
    nodes: [
      node(0, 'MatMul', ['x', 'w'], ['p']),
      node(1, 'Tanh', ['p'], ['t']),
      node(2, 'Softmax', ['t'], ['y']),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', N] }],
    outputs: [{ name: 'y', dtype: 'float32' }],
    initializers: new Map([['w', new Tensor('float32', floats(1, N * N), [N, N])]]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}

const rows = (n: number): Record<string, Tensor> => ({
  x: new Tensor('float32', floats(n, n * N), [n, N]),
});

/** Runs until as many take part: they come by themselves. */
async function untilThreads(model: Model, threads: number): Promise<RunResult> {
  for (let i = 0; i < 1000; i += 1) {
    const result = await model.run(rows(N), { backend: 'wasm' });
    if (result.threads === threads) return result;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`there were never ${threads} threads`);
}

/** WebAssembly's members, which are not enumerable. */
const namespaceOf = (object: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { value }]) => [
      name,
      value as unknown,
    ]),
  );

afterEach(() => vi.unstubAllGlobals());

describe('threads', () => {
  test('of any number give the same bits, whole and in slices', async () => {
    const bytes = writeModel(graph());
    const digests = new Set<string>();
    for (const threads of [1, 2, 5]) {
      const model = await load(bytes, { threads });
      await untilThreads(model, threads);
      for (let i = 0; i < 5; i += 1) {
        digests.add((await model.run(rows(N), { backend: 'wasm' })).digest);
        const { signal } = new AbortController();
        digests.add((await model.run(rows(N), { backend: 'wasm', signal })).digest);
      }
      model.dispose();
    }
    expect(digests.size).toBe(1);
  });

  test('see memory that has grown since they started', async () => {
    const bytes = writeModel(graph());
    const [one, three] = [await load(bytes, { threads: 1 }), await load(bytes, { threads: 3 })];
    await untilThreads(three, 3);
    for (const n of [3 * N, 50 * N, 51 * N]) {
      const expected = await one.run(rows(n), { backend: 'wasm' });
      const got = await three.run(rows(n), { backend: 'wasm' });
      expect(got.digest, String(n)).toBe(expected.digest);
    }
    one.dispose();
    three.dispose();
  });

  test('that are let into everything compute each unit once', async () => {
    const outputs = async (threads: number): Promise<string> => {
      const core = await WasmBackend.create({ threads, costs: { start: 0, command: 0 } });
      const run = async (n: number): Promise<string> => {
        const options = { target: 'wasm', fuse: true } as const;
        const values = await runPlanned(graph(), rows(n), options, core);
        return outputsOf(Object.fromEntries(values)).digest;
      };
      for (let i = 0; i < 1000 && core.threads < threads; i += 1) {
        await run(1);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(core.threads).toBe(threads);
      const digests: string[] = [];
      for (let n = 1; n < 40; n += 1) digests.push(await run(n));
      core.dispose();
      return digests.join();
    };
    expect(await outputs(4)).toBe(await outputs(1));
  });

  test('a small model starts none', async () => {
    const model = await load(writeModel(graph()), { threads: 3 });
    for (let i = 0; i < 20; i += 1) {
      const result = await model.run(rows(1), { backend: 'wasm' });
      expect(result.threads).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    model.dispose();
  });

  test('have what memory can be reserved, and say so', async () => {
    const { Memory } = WebAssembly;
    const most = 1 << 14;
    const scarce = function memory(descriptor: WebAssembly.MemoryDescriptor): WebAssembly.Memory {
      if ((descriptor.maximum ?? 0) > most) throw new RangeError('no room');
      return new Memory(descriptor);
    };
    vi.stubGlobal('WebAssembly', { ...namespaceOf(WebAssembly), Memory: scarce });
    const core = await WasmBackend.create({ threads: 2 });
    expect(core.memoryLimit).toBe(most << 16);
    core.dispose();
  });

  test('have stacks of the size that the core is linked for', () => {
    const script = readFileSync(new URL('../../scripts/build_wasm.sh', import.meta.url), 'utf8');
    expect(script).toContain(`-sTOTAL_STACK=${STACK_BYTES / 1024}KB`);
  });

  test('where memory cannot be shared there is one, and a note', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const bytes = writeModel(graph());
    const asked = await load(bytes, { threads: 2 });
    const result = await asked.run(rows(2), { backend: 'wasm' });
    expect(result.threads).toBe(1);
    expect(result.notes.map(({ kind }) => kind)).toEqual(['threads']);
    expect(result.notes[0]?.message).toContain('expected up to 2, got 1');
    asked.dispose();
    const silent = await load(bytes);
    expect((await silent.run(rows(2), { backend: 'wasm' })).notes).toEqual([]);
    silent.dispose();
  });

  test.each([0, 65, 1.5, Number.NaN])('%s is no number of threads', async (threads) => {
    await expect(load(writeModel(graph()), { threads })).rejects.toThrow(RangeError);
  });
});
