// MultiHeadAttention and Attention of com.microsoft: by hand with equal scores, every form of inputs, masks and caches, special
// words; and decoding: the last row of a sequence run at once, and from caches. GroupQueryAttention: group_query.cases.ts.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Data = readonly number[] | Float32Array;
type Inputs = readonly (CaseInput | undefined)[];
const f32 = (dims: readonly number[], data: Data): CaseInput => ({ dtype: 'float32', dims, data });
const i32 = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'int32',
  dims,
  data,
});
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: Inputs,
  attributes: Readonly<Record<string, CaseAttribute>>,
  extra: { expected?: readonly Tensor[]; same?: Same; outputs?: number } = {},
): OpCase {
  const { outputs = 1, ...rest } = extra;
  const spec = { opType, domain: 'com.microsoft', attributes, inputs, outputs };
  return nodeCase(`attention_ms/${opType} ${id}`, group, spec, rest);
}
const heads1 = { num_heads: 1 };
const zeros = (n: number): CaseInput => f32([1, n, 1], new Array<number>(n).fill(0));
const column = (...data: number[]): CaseInput => f32([1, data.length, 1], data);
const defined: OpCase[] = [
  one(
    'equal weights',
    'defined',
    'MultiHeadAttention',
    [zeros(2), column(1, 2), column(4, 8)],
    heads1,
    {
      expected: [of([1, 2, 1], 6, 6)],
    },
  ),
  one(
    'bias,unidirectional,cache',
    'defined',
    'MultiHeadAttention',
    [
      column(1, 2),
      column(1, 2),
      column(1, 3),
      f32([3], [0, 0, 1]),
      undefined,
      undefined,
      f32([1, 1, 1, 1], [0]),
      f32([1, 1, 1, 1], [8]),
    ],
    { ...heads1, unidirectional: 1, scale: { float: 0.5 ** 30 } },
    // A scale this small rounds every difference of scores away.
    {
      outputs: 3,
      expected: [
        of(
          [1, 2, 1],
          5,
          Math.fround(Math.fround(1 / 3) * 8 + Math.fround(1 / 3) * 2 + Math.fround(1 / 3) * 4),
        ),
        of([1, 1, 3, 1], 0, 1, 2),
        of([1, 1, 3, 1], 8, 2, 4),
      ],
    },
  ),
  one(
    'padding is as large as it says',
    'defined',
    'MultiHeadAttention',
    [zeros(1), column(1, 2), column(4, 8), undefined, i32([1, 2], 1, 0)],
    { ...heads1, mask_filter_value: { float: 0 } },
    { expected: [of([1, 1, 1], 6)] },
  ),
  one(
    'projections',
    'defined',
    'Attention',
    // q and k are 0, v = x · 2 + 1.
    [column(1, 3), f32([1, 3], [0, 0, 2]), f32([3], [0, 0, 1])],
    heads1,
    { outputs: 2, expected: [of([1, 2, 1], 5, 5), of([2, 1, 1, 2, 1], 0, 0, 3, 7)] },
  ),
  one(
    'ends',
    'defined',
    'Attention',
    [column(1, 3), f32([1, 3], [0, 0, 2]), f32([3], [0, 0, 1]), i32([1], 1)],
    heads1,
    { expected: [of([1, 2, 1], 3, 3)] },
  ),
];

