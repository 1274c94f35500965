// Attention of ai.onnx (opset 23, 24), as ONNX's own function body composes it (V7), on 3-D inputs with heads side by side
// or 4-D ones with a head axis; keys and values may be shared by groups of query heads.
//   r = √scale;  s = (q · r)·(k · r)ᵀ;  t = tanh(s ÷ softcap) · softcap;  u = t + bias;  p = softmax(u);  y = p·v
//   bias = mask + causal + padding, each 0 or −∞ where it is not a float mask, in this order
// A row whose keys are all masked is NaN, as ONNX's reference gives (the rule of Softmax).
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { broadcastShapes, formatShape } from '../core/shape.ts';
import {
  emitScores,
  emitWeighted,
  inverseRootOf,
  joined,
  joinHeads,
  softmaxRows,
  splitHeads,
} from './attend.ts';
import { mapped, type ChainBuilder } from './chain_builder.ts';
import { castTo, floatOf, integerOf, integers, longs, narrowed, view, widened } from './wide.ts';

interface Sizes {
  readonly is3d: boolean;
  readonly batch: number;
  readonly heads: number;
  readonly sharedHeads: number;
  readonly rows: number;
  readonly newKeys: number;
  readonly pastKeys: number;
  readonly keys: number;
  readonly size: number;
  readonly valueSize: number;
}

function wrong(what: string, expected: string, dims: readonly number[]): RangeError {
  return new RangeError(
    `Attention: ${what}: expected ${expected}, got ${formatShape(dims)}. Reshape it.`,
  );
}

function sizesOf(node: ShapeContext): Sizes {
  const [q, k, v] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
  const is3d = q.length === 3;
  if ((q.length !== 3 && q.length !== 4) || k.length !== q.length || v.length !== q.length) {
    throw wrong('Q, K, V', 'three tensors of 3 or of 4 axes', q);
  }
  const headsOf = (name: string, dims: readonly number[]): number => {
    const own = is3d ? undefined : dims[1];
    const heads = node.int(name, own ?? 0);
    if (heads < 1 && own !== 0) {
      throw new RangeError(`Attention: ${name}: expected at least 1, got ${heads}. Set it.`);
    }
    if (own !== undefined && heads !== own) throw wrong(name, `axis 1 of ${heads}`, dims);
    return heads;
  };
  const [heads, sharedHeads] = [headsOf('q_num_heads', q), headsOf('kv_num_heads', k)];
  const size = is3d ? (q[2] ?? 0) / heads : (q[3] ?? 0);
  const valueSize = is3d ? (v[2] ?? 0) / sharedHeads : (v[3] ?? 0);
  const [batch = 0, rows = 0] = is3d ? q : [q[0], q[2]];
  const newKeys = (is3d ? k[1] : k[2]) ?? 0;
  const shapeOf = (h: number, n: number, d: number): string =>
    (is3d ? [batch, n, h * d] : [batch, h, n, d]).join();
  if (!Number.isInteger(size) || (sharedHeads > 0 && heads % sharedHeads !== 0)) {
    throw wrong('Q', `${heads} heads of equal size, a multiple of ${sharedHeads}`, q);
  }
  if (k.join() !== shapeOf(sharedHeads, newKeys, size)) {
    throw wrong('K', `[${shapeOf(sharedHeads, newKeys, size)}]`, k);
  }
  if (!Number.isInteger(valueSize) || v.join() !== shapeOf(sharedHeads, newKeys, valueSize)) {
    throw wrong('V', `[${shapeOf(sharedHeads, newKeys, Math.floor(valueSize))}]`, v);
  }
  const [pastK, pastV] = [node.optional(4), node.optional(5)];
  if ((pastK === undefined) !== (pastV === undefined)) {
    throw new TypeError(
      'Attention: past_key and past_value: expected both or none, got one. Connect the other.',
    );
  }
  const pastKeys = pastK?.dims[2] ?? 0;
  const past = [batch, sharedHeads, pastKeys];
  if (pastK !== undefined && pastK.dims.join() !== [...past, size].join()) {
    throw wrong('past_key', `[${batch}, ${sharedHeads}, P, ${size}]`, pastK.dims);
  }
  if (pastV !== undefined && pastV.dims.join() !== [...past, valueSize].join()) {
    throw wrong('past_value', `[${batch}, ${sharedHeads}, ${pastKeys}, ${valueSize}]`, pastV.dims);
  }
  const keys = pastKeys + newKeys;
  const mask = node.optional(3)?.dims;
  if (mask !== undefined) {
    const padded = [...mask.slice(0, -1), keys];
    const whole = [batch, heads, rows, keys];
    const fits = mask.length >= 1 && mask.length <= 4 && (mask.at(-1) ?? 0) <= keys;
    if (!fits || broadcastShapes('Attention', padded, whole).join() !== whole.join()) {
      throw wrong('attn_mask', `a shape that broadcasts to ${formatShape(whole)}`, mask);
    }
  }
  const lengths = node.optional(6)?.dims;
  if (lengths !== undefined && lengths.join() !== String(batch)) {
    throw wrong('nonpad_kv_seqlen', `[${batch}]`, lengths);
  }
  return { is3d, batch, heads, sharedHeads, rows, newKeys, pastKeys, keys, size, valueSize };
}

