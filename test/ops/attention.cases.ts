// Attention of ai.onnx: by hand with equal scores and powers of two, masks, causal and padded keys, caches, groups of heads,
// every kept score, 16-bit floats, special words; and the invariances that decoding needs: the same row alone, with more
// masked keys behind it, in another batch entry, and from a cache.
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
const f32 = (dims: readonly number[], data: Data): CaseInput => ({ dtype: 'float32', dims, data });
const bool = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'bool',
  dims,
  data,
});
const i64 = (...data: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [data.length],
  data: data.map(BigInt),
});
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);
const inf = Infinity;

function one(
  id: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number; outputs?: number } = {},
): OpCase {
  const { opset = 24, outputs = 1, ...rest } = extra;
  const spec = { opType: 'Attention', opset, attributes, inputs, outputs };
  return nodeCase(`attention/Attention ${id}`, group, spec, rest);
}

// Scores of 0: every seen key has the same weight.
const zero = f32([1, 1, 2, 1], [0, 0]);
const keys = f32([1, 1, 4, 1], [1, 2, 3, 4]);
const values = f32([1, 1, 4, 1], [4, 8, 16, 32]);
const defined: OpCase[] = [
  one(
    'equal weights',
    'defined',
    [zero, keys, values],
    {},
    { expected: [of([1, 1, 2, 1], 15, 15)] },
  ),
  one(
    'causal',
    'defined',
    [zero, keys, values],
    { is_causal: 1 },
    { expected: [of([1, 1, 2, 1], 4, 6)] },
  ),
  one(
    'bool mask',
    'defined',
    [zero, keys, values, bool([2, 4], 0, 0, 1, 1, 1, 0, 0, 1)],
    {},
    { expected: [of([1, 1, 2, 1], 24, 18)] },
  ),
  one(
    'short mask',
    'defined',
    [zero, keys, values, bool([2, 2], 1, 1, 0, 1)],
    {},
    { expected: [of([1, 1, 2, 1], 6, 8)] },
  ),
  one(
    'float mask,nothing seen',
    'defined',
    [zero, keys, values, f32([2, 4], [0, -inf, -inf, -inf, -inf, -inf, -inf, -inf])],
    {},
    { opset: 23, expected: [of([1, 1, 2, 1], 4, NaN)] },
  ),
  one(
    'lengths',
    'defined',
    [
      f32([2, 1, 1, 1], [0, 0]),
      f32([2, 1, 2, 1], [1, 2, 3, 4]),
      f32([2, 1, 2, 1], [2, 4, 8, 16]),
      undefined,
      undefined,
      undefined,
      i64(1, 2),
    ],
    {},
    { expected: [of([2, 1, 1, 1], 2, 12)] },
  ),
  one(
    'lengths,causal',
    'defined',
    [zero, keys, values, undefined, undefined, undefined, i64(3)],
    { is_causal: 1 },
    {
      expected: [
        of(
          [1, 1, 2, 1],
          6,
          Math.fround(Math.fround(1 / 3) * 4 + Math.fround(1 / 3) * 8 + Math.fround(1 / 3) * 16),
        ),
      ],
    },
  ),
  // Scores 2 · 3 · scale 4 = 24, from r = 2.
  one(
    'kept scores,cache',
    'defined',
    [
      f32([1, 1, 1, 1], [2]),
      f32([1, 1, 1, 1], [3]),
      f32([1, 1, 1, 1], [5]),
      f32([1, 2], [-inf, 1]),
      f32([1, 1, 1, 1], [7]),
      f32([1, 1, 1, 1], [9]),
    ],
    { scale: { float: 4 }, qk_matmul_output_mode: 2 },
    {
      outputs: 4,
      expected: [
        of([1, 1, 1, 1], 5),
        of([1, 1, 2, 1], 7, 3),
        of([1, 1, 2, 1], 9, 5),
        of([1, 1, 1, 2], -inf, 25),
      ],
    },
  ),
  one(
    'softcap',
    'defined',
    [f32([1, 1, 1, 1], [100]), f32([1, 1, 1, 1], [100]), f32([1, 1, 1, 1], [5])],
    { softcap: { float: 2 }, qk_matmul_output_mode: 1 },
    {
      outputs: 4,
      expected: [
        of([1, 1, 1, 1], 5),
        of([1, 1, 1, 1], 100),
        of([1, 1, 1, 1], 5),
        of([1, 1, 1, 1], 2),
      ],
    },
  ),
  // Two query heads a key head, 3-D.
  one(
    'heads side by side',
    'defined',
    [f32([1, 1, 4], [0, 0, 0, 0]), f32([1, 2, 2], [1, 2, 3, 4]), f32([1, 2, 2], [2, 4, 6, 8])],
    { q_num_heads: 4, kv_num_heads: 2 },
    { expected: [of([1, 1, 4], 4, 4, 6, 6)] },
  ),
];

