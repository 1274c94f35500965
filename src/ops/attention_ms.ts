// Attention of com.microsoft: the projections of queries, keys and values in one product, then attention with a cache of both.
// Refused: buffers shared by past and present, rotary embedding inside.
import type { DType } from '../core/dtype.ts';
import type { OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { joined, part, splitHeads } from './attend.ts';
import { absent, COMMON, emitAttention, MICROSOFT, wrong } from './masked_attention.ts';
import { emitProduct } from './mat_mul.ts';
import { mapped } from './reduce.ts';
import { castTo, floatOf, integerOf, view, widened } from './wide.ts';

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
