// Spot checks of bundles: what is good is found good for every operator, a lie is found if and only if its node is drawn, damage
// is found and named, and how likely a lie stays hidden is what a count of all draws gives. The bundle of another backend:
// test/stacks/bundle.test.ts.
import { describe, expect, test } from 'vitest';
import { drawn } from '../../src/evidence/spot.ts';
import { load, spotCheck, Tensor, type Model, type Trace } from '../../src/index.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { Session } from '../../src/session.ts';
import { allCaseFiles } from '../host/index.ts';
import { lied, recorded, rooted, type Recorded } from '../harness/bundles.ts';
import { floats } from '../harness/prng.ts';
import { thinned } from '../harness/thinned.ts';

const node = (
  index: number,
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: [string, Attribute][] = [],
): Node => ({
  ...{ index, name: `n${index}`, domain: '', opType, inputs, outputs },
  attributes: new Map(attributes),
});

const SIZE = 6;
const feeds = { x: new Tensor('float32', floats(3, SIZE), [1, SIZE]) };

/** y = Softmax(Relu(x·w) + c), c by a Constant node; k is a weight that is an output as well. */
const graph: Graph = {
  name: 'spot',
  nodes: [
    node(0, 'MatMul', ['x', 'w'], ['p']),
    node(1, 'Relu', ['p'], ['r']),
    node(2, 'Neg', ['k'], ['c']),
    node(3, 'Add', ['r', 'c'], ['s']),
    node(4, 'Softmax', ['s'], ['y']),
  ],
  inputs: [{ name: 'x', dtype: 'float32', dims: [1, SIZE] }],
  outputs: [{ name: 'y' }, { name: 'k' }, { name: 'x' }].slice(0, 2),
  initializers: new Map([
    ['w', new Tensor('float32', floats(1, SIZE * SIZE), [SIZE, SIZE])],
    ['k', new Tensor('float32', floats(2, SIZE), [SIZE])],
  ]),
  valueInfo: new Map(),
  opsets: new Map([['', 17]]),
};
const ALL = graph.nodes.length;

async function withModel<T>(work: (model: Model, bundle: Recorded) => Promise<T>): Promise<T> {
  const model = await load(writeModel(graph));
  try {
    return await work(model, await recorded(model, feeds));
  } finally {
    model.dispose();
  }
}

const check = (model: Model, bundle: Recorded, count = ALL, seed?: number) =>
  spotCheck(bundle.receipt, model, feeds, bundle, count, { seed });

/** The lowest bit of the first byte. */
const flip = (bytes: Uint8Array): void => {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
};

