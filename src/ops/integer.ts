// MatMulInteger, ConvInteger and their requantising relatives QLinearMatMul and QLinearConv (V8): exact sums in i32, which
// wrap where they do not fit, then the stated steps. Their products and convolutions: integer_product.ts, integer_conv.ts.
import { NEWEST_OPSET, type LowerContext, type NodeContext, type OpDef } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { checkedConv, convAttributes } from './conv.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitIntegerConv } from './integer_conv.ts';
import { emitIntegerProduct } from './integer_product.ts';
import { matricesOf, matMulDims } from './mat_mul.ts';
import { emitQuantised, floatOf, isFloat, scalarOf } from './quantise.ts';
import { scaled } from './quantised.ts';
import { windowAxes } from './window.ts';
import { view } from './wide.ts';

/** Refuses what is no 8-bit tensor; inputs of one pair (a tensor and its zero point) have one dtype. */
export function expectBytes(node: NodeContext, pairs: readonly (readonly number[])[]): void {
  for (const [i = 0, ...same] of pairs) {
    const dtype = node.dtypeOf(i);
    if (dtype !== 'uint8' && dtype !== 'int8') {
      throw new TypeError(
        `${node.opType}: input ${i}: expected uint8 or int8, got ${dtype ?? 'nothing'}.`,
      );
    }
    for (const j of same) {
      const other = node.dtypeOf(j);
      if (other !== undefined && other !== dtype) {
        throw new TypeError(`${node.opType}: input ${j}: expected ${dtype}, got ${other}.`);
      }
    }
  }
}

export function expectFloats(node: NodeContext, inputs: readonly number[]): void {
  for (const i of inputs) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && !isFloat(dtype)) {
      throw new TypeError(`${node.opType}: input ${i}: expected float32, got ${dtype}.`);
    }
  }
}

/** What there is one of for a product, a row (1-D or [..., M, 1]) or a column (1-D or [..., 1, N]). */
export interface Lines {
  /** As it broadcasts over [..., M, N]. */
  readonly wide: Value;
  /** [..., lines], or one element. */
  readonly dense: Value;
  readonly isOne: boolean;
}

/** @throws RangeError for a shape that is none of these */
export function linesOf(
  node: LowerContext,
  value: Value,
  side: 'row' | 'column',
  size: number,
  what: string,
): Lines {
  const { dims } = value;
  if (sizeOf(dims) === 1) {
    const one = view(node, value, []);
    return { wide: one, dense: one, isOne: true };
  }
  const [outer, line, unit] = [
    dims.slice(0, -2),
    side === 'row' ? dims.at(-2) : dims.at(-1),
    side === 'row' ? dims.at(-1) : dims.at(-2),
  ];
  if (dims.length === 1 && dims[0] === size) {
    return {
      wide: view(node, value, side === 'row' ? [size, 1] : [size]),
      dense: value,
      isOne: false,
    };
  }
  if (dims.length < 2 || line !== size || unit !== 1) {
    throw new RangeError(
      `${node.opType}: ${what}: expected one element or one a ${side}, ${size}, got shape ${formatShape(dims)}.`,
    );
  }
  return { wide: value, dense: view(node, value, [...outer, size]), isOne: false };
}

