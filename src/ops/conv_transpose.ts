// ConvTranspose without kernels of its own: along each axis the outputs whose positions have the same remainder by the
// stride see the same taps, so each set of remainders (a phase) is one Conv of stride 1 by those taps, reversed; the phases
// are interleaved by a transpose. The sum of an output element is V4 over (input channel of the group, then the input
// positions that reach it, ascending along each axis), positions outside the input +0 in their places; bias is one V2 sum.
// Promises: no product with the zeros that a stretched input would hold, so ∞ in W spoils only what it meets.
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { view } from './wide.ts';

/** One spatial axis. */
interface Axis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** What is cut off in front of the whole result, which starts where the first tap of the first element lands. */
  readonly begin: number;
}

/** The taps of one phase of an axis, as a window of stride 1 over the input. */
interface Phase {
  readonly taps: number;
  /** Of the tap that meets the first input position of a window, and how far the next one lies before it. */
  readonly lastTap: number;
  readonly tapStep: number;
  readonly dilation: number;
  /** The input position that a window's first tap meets, for the first quotient. */
  readonly start: number;
}

function sizesOf(node: ShapeContext): { group: number; filters: number } {
  const [x, w] = [node.input(0).dims, node.input(1).dims];
  const group = node.int('group', 1);
  const [channels = 0, filters = 0, ...kernel] = w;
  if (x.length < 3 || x.length > 5 || w.length !== x.length) {
    throw new RangeError(
      `ConvTranspose: expected 1 to 3 spatial axes on X and W, got ${formatShape(x)} and ${formatShape(w)}. Reshape them.`,
    );
  }
  const given = node.ints('kernel_shape', kernel);
  if (given.join() !== kernel.join()) {
    throw new RangeError(
      `ConvTranspose: kernel_shape: expected ${formatShape(kernel)} as in W, got ${formatShape(given)}. Leave it out.`,
    );
  }
  if (group < 1 || channels % group !== 0 || x[1] !== channels) {
    throw new RangeError(
      `ConvTranspose: channels do not fit: expected X with ${channels} channels in ${group} groups, got X ${formatShape(x)} and W ${formatShape(w)}. Correct group or W.`,
    );
  }
  const bias = node.optional(2);
  if (bias !== undefined && bias.dims.join() !== String(filters * group)) {
    throw new RangeError(
      `ConvTranspose: bias: expected shape [${filters * group}], got ${formatShape(bias.dims)}. Give one value a filter.`,
    );
  }
  return { group, filters: filters * group };
}

