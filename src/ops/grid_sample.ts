// GridSample, AffineGrid and DeformConv: positions as element-wise programs, sampling by sample.ts, products by MatMul.
//   GridSample: x = ((g + 1) / 2) (size - 1) with align_corners, else ((g + 1) size - 1) / 2; nearest rounds it to even
//   AffineGrid: MatMul of theta and (x, y, (z,) 1), coordinates exact rationals rounded once
//   DeformConv: position + offset, sampled linearly with padding of zeros, · mask; then V4 over (channel, row, column of W)
import { NEWEST_OPSET } from '../core/op.ts';
import type { NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { knownIntegers } from './known.ts';
import { rational, roundToF32 } from './rational.ts';
import { emitSample, perComponent, type Interpolation, type Padding } from './sample.ts';
import { windowAxes, type Axis } from './window.ts';
import { view } from './wide.ts';
import { mapped } from './chain_builder.ts';

function float32Only(node: NodeContext): ['float32'] {
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && dtype !== 'float32') {
      throw new TypeError(
        `${node.opType}: input ${i}: expected float32, got ${dtype}. Cast it to float32.`,
      );
    }
  }
  return ['float32'];
}

// Opset 16 names the modes otherwise than 20.
const MODES: Readonly<Record<string, Interpolation>> = {
  bilinear: 'linear',
  linear: 'linear',
  nearest: 'nearest',
  bicubic: 'cubic',
  cubic: 'cubic',
};

