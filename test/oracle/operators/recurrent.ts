// RNN, GRU and LSTM: the steps of docs/NUMERICS.md, one batch entry and one time step after the other.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { at, floatOf, inputOf, intOf, stringOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { wide } from '../wide.ts';

type Function1 = (x: number) => number;
type Vector = readonly number[];

const ratio = (num: bigint, den: bigint): number => f.roundRational(num, den);
const affine = (x: number, alpha: number, beta: number): number =>
  f.add(f.multiply(alpha, x), beta);

interface Entry {
  readonly alpha?: number;
  readonly beta?: number;
  readonly of: (x: number, alpha: number, beta: number) => number;
}
/** By lower-case name; a default says that the function takes that parameter. */
export const ACTIVATIONS: Readonly<Record<string, Entry>> = {
  affine: { alpha: f.kOne, beta: f.kZero, of: affine },
  elu: {
    alpha: f.kOne,
    of: (x, alpha) =>
      f.compare(x, f.kZero) === -1
        ? f.multiply(alpha, f.subtract(elementary.exp(x), f.kOne))
        : f.read(x),
  },
  hardsigmoid: {
    alpha: ratio(1n, 5n),
    beta: ratio(1n, 2n),
    of: (x, alpha, beta) => f.minimum(f.maximum(affine(x, alpha, beta), f.kZero), f.kOne),
  },
  leakyrelu: {
    alpha: ratio(1n, 100n),
    of: (x, alpha) => (f.compare(x, f.kZero) === -1 ? f.multiply(x, alpha) : f.read(x)),
  },
  relu: { of: (x) => f.maximum(x, f.kZero) },
  scaledtanh: {
    alpha: f.kOne,
    beta: f.kOne,
    of: (x, alpha, beta) => f.multiply(alpha, elementary.tanh(f.multiply(beta, x))),
  },
  sigmoid: { of: elementary.sigmoid },
  softplus: { of: elementary.softplus },
  softsign: { of: (x) => f.divide(x, f.add(f.kOne, f.absolute(x))) },
  tanh: { of: elementary.tanh },
  thresholdedrelu: {
    alpha: f.kOne,
    of: (x, alpha) => (f.compare(x, alpha) === -1 ? f.kZero : f.read(x)),
  },
};

/** The functions of a list, alphas and betas given in order to those that take one. */
export function functionsOf(
  names: readonly string[],
  alphas: readonly number[],
  betas: readonly number[],
): Function1[] {
  const [first, second] = [[...alphas], [...betas]];
  return names.map((name) => {
    const entry = ACTIVATIONS[name.toLowerCase()];
    if (entry === undefined) throw new RangeError(`no activation ${name}.`);
    const alpha = entry.alpha === undefined ? f.kZero : (first.shift() ?? entry.alpha);
    const beta = entry.beta === undefined ? f.kZero : (second.shift() ?? entry.beta);
    return (x) => entry.of(x, alpha, beta);
  });
}

interface Cell {
  readonly hidden: number;
  /** Row g · hidden + j of R, and Rb. */
  readonly r: (row: number) => Vector;
  readonly rb: (row: number) => number;
  readonly p: (gate: number, j: number) => number;
  readonly hasP: boolean;
  readonly act: readonly Function1[];
  readonly flag: boolean;
}
interface State {
  readonly h: Vector;
  readonly c: Vector;
}

const each = (n: number, of: (j: number) => number): number[] =>
  Array.from({ length: n }, (_, j) => of(j));

/** (h·Rᵀ + Rb) of gate g, element j. */
const side = (cell: Cell, h: Vector, gate: number, j: number): number =>
  f.add(f.dot(h, cell.r(gate * cell.hidden + j)), cell.rb(gate * cell.hidden + j));

function step(
  type: string,
  cell: Cell,
  x: (gate: number, j: number) => number,
  { h, c }: State,
): State {
  const n = cell.hidden;
  const [first, second, third] = cell.act;
  if (first === undefined) throw new RangeError('no activation.');
  if (type === 'RNN') {
    return { h: each(n, (j) => first(f.add(x(0, j), side(cell, h, 0, j)))), c };
  }
  if (second === undefined) throw new RangeError('no second activation.');
  if (type === 'GRU') {
    const z = each(n, (j) => first(f.add(x(0, j), side(cell, h, 0, j))));
    const r = each(n, (j) => first(f.add(x(1, j), side(cell, h, 1, j))));
    const reset = each(n, (j) => f.multiply(at(r, j), at(h, j)));
    const candidate = each(n, (j) => {
      const other = cell.flag ? f.multiply(at(r, j), side(cell, h, 2, j)) : side(cell, reset, 2, j);
      return second(f.add(x(2, j), other));
    });
    const next = each(n, (j) =>
      f.add(
        f.multiply(f.subtract(f.kOne, at(z, j)), at(candidate, j)),
        f.multiply(at(z, j), at(h, j)),
      ),
    );
    return { h: next, c };
  }
  if (third === undefined) throw new RangeError('no third activation.');
  const peek = (a: number, gate: number, j: number, state: Vector): number =>
    cell.hasP ? f.add(a, f.multiply(cell.p(gate, j), at(state, j))) : a;
  const gate = (g: number, j: number): number => f.add(x(g, j), side(cell, h, g, j));
  const i = each(n, (j) => first(peek(gate(0, j), 0, j, c)));
  const forget = each(n, (j) =>
    cell.flag ? f.subtract(f.kOne, at(i, j)) : first(peek(gate(2, j), 2, j, c)),
  );
  const next = each(n, (j) =>
    f.add(f.multiply(at(forget, j), at(c, j)), f.multiply(at(i, j), second(gate(3, j)))),
  );
  const o = each(n, (j) => first(peek(gate(1, j), 1, j, next)));
  return { h: each(n, (j) => f.multiply(at(o, j), third(at(next, j)))), c: next };
}

