// A node that is lowered by repeating what one like it gave leaves the plan that lowering it gives, word for word: every operator
// case with the templates of all cases before it in its file, and with its own; layers; other shapes of one model.
import { describe, expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph, type CheckedGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import type { FeedType } from '../../src/graph/plan.ts';
import { Recording, Templates } from '../../src/graph/templates.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf, type NodeText } from '../harness/graphs.ts';
import { plannedText } from '../harness/plan_text.ts';
import { floats } from '../harness/prng.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();
const core = await WasmBackend.create();
const TARGETS = ['wasm', 'webgpu'] as const;

/** The plan as a text, or the error that planning ends in. */
function planned(
  { graph }: CheckedGraph,
  store: ConstantStore,
  feeds: ReadonlyMap<string, FeedType>,
  target: (typeof TARGETS)[number] = 'wasm',
): string {
  // Checked anew: no plan is made of the one before.
  return plannedText({ core, checked: checkGraph(graph, registry), store, target }, feeds);
}

/** Finds nothing while it is off. */
let isOff = false;
const original = Object.getOwnPropertyDescriptor(Templates.prototype, 'find') as {
  value: (
    this: Templates,
    ...given: Parameters<Templates['find']>
  ) => ReturnType<Templates['find']>;
};
const found = vi.spyOn(Templates.prototype, 'find').mockImplementation(function (
  this: Templates,
  ...given
) {
  return isOff ? undefined : original.value.apply(this, given);
});

/** The same where every node is lowered. */
function alone(...[checked, , ...rest]: Parameters<typeof planned>): string {
  const store = new ConstantStore();
  isOff = true;
  const text = planned(checked, store, ...rest);
  isOff = false;
  store.release();
  return text;
}

const hits = (): number => found.mock.results.filter(({ value }) => value !== undefined).length;

describe.each([...caseFiles.keys()])('%s', (stem) => {
  test('every case, behind the others and again', { timeout: 120_000 }, () => {
    const wrong: string[] = [];
    for (const target of TARGETS) {
      // Names stand for something else in every case; templates and constants stay.
      const store = new ConstantStore();
      for (const { id, graph, feeds } of caseFiles.get(stem) ?? []) {
        const checked = checkGraph(graph, registry);
        const types = new Map(
          [...feeds].flatMap(([name, value]) =>
            value instanceof Tensor && value.dtype !== 'string'
              ? [[name, { dtype: value.dtype, dims: value.dims }] as const]
              : [],
          ),
        );
        const expected = alone(checked, store, types, target);
        for (const turn of ['behind the others', 'again']) {
          store.named.clear();
          if (planned(checked, store, types, target) !== expected)
            wrong.push(`${target} ${id}: ${turn}`);
        }
      }
      store.release();
    }
    expect(wrong).toEqual([]);
  });
});

test('nearly all cases of that were repeated', () => expect(hits()).toBeGreaterThan(10_000));

const integer = (value: number): Attribute => ({ type: 'int', value });
type Spec = Pick<NodeText, 'op' | 'inputs' | 'attributes'>;

/** y of a chain of nodes: `$` in an input is the output of the node before, x for the first. */
function chainOf(specs: readonly Spec[], initializers: Readonly<Record<string, Tensor>>): Graph {
  const nameOf = (i: number): string => (i < 0 ? 'x' : i === specs.length - 1 ? 'y' : `v${i}`);
  const nodes = specs.map((spec, i) => ({
    ...spec,
    inputs: spec.inputs.map((name) => (name === '$' ? nameOf(i - 1) : name)),
    outputs: [nameOf(i)],
  }));
  return graphOf(nodes, [f32('x', 'batch', 12)], ['y'], initializers);
}

const weights = (seed: number, ...dims: number[]): Tensor => {
  const size = dims.reduce((a, b) => a * b, 1);
  return new Tensor('float32', floats(seed, size).map(Math.abs), dims);
};
const feed = (batch: number): Map<string, FeedType> =>
  new Map([['x', { dtype: 'float32', dims: [batch, 12] }]]);

test('layers, and one shape after the other', () => {
  const layer = (l: number): Spec[] => [
    { op: 'MatMul', inputs: ['$', `w${l}`] },
    { op: 'Add', inputs: ['$', `b${l}`] },
    { op: 'LayerNormalization', inputs: ['$', 'scale'] },
    { op: 'BatchNormalization', inputs: ['$', `s${l}`, `b${l}`, `m${l}`, `s${l}`] },
    { op: 'Softmax', inputs: ['$'], attributes: { axis: integer(-1) } },
  ];
  const layers = [0, 1, 2, 3];
  const each = layers.map((l) => ({
    [`w${l}`]: weights(l, 12, 12),
    [`b${l}`]: weights(10 + l, 12),
    [`s${l}`]: weights(20 + l, 12),
    [`m${l}`]: weights(30 + l, 12),
  }));
  const graph = chainOf(layers.flatMap(layer), Object.assign({ scale: weights(99, 12) }, ...each));
  const checked = checkGraph(graph, registry);
  for (const target of TARGETS) {
    const store = new ConstantStore();
    for (const batch of [1, 2, 3, 64, 65, 1, 700, 2]) {
      found.mockClear();
      const own = planned(checked, store, feed(batch), target);
      expect(own, `${target} ${batch}`).toBe(alone(checked, store, feed(batch), target));
      expect(hits()).toBeGreaterThan(10);
    }
    store.release();
  }
});

test('contents of constants that lowering reads', () => {
  const turned = (name: string): Spec => ({ op: 'Slice', inputs: ['$', name, 'end', 'axis'] });
  const long = (n: bigint): Tensor => new Tensor('int64', [n], [1]);
  const specs = [turned('zero'), turned('one'), turned('zero'), turned('two')];
  const constants = {
    zero: long(0n),
    one: long(1n),
    two: long(2n),
    end: long(99n),
    axis: long(1n),
  };
  const checked = checkGraph(chainOf(specs, constants), registry);
  const store = new ConstantStore();
  expect(planned(checked, store, feed(2))).toBe(alone(checked, store, feed(2)));
  expect(planned(checked, store, feed(2))).toContain('float32[2,9]');
});

test('folded values that are canonical in one node and not in the other', () => {
  // Nobody looks at words of large constants; at the row that is folded of them somebody does.
  const row = (name: string): Spec => ({ op: 'Slice', inputs: [name, 'zero', 'one', 'zero'] });
  const add = (name: string): Spec => ({ op: 'Add', inputs: ['$', name] });
  const odd = new Float32Array(12 * 2000).fill(1e-40);
  const specs = [row('a'), row('b'), { op: 'Relu', inputs: ['x'] }, add('v0'), add('v1')];
  const constants = {
    a: weights(1, 2000, 12),
    b: new Tensor('float32', odd, [2000, 12]),
    zero: new Tensor('int64', [0n], [1]),
    one: new Tensor('int64', [1n], [1]),
  };
  const checked = checkGraph(chainOf(specs, constants), registry);
  const store = new ConstantStore();
  expect(planned(checked, store, feed(2))).toBe(alone(checked, store, feed(2)));
});

test('two random nodes have words of their own', () => {
  const noise: Spec = { op: 'RandomNormalLike', inputs: ['$'] };
  const checked = checkGraph(chainOf([noise, noise, noise], {}), registry);
  const store = new ConstantStore();
  found.mockClear();
  expect(planned(checked, store, feed(2))).toBe(alone(checked, store, feed(2)));
  expect(hits()).toBe(0);
});

test('one value twice is not two values', () => {
  const square: Spec = { op: 'Mul', inputs: ['v0', 'v0'] };
  const product: Spec = { op: 'Mul', inputs: ['v0', 'v1'] };
  const specs = [{ op: 'Relu', inputs: ['x'] }, square, product];
  const checked = checkGraph(chainOf(specs, {}), registry);
  const store = new ConstantStore();
  expect(planned(checked, store, feed(2))).toBe(alone(checked, store, feed(2)));
});

test('a constant is not a value that is computed', () => {
  // So large that nobody looks whether its words are canonical, which would tell the two apart.
  const cast = (to: number): Record<string, Attribute> => ({ to: integer(to) });
  const halves = new Tensor('float16', new Uint16Array(12 * 2000).fill(0x3c00), [2000, 12]);
  const specs = [
    { op: 'Cast', inputs: ['x'], attributes: cast(10) },
    { op: 'Cast', inputs: ['v0'], attributes: cast(1) },
    { op: 'Cast', inputs: ['halves'], attributes: cast(1) },
    { op: 'Transpose', inputs: ['v1'] },
    { op: 'MatMul', inputs: ['v3', 'v2'] },
  ];
  const checked = checkGraph(chainOf(specs, { halves }), registry);
  for (const target of TARGETS) {
    const store = new ConstantStore();
    const own = planned(checked, store, feed(2000), target);
    expect(own, target).toBe(alone(checked, store, feed(2000), target));
  }
});

test('a dequantised value is not a float like others', () => {
  const scale = { scale: new Tensor('float32', [0.5], []), zero: new Tensor('uint8', [3], []) };
  const bytes = Uint8Array.from({ length: 144 }, (_, i) => i);
  const specs = [
    { op: 'Exp', inputs: ['x'] },
    { op: 'MatMul', inputs: ['$', 'w'] },
    { op: 'QuantizeLinear', inputs: ['$', 'scale', 'zero'] },
    { op: 'DequantizeLinear', inputs: ['$', 'scale', 'zero'] },
    { op: 'DequantizeLinear', inputs: ['bytes', 'scale', 'zero'] },
    { op: 'MatMul', inputs: ['v3', 'v4'] },
  ];
  const constants = {
    ...scale,
    w: weights(1, 12, 12),
    bytes: new Tensor('uint8', bytes, [12, 12]),
  };
  const checked = checkGraph(chainOf(specs, constants), registry);
  const store = new ConstantStore();
  const own = planned(checked, store, feed(2));
  expect(own).toBe(alone(checked, store, feed(2)));
  expect(own).toContain('integer');
});

test('contents that were computed on the way are read by one node only', () => {
  const value = { id: 0, dtype: 'float32', dims: [1], name: '', canonical: false } as const;
  const [input, made] = [{ ...value }, { ...value }];
  const recording = (): Recording => {
    const one = new Recording([input]);
    one.created(made);
    return one;
  };
  const computed = recording();
  computed.read(made, 5);
  expect(computed.template([made])).toBeUndefined();
  const given = recording();
  given.read(input, 5);
  expect(given.template([made])?.read).toEqual([[0, 5]]);
  const foreign = recording();
  foreign.alias(made, { ...value });
  expect(foreign.template([made])).toBeUndefined();
});
