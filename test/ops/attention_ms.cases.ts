// MultiHeadAttention, Attention and GroupQueryAttention of com.microsoft: by hand with equal scores, every form of inputs, masks
// and caches, ragged batches, rotary positions, windows, sinks, special words; and decoding: the last row of a sequence run at
// once, in two runs, one by one, in a larger buffer, in a batch.
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
const total = (n: number): CaseInput => ({ dtype: 'int32', dims: [], data: [n], constant: true });
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
const group1 = { num_heads: 1, kv_num_heads: 1 };
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
  one(
    'prompt',
    'defined',
    'GroupQueryAttention',
    [zeros(2), column(1, 2), column(4, 8), undefined, undefined, i32([1], 1), total(2)],
    group1,
    { outputs: 3, expected: [of([1, 2, 1], 4, 6), of([1, 1, 2, 1], 1, 2), of([1, 1, 2, 1], 4, 8)] },
  ),
  one(
    'ragged cache',
    'defined',
    'GroupQueryAttention',
    [
      f32([2, 1, 1], [0, 0]),
      f32([2, 1, 1], [5, 6]),
      f32([2, 1, 1], [16, 32]),
      f32([2, 1, 3, 1], [1, 2, 3, 4, 5, 6]),
      f32([2, 1, 3, 1], [4, 99, 99, 2, 4, 99]),
      i32([2], 1, 2),
      total(3),
    ],
    group1,
    {
      outputs: 3,
      expected: [
        of(
          [2, 1, 1],
          10,
          Math.fround(Math.fround(1 / 3) * 2 + Math.fround(1 / 3) * 4 + Math.fround(1 / 3) * 32),
        ),
        of([2, 1, 3, 1], 1, 5, 0, 4, 5, 6),
        of([2, 1, 3, 1], 4, 16, 0, 2, 4, 32),
      ],
    },
  ),
  one(
    'window',
    'defined',
    'GroupQueryAttention',
    [zeros(3), column(1, 2, 3), column(2, 4, 8), undefined, undefined, i32([1], 2), total(3)],
    { ...group1, local_window_size: 2 },
    { expected: [of([1, 3, 1], 2, 3, 6)] },
  ),
  one(
    'sink of weight 1/2',
    'defined',
    'GroupQueryAttention',
    [zeros(1), column(1), column(8), undefined, undefined, i32([1], 0), total(1)],
    { ...group1, smooth_softmax: 1 },
    { expected: [of([1, 1, 1], 4)] },
  ),
  one(
    'rotary: a half turn',
    'defined',
    'GroupQueryAttention',
    [
      f32([1, 1, 2], [0, 0]),
      f32([1, 1, 2], [1, 2]),
      f32([1, 1, 2], [4, 8]),
      f32([1, 1, 1, 2], [3, 5]),
      f32([1, 1, 1, 2], [8, 16]),
      i32([1], 1),
      total(2),
      f32([2, 1], [1, -1]),
      f32([2, 1], [0, 0]),
    ],
    { ...group1, do_rotary: 1 },
    {
      outputs: 3,
      expected: [
        of([1, 1, 2], 6, 12),
        of([1, 1, 2, 2], 3, 5, -1, -2),
        of([1, 1, 2, 2], 8, 16, 4, 8),
      ],
    },
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
  const gqa = 'GroupQueryAttention';
  const four = { num_heads: 4, kv_num_heads: 2 };
  const caches = (): [CaseInput, CaseInput] => [f(9, 3), f(9, 3)];
  add(
    'prompt',
    gqa,
    { ...four, do_rotary: 1 },
    3,
    f(2, 5, 24),
    f(2, 5, 12),
    f(2, 5, 12),
    undefined,
    undefined,
    i32([2], 2, 4),
    total(5),
    ...caches(),
  );
  add(
    'packed,cache',
    gqa,
    { ...four, do_rotary: 1, rotary_interleaved: 1, softcap: { float: 2 } },
    3,
    f(2, 1, 48),
    undefined,
    undefined,
    f(2, 2, 7, 6),
    f(2, 2, 7, 6),
    i32([2], 4, 7),
    total(8),
    ...caches(),
  );
  add(
    'chunk,window,sink,buffer',
    gqa,
    { ...four, local_window_size: 3, scale: { float: 0.7 } },
    3,
    f(1, 3, 24),
    f(1, 3, 12),
    f(1, 3, 12),
    f(1, 2, 10, 6),
    f(1, 2, 10, 6),
    i32([1], 6),
    total(8),
    undefined,
    undefined,
    undefined,
    f(1, 4, 3, 8),
    f(4),
  );
  add(
    'norms,smooth,both ways',
    gqa,
    { ...four, causal: 0, smooth_softmax: 1 },
    3,
    f(2, 3, 24),
    f(2, 3, 12),
    f(2, 3, 12),
    undefined,
    undefined,
    i32([2], 1, 2),
    total(3),
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    f(6),
    f(6),
  );
  add(
    'positions',
    gqa,
    { ...four, do_rotary: 1 },
    3,
    f(2, 1, 24),
    f(2, 1, 12),
    f(2, 1, 12),
    f(2, 2, 2, 6),
    f(2, 2, 2, 6),
    i32([2], 1, 2),
    total(3),
    ...caches(),
    { dtype: 'int64', dims: [2, 1], data: [8n, 0n] },
  );
  return out;
}
const edges: OpCase[] = [...build('edges', 'special', 100), ...build('edges', 'subnormal', 300)];
const random: OpCase[] = [...build('random', 'normal', 500), ...build('random', 'wide', 700)];

