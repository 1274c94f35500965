// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear: one scale for all, one for each element of an axis, or one
// for each block of an axis. The steps are in quantise.ts. DequantizeLinear notes what its output was made of, so
// that products fed by two of them are exact integer sums (V8, quantised.ts).
import { dtypeOfOnnx, type DType } from '../core/dtype.ts';
import { NEWEST_OPSET, type LowerContext, type NodeContext, type OpDef } from '../core/op.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { readElement, storeElement } from './element_types.ts';
import {
  dequantised,
  emitQuantised,
  isFloat,
  isNarrow,
  isQuantum,
  isSmallFloat,
} from './quantise.ts';
import { emitBytes, emitRange } from './quantise_range.ts';
import { view } from './wide.ts';

/** How scales lie over a tensor: its shape, and theirs, such that they broadcast. */
interface Layout {
  readonly dims: readonly number[];
  /** Of what has one element a scale; undefined where there is one for all. */
  readonly scales: readonly number[] | undefined;
  readonly axis: number | undefined;
  /** For blocks that do not divide their axis: the scale of each element of it. */
  readonly picks?: readonly number[];
}

function layoutOf(
  node: NodeContext,
  dims: readonly number[],
  scale: readonly number[],
  axisOfScales = node.int('axis', 1),
  block = node.int('block_size', 0),
): Layout {
  if (sizeOf(scale) === 1 && (scale.length <= 1 || block === 0)) {
    return { dims, scales: undefined, axis: undefined };
  }
  const axis = normalizeAxis(node.opType, axisOfScales, dims.length);
  const size = dims[axis] ?? 1;
  const [before, after] = [dims.slice(0, axis), dims.slice(axis + 1)];
  const expected = block === 0 ? [size] : [...before, Math.ceil(size / block), ...after];
  if (scale.join() !== expected.join() || block < 0) {
    throw new RangeError(
      `${node.opType}: scale: expected one element or shape ${formatShape(expected)}, got ${formatShape(scale)}.`,
    );
  }
  if (block === 0) return { dims, scales: [size, ...after.map(() => 1)], axis };
  if (size % block === 0) {
    const blocks = size / block;
    return {
      dims: [...before, blocks, block, ...after],
      scales: [...before, blocks, 1, ...after],
      axis: undefined,
    };
  }
  const picks = Array.from({ length: size }, (_, i) => Math.floor(i / block));
  return { dims, scales: dims, axis, picks };
}

/** A scale or zero point under the shape in which it broadcasts. */
function laidOut(node: LowerContext, value: Value, { scales, axis, picks }: Layout): Value {
  if (sizeOf(value.dims) === 1) return view(node, value, []);
  if (picks === undefined || scales === undefined) return view(node, value, scales ?? []);
  const indices = node.constantValue(
    'int64',
    [picks.length],
    BigInt64Array.from(picks, (i) => BigInt(i)),
  );
  const [picked] = node.call('Gather', [value, indices], { attributes: { axis: axis ?? 0 } });
  if (picked === undefined) throw new Error(`${node.opType}: Gather gave nothing.`);
  return picked;
}

function checkZero(node: LowerContext, scale: Value, zero: Value | undefined): void {
  if (zero === undefined || zero.dims.join() === scale.dims.join()) return;
  if (sizeOf(zero.dims) === 1 && sizeOf(scale.dims) === 1) return;
  throw new RangeError(
    `${node.opType}: zero point: expected the shape of scale, ${formatShape(scale.dims)}, got ${formatShape(zero.dims)}.`,
  );
}

function expectScale(node: NodeContext, i = 1): DType {
  const scale = node.dtypeOf(i);
  if (scale !== undefined && isFloat(scale)) return scale;
  throw new TypeError(
    `${node.opType}: scale: expected float32, float16 or bfloat16, got ${scale ?? 'nothing'}.`,
  );
}

const codeOf = (node: NodeContext, name: string): DType | undefined => {
  const code = node.int(name, 0);
  const dtype = code === 0 ? undefined : dtypeOfOnnx(code);
  if (code !== 0 && dtype === undefined) {
    throw new TypeError(`${node.opType}: ${name}: data type ${code} is not implemented.`);
  }
  return dtype;
};

