// Operators of com.microsoft that are others in one node: the compositions of docs/NUMERICS.md, through the oracle's own
// operators where one is a part.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { at, floatOf, inputOf, intOf, stringOf, tensorOf, wordsOf, broadcastTo } from '../node.ts';
import { elementAt, tensorBy } from '../layout.ts';
import type { OracleAttribute, OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { wide } from '../wide.ts';
import { operators as normalizations } from './normalization.ts';
import { operators as products } from './product.ts';
import { functionsOf } from './recurrent.ts';
import { cacheRow } from './rotary.ts';

function called(
  operator: OracleOperator | undefined,
  node: OracleNode,
  inputs: readonly (OracleTensor | undefined)[],
  attributes: ReadonlyMap<string, OracleAttribute> = node.attributes,
): readonly OracleTensor[] {
  if (operator === undefined) throw new TypeError('no such operator.');
  return operator({ ...node, opset: 17, inputs, attributes, outputs: 3 });
}
const first = (list: readonly OracleTensor[]): OracleTensor => at(list, 0);
const mapped = (x: OracleTensor, of: (word: number) => number): OracleTensor =>
  tensorOf('float32', x.dims, wordsOf(x).map(of));
const sum = (a: OracleTensor, b: OracleTensor | undefined): OracleTensor => {
  if (b === undefined) return a;
  const right = broadcastTo(b, a.dims).map(Number);
  return tensorOf(
    'float32',
    a.dims,
    wordsOf(a).map((word, i) => f.add(word, at(right, i))),
  );
};

/** The axes of an operand in the order in which it is multiplied. */
function reordered(node: OracleNode, i: number, letter: string): OracleTensor {
  const x = inputOf(node, i);
  const rank = x.dims.length;
  if (rank < 2) return x;
  let order = x.dims.map((_, axis) => axis);
  if (intOf(node, `transBatch${letter}`, 0) !== 0) {
    order = [...order.slice(1, rank - 1), 0, rank - 1];
  }
  if (intOf(node, `trans${letter}`, 0) !== 0) {
    order = [...order.slice(0, rank - 2), at(order, rank - 1), at(order, rank - 2)];
  }
  return tensorBy(
    x.dtype,
    order.map((axis) => at(x.dims, axis)),
    (index) => {
      const from = x.dims.map(() => 0);
      order.forEach((axis, k) => (from[axis] = at(index, k)));
      return elementAt(x, from);
    },
  );
}

function fusedMatMul(node: OracleNode): OracleTensor[] {
  const sides = [reordered(node, 0, 'A'), reordered(node, 1, 'B')];
  const product = first(called(products['MatMul'], node, sides));
  const alpha = floatOf(node, 'alpha', f.kOne);
  return [alpha === f.kOne ? product : mapped(product, (word) => f.multiply(word, alpha))];
}

/** The activation of a node, or undefined. */
function activationOf(
  node: OracleNode,
  params: readonly number[],
): ((x: number) => number) | undefined {
  const name = stringOf(node, 'activation', '');
  if (name === '') return undefined;
  if (name === 'Clip') {
    const [low = f.kMinusInfinity, high = f.kInfinity] = params;
    return (x) => f.minimum(f.maximum(x, low), high);
  }
  return functionsOf([name], params.slice(0, 1), params.slice(1))[0];
}

function fusedGemm(node: OracleNode): OracleTensor[] {
  const params = ['activation_alpha', 'activation_beta'].flatMap((name) => {
    const word = floatOf(node, name, undefined);
    return word === undefined ? [] : [word];
  });
  const y = first(called(products['Gemm'], node, node.inputs));
  const of = activationOf(node, params);
  return [of === undefined ? y : mapped(y, of)];
}

function fusedConv(node: OracleNode): OracleTensor[] {
  const found = node.attributes.get('activation_params');
  const y = first(called(products['Conv'], node, node.inputs.slice(0, 3)));
  const whole = sum(y, node.inputs[3]);
  const of = activationOf(node, found?.type === 'floats' ? found.bits : []);
  return [of === undefined ? whole : mapped(whole, of)];
}

/** f32(1e-12). */
const kEpsilon = f.roundRational(1n, 1000000000000n);
const rowAttributes = (node: OracleNode): ReadonlyMap<string, OracleAttribute> =>
  new Map<string, OracleAttribute>([
    ['axis', { type: 'int', value: -1 }],
    ['epsilon', { type: 'float', bits: floatOf(node, 'epsilon', kEpsilon) }],
  ]);

function skipLayer(node: OracleNode): OracleTensor[] {
  const whole = sum(sum(inputOf(node, 0), inputOf(node, 1)), node.inputs[4]);
  const inputs = [whole, inputOf(node, 2), node.inputs[3]];
  const made = called(normalizations['LayerNormalization'], node, inputs, rowAttributes(node));
  return [...made, whole];
}
function skipSimplified(node: OracleNode): OracleTensor[] {
  const whole = sum(sum(inputOf(node, 0), inputOf(node, 1)), node.inputs[3]);
  const [y, inverse] = called(
    normalizations['RMSNormalization'],
    node,
    [whole, inputOf(node, 2)],
    rowAttributes(node),
  );
  if (y === undefined || inverse === undefined) throw new TypeError('no outputs.');
  return [y, inverse, inverse, whole];
}

function embedLayer(node: OracleNode): OracleTensor[] {
  const ids = inputOf(node, 0);
  const [batch, rows] = [at(ids.dims, 0), at(ids.dims, 1)];
  const hidden = at(inputOf(node, 2).dims, 1);
  const words: number[] = [];
  const place = (list: OracleTensor | undefined, b: number, i: number): bigint => {
    if (list === undefined) return BigInt(i);
    return BigInt(at(list.data, list.dims[0] === 1 ? i : b * rows + i));
  };
  for (let b = 0; b < batch; b += 1) {
    for (let i = 0; i < rows; i += 1) {
      const word = cacheRow(inputOf(node, 2), BigInt(at(ids.data, b * rows + i)), hidden);
      const position = cacheRow(inputOf(node, 3), place(node.inputs[8], b, i), hidden);
      const both = word.map((x, k) => f.add(x, at(position, k)));
      const [segments, table] = [node.inputs[1], node.inputs[4]];
      if (segments === undefined || table === undefined) words.push(...both);
      else {
        const third = cacheRow(table, BigInt(at(segments.data, b * rows + i)), hidden);
        words.push(...both.map((x, k) => f.add(x, at(third, k))));
      }
    }
  }
  const whole = tensorOf('float32', [batch, rows, hidden], words);
  const inputs = [whole, inputOf(node, 5), inputOf(node, 6)];
  const y = first(called(normalizations['LayerNormalization'], node, inputs, rowAttributes(node)));
  const mask = node.inputs[7];
  const counts = Array.from({ length: batch }, (_, b) =>
    mask === undefined
      ? 0
      : mask.data.slice(b * rows, (b + 1) * rows).filter((x) => Number(x) === 1).length,
  );
  return [y, tensorOf('int32', [batch], counts), whole];
}

const kHalf = f.roundRational(1n, 2n);
const kTwo = f.wordOfInteger(2n);
/** (0.5 · x) · (1 + e). */
const halfTimes = (x: number, e: number): number =>
  f.multiply(f.multiply(kHalf, x), f.add(f.kOne, e));
const gelu = (x: number): number => halfTimes(x, elementary.erf(f.divide(x, f.sqrt(kTwo))));
/** f32(2 / π), from π to forty digits. */
const kTwoOverPi = f.roundRational(2n * 10n ** 40n, 31415926535897932384626433832795028841972n);
const kCubic = f.roundRational(44715n, 1000000n);
const kThree = f.wordOfInteger(3n);
function fast(x: number): number {
  const cubed = f.multiply(kCubic, elementary.pow(x, kThree));
  return halfTimes(x, elementary.tanh(f.multiply(f.sqrt(kTwoOverPi), f.add(x, cubed))));
}
const kQuick = f.roundRational(1702n, 1000n);

const each =
  (of: (x: number, node: OracleNode) => number): OracleOperator =>
  (node) => [mapped(sum(inputOf(node, 0), node.inputs[1]), (x) => of(x, node))];

function biasSplitGelu(node: OracleNode): OracleTensor[] {
  const x = sum(inputOf(node, 0), node.inputs[1]);
  const last = x.dims.length - 1;
  const half = at(x.dims, last) / 2;
  return [
    tensorBy('float32', [...x.dims.slice(0, last), half], (index) => {
      const own = at(index, last);
      const right = elementAt(x, [...index.slice(0, last), own + half]);
      return f.multiply(Number(elementAt(x, index)), gelu(Number(right)));
    }),
  ];
}

const microsoft = (
  entries: Readonly<Record<string, OracleOperator>>,
): Record<string, OracleOperator> =>
  Object.fromEntries(
    Object.entries(entries).map(([name, of]) => [`com.microsoft:${name}`, wide(of)]),
  );

export const operators: Readonly<Record<string, OracleOperator>> = microsoft({
  BiasAdd: (node) => [sum(sum(inputOf(node, 0), node.inputs[1]), node.inputs[2])],
  BiasGelu: each(gelu),
  BiasSplitGelu: biasSplitGelu,
  EmbedLayerNormalization: embedLayer,
  FastGelu: each(fast),
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: fusedMatMul,
  Gelu: each(gelu),
  QuickGelu: each((x, node) =>
    f.multiply(x, elementary.sigmoid(f.multiply(floatOf(node, 'alpha', kQuick), x))),
  ),
  SkipLayerNormalization: skipLayer,
  SkipSimplifiedLayerNormalization: skipSimplified,
});
