// Sampling at computed positions, as GridSample and DeformConv need it: positions to first taps and weights by element-wise
// programs, then one kernel. Every step is a V2 operation:
//   zeros: x as it is      border: min(max(x, 0), size - 1)      reflection: about low and high, as often as needed
//   linear: t = x - floor(x); weights 1 - t, t      cubic: Keys' polynomials with a = -3/4      nearest: the bits at floor(x)
// Not here: what the positions are.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import sampleTapsShader from '../../shaders/ops/sample_taps.wgsl';
import { mapped, type ChainBuilder } from './chain_builder.ts';
import { gridOf } from './grid.ts';

export const sampleTaps: Kernel = {
  name: 'sample_taps',
  params: paramFields(
    'n',
    'points',
    'channels',
    'rank',
    'taps',
    'padding',
    'align',
    'flip',
    'dims[4]',
  ),
  shader: sampleTapsShader,
};

// The codes of the kernel.
const PADDING = { zeros: 0, border: 1, reflection: 2 } as const;
export type Padding = keyof typeof PADDING;
export type Interpolation = 'nearest' | 'linear' | 'cubic';

export interface Sampling {
  /** Sizes of the sampled axes, one to three. */
  readonly spatial: readonly number[];
  readonly padding: Padding;
  readonly interpolation: Interpolation;
  /** Reflection about the centres of the outer elements, else about their far edges. */
  readonly align: boolean;
  /** Component 0 of a position belongs to the last axis. */
  readonly flip: boolean;
}

/** One f32 a component of a position. */
export const perComponent = (node: LowerContext, list: readonly number[]): Value =>
  node.constantValue('float32', [list.length], Float32Array.from(list));

/** Positions inside [low, high], reflected at both as often as needed. */
function reflected(node: LowerContext, x: Value, low: number, highs: Value, ranges: Value): Value {
  const { dims } = x;
  const beyond = mapped(node, dims, (c) => {
    const [v, least] = [c.f32(x), c.scalar(low)];
    const below = c.op('less_f32', v, least);
    return c.op('select_word', below, c.op('sub_f32', least, v), c.op('sub_f32', v, c.f32(highs)));
  });
  const turns = mapped(node, dims, (c) =>
    c.op('floor_f32', c.op('div_f32', c.f32(beyond), c.f32(ranges))),
  );
  const rest = mapped(node, dims, (c) =>
    c.op('sub_f32', c.f32(beyond), c.op('mul_f32', c.f32(turns), c.f32(ranges))),
  );
  // An odd number of turns comes in from the other side.
  const fromLow = node.temp('bool', dims);
  mapped(
    node,
    dims,
    (c) => {
      const n = c.f32(turns);
      const even = c.op('floor_f32', c.op('mul_f32', n, c.scalar(0.5)));
      const odd = c.op('less_f32', c.op('add_f32', even, even), n);
      return c.op('xor_bool', odd, c.op('less_f32', c.f32(x), c.scalar(low)));
    },
    fromLow,
  );
  return mapped(node, dims, (c) => {
    const [v, least, most, r] = [c.f32(x), c.scalar(low), c.f32(highs), c.f32(rest)];
    const inner = c.op(
      'select_word',
      c.word(fromLow),
      c.op('add_f32', least, r),
      c.op('sub_f32', most, r),
    );
    const outside = c.op('or_bool', c.op('less_f32', v, least), c.op('greater_f32', v, most));
    const y = c.op('select_word', outside, inner, v);
    return c.op('min_f32', c.op('max_f32', y, least), most);
  });
}

/** Positions after padding, `x` being [..., rank]. */
function padded(node: LowerContext, x: Value, sampling: Sampling): Value {
  const { padding, align, flip } = sampling;
  if (padding === 'zeros') return x;
  const spatial = flip ? sampling.spatial.toReversed() : sampling.spatial;
  if (padding === 'border') {
    const last = perComponent(
      node,
      spatial.map((size) => size - 1),
    );
    return mapped(node, x.dims, (c) =>
      c.op('min_f32', c.op('max_f32', c.f32(x), c.scalar(0)), c.f32(last)),
    );
  }
  const low = align ? 0 : -0.5;
  const highs = spatial.map((size) => size - 1 - low);
  const ranges = highs.map((high) => high - low);
  return reflected(node, x, low, perComponent(node, highs), perComponent(node, ranges));
}

