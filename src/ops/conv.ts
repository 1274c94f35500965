// Conv on float32, one to three spatial axes, groups, strides, dilations, padding (V3, V4, V5; the bias is one V2 sum).
// Weights are packed by a dispatch of their own, once if they are constant. The sizes of a work unit are chosen
// here from shapes alone; no bit depends on them.
import type { Kernel, LowerContext, NodeContext, OpDef } from '../core/op.ts';
import { paramFields } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { emitChain } from './chain_builder.ts';
import { emitProduct } from './mat_mul.ts';

export const convPack: Kernel = {
  name: 'conv_pack',
  params: paramFields('groups', 'filters', 'terms', 'pad'),
};

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
  ),
  chain: 'epilogue',
};

/** One spatial axis of a window over a tensor. */
export interface Axis {
  size: number;
  out: number;
  kernel: number;
  stride: number;
  dilation: number;
  begin: number; // padding before the first element
  end: number; // and behind the last
}

const STRIP = 4; // filters a strip, STRIP in wasm/tile.h
const COPY_BYTES = 1 << 17; // of the flushed input copy, which should stay in the second-level cache

/** The spatial axes of a convolution or pooling window, padding and output sizes as ONNX defines them. */
export function windowAxes(
  node: NodeContext,
  spatial: readonly number[],
  kernel: readonly number[],
): Axis[] {
  const rank = spatial.length;
  const strides = node.ints('strides', new Array<number>(rank).fill(1));
  const dilations = node.ints('dilations', new Array<number>(rank).fill(1));
  const pads = node.ints('pads', new Array<number>(2 * rank).fill(0));
  const auto = node.string('auto_pad', 'NOTSET');
  if (strides.length !== rank || dilations.length !== rank || pads.length !== 2 * rank) {
    throw new RangeError(
      `${node.opType}: expected ${rank} strides and dilations and ${2 * rank} pads, got ${strides.length}, ${dilations.length} and ${pads.length}.`,
    );
  }
  if ([...strides, ...dilations].some((one) => one < 1) || pads.some((one) => one < 0)) {
    throw new RangeError(
      `${node.opType}: expected strides and dilations of at least 1 and pads of at least 0, got ${strides.join()}, ${dilations.join()} and ${pads.join()}.`,
    );
  }
  return spatial.map((size, i): Axis => {
    const [stride, dilation, taps] = [strides[i] ?? 1, dilations[i] ?? 1, kernel[i] ?? 1];
    const reach = (taps - 1) * dilation + 1;
    let begin = pads[i] ?? 0;
    let end = pads[rank + i] ?? 0;
    if (auto === 'VALID') [begin, end] = [0, 0];
    else if (auto !== 'NOTSET') {
      const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
      begin = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      end = total - begin;
    }
    const whole = (size + begin + end - reach) / stride;
    let out = Math.floor(whole) + 1;
    // Pooling may round up; a window that would start in the padding behind the input is left out.
    if (auto === 'NOTSET' && node.int('ceil_mode', 0) !== 0) {
      out = Math.ceil(whole) + 1;
      if ((out - 1) * stride >= size + begin) out -= 1;
    }
    if (out < 1) {
      throw new RangeError(
        `${node.opType}: kernel larger than its input: expected at least ${reach} elements on spatial axis ${i}, got ${size} and ${begin + end} of padding.`,
      );
    }
    return { size, out, kernel: taps, stride, dilation, begin, end };
  });
}

const single: Axis = { size: 1, out: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 };
const isPlain = (a: Axis): boolean =>
  a.kernel === 1 && a.stride === 1 && a.begin === 0 && a.out === a.size;
const isTrivial = (a: Axis): boolean => a.size === 1 && a.kernel === 1 && a.out === 1;

/** Three axes with the same memory and taps: long rows are what the kernel is fast on. */
export function normalAxes(axes: readonly Axis[]): readonly [Axis, Axis, Axis] {
  const list = axes.filter((axis) => !isTrivial(axis)).map((axis) => ({ ...axis }));
  for (let i = list.length - 1; i > 0; i -= 1) {
    const [outer, inner] = [list[i - 1], list[i]];
    if (outer && inner && isPlain(outer) && isPlain(inner)) {
      list.splice(i - 1, 2, {
        ...single,
        size: outer.size * inner.size,
        out: outer.out * inner.out,
      });
    }
  }
  while (list.length < 3) list.unshift({ ...single });
  const [z = single, y = single, x = single] = list;
  return [z, y, x];
}

