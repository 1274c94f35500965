// Plans for contents that only a run knows: a model whose nodes mostly wait for what is fed is planned in one piece from the
// second run on; one that waits at its end keeps the plan of what comes before.
import { afterEach, expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { Session } from '../../src/session.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf, type NodeText } from '../harness/graphs.ts';

await registry.load();
afterEach(() => vi.restoreAllMocks());

const reshape = (from: string, to: string): NodeText => ({
  op: 'Reshape',
  inputs: [from, 'shape'],
  outputs: [to],
});
/** Softmax after Softmax: each is a step of its own. */
const chain = (from: string, to: string): NodeText[] =>
  [from, 'a', 'b', 'c'].map((input, i) => ({
    op: 'Softmax',
    inputs: [input],
    outputs: [['a', 'b', 'c', to][i] ?? ''],
  }));

/** Steps of each plan that every run prepares, and its output's dims. */
async function prepared(
  nodes: readonly NodeText[],
  shapes: readonly (readonly number[])[],
): Promise<{ steps: number[][]; dims: (readonly number[] | undefined)[] }> {
  const inputs = [f32('x', 12), { name: 'shape', dtype: 'int64' as const, dims: ['rank'] }];
  const session = await Session.create(graphOf(nodes, inputs, ['y']));
  const prepare = vi.spyOn(WasmBackend.prototype, 'prepare');
  const steps: number[][] = [];
  const dims: (readonly number[] | undefined)[] = [];
  try {
    for (const shape of shapes) {
      prepare.mockClear();
      const x = new Tensor('float32', Float32Array.from({ length: 12 }, Math.sin), [12]);
      const fed = new Tensor('int64', BigInt64Array.from(shape, BigInt), [shape.length]);
      const { outputs } = await session.run({ x, shape: fed }, { backend: 'wasm' });
      steps.push(prepare.mock.calls.map(([plan]) => plan.steps.length));
      dims.push(outputs['y']?.dims);
    }
  } finally {
    session.dispose();
  }
  return { steps, dims };
}

const shapes = [
  [3, 4],
  [2, 6],
  [3, 4],
  [6, 2],
];

test('what most nodes wait for is taken with the feeds from the second run on', async () => {
  const { steps, dims } = await prepared([reshape('x', 'start'), ...chain('start', 'y')], shapes);
  expect(dims).toEqual(shapes);
  expect(steps).toEqual([[0, 4], [4], [4], [4]]);
});

test('what few nodes wait for leaves the plan of the others as it is', async () => {
  const { steps, dims } = await prepared([...chain('x', 'end'), reshape('end', 'y')], shapes);
  expect(dims).toEqual(shapes);
  expect(steps.map((plans) => plans.filter((count) => count > 0))).toEqual([[4], [], [], []]);
});
