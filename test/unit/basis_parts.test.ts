// What plans that are made of the one before are made with: values created again, constants held again, places of values that grow.
import { expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { HostConstant, type Constant } from '../../src/core/constant.ts';
import type { DType } from '../../src/core/dtype.ts';
import type { Value } from '../../src/core/value.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { arrange, type Arrangement } from '../../src/graph/memory.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { Values } from '../../src/graph/values.ts';
import { registry } from '../../src/registry.ts';
import { Session } from '../../src/session.ts';
import { decoder, held } from '../harness/growing_caches.ts';
import { drawn, f32, graphOf } from '../harness/graphs.ts';
import { meetsNone } from '../harness/plans_in_turn.ts';

await registry.load();
const core = await WasmBackend.create();

test('what is created again is the value that was there, if it is like it', () => {
  const values = new Values();
  const scale = values.create('float32', [], '');
  const first = values.create('float32', [2, 3], 'x');
  first.canonical = true;
  values.setRoot(first, scale);
  values.setConstant(scale, new HostConstant('float32', new Uint8Array(4)));
  const again = (dtype: DType, dims: number[], name: string): Value => {
    const next = new Values(values);
    next.moveTo(first.id);
    const value = next.create(dtype, dims, name);
    expect(value).toMatchObject({ id: first.id, dtype, dims, name, canonical: false });
    expect(next.root(value), 'of nothing').toBe(value);
    expect(next.constant(scale)).toBe(values.constant(scale));
    return value;
  };
  expect(again('float32', [2, 3], 'x')).toBe(first);
  expect(values.root(first), 'as it was').toBe(scale);
  expect(again('int32', [2, 3], 'x')).not.toBe(first);
  expect(again('float32', [3, 2], 'x')).not.toBe(first);
  expect(again('float32', [2, 3], 'y')).not.toBe(first);
  first.halves = scale;
  expect(again('float32', [2, 3], 'x')).not.toBe(first);
  delete first.halves;
  first.quantised = { value: scale, scale, zeroPoint: undefined, axis: undefined };
  expect(again('float32', [2, 3], 'x')).not.toBe(first);
});

test('what a plan holds for a node is held again while some plan has it', () => {
  const released: string[] = [];
  const constantOf = (name: string): Constant => ({
    dtype: 'uint8',
    byteLength: 1,
    bytes: () => new Uint8Array(1),
    release: () => void released.push(name),
  });
  const store = new ConstantStore();
  const [first, second, third] = [store.holdings(), store.holdings(), store.holdings()];
  const made = first.hold('key', () => [constantOf('one')]);
  expect(second.holdAgain('key', made)).toBe(true);
  expect(second.holdAgain('key', [constantOf('other')])).toBe(false);
  first.release();
  expect(released).toEqual([]);
  second.release();
  expect(released).toEqual(['one']);
  expect(third.holdAgain('key', made), 'it is gone').toBe(false);
  const again = third.hold('key', () => [constantOf('two')]);
  expect(again).not.toBe(made);
  expect(third.holdAgain('key', made), 'it is another').toBe(false);
});

test('values that grow lie where they lay until they do not fit, and have a little room then', () => {
  const checked = decoder();
  const store = new ConstantStore();
  const outputs = checked.graph.outputs.map(({ name }) => name);
  const plans: Plan[] = [];
  const arranged: Arrangement[] = [];
  for (const rows of [100, 101, 102, 103, 104, 105, 106, 107, 60, 300]) {
    const feeds = held(rows);
    const plan = planGraph(checked, store, core, feeds, { target: 'wasm', outputs, fuse: true });
    const own = arrange(plan, 64, arranged.at(-1));
    expect(meetsNone(plan, own), `${rows}`).toBe(true);
    expect(own.bytes).toBeLessThan(1.07 * arrange(plan, 64).bytes + 4096);
    plans.push(plan);
    arranged.push(own);
  }
  expect(new Set(arranged.slice(2, 8)).size, 'rows 102 to 107').toBe(1);
  expect(arranged[9], 'many more').not.toBe(arranged[8]);
  for (const plan of plans) plan.release();
  store.release();
});

test('what fits in a limit of memory fits behind a smaller run, and again', async () => {
  const graph = graphOf([{ op: 'Softmax', inputs: ['x'], outputs: ['y'] }], [f32('x', 'n')], ['y']);
  const open = (): Promise<Session> => Session.create(graph, { limits: { memory: 3 << 19 } });
  const runs = async (sizes: readonly number[]): Promise<boolean> => {
    const session = await open();
    try {
      for (const n of sizes) await session.run({ x: drawn(1, n) }, { backend: 'wasm' });
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    } finally {
      session.dispose();
    }
  };
  let [most, above] = [1000, 400_000];
  while (above - most > 100) {
    const n = Math.floor((most + above) / 2);
    if (await runs([n])) most = n;
    else above = n;
  }
  expect(most).toBeGreaterThan(20_000);
  for (const share of [0.99, 0.97, 0.95, 0.9]) {
    const n = Math.floor(share * most);
    expect(await runs([10, n, n]), `${n} of ${most}`).toBe(true);
  }
});
