// GroupQueryAttention of com.microsoft (V7): rotary embedding, a cache that every batch entry has filled to its own length,
// causal or windowed scores, sinks. Batch entry b holds past[b] rows before this run: none where the run is the whole
// sequence (rows = total_sequence_length), else seqlens_k[b] + 1 − rows, at least 0 and at most total_sequence_length − rows.
//   present: rows 0 … past[b] − 1 of the past, then the new rows, then +0
//   u = tanh(s ÷ softcap) · softcap with s = (q·kᵀ) · scale; u + attention_bias; −∞ where a key is hidden
//   Row i sees keys 0 … past[b] + i, with a window the last local_window_size of them; all keys of its entry where causal = 0
//   p = softmax of the scores behind one more term, head_sink or 0 (smooth_softmax), whose weight is dropped
// Refused: quantised caches, sliding_window_cache, qk_output.
import type { DType } from '../core/dtype.ts';
import type { LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { appended } from './append_rows.ts';
import { storable } from './named_activations.ts';
import {
  copied,
  emitScores,
  emitWeighted,
  headsIn,
  inverseRootOf,
  joined,
  joinHeads,
  part,
  softmaxRows,
  whole,
  type Heads,
} from './attend.ts';
import { emitChain, mapped, type ChainBuilder } from './chain_builder.ts';
import { knownIntegers } from './known.ts';
import { rotate } from './rotate_pairs.ts';
import { castTo, floatOf, integerOf, integers, narrowed, view, widened, zeros } from './wide.ts';

interface Sizes {
  readonly batch: number;
  readonly rows: number;
  readonly heads: number;
  readonly shared: number;
  readonly size: number;
  readonly isPacked: boolean;
  /** Rows of the past buffer, of the present one, and the most that are valid behind this run. */
  readonly past: number;
  readonly present: number;
  readonly total: number;
}

function wrong(what: string, expected: string, got: readonly number[]): RangeError {
  return new RangeError(
    `GroupQueryAttention: ${what}: expected ${expected}, got ${formatShape(got)}. Correct it.`,
  );
}

function sizesOf(node: ShapeContext): Sizes {
  const q = node.input(0).dims;
  const [batch = 0, rows = 0, hidden = 0] = q;
  const [heads, shared] = [node.int('num_heads'), node.int('kv_num_heads')];
  const [k, v] = [node.optional(1)?.dims, node.optional(2)?.dims];
  const isPacked = k === undefined;
  const size = hidden / (isPacked ? heads + 2 * shared : heads);
  if (
    q.length !== 3 ||
    heads < 1 ||
    shared < 1 ||
    heads % shared !== 0 ||
    !Number.isInteger(size) ||
    isPacked !== (v === undefined)
  ) {
    throw wrong(
      'query',
      `[batch, rows, ${heads} heads${isPacked ? ' and keys and values' : ''}]`,
      q,
    );
  }
  const key = [batch, rows, shared * size];
  for (const dims of [k, v]) {
    if (dims !== undefined && dims.join() !== key.join()) {
      throw wrong('key and value', formatShape(key), dims);
    }
  }
  const [pastK, pastV] = [node.optional(3)?.dims, node.optional(4)?.dims];
  const past = pastK?.[2] ?? 0;
  const cache = [batch, shared, past, size];
  if (pastK?.join() !== pastV?.join() || (pastK !== undefined && pastK.join() !== cache.join())) {
    throw wrong('past_key and past_value', formatShape(cache), pastV ?? pastK ?? []);
  }
  const total = knownIntegers(node, 6, 'total_sequence_length')[0] ?? 0;
  if (total < rows) {
    throw new RangeError(
      `GroupQueryAttention: total_sequence_length: expected at least ${rows}, got ${total}. Correct it.`,
    );
  }
  const given = node.optional(9)?.dims;
  if (given !== undefined && given.join() !== [batch, rows].join()) {
    throw wrong('position_ids', `[${batch}, ${rows}]`, given);
  }
  if (sizeOf(node.input(5).dims) !== batch) {
    throw wrong('seqlens_k', `[${batch}]`, node.input(5).dims);
  }
  return {
    batch,
    rows,
    heads,
    shared,
    size,
    isPacked,
    past,
    present: Math.max(past, total),
    total,
  };
}

const upTo = (n: number, first = 0): number[] => Array.from({ length: n }, (_, i) => first + i);

/** int32 values of `dims`. */
function mappedIntegers(
  node: LowerContext,
  dims: readonly number[],
  build: (chain: ChainBuilder) => number,
): Value {
  const to = node.temp('int32', dims);
  emitChain(node, to, build);
  return to;
}

/** RMS of every head, where the weights are given. */
function normalised(node: LowerContext, x: Heads, weight: Value | undefined): Heads {
  if (weight === undefined) return x;
  const wide = widened(node, copied(node, x));
  const [y = wide] = node.call('SimplifiedLayerNormalization', [wide, widened(node, weight)], {
    domain: 'com.microsoft',
    attributes: { axis: -1, epsilon: { float: node.float('qk_norm_epsilon', 1e-6) } },
  });
  return whole(castTo(node, y, x.value.dtype));
}

/** Past and new rows of every entry, one behind the other: [batch, shared, present, size]. */
function cached(
  node: LowerContext,
  own: Value,
  past: Value | undefined,
  filled: Value | undefined,
  { batch, rows, shared, size, present }: Sizes,
): Value {
  const empty = (n: number): Value => zeros(node, own.dtype, [batch, shared, n, size]);
  if (filled === undefined) {
    return present === rows ? own : joined(node, [own, empty(present - rows)], 2);
  }
  return appended(node, past, own, filled, present);
}

export const GroupQueryAttention: OpDef = {
  type: 'GroupQueryAttention',
  domain: 'com.microsoft',
  opsets: [1, 1],
  inputs: [7, 16],
  attributes: {
    causal: { kind: 'int', oneOf: [0, 1] },
    do_rotary: { kind: 'int', oneOf: [0, 1] },
    k_quant_type: { kind: 'string', oneOf: ['NONE'] },
    kv_cache_bit_width: { kind: 'int' },
    kv_num_heads: { kind: 'int' },
    local_window_size: { kind: 'int' },
    num_heads: { kind: 'int' },
    qk_norm_epsilon: { kind: 'float' },
    qk_output: { kind: 'int', oneOf: [0] },
    rotary_interleaved: { kind: 'int' },
    scale: { kind: 'float' },
    sliding_window_cache: { kind: 'int', oneOf: [0] },
    smooth_softmax: { kind: 'int' },
    softcap: { kind: 'float' },
    v_quant_type: { kind: 'string', oneOf: ['NONE'] },
  },
  dtypes(node): DType[] {
    const dtype = floatOf(node, 0, 1, 2, 3, 4, 7, 8, 10, 11, 14, 15);
    integerOf(node, 5, 'int32');
    integerOf(node, 6, 'int32');
    integerOf(node, 9, 'int64');
    for (const i of [12, 13]) {
      if (node.dtypeOf(i) !== undefined) {
        throw new TypeError(
          `GroupQueryAttention: input ${i}: expected no scale of a quantised cache, got ${node.dtypeOf(i) ?? ''}. Export a float cache.`,
        );
      }
    }
    return [dtype, dtype, dtype];
  },
  infer(node) {
    const { batch, rows, heads, shared, size, present } = sizesOf(node);
    const cache = [batch, shared, present, size];
    return [[batch, rows, heads * size], cache, cache];
  },
  lower(node) {
    const sizes = sizesOf(node);
    const { batch, rows, heads, shared, size, isPacked, total } = sizes;
    const inQ = headsIn(node.input(0), heads, size);
    const own = (i: number, from: number): Heads =>
      isPacked ? headsIn(inQ.value, shared, size, from) : headsIn(node.input(i), shared, size);
    const [inK, inV] = [own(1, heads * size), own(2, (heads + shared) * size)];
    const ownQ = normalised(node, inQ, node.optional(14));
    const ownK = normalised(node, inK, node.optional(15));
    const v = copied(node, inV);
    const lengths = view(node, node.input(5), [batch]);
    // Rows before this run; undefined for the first run. What lies outside 0 … total − rows is taken as the nearest.
    const bound = (n: number): Value => integers(node, [], [n]);
    const filled =
      rows === total
        ? undefined
        : mappedIntegers(node, [batch], (c) => {
            const least = c.op('max_i32', c.word(lengths), c.word(bound(rows - 1)));
            const both = c.op('min_i32', least, c.word(bound(total - 1)));
            return c.op('add_i32', both, c.word(bound(1 - rows)));
          });
    const steps = integers(node, [rows], upTo(rows));
    // Position of every row: [batch or 1, rows].
    const places =
      filled === undefined
        ? view(node, steps, [1, rows])
        : mappedIntegers(node, [batch, rows], (c) =>
            c.op('add_i32', c.word(view(node, filled, [batch, 1])), c.word(steps)),
          );
    let turn = (x: Heads): Value => copied(node, x);
    if (node.int('do_rotary', 0) !== 0) {
      const [cos, sin] = [node.input(7), node.input(8)];
      const half = cos.dims.at(-1) ?? 0;
      if (cos.dims.length !== 2 || sin.dims.join() !== cos.dims.join() || 2 * half > size) {
        throw wrong('cos_cache and sin_cache', `[positions, at most ${size / 2}] twice`, sin.dims);
      }
      const positions = node.optional(9) ?? places;
      const angle = (cache: Value): Value => {
        const [found = cache] = node.call('Gather', [cache, positions]);
        return view(node, found, [found.dims[0] ?? 1, 1, rows, half]);
      };
      const isInterleaved = node.int('rotary_interleaved', 0) !== 0;
      const [c, s] = [angle(cos), angle(sin)];
      turn = (x) => rotate(node, x, c, s, 2 * half, isInterleaved);
    }
    const [q, k] = [turn(ownQ), turn(ownK)];
    const present = (own: Value, past: number, out: number): Value => {
      const all = cached(node, own, node.optional(past), filled, sizes);
      if (node.wants(out)) node.alias(node.output(out), all);
      const used = sizes.present === total ? all : part(node, all, 2, 0, total);
      return widened(node, used);
    };
    const [keys, values] = [present(k, 3, 1), present(v, 4, 2)];
    if (!node.wants(0)) return;
    const scores = emitHidden(
      node,
      sizes,
      emitCapped(node, sizes, widened(node, q), keys),
      places,
      lengths,
    );
    const weights = emitWeights(node, sizes, scores);
    narrowed(node, node.output(0), (to) =>
      joinHeads(node, to, emitWeighted(node, weights, values)),
    );
  },
};

/** Scaled, capped and biased scores. */
function emitCapped(node: LowerContext, sizes: Sizes, q: Value, keys: Value): Value {
  const { batch, rows, heads, size, total } = sizes;
  const given = Math.fround(node.float('scale', 0));
  const scale = given === 0 ? inverseRootOf(size) : storable(given);
  const cap = storable(node.float('softcap', 0));
  const own = node.optional(10);
  const dims = [batch, heads, rows, total];
  if (own !== undefined) {
    const [b = 0, h = 0, ...rest] = own.dims;
    const fits = own.dims.length === 4 && (b === 1 || b === batch) && (h === 1 || h === heads);
    if (!fits || rest.join() !== [rows, total].join()) {
      throw wrong('attention_bias', formatShape(dims), own.dims);
    }
  }
  const bias = own === undefined ? undefined : widened(node, own);
  const dots = emitScores(node, q, keys);
  return mapped(node, dims, (c) => {
    let u = c.op('mul_f32', c.f32(dots), c.scalar(scale));
    if (cap > 0) {
      const limit = c.scalar(cap);
      u = c.op('mul_f32', c.op('tanh_f32', c.op('div_f32', u, limit)), limit);
    }
    return bias === undefined ? u : c.op('add_f32', u, c.f32(bias));
  });
}

/** Scores with −∞ for keys that a row does not see. */
function emitHidden(
  node: LowerContext,
  { batch, rows, heads, total }: Sizes,
  scores: Value,
  places: Value,
  lengths: Value,
): Value {
  const column = integers(node, [total], upTo(total));
  const window = node.int('local_window_size', -1);
  const own = view(node, places, [places.dims[0] ?? 1, 1, rows, 1]);
  return mapped(node, [batch, heads, rows, total], (c) => {
    let isSeen: number;
    if (node.int('causal', 1) === 0) {
      isSeen = c.op(
        'less_equal_i32',
        c.word(column),
        c.word(view(node, lengths, [batch, 1, 1, 1])),
      );
    } else {
      const distance = c.op('sub_i32', c.word(own), c.word(column));
      isSeen = c.op('less_equal_i32', c.word(column), c.word(own));
      if (window > 0) {
        const isNear = c.op('less_i32', distance, c.word(integers(node, [], [window])));
        isSeen = c.op('and_bool', isSeen, isNear);
      }
    }
    return c.op('select_word', isSeen, c.f32(scores), c.scalar(-Infinity));
  });
}

/** Softmax, with a sink as the first term where there is one. */
function emitWeights(
  node: LowerContext,
  { batch, rows, heads, total }: Sizes,
  scores: Value,
): Value {
  const sink = node.optional(11);
  if (sink === undefined && node.int('smooth_softmax', 0) !== 1) return softmaxRows(node, scores);
  const column = [batch, heads, rows, 1];
  let first = zeros(node, 'float32', column);
  if (sink !== undefined) {
    if (sink.dims.join() !== String(heads)) throw wrong('head_sink', `[${heads}]`, sink.dims);
    const each = view(node, widened(node, sink), [1, heads, 1, 1]);
    first = mapped(node, column, (c) => c.f32(each));
  }
  const weights = softmaxRows(node, joined(node, [first, scores], 3));
  return part(node, weights, 3, 1, total);
}
