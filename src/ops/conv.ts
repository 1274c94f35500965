// Conv on float32, one to three spatial axes, groups, strides, dilations, padding (V3, V4, V5; the bias is one V2 sum).
// Weights are packed by a dispatch of their own, once if they are constant. The sizes of a work unit are chosen
// here from shapes alone; no bit depends on them.
import { NEWEST_OPSET } from '../core/op.ts';
import type { Kernel, LowerContext, NodeContext, OpDef } from '../core/op.ts';
import { paramFields } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { emitChain } from './chain_builder.ts';
import { emitConvTaps } from './conv_taps.ts';
import { emitProduct } from './product.ts';
import { emitDequantisedConv } from './quantised.ts';
import { isPlain, isTrivial, normalAxes, reachOf, windowAxes, type Axis } from './window.ts';

export const convPack: Kernel = {
  name: 'conv_pack',
  params: paramFields('groups', 'filters', 'terms', 'pad'),
  unpack: unpackStrips,
};

/** The loops of wasm/ops/conv_pack.c, the other way. */
function unpackStrips(params: Uint32Array, packed: Uint32Array, to: Uint32Array): void {
  const [groups = 0, filters = 0, terms = 0] = params;
  const strips = Math.ceil(filters / STRIP);
  for (let unit = 0; unit < groups * strips; unit += 1) {
    const row = (unit % strips) * STRIP;
    const height = Math.min(STRIP, filters - row);
    const first = (Math.floor(unit / strips) * filters + row) * terms;
    for (let k = 0; k < terms; k += 1) {
      for (let r = 0; r < height; r += 1) {
        to[first + r * terms + k] = packed[first + k * height + r] ?? 0;
      }
    }
  }
}

const AXES = ['depth', 'height', 'width'] as const;
const PADS = ['pad_front', 'pad_top', 'pad_left'] as const;

export const conv: Kernel = {
  name: 'conv',
  params: paramFields(
    'groups',
    'channels',
    'filters',
    'has_bias',
    ...AXES,
    ...AXES.map((axis) => `out_${axis}`),
    ...AXES.map((axis) => `kernel_${axis}`),
    ...AXES.map((axis) => `stride_${axis}`),
    ...AXES.map((axis) => `dilation_${axis}`),
    ...PADS,
    'row_block',
    'column_block',
    'filter_block',
    'mode',
  ),
  chain: 'epilogue',
};

/** One filter a channel, at most 64 taps: the same Params, of which it does not read all. */
export const convDepthwise: Kernel = { ...conv, name: 'conv_depthwise' };

const STRIP = 4; // filters a strip, STRIP in wasm/tile.h
const PANEL = 8; // columns a panel, PANEL in wasm/tile.h
const RADIX = 64; // V4
// Sizes of what a unit keeps in the second-level cache, in words: the flushed copy of its input, and the panels of
// right operands where there are any; and the filters from which gathering panels pays (all measured).
const COPY_WORDS = 1 << 15;
const PANEL_WORDS = 1 << 16;
const POINTWISE_WORDS = 1 << 15;
const PLANE_WORDS = 1 << 14;
const PANEL_FILTERS = 32;

// As `enum conv_mode` in wasm/window.h.
const MODE = { window: 0, panels: 1, pointwise: 2 } as const;

interface Blocks {
  readonly mode: number;
  readonly rows: number;
  readonly columns: number;
  /** Bytes of scratch, as the kernel lays it out. */
  readonly scratch: number;
}

const phases = (axis: Axis): number => Math.min(axis.stride, reachOf(axis) + 1);
const extra = (axis: Axis): number => Math.floor(reachOf(axis) / axis.stride);
const round4 = (n: number): number => Math.ceil(n / 4) * 4;

