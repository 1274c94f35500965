// Element-wise operators: one V2 or V6 operation an element of float32, one V8 operation of integers, after broadcasting;
// comparisons and logic.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import * as integer from '../integer.ts';
import type { Element } from '../layout.ts';
import {
  at,
  broadcastDims,
  broadcastTo,
  floatOf,
  inputOf,
  sizeOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

/** f32 by `step`, integers by the exact function of that name, wrapped. */
export const unary =
  (step: Unary): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    const exact = integer.UNARY[node.opType];
    if (x.dtype === 'float32') return [tensorOf('float32', x.dims, wordsOf(x).map(step))];
    if (exact === undefined) throw new TypeError(`${node.opType}: no ${x.dtype}.`);
    const data = x.data.map((value) => integer.wrapped(x.dtype, exact(BigInt(value))));
    return [tensorOf(x.dtype, x.dims, data)];
  };

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
function binaryStep(opType: string, dtype: OracleType, step: Binary) {
  if (dtype === 'float32') return (a: Element, b: Element) => step(Number(a), Number(b));
  const exact = integer.BINARY[opType];
  if (exact === undefined) throw new TypeError(`${opType}: no ${dtype}.`);
  return (a: Element, b: Element) => integer.wrapped(dtype, exact(BigInt(a), BigInt(b)));
}

/** Two or more inputs of one type, combined from left to right; one input alone is still stored canonically. */
const folded =
  (step: Binary): OracleOperator =>
  (node) => {
    const first = inputOf(node, 0);
    const start =
      first.dtype === 'float32' ? { ...first, data: wordsOf(first).map(f.read) } : first;
    const apply = binaryStep(node.opType, first.dtype, step);
    const rest = node.inputs.slice(1).map((_, i) => inputOf(node, i + 1));
    return [rest.reduce((sum, next) => combine(sum, next, first.dtype, apply), start)];
  };

/** Comparisons: of f32 by the order of canonical reads, false with a NaN; of integers and bool by value. */
const comparison =
  (holds: (order: number) => boolean): OracleOperator =>
  (node) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const order = (x: Element, y: Element): number | undefined =>
      a.dtype === 'float32' ? f.compare(Number(x), Number(y)) : x < y ? -1 : x > y ? 1 : 0;
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
    combine(inputOf(node, 0), inputOf(node, 1), 'bool', (a, b) =>
      holds(a === 1, b === 1) ? 1 : 0,
    ),
  ];

/** Only the second input is broadcast. */
function prelu(node: OracleNode): OracleTensor[] {
  const [x, slope] = [inputOf(node, 0), inputOf(node, 1)];
  const slopes = broadcastTo(slope, x.dims);
  return [
    tensorOf(
      'float32',
      x.dims,
      wordsOf(x).map((word, i) => leaky(word, Number(at(slopes, i)))),
    ),
  ];
}

const leaky: Binary = (x, slope) =>
  f.compare(x, f.kZero) === -1 ? f.multiply(x, slope) : f.read(x);

/** f32(1/100). */
const kHundredth = f.roundRational(1n, 100n);

function leakyRelu(node: OracleNode): OracleTensor[] {
  const alpha = floatOf(node, 'alpha', kHundredth);
  return unary((x) => leaky(x, alpha))(node) as OracleTensor[];
}

/** Min(Max(x, min), max), each where it is given: inputs from opset 11, attributes before. */
function clip(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const bound = (i: number, name: string): Element | undefined => {
    const input = node.inputs[i];
    if (input !== undefined && sizeOf(input.dims) !== 1) throw new RangeError('Clip: no scalar.');
    return input === undefined ? floatOf(node, name, undefined) : input.data[0];
  };
  const [least, most] = [bound(1, 'min'), bound(2, 'max')];
  const upper = binaryStep('Max', x.dtype, f.maximum);
  const lower = binaryStep('Min', x.dtype, f.minimum);
  const data = x.data.map((value) => {
    const start = x.dtype === 'float32' ? f.read(Number(value)) : value;
    const above = least === undefined ? start : upper(start, least);
    return most === undefined ? above : lower(above, most);
  });
  return [tensorOf(x.dtype, x.dims, data)];
}

function isNaNOperator(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const data = wordsOf(x).map((word) => (f.isNaNWord(word) ? 1 : 0));
  return [tensorOf('bool', x.dims, data)];
}

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

export const operators: Readonly<Record<string, OracleOperator>> = {
  Abs: unary(f.absolute),
  Add: folded(f.add),
  And: logic((a, b) => a && b),
  Ceil: unary(integral(({ num, den }) => -f.floorOf({ num: -num, den }))),
  Clip: clip,
  Div: folded(f.divide),
  Equal: comparison((order) => order === 0),
  Erf: unary(elementary.erf),
  Exp: unary(elementary.exp),
  Floor: unary(integral(f.floorOf)),
  Greater: comparison((order) => order > 0),
  GreaterOrEqual: comparison((order) => order >= 0),
  IsNaN: isNaNOperator,
  LeakyRelu: leakyRelu,
  Less: comparison((order) => order < 0),
  LessOrEqual: comparison((order) => order <= 0),
  Log: unary(elementary.log),
  Max: folded(f.maximum),
  Min: folded(f.minimum),
  Mul: folded(f.multiply),
  Neg: unary(f.negate),
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
  PRelu: prelu,
  Pow: folded(elementary.pow),
  Reciprocal: unary((x) => f.divide(f.kOne, x)),
  Relu: unary((x) => f.maximum(x, f.kZero)),
  Round: unary(integral(nearestEven)),
  Sigmoid: unary(elementary.sigmoid),
  Sign: unary(sign),
  Sqrt: unary(f.sqrt),
  Sub: folded(f.subtract),
  Sum: folded(f.add),
  Tanh: unary(elementary.tanh),
  Xor: logic((a, b) => a !== b),
};