/** The exact product of two 8-bit tensors, and its sizes. Zero points are one, or one a row or column. */
export function integerMatMul(
  node: LowerContext,
  a: Value,
  b: Value,
  aZero: Value | undefined,
  bZero: Value | undefined,
  to?: Value,
): { sums: Value; m: number; n: number } {
  const sides = matricesOf(node.opType, a.dims, b.dims);
  const k = sides.a.at(-1) ?? 0;
  const [rows, n] = [sides.a.at(-2) ?? 0, sides.b.at(-1) ?? 0];
  const left = aZero === undefined ? undefined : linesOf(node, aZero, 'row', rows, 'zero point');
  const right = bZero === undefined ? undefined : linesOf(node, bZero, 'column', n, 'zero point');
  // Against one matrix all rows of the left operand are rows of one product.
  const shared =
    sizeOf(sides.b.slice(0, -2)) === 1 &&
    b.dims.length <= a.dims.length &&
    left?.isOne !== false &&
    (right?.dense.dims.length ?? 0) < 2;
  const m = shared ? sizeOf(sides.a.slice(0, -1)) : rows;
  const sums = to ?? node.temp('int32', matMulDims(node.opType, a.dims, b.dims));
  emitIntegerProduct(
    node,
    sums,
    {
      value: a,
      zeroPoint: left?.dense,
      batch: shared ? [] : sides.a.slice(0, -2),
      lines: m,
      lineStride: k,
      termStride: 1,
    },
    {
      value: b,
      zeroPoint: right?.dense,
      batch: shared ? [] : sides.b.slice(0, -2),
      lines: n,
      lineStride: 1,
      termStride: n,
    },
    k,
  );
  return { sums, m: rows, n };
}

export const MatMulInteger: OpDef = {
  type: 'MatMulInteger',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 4],
  attributes: {},
  dtypes(node) {
    expectBytes(node, [
      [0, 2],
      [1, 3],
    ]);
    return ['int32'];
  },
  infer: (node) => [matMulDims(node.opType, node.input(0).dims, node.input(1).dims)],
  lower(node) {
    integerMatMul(
      node,
      node.input(0),
      node.input(1),
      node.optional(2),
      node.optional(3),
      node.output(0),
    );
  },
};

/** Both zero points of an integer convolution: of x one, of w one or one a filter. */
function emitSums(
  node: LowerContext,
  sums: Value,
  x: Value,
  w: Value,
  xZero: Value | undefined,
  wZero: Value | undefined,
): void {
  const groups = checkedConv(node, x.dims, w.dims);
  const filters = w.dims[0] ?? 0;
  if (wZero !== undefined && sizeOf(wZero.dims) !== 1 && wZero.dims.join() !== String(filters)) {
    throw new RangeError(
      `${node.opType}: zero point of w: expected one element or ${filters}, got shape ${formatShape(wZero.dims)}.`,
    );
  }
  emitIntegerConv(
    node,
    sums,
    {
      value: x,
      zeroPoint: xZero === undefined ? undefined : scalarOf(node, xZero, 'zero point of x'),
    },
    { value: w, zeroPoint: wZero },
    windowAxes(node, x.dims.slice(2), w.dims.slice(2)),
    groups,
  );
}

function convDims(
  node: NodeContext,
  x: readonly number[],
  w: readonly number[],
): readonly number[] {
  checkedConv(node, x, w);
  const axes = windowAxes(node, x.slice(2), w.slice(2));
  return [x[0] ?? 0, w[0] ?? 0, ...axes.map((axis) => axis.out)];
}

export const ConvInteger: OpDef = {
  type: 'ConvInteger',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 4],
  attributes: convAttributes,
  dtypes(node) {
    expectBytes(node, [
      [0, 2],
      [1, 3],
    ]);
    return ['int32'];
  },
  infer: (node) => [convDims(node, node.input(0).dims, node.input(1).dims)],
  lower(node) {
    emitSums(
      node,
      node.output(0),
      node.input(0),
      node.input(1),
      node.optional(2),
      node.optional(3),
    );
  },
};

