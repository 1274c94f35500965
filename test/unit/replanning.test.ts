// Plans of one model for several shapes share what they have in common: what was folded for one is not folded for the next,
// also where operators brought constants of their own, and goes with the last plan that holds it.
import { expect, test, vi } from 'vitest';
import { neededNodes } from '../../src/graph/planner.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf, type NodeText } from '../harness/graphs.ts';
import { floats } from '../harness/prng.ts';

await registry.load();

const integer = (value: number): Attribute => ({ type: 'int', value });
const weights = (seed: number, ...dims: number[]): Tensor =>
  new Tensor(
    'float32',
    floats(
      seed,
      dims.reduce((a, b) => a * b, 1),
    ).map(Math.abs),
    dims,
  );

/** y of one operator of x, whose first size is open. */
const one = (
  op: string,
  size: number,
  initializers: readonly Tensor[],
  more: Partial<NodeText> = {},
): { size: number; graph: Graph } => {
  const own = Object.fromEntries(initializers.map((tensor, i) => [`w${i}`, tensor]));
  const node = { op, inputs: ['x', ...Object.keys(own)], outputs: ['y'], ...more };
  return { size, graph: graphOf([node], [f32('x', 'batch', size)], ['y'], own) };
};

const [n, k, block] = [256, 64, 16];
const packed = Uint8Array.from({ length: (n * k) / 2 }, (_, i) => (i * 37) & 255);
const quantised = [
  new Tensor('uint8', packed, [n, k / block, block / 2]),
  weights(5, (n * k) / block),
];
const graphs: Readonly<Record<string, ReturnType<typeof one>>> = {
  // epsilon
  BatchNormalization: one(
    'BatchNormalization',
    2048,
    [1, 2, 3, 4].map((seed) => weights(seed, 2048)),
  ),
  // the zero point of weights without one
  MatMulNBits: one('MatMulNBits', k, quantised, {
    domain: 'com.microsoft',
    attributes: {
      K: integer(k),
      N: integer(n),
      bits: integer(4),
      block_size: integer(block),
      accuracy_level: integer(4),
    },
  }),
  MatMul: one('MatMul', k, [weights(6, k, n)]),
};

async function planner(name: string): Promise<{
  core: WasmBackend;
  store: ConstantStore;
  plan: (batch: number) => Plan;
}> {
  const found = graphs[name];
  if (found === undefined) throw new Error(`there is no graph ${name}`);
  const core = await WasmBackend.create();
  const store = new ConstantStore();
  const checked = checkGraph(found.graph, registry);
  const plan = (batch: number): Plan =>
    planGraph(
      checked,
      store,
      core,
      new Map([['x', { dtype: 'float32', dims: [batch, found.size] } as const]]),
      { target: 'wasm', outputs: ['y'], fuse: true },
    );
  return { core, store, plan };
}

test.each(Object.keys(graphs))('%s: another shape folds nothing again', async (name) => {
  const { core, store, plan } = await planner(name);
  const evaluate = vi.spyOn(core, 'evaluate');
  const plans = [plan(2)];
  expect(evaluate, 'the first plan').toHaveBeenCalled();
  evaluate.mockClear();
  plans.push(plan(3), plan(70));
  expect(evaluate, 'other plans').not.toHaveBeenCalled();
  const [first, ...others] = plans;
  first?.release();
  plans.push(plan(5));
  expect(evaluate, 'after the first was released').not.toHaveBeenCalled();
  for (const other of [...others, ...plans.slice(3)]) other.release();
  store.release();
});

test.each(Object.keys(graphs))('%s: what plans held goes with the last of them', async (name) => {
  const { core, store, plan } = await planner(name);
  const before = core.memoryInUse;
  const left: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const [one, other] = [plan(2), plan(3)];
    const held = core.memoryInUse;
    one.release();
    expect(core.memoryInUse, 'while one is there').toBe(held);
    other.release();
    left.push(core.memoryInUse);
    // Of MatMul everything is made of weights alone, which belongs to the model.
    if (name !== 'MatMul') expect(core.memoryInUse).toBeLessThan(held);
  }
  expect(left[1]).toBe(left[0]);
  store.release();
  expect(core.memoryInUse).toBe(before);
});

test('a plan that fails leaves nothing behind', async () => {
  const { core, store, plan } = await planner('BatchNormalization');
  const before = core.memoryInUse;
  const evaluate = vi.spyOn(core, 'evaluate');
  const original = WasmBackend.prototype.evaluate.bind(core);
  evaluate.mockImplementationOnce(original).mockImplementationOnce(() => {
    throw new RangeError('no memory');
  });
  expect(() => plan(2)).toThrow('no memory');
  expect(core.memoryInUse).toBe(before);
  plan(2).release();
  store.release();
  expect(core.memoryInUse).toBe(before);
});

test('which nodes are needed is found once for each list of outputs', () => {
  const { nodes } = graphOf(
    [
      { op: 'Neg', inputs: ['x'], outputs: ['a'] },
      { op: 'Abs', inputs: ['a'], outputs: ['b'] },
      { op: 'Exp', inputs: ['x'], outputs: ['c'] },
    ],
    [f32('x', 2)],
    ['b', 'c'],
  );
  const needed = (...outputs: string[]): string[] =>
    neededNodes(nodes, outputs).map((node) => node.opType);
  expect([needed('b'), needed('c'), needed('b', 'c')]).toEqual([
    ['Neg', 'Abs'],
    ['Exp'],
    ['Neg', 'Abs', 'Exp'],
  ]);
  expect(neededNodes(nodes, ['b'])).toBe(neededNodes(nodes, ['b']));
});
