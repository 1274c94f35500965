// Exact integer convolutions of 8-bit tensors (V8). The reference widens and pads a block of the input and reads taps from it
// (integer_conv); WebGPU unfolds the input to the right operand of a product of matrices. Kernels of 1 x 1 are
// products on both. No bit depends on the choice, which is made from shapes alone. Nothing here scales or rounds.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import unfoldShader from '../../shaders/ops/integer_unfold.wgsl';
import { isSigned } from './element_types.ts';
import { gridOf } from './grid.ts';
import {
  emitIntegerProduct,
  emitPacked,
  noZero,
  pack,
  PANEL,
  stripOf,
  type Packed,
} from './integer_product.ts';
import { isPlain, normalAxes, reachOf, type Axis } from './window.ts';
import { view } from './wide.ts';

export const integerUnfold: Kernel = {
  name: 'integer_unfold',
  params: paramFields(
    'images',
    'channels',
    'is_signed',
    'pad0',
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
    'pad1',
    'dilation_depth',
    'dilation_height',
    'dilation_width',
    'pad2',
  ),
  shader: unfoldShader,
  anyIntegers: true,
};

export const integerConv: Kernel = {
  name: 'integer_conv',
  params: paramFields(
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
    'pad0',
  ),
  chain: 'epilogue',
};

const PAIRS_AN_INVOCATION = 8; // PAIRS in integer_unfold.wgsl
// Elements of the window that a unit of the reference keeps in the second-level cache.
const WINDOW = 1 << 15;

/** An 8-bit tensor of a convolution. */
export interface IntegerTensor {
  readonly value: Value;
  readonly zeroPoint: Value | undefined;
}

/**
 * `to[image][filter][position]`, int32 `= Σ (x − its zero point) · (w − its zero point)` over the taps inside the input.
 * The zero point of `w` is one, or one a filter.
 */
export function emitIntegerConv(
  node: LowerContext,
  to: Value,
  x: IntegerTensor,
  w: IntegerTensor,
  axes: readonly Axis[],
  groups: number,
): void {
  const [batch = 0] = x.value.dims;
  const [allFilters = 0, channels = 0] = w.value.dims;
  const filters = allFilters / groups;
  const normal = normalAxes(axes);
  const [depth, height, width] = normal;
  const terms = channels * depth.kernel * height.kernel * width.kernel;
  const positions = depth.out * height.out * width.out;
  const covers = axes.every(
    (a) => a.out === 1 && a.begin === 0 && a.dilation === 1 && a.kernel === a.size,
  );
  if (groups === 1 && covers) {
    // One output position that sees the whole input is a product of matrices.
    const sums = node.temp('int32', [batch, filters]);
    emitIntegerProduct(
      node,
      sums,
      { ...x, batch: [], lines: batch, lineStride: terms, termStride: 1 },
      { ...w, batch: [], lines: filters, lineStride: terms, termStride: 1 },
      terms,
    );
    node.alias(to, sums);
    return;
  }
  const many = w.zeroPoint !== undefined && sizeOf(w.zeroPoint.dims) !== 1;
  const weights = pack(
    node,
    {
      value: w.value,
      zeroPoint: many ? view(node, w.zeroPoint, [groups, filters]) : w.zeroPoint,
      batch: [groups],
      lines: filters,
      lineStride: terms,
      termStride: 1,
    },
    terms,
    stripOf(filters),
  );
  const images = batch * groups;
  const pairs = Math.ceil(terms / 2);
  const sizes = { m: filters, n: positions, terms };
  const left = { ...weights, strides: [0, weights.size] };
  if (normal.every(isPlain)) {
    // One term a channel: the positions of a channel lie side by side.
    const panels = pack(
      node,
      { ...x, batch: [images], lines: positions, lineStride: 1, termStride: positions },
      terms,
      PANEL,
    );
    const right = { ...panels, strides: [groups * panels.size, panels.size] };
    emitPacked(node, to, left, right, [batch, groups], sizes);
    return;
  }
  const geometry = {
    channels,
    is_signed: isSigned(x.value.dtype) ? 1 : 0,
    depth: depth.size,
    height: height.size,
    width: width.size,
    pad_front: depth.begin,
    out_depth: depth.out,
    out_height: height.out,
    out_width: width.out,
    pad_top: height.begin,
    kernel_depth: depth.kernel,
    kernel_height: height.kernel,
    kernel_width: width.kernel,
    pad_left: width.begin,
    stride_depth: depth.stride,
    stride_height: height.stride,
    stride_width: width.stride,
    dilation_depth: depth.dilation,
    dilation_height: height.dilation,
    dilation_width: width.dilation,
    pad0: 0,
  };
  const zero = x.zeroPoint ?? noZero(node, x.value);
  if (node.target === 'wasm') {
    const { rows, scratch } = blocksOf(channels * depth.kernel, filters, pairs, height, width);
    node.emit(integerConv, {
      params: { ...geometry, groups, filters, row_block: rows },
      inputs: [x.value, weights.value, zero],
      outputs: [to],
      units: images * depth.out * Math.ceil(height.out / rows),
      unitCost: (rows * width.out * filters * terms) / 2,
      scratch,
    });
    return;
  }
  const panels = Math.ceil(positions / PANEL);
  const size = panels * PANEL * pairs;
  const unfolded: Packed = {
    value: node.temp('uint32', [images, size]),
    batch: [images],
    size,
  };
  node.emit(integerUnfold, {
    params: { ...geometry, images, pad1: 0, pad2: 0 },
    inputs: [x.value, zero],
    outputs: [unfolded.value],
    units: images * panels,
    unitCost: PANEL * terms,
    grid: gridOf(images * panels * PANEL * Math.ceil(pairs / PAIRS_AN_INVOCATION)),
  });
  const right = { ...unfolded, strides: [groups * size, size] };
  emitPacked(node, to, left, right, [batch, groups], sizes);
}

/** Output rows of a unit of the reference, and its scratch memory in bytes, as integer_conv lays it out. */
function blocksOf(
  planes: number,
  filters: number,
  pairs: number,
  height: Axis,
  width: Axis,
): { rows: number; scratch: number } {
  const phases = (axis: Axis): number => Math.min(axis.stride, reachOf(axis) + 1);
  const extra = (axis: Axis): number => Math.floor(reachOf(axis) / axis.stride);
  const pitch = width.out + extra(width);
  const window = (rows: number): number =>
    planes * phases(height) * phases(width) * (rows + extra(height)) * pitch;
  let rows = height.out;
  // Fewer rows than twice what they share with their neighbours cost more in copies than in cache misses.
  while (rows > 1 && rows >= 4 * extra(height) && window(rows) > WINDOW) rows = Math.ceil(rows / 2);
  const words =
    2 * pairs + 4 + (window(rows) + 40) / 2 + PANEL * pairs + filters * rows * pitch + 16;
  return { rows, scratch: 4 * Math.ceil(words) };
}
