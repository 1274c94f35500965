// R5: random element-wise graphs, some behind a MatMul or Conv, give the same words whether only the last value is asked
// for (everything fuses) or every value is (nothing does). Operands broadcast in all ways, with specials.
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';
import { floats, Prng, type FloatKind } from '../harness/prng.ts';

const BINARY = ['Mul', 'Add', 'Mul', 'Add', 'Sub', 'Div', 'Max', 'Min', 'PRelu'];
const UNARY = ['Relu', 'Neg', 'Abs', 'Sqrt', 'Reciprocal', 'Floor', 'Sigmoid'];
const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

interface Built {
  readonly graph: Graph;
  readonly feeds: Map<string, Tensor>;
  readonly last: string;
}

function build(seed: number): Built {
  const prng = new Prng(seed);
  const pick = <T>(list: readonly T[]): T => {
    const one = list[prng.below(list.length)];
    if (one === undefined) throw new RangeError('pick: empty list');
    return one;
  };
  const shape = pick([
    [1, 5, 6, 7],
    [2, 3, 40],
    [1, 12, 10, 10],
    [3, 300],
    [2, 8, 9, 11],
  ]);
  const feeds = new Map<string, Tensor>();
  const initializers = new Map<string, Tensor>();
  const inputs: ValueInfo[] = [];
  const nodes: Node[] = [];
  const tensor = (dims: readonly number[], kind: FloatKind): Tensor =>
    new Tensor(
      'float32',
      floats(
        prng.word(),
        dims.reduce((p, d) => p * d, 1),
        kind,
      ),
      dims,
    );
  const value = (dims: readonly number[], constant: boolean): string => {
    const name = `${constant ? 'c' : 'x'}${initializers.size + feeds.size}`;
    const data = tensor(dims, pick(KINDS));
    if (constant) initializers.set(name, data);
    else {
      feeds.set(name, data);
      inputs.push({ name, dtype: 'float32', dims });
    }
    return name;
  };
  const emit = (
    opType: string,
    args: readonly string[],
    attributes: Node['attributes'],
  ): string => {
    const name = `v${nodes.length}`;
    nodes.push({
      index: nodes.length,
      name,
      domain: '',
      opType,
      inputs: args,
      outputs: [name],
      attributes,
    });
    return name;
  };
  const none = new Map();
  let at = value(shape, false);
  if (shape.length === 4 && prng.below(2) === 0) {
    const channels = shape[1] ?? 1;
    const depthwise = prng.below(2) === 0;
    const weights = [channels, depthwise ? 1 : channels, 3, 3];
    const weight = `c${initializers.size + feeds.size}`;
    initializers.set(weight, tensor(weights, 'normal'));
    const group = { type: 'int', value: depthwise ? channels : 1 } as const;
    const pads = { type: 'ints', value: [1, 1, 1, 1] } as const;
    at = emit(
      'Conv',
      [at, weight],
      new Map<string, Node['attributes'] extends ReadonlyMap<string, infer A> ? A : never>([
        ['group', group],
        ['pads', pads],
      ]),
    );
  } else if (prng.below(2) === 0) {
    const n = shape.at(-1) ?? 1;
    at = emit('MatMul', [at, value([n, n], true)], none);
  }
  const made = [at];
  for (let i = 2 + prng.below(7); i > 0; i -= 1) {
    if (prng.below(3) === 0) at = emit(pick(UNARY), [at], none);
    else {
      const opType = pick(BINARY);
      // The whole shape, one word a channel, one word, a row; or an earlier value again.
      const dims = pick([
        shape,
        shape.map((d, axis) => (axis === 1 ? d : 1)),
        [],
        shape.slice(-1),
        shape.map((d, axis) => (axis === shape.length - 1 ? 1 : d)),
      ]);
      const again = opType !== 'PRelu' && prng.below(4) === 0;
      const other = again ? pick(made) : value(dims, prng.below(2) === 0);
      const swap = opType !== 'PRelu' && prng.below(2) === 0;
      at = emit(opType, swap ? [other, at] : [at, other], none);
    }
    made.push(at);
  }
  return {
    graph: {
      name: `fusion ${seed}`,
      nodes,
      inputs,
      outputs: nodes.map((node) => ({ name: node.name })),
      initializers,
      valueInfo: new Map(),
      opsets: new Map([['', 17]]),
    },
    feeds,
    last: at,
  };
}

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
    const { graph, feeds, last } = build(seed);
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
