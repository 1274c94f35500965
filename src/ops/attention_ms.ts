// MultiHeadAttention and Attention of com.microsoft (V7): projections and biases in every form that onnxruntime writes, caches
// of whole length, padding masks of one to three axes.
//   u = ((q·kᵀ) · scale + attention_bias) + padding, −∞ where unidirectional hides a key; p = softmax(u); y = p·v
//   padding is 0 where a key is seen, else mask_filter_value
// Refused: buffers shared by past and present, beams, rotary embedding inside Attention.
import type { DType } from '../core/dtype.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { storable } from './named_activations.ts';
import {
  emitScores,
  emitWeighted,
  four,
  inverseRootOf,
  joined,
  joinHeads,
  part,
  softmaxRows,
  splitHeads,
} from './attend.ts';
import { emitProduct } from './mat_mul.ts';
import { mapped } from './reduce.ts';
import { castTo, floatOf, integerOf, integers, narrowed, view, widened } from './wide.ts';

const MICROSOFT = 'com.microsoft';
const FILTER = -10000;

function wrong(
  node: ShapeContext,
  what: string,
  expected: string,
  got: readonly number[],
): RangeError {
  return new RangeError(
    `${node.opType}: ${what}: expected ${expected}, got ${formatShape(got)}. Correct it.`,
  );
}

/** The padding term [batch, 1, rows or 1, keys] of a mask, or undefined. */
function paddingOf(
  node: LowerContext,
  mask: Value | undefined,
  batch: number,
  rows: number,
  keys: number,
): Value | undefined {
  if (mask === undefined) return undefined;
  const filter = storable(node.float('mask_filter_value', FILTER));
  const dims = mask.dims.join();
  const isRaw = mask.dims.length > 1;
  if (isRaw) {
    const depth = dims === [batch, keys].join() ? 1 : rows;
    if (depth === rows && dims !== [batch, rows, keys].join() && dims !== [batch, keys].join()) {
      throw wrong(node, 'mask', formatShape([batch, keys]), mask.dims);
    }
    const whole = view(node, mask, [batch, 1, dims === [batch, keys].join() ? 1 : depth, keys]);
    return mapped(node, whole.dims, (c) => {
      const isSeen = c.op('greater_i32', c.word(whole), c.word(integers(node, [], [0])));
      return c.op('select_word', isSeen, c.scalar(0), c.scalar(filter));
    });
  }
  // Ends of the sequences, and with twice as many their starts.
  const [length = 0] = mask.dims;
  if (length !== batch && length !== 2 * batch && length !== 3 * batch + 2) {
    throw wrong(node, 'mask', `[${batch}], [${2 * batch}] or [${3 * batch + 2}]`, mask.dims);
  }
  const column = integers(
    node,
    [keys],
    Array.from({ length: keys }, (_, j) => j),
  );
  const bound = (from: number): Value =>
    view(node, part(node, mask, 0, from, batch), [batch, 1, 1, 1]);
  const [ends, starts] = [bound(0), length === 2 * batch && batch > 0 ? bound(batch) : undefined];
  return mapped(node, [batch, 1, 1, keys], (c) => {
    let isSeen = c.op('less_i32', c.word(column), c.word(ends));
    if (starts !== undefined) {
      isSeen = c.op('and_bool', isSeen, c.op('greater_equal_i32', c.word(column), c.word(starts)));
    }
    return c.op('select_word', isSeen, c.scalar(0), c.scalar(filter));
  });
}

interface Parts {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly mask: Value | undefined;
  readonly bias: Value | undefined;
}

