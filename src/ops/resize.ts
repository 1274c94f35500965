// Resize and Upsample. Nearest copies bits (V1). Linear and cubic work on one axis after the other, the last
// first; on each, an output element is the sum of its taps in ascending order, every product and sum a V2
// operation. Positions and weights: resize_positions.ts; what a node asks for: resize_request.ts.
import {
  paramFields,
  type Kernel,
  type LowerContext,
  type OpDef,
  type ShapeContext,
} from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import resizeAxisShader from '../../shaders/ops/resize_axis.wgsl';
import { emitGatherAxes } from './gather_axes.ts';
import { gridOf } from './grid.ts';
import { ceil, compare, floor, rational, type Rational } from './rational.ts';
import { sameDtype } from './reshape.ts';
import {
  NEAREST,
  POSITIONS,
  isKept,
  positionsBy,
  tapsOf,
  type FilterOptions,
  type Positions,
  type ResizedAxis,
  type Tap,
} from './resize_positions.ts';
import { isCropped, resizedAxes, transformOf } from './resize_request.ts';

export const resizeAxis: Kernel = {
  name: 'resize_axis',
  params: paramFields('n', 'in_size', 'out_size', 'inner', 'taps', 'outer', 'canonical', 'pad0'),
  shader: resizeAxisShader,
};

function positionsOf(node: ShapeContext, axis: ResizedAxis): Positions {
  const transform = POSITIONS[transformOf(node)];
  if (transform === undefined)
    throw new RangeError(`${node.opType}: unknown mode ${transformOf(node)}`);
  return positionsBy((o) => transform(o, axis), axis.to);
}

const isInside = (x: Rational, axis: ResizedAxis): boolean =>
  x.n >= 0n && compare(x, rational(axis.from - 1)) <= 0;

/** Which elements of the output lie outside of the input. */
function outsideOf(node: ShapeContext, axis: ResizedAxis): boolean[] {
  const positions = positionsOf(node, axis);
  return Array.from({ length: axis.to }, (_, o) => !isInside(positions.at(o), axis));
}

/** Emits one axis: `out` has the shape of `input` but on `axis`. */
function emitAxis(
  node: LowerContext,
  out: Value,
  input: Value,
  axis: number,
  rows: readonly Tap[][],
): void {
  const taps = Math.max(1, ...rows.map((row) => row.length));
  const to = rows.length;
  const indices = new Int32Array(taps * to);
  const weights = new Float32Array(taps * to);
  rows.forEach((row, o) => {
    for (let t = 0; t < taps; t += 1) {
      // What is missing has weight 0: the kernel leaves it out.
      indices[t * to + o] = row[t]?.index ?? row.at(-1)?.index ?? 0;
      weights[t * to + o] = row[t]?.weight ?? 0;
    }
  });
  const outer = sizeOf(out.dims.slice(0, axis));
  const inner = sizeOf(out.dims.slice(axis + 1));
  const n = sizeOf(out.dims);
  out.canonical = true;
  node.emit(resizeAxis, {
    params: {
      n,
      in_size: input.dims[axis] ?? 1,
      out_size: to,
      inner,
      taps,
      outer,
      canonical: input.canonical ? 1 : 0,
      pad0: 0,
    },
    inputs: [
      input,
      node.constantValue('int32', [taps, to], indices),
      node.constantValue('float32', [taps, to], weights),
    ],
    outputs: [out],
    units: inner === 1 ? outer : outer * to,
    unitCost: (inner === 1 ? to : inner) * taps,
    grid: gridOf(n, 256),
    constants: { TAPS: Math.min(taps, 5) },
  });
}

/** Whether the axis reads every element once, in its place. */
function isUnchanged(axis: ResizedAxis, rows: readonly Tap[][]): boolean {
  return (
    axis.from === axis.to &&
    rows.every((row, o) => row.length === 1 && row[0]?.index === o && row[0].weight === 1)
  );
}

function lowerNearest(node: LowerContext, axes: readonly ResizedAxis[]): void {
  const round = nearestOf(node);
  const cropped = isCropped(node);
  const tables = axes.map((axis) => {
    if (isKept(transformOf(node), axis)) return Array.from({ length: axis.to }, (_, o) => o);
    const positions = positionsOf(node, axis);
    return Array.from({ length: axis.to }, (_, o) => {
      const x = positions.at(o);
      if (cropped && !isInside(x, axis)) return -1;
      return Math.min(Math.max(round(x, axis), 0), axis.from - 1);
    });
  });
  emitGatherAxes(node, node.output(0), node.input(0), tables, fillOf(node));
}

function nearestOf(node: LowerContext): (x: Rational, axis: ResizedAxis) => number {
  // Before opset 11 ONNX left it open; this is what runtimes do.
  if (node.opset < 11) {
    return (x, axis) => (compare(axis.scale, rational(1)) < 0 ? ceil(x) : floor(x));
  }
  const round = NEAREST[node.string('nearest_mode', 'round_prefer_floor')];
  if (round === undefined)
    throw new RangeError(`Resize: unknown nearest_mode ${node.string('nearest_mode')}`);
  return round;
}