export const GridSample: OpDef = {
  type: 'GridSample',
  opsets: [16, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {
    align_corners: { kind: 'int' },
    mode: { kind: 'string', oneOf: Object.keys(MODES) },
    padding_mode: { kind: 'string', oneOf: ['zeros', 'border', 'reflection'] },
  },
  dtypes: float32Only,
  infer(node) {
    const [x, grid] = [node.input(0).dims, node.input(1).dims];
    const rank = x.length - 2;
    if (rank < 1 || rank > 3 || grid.length !== x.length || grid.at(-1) !== rank) {
      throw new RangeError(
        `GridSample: expected X [N, C, …] of one to three spatial axes and a grid [N, …, ${Math.max(1, rank)}], got ${formatShape(x)} and ${formatShape(grid)}. Reshape them.`,
      );
    }
    if (x[0] !== grid[0] || x.slice(2).some((size) => size < 1)) {
      throw new RangeError(
        `GridSample: expected as many images as grids and no empty axis, got ${formatShape(x)} and ${formatShape(grid)}. Correct them.`,
      );
    }
    return [[...x.slice(0, 2), ...grid.slice(1, -1)]];
  },
  lower(node) {
    const [x, grid, out] = [node.input(0), node.input(1), node.output(0)];
    const spatial = x.dims.slice(2);
    const align = node.int('align_corners', 0) !== 0;
    const interpolation = MODES[node.string('mode', 'linear')] ?? 'linear';
    const sizes = perComponent(node, spatial.toReversed());
    const lasts = perComponent(
      node,
      spatial.toReversed().map((size) => size - 1),
    );
    const positions = mapped(node, grid.dims, (c) => {
      const from = c.op('add_f32', c.f32(grid), c.scalar(1));
      const x = align
        ? c.op('mul_f32', c.op('mul_f32', from, c.scalar(0.5)), c.f32(lasts))
        : c.op(
            'mul_f32',
            c.op('sub_f32', c.op('mul_f32', from, c.f32(sizes)), c.scalar(1)),
            c.scalar(0.5),
          );
      return interpolation === 'nearest' ? c.op('round_f32', x) : x;
    });
    const [batch = 0] = x.dims;
    const points = sizeOf(grid.dims.slice(1, -1));
    emitSample(node, out, x, view(node, positions, [batch, points, spatial.length]), {
      spatial,
      padding: node.string('padding_mode', 'zeros') as Padding,
      interpolation,
      align,
      flip: true,
    });
  },
};

/** Coordinates of the elements of an axis in [-1, 1]. */
function coordinates(size: number, align: boolean): number[] {
  return Array.from({ length: size }, (_, i) => {
    if (align) return size === 1 ? 0 : roundToF32(rational(2 * i - size + 1, size - 1));
    return roundToF32(rational(2 * i + 1 - size, size));
  });
}

function gridSize(node: ShapeContext): { batch: number; spatial: number[] } {
  const [batch = 0, , ...spatial] = knownIntegers(node, 1, 'size');
  const theta = node.input(0).dims;
  const rank = spatial.length;
  if ((rank !== 2 && rank !== 3) || theta.join() !== [batch, rank, rank + 1].join()) {
    throw new RangeError(
      `AffineGrid: expected theta [N, 2, 3] and size [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W], got ${formatShape(theta)} and ${rank + 2} sizes. Correct them.`,
    );
  }
  if (spatial.some((size) => size < 0)) {
    throw new RangeError(
      `AffineGrid: size: expected at least 0, got ${formatShape(spatial)}. Correct it.`,
    );
  }
  return { batch, spatial };
}

export const AffineGrid: OpDef = {
  type: 'AffineGrid',
  opsets: [20, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { align_corners: { kind: 'int' } },
  dtypes(node) {
    if (node.dtypeOf(0) !== 'float32') {
      throw new TypeError(
        `AffineGrid: theta: expected float32, got ${node.dtypeOf(0) ?? 'nothing'}. Cast it.`,
      );
    }
    return ['float32'];
  },
  infer(node) {
    const { batch, spatial } = gridSize(node);
    return [[batch, ...spatial, spatial.length]];
  },
  lower(node) {
    const { spatial } = gridSize(node);
    const align = node.int('align_corners', 0) !== 0;
    const rank = spatial.length;
    const points = sizeOf(spatial);
    const axes = spatial.map((size) => coordinates(size, align));
    const data = new Float32Array(points * (rank + 1));
    for (let point = 0; point < points; point += 1) {
      let rest = point;
      // The last axis is component 0.
      for (let k = 0; k < rank; k += 1) {
        const size = spatial[rank - 1 - k] ?? 1;
        data[point * (rank + 1) + k] = axes[rank - 1 - k]?.[rest % size] ?? 0;
        rest = Math.floor(rest / size);
      }
      data[point * (rank + 1) + rank] = 1;
    }
    const base = node.constantValue('float32', [points, rank + 1], data);
    const [columns] = node.call('Transpose', [node.input(0)], { attributes: { perm: [0, 2, 1] } });
    const [grid] = node.call('MatMul', [base, columns]);
    if (grid !== undefined) node.alias(node.output(0), grid);
  },
};

interface Deformation {
  readonly axes: readonly Axis[];
  readonly group: number;
  readonly offsetGroups: number;
  readonly taps: number;
}

function deformationOf(node: ShapeContext): Deformation {
  const [x, w, offset] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
  const group = node.int('group', 1);
  const offsetGroups = node.int('offset_group', 1);
  const [filters = 0, depth = 0, ...kernel] = w;
  const [batch = 0, channels = 0, ...spatial] = x;
  const rank = spatial.length;
  const given = node.ints('kernel_shape', kernel);
  if (
    rank < 1 ||
    rank > 3 ||
    w.length !== x.length ||
    given.join() !== kernel.join() ||
    spatial.some((size) => size < 1)
  ) {
    throw new RangeError(
      `DeformConv: expected X and W of one to three spatial axes, kernel_shape as in W, got ${formatShape(x)}, ${formatShape(w)} and ${formatShape(given)}. Correct them.`,
    );
  }
  if (
    group < 1 ||
    offsetGroups < 1 ||
    channels !== depth * group ||
    filters % group !== 0 ||
    channels % offsetGroups !== 0
  ) {
    throw new RangeError(
      `DeformConv: channels do not fit: expected X with ${depth * group} channels in ${group} groups and ${offsetGroups} offset groups, got ${formatShape(x)}. Correct group or offset_group.`,
    );
  }
  const axes = windowAxes(node, spatial, kernel);
  const taps = sizeOf(kernel);
  const out = axes.map((axis) => axis.out);
  const expected = (each: number): string => [batch, offsetGroups * each * taps, ...out].join();
  const mask = node.optional(4);
  if (offset.join() !== expected(rank) || (mask && mask.dims.join() !== expected(1))) {
    throw new RangeError(
      `DeformConv: offset and mask: expected [${expected(rank)}] and [${expected(1)}], got ${formatShape(offset)} and ${mask ? formatShape(mask.dims) : 'none'}. Correct them.`,
    );
  }
  const bias = node.optional(3);
  if (bias !== undefined && bias.dims.join() !== String(filters)) {
    throw new RangeError(
      `DeformConv: bias: expected shape [${filters}], got ${formatShape(bias.dims)}. Give one value a filter.`,
    );
  }
  return { axes, group, offsetGroups, taps };
}

/** Where the taps lie without offsets, [taps, points, rank], depth first. */
function undeformed(axes: readonly Axis[]): Float32Array {
  const rank = axes.length;
  const [taps, points] = [
    sizeOf(axes.map((axis) => axis.kernel)),
    sizeOf(axes.map((axis) => axis.out)),
  ];
  const data = new Float32Array(taps * points * rank);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let point = 0; point < points; point += 1) {
      let [k, o] = [tap, point];
      for (let i = rank - 1; i >= 0; i -= 1) {
        const axis = axes[i];
        if (axis === undefined) continue;
        const at = (o % axis.out) * axis.stride + (k % axis.kernel) * axis.dilation - axis.begin;
        data[(tap * points + point) * rank + i] = at;
        k = Math.floor(k / axis.kernel);
        o = Math.floor(o / axis.out);
      }
    }
  }
  return data;
}

