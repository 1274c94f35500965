// Einsum: by hand, diagonals, ellipses, broadcast sizes, three operands, integers, special words, long sums.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase, type Same } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type Data = readonly number[] | Float32Array;
const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const given = (dims: readonly number[], data: Data): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const drawn = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput =>
  given(dims, floats(seed, sizeOf(dims), kind));

function one(
  id: string,
  group: OpCase['group'],
  equation: string,
  inputs: readonly CaseInput[],
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const spec = { opType: 'Einsum', opset: 12, attributes: { equation }, inputs };
  return nodeCase(`einsum/${equation}${id === '' ? '' : ` ${id}`}`, group, spec, extra);
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const square = given([2, 2], [1, 2, 3, 4]);
const pair = given([2], [10, 100]);
const defined: OpCase[] = [
  one('', 'defined', 'ij->ji', [square], of([2, 2], 1, 3, 2, 4)),
  one('', 'defined', 'ij->i', [square], of([2], 3, 7)),
  one('', 'defined', 'ii->i', [square], of([2], 1, 4)),
  one('', 'defined', 'ii', [square], of([], 5)),
  one('', 'defined', '->', [given([], [7])], of([], 7)),
  one('', 'defined', 'i,i', [pair, pair], of([], 10100)),
  one('', 'defined', 'i,j->ij', [pair, pair], of([2, 2], 100, 1000, 1000, 10000)),
  one('', 'defined', ' ij , j -> i ', [square, pair], of([2], 210, 430)),
  // Without an arrow the labels that occur once, in the order of the alphabet.
  one('', 'defined', 'ba', [square], of([2, 2], 1, 3, 2, 4)),
  one('', 'defined', '...i,...i->...', [square, square], of([2], 5, 25)),
  one('broadcast', 'defined', '...i,...i->...', [square, pair], of([2], 210, 430)),
  one('', 'defined', 'i,ij,j->', [pair, square, pair], of([], 45100)),
  one('', 'defined', 'i,j->', [pair, given([3], [1, 2, 3])], of([], 660)),
  one('size 1', 'defined', 'i,i->', [given([1], [2]), pair], of([], 220)),
  one('size 1', 'defined', 'i,i->i', [given([1], [2]), pair], of([2], 20, 200)),
];

const integersOf = (dtype: 'int32' | 'int64', dims: readonly number[], seed: number): CaseInput => {
  const list = integers(seed, sizeOf(dims), -100000, 100000);
  return { dtype, dims, data: dtype === 'int64' ? list.map(BigInt) : list };
};
const edges: OpCase[] = [
  ...(['special', 'subnormal'] as const).flatMap((kind, k) => [
    one(`data=${kind}`, 'edges', 'ij,jk->ik', [drawn([4, 6], k, kind), drawn([6, 5], 9 + k, kind)]),
    one(`data=${kind}`, 'edges', 'ij,kl->il', [drawn([4, 6], k, kind), drawn([3, 5], 9 + k, kind)]),
    one(`data=${kind}`, 'edges', 'ij,ij->ij', [drawn([4, 6], k, kind), drawn([4, 6], 9 + k, kind)]),
  ]),
  one('int32', 'edges', 'ij,jk->ik', [
    integersOf('int32', [2, 3], 1),
    integersOf('int32', [3, 4], 2),
  ]),
  one('int64', 'edges', 'ijk,kj->i', [
    integersOf('int64', [2, 3, 4], 3),
    integersOf('int64', [4, 3], 4),
  ]),
  one('empty', 'edges', 'ij,jk->ik', [drawn([2, 0], 1), drawn([0, 3], 2)]),
];

const EQUATIONS: readonly (readonly [string, readonly (readonly number[])[]])[] = [
  [
    'bij,bjk->bik',
    [
      [3, 4, 70],
      [3, 70, 5],
    ],
  ],
  [
    'bhqd,bhkd->bhqk',
    [
      [2, 3, 5, 8],
      [2, 3, 7, 8],
    ],
  ],
  [
    'bthd,bshd->bhts',
    [
      [2, 4, 3, 8],
      [2, 5, 3, 8],
    ],
  ],
  [
    'bij,bjk,bkl->bil',
    [
      [2, 3, 4],
      [2, 4, 5],
      [2, 5, 3],
    ],
  ],
  [
    'abc,cde,bd->ae',
    [
      [2, 3, 4],
      [4, 3, 5],
      [3, 3],
    ],
  ],
  [
    '...ij,...jk->...ik',
    [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  ],
  ['i...->...', [[70, 3, 2]]],
  [
    'iij,jj->j',
    [
      [3, 3, 4],
      [4, 4],
    ],
  ],
  [
    'a...,...b->ab...',
    [
      [2, 3],
      [3, 4],
    ],
  ],
  ['ijk->', [[5, 13, 70]]],
  [
    'xyz,zyx',
    [
      [2, 3, 4],
      [4, 3, 2],
    ],
  ],
];
const random: OpCase[] = EQUATIONS.flatMap(([equation, shapes], seed) =>
  (['normal', 'wide'] as const).map((kind) =>
    one(
      `data=${kind}`,
      'random',
      equation,
      shapes.map((dims, i) => drawn(dims, 10 * seed + i, kind)),
    ),
  ),
);

// The same product with operands transposed.
const [left, right] = [floats(90, 200), floats(91, 300)];
const flipped = Float32Array.from(left, (_, i) => left[(i % 2) * 100 + Math.floor(i / 2)] ?? 0);
const same = { key: 'einsum/layout' };
const invariance: OpCase[] = [
  one('', 'invariance', 'ik,kj->ij', [given([2, 100], left), given([100, 3], right)], { same }),
  one('', 'invariance', 'ki,kj->ij', [given([100, 2], flipped), given([100, 3], right)], { same }),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
