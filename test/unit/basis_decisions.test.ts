// A plan that is made of the one before it where other sizes have other decisions: what is shared, what is joined, whose bytes a
// value is, what is known of it. It lowers the nodes that changed and no others, and values that grow keep their places.
import { expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { decoder, held, int, LAYERS } from '../harness/growing_caches.ts';
import { drawn, f32, graphOf, type NodeText } from '../harness/graphs.ts';
import { plannedText, type Planning } from '../harness/plan_text.ts';
import { differing, lowered, type Types } from '../harness/plans_in_turn.ts';

await registry.load();
const core = await WasmBackend.create();
const TARGETS = ['wasm', 'webgpu'] as const;

test('a cache that grows: what reads it is lowered, and nothing else', () => {
  for (const target of TARGETS) {
    const { graph } = decoder();
    expect(
      differing(
        core,
        graph,
        [1, 2, 3, 4, 63, 64, 65, 64, 1, 900].map((n) => held(n)),
        target,
        true,
      ),
    ).toEqual([]);
    const checked = checkGraph(graph, registry);
    const store = new ConstantStore();
    plannedText({ core, checked, store, target }, held(5));
    const options = { target, outputs: graph.outputs.map(({ name }) => name), fuse: true };
    const plan = (rows: number): Plan => {
      lowered.mockClear();
      return planGraph(checked, store, core, held(rows), options);
    };
    const plans = [plan(5), plan(6)];
    // Five of the mask; of each layer Concat, Transpose, and the two products with what is between.
    expect(lowered).toHaveBeenCalledTimes(5 + 6 * LAYERS);
    expect(plans[1]?.structure, 'decisions hold').toBe(plans[0]?.structure);
    plans.push(plan(6));
    expect(lowered).toHaveBeenCalledTimes(0);
    for (const one of plans) one.release();
    store.release();
  }
});

test('sizes that do not fit end planning as they do without a plan before, and the next is right', () => {
  const { graph } = decoder();
  const odd = new Map([...held(3), ['cache1', { dtype: 'float32', dims: [3, 7] } as const]]);
  expect(
    differing(core, graph, [held(2), odd, held(3), held(4), odd, held(2, 2)], 'wasm', true),
  ).toEqual([]);
});

/** Plans of all of these, made of each other, in all orders of two: those that are wrong. */
function wrongInTurns(graph: Graph, feeds: readonly Types[]): string[] {
  const order = feeds.flatMap((one) => feeds.flatMap((other) => [one, other]));
  return TARGETS.flatMap((target) =>
    [true, false].flatMap((areHeld) =>
      differing(core, graph, order, target, areHeld).map((at) => `${target} ${areHeld} ${at}`),
    ),
  );
}

test('steps that repeat each other for some sizes only', () => {
  // v times the number of elements of x, and of y: one step where these are equal.
  const times = (of: string, to: string): NodeText[] => [
    { op: 'Size', inputs: [of], outputs: [`size${to}`] },
    { op: 'Cast', inputs: [`size${to}`], outputs: [`count${to}`], attributes: { to: int(1) } },
    { op: 'Mul', inputs: ['v', `count${to}`], outputs: [`product${to}`] },
    { op: 'Softmax', inputs: [`product${to}`], outputs: [to] },
  ];
  const nodes: NodeText[] = [
    { op: 'Exp', inputs: ['z'], outputs: ['e'] },
    { op: 'Transpose', inputs: ['e'], outputs: ['v'] },
    ...times('x', 'p'),
    ...times('y', 'q'),
  ];
  const graph = graphOf(nodes, [f32('x', 'n', 4), f32('y', 'm', 4), f32('z', 2, 4)], ['p', 'q']);
  const sized = (n: number, m: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [n, 4] }],
      ['y', { dtype: 'float32', dims: [m, 4] }],
      ['z', { dtype: 'float32', dims: [2, 4] }],
    ]);
  expect(wrongInTurns(graph, [sized(2, 3), sized(3, 3), sized(3, 2), sized(2, 2)])).toEqual([]);
});

