// Which products are exact integer sums is decided by the graph (docs/NUMERICS.md, V8): not by what else is read, how a plan
// is fused, how many stages a run takes, or whether the graph of an If is known while planning. A body is a graph of its own.
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { compareTensors } from '../../src/compare.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { load, Tensor } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { registry } from '../../src/registry.ts';
import { integers } from '../harness/prng.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();

describe('every value kept, fused or not, for either machine', () => {
  test.each([
    ['wasm', true],
    ['wasm', false],
    ['webgpu', true],
    ['webgpu', false],
  ] as const)('%s, fused %s', { timeout: 120_000 }, async (target, fuse) => {
    const core = await WasmBackend.create();
    const differing: string[] = [];
    for (const one of caseFiles.get('quantised') ?? []) {
      const checked = checkGraph(one.graph, registry);
      const outputs = one.graph.outputs.map(({ name }) => name);
      const run = async (keep: 'all' | undefined): Promise<ReadonlyMap<string, Tensor>> => {
        const store = new ConstantStore();
        const plan = planGraph(checked, store, core, one.feeds, {
          outputs,
          target: keep === undefined ? 'wasm' : target,
          fuse: keep === undefined ? true : fuse,
          ...(keep === undefined ? {} : { keep }),
        });
        const executable = core.prepare(plan);
        const result = await executable.run(one.feeds, {});
        executable.dispose();
        plan.release();
        store.release();
        return result.outputs;
      };
      const [plain, kept] = [await run(undefined), await run('all')];
      for (const name of outputs) {
        const [a, b] = [plain.get(name), kept.get(name)];
        if (a === undefined || b === undefined || compareTensors(a, b) !== undefined) {
          differing.push(`${one.id} ${name}`);
        }
      }
    }
    expect(differing).toEqual([]);
  });
});

const node = (
  index: number,
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node => ({
  index,
  name: `${opType}_${index}`,
  domain: '',
  opType,
  inputs,
  outputs,
  attributes: new Map(Object.entries(attributes)),
});
const graphOf = (
  nodes: readonly Node[],
  inputs: readonly ValueInfo[],
  outputs: readonly string[],
  initializers: Readonly<Record<string, Tensor>> = {},
): Graph => ({
  name: 'graph',
  nodes,
  inputs,
  outputs: outputs.map((name) => ({ name, dtype: 'float32' })),
  initializers: new Map(Object.entries(initializers)),
  valueInfo: new Map(),
  opsets: new Map([['', 21]]),
});

const [ROWS, TERMS, COLUMNS] = [3, 70, 4];
const bytes = (dims: readonly [number, number], seed: number): Tensor =>
  new Tensor('int8', integers(seed, dims[0] * dims[1], -128, 128), dims);
const x = bytes([ROWS, TERMS], 1);
const weights = {
  c: bytes([TERMS, COLUMNS], 2),
  scale: new Tensor('float32', [0.0123], []),
};
const dequantised = [
  node(0, 'DequantizeLinear', ['x', 'scale'], ['a']),
  node(1, 'DequantizeLinear', ['c', 'scale'], ['b']),
];
const xInfo: ValueInfo = { name: 'x', dtype: 'int8', dims: [ROWS, TERMS] };

async function outputOf(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  name = 'y',
): Promise<Tensor> {
  const model = await load(writeModel(graph));
  const result = await model.run(feeds, { backend: 'wasm' });
  model.dispose();
  const tensor = result.outputs[name];
  if (tensor === undefined) throw new Error(`no output ${name}`);
  return tensor;
}

/** The exact product, and that of the dequantised values as floats. */
async function bothProducts(): Promise<{ exact: Tensor; float: Tensor }> {
  const exact = graphOf(
    [...dequantised, node(2, 'MatMul', ['a', 'b'], ['y'])],
    [xInfo],
    ['y'],
    weights,
  );
  const float = graphOf(
    [...dequantised, node(2, 'Identity', ['b'], ['same']), node(3, 'MatMul', ['a', 'same'], ['y'])],
    [xInfo],
    ['y'],
    weights,
  );
  return { exact: await outputOf(exact, { x }), float: await outputOf(float, { x }) };
}

test('the two products differ, or nothing here would be shown', async () => {
  const { exact, float } = await bothProducts();
  expect(compareTensors(exact, float)).toBeDefined();
});

test('a product that waits for a later stage is the same', async () => {
  // The summand's shape is that of what NonZero finds: Gemm is planned when it is there.
  const graph = graphOf(
    [
      ...dequantised,
      node(2, 'NonZero', ['mask'], ['found']),
      node(3, 'Cast', ['found'], ['places'], { to: { type: 'int', value: 1 } }),
      node(4, 'ReduceSum', ['places', 'axes'], ['sum'], { keepdims: { type: 'int', value: 0 } }),
      node(5, 'Mul', ['sum', 'nought'], ['summand']),
      node(6, 'Gemm', ['a', 'b', 'summand'], ['y']),
    ],
    [xInfo, { name: 'mask', dtype: 'bool', dims: [5] }],
    ['y'],
    {
      ...weights,
      axes: new Tensor('int64', [0n, 1n], [2]),
      nought: new Tensor('float32', [0], []),
    },
  );
  const mask = new Tensor('bool', [true, false, true, true, false], [5]);
  const { exact } = await bothProducts();
  expect(compareTensors(exact, await outputOf(graph, { x, mask }))).toBeUndefined();
});

test('in a body, what is dequantised outside is a float, whether the branch is known or not', async () => {
  const branch = (op: readonly Node[], name: string): Attribute => ({
    type: 'graph',
    value: graphOf(op, [], [name]),
  });
  const inside = [
    node(0, 'DequantizeLinear', ['x', 'scale'], ['own_a']),
    node(1, 'DequantizeLinear', ['c', 'scale'], ['own_b']),
    node(2, 'MatMul', ['own_a', 'own_b'], ['own']),
  ];
  const graph = (constant: boolean, then: readonly Node[], name: string): Graph =>
    graphOf(
      [
        ...dequantised,
        node(2, 'If', ['condition'], ['y'], {
          then_branch: branch(then, name),
          else_branch: branch([node(0, 'MatMul', ['a', 'b'], ['other'])], 'other'),
        }),
      ],
      constant ? [xInfo] : [xInfo, { name: 'condition', dtype: 'bool', dims: [] }],
      ['y'],
      constant ? { ...weights, condition: new Tensor('bool', [true], []) } : weights,
    );
  const { exact, float } = await bothProducts();
  const condition = new Tensor('bool', [true], []);
  const outside = [node(0, 'MatMul', ['a', 'b'], ['product'])];
  for (const constant of [true, false]) {
    const feeds = constant ? { x } : { x, condition };
    const got = await outputOf(graph(constant, outside, 'product'), feeds);
    expect(compareTensors(float, got), `outside, known ${constant}`).toBeUndefined();
    const own = await outputOf(graph(constant, inside, 'own'), feeds);
    expect(compareTensors(exact, own), `inside, known ${constant}`).toBeUndefined();
  }
});
