// What every attention operator does between its projections and its output, on float32 heads [batch, heads, rows, size]:
// scores, softmax, weighted sum, and the movement of heads and caches around them (V7).
//   score[i, j] = V4 sum of q[i] · k[j];   weighted[i] = V4 sum over j of p[i, j] · v[j]
// Several heads of q may share one of k and v: they are rows of one product, nothing is repeated. Scores of keys that are
// masked are −∞, their weights +0, and +0 terms move no bit of a sum (V4): so a row's bits do not depend on how many
// masked keys follow, and decoding with a cache gives the bits of the whole sequence at once.
// Not here: scales, masks and biases, which every operator has its own of.
import type { LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import { emitConcat } from './concat.ts';
import { emitProduct } from './product.ts';
import { emitSoftmax } from './softmax.ts';
import { emitStridedCopy, viewOf, type StridedView } from './strided_copy.ts';
import { view } from './wide.ts';

type Four = readonly [number, number, number, number];
export function four(value: Value): Four {
  const [a = 1, b = 1, c = 1, d = 1] = value.dims;
  return [a, b, c, d];
}

/** 1 ÷ √n as two rounded steps. */
export const inverseRootOf = (n: number): number => Math.fround(1 / Math.fround(Math.sqrt(n)));

/** Heads [batch, heads, rows, size] where they lie in a value. */
export interface Heads extends StridedView {
  readonly value: Value;
}

/** All of a value that is heads. */
export const whole = (value: Value): Heads => ({ ...viewOf(value), value });

/** Heads that lie side by side from element `from` of every row of `x`, [batch, rows, …]. */
export function headsIn(x: Value, heads: number, size: number, from = 0): Heads {
  const [batch = 1, rows = 1, width = 1] = x.dims;
  const dims = [batch, heads, rows, size];
  return { value: x, dims, strides: [rows * width, size, width, 1], offset: from };
}

/** The heads as a tensor, without the elements of each before `from`. */
export function copied(node: LowerContext, heads: Heads, from = 0): Value {
  const { value, strides, offset } = heads;
  const [a = 1, b = 1, c = 1, size = 1] = heads.dims;
  const dims = [a, b, c, size - from];
  const to = node.temp(value.dtype, dims);
  emitStridedCopy(node, to, value, { dims, strides, offset: offset + from });
  return to;
}

/** [batch, rows, heads · size] as [batch, heads, rows, size]. */
export function splitHeads(node: LowerContext, x: Value, heads: number): Value {
  return copied(node, headsIn(x, heads, heads === 0 ? 0 : (x.dims[2] ?? 1) / heads));
}

/** [batch, heads, rows, size] into `out`, [batch, rows, heads · size]. */
export function joinHeads(node: LowerContext, out: Value, x: Value): void {
  const [batch, heads, rows, size] = four(x);
  emitStridedCopy(node, out, x, {
    dims: [batch, rows, heads, size],
    strides: [heads * rows * size, size, rows * size, 1],
    offset: 0,
  });
}

/** The part [from, from + length) of an axis. */
export function part(
  node: LowerContext,
  x: Value,
  axis: number,
  from: number,
  length: number,
  step = 1,
): Value {
  const strides = stridesOf(x.dims);
  const dims = x.dims.map((dim, k) => (k === axis ? length : dim));
  const to = node.temp(x.dtype, dims);
  emitStridedCopy(node, to, x, {
    dims,
    strides: strides.map((stride, k) => (k === axis ? stride * step : stride)),
    offset: from * (strides[axis] ?? 0),
  });
  return to;
}

/** The values one behind the other on an axis; `out` if it is given. */
export function joined(
  node: LowerContext,
  values: readonly Value[],
  axis: number,
  out?: Value,
): Value {
  const [first] = values;
  if (first === undefined) throw new RangeError(`${node.opType}: nothing to join.`);
  const size = values.reduce((sum, value) => sum + (value.dims[axis] ?? 0), 0);
  const to =
    out ??
    node.temp(
      first.dtype,
      first.dims.map((dim, k) => (k === axis ? size : dim)),
    );
  if (sizeOf(to.dims) === 0)
    node.alias(to, node.constantValue(to.dtype, to.dims, new Uint8Array(0)));
  else emitConcat(node, to, values, axis);
  return to;
}

/** q·kᵀ: [batch, heads of q, rows of q, rows of k]. */
export function emitScores(node: LowerContext, q: Value, k: Value): Value {
  const [batch, heads, rows, size] = four(q);
  const [, shared, keys] = four(k);
  const to = node.temp('float32', [batch, heads, rows, keys]);
  const m = shared === 0 ? 0 : (heads / shared) * rows;
  emitProduct(
    node,
    to,
    { value: q, batch: [batch, shared], rowStride: size, columnStride: 1 },
    { value: k, batch: [batch, shared], rowStride: 1, columnStride: size },
    m,
    keys,
    size,
  );
  return to;
}

/** p·v: [batch, heads of p, rows of p, size of v]. */
export function emitWeighted(node: LowerContext, p: Value, v: Value): Value {
  const [batch, heads, rows, keys] = four(p);
  const [, shared, , size] = four(v);
  const to = node.temp('float32', [batch, heads, rows, size]);
  const m = shared === 0 ? 0 : (heads / shared) * rows;
  emitProduct(
    node,
    to,
    { value: p, batch: [batch, shared], rowStride: keys, columnStride: 1 },
    { value: v, batch: [batch, shared], rowStride: size, columnStride: 1 },
    m,
    size,
    keys,
  );
  return to;
}

/** Softmax over the last axis; in `out` if it is given. */
export function softmaxRows(node: LowerContext, x: Value, out?: Value): Value {
  const to = out ?? node.temp('float32', x.dims);
  const count = x.dims.at(-1) ?? 1;
  emitSoftmax(node, to, x, { outer: sizeOf(x.dims.slice(0, -1)), count, inner: 1 });
  return to;
}

/** Rows [batch, heads, rows, size] that are not there: none of them. */
export function noRows(node: LowerContext, like: Value): Value {
  const [batch, heads, , size] = four(like);
  return view(node, node.constantValue(like.dtype, [batch, heads, 0, size], new Uint8Array(0)), [
    batch,
    heads,
    0,
    size,
  ]);
}