test('chains that are joined for some sizes only', () => {
  // What is broadcast is computed once, what is not is joined with its reader.
  const nodes: NodeText[] = [
    { op: 'Exp', inputs: ['x'], outputs: ['wide'] },
    { op: 'Mul', inputs: ['wide', 'y'], outputs: ['product'] },
    { op: 'Neg', inputs: ['product'], outputs: ['p'] },
  ];
  const graph = graphOf(nodes, [f32('x', 'n', 4), f32('y', 'm', 4)], ['p']);
  const sized = (n: number, m: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [n, 4] }],
      ['y', { dtype: 'float32', dims: [m, 4] }],
    ]);
  expect(wrongInTurns(graph, [sized(1, 3), sized(3, 3), sized(3, 1), sized(1, 1)])).toEqual([]);
});

test('a value that is dequantised, or 16-bit floats, is made anew with what it was made of', () => {
  const scale = { scale: new Tensor('float32', [0.5], []), zero: new Tensor('uint8', [3], []) };
  const nodes: NodeText[] = [
    { op: 'QuantizeLinear', inputs: ['x', 'scale', 'zero'], outputs: ['q'] },
    { op: 'DequantizeLinear', inputs: ['q', 'scale', 'zero'], outputs: ['d'] },
    { op: 'MatMul', inputs: ['d', 'w'], outputs: ['p'] },
    { op: 'Cast', inputs: ['x'], outputs: ['h'], attributes: { to: int(10) } },
    { op: 'Cast', inputs: ['h'], outputs: ['f'], attributes: { to: int(1) } },
    { op: 'MatMul', inputs: ['f', 'w'], outputs: ['r'] },
    { op: 'MatMul', inputs: ['y', 'w'], outputs: ['s'] },
  ];
  const graph = graphOf(nodes, [f32('x', 'n', 4), f32('y', 'm', 4)], ['p', 'r', 's'], {
    ...scale,
    w: drawn(1, 4, 4),
  });
  const sized = (n: number, m: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [n, 4] }],
      ['y', { dtype: 'float32', dims: [m, 4] }],
    ]);
  expect(wrongInTurns(graph, [sized(1, 3), sized(2, 3), sized(2, 1)])).toEqual([]);
});

test('of a value of the same sizes something else is known', () => {
  const nodes: NodeText[] = [
    { op: 'Relu', inputs: ['y'], outputs: ['r'] },
    { op: 'Concat', inputs: ['x', 'r'], outputs: ['k'], attributes: { axis: int(0) } },
    { op: 'Reshape', inputs: ['k', 'all'], outputs: ['flat'] },
    { op: 'Slice', inputs: ['flat', 'zero', 'two', 'zero'], outputs: ['head'] },
    { op: 'MatMul', inputs: ['head', 'w'], outputs: ['p'] },
  ];
  const long = (...list: bigint[]): Tensor => new Tensor('int64', list, [list.length]);
  const constants = { all: long(-1n), zero: long(0n), two: long(2n), w: drawn(1, 2) };
  const graph = graphOf(nodes, [f32('x', 3, 4), f32('y', 2, 4)], ['p'], constants);
  const known = (value: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [3, 4], contents: bytesOf(value) }],
      ['y', { dtype: 'float32', dims: [2, 4] }],
    ]);
  const bytesOf = (value: number): Uint8Array =>
    new Uint8Array(new Float32Array(12).fill(value).buffer);
  // Words that are canonical, and words that are not.
  expect(wrongInTurns(graph, [known(1), known(1e-40), known(2)])).toEqual([]);
});

