// BatchNormalization, for inference and while training, and the optimisers of ai.onnx.preview.training.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { at, floatOf, inputOf, intOf, sizeOf, stringOf, tensorOf, wordsOf } from '../node.ts';
import { setsAlong, termsOf } from '../sets.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

const decimal = (num: bigint, den: bigint): number => f.roundRational(num, den);
const kNineTenths = decimal(9n, 10n);

function isTraining(node: OracleNode): boolean {
  if (node.opset >= 14) return intOf(node, 'training_mode', 0) !== 0;
  return node.opset < 7 ? intOf(node, 'is_test', 0) === 0 : node.outputs > 1;
}

function batchNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const [scale, bias, oldMean, oldVariance] = [1, 2, 3, 4].map((i) =>
    wordsOf(inputOf(node, i)),
  ) as [number[], number[], number[], number[]];
  const epsilon = floatOf(node, 'epsilon', decimal(1n, 100000n));
  const momentum = floatOf(node, 'momentum', kNineTenths);
  const inner = sizeOf(x.dims.slice(2));
  const everyPlace = node.opset < 9 && intOf(node, 'spatial', 1) === 0;
  const count = scale.length;
  const own = everyPlace ? x.dims.slice(1) : [count];
  const which = (i: number): number =>
    everyPlace ? i % count : x.dims.length === 1 ? 0 : Math.floor(i / inner) % count;
  let [mean, variance] = [oldMean, oldVariance];
  if (isTraining(node)) {
    const axes = x.dims.map((_, axis) => axis);
    const reduced = everyPlace ? [0] : axes.filter((axis) => axis !== 1 || axes.length === 1);
    const sets = setsAlong(x.dims, reduced).positions.map((set) => termsOf(words, set));
    const n = f.wordOfInteger(BigInt(sets[0]?.length ?? 0));
    mean = sets.map((terms) => f.divide(f.sumTree(terms), n));
    variance = sets.map((terms, i) => {
      const squares = terms.map((word) => {
        const d = f.subtract(word, at(mean, i));
        return f.multiply(d, d);
      });
      return f.divide(f.sumTree(squares), n);
    });
  }
  const a = scale.map((s, i) => f.divide(s, f.sqrt(f.add(at(variance, i), epsilon))));
  const b = a.map((slope, i) => f.subtract(at(bias, i), f.multiply(at(mean, i), slope)));
  const y = words.map((word, i) => f.add(f.multiply(word, at(a, which(i))), at(b, which(i))));
  const share = f.subtract(f.kOne, momentum);
  const running = (old: readonly number[], current: readonly number[]): OracleTensor =>
    tensorOf(
      'float32',
      own,
      old.map((word, i) => f.add(f.multiply(word, momentum), f.multiply(at(current, i), share))),
    );
  return [
    tensorOf('float32', x.dims, y),
    running(oldMean, mean),
    running(oldVariance, variance),
    tensorOf('float32', own, mean),
    tensorOf('float32', own, variance),
  ];
}

/** What an optimiser makes of one element: the new x, then the new states. */
type Step = (x: number, g: number, states: readonly number[]) => number[];

const optimiser =
  (
    states: number,
    stepOf: (node: OracleNode, rate: number, count: number) => Step,
  ): OracleOperator =>
  (node) => {
    const each = 2 + states;
    const total = (node.inputs.length - 2) / each;
    const rate = at(wordsOf(inputOf(node, 0)), 0);
    const count = f.wordOfInteger(BigInt(at(inputOf(node, 1).data, 0)));
    const step = stepOf(node, rate, count);
    const norm = floatOf(node, 'norm_coefficient', f.kZero);
    const results: OracleTensor[] = [];
    for (let i = 0; i < total; i += 1) {
      const { dims } = inputOf(node, 2 + i);
      const lists = Array.from({ length: each }, (_, k) =>
        wordsOf(inputOf(node, 2 + k * total + i)),
      );
      const made = at(lists, 0).map((x, e) => {
        const [, gradient = 0, ...rest] = lists.map((list) => at(list, e));
        return step(x, f.add(f.multiply(norm, x), gradient), rest);
      });
      for (let k = 0; k <= states; k += 1) {
        results[k * total + i] = tensorOf(
          'float32',
          dims,
          made.map((one) => at(one, k)),
        );
      }
    }
    return results;
  };

const less = (a: number, b: number): number => f.subtract(a, b);
const epsilonOf = (node: OracleNode): number => floatOf(node, 'epsilon', decimal(1n, 1000000n));

const adagrad = optimiser(1, (node, rate, count) => {
  const decay = floatOf(node, 'decay_factor', f.kZero);
  const r = f.divide(rate, f.add(f.kOne, f.multiply(count, decay)));
  return (x, g, [h = 0]) => {
    const sum = f.add(h, f.multiply(g, g));
    const root = f.add(f.sqrt(sum), epsilonOf(node));
    return [less(x, f.divide(f.multiply(r, g), root)), sum];
  };
});

const adam = optimiser(2, (node, rate, count) => {
  const alpha = floatOf(node, 'alpha', kNineTenths);
  const beta = floatOf(node, 'beta', decimal(999n, 1000n));
  const post = floatOf(node, 'norm_coefficient_post', f.kZero);
  const rest = (base: number): number => less(f.kOne, elementary.pow(base, count));
  const r =
    f.compare(count, f.kZero) === 1
      ? f.divide(f.multiply(rate, f.sqrt(rest(beta))), rest(alpha))
      : f.read(rate);
  return (x, g, [v = 0, h = 0]) => {
    const first = f.add(f.multiply(alpha, v), f.multiply(less(f.kOne, alpha), g));
    const second = f.add(f.multiply(beta, h), f.multiply(f.multiply(less(f.kOne, beta), g), g));
    const root = f.add(f.sqrt(second), epsilonOf(node));
    const next = less(x, f.divide(f.multiply(r, first), root));
    return [f.multiply(less(f.kOne, post), next), first, second];
  };
});

const momentum = optimiser(1, (node, rate, count) => {
  const [alpha, beta] = [floatOf(node, 'alpha', f.kZero), floatOf(node, 'beta', f.kZero)];
  const nesterov = stringOf(node, 'mode', 'standard') === 'nesterov';
  const factor = f.compare(count, f.kZero) === 1 ? beta : f.kOne;
  return (x, g, [v = 0]) => {
    const next = f.add(f.multiply(alpha, v), f.multiply(factor, g));
    const way = nesterov ? f.add(g, f.multiply(alpha, next)) : next;
    return [less(x, f.multiply(rate, way)), next];
  };
});

export const operators: Readonly<Record<string, OracleOperator>> = {
  BatchNormalization: batchNormalization,
  'ai.onnx.preview.training:Adagrad': adagrad,
  'ai.onnx.preview.training:Adam': adam,
  'ai.onnx.preview.training:Momentum': momentum,
};