/** Output rows and columns of a work unit of conv, and how tiles read their right operands. */
function convBlocks(channels: number, filters: number, axes: readonly [Axis, Axis, Axis]): Blocks {
  const [z, y, x] = axes;
  const terms = channels * z.kernel * y.kernel * x.kernel;
  const pointwise = isPlain(x) && isTrivial(y) && isTrivial(z);
  const mode = pointwise ? MODE.pointwise : filters >= PANEL_FILTERS ? MODE.panels : MODE.window;
  const pitch = (columns: number): number => columns + extra(x);
  const copy = (rows: number, columns: number): number =>
    pointwise
      ? 0
      : channels * z.kernel * phases(y) * phases(x) * (rows + extra(y)) * pitch(columns);
  const panels = (rows: number, columns: number): number =>
    mode === MODE.window ? 0 : PANEL * Math.ceil(columns / PANEL) * rows * terms;
  // Fewer rows than twice what they share with their neighbours cost more in copies than in cache misses.
  const fits = (rows: number, columns: number): boolean =>
    copy(rows, columns) <= (rows < 2 * extra(y) ? 4 : 1) * COPY_WORDS &&
    panels(rows, columns) <= (pointwise ? POINTWISE_WORDS : PANEL_WORDS);
  let [rows, columns] = [y.out, x.out];
  while (rows > 1 && !fits(rows, columns)) rows = Math.ceil(rows / 2);
  // Chains run over pieces of this width: narrower ones cost more than cache misses.
  while (columns > 8 * PANEL && !fits(rows, columns)) {
    columns = Math.ceil(columns / (2 * PANEL)) * PANEL;
  }
  const words =
    (pointwise ? 0 : round4(terms) + round4(copy(rows, columns) + 32)) +
    panels(rows, columns) +
    STRIP * (rows * pitch(columns) + 32);
  return { mode, rows, columns, scratch: 4 * words };
}

/** Output rows of a work unit of conv_depthwise. */
function planeBlocks([, y, x]: readonly [Axis, Axis, Axis]): Blocks {
  const copy = (rows: number): number =>
    ((rows - 1) * y.stride + reachOf(y) + 1) * phases(x) * (x.out + extra(x));
  let rows = y.out;
  while (rows > 8 && copy(rows) > PLANE_WORDS) rows = Math.ceil(rows / 2);
  const scratch = 4 * (round4(copy(rows) + 16) + rows * x.out);
  return { mode: MODE.window, rows, columns: x.out, scratch };
}

/** The number of groups. @throws RangeError for sizes that do not fit */
export function checkedConv(node: NodeContext, x: readonly number[], w: readonly number[]): number {
  const group = node.int('group', 1);
  const kernel = node.ints('kernel_shape', w.slice(2));
  if (x.length < 3 || x.length > 5 || w.length !== x.length) {
    throw new RangeError(
      `${node.opType}: expected 1 to 3 spatial axes on X and W, got ${formatShape(x)} and ${formatShape(w)}.`,
    );
  }
  if (kernel.join() !== w.slice(2).join()) {
    throw new RangeError(
      `${node.opType}: kernel_shape: expected ${formatShape(w.slice(2))} as in W, got ${formatShape(kernel)}.`,
    );
  }
  const [filters = 0, channels = 0] = w;
  if (group < 1 || filters % group !== 0 || x[1] !== channels * group) {
    throw new RangeError(
      `${node.opType}: channels do not fit: expected X with ${channels * group} channels and filters in ${group} groups, got X ${formatShape(x)} and W ${formatShape(w)}.`,
    );
  }
  return group;
}

