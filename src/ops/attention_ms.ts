// Attention and QAttention of com.microsoft: the projections of queries, keys and values in one product, of floats (V4) or
// of 8-bit integers (V8), then attention with a cache of both. Refused: buffers shared by past and present, rotary
// embedding inside.
import type { DType } from '../core/dtype.ts';
import type { AttributeSpec, LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { emitScaled, expectBytes, integerMatMul } from './integer.ts';
import { joined, part, splitHeads } from './attend.ts';
import { absent, COMMON, emitAttention, MICROSOFT, wrong } from './masked_attention.ts';
import { emitProduct } from './product.ts';
import { castTo, floatOf, integerOf, view, widened } from './wide.ts';
import { mapped } from './chain_builder.ts';

interface Projected {
  readonly batch: number;
  readonly rows: number;
  readonly input: number;
  readonly heads: number;
  readonly hidden: number;
  readonly valueHidden: number;
  readonly pastKeys: number;
}

function projectedSizes(node: ShapeContext, pastInput: number): Projected {
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
  const past = node.optional(pastInput)?.dims;
  const pastKeys = past?.[3] ?? 0;
  const wanted = [2, batch, heads, pastKeys, hidden / heads];
  if (past !== undefined && (past.join() !== wanted.join() || hidden !== valueHidden)) {
    throw wrong(node, 'past', formatShape(wanted), past);
  }
  return { batch, rows, input, heads, hidden, valueHidden, pastKeys };
}

/** Both outputs from the projections side by side, [batch, rows, 2 · hidden + valueHidden] of float32. */
function lowerProjected(
  node: LowerContext,
  all: Value,
  { batch, heads, hidden, valueHidden, pastKeys }: Projected,
  { dtype, mask, past, bias }: Inputs,
): void {
  const head = (from: number, size: number): Value =>
    splitHeads(node, part(node, all, 2, from, size), heads);
  const q = head(0, hidden);
  let [k, v] = [head(hidden, hidden), head(2 * hidden, valueHidden)];
  const dims = [batch, heads, pastKeys, hidden / heads];
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
  if (dtype === 'float32' || past !== undefined) [k = k, v = v] = pair;
  emitAttention(node, node.output(0), { q, k, v, mask, bias });
}

interface Inputs {
  readonly dtype: DType;
  readonly mask: Value | undefined;
  readonly past: Value | undefined;
  readonly bias: Value | undefined;
}

const attributes: Readonly<Record<string, AttributeSpec>> = {
  ...COMMON,
  do_rotary: { kind: 'int', oneOf: [0] },
  past_present_share_buffer: { kind: 'int', oneOf: [0] },
};

function outputDims(node: ShapeContext, pastInput: number): number[][] {
  const { batch, rows, heads, hidden, valueHidden, pastKeys } = projectedSizes(node, pastInput);
  return [
    [batch, rows, valueHidden],
    [2, batch, heads, pastKeys + rows, hidden / heads],
  ];
}

export const MicrosoftAttention: OpDef = {
  type: 'Attention',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [2, 7],
  attributes: {
    ...attributes,
    qkv_hidden_sizes: { kind: 'ints' },
    rotary_embedding_dim: { kind: 'int' },
  },
  dtypes(node): DType[] {
    const dtype = floatOf(node, 0, 1, 2, 4, 5);
    integerOf(node, 3, 'int32');
    absent(node, 6);
    return [dtype, dtype];
  },
  infer: (node) => outputDims(node, 4),
  lower(node) {
    const sizes = projectedSizes(node, 4);
    const { batch, rows, input, hidden, valueHidden } = sizes;
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
    lowerProjected(node, all, sizes, {
      dtype: node.input(0).dtype,
      mask: node.optional(3),
      past: node.optional(4),
      bias: node.optional(5),
    });
  },
};

/** Projections f32(exact sum) · (input_scale · weight_scale) + bias; the rest is Attention. */
export const QAttention: OpDef = {
  type: 'QAttention',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [5, 9],
  attributes,
  dtypes(node): DType[] {
    expectBytes(node, [
      [0, 6],
      [1, 7],
    ]);
    const dtype = floatOf(node, 2, 3, 4, 8);
    integerOf(node, 5, 'int32');
    return [dtype, dtype];
  },
  infer: (node) => outputDims(node, 8),
  lower(node) {
    const sizes = projectedSizes(node, 8);
    const { sums } = integerMatMul(
      node,
      node.input(0),
      node.input(1),
      node.optional(6),
      node.optional(7),
    );
    const [bias, scale] = [node.input(2), widened(node, node.input(3))];
    if (sizeOf(scale.dims) !== 1) throw wrong(node, 'input_scale', 'one element', scale.dims);
    const width = 2 * sizes.hidden + sizes.valueHidden;
    const perColumn = (value: Value, what: string): Value => {
      if (sizeOf(value.dims) === 1) return view(node, value, []);
      if (value.dims.join() === String(width)) return value;
      throw wrong(node, what, `one element or [${width}]`, value.dims);
    };
    const weightScale = perColumn(widened(node, node.input(4)), 'weight_scale');
    const all = node.temp('float32', sums.dims);
    const one = view(node, scale, []);
    emitScaled(node, all, sums, one, weightScale, widened(node, bias));
    lowerProjected(node, all, sizes, {
      dtype: bias.dtype,
      mask: node.optional(5),
      past: node.optional(8),
      bias: undefined,
    });
  },
};
