// float64, element by element and reduced, as kernels of the reference (V9): WGSL has no such type. Each result is the exact one
// rounded once; exp and log are the only elementary functions.
import { broadcastStrides } from '../core/chain.ts';
import type { DType } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';

const RANK = 8;
// Elements a work unit, as in wasm/ops/elementwise_f64.c.
const BLOCK = 256;

export const elementwiseF64: Kernel = {
  name: 'elementwise_f64',
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
  ),
};

// Positions are the codes of the C twin.
const OPS = [
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'fmod',
  'neg',
  'abs',
  'sqrt',
  'floor',
  'ceil',
  'round',
  'sign',
  'reciprocal',
  'relu',
  'exp',
  'log',
  'canonical',
  'equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
  'is_nan',
  'cast',
] as const;
export type Float64Op = (typeof OPS)[number];

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
  'float64',
];

/** Whether `emitFloat64(node, 'cast', ...)` converts between float64 and this type. */
export const hasFloat64 = (dtype: DType): boolean => KINDS.includes(dtype);

/** Emits `out = op(inputs)`, broadcast to `out`'s shape; operands are float64 (for `cast` any of KINDS). */
export function emitFloat64(
  node: LowerContext,
  op: Float64Op,
  out: Value,
  inputs: readonly Value[],
): void {
  const dims = out.dims.length === 0 ? [1] : out.dims;
  if (dims.length > RANK) {
    throw new RangeError(
      `${node.opType}: too many axes: expected at most ${RANK} for float64, got ${dims.length}. Reshape the operands.`,
    );
  }
  const n = sizeOf(dims);
  const strides = (i: number): number[] => {
    const input = inputs[i];
    return input === undefined ? dims.map(() => 0) : broadcastStrides(input.dims, dims);
  };
  node.emit(elementwiseF64, {
    params: {
      n,
      op: OPS.indexOf(op),
      rank: dims.length,
      inputs: inputs.length,
      in_kind: KINDS.indexOf(inputs[0]?.dtype ?? 'float64'),
      out_kind: KINDS.indexOf(out.dtype),
      pad0: 0,
      pad1: 0,
      dims,
      strides0: strides(0),
      strides1: strides(1),
    },
    inputs,
    outputs: [out],
    units: Math.ceil(n / BLOCK),
    unitCost: op === 'exp' || op === 'log' ? BLOCK * 10000 : BLOCK * 8,
  });
  out.canonical = out.dtype === 'float32';
}
