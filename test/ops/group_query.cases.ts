// GroupQueryAttention of com.microsoft: by hand with equal scores, packed and apart, ragged batches and buffers, rotary positions,
// windows, sinks, norms, special words; and decoding: the last row of a sequence run at once, from caches in larger buffers,
// padded behind, in a batch.
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
  return nodeCase(`group_query/GroupQueryAttention ${id}`, group, spec, rest);
}
const group1 = { num_heads: 1, kv_num_heads: 1 };
const zeros = (n: number): CaseInput => f32([1, n, 1], new Array<number>(n).fill(0));
const column = (...data: number[]): CaseInput => f32([1, data.length, 1], data);
const defined: OpCase[] = [
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
  // Heads turned where they lie, an odd number of pairs; one entry holds nothing yet, stale rows in the buffer are not its own.
  add(
    'packed,chunk,part of a head',
    gqa,
    { ...four, do_rotary: 1, rotary_interleaved: 1 },
    3,
    f(2, 3, 104),
    undefined,
    undefined,
    f(2, 2, 6, 13),
    f(2, 2, 6, 13),
    i32([2], 2, 7),
    total(8),
    f(9, 5),
    f(9, 5),
  );
  add(
    'apart,chunk,part of a head',
    gqa,
    { ...four, do_rotary: 1 },
    3,
    f(2, 3, 52),
    f(2, 3, 26),
    f(2, 3, 26),
    f(2, 2, 9, 13),
    f(2, 2, 9, 13),
    i32([2], 4, 3),
    total(5),
    f(9, 5),
    f(9, 5),
  );
  // Lengths of 0, less than a row of the run before its end, in the middle, at the end and beyond it.
  add(
    'five lengths,longer buffer',
    gqa,
    four,
    3,
    f(5, 2, 24),
    f(5, 2, 12),
    f(5, 2, 12),
    f(5, 2, 11, 6),
    f(5, 2, 11, 6),
    i32([5], 1, 0, 4, 6, 100),
    total(7),
  );
  add(
    'more rows than past and new ones',
    gqa,
    { num_heads: 2, kv_num_heads: 1 },
    3,
    f(2, 1, 6),
    f(2, 1, 3),
    f(2, 1, 3),
    f(2, 1, 2, 3),
    f(2, 1, 2, 3),
    i32([2], 5, 1),
    total(6),
  );
  add(
    'no past',
    gqa,
    four,
    3,
    f(2, 2, 24),
    f(2, 2, 12),
    f(2, 2, 12),
    undefined,
    undefined,
    i32([2], 1, 4),
    total(5),
  );
  add(
    'empty past',
    gqa,
    four,
    3,
    f(2, 2, 24),
    f(2, 2, 12),
    f(2, 2, 12),
    f(2, 2, 0, 6),
    f(2, 2, 0, 6),
    i32([2], 2, 3),
    total(4),
  );
  return out;
}

/** Caches of 16-bit floats with words of every kind, rows of whole words or not. */
const any16 = (dtype: 'float16' | 'bfloat16', seed: number, ...dims: number[]): CaseInput => {
  const words = new Uint16Array(floats(seed, Math.ceil(sizeOf(dims) / 2), 'special').buffer);
  return { dtype, dims, data: words.slice(0, sizeOf(dims)) };
};
const narrow = (['float16', 'bfloat16'] as const).flatMap((dtype, i) =>
  [4, 5].map((size) => {
    const f = (seed: number, ...dims: number[]): CaseInput =>
      any16(dtype, 900 + 40 * i + 20 * (size - 4) + seed, ...dims);
    const inputs = [
      f(1, 2, 2, 2 * size),
      f(2, 2, 2, size),
      f(3, 2, 2, size),
      f(4, 2, 1, 5, size),
      f(5, 2, 1, 5, size),
      i32([2], 4, 2),
      total(6),
      f(6, 7, 2),
      f(7, 7, 2),
    ];
    return one(
      `${dtype},size=${size},data=special`,
      'edges',
      'GroupQueryAttention',
      inputs,
      { num_heads: 2, kv_num_heads: 1, do_rotary: 1 },
      { outputs: 3 },
    );
  }),
);
const edges: OpCase[] = [
  ...build('edges', 'special', 100),
  ...build('edges', 'subnormal', 300),
  ...narrow,
];
const random: OpCase[] = [
  ...build('random', 'normal', 500),
  ...build('random', 'wide', 700),
  // Rows for several threads, the last of a buffer that is full.
  one(
    'long cache',
    'random',
    'GroupQueryAttention',
    [
      f32([2, 1, 64], floats(901, 128)),
      f32([2, 1, 32], floats(902, 64)),
      f32([2, 1, 32], floats(903, 64)),
      f32([2, 2, 400, 16], floats(904, 25600)),
      f32([2, 2, 400, 16], floats(905, 25600)),
      i32([2], 399, 250),
      total(400),
      f32([400, 8], floats(906, 3200)),
      f32([400, 8], floats(907, 3200)),
    ],
    { num_heads: 4, kv_num_heads: 2, do_rotary: 1 },
    { outputs: 3 },
  ),
];

// A sequence of 67 rows, 2 query heads and one key head of size 4: its last row.
const [rows, size] = [67, 4];
const [q, k, v] = [floats(1, rows * 2 * size), floats(2, rows * size), floats(3, rows * size)];
const cosines = [f32([70, 2], floats(4, 140)), f32([70, 2], floats(5, 140))];
const group = { num_heads: 2, kv_num_heads: 1, do_rotary: 1 };
const key = 'group_query/GroupQueryAttention row';
const lastRow = { from: (rows - 1) * 2 * size, to: rows * 2 * size };
const rowsOf = (data: Float32Array, width: number, from: number, to = rows): number[] => [
  ...data.slice(from * width, to * width),
];
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
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
