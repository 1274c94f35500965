// What both kernels of integer convolutions (V8) read of their sizes: the reference's (integer_conv.ts) and that of WebGPU
// (integer_dot_conv.ts). Promises: the same fields in the same order. Not here: what a unit of work is, how weights are packed.
import type { LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import { isSigned } from './element_types.ts';
import type { IntegerOperand, IntegerTensor } from './integer_operand.ts';
import type { Axis } from './window.ts';
import { view } from './wide.ts';

export const CONV_FIELDS = [
  'groups',
  'channels',
  'filters',
  'is_signed',
  'depth',
  'height',
  'width',
  'pad_front',
  'out_depth',
  'out_height',
  'out_width',
  'pad_top',
  'kernel_depth',
  'kernel_height',
  'kernel_width',
  'pad_left',
  'stride_depth',
  'stride_height',
  'stride_width',
  'row_block',
  'dilation_depth',
  'dilation_height',
  'dilation_width',
  'images',
] as const;

/** Their values; `rows` are the output rows of a unit. */
export function convParams(
  x: IntegerTensor,
  w: IntegerTensor,
  groups: number,
  [z, y, last]: readonly [Axis, Axis, Axis],
  rows: number,
): Record<(typeof CONV_FIELDS)[number], number> {
  const [batch = 0] = x.value.dims;
  const [filters = 0, channels = 0] = w.value.dims;
  return {
    groups,
    channels,
    filters: filters / groups,
    is_signed: isSigned(x.value.dtype) ? 1 : 0,
    depth: z.size,
    height: y.size,
    width: last.size,
    pad_front: z.begin,
    out_depth: z.out,
    out_height: y.out,
    out_width: last.out,
    pad_top: y.begin,
    kernel_depth: z.kernel,
    kernel_height: y.kernel,
    kernel_width: last.kernel,
    pad_left: last.begin,
    stride_depth: z.stride,
    stride_height: y.stride,
    stride_width: last.stride,
    row_block: rows,
    dilation_depth: z.dilation,
    dilation_height: y.dilation,
    dilation_width: last.dilation,
    images: batch * groups,
  };
}

/** The weights of each group, a line a filter; their zero point is one, or one a filter. */
export function filtersOf(node: LowerContext, w: IntegerTensor, groups: number): IntegerOperand {
  const [allFilters = 0, ...window] = w.value.dims;
  const filters = allFilters / groups;
  const many = w.zeroPoint !== undefined && sizeOf(w.zeroPoint.dims) !== 1;
  return {
    value: w.value,
    zeroPoint: many ? view(node, w.zeroPoint, [groups, filters]) : w.zeroPoint,
    batch: [groups],
    lines: filters,
    lineStride: sizeOf(window),
    termStride: 1,
  };
}