/** Keys' cubic, a = -3/4, at a distance under 1: ((a + 2) u - (a + 3)) u u + 1. */
const near = (c: ChainBuilder, u: number): number => {
  const slope = c.op('sub_f32', c.op('mul_f32', c.scalar(1.25), u), c.scalar(2.25));
  return c.op('add_f32', c.op('mul_f32', c.op('mul_f32', slope, u), u), c.scalar(1));
};
/** At a distance from 1 to 2: ((a u - 5 a) u + 8 a) u - 4 a. */
const far = (c: ChainBuilder, u: number): number => {
  const square = c.op('add_f32', c.op('mul_f32', c.scalar(-0.75), u), c.scalar(3.75));
  const slope = c.op('sub_f32', c.op('mul_f32', square, u), c.scalar(6));
  return c.op('add_f32', c.op('mul_f32', slope, u), c.scalar(3));
};

/** The weights of the taps for fractions t, one program each. */
function weightsOf(node: LowerContext, t: Value, interpolation: 'linear' | 'cubic'): Value[] {
  const programs: ((c: ChainBuilder) => number)[] =
    interpolation === 'linear'
      ? [(c) => c.op('sub_f32', c.scalar(1), c.f32(t)), (c) => c.f32(t)]
      : [
          (c) => far(c, c.op('add_f32', c.f32(t), c.scalar(1))),
          (c) => near(c, c.f32(t)),
          (c) => near(c, c.op('sub_f32', c.scalar(1), c.f32(t))),
          (c) => far(c, c.op('sub_f32', c.scalar(2), c.f32(t))),
        ];
  return programs.map((program) => mapped(node, [1, ...t.dims], program));
}

/** Emits `out`, [N, C, points], from `x`, [N, C, ...spatial], at `positions`, [N, points, rank]. */
export function emitSample(
  node: LowerContext,
  out: Value,
  x: Value,
  positions: Value,
  sampling: Sampling,
): void {
  const { spatial, interpolation } = sampling;
  const [batch = 0, points = 0, rank = 0] = positions.dims;
  const at = padded(node, positions, sampling);
  const whole = mapped(node, at.dims, (c) => c.op('floor_f32', c.f32(at)));
  const first = node.temp('int32', at.dims);
  mapped(
    node,
    at.dims,
    (c) => {
      const index = c.f32(whole);
      // The first tap of four lies one before.
      const from = interpolation === 'cubic' ? c.op('sub_f32', index, c.scalar(1)) : index;
      return c.op('f32_to_i32', from);
    },
    first,
  );
  let weights = first; // not read by the reference with one tap, and not used by its twin
  let taps = 1;
  if (interpolation !== 'nearest') {
    const t = mapped(node, at.dims, (c) => c.op('sub_f32', c.f32(at), c.f32(whole)));
    const list = weightsOf(node, t, interpolation);
    taps = list.length;
    [weights = first] = node.call('Concat', list, { attributes: { axis: 0 } });
  }
  const n = batch * points;
  const channels = sizeOf(x.dims.slice(1)) / Math.max(1, sizeOf(spatial));
  node.emit(sampleTaps, {
    params: {
      n,
      points,
      channels,
      rank,
      taps,
      padding: PADDING[sampling.padding],
      align: sampling.align ? 1 : 0,
      flip: sampling.flip ? 1 : 0,
      dims: [1, 1, 1, ...spatial].slice(-3),
    },
    inputs: [x, first, weights],
    outputs: [out],
    units: n,
    unitCost: 4 * channels * taps ** rank,
    grid: gridOf(n * channels),
  });
  out.canonical = taps > 1 || x.canonical;
}
