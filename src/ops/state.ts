// Operators that keep a state between runs, beside attention:
//   CausalConvWithState (opset 27 of ai.onnx, and com.microsoft): Conv of each channel by itself (V5) over the state and the
//     input behind it; y or, silu, y · sigmoid(y); the new state is the last (k − 1) · dilation columns, copied (V1)
//   TensorScatter (opset 24): rows of a cache replaced by new ones (V1), from a position of each batch entry on, past the end
//     dropped or, circular, from the start again
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import { joined, part } from './attend.ts';
import { emitChain, mapped } from './chain_builder.ts';
import {
  castTo,
  floatOf,
  integerOf,
  integers,
  longs,
  narrowed,
  view,
  widened,
  zeros,
} from './wide.ts';

interface ConvSizes {
  readonly batch: number;
  readonly channels: number;
  readonly columns: number;
  /** Columns of the state. */
  readonly kept: number;
  readonly dilation: number;
}

function convSizes(node: ShapeContext): ConvSizes {
  const [x, w] = [node.input(0).dims, node.input(1).dims];
  const [batch = 0, channels = 0, columns = 0] = x;
  const width = w[2] ?? 0;
  const dilation = node.int('dilation', 1);
  const kept = (width - 1) * dilation;
  const state = [batch, channels, kept];
  const past = node.optional(3)?.dims;
  const bias = node.optional(2)?.dims;
  if (x.length !== 3 || w.join() !== [channels, 1, width].join() || width < 1 || dilation < 1) {
    throw new RangeError(
      `CausalConvWithState: weight: expected [${channels}, 1, k] for an input ${formatShape(x)}, got ${formatShape(w)}. Correct it.`,
    );
  }
  if ((past ?? state).join() !== state.join() || (bias ?? [channels]).join() !== String(channels)) {
    throw new RangeError(
      `CausalConvWithState: expected a past_state ${formatShape(state)} and a bias [${channels}], got ${formatShape(past ?? state)} and ${formatShape(bias ?? [channels])}. Correct them.`,
    );
  }
  return { batch, channels, columns, kept, dilation };
}

function causalConv(
  domain: string,
  opsets: readonly [number, number],
  extra: Readonly<Record<string, AttributeSpec>>,
): OpDef {
  return {
    type: 'CausalConvWithState',
    domain,
    opsets,
    inputs: [2, 4],
    attributes: {
      activation: { kind: 'string', oneOf: ['none', 'silu', 'swish'] },
      ...extra,
    },
    dtypes(node): DType[] {
      const dtype = floatOf(node, 0, 1, 2, 3);
      return [dtype, dtype];
    },
    infer(node) {
      const { batch, channels, kept } = convSizes(node);
      return [node.input(0).dims, [batch, channels, kept]];
    },
    lower(node) {
      const { batch, channels, columns, kept, dilation } = convSizes(node);
      const x = node.input(0);
      const past = node.optional(3) ?? zeros(node, x.dtype, [batch, channels, kept]);
      const whole = kept === 0 ? x : joined(node, [past, x], 2);
      if (node.wants(1)) {
        node.alias(node.output(1), part(node, whole, 2, columns, kept));
      }
      if (!node.wants(0)) return;
      const bias = node.optional(2);
      const isPlain = node.string('activation', 'none') === 'none';
      narrowed(node, node.output(0), (to) => {
        const inputs = [whole, node.input(1), ...(bias === undefined ? [] : [bias])];
        const [y = to] = node.call(
          'Conv',
          inputs.map((value) => widened(node, value)),
          { attributes: { group: channels, dilations: [dilation] }, ...(isPlain ? { to } : {}) },
        );
        if (isPlain) return;
        mapped(node, to.dims, (c) => c.op('mul_f32', c.f32(y), c.op('sigmoid_f32', c.f32(y))), to);
      });
    },
  };
}
export const CausalConvWithState = causalConv('', [27, NEWEST_OPSET], {});
export const MicrosoftCausalConvWithState = causalConv('com.microsoft', [1, 1], {
  channels_last: { kind: 'int', oneOf: [0] },
  dilation: { kind: 'int' },
  ndim: { kind: 'int', oneOf: [1] },
  state_window: { kind: 'int', oneOf: [0] },
});

interface CacheSizes {
  readonly batch: number;
  /** Between the batch axis and the one of the rows. */
  readonly outer: number;
  readonly rows: number;
  readonly fresh: number;
  readonly inner: number;
}

