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

const feedsOf = {
  x: () => new Tensor('float32', Float32Array.from({ length: 12 }, Math.sin), [12]),
  integers: (list: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(list, BigInt), [list.length]),
};

type Runs = readonly {
  readonly feeds: Readonly<Record<string, readonly number[]>>;
  readonly outputs?: readonly string[];
}[];

/** Steps of each plan that every run prepares, and the dims of what it gives first. */
async function prepared(
  nodes: readonly NodeText[],
  shapes: readonly string[],
  wanted: readonly string[],
  runs: Runs,
): Promise<{ steps: number[][]; dims: (readonly number[] | undefined)[] }> {
  const inputs = shapes.map((name) => ({ name, dtype: 'int64' as const, dims: [name] }));
  const session = await Session.create(graphOf(nodes, [f32('x', 12), ...inputs], wanted));
  const prepare = vi.spyOn(WasmBackend.prototype, 'prepare');
  const steps: number[][] = [];
  const dims: (readonly number[] | undefined)[] = [];
  try {
    for (const { feeds, outputs = wanted } of runs) {
      prepare.mockClear();
      const fed = Object.entries(feeds).map(([name, list]) => [name, feedsOf.integers(list)]);
      const all = { x: feedsOf.x(), ...(Object.fromEntries(fed) as Record<string, Tensor>) };
      const result = await session.run(all, { backend: 'wasm', outputs });
      steps.push(prepare.mock.calls.map(([plan]) => plan.steps.length));
      dims.push(result.outputs[outputs[0] ?? '']?.dims);
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
const runs = shapes.map((shape) => ({ feeds: { shape } }));

test('what most nodes wait for is taken with the feeds from the second run on', async () => {
  const nodes = [reshape('x', 'start'), ...chain('start', 'y')];
  const { steps, dims } = await prepared(nodes, ['shape'], ['y'], runs);
  expect(dims).toEqual(shapes);
  // The first run's first plan, in which nothing is, is kept; but nobody asks for it again.
  expect(steps).toEqual([[0, 4], [4], [4], [4]]);
});

test('what few nodes wait for leaves the plan of the others as it is', async () => {
  const nodes = [...chain('x', 'end'), reshape('end', 'y')];
  const { steps, dims } = await prepared(nodes, ['shape'], ['y'], runs);
  expect(dims).toEqual(shapes);
  expect(steps.map((plans) => plans.filter((count) => count > 0))).toEqual([[4], [], [], []]);
});

test('what few nodes wait for behind others that wait is not taken for what most wait for', async () => {
  const nodes = [
    ...chain('x', 'end'),
    reshape('end', 'middle'),
    { ...reshape('middle', 'y'), inputs: ['middle', 'second'] },
  ];
  const two = [
    { feeds: { shape: [3, 4], second: [2, 6] } },
    { feeds: { shape: [3, 4], second: [6, 2] } },
    { feeds: { shape: [3, 4], second: [4, 3] } },
  ];
  const { steps, dims } = await prepared(nodes, ['shape', 'second'], ['y'], two);
  expect(dims).toEqual(two.map(({ feeds }) => feeds.second));
  // The four steps are prepared once.
  expect(steps.flat().filter((count) => count > 0)).toEqual([4]);
});

test('nodes that wait for something else do not count', async () => {
  const identity = (from: string, to: string): NodeText => ({
    op: 'SequenceConstruct',
    inputs: [from],
    outputs: [to],
  });
  const at = (from: string, to: string): NodeText => ({
    op: 'SequenceAt',
    inputs: [from, 'zero'],
    outputs: [to],
  });
  // The chain waits for the host; one Reshape of x waits for contents.
  const nodes = [
    identity('x', 'list'),
    {
      op: 'Constant',
      inputs: [],
      outputs: ['zero'],
      attributes: { value_int: { type: 'int' as const, value: 0 } },
    },
    at('list', 'start'),
    ...chain('start', 'z'),
    reshape('x', 'y'),
  ];
  const { steps, dims } = await prepared(nodes, ['shape'], ['y', 'z'], runs);
  expect(dims).toEqual(shapes);
  expect(steps.flat().filter((count) => count > 0)).toEqual([4]);
});

test('what other outputs wait for makes no difference', async () => {
  const nodes = [
    reshape('x', 'start'),
    ...chain('start', 'y'),
    { op: 'Relu', inputs: ['x'], outputs: ['z'] },
  ];
  const others = [...runs.slice(0, 2), ...runs.map((run) => ({ ...run, outputs: ['z'] }))];
  const { steps } = await prepared(nodes, ['shape'], ['y', 'z'], others);
  expect(steps.slice(2)).toEqual([[1], [], [], []]);
});
