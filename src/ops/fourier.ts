// DFT and STFT: one MatMul by a matrix of cosines and sines that is computed while planning, each the exact value rounded
// once. An output is the V4 sum over (element, its real then its imaginary part) of products by V3; the inverse is divided
// by the length, a V2 operation. Not here: fast transforms, whose sums have another order.
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import { knownIntegers } from './known.ts';
import { cosineOfTurn, sineOfTurn } from './turns.ts';
import { view } from './wide.ts';

const MOST_ELEMENTS = 2 ** 26; // of a matrix: 256 MiB

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

interface Transform {
  readonly axis: number;
  /** Elements that are read: the signal is cut, or goes on with zeros. */
  readonly read: number;
  /** Of the whole period. */
  readonly length: number;
  readonly written: number;
  /** 1 real, 2 complex. */
  readonly from: number;
  readonly to: number;
  readonly inverse: boolean;
}

function transformOf(node: ShapeContext): Transform {
  const { dims } = node.input(0);
  const rank = dims.length;
  const from = dims.at(-1) ?? 0;
  const given =
    node.opset < 20
      ? node.int('axis', 1)
      : node.optional(2) === undefined
        ? -2
        : (knownIntegers(node, 2, 'axis')[0] ?? -2);
  const axis = normalizeAxis('DFT', given, rank);
  if (rank < 2 || axis === rank - 1 || (from !== 1 && from !== 2)) {
    throw new RangeError(
      `DFT: expected [..., 1 or 2] and an axis before the last, got ${formatShape(dims)} and axis ${given}. Reshape the input.`,
    );
  }
  const inverse = node.int('inverse', 0) !== 0;
  const onesided = node.int('onesided', 0) !== 0;
  if (onesided && (from === 2) !== inverse) {
    throw new RangeError(
      `DFT: onesided: expected a real signal, or for the inverse a complex one, got ${from === 2 ? 'complex' : 'real'} numbers. Use onesided = 0.`,
    );
  }
  const own = dims[axis] ?? 0;
  const half = onesided && inverse;
  const length =
    node.optional(1) === undefined
      ? half
        ? 2 * (own - 1)
        : own
      : (knownIntegers(node, 1, 'dft_length')[0] ?? 0);
  if (length < 1) {
    throw new RangeError(`DFT: dft_length: expected at least 1, got ${length}. Correct it.`);
  }
  const bins = Math.floor(length / 2) + 1;
  const transform = {
    axis,
    read: half ? bins : length,
    length,
    written: onesided && !inverse ? bins : length,
    from,
    to: half ? 1 : 2,
    inverse,
  };
  const size = transform.read * from * transform.written * transform.to;
  if (size > MOST_ELEMENTS) {
    throw new RangeError(
      `DFT: dft_length: expected a matrix of at most ${MOST_ELEMENTS} elements, got ${size}. Use a shorter transform.`,
    );
  }
  return transform;
}

/** Rows (element, part), columns (frequency, part). */
function matrixOf({ read, length, written, from, to, inverse }: Transform): Float32Array {
  const cosines = Float32Array.from({ length }, (_, q) => cosineOfTurn(q, length));
  const sines = Float32Array.from({ length }, (_, q) => sineOfTurn(q, length));
  const width = written * to;
  const data = new Float32Array(read * from * width);
  for (let j = 0; j < read; j += 1) {
    // Of a real signal's spectrum only one of two conjugate numbers is read: it counts twice, an exact factor.
    const twice = to === 1 && j > 0 && 2 * j !== length ? 2 : 1;
    for (let k = 0; k < written; k += 1) {
      const q = (j * k) % length;
      const c = twice * (cosines[q] ?? 0);
      const s = twice * (sines[q] ?? 0) * (inverse ? 1 : -1);
      // (a + b i)(c + s i) = (a c - b s) + (a s + b c) i; + 0 so that no zero has a sign.
      const rows = [
        [c, s],
        [-s, c],
      ];
      for (let part = 0; part < from; part += 1) {
        for (let of = 0; of < to; of += 1) {
          data[(j * from + part) * width + k * to + of] = (rows[part]?.[of] ?? 0) + 0;
        }
      }
    }
  }
  return data;
}