function cacheSizes(node: ShapeContext): CacheSizes {
  const [cache, update] = [node.input(0).dims, node.input(1).dims];
  const axis = normalizeAxis('TensorScatter', node.int('axis', -2), cache.length);
  const [batch = 0] = cache;
  const rows = cache[axis] ?? 0;
  const fresh = update[axis] ?? 0;
  const fits = update.every((size, k) => (k === axis ? size <= rows : size === cache[k]));
  const starts = node.optional(2)?.dims ?? [batch];
  if (axis === 0 || update.length !== cache.length || !fits || starts.join() !== String(batch)) {
    throw new RangeError(
      `TensorScatter: expected an update that differs from ${formatShape(cache)} in axis ${axis} > 0 only, and write_indices [${batch}], got ${formatShape(update)} and ${formatShape(starts)}. Correct them.`,
    );
  }
  return {
    batch,
    outer: sizeOf(cache.slice(1, axis)),
    rows,
    fresh,
    inner: sizeOf(cache.slice(axis + 1)),
  };
}

/** First written row of every batch entry, as int32 within −fresh … rows; of a circle 0 … rows − 1. */
function startsOf(node: LowerContext, { batch, rows, fresh }: CacheSizes): Value {
  const given = node.optional(2);
  if (given === undefined) return zeros(node, 'int32', [batch, 1, 1]);
  let found: Value | undefined;
  if (node.string('mode', 'linear') === 'circular') {
    [found] = node.call('Mod', [given, longs(node, rows)]);
  } else {
    const [least = given] = node.call('Max', [given, longs(node, -fresh)]);
    [found] = node.call('Min', [least, longs(node, rows)]);
  }
  return view(node, castTo(node, found ?? given, 'int32'), [batch, 1, 1]);
}

export const TensorScatter: OpDef = {
  type: 'TensorScatter',
  opsets: [24, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    axis: { kind: 'int' },
    mode: { kind: 'string', oneOf: ['linear', 'circular'] },
  },
  dtypes(node) {
    const [cache, update] = [node.dtypeOf(0), node.dtypeOf(1)];
    integerOf(node, 2, 'int64');
    if (cache === undefined || cache !== update) {
      throw new TypeError(
        `TensorScatter: update: expected ${cache ?? 'a tensor'} as the cache, got ${update ?? 'nothing'}. Cast it.`,
      );
    }
    return [cache];
  },
  infer(node) {
    cacheSizes(node);
    return [node.input(0).dims];
  },
  lower(node) {
    const sizes = cacheSizes(node);
    const { batch, outer, rows, fresh, inner } = sizes;
    const [cache, out] = [node.input(0), node.output(0)];
    if (fresh === 0 || sizeOf(out.dims) === 0) {
      node.alias(out, cache);
      return;
    }
    // The old rows and the new ones behind them; every row of the result is one of both.
    const both = joined(
      node,
      [
        view(node, cache, [batch, outer, rows, inner]),
        view(node, node.input(1), [batch, outer, fresh, inner]),
      ],
      2,
    );
    const starts = startsOf(node, sizes);
    const isCircle = node.string('mode', 'linear') === 'circular';
    const row = integers(
      node,
      [rows],
      Array.from({ length: rows }, (_, i) => i),
    );
    const [zero, count] = [integers(node, [], [0]), integers(node, [], [fresh])];
    const length = integers(node, [], [rows]);
    const indices = node.temp('int32', [batch, outer, rows]);
    emitChain(node, indices, (c) => {
      const place = c.word(row);
      const plain = c.op('sub_i32', place, c.word(starts));
      const isBefore = c.op('less_i32', plain, c.word(zero));
      const around = c.op('add_i32', plain, c.word(length));
      const step = isCircle ? c.op('select_word', isBefore, around, plain) : plain;
      const isNew = c.op(
        'and_bool',
        c.op('greater_equal_i32', step, c.word(zero)),
        c.op('less_i32', step, c.word(count)),
      );
      const from = c.op('add_i32', step, c.word(length));
      return c.op('select_word', isNew, from, place);
    });
    const tuples = view(node, indices, [batch, outer, rows, 1]);
    const [found = both] = node.call('GatherND', [both, tuples], { attributes: { batch_dims: 2 } });
    node.alias(out, found);
  },
};
