// New rows behind those that a key or value cache holds, for every batch entry behind as many as it has (V1).
// Not here: how many it has, and who sees which rows.
import { dtypeInfo } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import shader from '../../shaders/ops/append_rows.wgsl';
import { four } from './attend.ts';
import { gridOf } from './grid.ts';

export const appendRows: Kernel = {
  name: 'append_rows',
  params: paramFields('n', 'inner', 'unit_shift', 'groups', 'past', 'rows', 'present', 'pad0'),
  shader,
};

/**
 * [batch, heads, present, size]: row p of entry b is row p of `past` where p < filled[b], else row p − filled[b] of `own`, else
 * zeros; `filled` is int32 [batch], none of it negative.
 */
export function appended(
  node: LowerContext,
  past: Value | undefined,
  own: Value,
  filled: Value,
  present: number,
): Value {
  const [batch, heads, rows, size] = four(own);
  const held = past?.dims[2] ?? 0;
  const to = node.temp(own.dtype, [batch, heads, present, size]);
  const { bytes } = dtypeInfo(own.dtype);
  // Rows that are whole words move as words.
  const shift = [2, 1].find((log2) => (size * bytes) % 2 ** log2 === 0) ?? 0;
  const inner = (size * bytes) / 2 ** shift;
  const all = batch * heads * present;
  to.canonical = own.canonical && (held === 0 || past?.canonical === true);
  node.emit(appendRows, {
    params: {
      n: all * inner,
      inner,
      unit_shift: shift,
      groups: heads,
      past: held,
      rows,
      present,
      pad0: 0,
    },
    // An empty cache is not read; what is bound needs a buffer.
    inputs: [past !== undefined && sizeOf(past.dims) > 0 ? past : own, own, filled],
    outputs: [to],
    units: all,
    unitCost: inner,
    grid: gridOf(
      shift === 2 ? all * Math.ceil(inner / 4) : Math.ceil((all * inner * 2 ** shift) / 4),
    ),
    constants: { UNIT_SHIFT: shift },
  });
  return to;
}
