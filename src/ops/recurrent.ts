// RNN, GRU and LSTM over whole sequences (V7): both directions, both layouts, sequences of different lengths, every
// activation of ONNX. A step is recurrent_cells.ts; here is what surrounds it.
// A batch entry of length n keeps its states from step n on, and Y is +0 there; in reverse its steps are n − 1 … 0, its states
// before them the initial ones. Y_h and Y_c are the states behind the last step.
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { activationsOf, storable } from './named_activations.ts';
import { joined, part } from './attend.ts';
import { emitProduct } from './mat_mul.ts';
import {
  gruStep,
  lstmStep,
  rnnStep,
  type Cell,
  type States,
  type Step,
} from './recurrent_cells.ts';
import { mapped } from './reduce.ts';
import { emitStridedCopy } from './strided_copy.ts';
import { floatOf, integerOf, integers, narrowed, view, widened, zeros } from './wide.ts';

interface Family {
  readonly type: 'RNN' | 'GRU' | 'LSTM';
  readonly gates: number;
  /** Names of the default activations, for one direction. */
  readonly activations: readonly string[];
  /** The attribute that makes `isFlagged`. */
  readonly flag: string | undefined;
  readonly step: Step;
}

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly input: number;
  readonly hidden: number;
  readonly directions: number;
  /** Batch first: layout 1. */
  readonly batchFirst: boolean;
}

