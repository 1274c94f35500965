// Traces on the reference: the tree and the canonical text against vectors of others, what a trace names, what moves its
// root and what does not. That roots are equal on every stack is test/stacks/trace.test.ts.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test, vi } from 'vitest';
import { canonicalText } from '../../src/evidence/canonical.ts';
import { digestOfValue } from '../../src/evidence/digests.ts';
import { MerkleTree } from '../../src/evidence/merkle.ts';
import { digestOfModel } from '../../src/evidence/model_digest.ts';
import { digestOfData } from '../../src/outputs.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { load, Tensor, type RunOptions, type Trace } from '../../src/index.ts';
import { readModel } from '../../src/onnx/model.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { Session } from '../../src/session.ts';
import { floats } from '../harness/prng.ts';

const node = (
  index: number,
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: [string, Attribute][] = [],
  name = `${opType}_${index}`,
): Node => ({ index, name, domain: '', opType, inputs, outputs, attributes: new Map(attributes) });

const N = 40;

/** y = Softmax(Relu(x·w + b)), z = LeakyRelu(x). */
function plain(weights = floats(1, N * N), alpha = 0.5, names = 'n'): Graph {
  return {
    name: names,
    nodes: [
      node(0, 'MatMul', ['x', 'w'], ['p'], [], `${names}0`),
      node(1, 'Add', ['p', 'b'], ['s'], [], `${names}1`),
      node(2, 'Relu', ['s'], ['r'], [], `${names}2`),
      node(3, 'Softmax', ['r'], ['y'], [], `${names}3`),
      node(4, 'LeakyRelu', ['x'], ['z'], [['alpha', { type: 'float', value: alpha }]]),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', N] }],
    outputs: [{ name: 'y' }, { name: 'z' }],
    initializers: new Map([
      ['w', new Tensor('float32', weights, [N, N])],
      ['b', new Tensor('float32', floats(2, N), [N])],
    ]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}

const scalar = (data: Float32Array | BigInt64Array | Uint8Array): Tensor =>
  data instanceof Float32Array
    ? new Tensor('float32', data, [1])
    : data instanceof Uint8Array
      ? new Tensor('bool', data, [])
      : new Tensor('int64', data, []);

/** Three turns of a Loop: v = v + v; an If beside it on what is known, whose other branch never runs. */
function carrying(names: string): Graph {
  const inner = { valueInfo: new Map(), opsets: new Map([['', 17]]) };
  const body: Graph = {
    ...inner,
    name: 'body',
    nodes: [
      node(0, 'Identity', ['on'], ['still'], [], `${names}still`),
      node(1, 'Add', ['v', 'v'], ['w'], [], `${names}add`),
    ],
    inputs: [
      { name: 'i', dtype: 'int64', dims: [] },
      { name: 'on', dtype: 'bool', dims: [] },
      { name: 'v', dtype: 'float32', dims: [1] },
    ],
    outputs: [{ name: 'still' }, { name: 'w' }],
    initializers: new Map(),
  };
  const branch = (opType: string): Graph => ({
    ...inner,
    ...{ name: opType, nodes: [node(0, opType, ['x'], ['t'])], inputs: [] },
    ...{ outputs: [{ name: 't' }], initializers: new Map() },
  });
  return {
    ...inner,
    name: 'carrying',
    nodes: [
      node(0, 'Loop', ['count', '', 'x'], ['l'], [['body', { type: 'graph', value: body }]], names),
      node(
        1,
        'If',
        ['yes'],
        ['f'],
        [
          ['then_branch', { type: 'graph', value: branch('Neg') }],
          ['else_branch', { type: 'graph', value: branch('Abs') }],
        ],
        `${names}if`,
      ),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: [1] }],
    outputs: [{ name: 'l' }, { name: 'f' }],
    initializers: new Map([
      ['count', scalar(BigInt64Array.of(3n))],
      ['yes', scalar(Uint8Array.of(1))],
    ]),
  };
}

const rows = (n: number): Record<string, Tensor> => ({
  x: new Tensor('float32', floats(n, n * N), [n, N]),
});

async function traced(
  graph: Graph,
  feeds: Record<string, Tensor>,
  options: RunOptions = {},
): Promise<Trace> {
  const session = await Session.create(graph);
  try {
    const { trace } = await session.run(feeds, { backend: 'wasm', trace: true, ...options });
    if (trace === undefined) throw new Error('there is no trace');
    return trace;
  } finally {
    session.dispose();
  }
}

describe('the tree', () => {
  // Of the log that Certificate Transparency's implementations are tested with.
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
    '606162636465666768696a6b6c6d6e6f',
  );
  test.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i leaves has the root of RFC 9162', (n, root) => {
    const tree = new MerkleTree(leaves.slice(0, n).map((hex) => hexToBytes(hex)));
    expect(bytesToHex(tree.head())).toBe(root);
  });

  test('has heads of ranges, and none outside', () => {
    const all = leaves.map((hex) => hexToBytes(hex));
    const tree = new MerkleTree(all);
    expect(tree.head(2, 5)).toEqual(new MerkleTree(all.slice(2, 5)).head());
    expect(() => tree.head(3, 9)).toThrow(RangeError);
  });
});

