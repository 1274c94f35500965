// Reductions over axes: ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd and the norms, and the pieces that
// other operators (Softmax, the normalisations, global pooling) are composed of.
// Terms come in row-major order of the reduced axes; sums are the tree of V4, products the same tree of V2
// products, maxima and minima exact. Everything else is an element-wise step (V2, V6) before or behind the fold:
//   ReduceMean = sum / count         ReduceL1 = sum |x|         ReduceSumSquare = sum x·x     ReduceL2 = √ of it
//   ReduceLogSum = log(sum x)        ReduceLogSumExp = log(sum exp(x - m)) + m,
//                                      m = the maximum where it is finite, else 0
// An empty set of terms gives 0, 1 (product), -inf or the least integer (maximum), +inf or the greatest (minimum).
import { dtypeInfo, typedArrayOf, type DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { Kernel, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitSteps } from './elementwise.ts';
import { emitFloat64 } from './elementwise_f64.ts';
import { emitInt64 } from './elementwise_i64.ts';
import { ABSOLUTE, ADD, DIVIDE, SUBTRACT } from './arithmetic.ts';
import { gridOf } from './grid.ts';
import { knownIntegers, normalizeAxes } from './known.ts';
import { epilogueChain } from './chain_wgsl.ts';
import reduceShader from '../../shaders/ops/reduce.wgsl';
import reduceLanesShader from '../../shaders/ops/reduce_lanes.wgsl';
import reduceIntShader from '../../shaders/ops/reduce_int.wgsl';

export type Fold = 'sum' | 'sum_square' | 'prod' | 'max' | 'min';

// The codes of wasm/fold.h and shaders/ops/reduce.wgsl.
const kFold: Readonly<Record<Fold, number>> = { sum: 0, sum_square: 1, prod: 2, max: 3, min: 4 };

const FIELDS = ['n', 'count', 'block', 'op', 'kept_rank', 'reduced_rank', 'lane_bits'] as const;
const LAYOUT = [
  'kept_dims[8]',
  'kept_strides[8]',
  'reduced_dims[8]',
  'reduced_strides[8]',
] as const;
const alone = epilogueChain(reduceShader);
const lanes = epilogueChain(reduceLanesShader);
const LANE_BITS = FIELDS.indexOf('lane_bits');
export const reduce: Kernel = {
  name: 'reduce',
  params: paramFields(...FIELDS, 'pad0', ...LAYOUT),
  shader: (dispatch) => ((dispatch.params[LANE_BITS] ?? 0) > 0 ? lanes : alone)(dispatch),
  chain: 'epilogue',
};
/** Without a twin: the bound of B6 on what a sum may reach holds for 2^27 terms. */
const reduceReference: Kernel = { name: reduce.name, params: reduce.params, chain: 'epilogue' };
export const reduceInt: Kernel = {
  name: 'reduce_int',
  params: paramFields(...FIELDS, 'type_code', ...LAYOUT),
  shader: reduceIntShader,
};
/** float64, on the reference only. */
export const reduceF64: Kernel = {
  name: 'reduce_f64',
  params: paramFields(...FIELDS, 'pad0', ...LAYOUT),
};
const reduceIntReference: Kernel = { name: reduceInt.name, params: reduceInt.params };

// log2 of the bytes an element, + 4 if unsigned.
const kIntType: Partial<Record<DType, number>> = {
  int8: 0,
  int16: 1,
  int32: 2,
  int64: 3,
  uint8: 4,
  bool: 4,
  uint16: 5,
  uint32: 6,
  uint64: 7,
};

const MANY_GROUPS = 8; // from here on invocations may share an output
const GROUP = 64; // terms that one invocation folds at a time (V4's radix)
const MAX_BLOCK = 1024; // outputs a work unit of the reference
const BLOCK_TERMS = 1 << 15;

/** Axes as [size, stride] with neighbours merged where one steps on from the other; sizes of 1 are dropped. */
function merged(axes: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = [];
  for (const [size, stride] of axes) {
    if (size === 1) continue;
    const last = out.at(-1);
    if (last !== undefined && last[1] === stride * size) {
      last[0] *= size;
      last[1] = stride;
    } else out.push([size, stride]);
  }
  return out.length === 0 ? [[1, 0]] : out;
}

/** What a fold of no terms is. */
function emptyValue(dtype: DType, fold: Fold, size: number): ReturnType<typeof typedArrayOf> {
  const data = typedArrayOf(dtype, new ArrayBuffer(size * dtypeInfo(dtype).bytes), 0, size);
  if (fold === 'sum' || fold === 'sum_square') return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const signed = data instanceof BigInt64Array;
    const least = signed ? -(2n ** 63n) : 0n;
    const greatest = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
    return data.fill(fold === 'prod' ? 1n : fold === 'max' ? least : greatest);
  }
  const bits = dtypeInfo(dtype).bytes * 8;
  const unsigned = (kIntType[dtype] ?? 0) >= 4;
  let [least, greatest] = unsigned ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  if (dtype === 'float32' || dtype === 'float64') [least, greatest] = [-Infinity, Infinity];
  if (dtype === 'bool') greatest = 1;
  return data.fill(fold === 'prod' ? 1 : fold === 'max' ? least : greatest);
}