/** Scores, softmax and output, heads side by side. */
function emitAttention(node: LowerContext, out: Value, { q, k, v, mask, bias }: Parts): void {
  const [batch, heads, rows, size] = four(q);
  const keys = k.dims[2] ?? 0;
  const whole = [batch, heads, rows, keys];
  if (bias !== undefined) {
    const [b = 0, h = 0, ...rest] = bias.dims;
    const fits = bias.dims.length === 4 && (b === 1 || b === batch) && (h === 1 || h === heads);
    if (!fits || rest.join() !== [rows, keys].join()) {
      throw wrong(node, 'attention_bias', formatShape(whole), bias.dims);
    }
  }
  const given = Math.fround(node.float('scale', 0));
  const scale = given === 0 ? inverseRootOf(size) : storable(given);
  const padding = paddingOf(node, mask, batch, rows, keys);
  const extra = bias === undefined ? undefined : widened(node, bias);
  const dots = emitScores(node, widened(node, q), widened(node, k));
  let scores = mapped(node, whole, (c) => {
    let u = c.op('mul_f32', c.f32(dots), c.scalar(scale));
    if (extra !== undefined) u = c.op('add_f32', u, c.f32(extra));
    return padding === undefined ? u : c.op('add_f32', u, c.f32(padding));
  });
  if (node.int('unidirectional', 0) !== 0) {
    const past = keys - rows;
    const column = integers(
      node,
      [keys],
      Array.from({ length: keys }, (_, j) => j),
    );
    const last = integers(
      node,
      [rows, 1],
      Array.from({ length: rows }, (_, i) => past + i),
    );
    const before = scores;
    scores = mapped(node, whole, (c) =>
      c.op(
        'select_word',
        c.op('less_equal_i32', c.word(column), c.word(last)),
        c.f32(before),
        c.scalar(-Infinity),
      ),
    );
  }
  const weights = softmaxRows(node, scores);
  narrowed(node, out, (to) => joinHeads(node, to, emitWeighted(node, weights, widened(node, v))));
}

/** x plus a part of the bias of the projections, in x's dtype. */
function biased(node: LowerContext, x: Value, bias: Value | undefined, from: number): Value {
  if (bias === undefined) return x;
  const own = part(node, bias, 0, from, x.dims.at(-1) ?? 0);
  const [a, b] = [widened(node, x), widened(node, own)];
  const sum = mapped(node, x.dims, (c) => c.op('add_f32', c.f32(a), c.f32(b)));
  return castTo(node, sum, x.dtype);
}

interface HeadSizes {
  readonly batch: number;
  readonly rows: number;
  readonly heads: number;
  readonly newKeys: number;
  readonly pastKeys: number;
  readonly size: number;
  readonly valueSize: number;
  readonly form: 'separate' | 'packed' | 'packed keys' | 'heads';
}

function multiHeadSizes(node: ShapeContext): HeadSizes {
  const q = node.input(0).dims;
  const [k, v] = [node.optional(1)?.dims, node.optional(2)?.dims];
  const heads = node.int('num_heads');
  if (heads < 1) {
    throw new RangeError(
      `MultiHeadAttention: num_heads: expected at least 1, got ${heads}. Set it.`,
    );
  }
  const [batch = 0, rows = 0, hidden = 0] = q;
  let sizes: Omit<HeadSizes, 'pastKeys'>;
  const size = hidden / heads;
  const base = { batch, rows, heads, size };
  if (q.length === 5) {
    const each = q[4] ?? 0;
    if (q[2] !== heads || q[3] !== 3 || k !== undefined || v !== undefined) {
      throw wrong(node, 'packed query', `[batch, rows, ${heads}, 3, size] alone`, q);
    }
    sizes = { ...base, size: each, newKeys: rows, valueSize: each, form: 'packed' };
  } else if (q.length !== 3 || k === undefined || !Number.isInteger(size)) {
    throw wrong(node, 'query', `[batch, rows, ${heads} heads] and a key`, q);
  } else if (k.length === 5) {
    if (k.join() !== [batch, k[1], heads, 2, size].join() || v !== undefined) {
      throw wrong(node, 'packed key', `[${batch}, keys, ${heads}, 2, ${size}] alone`, k);
    }
    sizes = { ...base, newKeys: k[1] ?? 0, valueSize: size, form: 'packed keys' };
  } else if (k.length === 4) {
    if (
      k.join() !== [batch, heads, k[2], size].join() ||
      v?.slice(0, 3).join() !== k.slice(0, 3).join()
    ) {
      throw wrong(node, 'key and value', `[${batch}, ${heads}, keys, ${size}] twice`, k);
    }
    sizes = { ...base, newKeys: k[2] ?? 0, valueSize: v?.[3] ?? 0, form: 'heads' };
  } else {
    const valueSize = (v?.[2] ?? 0) / heads;
    if (k.join() !== [batch, k[1], hidden].join()) {
      throw wrong(node, 'key', `[${batch}, keys, ${hidden}]`, k);
    }
    if (v?.length !== 3 || v[0] !== batch || v[1] !== k[1] || !Number.isInteger(valueSize)) {
      throw wrong(node, 'value', `[${batch}, ${k[1] ?? 0}, ${heads} heads]`, v ?? []);
    }
    sizes = { ...base, newKeys: k[1] ?? 0, valueSize, form: 'separate' };
  }
  const bias = node.optional(3)?.dims;
  const width = heads * (2 * sizes.size + sizes.valueSize);
  if (bias !== undefined && bias.join() !== String(width)) {
    throw wrong(node, 'bias', `[${width}]`, bias);
  }
  const [pastK, pastV] = [node.optional(6)?.dims, node.optional(7)?.dims];
  const pastKeys = pastK?.[2] ?? 0;
  const past = [batch, heads, pastKeys];
  if ((pastK === undefined) !== (pastV === undefined)) {
    throw new TypeError(
      'MultiHeadAttention: past_key and past_value: expected both or none, got one. Connect the other.',
    );
  }
  if (pastK !== undefined && pastK.join() !== [...past, sizes.size].join()) {
    throw wrong(node, 'past_key', `[${batch}, ${heads}, keys, ${sizes.size}]`, pastK);
  }
  if (pastV !== undefined && pastV.join() !== [...past, sizes.valueSize].join()) {
    throw wrong(node, 'past_value', formatShape([...past, sizes.valueSize]), pastV);
  }
  return { ...sizes, pastKeys };
}

