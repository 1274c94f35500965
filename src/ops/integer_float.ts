// com.microsoft's integer products with float results: DynamicQuantizeMatMul, MatMulIntegerToFloat, QGemm (V8). Each
// is the exact sum as f32, times the product of the scales, and then what the operator adds; nothing else is rounded.
import type { LowerContext, OpDef } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitScaled, expectBytes, expectFloats, integerMatMul, linesOf } from './integer.ts';
import { emitIntegerProduct } from './integer_product.ts';
import { gemmSizes, matMulDims } from './mat_mul.ts';
import { emitQuantised, scalarOf } from './quantise.ts';
import { emitBytes, emitRange } from './quantise_range.ts';

const domain = 'com.microsoft';

/** Emits f32(sums) · (row scale · column scale) + bias over the output's shape. */
function emitFloat(
  node: LowerContext,
  product: { sums: Value; m: number; n: number },
  one: Value,
  other: Value,
  bias: Value | undefined,
): void {
  const left = linesOf(node, one, 'row', product.m, 'scale of a').wide;
  const right = linesOf(node, other, 'column', product.n, 'scale of b').wide;
  if (bias !== undefined && bias.dims.join() !== String(product.n)) {
    throw new RangeError(
      `${node.opType}: bias: expected shape [${product.n}], got ${formatShape(bias.dims)}.`,
    );
  }
  emitScaled(node, node.output(0), product.sums, left, right, bias);
}

export const MatMulIntegerToFloat: OpDef = {
  type: 'MatMulIntegerToFloat',
  domain,
  opsets: [1, 1],
  inputs: [4, 7],
  attributes: {},
  dtypes(node) {
    expectBytes(node, [
      [0, 4],
      [1, 5],
    ]);
    expectFloats(node, [2, 3, 6]);
    return ['float32'];
  },
  infer: (node) => [matMulDims(node.opType, node.input(0).dims, node.input(1).dims)],
  lower(node) {
    const product = integerMatMul(
      node,
      node.input(0),
      node.input(1),
      node.optional(4),
      node.optional(5),
    );
    emitFloat(node, product, node.input(2), node.input(3), node.optional(6));
  },
};

/** A is quantised as DynamicQuantizeLinear does. */
export const DynamicQuantizeMatMul: OpDef = {
  type: 'DynamicQuantizeMatMul',
  domain,
  opsets: [1, 1],
  inputs: [3, 5],
  attributes: {},
  dtypes(node) {
    expectBytes(node, [[1, 3]]);
    if (node.dtypeOf(0) !== 'float32') {
      throw new TypeError(
        `DynamicQuantizeMatMul: input 0: expected float32, got ${node.dtypeOf(0) ?? 'nothing'}.`,
      );
    }
    expectFloats(node, [2, 4]);
    return ['float32'];
  },
  infer: (node) => [matMulDims(node.opType, node.input(0).dims, node.input(1).dims)],
  lower(node) {
    const a = node.input(0);
    const range = emitRange(node, a, node.temp('float32', []), node.temp('uint8', []));
    const quantised = node.temp('uint8', a.dims);
    emitBytes(node, quantised, a, range);
    const product = integerMatMul(node, quantised, node.input(1), range.zero, node.optional(3));
    emitFloat(node, product, range.scale, node.input(2), node.optional(4));
  },
};

/** t = f32(sum + C) · ((a_scale · b_scale) · alpha), alpha left out where it is 1; quantised where there is a y_scale. */
export const QGemm: OpDef = {
  type: 'QGemm',
  domain,
  opsets: [1, 1],
  inputs: [6, 9],
  attributes: { alpha: { kind: 'float' }, transA: { kind: 'int' }, transB: { kind: 'int' } },
  dtypes(node) {
    expectBytes(node, [
      [0, 2],
      [3, 5],
    ]);
    expectFloats(node, [1, 4, 7]);
    const c = node.dtypeOf(6);
    if (c !== undefined && c !== 'int32') {
      throw new TypeError(`QGemm: C: expected int32, got ${c}.`);
    }
    if (node.dtypeOf(7) === undefined) return ['float32'];
    const zero = node.dtypeOf(8);
    if (zero !== undefined) expectBytes(node, [[8]]);
    return [zero ?? node.dtypeOf(0) ?? 'uint8'];
  },
  infer(node) {
    const { m, n } = sizesOf(node);
    return [[m, n]];
  },
  lower(node) {
    const { m, n, k, transA, transB } = sizesOf(node);
    const [a, b, c, out] = [node.input(0), node.input(3), node.optional(6), node.output(0)];
    const sums = node.temp('int32', [m, n]);
    emitIntegerProduct(
      node,
      sums,
      {
        value: a,
        zeroPoint: linesOf(node, node.input(2), 'row', m, 'zero point of a').dense,
        batch: [],
        lines: m,
        lineStride: transA ? 1 : k,
        termStride: transA ? m : 1,
      },
      {
        value: b,
        zeroPoint: linesOf(node, node.input(5), 'column', n, 'zero point of b').dense,
        batch: [],
        lines: n,
        lineStride: transB ? k : 1,
        termStride: transB ? 1 : n,
      },
      k,
    );
    const left = linesOf(node, node.input(1), 'row', m, 'scale of a').wide;
    const right = linesOf(node, node.input(4), 'column', n, 'scale of b').wide;
    const alpha = Math.fround(node.float('alpha', 1));
    const value = (chain: ChainBuilder): number => {
      const word = chain.word(sums);
      const sum = c === undefined ? word : chain.op('add_i32', word, chain.word(c));
      const scales = chain.op('mul_f32', chain.f32(left), chain.f32(right));
      const factor = alpha === 1 ? scales : chain.op('mul_f32', scales, chain.scalar(alpha));
      return chain.op('mul_f32', chain.op('i32_to_f32', sum), factor);
    };
    const scale = node.optional(7);
    if (scale === undefined) {
      emitChain(node, out, value);
      return;
    }
    const zero = node.optional(8);
    emitQuantised(
      node,
      out,
      value,
      scalarOf(node, scale, 'scale of y'),
      zero === undefined ? undefined : scalarOf(node, zero, 'zero point of y'),
    );
  },
};

function sizesOf(node: Pick<LowerContext, 'input' | 'optional' | 'int' | 'opType'>): {
  m: number;
  n: number;
  k: number;
  transA: boolean;
  transB: boolean;
} {
  const [transA, transB] = [node.int('transA', 0) !== 0, node.int('transB', 0) !== 0];
  const sizes = gemmSizes(node.opType, node.input(0).dims, node.input(3).dims, transA, transB);
  const c = node.optional(6);
  const shape = [sizes.m, sizes.n];
  if (c !== undefined && sizeOf(broadcastShapes(node.opType, c.dims, shape)) !== sizeOf(shape)) {
    throw new RangeError(
      `QGemm: C: expected a shape that broadcasts to ${formatShape(shape)}, got ${formatShape(c.dims)}.`,
    );
  }
  return { ...sizes, transA, transB };
}
