// Random element-wise graphs by seed, some behind a MatMul or Conv: operands broadcast in all ways, constant, fed or
// computed, with specials; Where, if asked for, passes on words that nobody has made canonical. What they test is said where they are
// used.
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { floats, Prng, type FloatKind } from './prng.ts';

const BINARY = ['Mul', 'Add', 'Mul', 'Add', 'Sub', 'Div', 'Max', 'Min', 'PRelu'];
const UNARY = ['Relu', 'Neg', 'Abs', 'Sqrt', 'Reciprocal', 'Floor', 'Sigmoid'];
const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

export interface RandomGraph {
  readonly graph: Graph;
  readonly feeds: Map<string, Tensor>;
  readonly last: string;
  /** The last value and some others. */
  readonly some: readonly string[];
}

/** The graph of a seed, with Where among its nodes or not; every node is an output, and `last` is the last of them. */
export function randomGraph(seed: number, { where = false } = {}): RandomGraph {
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
    const kind = prng.below(8);
    if (kind < 2) at = emit(pick(UNARY), [at], none);
    else if (kind === 2 && where) {
      const name = `b${initializers.size}`;
      const bits = Array.from({ length: shape.at(-1) ?? 1 }, () => prng.below(2) === 0);
      initializers.set(name, new Tensor('bool', bits, [bits.length]));
      const other = value(shape, prng.below(2) === 0);
      at = emit('Where', prng.below(2) === 0 ? [name, at, other] : [name, other, at], none);
    } else {
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
      let other = again ? pick(made) : value(dims, prng.below(2) === 0);
      // A computed operand, broadcast or not: it has one reader and could be joined.
      if (!again && prng.below(3) === 0) other = emit(pick(UNARY), [other], none);
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
    some: [
      at,
      ...nodes.map((node) => node.name).filter((name) => name !== at && prng.below(4) === 0),
    ],
  };
}
