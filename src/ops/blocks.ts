// Operators that lay blocks, sequences and centres elsewhere, as compositions of movement and sums; no kernels.
//   Col2Im: each output element is the V4 sum over the taps of the block, in index order; a tap whose block lies outside is +0
//   CenterCropPad: Slice where an axis is too long, Pad with zeros where it is too short, ⌊difference / 2⌋ in front
//   ReverseSequence: GatherND, a batch at a time      MaxUnpool: ScatterElements into zeros, then zeros behind
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { integersOf, knownIntegers, normalizeAxes } from './known.ts';
import { sameDtype } from './reshape.ts';
import { view } from './wide.ts';

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

function float32Only(node: NodeContext): ['float32'] {
  if (node.dtypeOf(0) !== 'float32') {
    throw new TypeError(
      `${node.opType}: input 0: expected float32, got ${node.dtypeOf(0) ?? 'nothing'}. Cast it to float32.`,
    );
  }
  return ['float32'];
}

interface Blocks {
  readonly image: readonly number[];
  readonly block: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  /** Blocks along each axis. */
  readonly counts: readonly number[];
}

function blocksOf(node: ShapeContext): Blocks {
  const [image, block] = [
    knownIntegers(node, 1, 'image_shape'),
    knownIntegers(node, 2, 'block_shape'),
  ];
  const rank = image.length;
  const strides = node.ints('strides', Array.from<number>({ length: rank }).fill(1));
  const dilations = node.ints('dilations', Array.from<number>({ length: rank }).fill(1));
  const pads = node.ints('pads', Array.from<number>({ length: 2 * rank }).fill(0));
  const lists = [block, strides, dilations, pads.slice(rank)];
  if (
    rank < 1 ||
    lists.some((list) => list.length !== rank) ||
    [...image, ...block, ...strides, ...dilations].some((one) => one < 1) ||
    pads.some((one) => one < 0)
  ) {
    throw new RangeError(
      `Col2Im: expected ${rank} sizes, strides and dilations of at least 1 and ${2 * rank} pads of at least 0, got ${[image, block, strides, dilations, pads].map(formatShape).join(', ')}. Correct them.`,
    );
  }
  const counts = image.map((size, i) => {
    const reach = ((block[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    const whole = size + (pads[i] ?? 0) + (pads[rank + i] ?? 0) - reach;
    return Math.floor(whole / (strides[i] ?? 1)) + 1;
  });
  const { dims } = node.input(0);
  const [, columns = 0, total = 0] = dims;
  if (
    dims.length !== 3 ||
    counts.some((count) => count < 1) ||
    columns % sizeOf(block) !== 0 ||
    total !== sizeOf(counts)
  ) {
    throw new RangeError(
      `Col2Im: expected [N, a multiple of ${sizeOf(block)}, ${sizeOf(counts)}], got ${formatShape(dims)}. Correct image_shape, block_shape or pads.`,
    );
  }
  return { image, block, strides, dilations, begins: pads.slice(0, rank), counts };
}

/** For each element of the image and each tap where its column lies among taps · blocks, or `none`. */
function columnsOf(
  { image, block, strides, dilations, begins, counts }: Blocks,
  none: number,
): number[] {
  const [size, taps, total] = [sizeOf(image), sizeOf(block), sizeOf(counts)];
  const list: number[] = [];
  for (let element = 0; element < size; element += 1) {
    for (let tap = 0; tap < taps; tap += 1) {
      let [e, t, at, step, fits] = [element, tap, 0, 1, true];
      for (let i = image.length - 1; i >= 0; i -= 1) {
        const [width, length, count] = [image[i] ?? 1, block[i] ?? 1, counts[i] ?? 1];
        const distance = (e % width) + (begins[i] ?? 0) - (t % length) * (dilations[i] ?? 1);
        const which = distance / (strides[i] ?? 1);
        if (!Number.isInteger(which) || which < 0 || which >= count) fits = false;
        at += which * step;
        step *= count;
        e = Math.floor(e / width);
        t = Math.floor(t / length);
      }
      list.push(fits ? tap * total + at : none);
    }
  }
  return list;
}

export const Col2Im: OpDef = {
  type: 'Col2Im',
  opsets: [18, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: { dilations: { kind: 'ints' }, pads: { kind: 'ints' }, strides: { kind: 'ints' } },
  dtypes: float32Only,
  infer(node) {
    const { image, block } = blocksOf(node);
    const [batch = 0, columns = 0] = node.input(0).dims;
    return [[batch, columns / sizeOf(block), ...image]];
  },
  lower(node) {
    const blocks = blocksOf(node);
    const x = node.input(0);
    const [batch = 0, columns = 0, total = 0] = x.dims;
    const taps = sizeOf(blocks.block);
    const channels = columns / taps;
    // One more column, of zeros, for the taps that no block has there.
    const zeros = node.constantValue(
      'float32',
      [batch, channels, 1],
      new Float32Array(batch * channels),
    );
    const joined = only(node, 'Concat', [view(node, x, [batch, channels, taps * total]), zeros], {
      attributes: { axis: 2 },
    });
    const indices = columnsOf(blocks, taps * total);
    const shape = [indices.length / taps, taps];
    const gathered = only(node, 'Gather', [joined, view(node, int64s(node, indices), shape)], {
      attributes: { axis: 2 },
    });
    const sums = only(node, 'ReduceSum', [gathered, int64s(node, [3])], {
      attributes: { keepdims: 0 },
    });
    node.alias(node.output(0), sums);
  },
};

/** The wanted size of every axis. */
function centreSizes(node: ShapeContext): number[] {
  const { dims } = node.input(0);
  const wanted = knownIntegers(node, 1, 'shape');
  const axes = node.has('axes')
    ? normalizeAxes('CenterCropPad', node.ints('axes'), dims.length)
    : dims.map((_, axis) => axis);
  if (axes.length !== wanted.length || wanted.some((size) => size < 0)) {
    throw new RangeError(
      `CenterCropPad: shape: expected ${axes.length} sizes of at least 0, got ${formatShape(wanted)}. Correct it.`,
    );
  }
  return dims.map((size, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? size : (wanted[at] ?? size);
  });
}

export const CenterCropPad: OpDef = {
  type: 'CenterCropPad',
  opsets: [18, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { axes: { kind: 'ints' } },
  dtypes: sameDtype,
  infer: (node) => [centreSizes(node)],
  lower(node) {
    const x = node.input(0);
    const sizes = centreSizes(node);
    const half = (difference: number): number => Math.floor(Math.max(0, difference) / 2);
    const starts = sizes.map((size, axis) => half((x.dims[axis] ?? 0) - size));
    const kept = sizes.map((size, axis) => Math.min(size, x.dims[axis] ?? 0));
    let y = x;
    if (kept.join() !== x.dims.join()) {
      y = only(node, 'Slice', [
        x,
        int64s(node, starts),
        int64s(
          node,
          starts.map((start, axis) => start + (kept[axis] ?? 0)),
        ),
      ]);
    }
    if (kept.join() !== sizes.join()) {
      const before = sizes.map((size, axis) => half(size - (kept[axis] ?? 0)));
      const after = sizes.map((size, axis) => size - (kept[axis] ?? 0) - (before[axis] ?? 0));
      y = only(node, 'Pad', [y, int64s(node, [...before, ...after])]);
    }
    node.alias(node.output(0), y);
  },
};

function sequenceAxes(node: ShapeContext): { batch: number; time: number } {
  const { dims } = node.input(0);
  const [batch, time] = [node.int('batch_axis', 1), node.int('time_axis', 0)];
  const lengths = node.input(1).dims;
  if (dims.length < 2 || batch + time !== 1 || batch * time !== 0) {
    throw new RangeError(
      `ReverseSequence: expected at least two axes, batch_axis and time_axis 0 and 1, got ${formatShape(dims)}, ${batch} and ${time}. Transpose the input.`,
    );
  }
  if (lengths.join() !== String(dims[batch])) {
    throw new RangeError(
      `ReverseSequence: sequence_lens: expected shape [${dims[batch]}], got ${formatShape(lengths)}. Give one length a sequence.`,
    );
  }
  return { batch, time };
}

export const ReverseSequence: OpDef = {
  type: 'ReverseSequence',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { batch_axis: { kind: 'int' }, time_axis: { kind: 'int' } },
  dtypes(node) {
    if (node.dtypeOf(1) !== 'int64') {
      throw new TypeError(
        `ReverseSequence: sequence_lens: expected int64, got ${node.dtypeOf(1) ?? 'nothing'}. Cast them.`,
      );
    }
    return sameDtype(node);
  },
  infer(node) {
    sequenceAxes(node);
    return [node.input(0).dims];
  },
  lower(node) {
    const [x, lengths] = [node.input(0), node.input(1)];
    const { batch } = sequenceAxes(node);
    const perm = [1, 0, ...x.dims.slice(2).map((_, i) => i + 2)];
    const rows = batch === 0 ? x : only(node, 'Transpose', [x], { attributes: { perm } });
    const [count = 0, steps = 0] = rows.dims;
    const most = int64s(node, [steps]);
    const column = view(node, only(node, 'Min', [lengths, most]), [count, 1]);
    const positions = view(
      node,
      int64s(
        node,
        Array.from({ length: steps }, (_, t) => t),
      ),
      [1, steps],
    );
    const last = only(node, 'Sub', [column, int64s(node, [1])]);
    const mirrored = only(node, 'Sub', [last, positions]);
    const turned = only(node, 'Less', [positions, column]);
    const index = only(node, 'Where', [turned, mirrored, positions]);
    const y = only(node, 'GatherND', [rows, view(node, index, [count, steps, 1])], {
      attributes: { batch_dims: 1 },
    });
    const result = batch === 0 ? y : only(node, 'Transpose', [y], { attributes: { perm } });
    node.alias(node.output(0), result);
  },
};

/** Sizes before the zeros behind, and the output's. */
function unpooledSizes(node: ShapeContext): { inner: number[]; out: number[] } {
  const { dims } = node.input(0);
  const spatial = dims.slice(2);
  const rank = spatial.length;
  const kernel = node.ints('kernel_shape');
  const strides = node.ints('strides', Array.from<number>({ length: rank }).fill(1));
  const pads = node.ints('pads', Array.from<number>({ length: 2 * rank }).fill(0));
  if (
    rank < 1 ||
    kernel.length !== rank ||
    strides.length !== rank ||
    pads.length !== 2 * rank ||
    node.input(1).dims.join() !== dims.join()
  ) {
    throw new RangeError(
      `MaxUnpool: expected values [N, C, …] and indices of one shape, ${rank} sizes and strides and ${2 * rank} pads, got ${formatShape(dims)} and ${formatShape(node.input(1).dims)}. Correct them.`,
    );
  }
  const inner = spatial.map(
    (size, i) =>
      (size - 1) * (strides[i] ?? 1) - (pads[i] ?? 0) - (pads[rank + i] ?? 0) + (kernel[i] ?? 1),
  );
  const wanted = integersOf(node, 2, 'output_shape');
  const own = [...dims.slice(0, 2), ...inner];
  const out =
    wanted === undefined
      ? own
      : wanted.length === rank
        ? [...dims.slice(0, 2), ...wanted]
        : [...wanted];
  if (
    inner.some((size) => size < 1) ||
    out.length !== own.length ||
    out.some((size, i) => size < (own[i] ?? 0))
  ) {
    throw new RangeError(
      `MaxUnpool: output_shape: expected at least ${formatShape(own)}, got ${formatShape(out)}. Correct it.`,
    );
  }
  return { inner: own, out };
}

export const MaxUnpool: OpDef = {
  type: 'MaxUnpool',
  opsets: [9, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: { kernel_shape: { kind: 'ints' }, pads: { kind: 'ints' }, strides: { kind: 'ints' } },
  dtypes(node) {
    if (node.dtypeOf(1) !== 'int64') {
      throw new TypeError(
        `MaxUnpool: indices: expected int64, got ${node.dtypeOf(1) ?? 'nothing'}. Cast them.`,
      );
    }
    return float32Only(node);
  },
  infer: (node) => [unpooledSizes(node).out],
  lower(node) {
    const [x, indices] = [node.input(0), node.input(1)];
    const { inner, out } = unpooledSizes(node);
    const n = sizeOf(x.dims);
    const zeros = node.constantValue('float32', [sizeOf(inner)], new Float32Array(sizeOf(inner)));
    const flat = only(node, 'ScatterElements', [
      zeros,
      view(node, indices, [n]),
      view(node, x, [n]),
    ]);
    let y = view(node, flat, inner);
    if (out.join() !== inner.join()) {
      const behind = out.map((size, axis) => size - (inner[axis] ?? 0));
      y = only(node, 'Pad', [y, int64s(node, [...behind.map(() => 0), ...behind])]);
    }
    node.alias(node.output(0), y);
  },
};
