// MultiHeadAttention of com.microsoft: heads from every form that onnxruntime writes, packed or apart, with the biases of their
// projections, and caches of whole length. Refused: buffers shared by past and present, beams.
import type { DType } from '../core/dtype.ts';
import type { LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { joined, part, splitHeads } from './attend.ts';
import { absent, COMMON, emitAttention, MICROSOFT, wrong } from './masked_attention.ts';
import { castTo, floatOf, integerOf, view, widened } from './wide.ts';
import { mapped } from './chain_builder.ts';

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