/** Output rows and columns of a work unit and the words of the kernel's input copy for them (window.h). */
function blocks(
  channels: number,
  [z, y, x]: readonly [Axis, Axis, Axis],
): { rows: number; columns: number; plane: number; pitch: number } {
  const reach = (axis: Axis): number => (axis.kernel - 1) * axis.dilation;
  const phases = (axis: Axis): number => Math.min(axis.stride, reach(axis) + 1);
  const extra = (axis: Axis): number => Math.floor(reach(axis) / axis.stride);
  const pitchOf = (columns: number): number => columns + extra(x);
  const planeOf = (rows: number, columns: number): number =>
    phases(y) * phases(x) * (rows + extra(y)) * pitchOf(columns);
  const fits = (rows: number, columns: number): boolean =>
    4 * channels * z.kernel * planeOf(rows, columns) <= COPY_BYTES;
  let rows = y.out;
  let columns = x.out;
  while (rows > 1 && !fits(rows, columns)) rows = Math.ceil(rows / 2);
  while (columns > 64 && !fits(rows, columns)) columns = Math.ceil(columns / 16) * 8;
  return { rows, columns, plane: planeOf(rows, columns), pitch: pitchOf(columns) };
}

function checkedSizes(node: NodeContext, x: readonly number[], w: readonly number[]): number {
  const group = node.int('group', 1);
  const kernel = node.ints('kernel_shape', w.slice(2));
  if (x.length < 3 || x.length > 5 || w.length !== x.length) {
    throw new RangeError(
      `Conv: expected 1 to 3 spatial axes on X and W, got ${formatShape(x)} and ${formatShape(w)}.`,
    );
  }
  if (kernel.join() !== w.slice(2).join()) {
    throw new RangeError(
      `Conv: kernel_shape: expected ${formatShape(w.slice(2))} as in W, got ${formatShape(kernel)}.`,
    );
  }
  const [filters = 0, channels = 0] = w;
  if (group < 1 || filters % group !== 0 || x[1] !== channels * group) {
    throw new RangeError(
      `Conv: channels do not fit: expected X with ${channels * group} channels and filters in ${group} groups, got X ${formatShape(x)} and W ${formatShape(w)}.`,
    );
  }
  return group;
}

const round4 = (n: number): number => Math.ceil(n / 4) * 4;

function lowerConv(node: LowerContext): void {
  const [x, w, bias] = [node.input(0), node.input(1), node.optional(2)];
  const groups = checkedSizes(node, x.dims, w.dims);
  const out = node.output(0);
  const [batch = 0] = x.dims;
  const [allFilters = 0, channels = 0] = w.dims;
  const filters = allFilters / groups;
  const axes = windowAxes(node, x.dims.slice(2), w.dims.slice(2));
  const terms = axes.reduce((product, axis) => product * axis.kernel, channels);
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
  const { rows, columns, plane, pitch } = blocks(channels, normal);
  const [z, y, last] = normal;
  const filterBlock = strips * STRIP;
  const each = (prefix: string, value: (axis: Axis) => number): Record<string, number> =>
    Object.fromEntries(normal.map((axis, i) => [`${prefix}${AXES[i] ?? ''}`, value(axis)]));
  out.canonical = true;
  node.emit(conv, {
    params: {
      groups,
      channels,
      filters,
      has_bias: bias === undefined ? 0 : 1,
      ...each('', (axis) => axis.size),
      ...each('out_', (axis) => axis.out),
      ...each('kernel_', (axis) => axis.kernel),
      ...each('stride_', (axis) => axis.stride),
      ...each('dilation_', (axis) => axis.dilation),
      pad_front: z.begin,
      pad_top: y.begin,
      pad_left: last.begin,
      row_block: rows,
      column_block: columns,
      filter_block: filterBlock,
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
    scratch:
      4 * (round4(terms) + round4(channels * z.kernel * plane + 32) + STRIP * (rows * pitch + 32)),
  });
}

export const Conv: OpDef = {
  type: 'Conv',
  opsets: [1, 24],
  inputs: [2, 3],
  attributes: {
    auto_pad: { kind: 'string', oneOf: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] },
    dilations: { kind: 'ints' },
    group: { kind: 'int' },
    kernel_shape: { kind: 'ints' },
    pads: { kind: 'ints' },
    strides: { kind: 'ints' },
  },
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
    checkedSizes(node, x, w);
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
