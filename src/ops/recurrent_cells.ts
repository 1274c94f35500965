// One step of RNN, GRU and LSTM (V7), from what the inputs give to the gates (x = X·Wᵀ + Wb, for all steps at once) and the
// states before. Every product is V4 sums, everything else a V2 or V6 step in the order written; a is clipped, where there is
// a clip, before its activation.
//   h = H·Rᵀ + Rb
//   RNN   H' = f(x + h)
//   GRU   z = f(x + h), r = f(x + h); n = g(x + ((r·H)·Rᵀ + Rb)) or, linear_before_reset, n = g(x + r·h);
//         H' = (1 − z)·n + z·H
//   LSTM  i = f(x + h + P·C), F = f(x + h + P·C) or, input_forget, 1 − i; n = g(x + h); C' = F·C + i·n;
//         o = f(x + h + P·C'); H' = o·h(C')
// Not here: sequences, directions, layouts (recurrent.ts).
import type { LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import type { Activation } from './named_activations.ts';
import { part } from './attend.ts';
import { mapped, type ChainBuilder } from './chain_builder.ts';
import { emitProduct } from './product.ts';

/** Weights of one direction, and what the attributes say. */
export interface Cell {
  readonly hidden: number;
  /** [gates · hidden, hidden] and its rows by gate. */
  readonly recurrence: Value;
  readonly recurrenceOf: (gate: number) => Value;
  /** Rb, [gates · hidden], or undefined. */
  readonly bias: Value | undefined;
  readonly biasOf: (gate: number) => Value | undefined;
  /** P of input, output and forget gate, [hidden]. */
  readonly peepholes: readonly [Value, Value, Value] | undefined;
  readonly activations: readonly Activation[];
  readonly clip: number | undefined;
  readonly isFlagged: boolean;
}

/** States: H, and C of an LSTM. */
export interface States {
  readonly h: Value;
  readonly c: Value | undefined;
}

/** One step: `x` is [batch, gates · hidden]. */
export type Step = (node: LowerContext, cell: Cell, x: Value, before: States) => States;

/** h·Rᵀ + Rb, for the rows of R given. */
function recurrent(node: LowerContext, h: Value, weights: Value, bias: Value | undefined): Value {
  const [batch = 0, hidden = 0] = h.dims;
  const n = weights.dims[0] ?? 0;
  const to = node.temp('float32', [batch, n]);
  emitProduct(
    node,
    to,
    { value: h, batch: [], rowStride: hidden, columnStride: 1 },
    { value: weights, batch: [], rowStride: 1, columnStride: hidden },
    batch,
    n,
    hidden,
  );
  if (bias === undefined) return to;
  return mapped(node, to.dims, (c) => c.op('add_f32', c.f32(to), c.f32(bias)));
}

const sum = (node: LowerContext, a: Value, b: Value): Value =>
  mapped(node, a.dims, (c) => c.op('add_f32', c.f32(a), c.f32(b)));

const gateOf = (node: LowerContext, a: Value, gate: number, hidden: number): Value =>
  part(node, a, 1, gate * hidden, hidden);

function clipped(c: ChainBuilder, x: number, clip: number | undefined): number {
  if (clip === undefined) return x;
  return c.op('min_f32', c.op('max_f32', x, c.scalar(-clip)), c.scalar(clip));
}

/** The activation `k` of a, clipped. */
function active(node: LowerContext, cell: Cell, k: number, a: Value): Value {
  const activation = cell.activations[k];
  if (activation === undefined) throw new RangeError(`${node.opType}: no activation ${k}.`);
  return mapped(node, a.dims, (c) => activation.steps(c, clipped(c, c.f32(a), cell.clip)));
}

export const rnnStep: Step = (node, cell, x, { h }) => {
  const a = sum(node, x, recurrent(node, h, cell.recurrence, cell.bias));
  return { h: active(node, cell, 0, a), c: undefined };
};

export const gruStep: Step = (node, cell, x, { h }) => {
  const { hidden } = cell;
  const isLinear = cell.isFlagged;
  const own = isLinear ? recurrent(node, h, cell.recurrence, cell.bias) : undefined;
  const gate = (k: number): Value => {
    const side =
      own === undefined
        ? recurrent(node, h, cell.recurrenceOf(k), cell.biasOf(k))
        : gateOf(node, own, k, hidden);
    return active(node, cell, 0, sum(node, gateOf(node, x, k, hidden), side));
  };
  const [z, r] = [gate(0), gate(1)];
  let side: Value;
  if (own === undefined) {
    const reset = mapped(node, h.dims, (c) => c.op('mul_f32', c.f32(r), c.f32(h)));
    side = recurrent(node, reset, cell.recurrenceOf(2), cell.biasOf(2));
  } else {
    const third = gateOf(node, own, 2, hidden);
    side = mapped(node, third.dims, (c) => c.op('mul_f32', c.f32(r), c.f32(third)));
  }
  const n = active(node, cell, 1, sum(node, gateOf(node, x, 2, hidden), side));
  const next = mapped(node, h.dims, (c) =>
    c.op(
      'add_f32',
      c.op('mul_f32', c.op('sub_f32', c.scalar(1), c.f32(z)), c.f32(n)),
      c.op('mul_f32', c.f32(z), c.f32(h)),
    ),
  );
  return { h: next, c: undefined };
};

export const lstmStep: Step = (node, cell, x, { h, c: before }) => {
  const { hidden, peepholes } = cell;
  if (before === undefined) throw new RangeError('LSTM: no cell state.');
  const a = sum(node, x, recurrent(node, h, cell.recurrence, cell.bias));
  const [inputs, outputs, forgets, cells] = [0, 1, 2, 3].map((k) => gateOf(node, a, k, hidden));
  if (!inputs || !outputs || !forgets || !cells) throw new RangeError('LSTM: no gates.');
  const peeking = (gate: Value, p: Value | undefined, state: Value): Value =>
    p === undefined
      ? gate
      : mapped(node, gate.dims, (c) =>
          c.op('add_f32', c.f32(gate), c.op('mul_f32', c.f32(p), c.f32(state))),
        );
  const i = active(node, cell, 0, peeking(inputs, peepholes?.[0], before));
  const f = cell.isFlagged
    ? mapped(node, i.dims, (c) => c.op('sub_f32', c.scalar(1), c.f32(i)))
    : active(node, cell, 0, peeking(forgets, peepholes?.[2], before));
  const n = active(node, cell, 1, cells);
  const next = mapped(node, i.dims, (c) =>
    c.op('add_f32', c.op('mul_f32', c.f32(f), c.f32(before)), c.op('mul_f32', c.f32(i), c.f32(n))),
  );
  const o = active(node, cell, 0, peeking(outputs, peepholes?.[1], next));
  const out = active(node, cell, 2, next);
  const result = mapped(node, i.dims, (c) => c.op('mul_f32', c.f32(o), c.f32(out)));
  return { h: result, c: next };
};