const COMMON: Readonly<Record<string, AttributeSpec>> = {
  mask_filter_value: { kind: 'float' },
  num_heads: { kind: 'int' },
  scale: { kind: 'float' },
  unidirectional: { kind: 'int' },
};

function absent(node: NodeContext, ...inputs: readonly number[]): void {
  for (const i of inputs) {
    if (node.dtypeOf(i) !== undefined) {
      throw new TypeError(
        `${node.opType}: input ${i}: expected nothing, got ${node.dtypeOf(i) ?? ''}. Export without shared buffers and beams.`,
      );
    }
  }
}

export const MultiHeadAttention: OpDef = {
  type: 'MultiHeadAttention',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [1, 10],
  attributes: COMMON,
  dtypes(node): DType[] {
    const dtype = floatOf(node, 0, 1, 2, 3, 5, 6, 7);
    integerOf(node, 4, 'int32');
    absent(node, 8, 9);
    return [dtype, dtype, dtype];
  },
  infer(node) {
    const { batch, rows, heads, newKeys, pastKeys, size, valueSize } = multiHeadSizes(node);
    const keys = newKeys + pastKeys;
    return [
      [batch, rows, heads * valueSize],
      [batch, heads, keys, size],
      [batch, heads, keys, valueSize],
    ];
  },
  lower(node) {
    const { batch, rows, heads, newKeys, size, form } = multiHeadSizes(node);
    const bias = node.optional(3);
    const hidden = heads * size;
    // Element `k` of [batch, n, heads, parts, size] as [batch, n, hidden].
    const unpacked = (x: Value, n: number, k: number): Value =>
      view(node, part(node, x, 3, k, 1), [batch, n, hidden]);
    let [q, k, v] = [node.input(0), node.optional(1), node.optional(2)];
    if (form === 'packed') {
      [q, k, v] = [0, 1, 2].map((i) => unpacked(node.input(0), rows, i)) as [Value, Value, Value];
    } else if (form === 'packed keys') {
      const packed = node.input(1);
      [k, v] = [unpacked(packed, newKeys, 0), unpacked(packed, newKeys, 1)];
    }
    if (k === undefined || v === undefined) return;
    q = splitHeads(node, biased(node, q, bias, 0), heads);
    if (form !== 'heads') {
      k = splitHeads(node, biased(node, k, bias, hidden), heads);
      v = splitHeads(node, biased(node, v, bias, 2 * hidden), heads);
    }
    const present = (own: Value, past: Value | undefined, out: number): Value => {
      const to = node.wants(out) ? node.output(out) : undefined;
      if (past !== undefined) return joined(node, [past, own], 2, to);
      if (to !== undefined) node.alias(to, own);
      return own;
    };
    k = present(k, node.optional(6), 1);
    v = present(v, node.optional(7), 2);
    if (node.wants(0)) {
      emitAttention(node, node.output(0), {
        q,
        k,
        v,
        mask: node.optional(4),
        bias: node.optional(5),
      });
    }
  },
};