export const DeformConv: OpDef = {
  type: 'DeformConv',
  opsets: [19, NEWEST_OPSET],
  inputs: [3, 5],
  attributes: {
    dilations: { kind: 'ints' },
    group: { kind: 'int' },
    kernel_shape: { kind: 'ints' },
    offset_group: { kind: 'int' },
    pads: { kind: 'ints' },
    strides: { kind: 'ints' },
  },
  dtypes: float32Only,
  infer(node) {
    const { axes } = deformationOf(node);
    const [batch = 0] = node.input(0).dims;
    const [filters = 0] = node.input(1).dims;
    return [[batch, filters, ...axes.map((axis) => axis.out)]];
  },
  lower(node) {
    const { axes, group, offsetGroups, taps } = deformationOf(node);
    const [x, w, offset, bias, mask] = [0, 1, 2, 3, 4].map((i) => node.optional(i));
    if (!x || !w || !offset) return;
    const [batch = 0, channels = 0, ...spatial] = x.dims;
    const [filters = 0] = w.dims;
    const rank = axes.length;
    const points = sizeOf(axes.map((axis) => axis.out));
    // Each offset group is an image of its own.
    const images = batch * offsetGroups;
    const [apart] = node.call('Transpose', [view(node, offset, [images, taps, rank, points])], {
      attributes: { perm: [0, 1, 3, 2] },
    });
    if (apart === undefined) return;
    const base = node.constantValue('float32', [taps, points, rank], undeformed(axes));
    const positions = mapped(node, [images, taps, points, rank], (c) =>
      c.op('add_f32', c.f32(base), c.f32(apart)),
    );
    const each = channels / offsetGroups;
    let columns = node.temp('float32', [images, each, taps * points]);
    emitSample(
      node,
      columns,
      view(node, x, [images, each, ...spatial]),
      view(node, positions, [images, taps * points, rank]),
      { spatial, padding: 'zeros', interpolation: 'linear', align: false, flip: false },
    );
    if (mask !== undefined) {
      const factors = view(node, mask, [images, 1, taps * points]);
      const samples = columns;
      columns = mapped(node, samples.dims, (c) => c.op('mul_f32', c.f32(samples), c.f32(factors)));
    }
    const terms = (channels / group) * taps;
    const [sums] = node.call('MatMul', [
      view(node, w, [1, group, filters / group, terms]),
      view(node, columns, [batch, group, terms, points]),
    ]);
    if (sums === undefined) return;
    const flat = view(node, sums, [batch, filters, points]);
    if (bias === undefined) {
      node.alias(node.output(0), flat);
      return;
    }
    const column = view(node, bias, [filters, 1]);
    const y = mapped(node, flat.dims, (c) => c.op('add_f32', c.f32(flat), c.f32(column)));
    node.alias(node.output(0), y);
  },
};
