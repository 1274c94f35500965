// Activations ("Activations" in docs/NUMERICS.md): each formula once more, step by step on canonical words.
import * as double from '../double.ts';
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import * as integer from '../integer.ts';
import type { Element } from '../layout.ts';
import { at, broadcastTo, floatOf, inputOf, sizeOf, stringOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { binaryStep, unary } from './elementwise.ts';

const { add, subtract, multiply, divide, compare, maximum, minimum } = f;

/** num / den as an f32 word. */
const word = (num: bigint, den = 1n): number => f.roundRational(num, den);
const kHalf = word(1n, 2n);
const kTwo = word(2n);
const kThree = word(3n);
const isNegative = (x: number): boolean => compare(x, f.kZero) === -1;
const isGreater = (x: number, y: number): boolean => compare(x, y) === 1;

const leaky = (x: number, slope: number): number =>
  isNegative(x) ? multiply(x, slope) : f.read(x);
const elu = (x: number, alpha: number): number =>
  isNegative(x) ? multiply(alpha, subtract(elementary.exp(x), f.kOne)) : f.read(x);
const hardSigmoid = (x: number, alpha: number, beta: number): number =>
  maximum(minimum(add(multiply(alpha, x), beta), f.kOne), f.kZero);

function selu(x: number, alpha: number, gamma: number): number {
  if (!isNegative(x)) return multiply(gamma, x);
  return multiply(gamma, subtract(multiply(alpha, elementary.exp(x)), alpha));
}

function shrink(x: number, lambd: number, bias: number): number {
  if (compare(x, f.negate(lambd)) === -1) return add(x, bias);
  return isGreater(x, lambd) ? subtract(x, bias) : f.kZero;
}

/** f32(0.63661977236), f32(0.044715). */
const kTwoOverPi = word(63661977236n, 100000000000n);
const kCubeFactor = word(44715n, 1000000n);

function gelu(x: number, tanh: boolean): number {
  const cube = (): number => multiply(kCubeFactor, elementary.pow(x, kThree));
  const curve = tanh
    ? elementary.tanh(multiply(f.sqrt(kTwoOverPi), add(x, cube())))
    : elementary.erf(divide(x, f.sqrt(kTwo)));
  return multiply(multiply(kHalf, x), add(f.kOne, curve));
}

/** An operator of one operand and of float attributes with these defaults. */
const formula =
  (
    defaults: Readonly<Record<string, number>>,
    of: (x: number, attribute: (name: string) => number) => number,
  ): OracleOperator =>
  (node) => {
    const attribute = (name: string): number => floatOf(node, name, defaults[name] ?? f.kZero);
    const x = inputOf(node, 0);
    return [
      tensorOf(
        'float32',
        x.dims,
        wordsOf(x).map((one) => of(one, attribute)),
      ),
    ];
  };

/** Slopes for channels before opset 7: one for all, or one a channel. */
function prelu(node: OracleNode): OracleTensor[] {
  const [x, given] = [inputOf(node, 0), inputOf(node, 1)];
  const channels = node.opset < 7 && given.dims.length === 1 && given.dims[0] !== 1;
  const slope = channels
    ? { ...given, dims: [...given.dims, ...x.dims.slice(2).map(() => 1)] }
    : given;
  const slopes = broadcastTo(slope, x.dims);
  const step = (value: Element, i: number): Element => {
    const by = at(slopes, i);
    if (x.dtype === 'float32') return leaky(Number(value), Number(by));
    return value < 0 ? integer.wrapped(x.dtype, BigInt(value) * BigInt(by)) : value;
  };
  return [tensorOf(x.dtype, x.dims, x.data.map(step))];
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
  const upper = binaryStep('Max', x.dtype, maximum, double.maximum);
  const lower = binaryStep('Min', x.dtype, minimum, double.minimum);
  const data = x.data.map((value) => {
    let start = value;
    if (x.dtype === 'float32') start = f.read(Number(value));
    if (x.dtype === 'float64') start = double.read(BigInt(value));
    const above = least === undefined ? start : upper(start, least);
    return most === undefined ? above : lower(above, most);
  });
  return [tensorOf(x.dtype, x.dims, data)];
}

const kSelu = {
  alpha: word(167326319217681884765625n, 10n ** 23n),
  gamma: word(105070102214813232421875n, 10n ** 23n),
};
const kSelu1 = { alpha: word(16732n, 10000n), gamma: word(10507n, 10000n) };
const seluFrom = (defaults: Readonly<Record<string, number>>): OracleOperator =>
  formula(defaults, (x, attribute) => selu(x, attribute('alpha'), attribute('gamma')));

export const operators: Readonly<Record<string, OracleOperator>> = {
  Celu: formula({ alpha: f.kOne }, (x, attribute) =>
    multiply(attribute('alpha'), elu(divide(x, attribute('alpha')), f.kOne)),
  ),
  Clip: clip,
  Elu: formula({ alpha: f.kOne }, (x, attribute) => elu(x, attribute('alpha'))),
  Gelu: (node) =>
    formula({}, (x) => gelu(x, stringOf(node, 'approximate', 'none') === 'tanh'))(node),
  HardSigmoid: formula({ alpha: word(1n, 5n), beta: kHalf }, (x, attribute) =>
    hardSigmoid(x, attribute('alpha'), attribute('beta')),
  ),
  HardSwish: formula({}, (x) => multiply(x, hardSigmoid(x, word(1n, 6n), kHalf))),
  LeakyRelu: formula({ alpha: word(1n, 100n) }, (x, attribute) => leaky(x, attribute('alpha'))),
  Mish: formula({}, (x) => multiply(x, elementary.tanh(elementary.softplus(x)))),
  PRelu: prelu,
  Relu: unary(
    (x) => maximum(x, f.kZero),
    (x) => double.maximum(x, 0n),
  ),
  Selu: (node) => seluFrom(node.opset < 6 ? kSelu1 : kSelu)(node),
  Shrink: formula({ lambd: kHalf, bias: f.kZero }, (x, attribute) =>
    shrink(x, attribute('lambd'), attribute('bias')),
  ),
  Sigmoid: unary(elementary.sigmoid),
  Softsign: formula({}, (x) => divide(x, add(f.kOne, f.absolute(x)))),
  Swish: formula({ alpha: f.kOne }, (x, attribute) =>
    multiply(x, elementary.sigmoid(multiply(attribute('alpha'), x))),
  ),
  Tanh: unary(elementary.tanh),
  ThresholdedRelu: formula({ alpha: f.kOne }, (x, attribute) =>
    isGreater(x, attribute('alpha')) ? f.read(x) : f.kZero,
  ),
};
