// Exact integer convolutions of 8-bit tensors (V8). The reference widens and pads a block of the input and reads taps from it;
// kernels of 1 x 1 are products of packed operands; WebGPU reads bytes where they lie (integer_dot_conv.ts). No bit depends on
// the choice, which is made from shapes alone. Nothing here scales or rounds.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { CONV_FIELDS, convParams, filtersOf } from './integer_conv_params.ts';
import { emitDotConv } from './integer_dot_conv.ts';
import { noZero, PANEL, stripOf, type IntegerTensor } from './integer_operand.ts';
import { emitPacked, pack } from './integer_pairs.ts';
import { emitIntegerProduct } from './integer_product.ts';
import { isPlain, normalAxes, reachOf, type Axis } from './window.ts';

export const integerConv: Kernel = {
  name: 'integer_conv',
  params: paramFields(...CONV_FIELDS),
  chain: 'epilogue',
};

// Elements of the window that a unit of the reference keeps in the second-level cache.
const WINDOW = 1 << 15;

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
  const terms = axes.reduce((product, axis) => product * axis.kernel, channels);
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
  if (node.target === 'webgpu') {
    emitDotConv(node, to, x, w, axes, groups);
    return;
  }
  const weights = pack(node, filtersOf(node, w, groups), terms, stripOf(filters));
  const images = batch * groups;
  const pairs = Math.ceil(terms / 2);
  const normal = normalAxes(axes);
  if (normal.every(isPlain)) {
    // One term a channel: the positions of a channel lie side by side.
    const positions = normal.reduce((product, axis) => product * axis.out, 1);
    const panels = pack(
      node,
      { ...x, batch: [images], lines: positions, lineStride: 1, termStride: positions },
      terms,
      PANEL,
    );
    const left = { ...weights, strides: [0, weights.size] };
    const right = { ...panels, strides: [groups * panels.size, panels.size] };
    emitPacked(node, to, left, right, [batch, groups], { m: filters, n: positions, terms });
    return;
  }
  const [z, y, last] = normal;
  const { rows, scratch } = blocksOf(channels * z.kernel, filters, pairs, y, last);
  node.emit(integerConv, {
    params: convParams(x, w, groups, normal, rows),
    inputs: [x.value, weights.value, x.zeroPoint ?? noZero(node, x.value)],
    outputs: [to],
    units: images * z.out * Math.ceil(y.out / rows),
    unitCost: (rows * last.out * filters * terms) / 2,
    scratch,
  });
}

/** Output rows of a unit, and its scratch memory in bytes, as integer_conv lays it out. */
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
