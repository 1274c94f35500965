// One node, settled: what the reference gives for it, who of two is right and at which element, from two bundles and between
// two parties of whom one lies, withholds, or sends something else. Between two browsers: test/e2e/two_party.spec.ts.
import { describe, expect, test } from 'vitest';
import {
  load,
  settle,
  settleTraces,
  settleWith,
  Tensor,
  type Model,
  type Settlement,
  type TraceBundle,
  type TraceChannel,
} from '../../src/index.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { lied, recorded, rooted, type Recorded } from '../harness/bundles.ts';
import { channels } from '../harness/channels.ts';
import { floats } from '../harness/prng.ts';

const node = (index: number, opType: string, inputs: string[], outputs: string[]): Node => ({
  ...{ index, name: `n${index}`, domain: '', opType, inputs, outputs },
  attributes: new Map(),
});
const inner = { valueInfo: new Map(), opsets: new Map([['', 17]]) };
const SIZE = 60_000; // more than one piece of 192 KiB

/** y = |−exp(x)| + x */
const graph: Graph = {
  ...inner,
  name: 'settle',
  nodes: [
    node(0, 'Exp', ['x'], ['e']),
    node(1, 'Neg', ['e'], ['n']),
    node(2, 'Abs', ['n'], ['a']),
    node(3, 'Add', ['a', 'x'], ['y']),
  ],
  inputs: [{ name: 'x', dtype: 'float32', dims: [SIZE] }],
  outputs: [{ name: 'y' }],
  initializers: new Map(),
};
const feeds = { x: new Tensor('float32', floats(3, SIZE), [SIZE]) };

/** An If whose branch has two nodes. */
const carrying: Graph = {
  ...inner,
  name: 'carrying',
  nodes: [
    {
      ...node(0, 'If', ['yes'], ['y']),
      attributes: new Map(
        (['then_branch', 'else_branch'] as const).map((name) => [
          name,
          {
            type: 'graph',
            value: {
              ...inner,
              name,
              nodes: [node(0, 'Exp', ['x'], ['t']), node(1, 'Neg', ['t'], ['u'])],
              inputs: [],
              outputs: [{ name: 'u' }],
              initializers: new Map(),
            },
          },
        ]),
      ),
    },
  ],
  inputs: [
    { name: 'yes', dtype: 'bool', dims: [] },
    { name: 'x', dtype: 'float32', dims: [2] },
  ],
  outputs: [{ name: 'y' }],
  initializers: new Map(),
};