describe('a bundle', () => {
  test('of an honest run is valid, whatever is drawn', () =>
    withModel(async (model, bundle) => {
      for (let count = 1; count <= ALL; count += 1) {
        const found = await check(model, bundle, count);
        expect(found).toMatchObject({ valid: true, reasons: [], nodes: ALL, drawn: 'random' });
        expect(found.checked).toHaveLength(count);
        expect(found.hidden).toBe((ALL - count) / ALL);
        expect(found.claims?.backend).toBe('wasm');
      }
    }));

  test.each([0, 1, 2, 3, 4])(
    'that lies at node %i and nowhere else is found if and only if that is drawn',
    (at) =>
      withModel(async (model, bundle) => {
        const lie = await lied(model, bundle, at, flip);
        expect(lie.trace.root).not.toBe(bundle.trace.root);
        let missed = 0;
        const seeds = 40;
        for (let seed = 0; seed < seeds; seed += 1) {
          const found = await check(model, lie, 2, seed);
          const isDrawn = found.checked.includes(`${at}`);
          expect(found.valid).toBe(!isDrawn);
          expect(found.drawn).toBe('seed');
          if (found.valid) missed += 1;
          else
            expect(found.reasons[0]).toMatch(new RegExp(`^node ${at} \\(.* 'n${at}'\\): output 0`));
        }
        // 3 of 5 are to be expected.
        expect(Math.abs(missed / seeds - 0.6)).toBeLessThan(0.25);
        expect((await check(model, lie)).reasons).toHaveLength(1);
      }),
  );

  test('without a value, or with other bytes for one, is not valid where that is read', () =>
    withModel(async (model, bundle) => {
      const digest = bundle.trace.nodes[1]?.outputs[0]?.digest ?? '';
      const bytes = bundle.values.get(digest)?.slice() ?? new Uint8Array();
      const having = (value: Uint8Array | undefined): Recorded => ({
        ...bundle,
        value: (asked) => (asked === digest ? value : bundle.value(asked)),
      });
      const missing = await check(model, having(undefined));
      expect(missing.reasons).toEqual([`node 3 (Add 'n3'): value ${digest}: it is missing.`]);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      const other = await check(model, having(bytes));
      expect(other.reasons[0]).toMatch(/^node 3 .*: its bytes are others: their SHA-256 is /);
      expect((await check(model, having(bytes.subarray(1)))).valid).toBe(false);
    }));

  const swapOperator = ({ nodes }: Trace): Partial<Trace> => ({
    nodes: nodes.map((one, i) => (i === 1 ? { ...one, operator: 'Abs' } : one)),
  });
  test.each<[string, (trace: Trace) => Partial<Trace>, RegExp]>([
    ['fewer nodes', ({ nodes }) => ({ nodes: nodes.slice(0, -1) }), /4 nodes, the model 5/],
    [
      'a node twice',
      ({ nodes }) => ({ nodes: nodes.flatMap((one) => [one, one]) }),
      /node 0 where/,
    ],
    ['another operator', swapOperator, /node 1: the trace has Abs, the model Relu/],
    [
      'no value of a node',
      ({ nodes }) => ({ nodes: nodes.map((one) => ({ ...one, outputs: [null] })) }),
      /output 0: the trace has none, a run of the model one/,
    ],
    [
      'an output that no node gave',
      ({ outputs }) => ({
        outputs: outputs.map((one, i) => (i === 0 ? { ...one, digest: '0'.repeat(64) } : one)),
      }),
      /^output 'y': the trace has 0{64} for it, and [0-9a-f]{64} where it is made/,
    ],
    [
      'an output that is another weight than the model’s',
      ({ outputs }) => ({
        outputs: outputs.map((one, i) => (i === 1 ? { ...one, digest: '0'.repeat(64) } : one)),
      }),
      /^output 'k': the trace has 0{64} for it/,
    ],
    [
      'another input than is given',
      ({ inputs }) => ({ inputs: inputs.map((one) => ({ ...one, digest: '0'.repeat(64) })) }),
      /^input 'x': the trace has float32 \[1, 6\] 0{64}, given is/,
    ],
    ['another model', () => ({ model: '0'.repeat(64) }), /^model: the trace has 0{64}, given is/],
    ['another contract', () => ({ contract: { id: 'other', version: 1 } }), /^(contract|not as)/],
  ])('with a root of its own and %s is not valid, whatever is drawn', (_, change, why) =>
    withModel(async (model, bundle) => {
      for (const seed of [1, 2, 3]) {
        const found = await check(model, rooted(bundle, change(bundle.trace)), 1, seed);
        expect(found.valid).toBe(false);
        expect(found.reasons[0]).toMatch(why);
      }
    }),
  );

  test('that says another shape of a value is not valid where that is read or made', () =>
    withModel(async (model, bundle) => {
      const nodes = bundle.trace.nodes.map((one, i) => ({
        ...one,
        outputs: one.outputs.map((value) =>
          i === 1 ? value && { ...value, dims: [SIZE] } : value,
        ),
      }));
      const found = await check(model, rooted(bundle, { nodes }));
      expect(found.reasons).toEqual([
        expect.stringMatching(/^node 1 .*: output 0/),
        expect.stringMatching(
          /^node 3 .*: the trace says float32 \[6\], it is float32 \[1, 6\]\.$/,
        ),
      ]);
    }));

  test('whose trace is another than the receipt’s, or has no root, is not valid', () =>
    withModel(async (model, bundle) => {
      const lie = await lied(model, bundle, 4, flip);
      const swapped = { ...lie, receipt: bundle.receipt };
      expect((await check(model, swapped)).reasons[0]).toMatch(
        /^output 'y': the receipt has digest/,
      );
      const nodes = bundle.trace.nodes.map((one, i) => ({ ...one, path: `${i}` })).reverse();
      const rootless = { ...bundle, trace: { ...bundle.trace, nodes } };
      expect((await check(model, rootless)).reasons[0]).toMatch(/^bundle: no trace: its root/);
      const root = rooted(bundle, { nodes: lie.trace.nodes });
      const other = { ...root, receipt: bundle.receipt };
      expect((await check(model, other)).reasons).toEqual([
        `trace: the receipt has ${bundle.trace.root}, the bundle ${root.trace.root}.`,
      ]);
      expect(await check(model, { ...bundle, receipt: 'no' })).toMatchObject({
        ...{ valid: false, checked: [], nodes: ALL },
      });
    }));

  test('of a run that was asked for some outputs has the nodes that these depend on', () =>
    withModel(async (model) => {
      const some = await recorded(model, feeds, { backend: 'wasm', outputs: ['k'] });
      await expect(check(model, some, 1)).rejects.toThrow(/expected 1 to 0/);
      const dead = await load(writeModel({ ...graph, outputs: [{ name: 'r' }] }));
      const bundle = await recorded(dead, feeds);
      expect(bundle.trace.nodes.map(({ outputs }) => outputs[0] !== null)).toEqual([
        ...[true, true, false, false, false],
      ]);
      expect(await check(dead, bundle, 2)).toMatchObject({
        ...{ valid: true, nodes: 2, checked: ['0', '1'] },
      });
      await expect(check(dead, bundle, 3)).rejects.toThrow(/expected 1 to 2/);
      const more = await recorded(model, feeds);
      const nodes = bundle.trace.nodes.map((one, i) =>
        i < 4 ? (more.trace.nodes[i] ?? one) : one,
      );
      const found = await check(dead, rooted({ ...bundle, values: more.values }, { nodes }), 1);
      expect(found.reasons).toEqual([
        'node 2: output 0: the trace has one, a run of the model none.',
      ]);
      const named = rooted(bundle, {
        outputs: (bundle.trace.nodes[0]?.outputs ?? []).flatMap((one) => one ?? []),
        nodes: bundle.trace.nodes.map((one, i) => (i === 0 ? one : { ...one, outputs: [null] })),
      });
      expect((await check(dead, named, 1)).reasons).toEqual([
        'outputs: the trace has p, of these the model has none.',
      ]);
      dead.dispose();
    }));

  test('of other inputs than are given is not valid', () =>
    withModel(async (model, bundle) => {
      const other = { x: new Tensor('float32', floats(4, SIZE), [1, SIZE]) };
      const found = await spotCheck(bundle.receipt, model, other, bundle, 1);
      expect(found.reasons[0]).toMatch(/^input 'x'/);
      expect((await spotCheck(bundle.receipt, model, {}, bundle, 1)).reasons[0]).toMatch(
        /given are/,
      );
    }));

  test.each([0, ALL + 1, 1.5, Number.NaN])('is not checked at %f nodes', (count) =>
    withModel(async (model, bundle) => {
      await expect(check(model, bundle, count)).rejects.toThrow(RangeError);
      await expect(check(model, bundle, count)).rejects.toThrow(`expected 1 to ${ALL}`);
    }),
  );
});

