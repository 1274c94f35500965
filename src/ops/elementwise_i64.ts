// int64 and uint64 arithmetic and the conversions between integer types and float32, as one kernel (V8).
// In models, int64 arithmetic is shape arithmetic, which is computed while planning; where it is not, a GPU computes on pairs of
// words. Division by zero gives 0, so that every result is defined.
import { broadcastStrides } from '../core/chain.ts';
import { dtypeInfo, type DType } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import shader from '../../shaders/ops/elementwise_i64.wgsl';
import { gridOf } from './grid.ts';

const RANK = 8;
// Elements a work unit, as in wasm/ops/elementwise_i64.c.
const BLOCK = 256;

export const elementwiseI64: Kernel = {
  name: 'elementwise_i64',
  params: paramFields(
    'n',
    'op',
    'rank',
    'inputs',
    'in_kind',
    'out_kind',
    'pad0',
    'pad1',
    `dims[${RANK}]`,
    `strides0[${RANK}]`,
    `strides1[${RANK}]`,
    `strides2[${RANK}]`,
  ),
  shader,
};

// Positions are the codes of the C twin.
const OPS = [
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'fmod',
  'min',
  'max',
  'neg',
  'abs',
  'equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
  'where',
  'cast',
  'sign',
  'and',
  'or',
  'xor',
  'not',
  'shift_left',
  'shift_right',
  'power',
  'power_unsigned',
  'copy',
] as const;
const KINDS: readonly DType[] = [
  'int64',
  'int32',
  'uint32',
  'int16',
  'uint16',
  'int8',
  'uint8',
  'bool',
  'float32',
  'uint64',
];

/** `power` takes a signed exponent; `copy` and `where` move the bits of any type of 64; `mod` has the sign of the divisor, `fmod` of the dividend; `where` takes a bool condition first. */
export type Int64Op = (typeof OPS)[number];

/** Whether `emitInt64(node, 'cast', ...)` converts between the two. */
export function hasInt64(from: DType, to: DType): boolean {
  return KINDS.includes(from) && KINDS.includes(to) && (from !== 'float32' || to !== 'float32');
}

/**
 * Emits `out = op(inputs)`, broadcast to `out`'s shape. Operands are of one dtype, int64 or another integer
 * dtype (also float32 for `cast`).
 */
export function emitInt64(
  node: LowerContext,
  op: Int64Op,
  out: Value,
  inputs: readonly Value[],
): void {
  const last = inputs.at(-1);
  if (last === undefined) throw new Error(`${node.opType}: no operand.`);
  const kind = (dtype: DType): number => Math.max(0, KINDS.indexOf(dtype));
  const dims = out.dims.length === 0 ? [1] : out.dims;
  if (dims.length > RANK) {
    throw new RangeError(
      `${node.opType}: too many axes: expected at most ${RANK} for ${out.dtype}, got ${dims.length}. Reshape the operands.`,
    );
  }
  const n = sizeOf(dims);
  const strides = (i: number): number[] => {
    const input = inputs[i];
    return input === undefined ? dims.map(() => 0) : broadcastStrides(input.dims, dims);
  };
  node.emit(elementwiseI64, {
    params: {
      n,
      op: OPS.indexOf(op),
      rank: dims.length,
      inputs: inputs.length,
      in_kind: kind(last.dtype),
      out_kind: kind(out.dtype),
      pad0: 0,
      pad1: 0,
      dims: dims,
      strides0: strides(0),
      strides1: strides(1),
      strides2: strides(2),
    },
    // The shader binds three operands; what it does not read is the last one again.
    inputs: Array.from({ length: 3 }, (_, i) => inputs[i] ?? last),
    outputs: [out],
    units: Math.ceil(n / BLOCK),
    unitCost: BLOCK * 4,
    grid: gridOf(Math.ceil((n * Math.min(4, dtypeInfo(out.dtype).bytes)) / 4)),
  });
  // An integer is 0 or at least 1 in magnitude.
  out.canonical = out.dtype === 'float32';
}
