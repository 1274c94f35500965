// R5: random element-wise graphs, some behind a MatMul or Conv, give the same words whether only the last value is asked
// for (everything fuses), some are, or every value is (nothing does). Operands broadcast in all ways, computed ones too,
// with specials, and Where passes on words that nobody has made canonical.
import { expect, test } from 'vitest';
import { canonicalWord, f32OfWord, wordOfF32 } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';
import { floats, type FloatKind } from '../harness/prng.ts';
import { randomGraph } from '../harness/random_graph.ts';

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

const words = (tensor: Tensor | undefined): string[] => {
  if (tensor === undefined) return [];
  const { buffer, byteOffset, byteLength } = tensor.data as Float32Array;
  return Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4), (w) => w.toString(16));
};

/** Where the values asked for differ from what they are when all are. */
async function mismatch(
  graph: Graph,
  feeds: Map<string, Tensor>,
  ...asked: (readonly string[])[]
): Promise<string[]> {
  const session = await Session.create(graph);
  const all = await session.run(feeds, { backend: 'wasm' });
  const wrong: string[] = [];
  for (const outputs of asked) {
    const fused = await session.run(feeds, { backend: 'wasm', outputs });
    for (const name of outputs) {
      const [a, b] = [words(all.outputs[name]), words(fused.outputs[name])];
      const at = a.findIndex((w, i) => w !== b[i]);
      if (a.length > 0 && a.length === b.length && at < 0) continue;
      const ops = graph.nodes.map((node) => node.opType).join(' ');
      wrong.push(`${graph.name}: ${ops}: ${name}[${at}] unfused ${a[at]}, fused ${b[at]}`);
    }
  }
  session.dispose();
  return wrong;
}

test('fused and unfused graphs give the same words', async () => {
  const wrong: string[] = [];
  for (let seed = 0; seed < 150; seed += 1) {
    const { graph, feeds, last, some } = randomGraph(seed, { where: true });
    wrong.push(...(await mismatch(graph, feeds, [last], some)));
  }
  expect(wrong).toEqual([]);
});

test('product, sum and Relu or PRelu with one word a channel, around every limit', async () => {
  const wrong: string[] = [];
  const channels = 61;
  const vector = (seed: number, kind: FloatKind): Tensor =>
    new Tensor('float32', floats(seed, channels, kind), [channels, 1]);
  for (let seed = 0; seed < 36; seed += 1) {
    const kind = KINDS[seed % KINDS.length] ?? 'special';
    const other = KINDS[(seed >> 2) % KINDS.length] ?? 'special';
    const then = ['', 'Relu', 'PRelu'][seed % 3] ?? '';
    const ops = ['Mul', 'Add', ...(then === '' ? [] : [then])];
    const nodes = ops.map((opType, index): Node => ({
      index,
      name: `v${index}`,
      domain: '',
      opType,
      inputs: [index === 0 ? 'x' : `v${index - 1}`, ...(opType === 'Relu' ? [] : [`c${index}`])],
      outputs: [`v${index}`],
      attributes: new Map(),
    }));
    // Rows of 70: four vectors at a time, then single ones; the products near 2^-120 and their sums near 0.
    const x = new Tensor('float32', floats(seed, channels * 70, 'subnormal'), [channels, 70]);
    const graph: Graph = {
      name: `joined ${seed}`,
      nodes,
      inputs: [{ name: 'x', dtype: 'float32', dims: [channels, 70] }],
      outputs: nodes.map((node) => ({ name: node.name })),
      initializers: new Map([
        ['c0', vector(seed + 1, kind)],
        ['c1', vector(seed + 2, other)],
        ['c2', vector(seed + 3, seed % 2 === 0 ? 'special' : 'normal')],
      ]),
      valueInfo: new Map(),
      opsets: new Map([['', 17]]),
    };
    wrong.push(...(await mismatch(graph, new Map([['x', x]]), [`v${nodes.length - 1}`])));
  }
  expect(wrong).toEqual([]);
});

test('words that were moved and not computed are read canonically by the next node', async () => {
  const x = new Tensor('float32', floats(5, 24, 'special'), [4, 6]);
  const y = new Tensor('float32', floats(6, 24, 'special'), [4, 6]);
  for (const one of [x, y]) (one.data as Float32Array).set([2 ** -121, -(2 ** -121)], 17);
  const condition = new Tensor('bool', [true, false, false, true, false, true], [6]);
  const info = (name: string, dtype: 'float32' | 'bool', ...dims: number[]): ValueInfo => ({
    ...{ name, dtype, dims },
  });
  const inputs = [info('x', 'float32', 4, 6), info('y', 'float32', 4, 6), info('c', 'bool', 6)];
  const moves: readonly (readonly [string, readonly string[]])[] = [
    ['Where', ['c', 'x', 'y']],
    ['Identity', ['x']],
    ['Transpose', ['x']],
    ['Concat', ['x', 'y']],
    ['Gather', ['x', 'i']],
  ];
  for (const [opType, args] of moves) {
    const move: Node = {
      ...{ index: 0, name: 'move', domain: '', opType, inputs: args, outputs: ['moved'] },
      attributes: new Map(opType === 'Concat' ? [['axis', { type: 'int', value: 0 }]] : []),
    };
    const double: Node = {
      ...{ index: 1, name: 'double', domain: '', opType: 'Add', inputs: ['moved', 'moved'] },
      ...{ outputs: ['doubled'], attributes: new Map() },
    };
    const graph: Graph = {
      ...{ name: opType, nodes: [move, double], valueInfo: new Map(), opsets: new Map([['', 17]]) },
      inputs: inputs.filter((one) => args.includes(one.name)),
      outputs: [{ name: 'doubled' }, { name: 'moved' }],
      initializers: new Map([['i', new Tensor('int64', [3n, 0n], [2])]]),
    };
    const feeds = new Map(Object.entries({ x, y, c: condition }));
    for (const name of feeds.keys()) if (!args.includes(name)) feeds.delete(name);
    const session = await Session.create(graph);
    const { moved } = (await session.run(feeds, { backend: 'wasm' })).outputs;
    const { doubled } = (await session.run(feeds, { backend: 'wasm', outputs: ['doubled'] }))
      .outputs;
    session.dispose();
    // Read as it is, 2^-121 + 2^-121 would be 2^-120.
    const expected = words(moved).map((hex) => {
      const word = canonicalWord(Number.parseInt(hex, 16));
      return canonicalWord(wordOfF32(2 * f32OfWord(word))).toString(16);
    });
    expect(words(doubled), opType).toEqual(expected);
  }
});

test('a fold over one element, whose chain reads what is folded', async () => {
  const node = (index: number, opType: string, inputs: string[]): Node => ({
    ...{ index, name: `v${index}`, domain: '', opType, inputs, outputs: [`v${index}`] },
    attributes: new Map(
      opType === 'RMSNormalization' ? [['axis', { type: 'int', value: -1 }]] : [],
    ),
  });
  const graph: Graph = {
    name: 'one element',
    nodes: [node(0, 'Add', ['x', 'x']), node(1, 'RMSNormalization', ['v0', 'scale'])],
    inputs: [{ name: 'x', dtype: 'float32', dims: [3, 1] }],
    outputs: [{ name: 'v0' }, { name: 'v1' }],
    initializers: new Map([['scale', new Tensor('float32', [3], [1])]]),
    valueInfo: new Map(),
    opsets: new Map([['', 23]]),
  };
  const feeds = new Map([['x', new Tensor('float32', [1, -2, 3], [3, 1])]]);
  expect(await mismatch(graph, feeds, ['v1'])).toEqual([]);
});