interface Projected {
  readonly batch: number;
  readonly rows: number;
  readonly input: number;
  readonly heads: number;
  readonly hidden: number;
  readonly valueHidden: number;
  readonly pastKeys: number;
}

function projectedSizes(node: ShapeContext): Projected {
  const [x, w] = [node.input(0).dims, node.input(1).dims];
  const [batch = 0, rows = 0, input = 0] = x;
  const width = w[1] ?? 0;
  const heads = node.int('num_heads');
  const sizes = node.ints('qkv_hidden_sizes', [width / 3, width / 3, width / 3]);
  const [hidden = 0, keyHidden = 0, valueHidden = 0] = sizes;
  const fits =
    x.length === 3 &&
    w.length === 2 &&
    w[0] === input &&
    sizes.length === 3 &&
    keyHidden === hidden &&
    2 * hidden + valueHidden === width &&
    heads >= 1 &&
    [hidden / heads, valueHidden / heads].every(Number.isInteger);
  if (!fits) {
    throw wrong(node, 'weights', `[${input}, q, k and v of ${heads} heads side by side]`, w);
  }
  const bias = node.optional(2)?.dims;
  if (bias !== undefined && bias.join() !== String(width)) {
    throw wrong(node, 'bias', `[${width}]`, bias);
  }
  const past = node.optional(4)?.dims;
  const pastKeys = past?.[3] ?? 0;
  const wanted = [2, batch, heads, pastKeys, hidden / heads];
  if (past !== undefined && (past.join() !== wanted.join() || hidden !== valueHidden)) {
    throw wrong(node, 'past', formatShape(wanted), past);
  }
  return { batch, rows, input, heads, hidden, valueHidden, pastKeys };
}

export const MicrosoftAttention: OpDef = {
  type: 'Attention',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [2, 7],
  attributes: {
    ...COMMON,
    do_rotary: { kind: 'int', oneOf: [0] },
    past_present_share_buffer: { kind: 'int', oneOf: [0] },
    qkv_hidden_sizes: { kind: 'ints' },
    rotary_embedding_dim: { kind: 'int' },
  },
  dtypes(node): DType[] {
    const dtype = floatOf(node, 0, 1, 2, 4, 5);
    integerOf(node, 3, 'int32');
    absent(node, 6);
    return [dtype, dtype];
  },
  infer(node) {
    const { batch, rows, heads, hidden, valueHidden, pastKeys } = projectedSizes(node);
    return [
      [batch, rows, valueHidden],
      [2, batch, heads, pastKeys + rows, hidden / heads],
    ];
  },
  lower(node) {
    const { batch, rows, input, heads, hidden, valueHidden, pastKeys } = projectedSizes(node);
    const [x, w] = [widened(node, node.input(0)), widened(node, node.input(1))];
    const width = 2 * hidden + valueHidden;
    const product = node.temp('float32', [batch, rows, width]);
    emitProduct(
      node,
      product,
      { value: x, batch: [], rowStride: input, columnStride: 1 },
      { value: w, batch: [], rowStride: width, columnStride: 1 },
      batch * rows,
      width,
      input,
    );
    const own = node.optional(2);
    const bias = own === undefined ? undefined : widened(node, own);
    const all =
      bias === undefined
        ? product
        : mapped(node, product.dims, (c) => c.op('add_f32', c.f32(product), c.f32(bias)));
    const head = (from: number, size: number): Value =>
      splitHeads(node, part(node, all, 2, from, size), heads);
    const q = head(0, hidden);
    let [k, v] = [head(hidden, hidden), head(2 * hidden, valueHidden)];
    const dims = [batch, heads, pastKeys, hidden / heads];
    const past = node.optional(4);
    const { dtype } = node.input(0);
    const pair = [k, v].map((value, i) => {
      const narrow = castTo(node, value, dtype);
      if (past === undefined) return narrow;
      return joined(node, [view(node, part(node, past, 0, i, 1), dims), narrow], 2);
    });
    if (node.wants(1)) {
      const slots = pair.map((value) => view(node, value, [1, ...value.dims]));
      joined(node, slots, 0, node.output(1));
    }
    if (!node.wants(0)) return;
    const first = node.input(0).dtype === 'float32' || past !== undefined;
    if (first) [k = k, v = v] = pair;
    emitAttention(node, node.output(0), {
      q,
      k,
      v,
      mask: node.optional(3),
      bias: node.optional(5),
    });
  },
};