test('the bytes that a value is, and what a step reads, are those of another', () => {
  const concat = (...inputs: string[]): Graph => {
    const nodes: NodeText[] = [
      { op: 'Concat', inputs, outputs: ['k'], attributes: { axis: int(0) } },
      { op: 'Softmax', inputs: ['k'], outputs: ['p'] },
    ];
    return graphOf(
      nodes,
      inputs.map((name) => f32(name, name, 4)),
      ['p'],
    );
  };
  const sized = (...rows: number[]): Types =>
    new Map(rows.map((n, i) => [['x', 'y', 'z'][i] ?? '', { dtype: 'float32', dims: [n, 4] }]));
  expect(wrongInTurns(concat('x', 'y'), [sized(3, 0), sized(0, 3), sized(3, 3)])).toEqual([]);
  expect(
    wrongInTurns(concat('x', 'y', 'z'), [sized(1, 2, 0), sized(1, 0, 2), sized(1, 1, 1)]),
  ).toEqual([]);
});

test('a value that is more than its words now has everything planned again', () => {
  const nodes: NodeText[] = [
    { op: 'Concat', inputs: ['x', 'y'], outputs: ['k'], attributes: { axis: int(0) } },
    { op: 'Softmax', inputs: ['k'], outputs: ['p'] },
  ];
  const checked = checkGraph(graphOf(nodes, [f32('x', 'n', 4), f32('y', 'm', 4)], ['p']), registry);
  const store = new ConstantStore();
  const fed = (n: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [n, 4] }],
      ['y', { dtype: 'float32', dims: [5 - n, 4] }],
    ]);
  plannedText({ core, checked, store }, fed(2));
  const [concat, softmax] = ['Concat', 'Softmax'].map((type) => registry.find('', type, 17));
  if (concat === undefined || softmax === undefined) throw new Error('no such operator');
  const original = concat.lower.bind(concat);
  const first = vi.spyOn(concat, 'lower').mockImplementation((node) => {
    original(node);
    node.output(0).halves = node.input(0);
  });
  const reader = vi.spyOn(softmax, 'lower');
  plannedText({ core, checked, store }, fed(3));
  expect(first, 'everything is planned').toHaveBeenCalledTimes(2);
  expect(reader).toHaveBeenCalledTimes(1);
  first.mockRestore();
  reader.mockRestore();
  store.release();
});

test('a part of a table, as long as the input', () => {
  // Contents are of initialisers alone; how many, the shape of x says.
  const part = (from: string, to: string, table: string, out: string): NodeText[] => [
    { op: 'Slice', inputs: [table, from, to, 'zero'], outputs: [`slice${out}`] },
    { op: 'Abs', inputs: [`slice${out}`], outputs: [`abs${out}`] },
    { op: 'Add', inputs: ['x', `abs${out}`], outputs: [out] },
  ];
  const nodes: NodeText[] = [
    { op: 'Shape', inputs: ['x'], outputs: ['n'] },
    { op: 'Sub', inputs: ['all', 'n'], outputs: ['rest'] },
    ...part('zero', 'n', 'w', 'p'),
    ...part('rest', 'all', 'w', 'q'),
    { op: 'Neg', inputs: ['w'], outputs: ['v'] },
    ...part('zero', 'n', 'v', 'r'),
  ];
  const long = (value: bigint): Tensor => new Tensor('int64', [value], [1]);
  const constants = { w: drawn(1, 8), zero: long(0n), all: long(8n) };
  const graph = graphOf(nodes, [f32('x', 'n')], ['p', 'q', 'r'], constants);
  const sized = (n: number): Types => new Map([['x', { dtype: 'float32', dims: [n] }]]);
  expect(wrongInTurns(graph, [sized(1), sized(3), sized(8)])).toEqual([]);
  const store = new ConstantStore();
  const checked = checkGraph(graph, registry);
  for (const n of [1, 2, 3]) {
    plannedText({ core, checked, store }, sized(n));
    expect(store.folded.size, 'kept for the model: v').toBe(1);
    expect(store.named.has('v'), 'what no feed changes').toBe(true);
  }
  store.release();
});

