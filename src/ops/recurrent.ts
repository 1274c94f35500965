// RNN, GRU and LSTM over whole sequences (V7): both directions, both layouts, sequences of different lengths, every
// activation of ONNX. A step is recurrent_cells.ts; here is what surrounds it.
// A batch entry of length n keeps its states from step n on, and Y is +0 there; in reverse its steps are n − 1 … 0, its states
// before them the initial ones. Y_h and Y_c are the states behind the last step.
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { joined, part } from './attend.ts';
import { activationsOf, storable } from './named_activations.ts';
import { gruStep, lstmStep, rnnStep, type Cell } from './recurrent_cells.ts';
import { isOneDispatch, projected, run, runLong, type Family } from './recurrent_layer.ts';
import { emitStridedCopy } from './strided_copy.ts';
import { floatOf, integerOf, narrowed, view, widened, zeros } from './wide.ts';

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
  // All three are required: what reads W as one that may be absent comes later.
  const [x, , r] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
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
    const isLong = isOneDispatch(node, own, hidden);
    return (isLong ? runLong : run)(node, family, cell, own, before, isReverse, lengths);
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
      if (node.has('clip') && !(node.float('clip') >= 0)) {
        throw new RangeError(
          `${family.type}: clip: expected at least 0, got ${node.float('clip')}. Correct it.`,
        );
      }
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