/** 0 where a condition holds, else −∞. */
const zeroOrMinus = (c: ChainBuilder, condition: number): number =>
  c.op('select_word', condition, c.scalar(0), c.scalar(-Infinity));

/** The mask as float32, with −∞ in the columns that it lacks. */
function floatMask(node: LowerContext, mask: Value, keys: number): Value {
  const has = mask.dims.at(-1) ?? 0;
  // Since opset 24 a short mask is filled up; before, one column stood for all.
  const isWhole = has === keys || (has === 1 && node.opset < 24);
  const own =
    mask.dtype === 'bool'
      ? mapped(node, mask.dims, (c) => zeroOrMinus(c, c.word(mask)))
      : widened(node, mask);
  if (isWhole) return own;
  const dims = [...mask.dims.slice(0, -1), keys - has];
  const size = dims.reduce((product, dim) => product * dim, 1);
  const rest = node.constantValue('float32', dims, new Float32Array(size).fill(-Infinity));
  return joined(node, [own, rest], dims.length - 1);
}

/** Lengths within 0 … most, as int32: what lies outside compares alike. */
function bounded(node: LowerContext, lengths: Value, most: number): Value {
  const [least = lengths] = node.call('Max', [lengths, longs(node, 0)]);
  const [both = lengths] = node.call('Min', [least, longs(node, most)]);
  return castTo(node, both, 'int32');
}

/** What is added to the scores, or undefined: broadcasts to them. */
function biasOf(node: LowerContext, sizes: Sizes): Value | undefined {
  const { batch, rows, keys, pastKeys } = sizes;
  const mask = node.optional(3);
  let bias = mask === undefined ? undefined : floatMask(node, mask, keys);
  const lengths = node.optional(6);
  const count = lengths === undefined ? undefined : bounded(node, lengths, keys + rows);
  const column = integers(
    node,
    [keys],
    Array.from({ length: keys }, (_, j) => j),
  );
  const add = (
    dims: readonly number[],
    condition: (c: ChainBuilder) => number,
    before: Value | undefined,
  ): Value => {
    const to = before === undefined ? dims : broadcastShapes('Attention', before.dims, dims);
    return mapped(node, to, (c) => {
      const term = zeroOrMinus(c, condition(c));
      return before === undefined ? term : c.op('add_f32', c.f32(before), term);
    });
  };
  if (node.int('is_causal', 0) !== 0) {
    const index = Array.from({ length: rows }, (_, i) => i);
    if (count !== undefined && node.optional(4) === undefined) {
      // The cache is the caller's: the rows are the last ones of the valid keys.
      const first = integers(
        node,
        [1, 1, rows, 1],
        index.map((i) => i - rows),
      );
      const length = view(node, count, [batch, 1, 1, 1]);
      bias = add(
        [batch, 1, rows, keys],
        (c) =>
          c.op('less_equal_i32', c.word(column), c.op('add_i32', c.word(first), c.word(length))),
        bias,
      );
    } else {
      const last = integers(
        node,
        [rows, 1],
        index.map((i) => i + pastKeys),
      );
      bias = add([rows, keys], (c) => c.op('less_equal_i32', c.word(column), c.word(last)), bias);
    }
  }
  if (count !== undefined) {
    const length = view(node, count, [batch, 1, 1, 1]);
    bias = add([batch, 1, 1, keys], (c) => c.op('less_i32', c.word(column), c.word(length)), bias);
  }
  return bias;
}