interface Shape {
  readonly batch: number;
  readonly heads: number;
  readonly shared: number;
  readonly rows: number;
  readonly newKeys: number;
  readonly size: number;
  readonly valueSize: number;
  readonly past?: number;
  readonly is3d?: boolean;
  readonly mask?: readonly number[];
  readonly lengths?: readonly number[];
  readonly outputs?: number;
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
}
const SHAPES: readonly Shape[] = [
  { batch: 2, heads: 3, shared: 3, rows: 4, newKeys: 6, size: 8, valueSize: 8 },
  {
    batch: 1,
    heads: 4,
    shared: 2,
    rows: 3,
    newKeys: 5,
    size: 7,
    valueSize: 3,
    past: 2,
    outputs: 4,
    attributes: { is_causal: 1 },
  },
  {
    batch: 2,
    heads: 4,
    shared: 1,
    rows: 2,
    newKeys: 70,
    size: 5,
    valueSize: 4,
    mask: [2, 1, 2, 70],
    outputs: 4,
    attributes: { softcap: { float: 1.5 }, qk_matmul_output_mode: 3 },
  },
  {
    batch: 2,
    heads: 2,
    shared: 2,
    rows: 3,
    newKeys: 3,
    size: 4,
    valueSize: 6,
    is3d: true,
    past: 3,
    mask: [3, 6],
    outputs: 3,
    attributes: { scale: { float: 0.3 } },
  },
  {
    batch: 2,
    heads: 2,
    shared: 1,
    rows: 2,
    newKeys: 5,
    size: 4,
    valueSize: 4,
    mask: [2, 2, 2, 3],
    lengths: [4, 3],
    attributes: { is_causal: 1 },
    outputs: 4,
  },
  {
    batch: 1,
    heads: 2,
    shared: 2,
    rows: 3,
    newKeys: 4,
    size: 66,
    valueSize: 2,
    mask: [3, 1],
    opset: 23,
    outputs: 4,
    attributes: { qk_matmul_output_mode: 1, softcap: { float: 3 } },
  },
];
function inputsOf(shape: Shape, kind: FloatKind, seed: number): (CaseInput | undefined)[] {
  const { batch, heads, shared, rows, newKeys, size, valueSize, past, is3d, mask, lengths } = shape;
  let next = seed;
  const tensor = (...dims: number[]): CaseInput => f32(dims, floats(next++, sizeOf(dims), kind));
  const head = (h: number, n: number, d: number): CaseInput =>
    is3d ? tensor(batch, n, h * d) : tensor(batch, h, n, d);
  const list: (CaseInput | undefined)[] = [
    head(heads, rows, size),
    head(shared, newKeys, size),
    head(shared, newKeys, valueSize),
    mask && tensor(...mask),
    past === undefined ? undefined : tensor(batch, shared, past, size),
    past === undefined ? undefined : tensor(batch, shared, past, valueSize),
    lengths && i64(...lengths),
  ];
  while (list.at(-1) === undefined) list.pop();
  return list;
}
const build = (group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] =>
  SHAPES.map((shape, i) => {
    const { heads, shared, is3d, outputs = 1, opset = 24, attributes = {} } = shape;
    return one(
      `case=${i},data=${kind}`,
      group,
      inputsOf(shape, kind, seed + 20 * i),
      { ...(is3d ? { q_num_heads: heads, kv_num_heads: shared } : {}), ...attributes },
      { outputs, opset },
    );
  });
