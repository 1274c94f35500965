// Arithmetic element by element: one V2 or V6 operation of float32, one V8 operation of integers, one of float64 (V9), after
// broadcasting; comparisons and logic. Activations are in activation.ts.
import * as double from '../double.ts';
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import * as integer from '../integer.ts';
import type { Element } from '../layout.ts';
import {
  at,
  broadcastDims,
  broadcastTo,
  inputOf,
  intOf,
  stringOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import { converted } from './cast.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;
type Unary64 = (x: bigint) => bigint;
type Binary64 = (a: bigint, b: bigint) => bigint;

/** f32 by `step`, float64 by `step64`, integers by the exact function of that name, wrapped. */
export const unary =
  (step: Unary, step64?: Unary64): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    if (x.dtype === 'float32') return [tensorOf('float32', x.dims, wordsOf(x).map(step))];
    if (x.dtype === 'float64') {
      if (step64 === undefined) throw new TypeError(`${node.opType}: no float64.`);
      return [
        tensorOf(
          'float64',
          x.dims,
          x.data.map((bits) => step64(BigInt(bits))),
        ),
      ];
    }
    const exact = integer.UNARY[node.opType];
    if (exact === undefined) throw new TypeError(`${node.opType}: no ${x.dtype}.`);
    const data = x.data.map((value) => integer.wrapped(x.dtype, exact(BigInt(value))));
    return [tensorOf(x.dtype, x.dims, data)];
  };

/** The second operand before opset 7: axes of size 1 behind those that it is aligned with. */
function second(node: OracleNode): OracleTensor {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  if (node.opset >= 7 || intOf(node, 'broadcast', 0) === 0) return b;
  const axis = intOf(node, 'axis', a.dims.length - b.dims.length);
  const behind = a.dims.length - (axis < 0 ? axis + a.dims.length : axis) - b.dims.length;
  return { ...b, dims: [...b.dims, ...Array.from({ length: behind }, () => 1)] };
}

/** Elements of two tensors, combined after broadcasting. */
function combine(
  a: OracleTensor,
  b: OracleTensor,
  dtype: OracleType,
  step: (a: Element, b: Element) => Element,
): OracleTensor {
  const dims = broadcastDims([a.dims, b.dims]);
  const right = broadcastTo(b, dims);
  return tensorOf(
    dtype,
    dims,
    broadcastTo(a, dims).map((value, i) => step(value, at(right, i))),
  );
}

/** What an operator of two elements of one type does to them. */
export function binaryStep(opType: string, dtype: OracleType, step: Binary, step64?: Binary64) {
  if (dtype === 'float32') return (a: Element, b: Element) => step(Number(a), Number(b));
  if (dtype === 'float64' && step64 !== undefined)
    return (a: Element, b: Element) => step64(BigInt(a), BigInt(b));
  const exact = integer.BINARY[opType];
  if (exact === undefined) throw new TypeError(`${opType}: no ${dtype}.`);
  return (a: Element, b: Element) => integer.wrapped(dtype, exact(BigInt(a), BigInt(b)));
}

/** An element alone is still stored canonically. */
function readTensor(x: OracleTensor): OracleTensor {
  if (x.dtype === 'float32') return { ...x, data: wordsOf(x).map(f.read) };
  if (x.dtype === 'float64') return { ...x, data: x.data.map((bits) => double.read(BigInt(bits))) };
  return x;
}

/** Two or more inputs of one type, combined from left to right; one input alone is still stored canonically. */
const folded =
  (step: Binary, step64?: Binary64): OracleOperator =>
  (node) => {
    const first = inputOf(node, 0);
    if (node.inputs.length === 1) return [readTensor(first)];
    const apply = binaryStep(node.opType, first.dtype, step, step64);
    const rest = node.inputs
      .slice(1)
      .map((_, i) => (i === 0 ? second(node) : inputOf(node, i + 1)));
    return [rest.reduce((sum, next) => combine(sum, next, first.dtype, apply), first)];
  };

