// Products of values that are dequantised on both sides (V8): the exact integer sum of what they were made of, as f32, times
// the product of the scales; on every path, whatever else reads the dequantised values. Promises: which products these
// are depends on the graph and its shapes alone. Everything else stays the sum of rounded products (V4).
import type { LowerContext } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Quantised, Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitIntegerConv } from './integer_conv.ts';
import { emitIntegerProduct } from './integer_product.ts';
import type { Axis } from './window.ts';
import { view } from './wide.ts';

/** With more terms an exact sum could leave i32: 2^15 · 255 · 255 < 2^31. */
export const MOST_TERMS = 32768;

/** One side of a product: its value, and the axis of it that the lines lie along. */
export interface Side {
  readonly value: Value;
  readonly batch: readonly number[];
  readonly lineStride: number;
  readonly termStride: number;
  readonly lineAxis: number | undefined;
}

/** What a side was made of, if its scales are one or one a line. */
function madeOf({ value, lineAxis }: Side): Quantised | undefined {
  const { quantised } = value;
  return quantised?.axis === undefined || quantised.axis === lineAxis ? quantised : undefined;
}

/** The step f32(sum) · (one scale · the other). */
export const scaled = (chain: ChainBuilder, sums: Value, one: Value, other: Value): number =>
  chain.op(
    'mul_f32',
    chain.op('i32_to_f32', chain.word(sums)),
    chain.op('mul_f32', chain.f32(one), chain.f32(other)),
  );

/** Emits `to[batch][m][n]` if both sides are dequantised, and says whether it did. */
export function emitDequantisedProduct(
  node: LowerContext,
  to: Value,
  a: Side,
  b: Side,
  { m, n, k }: { m: number; n: number; k: number },
): boolean {
  const [p, q] = [madeOf(a), madeOf(b)];
  if (p === undefined || q === undefined || k > MOST_TERMS) return false;
  const dims = [...broadcastShapes(node.opType, a.batch, b.batch), m, n];
  const sums = node.temp('int32', dims);
  emitIntegerProduct(
    node,
    sums,
    { ...a, value: p.value, zeroPoint: p.zeroPoint, lines: m },
    { ...b, value: q.value, zeroPoint: q.zeroPoint, lines: n },
    k,
  );
  const rows = p.axis === undefined ? p.scale : view(node, p.scale, [m, 1]);
  const same = to.dims.join() === dims.join();
  const out = same ? to : node.temp('float32', dims);
  emitChain(node, out, (chain) => scaled(chain, sums, rows, q.scale));
  if (!same) node.alias(to, out);
  return true;
}

/** The same for a convolution, with its bias. */
export function emitDequantisedConv(
  node: LowerContext,
  to: Value,
  x: Value,
  w: Value,
  bias: Value | undefined,
  axes: readonly Axis[],
  groups: number,
): boolean {
  const [p, q] = [x.quantised, w.quantised];
  const terms = w.dims.slice(1).reduce((product, dim) => product * dim, 1);
  if (p?.axis !== undefined || p === undefined || q === undefined || terms > MOST_TERMS) {
    return false;
  }
  if (q.axis !== undefined && q.axis !== 0) return false;
  const sums = node.temp('int32', to.dims);
  emitIntegerConv(
    node,
    sums,
    { value: p.value, zeroPoint: p.zeroPoint },
    { value: q.value, zeroPoint: q.zeroPoint },
    axes,
    groups,
  );
  const column = [w.dims[0] ?? 0, ...axes.map(() => 1)];
  const scales = q.axis === undefined ? q.scale : view(node, q.scale, column);
  const summand = bias === undefined ? undefined : view(node, bias, column);
  emitChain(node, to, (chain) => {
    const y = scaled(chain, sums, p.scale, scales);
    return summand === undefined ? y : chain.op('add_f32', y, chain.f32(summand));
  });
  return true;
}
