// Losses: by hand, ignored and negative targets, special words, every reduction with and without weights, and the same
// scores under other shapes.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type OpCase, type Same } from '../harness/cases.ts';
import { floats, integers } from '../harness/prng.ts';

interface Loss {
  readonly dims: readonly number[];
  readonly scores: readonly number[] | Float32Array;
  readonly target: readonly number[];
  readonly weight?: readonly number[] | Float32Array;
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
  readonly dtype?: 'int32' | 'int64';
  readonly outputs?: number;
  readonly opset?: number;
}

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  { dims, scores, target, weight, attributes = {}, dtype = 'int64', outputs, opset = 22 }: Loss,
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const [n = 0, classes = 0, ...spatial] = dims;
  return nodeCase(
    `loss/${opType} ${id}`,
    group,
    {
      opType,
      opset,
      attributes,
      inputs: [
        { dtype: 'float32', dims, data: scores },
        {
          dtype,
          dims: [n, ...spatial],
          data: dtype === 'int64' ? target.map(BigInt) : target,
        },
        ...(weight === undefined
          ? []
          : [{ dtype: 'float32', dims: [classes], data: weight } as const]),
      ],
      ...(outputs === undefined ? {} : { outputs }),
    },
    extra,
  );
}

const kNll = 'NegativeLogLikelihoodLoss';
const kSce = 'SoftmaxCrossEntropyLoss';
const BOTH = [kNll, kSce];
const scalar = (x: number): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', [x], [])],
});

const pair: Loss = { dims: [2, 3], scores: [-1, -2, -4, -8, -16, -32], target: [1, 2] };
const defined: OpCase[] = [
  one('mean', 'defined', kNll, pair, scalar(17)),
  one('sum', 'defined', kNll, { ...pair, attributes: { reduction: 'sum' } }, scalar(34)),
  one(
    'none,negative target',
    'defined',
    kNll,
    { ...pair, target: [-1, 0], dtype: 'int32', attributes: { reduction: 'none' } },
    { expected: [new Tensor('float32', [4, 8], [2])] },
  ),
  one('weights', 'defined', kNll, { ...pair, weight: [9, 3, 1] }, scalar(9.5)),
  one('ignored', 'defined', kNll, { ...pair, attributes: { ignore_index: 1 } }, scalar(32)),
  one(
    'weights,ignored',
    'defined',
    kNll,
    { ...pair, target: [-5, 1], weight: [9, 3, 1], attributes: { ignore_index: -5 } },
    scalar(16),
  ),
  one(
    'all ignored',
    'defined',
    kNll,
    { ...pair, target: [1, 1], attributes: { ignore_index: 1 } },
    scalar(NaN),
  ),
  one(
    'log_prob',
    'defined',
    kSce,
    { dims: [1, 1, 2], scores: [5, 7], target: [0, 0], outputs: 2 },
    {
      expected: [new Tensor('float32', [0], []), new Tensor('float32', [0, 0], [1, 1, 2])],
    },
  ),
];

const edges: OpCase[] = BOTH.flatMap((opType) => [
  one('data=special', 'edges', opType, {
    dims: [5, 4],
    scores: floats(1, 20, 'special'),
    target: [0, 3, 1, 2, 3],
    attributes: { reduction: 'none' },
  }),
  one('data=special,weights', 'edges', opType, {
    dims: [3, 4, 2],
    scores: floats(2, 24, 'subnormal'),
    target: [0, 3, 1, 2, 3, -1],
    weight: floats(3, 4, 'special'),
    attributes: { reduction: 'none', ignore_index: 2 },
  }),
  one('target outside', 'edges', opType, {
    dims: [3, 2],
    scores: floats(4, 6),
    target: [2, -3, 1],
    weight: [2, 3],
  }),
  one('empty', 'edges', opType, { dims: [0, 3], scores: [], target: [] }),
]);

const SHAPES: readonly (readonly number[])[] = [
  [3, 5],
  [2, 3, 7],
  [3, 5, 6, 4],
  [1, 67],
  [130, 2],
];
const random: OpCase[] = BOTH.flatMap((opType) =>
  SHAPES.flatMap((dims, k) =>
    ['none', 'sum', 'mean'].map((reduction, r) => {
      const [n = 0, classes = 0, ...spatial] = dims;
      const size = spatial.reduce((a, b) => a * b, 1);
      const seed = 10 * k + r;
      const weighted = (k + r) % 2 === 0;
      return one(`dims=${dims.join('x')},${reduction}`, 'random', opType, {
        dims,
        scores: floats(seed, n * classes * size, r === 1 ? 'wide' : 'normal'),
        target: integers(seed, n * size, -1, classes),
        ...(weighted ? { weight: floats(seed + 1, classes) } : {}),
        attributes: { reduction, ...(r === k % 3 ? { ignore_index: 1 } : {}) },
        dtype: k % 2 === 0 ? 'int64' : 'int32',
        opset: [12, 13, 22][r] ?? 22,
        outputs: opType === kSce && r === 2 ? 2 : 1,
      });
    }),
  ),
);

// 70 losses as a batch and as one row of positions.
const scores = floats(77, 70 * 3);
const across = Float32Array.from(scores, (_, i) => scores[(i % 70) * 3 + Math.floor(i / 70)] ?? 0);
const target = integers(78, 70, 0, 3);
const invariance: OpCase[] = BOTH.flatMap((opType) => {
  const same = { key: `loss/${opType} layout` };
  return [
    one('layout=batch', 'invariance', opType, { dims: [70, 3], scores, target }, { same }),
    one(
      'layout=positions',
      'invariance',
      opType,
      { dims: [1, 3, 7, 10], scores: across, target },
      { same },
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
