// Products of float64 matrices, by a kernel of the reference (V4, V9): WGSL has no such type. Not here: what MatMul and Gemm mean
// (mat_mul.ts).
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { ADD, MULTIPLY } from './arithmetic.ts';
import { emitSteps } from './elementwise.ts';
import type { Matrices } from './stored.ts';

export const matMulF64: Kernel = {
  name: 'mat_mul_f64',
  params: paramFields(
    'm',
    'n',
    'k',
    'batch_rank',
    'a_row_stride',
    'a_column_stride',
    'b_row_stride',
    'b_column_stride',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
  ),
};

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from({ length: 8 - list.length }, () => fill),
];

/** `to[batch][m][n] = a[batch][m][k] * b[batch][k][n]`; `batchDims` innermost first. */
export function emitProductF64(
  node: LowerContext,
  to: Value,
  batchDims: readonly number[],
  a: Matrices,
  b: Matrices,
  { m, n, k }: { m: number; n: number; k: number },
): void {
  node.emit(matMulF64, {
    params: {
      m,
      n,
      k,
      batch_rank: batchDims.length,
      a_row_stride: a.rowStride,
      a_column_stride: a.columnStride,
      b_row_stride: b.rowStride,
      b_column_stride: b.columnStride,
      batch_dims: eight(batchDims, 1),
      a_strides: eight(a.strides, 0),
      b_strides: eight(b.strides, 0),
    },
    inputs: [a.value, b.value],
    outputs: [to],
    units: batchDims.reduce((product, dim) => product * dim, m),
    unitCost: 8 * n * k,
  });
}

/** A value times an f32 factor; the value itself where that is 1, unless it must be in `out`. */
function timesScalar(node: LowerContext, x: Value, factor: number, out?: Value): Value {
  if (factor === 1 && out === undefined) return x;
  const to = out ?? node.temp('float64', x.dims);
  emitSteps(node, MULTIPLY, to, [x, node.constantValue('float64', [], Float64Array.of(factor))]);
  return to;
}

/** Emits `out` = product · alpha + c · beta, each an operation of its own. */
export function emitScaledF64(
  node: LowerContext,
  out: Value,
  product: Value,
  alpha: number,
  c: Value | undefined,
  beta: number,
): void {
  const scaled = timesScalar(node, product, alpha, c === undefined ? out : undefined);
  if (c !== undefined) emitSteps(node, ADD, out, [scaled, timesScalar(node, c, beta)]);
}
