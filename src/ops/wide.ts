// What operators that are compositions share. 16-bit floats (V9): what comes in is widened to float32, which is exact,
// the composition runs on float32, and what goes out is rounded once; inputs that are only moved are not widened.
// Views of values under other dims, and constants. Not here: which steps an operator has.
import { dtypeInfo, type DType } from '../core/dtype.ts';
import type { LowerContext, NodeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sameShape } from '../core/shape.ts';
import { emitCast } from './cast.ts';

const FLOATS: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/** The one float dtype of the inputs listed that are there; of input 0 if none is listed. */
export function floatOf(node: NodeContext, ...inputs: readonly number[]): DType {
  const first = node.dtypeOf(inputs[0] ?? 0);
  for (const i of inputs.length === 0 ? [0] : inputs) {
    const dtype = node.dtypeOf(i);
    if (dtype === undefined && i !== (inputs[0] ?? 0)) continue;
    if (dtype === undefined || !FLOATS.includes(dtype) || dtype !== first) {
      throw new TypeError(
        `${node.opType}: input ${i}: expected ${first !== undefined && FLOATS.includes(first) ? first : FLOATS.join(' or ')}, got ${dtype ?? 'nothing'}. Cast it.`,
      );
    }
  }
  return first ?? 'float32';
}

/** Checks an integer input that may be absent. */
export function integerOf(node: NodeContext, i: number, ...kinds: readonly DType[]): void {
  const dtype = node.dtypeOf(i);
  if (dtype !== undefined && !kinds.includes(dtype)) {
    throw new TypeError(
      `${node.opType}: input ${i}: expected ${kinds.join(' or ')}, got ${dtype}. Cast it.`,
    );
  }
}

/** The value as `dtype`. */
export function castTo(node: LowerContext, value: Value, dtype: DType): Value {
  if (value.dtype === dtype) return value;
  const to = node.temp(dtype, value.dims);
  emitCast(node, to, value);
  return to;
}

/** The value as float32. */
export const widened = (node: LowerContext, value: Value): Value => castTo(node, value, 'float32');

/** Computes `out` by way of float32 of the same dims. */
export function narrowed(node: LowerContext, out: Value, compute: (to: Value) => void): void {
  if (out.dtype === 'float32') {
    compute(out);
    return;
  }
  const to = node.temp('float32', out.dims);
  compute(to);
  emitCast(node, out, to);
}

/** The same elements under other dims. */
export function view(node: LowerContext, value: Value, dims: readonly number[]): Value {
  if (sameShape(dims, value.dims)) return value;
  const to = node.temp(value.dtype, dims);
  node.alias(to, value);
  return to;
}

/** A constant of zero bits, which is +0 and false too. */
export function zeros(node: LowerContext, dtype: DType, dims: readonly number[]): Value {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const bytes = new Uint8Array(size * dtypeInfo(dtype).bytes);
  return node.constantValue(dtype, dims, bytes);
}

/** int32 constants. */
export const integers = (
  node: LowerContext,
  dims: readonly number[],
  list: readonly number[],
): Value => node.constantValue('int32', dims, Int32Array.from(list));

/** int64 constants: shapes, axes, bounds of called operators. */
export const longs = (node: LowerContext, ...list: readonly number[]): Value =>
  node.constantValue('int64', [list.length], BigInt64Array.from(list, BigInt));

/** The output of a called operator. */
export const only = (list: readonly Value[], op: string): Value => {
  const [value] = list;
  if (value === undefined) throw new Error(`${op} gave nothing.`);
  return value;
};
