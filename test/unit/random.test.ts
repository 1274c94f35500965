// V10 as a whole: what a seed does to a run and its digest, that plans are kept from seed to seed, that nodes and runs of a
// body draw differently, and that the numbers are distributed as they should be. Bits: test/ops/random.cases.ts.
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';

const SHAPE = { type: 'ints', value: [4] } as const;

function draws(
  index: number,
  opType: string,
  output: string,
  attributes: Readonly<Record<string, Attribute>> = { shape: SHAPE },
): Node {
  return {
    ...{ index, name: '', domain: '', opType, inputs: [], outputs: [output] },
    attributes: new Map(Object.entries(attributes)),
  };
}

function graphOf(nodes: readonly Node[], outputs: readonly string[]): Graph {
  return {
    name: 'random',
    nodes,
    inputs: [],
    outputs: outputs.map((name) => ({ name })),
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', 22]]),
  };
}

async function numbers(graph: Graph, seeds: readonly (number | undefined)[]): Promise<string[]> {
  const session = await Session.create(graph);
  const lists: string[] = [];
  for (const seed of seeds) {
    const { outputs } = await session.run({}, { backend: 'wasm', seed });
    lists.push(
      Object.values(outputs)
        .map((one) => Array.from(one.data, String).join())
        .join(';'),
    );
  }
  session.dispose();
  return lists;
}

test('a seed gives the same numbers, another one others; none is 0', async () => {
  const graph = graphOf([draws(0, 'RandomUniform', 'y')], ['y']);
  const [none, zero, one, again, high] = await numbers(graph, [undefined, 0, 1, 1, 2 ** 32]);
  expect(none).toBe(zero);
  expect(one).toBe(again);
  expect(new Set([zero, one, high]).size).toBe(3);
});

test('two nodes draw differently; with one seed attribute the same', async () => {
  const nodes = [draws(0, 'RandomUniform', 'a'), draws(1, 'RandomUniform', 'b')];
  const [text = ''] = await numbers(graphOf(nodes, ['a', 'b']), [0]);
  const [a, b] = text.split(';');
  expect(a).not.toBe(b);
  const seeded = { shape: SHAPE, seed: { type: 'float', value: 3 } as const };
  const fixed = [draws(0, 'RandomUniform', 'a', seeded), draws(1, 'RandomUniform', 'b', seeded)];
  const [first = '', second] = await numbers(graphOf(fixed, ['a', 'b']), [0, 1]);
  expect(first.split(';')[0]).toBe(first.split(';')[1]);
  expect(first).toBe(second);
});

test('the seed is part of the digest where something is random, and of nothing else', async () => {
  const random = await Session.create(
    graphOf(
      [draws(0, 'RandomNormal', 'y', { shape: SHAPE, scale: { type: 'float', value: 0 } })],
      ['y'],
    ),
  );
  const [a, b] = [
    await random.run({}, { backend: 'wasm' }),
    await random.run({}, { backend: 'wasm', seed: 5 }),
  ];
  // The numbers agree: the scale is 0.
  expect(a.outputs['y']?.data).toEqual(b.outputs['y']?.data);
  expect([a.seed, b.seed]).toEqual([0, 5]);
  expect(a.digest).not.toBe(b.digest);
  random.dispose();
  const seeded = { shape: SHAPE, seed: { type: 'float', value: 3 } as const };
  const plain = await Session.create(graphOf([draws(0, 'RandomNormal', 'y', seeded)], ['y']));
  const [c, d] = [
    await plain.run({}, { backend: 'wasm' }),
    await plain.run({}, { backend: 'wasm', seed: 5 }),
  ];
  expect(c.seed).toBeUndefined();
  expect(c.digest).toBe(d.digest);
  plain.dispose();
});

test('plans are kept from seed to seed', async () => {
  const session = await Session.create(graphOf([draws(0, 'RandomUniform', 'y')], ['y']));
  await session.run({}, { backend: 'wasm', seed: 1 });
  const before = session.memoryInUse;
  for (let seed = 2; seed < 40; seed += 1) await session.run({}, { backend: 'wasm', seed });
  expect(session.memoryInUse).toBe(before);
  session.dispose();
});

