// Folds over axes, as a kernel for each kind of element: sums are the tree of V4 over terms in row-major order of the reduced axes,
// products the same tree of V2 products, maxima and minima exact. An empty set of terms gives 0, 1 (product), -inf or the
// least integer (maximum), +inf or the greatest (minimum). Not here: the operators (reduce.ts) and what is composed of them.
import { dtypeInfo, typedArrayOf, type DType } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { DIVIDE } from './arithmetic.ts';
import { emitChain } from './chain_builder.ts';
import { epilogueChain } from './chain_wgsl.ts';
import { emitSteps } from './elementwise.ts';
import { gridOf } from './grid.ts';
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