async function withModel<T>(of: Graph, work: (model: Model) => Promise<T>): Promise<T> {
  const model = await load(writeModel(of));
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** Element 7, its lowest bit. */
const AT = 7;
const flip = (bytes: Uint8Array): void => {
  bytes[4 * AT] = (bytes[4 * AT] ?? 0) ^ 1;
};

const word = (bundle: Recorded, path: number): string => {
  const bytes =
    bundle.values.get(bundle.trace.nodes[path]?.outputs[0]?.digest ?? '') ?? new Uint8Array();
  const data = bytes.slice(-4 * SIZE);
  return `0x${new DataView(data.buffer)
    .getUint32(4 * AT, true)
    .toString(16)
    .padStart(8, '0')}`;
};

/** Both parties' findings, the asker's first. */
async function between(
  model: Model,
  ours: TraceBundle,
  theirs: TraceBundle,
  { one, two }: Pick<ReturnType<typeof channels>, 'one' | 'two'>,
): Promise<(Settlement | undefined)[]> {
  return Promise.all([
    settleWith('ask', model, ours, one),
    settleWith('answer', model, theirs, two),
  ]);
}

describe('one node', () => {
  test('gives what it gave in the run, from its inputs alone', () =>
    withModel(graph, async (model) => {
      const { trace } = await recorded(model, feeds);
      const { outputs } = await model.run(feeds, { backend: 'wasm', node: '0' });
      const { e } = outputs;
      if (e === undefined) throw new Error('no value');
      const settled = await settle(model, '1', { e });
      expect(settled).toMatchObject({ path: '1', operator: 'Neg', model: trace.model });
      expect(settled.inputs[0]?.digest).toBe(trace.nodes[0]?.outputs[0]?.digest);
      expect(settled.outputs[0]?.digest).toBe(trace.nodes[1]?.outputs[0]?.digest);
      expect(settled.outputs[0]?.value).toBeInstanceOf(Tensor);
      const read = (await model.nodes()).map(({ inputs }) => inputs.join());
      expect(read).toEqual(['x', 'e', 'n', 'a,x']);
    }));

  test('in a graph that a node carries is executed with that', () =>
    withModel(carrying, async (model) => {
      const given = {
        yes: new Tensor('bool', [true], []),
        x: new Tensor('float32', [1, 2], [2]),
      };
      const { trace } = await recorded(model, given);
      const path = '0/then_branch[0]/1';
      const settled = await settle(model, path, given);
      const said = trace.nodes.find((one) => one.path === path);
      expect(settled.operator).toBe('Neg');
      expect(settled.outputs[0]?.digest).toBe(said?.outputs[0]?.digest);
      const none = settle(model, '0/else_branch[0]/1', given);
      await expect(none).rejects.toThrow(/expected one that runs within node 0/);
      await expect(none).rejects.toThrow(RangeError);
    }));

  test('is not run from what does not fit', () =>
    withModel(graph, async (model) => {
      const run = (node: string, values: Record<string, Tensor>, more = {}) =>
        model.run(values, { backend: 'wasm', node, ...more });
      await expect(run('4', feeds)).rejects.toThrow(RangeError);
      await expect(run('0/body[0]/1', feeds)).rejects.toThrow(/the node that carries it/);
      await expect(run('1', feeds)).rejects.toThrow(/Neg 'n1': expected the values e, got x/);
      const whole = { e: new Tensor('int32', new Int32Array(SIZE), [SIZE]) };
      await expect(run('1', whole)).rejects.toThrow(/value 'e': expected float32, got int32/);
      await expect(run('0', feeds, { receipt: true })).rejects.toThrow(/got receipt too/);
      await expect(run('0', feeds, { outputs: ['y'] })).rejects.toThrow(/got outputs too/);
      // And the model runs on.
      expect((await model.run(feeds, { backend: 'wasm' })).outputs['y']?.size).toBe(SIZE);
    }));
});

describe('two runs that part', () => {
  test.each([0, 1, 3])('at node %i: who is right, and the first element', (at) =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, at, flip);
      const found = await settleTraces(model, right, lie);
      const name = ['e', 'n', 'a', 'y'][at];
      expect(found).toMatchObject({
        difference: { what: 'node', path: `${at}` },
        right: 'a',
        expected: [right.trace.nodes[at]?.outputs[0]?.digest],
        element: {
          ...{ output: name, index: AT, expected: word(right, at) },
          ...{ a: word(right, at), b: word(lie, at) },
        },
      });
      const other = await settleTraces(model, lie, right);
      expect(other).toMatchObject({ right: 'b', element: { a: word(lie, at), index: AT } });
      const worse = await lied(model, right, at, (bytes) => bytes.fill(0x41));
      expect(await settleTraces(model, lie, worse)).toMatchObject({
        ...{ right: 'neither', element: { index: 0, b: '0x41414141' } },
      });
      expect(await settleTraces(model, right, right)).toBeUndefined();
    }),
  );

  test('are settled where one has no values; without the node’s inputs they are not', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 1, flip);
      const bare = { trace: lie.trace, value: () => undefined };
      const found = await settleTraces(model, right, bare);
      expect(found).toMatchObject({ right: 'a', withheld: expect.stringMatching(/^b: .*missing/) });
      expect(found?.element).toBeUndefined();
      const none = { trace: right.trace, value: () => undefined };
      await expect(settleTraces(model, none, bare)).rejects.toThrow(/it is missing/);
    }));

  test('and are not of the same run, are told so; of another model, refused', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const other = rooted(right, { model: '0'.repeat(64) });
      expect(await settleTraces(model, right, other)).toEqual({
        difference: { what: 'model', path: '', operator: '', node: '', outputs: [] },
      });
      const lie = rooted(await lied(model, right, 1, flip), { model: '0'.repeat(64) });
      await expect(settleTraces(model, other, lie)).rejects.toThrow(/the model is another/);
    }));
});