/** The sum of all inputs divided by their number. */
function mean(node: OracleNode): OracleTensor[] {
  const [sum] = folded(f.add, double.add)(node);
  if (sum === undefined) throw new TypeError('Mean: no input.');
  const n = BigInt(node.inputs.length);
  const data =
    sum.dtype === 'float32'
      ? wordsOf(sum).map((word) => f.divide(word, f.wordOfInteger(n)))
      : sum.data.map((bits) => double.divide(BigInt(bits), double.round(n)));
  return [{ ...sum, data }];
}

/** Comparisons: of floats by the order of canonical reads, false with a NaN; of integers and bool by value. */
const comparison =
  (holds: (order: number) => boolean): OracleOperator =>
  (node) => {
    const [a, b] = [inputOf(node, 0), second(node)];
    const order = (x: Element, y: Element): number | undefined => {
      if (a.dtype === 'float32') return f.compare(Number(x), Number(y));
      if (a.dtype === 'float64') return double.compare(BigInt(x), BigInt(y));
      return x < y ? -1 : x > y ? 1 : 0;
    };
    return [
      combine(a, b, 'bool', (x, y) => {
        const found = order(x, y);
        return found !== undefined && holds(found) ? 1 : 0;
      }),
    ];
  };

const logic =
  (holds: (a: boolean, b: boolean) => boolean): OracleOperator =>
  (node) => [
    combine(inputOf(node, 0), second(node), 'bool', (a, b) => (holds(a === 1, b === 1) ? 1 : 0)),
  ];

/** Remainders: exact, with the sign of the divisor, with fmod = 1 (floats always) of the dividend. */
function mod(node: OracleNode): OracleTensor[] {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const fmod = intOf(node, 'fmod', 0) !== 0;
  return [
    combine(a, b, a.dtype, (x, y) => {
      if (a.dtype === 'float32') return remainderOfWords(Number(x), Number(y));
      if (a.dtype === 'float64') return double.remainder(BigInt(x), BigInt(y));
      return integer.wrapped(a.dtype, integer.remainder(BigInt(x), BigInt(y), fmod));
    }),
  ];
}

function remainderOfWords(x: number, y: number): number {
  const [a, b] = [f.read(x), f.read(y)];
  if (f.isNaNWord(a) || f.isNaNWord(b) || f.isInfinite(a) || b === f.kZero) return f.kNaN;
  if (f.isInfinite(b)) return a;
  const [p, q] = [f.valueOf(a), f.valueOf(b)];
  return f.storeRational((p.num * q.den) % (q.num * p.den), p.den * q.den);
}

/** Floats by their function, integers to integer powers exactly, integers to float powers as floats that are cast back. */
function pow(node: OracleNode): OracleTensor[] {
  const [x, y] = [inputOf(node, 0), second(node)];
  if (x.dtype !== 'float32' && integer.isInteger(y.dtype)) {
    return [
      combine(x, y, x.dtype, (a, b) =>
        integer.wrapped(x.dtype, integer.power(BigInt(a), BigInt(b))),
      ),
    ];
  }
  const powers = combine(converted(x, 'float32'), converted(y, 'float32'), 'float32', (a, b) =>
    elementary.pow(Number(a), Number(b)),
  );
  return [converted(powers, x.dtype)];
}

/** The bits that a shift leaves; by the width and more none. */
function bitShift(node: OracleNode): OracleTensor[] {
  const [x, y] = [inputOf(node, 0), inputOf(node, 1)];
  const left = stringOf(node, 'direction', '') === 'LEFT';
  return [
    combine(x, y, x.dtype, (a, b) => {
      const count = BigInt(b) > 64n ? 64n : BigInt(b);
      return integer.wrapped(x.dtype, left ? BigInt(a) << count : BigInt(a) >> count);
    }),
  ];
}