/** y = saturate(round((f32(sum) · (a_scale · b_scale)) ÷ y_scale) + y_zero_point). */
export const QLinearMatMul: OpDef = {
  type: 'QLinearMatMul',
  opsets: [10, NEWEST_OPSET],
  inputs: [8, 8],
  attributes: {},
  dtypes(node) {
    expectBytes(node, [
      [0, 2],
      [3, 5],
    ]);
    expectBytes(node, [[7]]);
    expectFloats(node, [1, 4, 6]);
    return [node.dtypeOf(7) ?? 'uint8'];
  },
  infer: (node) => [matMulDims(node.opType, node.input(0).dims, node.input(3).dims)],
  lower(node) {
    const [a, b] = [node.input(0), node.input(3)];
    const { sums, m, n } = integerMatMul(node, a, b, node.input(2), node.input(5));
    const scaleOf = (i: number, side: 'row' | 'column', size: number): Value =>
      linesOf(node, floatOf(node, node.input(i)), side, size, 'scale').wide;
    const [left, right] = [scaleOf(1, 'row', m), scaleOf(4, 'column', n)];
    const scale = scaleOf(6, 'row', m);
    const zero = linesOf(node, node.input(7), 'row', m, 'zero point').wide;
    // A vector on one side leaves no axis for its rows or columns: scales are over [..., M, N].
    const out = node.output(0);
    const isVector = a.dims.length === 1 || b.dims.length === 1;
    const whole = isVector ? [...matricesBatch(node, a, b), m, n] : out.dims;
    const to = isVector ? node.temp(out.dtype, whole) : out;
    const from = view(node, sums, whole);
    emitQuantised(node, to, (chain) => scaled(chain, from, left, right), scale, zero);
    if (to !== out) node.alias(out, to);
  },
};

const matricesBatch = (node: LowerContext, a: Value, b: Value): readonly number[] => {
  const dims = matMulDims(node.opType, a.dims, b.dims);
  const own = (a.dims.length === 1 ? 0 : 1) + (b.dims.length === 1 ? 0 : 1);
  return dims.slice(0, dims.length - own);
};

/** The same of a convolution, whose int32 bias is added to the sum. */
export const QLinearConv: OpDef = {
  type: 'QLinearConv',
  opsets: [10, NEWEST_OPSET],
  inputs: [8, 9],
  attributes: convAttributes,
  dtypes(node) {
    expectBytes(node, [
      [0, 2],
      [3, 5],
    ]);
    expectBytes(node, [[7]]);
    expectFloats(node, [1, 4, 6]);
    const bias = node.dtypeOf(8);
    if (bias !== undefined && bias !== 'int32') {
      throw new TypeError(`QLinearConv: bias: expected int32, got ${bias}.`);
    }
    return [node.dtypeOf(7) ?? 'uint8'];
  },
  infer: (node) => [convDims(node, node.input(0).dims, node.input(3).dims)],
  lower(node) {
    const [x, w, bias, out] = [node.input(0), node.input(3), node.optional(8), node.output(0)];
    const sums = node.temp('int32', out.dims);
    emitSums(node, sums, x, w, node.input(2), node.input(5));
    const column = [w.dims[0] ?? 0, ...out.dims.slice(2).map(() => 1)];
    const perFilter = (value: Value): Value =>
      view(node, value, sizeOf(value.dims) === 1 ? [] : column);
    const left = scalarOf(node, floatOf(node, node.input(1)), 'scale of x');
    const right = perFilter(floatOf(node, node.input(4)));
    const summand = bias === undefined ? undefined : perFilter(bias);
    const total = (chain: ChainBuilder): number => {
      const word = chain.word(sums);
      const sum = summand === undefined ? word : chain.op('add_i32', word, chain.word(summand));
      return chain.op(
        'mul_f32',
        chain.op('i32_to_f32', sum),
        chain.op('mul_f32', chain.f32(left), chain.f32(right)),
      );
    };
    emitQuantised(
      node,
      out,
      total,
      scalarOf(node, floatOf(node, node.input(6)), 'scale of y'),
      scalarOf(node, node.input(7), 'zero point of y'),
    );
  },
};

/** Emits f32(sums) · (one · other) + bias, the float result of an integer product. */
export function emitScaled(
  node: LowerContext,
  to: Value,
  sums: Value,
  one: Value,
  other: Value,
  bias: Value | undefined,
): void {
  emitChain(node, to, (chain) => {
    const y = scaled(chain, sums, one, other);
    return bias === undefined ? y : chain.op('add_f32', y, chain.f32(bias));
  });
}
