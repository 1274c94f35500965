// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: the text of docs/NUMERICS.md, an element at a time.
import * as f from '../float.ts';
import { at, inputOf, intOf, sizeOf, stringOf, tensorOf, wordsOf } from '../node.ts';
import { setsAlong, termsOf } from '../sets.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { logSoftmaxOf } from './softmax.ts';

function loss(node: OracleNode, dims: readonly number[], logs: readonly number[]): OracleTensor {
  const target = inputOf(node, 1);
  const weight = node.inputs[2];
  const ignored = node.attributes.has('ignore_index')
    ? BigInt(intOf(node, 'ignore_index', 0))
    : undefined;
  const classes = at(dims, 1);
  const inner = sizeOf(dims.slice(2));
  const shares: number[] = [];
  const losses = target.data.map((element, i) => {
    const skipped = BigInt(element) === ignored;
    // An index counts from the end where it is negative; one outside finds zero bits.
    const named = skipped ? 0 : Number(element);
    const index = named < 0 ? named + classes : named;
    const found = index >= 0 && index < classes;
    const [n, rest] = [Math.floor(i / inner), i % inner];
    const log = skipped || !found ? f.kZero : at(logs, (n * classes + index) * inner + rest);
    let share = f.kOne;
    if (weight !== undefined) share = found ? at(wordsOf(weight), index) : f.kZero;
    if (skipped) share = f.kZero;
    shares.push(share);
    const plain = f.negate(log);
    return weight === undefined && ignored === undefined ? plain : f.multiply(plain, share);
  });
  switch (stringOf(node, 'reduction', 'mean')) {
    case 'none':
      return tensorOf('float32', target.dims, losses);
    case 'sum':
      return tensorOf('float32', [], [f.sumTree(losses)]);
    default: {
      const count =
        weight === undefined && ignored === undefined
          ? f.wordOfInteger(BigInt(losses.length))
          : f.sumTree(shares);
      return tensorOf('float32', [], [f.divide(f.sumTree(losses), count)]);
    }
  }
}

function crossEntropy(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const logs = [...words];
  for (const set of setsAlong(x.dims, [1]).positions) {
    logSoftmaxOf(termsOf(words, set)).forEach((word, i) => (logs[at(set, i)] = word));
  }
  return [loss(node, x.dims, logs), tensorOf('float32', x.dims, logs)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  NegativeLogLikelihoodLoss: (node) => {
    const x = inputOf(node, 0);
    return [loss(node, x.dims, wordsOf(x))];
  },
  SoftmaxCrossEntropyLoss: crossEntropy,
};