export const QuantizeLinear: OpDef = {
  type: 'QuantizeLinear',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    axis: { kind: 'int' },
    block_size: { kind: 'int' },
    output_dtype: { kind: 'int' },
    precision: { kind: 'int' },
    saturate: { kind: 'int' },
  },
  dtypes(node) {
    const [x, zero] = [node.dtypeOf(0), node.dtypeOf(2)];
    if (x === undefined || (!isFloat(x) && x !== 'int32')) {
      throw new TypeError(
        `QuantizeLinear: input 0: expected float32, float16, bfloat16 or int32, got ${x ?? 'nothing'}.`,
      );
    }
    expectScale(node);
    const precision = codeOf(node, 'precision');
    if (precision !== undefined && !isFloat(precision)) {
      throw new TypeError(
        `QuantizeLinear: precision: expected float32, float16 or bfloat16, got ${precision}.`,
      );
    }
    const named = codeOf(node, 'output_dtype');
    const dtype = zero ?? named ?? 'uint8';
    if ((!isQuantum(dtype) && !isSmallFloat(dtype)) || (named !== undefined && named !== dtype)) {
      throw new TypeError(
        `QuantizeLinear: output: expected an integer of at most 16 bits, the dtype of the zero point, got ${named ?? dtype}.`,
      );
    }
    return [dtype];
  },
  infer(node) {
    layoutOf(node, node.input(0).dims, node.input(1).dims);
    return [node.input(0).dims];
  },
  lower(node) {
    const [x, scale, zero] = [node.input(0), node.input(1), node.optional(2)];
    checkZero(node, scale, zero);
    const layout = layoutOf(node, x.dims, scale.dims);
    const out = node.output(0);
    const scales = laidOut(node, scale, layout);
    const zeros = zero === undefined ? undefined : laidOut(node, zero, layout);
    const from = view(node, x, layout.dims);
    const to = layout.dims.length === x.dims.length ? out : node.temp(out.dtype, layout.dims);
    const word = (c: ChainBuilder): number => {
      const element = readElement(c, from);
      return from.dtype === 'int32' ? c.op('i32_to_f32', element) : element;
    };
    emitQuantised(node, to, word, scales, zeros, {
      dtype: codeOf(node, 'precision') ?? scale.dtype,
      saturate: node.int('saturate', 1) !== 0,
    });
    if (to !== out) node.alias(out, to);
  },
};

export const DequantizeLinear: OpDef = {
  type: 'DequantizeLinear',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    axis: { kind: 'int' },
    block_size: { kind: 'int' },
    output_dtype: { kind: 'int' },
  },
  dtypes(node) {
    const [x, zero] = [node.dtypeOf(0), node.dtypeOf(2)];
    if (x === undefined || (!isQuantum(x) && !isSmallFloat(x) && x !== 'int32')) {
      throw new TypeError(
        `DequantizeLinear: input 0: expected int32 or an integer of at most 16 bits, got ${x ?? 'nothing'}.`,
      );
    }
    if (zero !== undefined && zero !== x) {
      throw new TypeError(`DequantizeLinear: zero point: expected ${x}, got ${zero}.`);
    }
    const scale = expectScale(node);
    const dtype = codeOf(node, 'output_dtype') ?? scale;
    if (!isFloat(dtype)) {
      throw new TypeError(
        `DequantizeLinear: output_dtype: expected float32, float16 or bfloat16, got ${dtype}.`,
      );
    }
    return [dtype];
  },
  infer(node) {
    layoutOf(node, node.input(0).dims, node.input(1).dims);
    return [node.input(0).dims];
  },
  lower(node) {
    const [x, scale, zero] = [node.input(0), node.input(1), node.optional(2)];
    checkZero(node, scale, zero);
    const layout = layoutOf(node, x.dims, scale.dims);
    const out = node.output(0);
    emitDequantised(node, out, x, scale, zero, layout);
    const isBlocked = layout.scales !== undefined && layout.axis === undefined;
    const isOne = scale.dtype === 'float32' && out.dtype === 'float32';
    if (isNarrow(x.dtype) && isOne && !isBlocked && layout.picks === undefined) {
      const one = (value: Value): Value =>
        layout.axis === undefined ? view(node, value, []) : value;
      out.quantised = {
        value: x,
        scale: one(scale),
        zeroPoint: zero === undefined ? undefined : one(zero),
        axis: layout.axis,
      };
    }
  },
};

function emitDequantised(
  node: LowerContext,
  out: Value,
  x: Value,
  scale: Value,
  zero: Value | undefined,
  layout: Layout,
): void {
  const scales = laidOut(node, scale, layout);
  const zeros = zero === undefined ? undefined : laidOut(node, zero, layout);
  const from = view(node, x, layout.dims);
  const to = layout.dims.length === x.dims.length ? out : node.temp(out.dtype, layout.dims);
  const step = (c: ChainBuilder): number =>
    storeElement(c, out.dtype, dequantised(c, from, scales, zeros));
  emitChain(node, to, step, true);
  if (to !== out) node.alias(out, to);
}

/** Emits `out` = (x − zero) · scale, one scale a block of `block` elements of `axis`; `zero` may be one for all. */
export function emitBlocks(
  node: LowerContext,
  out: Value,
  x: Value,
  scale: Value,
  zero: Value,
  axis: number,
  block: number,
): void {
  if (sizeOf(zero.dims) !== 1) checkZero(node, scale, zero);
  emitDequantised(node, out, x, scale, zero, layoutOf(node, x.dims, scale.dims, axis, block));
}

/** ONNX's function: range and zero point of all of x with 0, then QuantizeLinear to uint8. */
export const DynamicQuantizeLinear: OpDef = {
  type: 'DynamicQuantizeLinear',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  dtypes(node) {
    const x = node.dtypeOf(0);
    if (x !== 'float32') {
      throw new TypeError(
        `DynamicQuantizeLinear: input 0: expected float32, got ${x ?? 'nothing'}. Cast it to float32.`,
      );
    }
    return ['uint8', 'float32', 'uint8'];
  },
  infer: (node) => [node.input(0).dims, [], []],
  lower(node) {
    const x = node.input(0);
    const range = emitRange(
      node,
      x,
      node.wants(1) ? node.output(1) : node.temp('float32', []),
      node.wants(2) ? node.output(2) : node.temp('uint8', []),
    );
    if (node.wants(0)) emitBytes(node, node.output(0), x, range);
  },
};