test('of one wrong node among n a share of (n - K) / n of all draws misses it', () => {
  const n = 7;
  const list = Array.from({ length: n }, (_, i) => i);
  for (let count = 1; count <= n; count += 1) {
    const seen = new Map<number, number>();
    const draws = 3000;
    for (let seed = 0; seed < draws; seed += 1) {
      const chosen = drawn(list, count, seed);
      expect(new Set(chosen).size).toBe(count);
      for (const one of chosen) seen.set(one, (seen.get(one) ?? 0) + 1);
    }
    // 5 standard deviations.
    const p = count / n;
    const most = 5 * Math.sqrt((p * (1 - p)) / draws);
    for (const one of list)
      expect(Math.abs((seen.get(one) ?? 0) / draws - p)).toBeLessThanOrEqual(most);
  }
  expect(drawn(list, 3, 5)).toEqual(drawn(list, 3, 5));
  const sets = new Set(Array.from({ length: 50 }, () => drawn(list, 3, undefined).join()));
  expect(sets.size).toBeGreaterThan(5);
});

describe('every node that is executed alone', () => {
  // Graphs in nodes, products of dequantised values, sequences, texts and random numbers are where alone could be another thing.
  const special = [...allCaseFiles.values()]
    .flat()
    .filter(({ id }) =>
      /^(control_flow|quantize|quantised|sequence|optional|random|string)/.test(id),
    );
  const cases = [
    ...thinned(special, 150),
    ...thinned(
      [...allCaseFiles.values()].flat().filter((one) => !special.includes(one)),
      150,
    ),
  ];

  test('gives what it gave in the run', { timeout: 240_000 }, async () => {
    const wrong: string[] = [];
    let nodes = 0;
    for (const one of cases) {
      const session = await Session.create(one.graph);
      try {
        const bundle = await recorded(session, one.feeds, { backend: 'wasm', seed: 7 });
        const all = (await session.nodes()).filter(({ outputs }) => outputs.some(Boolean)).length;
        if (all === 0) continue;
        const found = await spotCheck(bundle.receipt, session, one.feeds, bundle, all);
        nodes += all;
        if (!found.valid) wrong.push(`${one.id}: ${found.reasons.join(' ')}`);
      } finally {
        session.dispose();
      }
    }
    expect(wrong).toEqual([]);
    expect(nodes).toBeGreaterThan(250);
  });
});

test('what takes values gets each once, with the bytes that its digest is of', () =>
  withModel(async (model) => {
    const seen: string[] = [];
    let isBusy = false;
    const { trace } = await model.run(feeds, {
      backend: 'wasm',
      async onValue(digest, bytes) {
        // One after the other: the run waits.
        expect(isBusy).toBe(false);
        isBusy = true;
        await new Promise((resolve) => setTimeout(resolve, 1));
        isBusy = false;
        const is = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice()));
        expect(Buffer.from(is).toString('hex')).toBe(digest);
        seen.push(digest);
      },
    });
    const said = [
      ...(trace?.inputs ?? []),
      ...(trace?.nodes.flatMap(({ outputs }) => outputs.flatMap((one) => one ?? [])) ?? []),
      ...(trace?.outputs ?? []),
    ].map(({ digest }) => digest);
    expect([...seen].sort()).toEqual([...new Set(said)].sort());
    await expect(
      model.run(feeds, { backend: 'wasm', onValue: () => Promise.reject(new Error('disk full')) }),
    ).rejects.toThrow('disk full');
    expect((await model.run(feeds, { backend: 'wasm' })).outputs['y']?.size).toBe(SIZE);
  }));