/** Emits `out` = fold of `x` over `axes` (non-negative). `out` may have any dims of the right size. */
export function emitReduce(
  node: LowerContext,
  fold: Fold,
  out: Value,
  x: Value,
  axes: readonly number[],
): void {
  const n = sizeOf(out.dims);
  const count = axes.reduce((product, axis) => product * (x.dims[axis] ?? 1), 1);
  if (count === 0) {
    node.alias(out, node.constantValue(out.dtype, out.dims, emptyValue(out.dtype, fold, n)));
    return;
  }
  const strides = stridesOf(x.dims);
  const pairs = x.dims.map((size, axis) => [size, strides[axis] ?? 0] as const);
  const kept = merged(pairs.filter((_, axis) => !axes.includes(axis)));
  const reduced = merged(pairs.filter((_, axis) => axes.includes(axis)));
  if (Math.max(kept.length, reduced.length) > 8) {
    throw new RangeError(`${node.opType}: too many axes: expected at most 8 that do not merge.`);
  }
  const isFloat = x.dtype === 'float32';
  const isDouble = x.dtype === 'float64';
  const groups = Math.ceil(count / GROUP);
  // Enough invocations: several an output only where outputs are few and terms are many.
  let laneBits = 0;
  if (isFloat && groups >= MANY_GROUPS)
    while (laneBits < 6 && 1 << laneBits < groups && n * 2 ** laneBits < 16384) laneBits += 1;
  const block = Math.max(1, Math.min(MAX_BLOCK, n, Math.floor(BLOCK_TERMS / count)));
  const typeCode = kIntType[x.dtype] ?? 0;
  const floatKernel = count <= 2 ** 27 ? reduce : reduceReference;
  const intKernel = typeCode === 2 || typeCode === 6 ? reduceInt : reduceIntReference;
  node.emit(isFloat ? floatKernel : isDouble ? reduceF64 : intKernel, {
    params: {
      n,
      count,
      block,
      op: kFold[fold],
      kept_rank: kept.length,
      reduced_rank: reduced.length,
      lane_bits: laneBits,
      ...(isFloat || isDouble ? { pad0: 0 } : { type_code: typeCode }),
      kept_dims: kept.map(([size]) => size),
      kept_strides: kept.map(([, stride]) => stride),
      reduced_dims: reduced.map(([size]) => size),
      reduced_strides: reduced.map(([, stride]) => stride),
    },
    inputs: [x],
    outputs: [out],
    units: Math.ceil(n / block),
    unitCost: block * count,
    grid: gridOf(n * 2 ** laneBits),
    ...(isFloat ? { constants: { OP: kFold[fold] } } : {}),
  });
  if (isFloat) out.canonical = true;
}

/** `x` folded over `axes`, which stay as axes of size 1; in `out` if that is given. */
export function reduced(
  node: LowerContext,
  fold: Fold,
  x: Value,
  axes: readonly number[],
  out?: Value,
): Value {
  const dims = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const to = out ?? node.temp(x.dtype, dims);
  emitReduce(node, fold, to, x, axes);
  return to;
}