/** What an element of a float tensor is, as a bool. */
const judged =
  (holds: (x: number, node: OracleNode) => boolean): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    // Only NaN and infinities are asked for: those of float64 are those of float32.
    const special = (bits: bigint): number =>
      bits === double.kInfinity
        ? f.kInfinity
        : bits === double.kMinusInfinity
          ? f.kMinusInfinity
          : double.isNaNBits(bits)
            ? f.kNaN
            : f.kZero;
    const words = x.dtype === 'float64' ? x.data.map((bits) => special(BigInt(bits))) : wordsOf(x);
    return [
      tensorOf(
        'bool',
        x.dims,
        words.map((word) => (holds(word, node) ? 1 : 0)),
      ),
    ];
  };

const isInfinity = (word: number, node: OracleNode): boolean =>
  f.isInfinite(word) &&
  intOf(node, f.isNegative(word) ? 'detect_negative' : 'detect_positive', 1) !== 0;

/** A function of finite words to integers; others keep their canonical word. */
const integral =
  (of: (x: f.Rational) => bigint): Unary =>
  (word) => {
    const x = f.read(word);
    return f.isFinite(x) ? f.storeRational(of(f.valueOf(x))) : x;
  };

/** The integer nearest to x; of two, the even one. */
function nearestEven({ num, den }: f.Rational): bigint {
  const low = f.floorOf({ num, den });
  const twice = 2n * (num - low * den);
  return twice > den || (twice === den && low % 2n !== 0n) ? low + 1n : low;
}

const sign: Unary = (word) => {
  const order = f.compare(word, f.kZero);
  if (order === undefined) return f.kNaN;
  return f.wordOfInteger(BigInt(order));
};

const noFloat = (): never => {
  throw new TypeError('expected integers.');
};

export const operators: Readonly<Record<string, OracleOperator>> = {
  Abs: unary(f.absolute, double.absolute),
  Add: folded(f.add, double.add),
  And: logic((a, b) => a && b),
  BitShift: bitShift,
  BitwiseAnd: folded(noFloat),
  BitwiseNot: unary(noFloat),
  BitwiseOr: folded(noFloat),
  BitwiseXor: folded(noFloat),
  Ceil: unary(
    integral(({ num, den }) => -f.floorOf({ num: -num, den })),
    double.ceil,
  ),
  Div: folded(f.divide, double.divide),
  Equal: comparison((order) => order === 0),
  Erf: unary(elementary.erf),
  Exp: unary(elementary.exp, double.exp),
  Floor: unary(integral(f.floorOf), double.floor),
  Greater: comparison((order) => order > 0),
  GreaterOrEqual: comparison((order) => order >= 0),
  IsInf: judged(isInfinity),
  IsNaN: judged(f.isNaNWord),
  Less: comparison((order) => order < 0),
  LessOrEqual: comparison((order) => order <= 0),
  Log: unary(elementary.log, double.log),
  Max: folded(f.maximum, double.maximum),
  Mean: mean,
  Min: folded(f.minimum, double.minimum),
  Mod: mod,
  Mul: folded(f.multiply, double.multiply),
  Neg: unary(f.negate, double.negate),
  Not: (node) => {
    const x = inputOf(node, 0);
    return [
      tensorOf(
        'bool',
        x.dims,
        x.data.map((value) => 1 - Number(value)),
      ),
    ];
  },
  Or: logic((a, b) => a || b),
  Pow: pow,
  Reciprocal: unary(
    (x) => f.divide(f.kOne, x),
    (x) => double.divide(double.kOne, x),
  ),
  Round: unary(integral(nearestEven), double.integral(nearestEven)),
  Sign: unary(sign, double.sign),
  Sqrt: unary(f.sqrt, double.sqrt),
  Sub: folded(f.subtract, double.subtract),
  Sum: folded(f.add, double.add),
  Xor: logic((a, b) => a !== b),
};
