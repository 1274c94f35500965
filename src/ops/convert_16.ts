// Conversions between float32 and the 16-bit floats, for Cast (V9): one kernel, exhaustively checked. A type that is
// neither goes by way of float32, which is the contract's rule and not a shortcut.
import convert16Shader from '../../shaders/ops/convert_16.wgsl';
import type { DType } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { gridOf } from './grid.ts';

// Elements a work unit, as in wasm/ops/convert_16.c.
const BLOCK = 1024;

export const convert16: Kernel = {
  name: 'convert_16',
  params: paramFields('n', 'conversion', 'pad0', 'pad1'),
  shader: convert16Shader,
};

/** Whether values of this type are 16-bit floats. */
export function isFloat16(dtype: DType): boolean {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** Emits float32 to a 16-bit float, or back. */
export function emitConvert16(node: LowerContext, out: Value, x: Value): void {
  const n = sizeOf(out.dims);
  const narrows = x.dtype === 'float32';
  const type = narrows ? out.dtype : x.dtype;
  node.emit(convert16, {
    params: { n, conversion: (narrows ? 0 : 2) + (type === 'float16' ? 0 : 1), pad0: 0, pad1: 0 },
    inputs: [x],
    outputs: [out],
    units: Math.ceil(n / BLOCK),
    unitCost: 4 * BLOCK,
    grid: gridOf(narrows ? Math.ceil(n / 2) : n),
  });
  out.canonical = !narrows;
}