/** A number of elements as a scalar of a type. */
function countValue(node: LowerContext, dtype: DType, count: number): Value {
  const data = typedArrayOf(dtype, new ArrayBuffer(dtypeInfo(dtype).bytes), 0, 1);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[0] = BigInt(count);
  else data[0] = count;
  return node.constantValue(dtype, [], data);
}

/** sum / count, correctly rounded: `count` as f32. A mean over nothing is 0 / 0 = NaN; of integers the quotient truncates. */
export function emitMean(
  node: LowerContext,
  out: Value,
  x: Value,
  axes: readonly number[],
  fold: 'sum' | 'sum_square' = 'sum',
): void {
  const count = axes.reduce((product, axis) => product * (x.dims[axis] ?? 1), 1);
  const sum = node.temp(out.dtype, out.dims);
  emitReduce(node, fold, sum, x, axes);
  if (out.dtype !== 'float32')
    emitSteps(node, DIVIDE, out, [sum, countValue(node, out.dtype, count)]);
  else emitChain(node, out, (c) => c.op('div_f32', c.f32(sum), c.scalar(Math.fround(count))));
}

/** A temporary (or `out`) of `dims` computed element by element. */
export function mapped(
  node: LowerContext,
  dims: readonly number[],
  build: (chain: ChainBuilder) => number,
  out?: Value,
): Value {
  const to = out ?? node.temp('float32', dims);
  emitChain(node, to, build);
  return to;
}

interface Spec {
  readonly type: string;
  readonly dtypes: readonly DType[];
  /** Opset from which the axes are an input. */
  readonly axesInput: 13 | 18;
  readonly lower: (node: LowerContext, out: Value, x: Value, axes: readonly number[]) => void;
}

/** Undefined: the node does nothing to the shape (noop_with_empty_axes). */
function axesOf(node: ShapeContext, axesInput: number): number[] | undefined {
  const rank = node.input(0).dims.length;
  const given =
    node.opset >= axesInput
      ? node.optional(1) === undefined
        ? []
        : knownIntegers(node, 1, 'axes')
      : node.ints('axes', []);
  if (given.length === 0) {
    return node.int('noop_with_empty_axes', 0) !== 0
      ? undefined
      : Array.from({ length: rank }, (_, i) => i);
  }
  return normalizeAxes(node.opType, given, rank).sort((a, b) => a - b);
}

function define({ type, dtypes, axesInput, lower }: Spec): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 2],
    attributes: {
      axes: { kind: 'ints' },
      keepdims: { kind: 'int' },
      noop_with_empty_axes: { kind: 'int' },
    },
    dtypes(node: NodeContext) {
      const dtype = node.dtypeOf(0);
      if (dtype === undefined || !dtypes.includes(dtype)) {
        throw new TypeError(`${type}: expected ${dtypes.join(' or ')}, got ${dtype ?? 'nothing'}.`);
      }
      if (node.inputCount > 1 && node.opset < axesInput) {
        throw new TypeError(
          `${type}: axes are an attribute before opset ${axesInput}, got an input.`,
        );
      }
      return [dtype];
    },
    infer(node) {
      const { dims } = node.input(0);
      const axes = axesOf(node, axesInput);
      if (axes === undefined) return [dims];
      if (node.int('keepdims', 1) !== 0)
        return [dims.map((size, axis) => (axes.includes(axis) ? 1 : size))];
      return [dims.filter((_, axis) => !axes.includes(axis))];
    },
    lower(node) {
      // With noop_with_empty_axes each element is a set of its own (ONNX 1.18): ReduceL1 gives |x|, ReduceMean x.
      lower(node, node.output(0), node.input(0), axesOf(node, axesInput) ?? []);
    },
  };
}

const kFloat: readonly DType[] = ['float32', 'float64'];
const kWide: readonly DType[] = [...kFloat, 'int32', 'uint32', 'int64', 'uint64'];
const kOrdered: readonly DType[] = [...kWide, 'int8', 'uint8', 'int16', 'uint16', 'bool'];