const KINDS: Readonly<Record<string, { gates: number; names: readonly string[]; flag: string }>> = {
  RNN: { gates: 1, names: ['Tanh'], flag: '' },
  GRU: { gates: 3, names: ['Sigmoid', 'Tanh'], flag: 'linear_before_reset' },
  LSTM: { gates: 4, names: ['Sigmoid', 'Tanh', 'Tanh'], flag: 'input_forget' },
};

function recurrent(node: OracleNode): OracleTensor[] {
  const kind = KINDS[node.opType];
  if (kind === undefined) throw new TypeError(`no ${node.opType}.`);
  const { gates } = kind;
  const batchFirst = intOf(node, 'layout', 0) === 1;
  const [x, w, r] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const [batch, steps] = [at(x.dims, batchFirst ? 0 : 1), at(x.dims, batchFirst ? 1 : 0)];
  const [input, hidden] = [at(x.dims, 2), at(r.dims, 2)];
  const way = stringOf(node, 'direction', 'forward');
  const directions = way === 'bidirectional' ? 2 : 1;
  const optional = (i: number): number[] | undefined => node.inputs[i] && wordsOf(node.inputs[i]);
  const [xs, ws, rs] = [wordsOf(x), wordsOf(w), wordsOf(r)];
  const [b, h0, c0, p] = [optional(3), optional(5), optional(6), optional(7)];
  const lengths = node.inputs[4]?.data.map(Number);
  const list = (name: string): readonly number[] => {
    const found = node.attributes.get(name);
    return found?.type === 'floats' ? found.bits : [];
  };
  const named = node.attributes.get('activations');
  const names =
    named?.type === 'strings'
      ? named.value
      : Array.from({ length: directions }, () => kind.names).flat();
  const clip = floatOf(node, 'clip', undefined);
  const functions = functionsOf(names, list('activation_alpha'), list('activation_beta')).map(
    (of): Function1 =>
      clip === undefined ? of : (a) => of(f.minimum(f.maximum(a, f.negate(clip)), clip)),
  );
  const y = new Array<number>(steps * directions * batch * hidden).fill(f.kZero);
  const last: State[] = [];
  const count = kind.names.length;
  for (let d = 0; d < directions; d += 1) {
    const rows = gates * hidden;
    const bias = (k: number): number => (b === undefined ? f.kZero : at(b, d * 2 * rows + k));
    const cell: Cell = {
      hidden,
      r: (row) => rs.slice((d * rows + row) * hidden, (d * rows + row + 1) * hidden),
      rb: (row) => bias(rows + row),
      p: (gate, j) => at(p ?? [], (d * 3 + gate) * hidden + j),
      hasP: p !== undefined,
      act: functions.slice(d * count, (d + 1) * count),
      flag: kind.flag !== '' && intOf(node, kind.flag, 0) !== 0,
    };
    for (let e = 0; e < batch; e += 1) {
      const from = (batchFirst ? e * directions + d : d * batch + e) * hidden;
      const initial = (words: number[] | undefined): number[] =>
        each(hidden, (j) => (words === undefined ? f.kZero : at(words, from + j)));
      let state: State = { h: initial(h0), c: initial(c0) };
      const length = Math.max(0, Math.min(steps, lengths?.[e] ?? steps));
      const isReverse = way === 'reverse' || d === 1;
      for (let k = 0; k < length; k += 1) {
        const t = isReverse ? length - 1 - k : k;
        const start = (batchFirst ? e * steps + t : t * batch + e) * input;
        const own = xs.slice(start, start + input);
        state = step(
          node.opType,
          cell,
          (gate, j) => {
            const row = d * rows + gate * hidden + j;
            return f.add(
              f.dot(own, ws.slice(row * input, (row + 1) * input)),
              bias(gate * hidden + j),
            );
          },
          state,
        );
        const place = batchFirst
          ? (e * steps + t) * directions + d
          : (t * directions + d) * batch + e;
        state.h.forEach((word, j) => (y[place * hidden + j] = word));
      }
      last.push(state);
    }
  }
  const dims = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  const states = (of: (state: State) => Vector): OracleTensor => {
    const data: number[] = [];
    const [outer, inner] = [at(dims, 0), at(dims, 1)];
    for (let a = 0; a < outer; a += 1) {
      for (let k = 0; k < inner; k += 1) {
        const [d, e] = batchFirst ? [k, a] : [a, k];
        data.push(...of(at(last, d * batch + e)));
      }
    }
    // An initial state that no step followed is given as it came, read canonically.
    return tensorOf('float32', dims, data);
  };
  const whole = batchFirst
    ? [batch, steps, directions, hidden]
    : [steps, directions, batch, hidden];
  const outputs = [tensorOf('float32', whole, y), states((s) => s.h)];
  return node.opType === 'LSTM' ? [...outputs, states((s) => s.c)] : outputs;
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  RNN: wide(recurrent),
  GRU: wide(recurrent),
  LSTM: wide(recurrent),
};
