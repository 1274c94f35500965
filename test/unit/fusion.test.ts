// R5: random element-wise graphs, some behind a MatMul or Conv, give the same words whether only the last value is asked
// for (everything fuses) or every value is (nothing does). Operands broadcast in all ways, with specials.
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';
import { floats, type FloatKind } from '../harness/prng.ts';
import { randomGraph } from '../harness/random_graph.ts';

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

const words = (tensor: Tensor | undefined): string[] => {
  if (tensor === undefined) return [];
  const { buffer, byteOffset, byteLength } = tensor.data as Float32Array;
  return Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4), (w) => w.toString(16));
};

async function mismatch(
  graph: Graph,
  feeds: Map<string, Tensor>,
  last: string,
): Promise<string | undefined> {
  const session = await Session.create(graph);
  const all = await session.run(feeds, { backend: 'wasm' });
  const one = await session.run(feeds, { backend: 'wasm', outputs: [last] });
  session.dispose();
  const [a, b] = [words(all.outputs[last]), words(one.outputs[last])];
  const at = a.findIndex((w, i) => w !== b[i]);
  if (a.length > 0 && a.length === b.length && at < 0) return undefined;
  const ops = graph.nodes.map((node) => node.opType).join(' ');
  return `${graph.name}: ${ops}: [${at}] unfused ${a[at]}, fused ${b[at]}`;
}

test('fused and unfused graphs give the same words', async () => {
  const wrong: (string | undefined)[] = [];
  for (let seed = 0; seed < 150; seed += 1) {
    const { graph, feeds, last } = randomGraph(seed);
    wrong.push(await mismatch(graph, feeds, last));
  }
  expect(wrong.filter((text) => text !== undefined)).toEqual([]);
});

test('product, sum and Relu or PRelu with one word a channel, around every limit', async () => {
  const wrong: (string | undefined)[] = [];
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
    wrong.push(await mismatch(graph, new Map([['x', x]]), `v${nodes.length - 1}`));
  }
  expect(wrong.filter((text) => text !== undefined)).toEqual([]);
});