export const DFT: OpDef = {
  type: 'DFT',
  opsets: [17, NEWEST_OPSET],
  inputs: [1, 3],
  attributes: {
    axis: { kind: 'int' },
    inverse: { kind: 'int' },
    onesided: { kind: 'int' },
  },
  dtypes: float32Only,
  infer(node) {
    const { axis, written, to } = transformOf(node);
    const { dims } = node.input(0);
    return [[...dims.slice(0, -1).map((size, i) => (i === axis ? written : size)), to]];
  },
  lower(node) {
    const transform = transformOf(node);
    const { axis, read, length, written, from, to, inverse } = transform;
    const x = node.input(0);
    const rank = x.dims.length;
    const others = x.dims
      .slice(0, -1)
      .map((_, i) => i)
      .filter((i) => i !== axis);
    let rows = only(node, 'Transpose', [x], { attributes: { perm: [...others, axis, rank - 1] } });
    const own = rows.dims.at(-2) ?? 0;
    if (own > read) {
      rows = only(node, 'Slice', [
        rows,
        int64s(node, [0]),
        int64s(node, [read]),
        int64s(node, [rank - 2]),
      ]);
    } else if (own < read) {
      const pads = Array.from<number>({ length: 2 * rank }).fill(0);
      pads[2 * rank - 2] = read - own;
      rows = only(node, 'Pad', [rows, int64s(node, pads)]);
    }
    const outer = others.map((i) => x.dims[i] ?? 1);
    const matrix = node.constantValue('float32', [read * from, written * to], matrixOf(transform));
    let sums = only(node, 'MatMul', [view(node, rows, [sizeOf(outer), read * from]), matrix]);
    if (inverse) {
      const count = node.constantValue('float32', [], Float32Array.of(length));
      sums = only(node, 'Div', [sums, count]);
    }
    const turned = view(node, sums, [...outer, written, to]);
    const perm = x.dims.map((_, i) =>
      i === axis ? rank - 2 : i === rank - 1 ? rank - 1 : others.indexOf(i),
    );
    node.alias(node.output(0), only(node, 'Transpose', [turned], { attributes: { perm } }));
  },
};

interface Frames {
  readonly step: number;
  readonly length: number;
  readonly count: number;
  readonly parts: number;
  readonly bins: number;
}

function framesOf(node: ShapeContext): Frames {
  const { dims } = node.input(0);
  const [, samples = 0, parts = 1] = dims;
  const window = node.optional(2);
  const step = knownIntegers(node, 1, 'frame_step')[0] ?? 0;
  const length =
    node.optional(3) === undefined
      ? (window?.dims[0] ?? 0)
      : (knownIntegers(node, 3, 'frame_length')[0] ?? 0);
  const fits = window === undefined || window.dims.join() === String(length);
  if (
    dims.length < 2 ||
    dims.length > 3 ||
    parts < 1 ||
    parts > 2 ||
    step < 1 ||
    length < 1 ||
    length > samples ||
    !fits
  ) {
    throw new RangeError(
      `STFT: expected a signal [N, samples, 1 or 2], a frame_step of at least 1, and a frame_length from 1 to the samples that is the window's, got ${formatShape(dims)}, ${step}, ${length} and ${window ? formatShape(window.dims) : 'no window'}. Correct them.`,
    );
  }
  const onesided = node.int('onesided', 1) !== 0;
  if (onesided && parts === 2) {
    throw new RangeError(
      'STFT: onesided: expected a real signal, got complex numbers. Use onesided = 0.',
    );
  }
  const count = Math.floor((samples - length) / step) + 1;
  return { step, length, count, parts, bins: onesided ? Math.floor(length / 2) + 1 : length };
}

export const STFT: OpDef = {
  type: 'STFT',
  opsets: [17, NEWEST_OPSET],
  inputs: [2, 4],
  attributes: { onesided: { kind: 'int' } },
  dtypes(node) {
    const window = node.dtypeOf(2);
    if (window !== undefined && window !== 'float32') {
      throw new TypeError(`STFT: window: expected float32, got ${window}. Cast it.`);
    }
    return float32Only(node);
  },
  infer(node) {
    const { count, bins } = framesOf(node);
    return [[node.input(0).dims[0] ?? 0, count, bins, 2]];
  },
  lower(node) {
    const { step, length, count, parts } = framesOf(node);
    const [x, window] = [node.input(0), node.optional(2)];
    const [batch = 0, samples = 0] = x.dims;
    const places = Array.from(
      { length: count * length },
      (_, i) => Math.floor(i / length) * step + (i % length),
    );
    let frames = only(
      node,
      'Gather',
      [view(node, x, [batch, samples, parts]), view(node, int64s(node, places), [count, length])],
      { attributes: { axis: 1 } },
    );
    if (window !== undefined) {
      frames = only(node, 'Mul', [frames, view(node, window, [length, 1])]);
    }
    node.call('DFT', [frames, undefined, int64s(node, [2])], {
      opset: 20,
      attributes: { onesided: node.int('onesided', 1) },
      to: node.output(0),
    });
  },
};