test('a seed that is none is refused', async () => {
  const session = await Session.create(graphOf([draws(0, 'RandomUniform', 'y')], ['y']));
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
    await expect(session.run({}, { backend: 'wasm', seed })).rejects.toThrow(
      /^run: seed: expected/,
    );
  }
  session.dispose();
});

test('every run of a loop body draws its own numbers', async () => {
  const body: Graph = {
    ...graphOf(
      [{ ...draws(0, 'Identity', 'go_on', {}), inputs: ['go'] }, draws(1, 'RandomUniform', 'row')],
      ['go_on', 'row'],
    ),
    inputs: [
      { name: 'i', dtype: 'int64', dims: [] },
      { name: 'go', dtype: 'bool', dims: [] },
    ],
  };
  const loop: Node = {
    ...draws(0, 'Loop', 'rows', { body: { type: 'graph', value: body } }),
    inputs: ['count', ''],
  };
  const graph: Graph = {
    ...graphOf([loop], ['rows']),
    initializers: new Map([['count', new Tensor('int64', [5n], [])]]),
  };
  const session = await Session.create(graph);
  const { outputs, seed } = await session.run({}, { backend: 'wasm' });
  expect(seed).toBe(0);
  const data = Array.from(outputs['rows']?.data ?? [], String);
  expect(data.length).toBe(20);
  expect(new Set(data).size).toBe(20);
  session.dispose();
});

/** Moments of a million numbers. */
async function momentsOf(
  opType: string,
): Promise<{ mean: number; variance: number; counts: number[]; data: Float32Array }> {
  const shape = { type: 'ints', value: [1000, 1000] } as const;
  const session = await Session.create(graphOf([draws(0, opType, 'y', { shape })], ['y']));
  const { outputs } = await session.run({}, { backend: 'wasm', seed: 12345 });
  session.dispose();
  const data = outputs['y']?.data as Float32Array;
  let [sum, squares] = [0, 0];
  const counts = Array.from<number>({ length: 100 }).fill(0);
  for (const x of data) {
    sum += x;
    squares += x * x;
    const bin = Math.floor(x * 100);
    if (bin >= 0 && bin < 100) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const mean = sum / data.length;
  return { mean, variance: squares / data.length - mean * mean, counts, data };
}

test('a million uniform numbers: mean 1/2, variance 1/12, a flat histogram', async () => {
  const { mean, variance, counts, data } = await momentsOf('RandomUniform');
  // Six standard deviations of each statistic.
  expect(Math.abs(mean - 0.5)).toBeLessThan(6 * Math.sqrt(1 / 12 / 1e6));
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(6 * Math.sqrt(1 / 180 / 1e6));
  const chiSquare = counts.reduce((total, count) => total + (count - 1e4) ** 2 / 1e4, 0);
  expect(Math.abs(chiSquare - 99)).toBeLessThan(6 * Math.sqrt(2 * 99));
  expect(data.every((x) => x >= 0 && x < 1)).toBe(true);
  // Neighbours are not correlated.
  let product = 0;
  for (let i = 1; i < data.length; i += 1)
    product += ((data[i] ?? 0) - 0.5) * ((data[i - 1] ?? 0) - 0.5);
  expect(Math.abs(product / 1e6)).toBeLessThan(6 / 12 / 1000);
});

test('a million normal numbers: mean 0, variance 1, tails as wide as they should be', async () => {
  const { mean, variance, data } = await momentsOf('RandomNormal');
  expect(Math.abs(mean)).toBeLessThan(6 / 1000);
  expect(Math.abs(variance - 1)).toBeLessThan((6 * Math.SQRT2) / 1000);
  const share = (limit: number): number => data.filter((x) => Math.abs(x) > limit).length / 1e6;
  for (const [limit, expected] of [
    [1, 0.317310508],
    [2, 0.045500264],
    [3, 0.002699796],
    [4, 0.0000633425],
  ] as const) {
    const deviation = Math.sqrt((expected * (1 - expected)) / 1e6);
    expect(Math.abs(share(limit) - expected)).toBeLessThan(6 * deviation);
  }
});