test('a branch of one node that contents choose', () => {
  const branch = (op: string, name: string): Attribute => ({
    type: 'graph',
    value: graphOf([{ op, inputs: ['r'], outputs: [name] }], [], [name]),
  });
  const attributes = { then_branch: branch('Neg', 't'), else_branch: branch('Abs', 'f') };
  const nodes: NodeText[] = [
    { op: 'Relu', inputs: ['x'], outputs: ['r'] },
    { op: 'If', inputs: ['c'], outputs: ['p'], attributes },
  ];
  const inputs = [f32('x', 'n', 4), { name: 'c', dtype: 'bool', dims: [] } as const];
  const chosen = (byte: number, rows: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [rows, 4] }],
      ['c', { dtype: 'bool', dims: [], contents: Uint8Array.of(byte) }],
    ]);
  expect(
    wrongInTurns(graphOf(nodes, inputs, ['p']), [chosen(1, 2), chosen(0, 2), chosen(1, 3)]),
  ).toEqual([]);
});

test('a random node, and code of users: every plan lowers everything', () => {
  const nodes: NodeText[] = [
    { op: 'Softmax', inputs: ['y'], outputs: ['s'] },
    { op: 'RandomNormalLike', inputs: ['x'], outputs: ['p'] },
  ];
  const inputs = [f32('x', 'n', 4), f32('y', 'm', 4)];
  const sized = (n: number): Types =>
    new Map([
      ['x', { dtype: 'float32', dims: [n, 4] }],
      ['y', { dtype: 'float32', dims: [2, 4] }],
    ]);
  const random = graphOf(nodes, inputs, ['s', 'p']);
  expect(wrongInTurns(random, [sized(1), sized(2)])).toEqual([]);
  const softmax = registry.find('', 'Softmax', 17);
  if (softmax === undefined) throw new Error('no such operator');
  const lower = vi.spyOn(softmax, 'lower');
  const plans = (graph: Graph): number => {
    const checked = checkGraph(graph, registry);
    const store = new ConstantStore();
    lower.mockClear();
    for (const n of [1, 2, 3]) plannedText({ core, checked, store }, sized(n));
    store.release();
    expect(store.bases.size, 'released').toBe(0);
    return lower.mock.calls.length;
  };
  const neg = { op: 'Neg', inputs: ['x'], outputs: ['p'] };
  const plain = graphOf([...nodes.slice(0, 1), neg], inputs, ['s', 'p']);
  expect(plans(plain), 'once for all').toBe(1);
  Object.defineProperty(softmax, 'isUsers', { value: true, configurable: true });
  expect(plans(plain), 'for every shape').toBe(3);
  Reflect.deleteProperty(softmax, 'isUsers');
  lower.mockRestore();
  const checked = checkGraph(random, registry);
  const store = new ConstantStore();
  plannedText({ core, checked, store }, sized(1));
  expect(store.bases.size, 'nothing is tried').toBe(0);
  store.release();
});

test('other outputs, targets, tiles, what is kept and what is not fused are planned for themselves', () => {
  const { graph } = decoder();
  const checked = checkGraph(graph, registry);
  const store = new ConstantStore();
  const others: Partial<Planning>[] = [
    {},
    { outputs: ['out2'] },
    { outputs: ['present0'] },
    { outputs: ['present0', 'out2'] },
    { target: 'webgpu' },
    { target: 'webgpu', tiles: { fewRows: 'blocks' } },
    { target: 'webgpu', tiles: { fewRows: 'lanes' } },
    { keep: new Set(['scores1']) },
    { keep: 'all' },
    { fuse: false },
  ];
  for (const [i, one] of others.entries()) {
    for (const [k, other] of others.entries()) {
      plannedText({ core, checked, store, ...one }, held(4));
      const own = plannedText({ core, checked, store, ...other }, held(4));
      const alone = new ConstantStore();
      const expected = plannedText({ core, checked, store: alone, ...other }, held(4));
      expect(own, `${k} behind ${i}`).toBe(expected);
      alone.release();
    }
  }
  store.release();
});