function build(group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] {
  let next = seed;
  const f = (...dims: number[]): CaseInput => f32(dims, floats(next++, sizeOf(dims), kind));
  const out: OpCase[] = [];
  const add = (
    id: string,
    opType: string,
    attributes: Readonly<Record<string, CaseAttribute>>,
    outputs: number,
    ...inputs: (CaseInput | undefined)[]
  ): void => {
    while (inputs.at(-1) === undefined) inputs.pop();
    out.push(one(`${id},data=${kind}`, group, opType, inputs, attributes, { outputs }));
  };
  const mha = 'MultiHeadAttention';
  const two = { num_heads: 2 };
  const mask = i32([2, 5], 1, 1, 0, 1, 0, 1, 1, 1, 1, 0);
  add('separate', mha, two, 3, f(2, 3, 8), f(2, 5, 8), f(2, 5, 6), f(22), mask, f(1, 2, 3, 5));
  add(
    'packed',
    mha,
    { ...two, unidirectional: 1 },
    1,
    f(2, 3, 2, 3, 4),
    undefined,
    undefined,
    f(24),
  );
  add(
    'packed keys',
    mha,
    two,
    1,
    f(2, 3, 8),
    f(2, 70, 2, 2, 4),
    undefined,
    undefined,
    i32([2], 66, 3),
  );
  add('heads', mha, two, 1, f(2, 3, 8), f(2, 2, 5, 4), f(2, 2, 5, 6), f(28));
  add(
    'cache',
    mha,
    two,
    3,
    f(1, 2, 8),
    f(1, 2, 8),
    f(1, 2, 6),
    undefined,
    i32([1, 2, 5], 1, 1, 0, 1, 1, 1, 0, 0, 1, 1),
    undefined,
    f(1, 2, 3, 4),
    f(1, 2, 3, 3),
  );
  const att = 'Attention';
  add(
    'plain',
    att,
    two,
    2,
    f(2, 3, 5),
    f(5, 24),
    f(24),
    i32([4], 2, 3, 0, 1),
    undefined,
    f(2, 2, 3, 3),
  );
  add(
    'sizes',
    att,
    { ...two, qkv_hidden_sizes: [8, 8, 4], unidirectional: 1 },
    1,
    f(2, 3, 66),
    f(66, 20),
    f(20),
    i32([2, 3], 1, 1, 0, 0, 1, 1),
  );
  add(
    'past',
    att,
    { ...two, scale: { float: 0.3 } },
    2,
    f(2, 3, 5),
    f(5, 24),
    undefined,
    i32([8], 2, 5, 0, 0, 0, 0, 0, 0),
    f(2, 2, 2, 2, 4),
  );
  return out;
}
const edges: OpCase[] = [...build('edges', 'special', 100), ...build('edges', 'subnormal', 300)];
const random: OpCase[] = [...build('random', 'normal', 500), ...build('random', 'wide', 700)];

// A sequence of 67 rows and 2 heads of size 4: its last row.
const [rows, size] = [67, 4];
const [q, k, v] = [1, 6, 7].map((seed) => floats(seed, rows * 2 * size)) as [
  Float32Array,
  Float32Array,
  Float32Array,
];
const rowsOf = (data: Float32Array, width: number, from: number, to = rows): number[] => [
  ...data.slice(from * width, to * width),
];
const byHead = (data: Float32Array, from: number, to: number): number[] =>
  [0, 1].flatMap((h) =>
    Array.from({ length: to - from }, (_, i) => [
      ...data.slice(((from + i) * 2 + h) * size, ((from + i) * 2 + h + 1) * size),
    ]).flat(),
  );
const invariance: OpCase[] = [
  ...[0, 40, 66].map((past) =>
    one(
      `cache=${past}`,
      'invariance',
      'MultiHeadAttention',
      [
        f32([1, rows - past, 2 * size], rowsOf(q, 2 * size, past)),
        f32([1, rows - past, 2 * size], rowsOf(k, 2 * size, past)),
        f32([1, rows - past, 2 * size], rowsOf(v, 2 * size, past)),
        undefined,
        undefined,
        undefined,
        ...(past === 0
          ? []
          : [
              f32([1, 2, past, size], byHead(k, 0, past)),
              f32([1, 2, past, size], byHead(v, 0, past)),
            ]),
      ],
      { num_heads: 2, unidirectional: 1 },
      {
        same: {
          key: 'attention_ms/MultiHeadAttention row',
          from: (rows - past - 1) * 2 * size,
        },
      },
    ),
  ),
];
const projection = [f32([3, 6], floats(20, 18)), f32([6], floats(21, 6))];
const sequence = floats(22, 12);
invariance.push(
  one('alone', 'invariance', 'Attention', [f32([1, 4, 3], sequence), ...projection], heads1, {
    same: { key: 'attention_ms/Attention entry' },
  }),
  one(
    'second of two',
    'invariance',
    'Attention',
    [f32([2, 4, 3], [...floats(23, 12), ...sequence]), ...projection],
    heads1,
    { same: { key: 'attention_ms/Attention entry', from: 8 } },
  ),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