test('canonical text is that of RFC 8785', () => {
  const document = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
    string: '€$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  };
  expect(canonicalText(document)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
  expect(() => canonicalText({ x: Number.NaN })).toThrow(TypeError);
  expect(() => canonicalText('\ud800')).toThrow(TypeError);
});

test('digests of values are those of runs, with WebCrypto and without', async () => {
  const small = new Tensor('int64', [1n, 2n], [2]);
  const large = new Tensor('float32', floats(7, 5000), [5000]);
  const values = [small, large, null, [large, small], new Tensor('string', ['ä', ''], [2])];
  const expected = values.map(digestOfData);
  expect(await Promise.all(values.map(digestOfValue))).toEqual(expected);
  vi.stubGlobal('crypto', {});
  expect(await Promise.all(values.map(digestOfValue))).toEqual(expected);
  vi.unstubAllGlobals();
});

describe('a trace', () => {
  test('names every node in order, with the digest of each value', async () => {
    const feeds = rows(3);
    const trace = await traced(plain(), feeds);
    expect(trace.nodes.map(({ path, operator }) => `${path} ${operator}`)).toEqual([
      ...['0 MatMul', '1 Add', '2 Relu', '3 Softmax', '4 LeakyRelu'],
    ]);
    expect(trace.outputs.map(({ name, digest }) => [name, digest])).toEqual([
      ['y', trace.nodes[3]?.outputs[0]?.digest],
      ['z', trace.nodes[4]?.outputs[0]?.digest],
    ]);
    expect(trace.inputs[0]?.digest).toBe(digestOfData(feeds['x'] ?? null));
    expect(trace.nodes[2]?.outputs[0]).toMatchObject({ type: 'float32', dims: [3, N] });
  });

  test('has one root: traced again, in a worker’s slices, with threads, from a file', async () => {
    const { root } = await traced(plain(), rows(3));
    const { signal } = new AbortController();
    expect((await traced(plain(), rows(3), { signal })).root).toBe(root);
    const model = await load(writeModel(plain()), { threads: 2 });
    const before = await model.run(rows(3), { backend: 'wasm' });
    const run = await model.run(rows(3), { backend: 'wasm', trace: true });
    expect([run.trace?.root, run.digest]).toEqual([root, before.digest]);
    model.dispose();
  });

  test.each<[string, Graph, Record<string, Tensor>]>([
    ['a weight', plain(floats(3, N * N)), rows(3)],
    ['an attribute', plain(undefined, 0.25), rows(3)],
    ['an input', plain(), { x: new Tensor('float32', floats(4, 3 * N), [3, N]) }],
    ['the shape of an input', plain(), rows(4)],
  ])('has another root for %s', async (_, graph, feeds) => {
    expect((await traced(graph, feeds)).root).not.toBe((await traced(plain(), rows(3))).root);
  });

  test('counts the runs of graphs within nodes, and leaves out branches that did not run', async () => {
    const x = { x: new Tensor('float32', [1.5], [1]) };
    const trace = await traced(carrying('a'), x);
    expect(trace.nodes.map(({ path, operator }) => `${path} ${operator}`)).toEqual([
      ...['0/body[0]/0 Identity', '0/body[0]/1 Add', '0/body[1]/0 Identity', '0/body[1]/1 Add'],
      ...['0/body[2]/0 Identity', '0/body[2]/1 Add', '0 Loop', '1/then_branch[0]/0 Neg', '1 If'],
    ]);
    const digest = (value: number): string => digestOfData(new Tensor('float32', [value], [1]));
    const at = (path: string): string | undefined =>
      trace.nodes.find((one) => one.path === path)?.outputs[0]?.digest;
    expect([at('0/body[0]/1'), at('0/body[2]/1'), at('1/then_branch[0]/0')]).toEqual([
      ...[digest(3), digest(12), digest(-1.5)],
    ]);
    // Names of nodes decide nothing.
    expect((await traced(carrying('b'), x)).root).toBe(trace.root);
  });

  test('has the seed of a run that drew, and only of such', async () => {
    const drawing: Graph = {
      ...plain(),
      nodes: [node(0, 'RandomUniformLike', ['x'], ['y']), node(1, 'Neg', ['x'], ['z'])],
    };
    const one = await traced(drawing, rows(3), { seed: 1 });
    const two = await traced(drawing, rows(3), { seed: 2 });
    expect([one.seed, two.seed]).toEqual([1, 2]);
    expect(one.root).not.toBe(two.root);
    expect((await traced(plain(), rows(3), { seed: 1 })).seed).toBeUndefined();
  });

  test('cannot be had of outputs that stay on a device', async () => {
    await expect(traced(plain(), rows(3), { keepOnDevice: true })).rejects.toThrow(
      'trace: expected outputs in memory, got keepOnDevice',
    );
  });
});

describe('the digest of a model', () => {
  const expected = digestOfModel(plain());

  test('survives writing and reading, other names of nodes, and a run', async () => {
    expect(await digestOfModel(readModel(writeModel(plain())))).toBe(await expected);
    expect(await digestOfModel(plain(undefined, 0.5, 'other'))).toBe(await expected);
    expect((await traced(plain(), rows(2))).model).toBe(await expected);
    const unused = { ...plain(), opsets: new Map([...plain().opsets, ['com.example', 3]]) };
    expect(await digestOfModel(unused)).toBe(await expected);
    expect(await digestOfModel(carrying('a'))).toBe(await digestOfModel(carrying('b')));
  });

  test('survives weights that are given up for what kernels pack of them', async () => {
    const [k, n] = [2048, 2304]; // 18 MiB
    const x = new Tensor('float32', floats(5, 3 * k), [3, k]);
    const graph: Graph = {
      ...plain(),
      nodes: [node(0, 'MatMul', ['x', 'w'], ['y']), node(1, 'Neg', ['x'], ['z'])],
      inputs: [{ name: 'x', dtype: 'float32', dims: [3, k] }],
      initializers: new Map([['w', new Tensor('float32', floats(6, k * n), [k, n])]]),
    };
    const model = await load(writeModel(graph));
    await model.run({ x }, { backend: 'wasm' });
    const { trace } = await model.run({ x }, { backend: 'wasm', trace: true });
    expect(trace?.model).toBe(await digestOfModel(graph));
    model.dispose();
  });

  test('is another for another graph', async () => {
    const graph = plain();
    const [matMul, ...rest] = graph.nodes;
    if (matMul === undefined) throw new Error('no node');
    const others: Graph[] = [
      plain(floats(9, N * N)),
      plain(undefined, Math.fround(0.1)),
      { ...graph, opsets: new Map([['', 18]]) },
      { ...graph, outputs: [...graph.outputs].reverse() },
      { ...graph, nodes: [...rest, matMul] },
      { ...graph, nodes: [{ ...matMul, inputs: ['x', 'b'] }, ...rest] },
      { ...graph, inputs: [{ name: 'x', dtype: 'float32', dims: [3, N] }] },
    ];
    const digests = await Promise.all(others.map(digestOfModel));
    expect(new Set([...digests, await expected]).size).toBe(others.length + 1);
  });
});
