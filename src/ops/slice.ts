// Slice, DynamicSlice and Split: parts of a tensor, copied (V1). Bounds are clamped as ONNX says.
import type { OpDef, ShapeContext } from '../core/op.ts';
import { formatShape, normalizeAxis, stridesOf } from '../core/shape.ts';
import { integersOf, normalizeAxes } from './known.ts';
import { sameDtype } from './reshape.ts';
import { emitStridedCopy } from './strided_copy.ts';

interface Part {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** What is taken of every axis. */
function partsOf(node: ShapeContext): Part[] {
  const { dims } = node.input(0);
  const parts: Part[] = dims.map((length) => ({ start: 0, step: 1, length }));
  const starts = integersOf(node, 1, 'starts');
  const ends = integersOf(node, 2, 'ends');
  if (starts === undefined || ends === undefined) {
    throw new TypeError(
      `${node.opType}: bounds are missing: expected starts and ends. Connect inputs 1 and 2.`,
    );
  }
  const axes = normalizeAxes(
    node.opType,
    integersOf(node, 3, 'axes') ?? starts.map((_, i) => i),
    dims.length,
  );
  const steps = integersOf(node, 4, 'steps') ?? starts.map(() => 1);
  if (
    ends.length !== starts.length ||
    axes.length !== starts.length ||
    steps.length !== starts.length
  ) {
    throw new RangeError(
      `${node.opType}: lists differ in length: expected ${starts.length} as starts has, got ${ends.length} ends, ${axes.length} axes, ${steps.length} steps. Correct them.`,
    );
  }
  starts.forEach((from, i) => {
    const axis = axes[i] ?? 0;
    const dim = dims[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (step === 0)
      throw new RangeError(
        `${node.opType}: steps: expected a step other than 0, got 0. Correct it.`,
      );
    const to = ends[i] ?? 0;
    // Counted from the end once, then clamped; a backward slice may end before the first element.
    const clamp = (x: number, low: number, high: number): number =>
      Math.min(Math.max(x < 0 ? x + dim : x, low), high);
    const start = clamp(from, 0, step > 0 ? dim : dim - 1);
    const end = step > 0 ? clamp(to, 0, dim) : clamp(to, -1, dim - 1);
    const length = dim === 0 ? 0 : Math.max(0, Math.ceil((end - start) / step));
    parts[axis] = { start, step, length };
  });
  return parts;
}

/** Bounds are inputs since opset 10, attributes before. */
export const Slice: OpDef = {
  type: 'Slice',
  opsets: [1, 27],
  inputs: [1, 5],
  attributes: { starts: { kind: 'ints' }, ends: { kind: 'ints' }, axes: { kind: 'ints' } },
  dtypes: sameDtype,
  infer: (node) => [partsOf(node).map((part) => part.length)],
  lower(node) {
    const strides = stridesOf(node.input(0).dims);
    const parts = partsOf(node);
    emitStridedCopy(node, node.output(0), node.input(0), {
      dims: node.output(0).dims,
      strides: parts.map((part, axis) => part.step * (strides[axis] ?? 0)),
      offset: parts.reduce((sum, part, axis) => sum + part.start * (strides[axis] ?? 0), 0),
    });
  },
};

/** What Slice of opset 10 was while it was tried out: no steps, and no opset of its own. */
export const DynamicSlice: OpDef = {
  ...Slice,
  type: 'DynamicSlice',
  opsets: [1, 9],
  inputs: [3, 4],
  attributes: {},
};

/** The axis and the size of every piece. */
function pieces(node: ShapeContext): { axis: number; sizes: readonly number[] } {
  const { dims } = node.input(0);
  const axis = normalizeAxis('Split', node.int('axis', 0), dims.length);
  const dim = dims[axis] ?? 0;
  const count = node.outputCount;
  const given = integersOf(node, 1, 'split');
  if (given === undefined) {
    // Equal pieces; since opset 18 the last may be smaller.
    const size = Math.ceil(dim / count);
    const wanted = node.int('num_outputs', count);
    if (wanted !== count || (dim % count !== 0 && !node.has('num_outputs'))) {
      throw new RangeError(
        `Split: expected ${count} equal pieces of axis ${axis}, got ${dim} elements and num_outputs ${wanted}. Give the sizes in split.`,
      );
    }
    return {
      axis,
      sizes: Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, dim - i * size))),
    };
  }
  const sum = given.reduce((total, size) => total + size, 0);
  if (given.length !== count || sum !== dim || given.some((size) => size < 0)) {
    throw new RangeError(
      `Split: split: expected ${count} sizes that add up to ${dim} of ${formatShape(dims)}, got [${given.join(', ')}]. Correct them.`,
    );
  }
  return { axis, sizes: given };
}

/** Sizes are an input since opset 13, an attribute before. */
export const Split: OpDef = {
  type: 'Split',
  opsets: [2, 27],
  inputs: [1, 2],
  attributes: { axis: { kind: 'int' }, split: { kind: 'ints' }, num_outputs: { kind: 'int' } },
  dtypes: (node) => Array.from({ length: node.outputCount }, () => sameDtype(node)).flat(),
  infer(node) {
    const { axis, sizes } = pieces(node);
    return sizes.map((size) => node.input(0).dims.map((dim, k) => (k === axis ? size : dim)));
  },
  lower(node) {
    const strides = stridesOf(node.input(0).dims);
    const { axis, sizes } = pieces(node);
    let start = 0;
    sizes.forEach((size, i) => {
      if (node.wants(i)) {
        const offset = start * (strides[axis] ?? 0);
        const { dims } = node.output(i);
        emitStridedCopy(node, node.output(i), node.input(0), { dims, strides, offset });
      }
      start += size;
    });
  },
};