export const Attention: OpDef = {
  type: 'Attention',
  opsets: [23, NEWEST_OPSET],
  inputs: [3, 7],
  attributes: {
    is_causal: { kind: 'int' },
    kv_num_heads: { kind: 'int' },
    q_num_heads: { kind: 'int' },
    qk_matmul_output_mode: { kind: 'int', oneOf: [0, 1, 2, 3] },
    scale: { kind: 'float' },
    softcap: { kind: 'float' },
    softmax_precision: { kind: 'int', oneOf: [1, 10, 16] },
  },
  dtypes(node: NodeContext): DType[] {
    const type = floatOf(node, 0, 1, 4);
    const values = floatOf(node, 2, 5);
    if (node.dtypeOf(3) !== 'bool') floatOf(node, 0, 3);
    integerOf(node, 6, 'int64');
    return [type, type, values, type];
  },
  infer(node) {
    const s = sizesOf(node);
    return [
      s.is3d ? [s.batch, s.rows, s.heads * s.valueSize] : [s.batch, s.heads, s.rows, s.valueSize],
      [s.batch, s.sharedHeads, s.keys, s.size],
      [s.batch, s.sharedHeads, s.keys, s.valueSize],
      [s.batch, s.heads, s.rows, s.keys],
    ];
  },
  lower(node) {
    const sizes = sizesOf(node);
    const split = (i: number, heads: number): Value =>
      sizes.is3d ? splitHeads(node, node.input(i), heads) : node.input(i);
    const q = widened(node, split(0, sizes.heads));
    const present = (i: number, past: number, out: number): Value => {
      const own = split(i, sizes.sharedHeads);
      const before = node.optional(past);
      const to = node.wants(out) ? node.output(out) : undefined;
      if (before !== undefined) return joined(node, [before, own], 2, to);
      if (to !== undefined) node.alias(to, own);
      return own;
    };
    const k = widened(node, present(1, 4, 1));
    const v = widened(node, present(2, 5, 2));
    const scale = Math.fround(node.float('scale', inverseRootOf(sizes.size)));
    const root = Math.fround(Math.sqrt(scale));
    const scaled = (x: Value): Value =>
      mapped(node, x.dims, (c) => c.op('mul_f32', c.f32(x), c.scalar(root)));
    const mode = node.int('qk_matmul_output_mode', 0);
    const keep = (wanted: number, value: Value): void => {
      if (mode !== wanted || !node.wants(3)) return;
      narrowed(node, node.output(3), (to) => {
        node.alias(to, value);
      });
    };
    let scores = emitScores(node, scaled(q), scaled(k));
    keep(0, scores);
    const cap = Math.fround(node.float('softcap', 0));
    if (cap > 0) {
      const plain = scores;
      scores = mapped(node, plain.dims, (c) => {
        const limit = c.scalar(cap);
        return c.op('mul_f32', c.op('tanh_f32', c.op('div_f32', c.f32(plain), limit)), limit);
      });
    }
    keep(1, scores);
    const bias = biasOf(node, sizes);
    if (bias !== undefined) {
      const before = scores;
      scores = mapped(node, before.dims, (c) => c.op('add_f32', c.f32(before), c.f32(bias)));
    }
    keep(2, scores);
    const weights = softmaxRows(node, scores);
    keep(3, weights);
    if (!node.wants(0)) return;
    narrowed(node, node.output(0), (to) => {
      const y = emitWeighted(node, weights, v);
      if (sizes.is3d) joinHeads(node, to, y);
      else node.alias(to, y);
    });
  },
};