const half = (dims: readonly number[], seed: number): CaseInput => ({
  dtype: 'float16',
  dims,
  data: Uint16Array.from({ length: sizeOf(dims) }, (_, i) => 0x3000 + ((i * 977 + seed) % 0x1000)),
});
const edges: OpCase[] = [
  ...build('edges', 'special', 100),
  ...build('edges', 'subnormal', 300),
  one('no keys', 'edges', [
    f32([1, 2, 2, 3], floats(1, 12)),
    f32([1, 2, 0, 3], []),
    f32([1, 2, 0, 2], []),
  ]),
];
const random: OpCase[] = [
  ...build('random', 'normal', 500),
  ...build('random', 'wide', 700),
  one(
    'float16',
    'random',
    [half([1, 2, 3, 4], 1), half([1, 1, 5, 4], 2), half([1, 1, 5, 4], 3)],
    { is_causal: 1 },
    { outputs: 4 },
  ),
];

// Row 66 of a causal sequence: in the whole, from a cache, with masked keys behind, beside other batch entries.
const [rows, size] = [67, 6];
const [q, k, v] = [1, 2, 3].map((seed) => floats(seed, 2 * rows * size));
const headPart = (data: Float32Array | undefined, from: number, to: number): number[] =>
  [0, 1].flatMap((h) => [...(data ?? []).slice((h * rows + from) * size, (h * rows + to) * size)]);
const last = [
  ...(q ?? []).slice((rows - 1) * size, rows * size),
  ...(q ?? []).slice((2 * rows - 1) * size),
];
const key = 'attention/Attention row';
const extra = 5;
const behind = (data: Float32Array | undefined): number[] =>
  [0, 1].flatMap((h) => [
    ...(data ?? []).slice(h * rows * size, (h + 1) * rows * size),
    ...Array.from({ length: extra * size }, (_, i) => i - 7),
  ]);
const invariance: OpCase[] = [
  one(
    'whole',
    'invariance',
    [
      f32([1, 2, rows, size], q ?? []),
      f32([1, 2, rows, size], k ?? []),
      f32([1, 2, rows, size], v ?? []),
    ],
    { is_causal: 1 },
    { same: { key, from: (rows - 1) * size, to: rows * size } },
  ),
  ...[1, 40, 66].map((past) =>
    one(
      `cache=${past}`,
      'invariance',
      [
        f32([1, 2, rows - past, size], headPart(q, past, rows)),
        f32([1, 2, rows - past, size], headPart(k, past, rows)),
        f32([1, 2, rows - past, size], headPart(v, past, rows)),
        undefined,
        f32([1, 2, past, size], headPart(k, 0, past)),
        f32([1, 2, past, size], headPart(v, 0, past)),
      ],
      { is_causal: 1 },
      { same: { key, from: (rows - past - 1) * size, to: (rows - past) * size } },
    ),
  ),
  one(
    'masked keys behind',
    'invariance',
    [
      f32([1, 2, 1, size], last),
      f32([1, 2, rows + extra, size], behind(k)),
      f32([1, 2, rows + extra, size], behind(v)),
      undefined,
      undefined,
      undefined,
      i64(rows),
    ],
    {},
    { same: { key, to: size } },
  ),
  one(
    'second entry',
    'invariance',
    [
      f32([2, 2, 1, size], [...last, ...last]),
      f32([2, 2, rows, size], [...(v ?? []), ...(k ?? [])]),
      f32([2, 2, rows, size], [...(k ?? []), ...(v ?? [])]),
    ],
    {},
    { same: { key, from: 2 * size, to: 3 * size } },
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