describe('two parties', () => {
  test('of whom one lies both learn which, and at which element', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 2, flip);
      const ends = channels();
      const [ours, theirs] = await between(model, right, lie, ends);
      const bits = { expected: word(right, 2), a: word(right, 2), b: word(lie, 2) };
      expect(ours).toMatchObject({ right: 'a', element: { output: 'a', index: AT, ...bits } });
      expect(theirs).toMatchObject({
        ...{ right: 'b', difference: { path: '2' } },
        element: { ...bits, a: bits.b, b: bits.a },
      });
      expect(ends.open()).toBe(0);
      // Of all values only the one that each did not have travelled, in two pieces.
      const asked = ends.said.filter((text) => text.includes('"kind":"value"'));
      expect(asked).toHaveLength(2);
      const [mine, liar] = await between(model, lie, right, channels());
      expect([mine?.right, liar?.right]).toEqual(['b', 'a']);
      expect(await between(model, right, right, channels())).toEqual([undefined, undefined]);
    }));

  test('of whom one did not keep what the node reads get it from the other', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 2, flip);
      const own = right.trace.nodes[2]?.outputs[0]?.digest;
      const frugal: TraceBundle = {
        trace: right.trace,
        value: (digest) => (digest === own ? right.value(digest) : undefined),
      };
      const ends = channels();
      const [ours] = await between(model, frugal, lie, ends);
      expect(ours).toMatchObject({ right: 'a', element: { index: AT, b: word(lie, 2) } });
      const asked = ends.said.filter((text) => text.includes('"kind":"value"'));
      expect(asked.length).toBeGreaterThan(2);
    }));

  test.each<[string, (lie: Recorded) => (digest: string) => Uint8Array | undefined, RegExp]>([
    ['keeps it to itself', () => () => undefined, /^b: value \w+: it was refused: it was not kept/],
    [
      'sends another',
      (lie) => (digest) => lie.values.get(digest)?.map((byte, i) => (i === 900 ? byte ^ 1 : byte)),
      /^b: value \w+: other bytes came/,
    ],
    ['sends nothing', () => () => new Uint8Array(), /^b: value \w+: other bytes came/],
  ])('of whom the liar %s: the verdict stands, and says so', (_, valueOf, why) =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 1, flip);
      const digest = lie.trace.nodes[1]?.outputs[0]?.digest;
      const withheld = valueOf(lie);
      const liar = {
        trace: lie.trace,
        value: (asked: string) => (asked === digest ? withheld(asked) : lie.value(asked)),
      };
      const { one, two } = channels();
      const theirs = settleWith('answer', model, liar, two).catch((error: Error) => error.name);
      const ours = await settleWith('ask', model, right, one);
      expect(ours).toMatchObject({ right: 'a', withheld: expect.stringMatching(why) });
      expect(ours?.element).toBeUndefined();
      await theirs;
    }),
  );

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'a piece that is none',
      (text) => text.replace(/"data":".{8}/, '"data":"'),
      /a piece of it is none/,
    ],
    [
      'no base64',
      (text) => text.replace(/"data":".{8}/, '"data":"????????'),
      /a piece of it is none/,
    ],
    ['a size that is none', (text) => text.replace(/"total":\d+/, '"total":-1'), /no size/],
    [
      'too large a value',
      (text) => text.replace(/"total":\d+/, '"total":1e12'),
      /too large: expected at most/,
    ],
  ])('of whom one sends %s: it is said to withhold it', (_, change, why) =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 1, flip);
      const [ours] = await between(model, right, lie, channels(change));
      expect(ours).toMatchObject({ right: 'a', withheld: expect.stringMatching(why) });
    }),
  );

  test('of whom one says of the other’s trace what is not in it: it is found out', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 1, flip);
      const { one, two } = channels();
      const own = right.trace.nodes[1]?.outputs[0]?.digest ?? '';
      const forging: TraceChannel = {
        ...one,
        send: (text) =>
          one.send(text.includes('"found"') ? text.replaceAll(own, '0'.repeat(64)) : text),
      };
      const theirs = settleWith('answer', model, right, two);
      const ours = settleWith('ask', model, lie, forging).catch(() => undefined);
      await expect(theirs).rejects.toThrow(/says that our trace has other digests/);
      await ours;
    }));

  test('ask for values of that node alone, and no sooner than it is known', () =>
    withModel(graph, async (model) => {
      const right = await recorded(model, feeds);
      const lie = await lied(model, right, 2, flip);
      const { one, two, said } = channels();
      const theirs = settleWith('answer', model, lie, two);
      // The first node's output is no value of node 2.
      const digest = right.trace.nodes[0]?.outputs[0]?.digest;
      await new Promise((resolve) => setTimeout(resolve, 50));
      one.send(
        JSON.stringify({ protocol: 'isobit-values/1', kind: 'value', number: 99, digest, at: 0 }),
      );
      await settleWith('ask', model, right, one);
      await theirs;
      expect(
        said.filter((text) => text.includes('"number":99') && text.includes('refused')),
      ).toEqual([expect.stringContaining('it is no value of that node')]);
    }));

  test('of whom one is silent: a signal ends it; a role is one of two', () =>
    withModel(graph, async (model) => {
      const own = await recorded(model, feeds);
      const { one, open } = channels();
      const signal = AbortSignal.timeout(30);
      await expect(settleWith('ask', model, own, one, { signal })).rejects.toThrow(/timeout/i);
      expect(open()).toBe(0);
      await expect(settleWith('judge' as 'ask', model, own, one)).rejects.toThrow(TypeError);
    }));
});