/** extrapolation_value, for what lies outside the input. */
function fillOf(node: LowerContext): Float32Array | undefined {
  if (!isCropped(node) || node.output(0).dtype !== 'float32') return undefined;
  return Float32Array.of(node.float('extrapolation_value', 0));
}

const isSame = (a: Rational, b: Rational): boolean => a.n === b.n && a.d === b.d;

/** Whether positions on one axis are those on the other: height and width mostly. */
const isAlike = (a: ResizedAxis, b: ResizedAxis): boolean =>
  a.from === b.from &&
  a.to === b.to &&
  isSame(a.scale, b.scale) &&
  isSame(a.region[0], b.region[0]) &&
  isSame(a.region[1], b.region[1]);

function lowerFiltered(
  node: LowerContext,
  axes: readonly ResizedAxis[],
  mode: 'linear' | 'cubic',
): void {
  const options: FilterOptions = {
    mode,
    a: node.float('cubic_coeff_a', -0.75),
    antialias: node.int('antialias', 0) !== 0,
    excludeOutside: node.int('exclude_outside', 0) !== 0,
  };
  const out = node.output(0);
  // None for an axis that stays as it is.
  const rows: (Tap[][] | undefined)[] = [];
  for (const axis of axes) {
    const alike = axes.findIndex((other) => isAlike(other, axis));
    const isNew = alike === rows.length && !isKept(transformOf(node), axis);
    rows.push(isNew ? tapsOf(positionsOf(node, axis), axis, options) : rows[alike]);
  }
  const outside = isCropped(node) ? axes.map((axis) => outsideOf(node, axis)) : [];
  const isCut = outside.some((list) => list.includes(true));
  const todo = axes
    .map((_, k) => k)
    .filter((k) => {
      const [axis, own] = [axes[k], rows[k]];
      return axis !== undefined && own !== undefined && !isUnchanged(axis, own);
    });
  let value = node.input(0);
  for (const [i, axis] of todo.toReversed().entries()) {
    const isLast = i === todo.length - 1 && !isCut;
    const dims = value.dims.map((dim, k) => (k === axis ? (axes[k]?.to ?? dim) : dim));
    const next = isLast ? out : node.temp('float32', dims);
    emitAxis(node, next, value, axis, rows[axis] ?? []);
    value = next;
  }
  if (isCut) {
    const tables = outside.map((list) => list.map((is, o) => (is ? -1 : o)));
    emitGatherAxes(node, out, value, tables, fillOf(node));
  } else if (todo.length === 0) {
    node.alias(out, value);
  }
}

const def: Omit<OpDef, 'type' | 'opsets' | 'inputs' | 'attributes'> = {
  dtypes(node) {
    const [dtype = 'float32'] = sameDtype(node);
    if (node.string('mode', 'nearest') !== 'nearest' && dtype !== 'float32') {
      throw new TypeError(
        `${node.opType}: mode ${node.string('mode')}: expected float32, got ${dtype}. Cast it.`,
      );
    }
    return [dtype];
  },
  infer(node) {
    const axes = resizedAxes(node);
    if (axes.some((axis) => axis.from === 0 && axis.to > 0)) {
      throw new RangeError(
        `${node.opType}: expected elements to resize, got shape ${formatShape(node.input(0).dims)}. Feed an input that is not empty.`,
      );
    }
    return [axes.map((axis) => axis.to)];
  },
  lower(node) {
    const axes = resizedAxes(node);
    const mode = node.string('mode', 'nearest');
    if (mode === 'nearest') lowerNearest(node, axes);
    else lowerFiltered(node, axes, mode === 'cubic' ? 'cubic' : 'linear');
  },
};

/** Up to opset 10 positions are asymmetric; nearest rounds down where the axis grows, up where it shrinks. */
export const Resize: OpDef = {
  ...def,
  type: 'Resize',
  opsets: [10, 27],
  inputs: [1, 4],
  attributes: {
    mode: { kind: 'string', oneOf: ['nearest', 'linear', 'cubic'] },
    coordinate_transformation_mode: { kind: 'string', oneOf: Object.keys(POSITIONS) },
    nearest_mode: { kind: 'string', oneOf: Object.keys(NEAREST) },
    cubic_coeff_a: { kind: 'float' },
    exclude_outside: { kind: 'int' },
    extrapolation_value: { kind: 'float' },
    antialias: { kind: 'int' },
    axes: { kind: 'ints' },
    keep_aspect_ratio_policy: { kind: 'string', oneOf: ['stretch', 'not_larger', 'not_smaller'] },
  },
};

export const Upsample: OpDef = {
  ...def,
  type: 'Upsample',
  opsets: [7, 9],
  inputs: [1, 2],
  attributes: {
    mode: { kind: 'string', oneOf: ['nearest', 'linear'] },
    scales: { kind: 'floats' },
  },
};