function sizesOf(node: ShapeContext, { type, gates }: Family): Sizes {
  const [x, r] = [node.input(0).dims, node.input(2).dims];
  const batchFirst = node.int('layout', 0) === 1;
  if (x.length !== 3) {
    throw new RangeError(`${type}: X: expected 3 axes, got ${formatShape(x)}. Reshape it.`);
  }
  const [first = 0, second = 0, input = 0] = x;
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  const directions = node.string('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden = r.at(-1) ?? 0;
  const check = (i: number, name: string, expected: readonly number[]): void => {
    const value = node.optional(i);
    if (value !== undefined && value.dims.join() !== expected.join()) {
      throw new RangeError(
        `${type}: ${name}: expected ${formatShape(expected)}, got ${formatShape(value.dims)}. Correct it.`,
      );
    }
  };
  if (node.int('hidden_size', hidden) !== hidden) {
    throw new RangeError(
      `${type}: hidden_size: expected ${hidden} as R ${formatShape(r)} has, got ${node.int('hidden_size')}. Correct it.`,
    );
  }
  check(1, 'W', [directions, gates * hidden, input]);
  check(2, 'R', [directions, gates * hidden, hidden]);
  check(3, 'B', [directions, 2 * gates * hidden]);
  check(4, 'sequence_lens', [batch]);
  const states = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  check(5, 'initial_h', states);
  check(6, 'initial_c', states);
  check(7, 'P', [directions, 3 * hidden]);
  return { steps, batch, input, hidden, directions, batchFirst };
}

/** Direction `d` of a tensor whose axis 0 are directions, without that axis. */
function direction(node: LowerContext, value: Value, d: number): Value {
  return view(node, part(node, value, 0, d, 1), value.dims.slice(1));
}

/** X·Wᵀ + Wb for every step: [steps, batch, gates · hidden]. */
function projected(node: LowerContext, x: Value, w: Value, bias: Value | undefined): Value {
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
function run(
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

/** Lengths [batch, 1] in int32, or undefined where every sequence is whole. */
function lengthsOf(node: LowerContext, { steps, batch }: Sizes): Value | undefined {
  const given = node.optional(4);
  if (given === undefined) return undefined;
  const known = node.constant(4);
  if (known !== undefined && Array.from(known, Number).every((length) => length >= steps)) {
    return undefined;
  }
  return view(node, given, [batch, 1]);
}

function lower(node: LowerContext, family: Family): void {
  const { type, gates } = family;
  const sizes = sizesOf(node, family);
  const { steps, batch, input, hidden, directions, batchFirst } = sizes;
  const f32 = (i: number): Value | undefined => {
    const value = node.optional(i);
    return value === undefined ? undefined : widened(node, value);
  };
  // Batch first: the axes swapped, here and behind.
  const swapped = (x: Value | undefined, to: readonly number[]): Value | undefined => {
    if (!batchFirst || x === undefined) return x;
    const [a = 0, b = 0, c = 0] = x.dims;
    const out = node.temp('float32', to);
    emitStridedCopy(node, out, x, { dims: [b, a, c], strides: [c, b * c, 1], offset: 0 });
    return out;
  };
  const x = swapped(f32(0), [steps, batch, input]);
  const [w, r, b, p] = [f32(1), f32(2), f32(3), f32(7)];
  if (x === undefined || w === undefined || r === undefined) return;
  const initialH = swapped(f32(5), [directions, batch, hidden]);
  const initialC = swapped(f32(6), [directions, batch, hidden]);
  const lengths = lengthsOf(node, sizes);
  const count = family.activations.length;
  const clip = node.has('clip') ? storable(node.float('clip')) : undefined;
  const all = activations(node, family);
  const way = node.string('direction', 'forward');
  const results = Array.from({ length: directions }, (_, d) => {
    const bias = b === undefined ? undefined : direction(node, b, d);
    const half = (from: number, size: number): Value | undefined =>
      bias === undefined ? undefined : part(node, bias, 0, from, size);
    const recurrence = direction(node, r, d);
    const peep = p === undefined ? undefined : direction(node, p, d);
    const peephole = (k: number): Value => part(node, peep ?? recurrence, 0, k * hidden, hidden);
    const rows = gates * hidden;
    const cell: Cell = {
      hidden,
      recurrence,
      recurrenceOf: (gate) => part(node, recurrence, 0, gate * hidden, hidden),
      bias: half(rows, rows),
      biasOf: (gate) => half(rows + gate * hidden, hidden),
      peepholes: peep === undefined ? undefined : [peephole(0), peephole(1), peephole(2)],
      activations: all.slice(d * count, (d + 1) * count),
      clip,
      isFlagged: family.flag !== undefined && node.int(family.flag, 0) !== 0,
    };
    const state = (given: Value | undefined): Value =>
      given === undefined ? zeros(node, 'float32', [batch, hidden]) : direction(node, given, d);
    const own = projected(node, x, direction(node, w, d), half(0, rows));
    const isReverse = way === 'reverse' || d === 1;
    const before = { h: state(initialH), c: type === 'LSTM' ? state(initialC) : undefined };
    return run(node, family, cell, own, before, isReverse, lengths);
  });
  if (node.wants(0)) {
    narrowed(node, node.output(0), (to) => {
      const parts = results.map(({ y }) => view(node, y, [steps, 1, batch, hidden]));
      if (!batchFirst) {
        joined(node, parts, 1, to);
        return;
      }
      const whole = joined(node, parts, 1);
      emitStridedCopy(node, to, whole, {
        dims: [batch, steps, directions, hidden],
        strides: [hidden, directions * batch * hidden, batch * hidden, 1],
        offset: 0,
      });
    });
  }
  const last = (i: number, values: readonly (Value | undefined)[]): void => {
    if (!node.wants(i)) return;
    narrowed(node, node.output(i), (to) => {
      const parts = values.flatMap((value) =>
        value === undefined ? [] : [view(node, value, [1, batch, hidden])],
      );
      if (!batchFirst) {
        joined(node, parts, 0, to);
        return;
      }
      emitStridedCopy(node, to, joined(node, parts, 0), {
        dims: [batch, directions, hidden],
        strides: [hidden, batch * hidden, 1],
        offset: 0,
      });
    });
  };
  last(
    1,
    results.map(({ states }) => states.h),
  );
  last(
    2,
    results.map(({ states }) => states.c),
  );
}

function activations(
  node: ShapeContext,
  { type, activations: defaults }: Family,
): ReturnType<typeof activationsOf> {
  const directions = node.string('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const names = node.has('activations')
    ? node.strings('activations')
    : Array.from({ length: directions }, () => defaults).flat();
  if (names.length !== defaults.length * directions) {
    throw new RangeError(
      `${type}: activations: expected ${defaults.length * directions}, got ${names.length}. Name one for each function.`,
    );
  }
  return activationsOf(
    type,
    names,
    node.floats('activation_alpha', []),
    node.floats('activation_beta', []),
  );
}

const COMMON: Readonly<Record<string, AttributeSpec>> = {
  activation_alpha: { kind: 'floats' },
  activation_beta: { kind: 'floats' },
  activations: { kind: 'strings' },
  clip: { kind: 'float' },
  direction: { kind: 'string', oneOf: ['forward', 'reverse', 'bidirectional'] },
  hidden_size: { kind: 'int' },
  layout: { kind: 'int', oneOf: [0, 1] },
  output_sequence: { kind: 'int' },
};

function define(family: Family): OpDef {
  const isLstm = family.type === 'LSTM';
  return {
    type: family.type,
    opsets: [1, NEWEST_OPSET],
    inputs: [3, isLstm ? 8 : 6],
    attributes: {
      ...COMMON,
      ...(family.flag === undefined ? {} : { [family.flag]: { kind: 'int' } }),
    },
    dtypes(node) {
      const dtype = floatOf(node, 0, 1, 2, 3, 5, 6, 7);
      integerOf(node, 4, 'int32');
      return isLstm ? [dtype, dtype, dtype] : [dtype, dtype];
    },
    infer(node) {
      const { steps, batch, hidden, directions, batchFirst } = sizesOf(node, family);
      activations(node, family);
      const state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
      return [
        batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden],
        state,
        ...(isLstm ? [state] : []),
      ];
    },
    lower: (node) => lower(node, family),
  };
}

export const RNN = define({
  type: 'RNN',
  gates: 1,
  activations: ['Tanh'],
  flag: undefined,
  step: rnnStep,
});
export const GRU = define({
  type: 'GRU',
  gates: 3,
  activations: ['Sigmoid', 'Tanh'],
  flag: 'linear_before_reset',
  step: gruStep,
});
export const LSTM = define({
  type: 'LSTM',
  gates: 4,
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  flag: 'input_forget',
  step: lstmStep,
});