function lowerConv(node: LowerContext): void {
  const [x, w, bias] = [node.input(0), node.input(1), node.optional(2)];
  const groups = checkedConv(node, x.dims, w.dims);
  const out = node.output(0);
  const [batch = 0] = x.dims;
  const [allFilters = 0, channels = 0] = w.dims;
  const filters = allFilters / groups;
  const axes = windowAxes(node, x.dims.slice(2), w.dims.slice(2));
  const terms = axes.reduce((product, axis) => product * axis.kernel, channels);
  if (emitDequantisedConv(node, out, x, w, bias, axes, groups)) return;
  // One output position that sees exactly the whole input is a product of matrices.
  if (
    groups === 1 &&
    axes.every((a) => a.out === 1 && a.begin === 0 && a.dilation === 1 && a.kernel === a.size)
  ) {
    const to = bias === undefined ? out : node.temp('float32', [batch, filters]);
    emitProduct(
      node,
      to,
      { value: x, batch: [], rowStride: terms, columnStride: 1 },
      { value: w, batch: [], rowStride: 1, columnStride: terms },
      batch,
      filters,
      terms,
    );
    if (bias !== undefined) {
      const sum = node.temp('float32', [batch, filters]);
      emitChain(node, sum, (chain) => chain.op('add_f32', chain.f32(to), chain.f32(bias)));
      node.alias(out, sum);
    }
    return;
  }
  if (node.target === 'webgpu') {
    const to = bias === undefined ? out : node.temp('float32', out.dims);
    emitConvTaps(node, to, x, w, normalAxes(axes), { batch, groups, channels, filters });
    if (bias !== undefined) {
      const column = node.temp('float32', [allFilters, ...axes.map(() => 1)]);
      node.alias(column, bias);
      emitChain(node, out, (chain) => chain.op('add_f32', chain.f32(to), chain.f32(column)));
    }
    return;
  }
  const strips = Math.ceil(filters / STRIP);
  const packed = node.temp('float32', [allFilters * terms + groups * strips]);
  node.emit(convPack, {
    params: { groups, filters, terms, pad: 0 },
    inputs: [w],
    outputs: [packed],
    units: groups * strips,
    unitCost: STRIP * terms,
  });
  const normal = normalAxes(axes);
  const [z, y, last] = normal;
  const depthwise =
    filters === 1 &&
    channels === 1 &&
    groups > 1 &&
    terms <= RADIX &&
    isTrivial(z) &&
    last.out >= 4;
  const { mode, rows, columns, scratch } = depthwise
    ? planeBlocks(normal)
    : convBlocks(channels, filters, normal);
  const filterBlock = strips * STRIP;
  out.canonical = true;
  node.emit(depthwise ? convDepthwise : conv, {
    params: {
      groups,
      channels,
      filters,
      has_bias: bias === undefined ? 0 : 1,
      ...{ depth: z.size, height: y.size, width: last.size },
      ...{ out_depth: z.out, out_height: y.out, out_width: last.out },
      ...{ kernel_depth: z.kernel, kernel_height: y.kernel, kernel_width: last.kernel },
      ...{ stride_depth: z.stride, stride_height: y.stride, stride_width: last.stride },
      dilation_depth: z.dilation,
      dilation_height: y.dilation,
      dilation_width: last.dilation,
      pad_front: z.begin,
      pad_top: y.begin,
      pad_left: last.begin,
      row_block: rows,
      column_block: columns,
      filter_block: filterBlock,
      mode,
    },
    inputs: bias === undefined ? [x, packed] : [x, packed, bias],
    outputs: [out],
    units:
      batch *
      groups *
      z.out *
      Math.ceil(y.out / rows) *
      Math.ceil(last.out / columns) *
      Math.ceil(filters / filterBlock),
    unitCost: rows * columns * filters * terms,
    scratch,
  });
}

/** The attributes of every convolution. */
export const convAttributes: OpDef['attributes'] = {
  auto_pad: { kind: 'string', oneOf: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] },
  dilations: { kind: 'ints' },
  group: { kind: 'int' },
  kernel_shape: { kind: 'ints' },
  pads: { kind: 'ints' },
  strides: { kind: 'ints' },
};

export const Conv: OpDef = {
  type: 'Conv',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: convAttributes,
  dtypes(node) {
    for (let i = 0; i < node.inputCount; i += 1) {
      const dtype = node.dtypeOf(i);
      if (dtype !== undefined && dtype !== 'float32') {
        throw new TypeError(
          `Conv: input ${i}: expected float32, got ${dtype}. Cast it to float32.`,
        );
      }
    }
    return ['float32'];
  },
  infer(node) {
    const [x, w, bias] = [node.input(0).dims, node.input(1).dims, node.optional(2)];
    checkedConv(node, x, w);
    const [filters = 0] = w;
    if (bias !== undefined && (bias.dims.length !== 1 || bias.dims[0] !== filters)) {
      throw new RangeError(
        `Conv: bias: expected shape [${filters}], got ${formatShape(bias.dims)}.`,
      );
    }
    const axes = windowAxes(node, x.slice(2), w.slice(2));
    return [[x[0] ?? 0, filters, ...axes.map((axis) => axis.out)]];
  },
  lower: lowerConv,
};
