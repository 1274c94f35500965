// MatMul and Gemm on float32 and float64 (V3, V4, V9; alpha, beta and C of Gemm are V2 operations on the finished sums), and how
// the shapes of their operands fit together. Not here: the product itself (product.ts).
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET, type NodeContext, type OpDef } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf } from '../core/shape.ts';
import { emitChain } from './chain_builder.ts';
import { emitScaledF64 } from './mat_mul_f64.ts';
import { emitProduct } from './product.ts';

/** float32, or float64 throughout. */
function oneFloat(node: NodeContext): [DType] {
  const wanted = node.dtypeOf(0) === 'float64' ? 'float64' : 'float32';
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && dtype !== wanted) {
      throw new TypeError(
        `${node.opType}: input ${i}: expected ${wanted}, got ${dtype}. Cast it to ${wanted}.`,
      );
    }
  }
  return [wanted];
}

/** Both operands as matrices: a vector is a row on the left and a column on the right. */
export function matricesOf(
  op: string,
  a: readonly number[],
  b: readonly number[],
): { a: readonly number[]; b: readonly number[] } {
  if (a.length === 0 || b.length === 0) {
    throw new RangeError(
      `${op}: expected at least one axis, got ${formatShape(a)} and ${formatShape(b)}.`,
    );
  }
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left.at(-1) !== right.at(-2)) {
    throw new RangeError(
      `${op}: inner sizes differ: expected ${left.at(-1)} rows on the right, got ${formatShape(a)} and ${formatShape(b)}. Transpose or reshape an operand.`,
    );
  }
  return { a: left, b: right };
}

/** The dims of a product of stacks of matrices. */
export function matMulDims(op: string, x: readonly number[], y: readonly number[]): number[] {
  const { a, b } = matricesOf(op, x, y);
  const batch = broadcastShapes(op, a.slice(0, -2), b.slice(0, -2));
  return [
    ...batch,
    ...(x.length === 1 ? [] : a.slice(-2, -1)),
    ...(y.length === 1 ? [] : b.slice(-1)),
  ];
}

export const MatMul: OpDef = {
  type: 'MatMul',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  dtypes: oneFloat,
  infer: (node) => [matMulDims('MatMul', node.input(0).dims, node.input(1).dims)],
  lower(node) {
    const [x, y] = [node.input(0), node.input(1)];
    const { a, b } = matricesOf('MatMul', x.dims, y.dims);
    const k = a.at(-1) ?? 0;
    const n = b.at(-1) ?? 0;
    // Against one matrix all rows of the left operand are rows of one product.
    const isOne = x.quantised?.axis === undefined;
    const shared = sizeOf(b.slice(0, -2)) === 1 && b.length <= a.length && isOne;
    const m = shared ? sizeOf(a.slice(0, -1)) : (a.at(-2) ?? 0);
    emitProduct(
      node,
      node.output(0),
      {
        value: x,
        batch: shared ? [] : a.slice(0, -2),
        rowStride: k,
        columnStride: 1,
        lineAxis: x.dims.length > 1 ? x.dims.length - 2 : undefined,
      },
      {
        value: y,
        batch: shared ? [] : b.slice(0, -2),
        rowStride: n,
        columnStride: 1,
        lineAxis: y.dims.length > 1 ? y.dims.length - 1 : undefined,
      },
      m,
      n,
      k,
    );
  },
};

/** @throws RangeError for operands that do not fit */
export function gemmSizes(
  op: string,
  a: readonly number[],
  b: readonly number[],
  transA: boolean,
  transB: boolean,
): { m: number; n: number; k: number } {
  const [m, k] = transA ? [a[1], a[0]] : [a[0], a[1]];
  const [rows, n] = transB ? [b[1], b[0]] : [b[0], b[1]];
  if (
    a.length !== 2 ||
    b.length !== 2 ||
    k !== rows ||
    m === undefined ||
    n === undefined ||
    k === undefined
  ) {
    throw new RangeError(
      `${op}: operands do not fit: expected [M, K] and [K, N] after transA and transB, got ${formatShape(a)} and ${formatShape(b)}.`,
    );
  }
  return { m, n, k };
}

/** Y = alpha * A' * B' + beta * C, each * and + of its own; alpha or beta of 1 moves no bit and is left out. */
export const Gemm: OpDef = {
  type: 'Gemm',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    alpha: { kind: 'float' },
    beta: { kind: 'float' },
    transA: { kind: 'int' },
    transB: { kind: 'int' },
    broadcast: { kind: 'int' }, // before opset 7: C is [M, N] without it
  },
  dtypes: oneFloat,
  infer(node) {
    const { m, n } = gemmSizes(
      'Gemm',
      node.input(0).dims,
      node.input(1).dims,
      node.int('transA', 0) !== 0,
      node.int('transB', 0) !== 0,
    );
    const c = node.optional(2);
    // Operators of other domains are this one with an opset of their own.
    const isWhole = node.opType === 'Gemm' && node.opset < 7 && node.int('broadcast', 0) === 0;
    const seen = c === undefined || isWhole ? c?.dims : broadcastShapes('Gemm', c.dims, [m, n]);
    if (c !== undefined && seen?.join() !== [m, n].join()) {
      throw new RangeError(
        `Gemm: C: expected a shape that broadcasts to ${formatShape([m, n])}, got ${formatShape(c.dims)}.`,
      );
    }
    return [[m, n]];
  },
  lower(node) {
    const [a, b, c] = [node.input(0), node.input(1), node.optional(2)];
    const [transA, transB] = [node.int('transA', 0) !== 0, node.int('transB', 0) !== 0];
    const { m, n, k } = gemmSizes('Gemm', a.dims, b.dims, transA, transB);
    const [alpha, beta] = [Math.fround(node.float('alpha', 1)), Math.fround(node.float('beta', 1))];
    const out = node.output(0);
    const plain = alpha === 1 && c === undefined;
    const product = plain ? out : node.temp(out.dtype, [m, n]);
    emitProduct(
      node,
      product,
      {
        value: a,
        batch: [],
        rowStride: transA ? 1 : k,
        columnStride: transA ? m : 1,
        lineAxis: transA ? 1 : 0,
      },
      {
        value: b,
        batch: [],
        rowStride: transB ? 1 : n,
        columnStride: transB ? k : 1,
        lineAxis: transB ? 0 : 1,
      },
      m,
      n,
      k,
    );
    if (plain) return;
    if (out.dtype === 'float64') {
      emitScaledF64(node, out, product, alpha, c, beta);
      return;
    }
    emitChain(node, out, (chain) => {
      const y = chain.f32(product);
      const scaled = alpha === 1 ? y : chain.op('mul_f32', y, chain.scalar(alpha));
      if (c === undefined) return scaled;
      const summand = chain.f32(c);
      return chain.op(
        'add_f32',
        scaled,
        beta === 1 ? summand : chain.op('mul_f32', summand, chain.scalar(beta)),
      );
    });
  },
};