function axesOf(node: ShapeContext): Axis[] {
  const spatial = node.input(0).dims.slice(2);
  const kernel = node.input(1).dims.slice(2);
  const rank = spatial.length;
  const list = (name: string, length: number, fill: number): readonly number[] => {
    const given = node.ints(name, Array.from<number>({ length }).fill(fill));
    if (given.length !== length || given.some((one) => one < fill)) {
      throw new RangeError(
        `ConvTranspose: ${name}: expected ${length} numbers of at least ${fill}, got ${formatShape(given)}. Correct them.`,
      );
    }
    return given;
  };
  const [strides, dilations] = [list('strides', rank, 1), list('dilations', rank, 1)];
  const [pads, extra] = [list('pads', 2 * rank, 0), list('output_padding', rank, 0)];
  const auto = node.string('auto_pad', 'NOTSET');
  const wanted = node.has('output_shape') ? node.ints('output_shape').slice(-rank) : undefined;
  if (wanted !== undefined && wanted.length !== rank) {
    throw new RangeError(
      `ConvTranspose: output_shape: expected ${rank} sizes, got ${formatShape(wanted)}. Give one a spatial axis.`,
    );
  }
  return spatial.map((size, i): Axis => {
    const [taps, stride, dilation] = [kernel[i] ?? 1, strides[i] ?? 1, dilations[i] ?? 1];
    const whole = (size - 1) * stride + (taps - 1) * dilation + 1 + (extra[i] ?? 0);
    let begin = pads[i] ?? 0;
    let out = whole - begin - (pads[rank + i] ?? 0);
    const same = auto === 'SAME_UPPER' || auto === 'SAME_LOWER';
    if (wanted !== undefined || same) {
      out = wanted?.[i] ?? size * stride;
      const total = Math.max(0, whole - out);
      begin = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    } else if (auto === 'VALID') {
      begin = 0;
      out = whole;
    }
    if (out < 1 || size < 1 || taps < 1) {
      throw new RangeError(
        `ConvTranspose: spatial axis ${i}: expected an output of at least 1, got ${out} from ${size} elements and ${taps} taps. Correct pads or output_shape.`,
      );
    }
    return { size, out, kernel: taps, stride, dilation, begin };
  });
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Output position q · stride + r of the whole result meets the taps k with k · dilation = r, modulo the stride. */
function phaseOf(axis: Axis, r: number, firstQuotient: number): Phase | undefined {
  const { stride, dilation, kernel } = axis;
  const first = Array.from({ length: Math.min(stride, kernel) }, (_, k) => k).find(
    (k) => (k * dilation - r) % stride === 0,
  );
  if (first === undefined) return undefined;
  const common = greatestDivisor(stride, dilation);
  const tapStep = stride / common;
  const taps = Math.floor((kernel - 1 - first) / tapStep) + 1;
  const lastTap = first + (taps - 1) * tapStep;
  // Tap k meets input position q - (k · dilation - r) / stride: the last tap the least.
  const start = firstQuotient - (lastTap * dilation - r) / stride;
  return { taps, lastTap, tapStep, dilation: dilation / common, start };
}

function only(
  node: LowerContext,
  ...[type, inputs, options]: Parameters<LowerContext['call']>
): Value {
  const [value] = node.call(type, inputs, options);
  if (value === undefined) throw new Error(`${node.opType}: ${type} gives nothing.`);
  return value;
}

const int64s = (node: LowerContext, list: readonly number[]): Value =>
  node.constantValue('int64', [list.length], BigInt64Array.from(list, BigInt));

function slice(
  node: LowerContext,
  value: Value,
  first: number,
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Value {
  const axes = starts.map((_, i) => first + i);
  return only(node, 'Slice', [
    value,
    int64s(node, starts),
    int64s(node, ends),
    int64s(node, axes),
    int64s(node, steps),
  ]);
}

/** Every combination of remainders, the last axis fastest. */
function* remainders(axes: readonly Axis[]): Generator<number[]> {
  const total = axes.reduce((product, axis) => product * axis.stride, 1);
  for (let flat = 0; flat < total; flat += 1) {
    let rest = flat;
    const list: number[] = [];
    for (const axis of axes.toReversed()) {
      list.unshift(rest % axis.stride);
      rest = Math.floor(rest / axis.stride);
    }
    yield list;
  }
}

/** One phase: [N, filters, counts]. */
function emitPhase(
  node: LowerContext,
  x: Value,
  weights: Value,
  group: number,
  phases: readonly (Phase | undefined)[],
  counts: readonly number[],
): Value {
  const [batch = 0] = x.dims;
  const filters = weights.dims[0] ?? 0;
  const bias = node.optional(2);
  const given = phases.filter((phase) => phase !== undefined);
  if (given.length < phases.length) {
    // No tap reaches these outputs: the sum of no terms, and the bias.
    const dims = [batch, filters, ...counts];
    const zeros = node.constantValue('float32', dims, new Float32Array(sizeOf(dims)));
    if (bias === undefined) return zeros;
    return only(node, 'Add', [zeros, view(node, bias, [filters, ...counts.map(() => 1)])]);
  }
  const taps = slice(
    node,
    weights,
    2,
    given.map((phase) => phase.lastTap),
    // Behind the first tap; a negative end would count from the end of the axis.
    given.map((phase) => {
      const end = phase.lastTap - phase.taps * phase.tapStep;
      return end < 0 ? -(2 ** 31) : end;
    }),
    given.map((phase) => -phase.tapStep),
  );
  const spatial = x.dims.slice(2);
  const begins = given.map((phase) => -phase.start);
  const ends = given.map(
    (phase, i) =>
      phase.start + (counts[i] ?? 1) + (phase.taps - 1) * phase.dilation - (spatial[i] ?? 1),
  );
  // What a phase does not reach is cut, so that padding is never negative.
  const isCut = [...begins, ...ends].some((pad) => pad < 0);
  const from = begins.map((pad) => Math.max(0, -pad));
  const to = ends.map((pad, i) => (spatial[i] ?? 1) + Math.min(0, pad));
  if (from.some((start, i) => start >= (to[i] ?? 0))) {
    // The windows see padding only, which is +0.
    return emitPhase(node, x, weights, group, [undefined], counts);
  }
  const seen = isCut ? slice(node, x, 2, from, to) : x;
  return only(node, 'Conv', [seen, taps, bias], {
    attributes: {
      group,
      dilations: given.map((phase) => phase.dilation),
      pads: [...begins, ...ends].map((pad) => Math.max(0, pad)),
    },
  });
}

function lower(node: LowerContext): void {
  const [x, w, out] = [node.input(0), node.input(1), node.output(0)];
  const { group, filters } = sizesOf(node);
  const axes = axesOf(node);
  const [channels = 0, each = 0, ...kernel] = w.dims;
  const [batch = 0] = x.dims;
  const split = view(node, w, [group, channels / group, each, ...kernel]);
  const swapped = only(node, 'Transpose', [split], {
    attributes: { perm: [0, 2, 1, ...kernel.map((_, i) => 3 + i)] },
  });
  const weights = view(node, swapped, [filters, channels / group, ...kernel]);
  // Quotients of the output's positions in the whole result, the same for every phase.
  const firsts = axes.map((axis) => Math.floor(axis.begin / axis.stride));
  const counts = axes.map(
    (axis, i) => Math.floor((axis.begin + axis.out - 1) / axis.stride) - (firsts[i] ?? 0) + 1,
  );
  const parts = [...remainders(axes)].map((list) =>
    emitPhase(
      node,
      x,
      weights,
      group,
      axes.map((axis, i) => phaseOf(axis, list[i] ?? 0, firsts[i] ?? 0)),
      counts,
    ),
  );
  const [single] = parts;
  if (parts.length === 1 && single !== undefined) {
    node.alias(out, single);
    return;
  }
  const rank = axes.length;
  const strides = axes.map((axis) => axis.stride);
  const joined = only(
    node,
    'Concat',
    parts.map((part) => view(node, part, [batch, filters, 1, ...counts])),
    { attributes: { axis: 2 } },
  );
  const apart = view(node, joined, [batch, filters, ...strides, ...counts]);
  const woven = only(node, 'Transpose', [apart], {
    attributes: { perm: [0, 1, ...axes.flatMap((_, i) => [2 + rank + i, 2 + i])] },
  });
  const whole = view(node, woven, [
    batch,
    filters,
    ...counts.map((count, i) => count * (strides[i] ?? 1)),
  ]);
  const starts = axes.map((axis, i) => axis.begin - (firsts[i] ?? 0) * axis.stride);
  node.alias(
    out,
    slice(
      node,
      whole,
      2,
      starts,
      starts.map((start, i) => start + (axes[i]?.out ?? 1)),
    ),
  );
}

function float32Only(node: NodeContext): ['float32'] {
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && dtype !== 'float32') {
      throw new TypeError(
        `ConvTranspose: input ${i}: expected float32, got ${dtype}. Cast it to float32.`,
      );
    }
  }
  return ['float32'];
}

export const ConvTranspose: OpDef = {
  type: 'ConvTranspose',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    auto_pad: { kind: 'string', oneOf: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] },
    dilations: { kind: 'ints' },
    group: { kind: 'int' },
    kernel_shape: { kind: 'ints' },
    output_padding: { kind: 'ints' },
    output_shape: { kind: 'ints' },
    pads: { kind: 'ints' },
    strides: { kind: 'ints' },
  },
  dtypes: float32Only,
  infer(node) {
    const { filters } = sizesOf(node);
    const [batch = 0] = node.input(0).dims;
    return [[batch, filters, ...axesOf(node).map((axis) => axis.out)]];
  },
  lower,
};