const plain =
  (fold: Fold) =>
  (node: LowerContext, out: Value, x: Value, axes: readonly number[]): void =>
    emitReduce(node, fold, out, x, axes);

export const ReduceSum = define({
  type: 'ReduceSum',
  dtypes: kWide,
  axesInput: 13,
  lower: plain('sum'),
});
export const ReduceProd = define({
  type: 'ReduceProd',
  dtypes: kWide,
  axesInput: 18,
  lower: plain('prod'),
});
export const ReduceMax = define({
  type: 'ReduceMax',
  dtypes: kOrdered,
  axesInput: 18,
  lower: plain('max'),
});
export const ReduceMin = define({
  type: 'ReduceMin',
  dtypes: kOrdered,
  axesInput: 18,
  lower: plain('min'),
});
export const ReduceSumSquare = define({
  type: 'ReduceSumSquare',
  dtypes: kWide,
  axesInput: 18,
  lower: plain('sum_square'),
});
export const ReduceMean = define({
  type: 'ReduceMean',
  dtypes: kWide,
  axesInput: 18,
  lower: emitMean,
});
export const ReduceL1 = define({
  type: 'ReduceL1',
  dtypes: kWide,
  axesInput: 18,
  lower(node, out, x, axes) {
    if (x.dtype.startsWith('uint')) {
      emitReduce(node, 'sum', out, x, axes);
      return;
    }
    const magnitudes = node.temp(x.dtype, x.dims);
    emitSteps(node, ABSOLUTE, magnitudes, [x]);
    emitReduce(node, 'sum', out, magnitudes, axes);
  },
});
export const ReduceL2 = define({
  type: 'ReduceL2',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const squares = node.temp(out.dtype, out.dims);
    emitReduce(node, 'sum_square', squares, x, axes);
    emitSteps(node, { float32: 'sqrt_f32', float64: 'sqrt' }, out, [squares]);
  },
});
const LOGARITHM = { float32: 'log_f32', float64: 'log' } as const;
export const ReduceLogSum = define({
  type: 'ReduceLogSum',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const sum = node.temp(out.dtype, out.dims);
    emitReduce(node, 'sum', sum, x, axes);
    emitSteps(node, LOGARITHM, out, [sum]);
  },
});
export const ReduceLogSumExp = define({
  type: 'ReduceLogSumExp',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const most = reduced(node, 'max', x, axes);
    const shift = x.dtype === 'float32' ? finiteOrZero(node, most) : finiteOrZero64(node, most);
    const differences = node.temp(x.dtype, x.dims);
    emitSteps(node, SUBTRACT, differences, [x, shift]);
    const terms = node.temp(x.dtype, x.dims);
    emitSteps(node, { float32: 'exp_f32', float64: 'exp' }, terms, [differences]);
    const sum = reduced(node, 'sum', terms, axes);
    const logs = node.temp(x.dtype, sum.dims);
    emitSteps(node, LOGARITHM, logs, [sum]);
    const result = node.temp(x.dtype, sum.dims);
    emitSteps(node, ADD, result, [logs, shift]);
    node.alias(out, result);
  },
});

/** m where it is finite, else 0: m - m is NaN exactly where it is not. */
function finiteOrZero(node: LowerContext, most: Value): Value {
  return mapped(node, most.dims, (c) => {
    const m = c.f32(most);
    const odd = c.op('is_nan_f32', c.op('sub_f32', m, m));
    return c.op('select_word', odd, c.scalar(0), m);
  });
}

function finiteOrZero64(node: LowerContext, most: Value): Value {
  const difference = node.temp('float64', most.dims);
  emitFloat64(node, 'sub', difference, [most, most]);
  const odd = node.temp('bool', most.dims);
  emitFloat64(node, 'is_nan', odd, [difference]);
  const shift = node.temp('float64', most.dims);
  const zero = node.constantValue('float64', [], new Float64Array(1));
  emitInt64(node, 'where', shift, [odd, zero, most]);
  return shift;
}
