// What MultiHeadAttention and Attention of com.microsoft share (V7): padding masks of one to three axes, scores and output.
//   u = ((q·kᵀ) · scale + attention_bias) + padding, −∞ where unidirectional hides a key; p = softmax(u); y = p·v
//   padding is 0 where a key is seen, else mask_filter_value
// Not here: where q, k and v come from.
import type { AttributeSpec, LowerContext, NodeContext, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import {
  emitScores,
  emitWeighted,
  four,
  inverseRootOf,
  joinHeads,
  part,
  softmaxRows,
} from './attend.ts';
import { storable } from './named_activations.ts';
import { integers, narrowed, view, widened } from './wide.ts';
import { mapped } from './chain_builder.ts';

export const MICROSOFT = 'com.microsoft';
const FILTER = -10000;

export const COMMON: Readonly<Record<string, AttributeSpec>> = {
  mask_filter_value: { kind: 'float' },
  num_heads: { kind: 'int' },
  scale: { kind: 'float' },
  unidirectional: { kind: 'int' },
};

/** Refuses inputs of forms that are not implemented. */
export function absent(node: NodeContext, ...inputs: readonly number[]): void {
  for (const i of inputs) {
    if (node.dtypeOf(i) !== undefined) {
      throw new TypeError(
        `${node.opType}: input ${i}: expected nothing, got ${node.dtypeOf(i) ?? ''}. Export without shared buffers and beams.`,
      );
    }
  }
}

export function wrong(
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

export interface Parts {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly mask: Value | undefined;
  readonly bias: Value | undefined;
}

/** Scores, softmax and output, heads side by side. */
export function emitAttention(
  node: LowerContext,
  out: Value,
  { q, k, v, mask, bias }: Parts,
): void {
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
