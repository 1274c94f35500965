// Exact integer convolutions of 8-bit tensors (V8). The reference widens and pads a block of the input and reads taps from it;
// WebGPU reads bytes where they lie. Kernels of 1 x 1 are products: on the reference one of packed operands, on WebGPU a
// text of its own. No bit depends on the choice, which is made from shapes alone. Nothing here scales or rounds.
import { paramFields, type Dispatch, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import convShader from '../../shaders/ops/integer_conv.wgsl';
import plainShader from '../../shaders/ops/integer_conv_plain.wgsl';
import { epilogueChain } from './chain_wgsl.ts';
import { isSigned } from './element_types.ts';
import { gridOf } from './grid.ts';
import { emitIntegerProduct, emitPacked, noZero, pack, PANEL, stripOf } from './integer_product.ts';
import { isPlain, normalAxes, reachOf, single, type Axis } from './window.ts';
import { view } from './wide.ts';

// Params 8 to 10 are the sizes of the output: a row of it, to the chain, is all positions of one filter.
const positionsOf = ({ params }: Dispatch): number =>
  (params[8] ?? 0) * (params[9] ?? 0) * (params[10] ?? 0);
const slidingShader = epilogueChain(convShader, positionsOf, true);
const pointwiseShader = epilogueChain(plainShader, positionsOf, true);

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
    'images',
  ),
  shader: (dispatch) =>
    'SPAN' in dispatch.constants ? slidingShader(dispatch) : pointwiseShader(dispatch),
  chain: 'epilogue',
  // The second, packed weights, ends lines of an odd number of terms with a zero.
  anyIntegers: [0, 2],
};

// Elements of the window that a unit of the reference keeps in the second-level cache.
const WINDOW = 1 << 15;
// Products of a unit that is computed again to check WebGPU (B7, B8); it cares little about time.
const UNIT_WORK = 1 << 19;
// Invocations that keep a graphics card busy.
const MANY = 2048;

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
  const plain = normal.every(isPlain);
  if (plain && node.target === 'wasm') {
    // One term a channel: the positions of a channel lie side by side.
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
  // Rows as they were given make smaller units, and the text for WebGPU has no rows.
  const [z, y, last] = plain ? threeOf(axes) : normal;
  const limit = node.target === 'wasm' ? Infinity : Math.floor(UNIT_WORK / (filters * terms));
  const { rows, scratch } = blocksOf(channels * z.kernel, filters, pairs, y, last, limit);
  node.emit(integerConv, {
    params: {
      groups,
      channels,
      filters,
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
      images,
    },
    inputs: [x.value, weights.value, x.zeroPoint ?? noZero(node, x.value)],
    outputs: [to],
    units: images * z.out * Math.ceil(y.out / rows),
    unitCost: (rows * last.out * filters * terms) / 2,
    scratch,
    ...invocationsOf(plain, images, filters, [z, y, last]),
  });
}

const threeOf = (axes: readonly Axis[]): readonly [Axis, Axis, Axis] => [
  axes.at(-3) ?? single,
  axes.at(-2) ?? single,
  axes.at(-1) ?? single,
];

/** Workgroups of the twin, and which text it is. An invocation computes four outputs of up to eight filters. */
function invocationsOf(
  plain: boolean,
  images: number,
  filters: number,
  [depth, height, width]: readonly [Axis, Axis, Axis],
): { grid: readonly [number, number, number]; constants: Readonly<Record<string, number>> } {
  const lines = depth.out * height.out;
  if (plain && filters > 1) {
    const positions = lines * width.out;
    const quads = images * Math.ceil(positions / 4);
    const rows = filters > 4 && quads * Math.ceil(filters / 8) >= MANY ? 8 : 4;
    return {
      grid: gridOf(quads * Math.ceil(filters / rows)),
      constants: { ROWS: rows, WHOLE: positions % 4 === 0 ? 1 : 0 },
    };
  }
  const quads = images * lines * Math.ceil(width.out / 4);
  const spans = width.kernel === 3 && width.dilation === 1 && width.stride <= 2;
  return {
    grid: gridOf(quads * Math.ceil(filters / 4)),
    constants: {
      ROWS: filters === 1 ? 1 : 4,
      SPAN: spans ? width.stride : 0,
      WHOLE: width.out % 4 === 0 ? 1 : 0,
    },
  };
}

/**
 * Output rows of a unit of the reference, at most `limit` positions of them if there are several, and its scratch memory in
 * bytes, as integer_conv lays it out.
 */
function blocksOf(
  planes: number,
  filters: number,
  pairs: number,
  height: Axis,
  width: Axis,
  limit: number,
): { rows: number; scratch: number } {
  const phases = (axis: Axis): number => Math.min(axis.stride, reachOf(axis) + 1);
  const extra = (axis: Axis): number => Math.floor(reachOf(axis) / axis.stride);
  const pitch = width.out + extra(width);
  const window = (rows: number): number =>
    planes * phases(height) * phases(width) * (rows + extra(height)) * pitch;
  let rows = height.out;
  // Fewer rows than twice what they share with their neighbours cost more in copies than in cache misses.
  while (rows > 1 && rows >= 4 * extra(height) && window(rows) > WINDOW) rows = Math.ceil(rows / 2);
  while (rows > 1 && rows * width.out > limit) rows = Math.ceil(rows / 2);
  const words =
    2 * pairs + 4 + (window(rows) + 40) / 2 + PANEL * pairs + filters * rows * pitch + 16;
  return { rows, scratch: 4 * Math.ceil(words) };
}
