// One direction of RNN, GRU or LSTM over all steps: as one dispatch (wasm/ops/recurrent.c), or as a chain of the dispatches of
// recurrent_cells.ts, which a GPU can run. The bits are the same.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { joined, part } from './attend.ts';
import { emitPack, emitProduct } from './product.ts';
import type { Cell, States, Step } from './recurrent_cells.ts';
import { integers, view, zeros } from './wide.ts';
import { mapped } from './chain_builder.ts';

/** A layer in one direction: no twin, since every step waits for the one before. */
export const recurrent: Kernel = {
  name: 'recurrent',
  params: paramFields(
    'steps',
    'batch',
    'hidden',
    'kind',
    'flag',
    'reverse',
    'has_clip',
    'has_peepholes',
    'has_lengths',
    'clip:f32',
    'pad0',
    'pad1',
    'functions[4]',
    'alpha:f32[4]',
    'beta:f32[4]',
  ),
};
const KINDS = ['RNN', 'GRU', 'LSTM'];
// From this many steps on the layer is one dispatch; fewer are a chain of them, nine a step, which a GPU can run. On the
// reference one dispatch is never slower, and a plan of a thousand steps takes 20 ms in place of two seconds.
const LONG = { wasm: 1, webgpu: 65 };

/** Whether x [steps, batch, …] is run as one dispatch. */
export function isOneDispatch(node: LowerContext, x: Value, hidden: number): boolean {
  const [steps = 0, batch = 0] = x.dims;
  return steps >= LONG[node.target] && batch * hidden > 0;
}

export interface Family {
  readonly type: 'RNN' | 'GRU' | 'LSTM';
  readonly gates: number;
  /** Names of the default activations, for one direction. */
  readonly activations: readonly string[];
  /** The attribute that makes `isFlagged`. */
  readonly flag: string | undefined;
  readonly step: Step;
}

/** X·Wᵀ + Wb for every step: [steps, batch, gates · hidden]. */
export function projected(node: LowerContext, x: Value, w: Value, bias: Value | undefined): Value {
  const [steps = 0, batch = 0, input = 0] = x.dims;
  const n = w.dims[0] ?? 0;
  const to = node.temp('float32', [steps, batch, n]);
  emitProduct(
    node,
    to,
    { value: x, batch: [], rowStride: input, columnStride: 1 },
    { value: w, batch: [], rowStride: 1, columnStride: input },
    steps * batch,
    n,
    input,
  );
  if (bias === undefined) return to;
  return mapped(node, to.dims, (c) => c.op('add_f32', c.f32(to), c.f32(bias)));
}

/** The states behind every step, and Y as [steps, batch, hidden]. */
export function run(
  node: LowerContext,
  family: Family,
  cell: Cell,
  x: Value,
  initial: States,
  isReverse: boolean,
  lengths: Value | undefined,
): { states: States; y: Value } {
  const [steps = 0, batch = 0] = x.dims;
  let states = initial;
  const rows: Value[] = [];
  for (let k = 0; k < steps; k += 1) {
    const t = isReverse ? steps - 1 - k : k;
    const own = view(node, part(node, x, 0, t, 1), [batch, x.dims[2] ?? 0]);
    const next = family.step(node, cell, own, states);
    let row = next.h;
    if (lengths === undefined) states = next;
    else {
      const step = integers(node, [], [t]);
      const kept = (fresh: Value, old: Value | undefined): Value =>
        mapped(node, fresh.dims, (c) => {
          const isInside = c.op('less_i32', c.word(step), c.word(lengths));
          // A state that no step has changed yet is copied (V1).
          const other = old === undefined ? c.scalar(0) : c.word(old);
          return c.op('select_word', isInside, c.f32(fresh), other);
        });
      row = kept(next.h, undefined);
      states = {
        h: kept(next.h, states.h),
        c: next.c === undefined ? undefined : kept(next.c, states.c),
      };
    }
    rows[t] = view(node, row, [1, ...row.dims]);
  }
  const y = steps === 0 ? zeros(node, 'float32', [0, batch, cell.hidden]) : joined(node, rows, 0);
  return { states, y };
}

/** The same as one dispatch. */
export function runLong(
  node: LowerContext,
  { type, gates }: Family,
  cell: Cell,
  x: Value,
  initial: States,
  isReverse: boolean,
  lengths: Value | undefined,
): { states: States; y: Value } {
  const [steps = 0, batch = 0] = x.dims;
  const { hidden, activations, clip } = cell;
  const weights = view(node, cell.recurrence, [gates, hidden, hidden]);
  const packed = emitPack(node, weights, [gates], hidden, hidden, 1, hidden);
  const bias = cell.bias ?? zeros(node, 'float32', [gates * hidden]);
  const peepholes = cell.peepholes === undefined ? bias : joined(node, cell.peepholes, 0);
  const y = node.temp('float32', [steps, batch, hidden]);
  const [h, c] = [0, 1].map(() => node.temp('float32', [batch, hidden]));
  if (h === undefined || c === undefined) throw new RangeError('no states');
  const padded = Math.ceil(hidden / 8) * 8;
  const list = (of: (activation: (typeof activations)[number]) => number): number[] =>
    activations.map(of);
  node.emit(recurrent, {
    params: {
      steps,
      batch,
      hidden,
      kind: KINDS.indexOf(type),
      flag: cell.isFlagged ? 1 : 0,
      reverse: isReverse ? 1 : 0,
      has_clip: clip === undefined ? 0 : 1,
      has_peepholes: cell.peepholes === undefined ? 0 : 1,
      has_lengths: lengths === undefined ? 0 : 1,
      clip: clip ?? 0,
      pad0: 0,
      pad1: 0,
      functions: list(({ code }) => code),
      alpha: list(({ alpha }) => alpha),
      beta: list(({ beta }) => beta),
    },
    inputs: [
      x,
      packed,
      bias,
      initial.h,
      initial.c ?? initial.h,
      peepholes,
      lengths ?? integers(node, [1], [0]),
    ],
    outputs: [y, h, c],
    units: batch,
    unitCost: steps * gates * hidden * (hidden + 16),
    scratch: 4 * padded * (8 + gates) + 16,
  });
  y.canonical = true;
  return { states: { h, c: initial.c === undefined ? undefined : c }, y };
}
