// RotaryEmbedding of ai.onnx and com.microsoft: quarter and half turns by hand, both pairings, partial turns, positions from
// every source, 16-bit floats, special words, and the same row at the same position elsewhere.
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
const i64 = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'int64',
  dims,
  data: data.map(BigInt),
});
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

function one(
  id: string,
  group: OpCase['group'],
  domain: string,
  [x, cos, sin, positions]: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const inputs = domain === '' ? [x, cos, sin, positions] : [x, positions, cos, sin];
  while (inputs.at(-1) === undefined) inputs.pop();
  const opset = domain === '' ? 23 : 1;
  const spec = { opType: 'RotaryEmbedding', domain, opset, attributes, inputs };
  return nodeCase(`rotary/${domain}:RotaryEmbedding ${id}`, group, spec, extra);
}
const DOMAINS = ['', 'com.microsoft'];
// Position 0: no turn; 1: a quarter; 2: a half.
const cos = f32([3, 2], [1, 1, 0, 0, -1, -1]);
const sin = f32([3, 2], [0, 0, 1, 1, 0, 0]);
const defined: OpCase[] = DOMAINS.flatMap((domain) => [
  one(
    'halves',
    'defined',
    domain,
    [f32([1, 1, 2, 4], [1, 2, 3, 4, 1, 2, 3, 4]), cos, sin, i64([1, 2], 1, 2)],
    {},
    { expected: [of([1, 1, 2, 4], -3, -4, 1, 2, -1, -2, -3, -4)] },
  ),
  one(
    'interleaved',
    'defined',
    domain,
    [f32([1, 1, 1, 4], [1, 2, 3, 4]), cos, sin, i64([1, 1], 1)],
    { interleaved: 1 },
    { expected: [of([1, 1, 1, 4], -2, 1, -4, 3)] },
  ),
  one(
    'part of a head,3-D',
    'defined',
    domain,
    [f32([1, 1, 6], [1, 2, 3, 4, 5, 6]), f32([2, 1], [1, 0]), f32([2, 1], [0, 1]), i64([1, 1], 1)],
    { num_heads: 2, rotary_embedding_dim: 2 },
    { expected: [of([1, 1, 6], -2, 1, 3, -5, 4, 6)] },
  ),
]);
defined.push(
  one(
    'no positions',
    'defined',
    '',
    [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1, 2, 1], [1, 0]), f32([1, 2, 1], [0, 1])],
    {},
    { expected: [of([1, 1, 2, 2], 1, 2, -4, 3)] },
  ),
  one(
    'offset,heads from the cache',
    'defined',
    'com.microsoft',
    [
      f32([1, 2, 4], [1, 2, 3, 4, 1, 2, 3, 4]),
      f32([3, 1], [1, 0, -1]),
      f32([3, 1], [0, 1, 0]),
      i64([1], 1),
    ],
    {},
    { expected: [of([1, 2, 4], -2, 1, -4, 3, -1, -2, -3, -4)] },
  ),
);

interface Shape {
  readonly dims: readonly number[];
  readonly heads?: number;
  readonly half: number;
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
}
const SHAPES: readonly Shape[] = [
  { dims: [2, 3, 4, 8], half: 4 },
  { dims: [2, 3, 4, 8], half: 3, attributes: { rotary_embedding_dim: 6, interleaved: 1 } },
  { dims: [2, 5, 12], heads: 2, half: 3, attributes: { num_heads: 2, interleaved: 1 } },
  { dims: [1, 2, 20], heads: 2, half: 2, attributes: { num_heads: 2, rotary_embedding_dim: 4 } },
  // Four pairs at a time and what is left; an odd number of pairs a row; elements that are not turned.
  { dims: [2, 2, 3, 13], half: 5, attributes: { rotary_embedding_dim: 10 } },
  { dims: [2, 3, 45], half: 7, attributes: { num_heads: 3, rotary_embedding_dim: 14 } },
  { dims: [1, 3, 2, 19], half: 9, attributes: { rotary_embedding_dim: 18, interleaved: 1 } },
  { dims: [1, 2, 32], half: 8, attributes: { num_heads: 2, interleaved: 1 } },
];
const build = (group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] =>
  DOMAINS.flatMap((domain) =>
    SHAPES.map(({ dims, half, attributes = {} }, i) => {
      const [batch = 1, rows = 1] = dims.length === 3 ? dims : [dims[0], dims[2]];
      const positions = Array.from({ length: batch * rows }, (_, k) => (k * 5 + 3) % 11);
      return one(
        `case=${i},data=${kind}`,
        group,
        domain,
        [
          f32(dims, floats(seed + 3 * i, sizeOf(dims), kind)),
          f32([11, half], floats(seed + 3 * i + 1, 11 * half, kind)),
          f32([11, half], floats(seed + 3 * i + 2, 11 * half, kind)),
          i64([batch, rows], ...positions),
        ],
        attributes,
      );
    }),
  );
const half = (dims: readonly number[], seed: number): CaseInput => ({
  dtype: 'float16',
  dims,
  data: Uint16Array.from({ length: sizeOf(dims) }, (_, i) => 0x3000 + ((i * 977 + seed) % 0x1000)),
});
/** Words of 16 bits of every kind: NaNs, infinities, subnormals, zeros among them. */
const any16 = (dtype: 'float16' | 'bfloat16', dims: readonly number[], seed: number): CaseInput => {
  const words = new Uint16Array(floats(seed, Math.ceil(sizeOf(dims) / 2), 'special').buffer);
  return { dtype, dims, data: words.slice(0, sizeOf(dims)) };
};
const edges: OpCase[] = [
  ...build('edges', 'special', 100),
  ...build('edges', 'subnormal', 200),
  ...(['float16', 'bfloat16'] as const).flatMap((dtype, i) =>
    [0, 1].map((interleaved) =>
      one(
        `${dtype},interleaved=${interleaved},data=special`,
        'edges',
        '',
        [
          any16(dtype, [2, 3, 2, 13], 20 + 6 * i + interleaved),
          any16(dtype, [4, 5], 22 + 6 * i + interleaved),
          any16(dtype, [4, 5], 24 + 6 * i + interleaved),
          i64([2, 2], 3, 1, 0, 2),
        ],
        { rotary_embedding_dim: 10, interleaved },
      ),
    ),
  ),
  one(
    'empty',
    'edges',
    '',
    [f32([2, 3, 0, 4], []), f32([4, 2], floats(40, 8)), f32([4, 2], floats(41, 8)), i64([2, 0])],
    {},
    { expected: [of([2, 3, 0, 4])] },
  ),
];
const random: OpCase[] = [
  ...build('random', 'normal', 300),
  one(
    'float16',
    'random',
    '',
    [half([1, 2, 2, 6], 1), half([4, 2], 2), half([4, 2], 3), i64([1, 2], 3, 1)],
    {
      rotary_embedding_dim: 4,
    },
  ),
];
const row = floats(9, 8);
const caches = [f32([9, 4], floats(10, 36)), f32([9, 4], floats(11, 36))];
const invariance: OpCase[] = DOMAINS.flatMap((domain) => {
  const key = `rotary/${domain} row`;
  return [
    one(
      'alone',
      'invariance',
      domain,
      [f32([1, 1, 1, 8], row), ...caches, i64([1, 1], 7)],
      {},
      { same: { key } },
    ),
    one(
      'third of three',
      'invariance',
      domain,
      [f32([1, 1, 3, 8], [...floats(12, 16), ...row]), ...caches, i64([1, 3], 1, 2, 7)],
      {},
      { same: { key, from: 16, to: 24 } },
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