// A sequence of 67 rows, 2 query heads and one key head of size 4: its last row.
const [rows, size] = [67, 4];
const [q, k, v] = [floats(1, rows * 2 * size), floats(2, rows * size), floats(3, rows * size)];
const cosines = [f32([70, 2], floats(4, 140)), f32([70, 2], floats(5, 140))];
const group = { num_heads: 2, kv_num_heads: 1, do_rotary: 1 };
const key = 'attention_ms/GroupQueryAttention row';
const lastRow = { from: (rows - 1) * 2 * size, to: rows * 2 * size };
const rowsOf = (data: Float32Array, width: number, from: number, to = rows): number[] => [
  ...data.slice(from * width, to * width),
];
/** What the cache holds before row `n`: rotated by the operator itself in a run of its own, so v only is known here. */
const mhaAttributes = { num_heads: 2, unidirectional: 1 };
const wideK = floats(6, rows * 2 * size);
const wideV = floats(7, rows * 2 * size);
const byHead = (data: Float32Array, from: number, to: number): number[] =>
  [0, 1].flatMap((h) =>
    Array.from({ length: to - from }, (_, i) => [
      ...data.slice(((from + i) * 2 + h) * size, ((from + i) * 2 + h + 1) * size),
    ]).flat(),
  );
const pad = (width: number): number[] => Array.from({ length: 2 * width }, (_, i) => i - 3);
const invariance: OpCase[] = [
  one(
    'alone',
    'invariance',
    'GroupQueryAttention',
    [
      f32([1, rows, 2 * size], q),
      f32([1, rows, size], k),
      f32([1, rows, size], v),
      undefined,
      undefined,
      i32([1], rows - 1),
      total(rows),
      ...cosines,
    ],
    group,
    { same: { key, ...lastRow } },
  ),
  one(
    'padded behind',
    'invariance',
    'GroupQueryAttention',
    [
      f32([1, rows + 2, 2 * size], [...q, ...pad(2 * size)]),
      f32([1, rows + 2, size], [...k, ...pad(size)]),
      f32([1, rows + 2, size], [...v, ...pad(size)]),
      undefined,
      undefined,
      i32([1], rows - 1),
      total(rows + 2),
      ...cosines,
    ],
    group,
    { same: { key, ...lastRow } },
  ),
  one(
    'second of two',
    'invariance',
    'GroupQueryAttention',
    [
      f32([2, rows, 2 * size], [...floats(8, rows * 2 * size), ...q]),
      f32([2, rows, size], [...v, ...k]),
      f32([2, rows, size], [...k, ...v]),
      undefined,
      undefined,
      i32([2], 30, rows - 1),
      total(rows),
      ...cosines,
    ],
    group,
    { same: { key, from: (2 * rows - 1) * 2 * size } },
  ),
  // Without rotary positions the caches are the rows themselves.
  ...[0, 1, 40, 66].map((past) =>
    one(
      `cache=${past}`,
      'invariance',
      'GroupQueryAttention',
      [
        f32([1, rows - past, 2 * size], rowsOf(q, 2 * size, past)),
        f32([1, rows - past, size], rowsOf(k, size, past)),
        f32([1, rows - past, size], rowsOf(v, size, past)),
        ...(past === 0
          ? [undefined, undefined]
          : [
              f32([1, 1, past + 3, size], [...rowsOf(k, size, 0, past), ...pad(6)]),
              f32([1, 1, past + 3, size], [...rowsOf(v, size, 0, past), ...pad(6)]),
            ]),
        i32([1], rows - 1),
        total(rows),
      ],
      { num_heads: 2, kv_num_heads: 1 },
      {
        same: {
          key: `${key}, no positions`,
          from: (rows - past - 1) * 2 * size,
          to: (rows - past) * 2 * size,
        },
      },
    ),
  ),
  ...[0, 40, 66].map((past) =>
    one(
      `cache=${past}`,
      'invariance',
      'MultiHeadAttention',
      [
        f32([1, rows - past, 2 * size], rowsOf(q, 2 * size, past)),
        f32([1, rows - past, 2 * size], rowsOf(wideK, 2 * size, past)),
        f32([1, rows - past, 2 * size], rowsOf(wideV, 2 * size, past)),
        undefined,
        undefined,
        undefined,
        ...(past === 0
          ? []
          : [
              f32([1, 2, past, size], byHead(wideK, 0, past)),
              f32([1, 2, past, size], byHead(wideV, 0, past)),
            ]),
      ],
      mhaAttributes,
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
