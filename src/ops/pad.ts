// Pad (V1): every output index is an input index or outside; a negative pad removes.
import { typedArrayOf, dtypeInfo, type TypedArray } from '../core/dtype.ts';
import type { LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { emitGatherAxes } from './gather_axes.ts';
import { integersOf, knownIntegers, normalizeAxes } from './known.ts';
import { sameDtype } from './reshape.ts';

/** What is added before and after, for every axis. */
function padsOf(node: ShapeContext): { before: number[]; after: number[] } {
  const { dims } = node.input(0);
  const pads = integersOf(node, 1, 'pads');
  const axes =
    node.optional(3) === undefined
      ? dims.map((_, axis) => axis)
      : normalizeAxes('Pad', knownIntegers(node, 3, 'axes'), dims.length);
  if (pads === undefined || pads.length !== 2 * axes.length) {
    throw new RangeError(
      `Pad: pads: expected ${2 * axes.length} numbers for ${axes.length} axes of ${formatShape(dims)}, got ${pads?.length ?? 'none'}. Correct pads.`,
    );
  }
  const before = dims.map(() => 0);
  const after = dims.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i] ?? 0;
    after[axis] = pads[i + axes.length] ?? 0;
  });
  return { before, after };
}

const modulo = (x: number, n: number): number => ((x % n) + n) % n;

/** The input index of a position that may lie outside 0..n-1; -1 for the constant. */
const place: Readonly<Record<string, (x: number, n: number) => number>> = {
  constant: (x, n) => (x >= 0 && x < n ? x : -1),
  edge: (x, n) => Math.min(Math.max(x, 0), n - 1),
  wrap: modulo,
  // 0 1 2 3 2 1 0 1 …: the ends are not repeated.
  reflect(x, n) {
    const period = Math.max(1, 2 * (n - 1));
    const at = modulo(x, period);
    return at < n ? at : period - at;
  },
};

/** The constant as one element of the input's dtype: an input since opset 11, an attribute before; zero if absent. */
function fillOf(node: LowerContext): TypedArray | undefined {
  const { dtype } = node.input(0);
  const value = node.optional(2);
  if (value === undefined) {
    if (!node.has('value') || node.float('value') === 0) return undefined;
    const fill = typedArrayOf(dtype, new ArrayBuffer(dtypeInfo(dtype).bytes), 0, 1);
    if (!(fill instanceof Float32Array || fill instanceof Float64Array)) {
      throw new TypeError(
        `Pad: value: expected a float32 or float64 input, got ${dtype}. Convert the model to opset 13.`,
      );
    }
    fill[0] = node.float('value');
    return fill;
  }
  if (value.dtype !== dtype) {
    throw new TypeError(
      `Pad: constant_value: expected ${dtype} as the data, got ${value.dtype}. Cast it.`,
    );
  }
  return node.known(2, 'constant_value').subarray(0, 1);
}

export const Pad: OpDef = {
  type: 'Pad',
  opsets: [2, 27],
  inputs: [1, 4],
  attributes: {
    pads: { kind: 'ints' },
    value: { kind: 'float' },
    mode: { kind: 'string', oneOf: ['constant', 'reflect', 'edge', 'wrap'] },
  },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    const { before, after } = padsOf(node);
    const padded = dims.map((dim, axis) => dim + (before[axis] ?? 0) + (after[axis] ?? 0));
    const mode = node.string('mode', 'constant');
    if (padded.some((dim) => dim < 0)) {
      throw new RangeError(
        `Pad: pads remove too much: expected at most what ${formatShape(dims)} has, got shape ${formatShape(padded)}. Correct pads.`,
      );
    }
    if (mode !== 'constant' && padded.some((dim, axis) => dims[axis] === 0 && dim > 0)) {
      throw new RangeError(
        `Pad: mode ${mode} needs elements to repeat: expected a size of at least 1, got ${formatShape(dims)}. Use mode constant.`,
      );
    }
    return [padded];
  },
  lower(node) {
    const out = node.output(0);
    const { dims } = node.input(0);
    const { before } = padsOf(node);
    const find = place[node.string('mode', 'constant')] ?? (() => -1);
    const tables = out.dims.map((size, axis) => {
      const table = new Int32Array(size);
      const [first, n] = [before[axis] ?? 0, dims[axis] ?? 0];
      for (let i = 0; i < size; i += 1) table[i] = find(i - first, n);
      return table;
    });
    emitGatherAxes(node, out, node.input(0), tables, fillOf(node));
  },
};
