// GridSample, AffineGrid, DeformConv: by hand, positions far outside, infinite and NaN, every mode and padding in one to
// three dimensions, and the same points in other places.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
type Data = readonly number[] | Float32Array;

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const given = (dims: readonly number[], data: Data): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const drawn = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput =>
  given(dims, floats(seed, sizeOf(dims), kind));
/** Positions from -2.2 to 2.2, many of them on elements and halfway. */
const grid = (dims: readonly number[], seed: number): CaseInput =>
  given(
    dims,
    floats(seed, sizeOf(dims), 'integer').map((x, i) =>
      i % 3 === 0 ? Math.round(x / 8) / 6 : x / 45,
    ),
  );

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number } = {},
): OpCase {
  const spec = { opType, opset: extra.opset ?? 22, attributes, inputs };
  return nodeCase(`grid_sample/${opType} ${id}`, group, spec, extra);
}

const of = (dims: readonly number[], ...list: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', list, dims)],
});
const row = given([1, 1, 1, 4], [1, 2, 4, 8]);
const along = (...list: number[]): CaseInput =>
  given(
    [1, 1, list.length, 2],
    list.flatMap((x) => [x, 0]),
  );
const size = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});

// With align_corners 0 the elements lie at -0.75, -0.25, 0.25, 0.75.
const defined: OpCase[] = [
  one(
    'linear',
    'defined',
    'GridSample',
    [row, along(-0.75, 0, 0.5, 1, -3)],
    {},
    of([1, 1, 1, 5], 1, 3, 6, 4, 0),
  ),
  one(
    'linear,border',
    'defined',
    'GridSample',
    [row, along(-1, 1, 9, -Infinity)],
    { padding_mode: 'border' },
    of([1, 1, 1, 4], 1, 8, 8, 1),
  ),
  one(
    'linear,reflection',
    'defined',
    'GridSample',
    [row, along(1.25, -1.25, 3.25, 2)],
    { padding_mode: 'reflection' },
    of([1, 1, 1, 4], 8, 1, 1, 3),
  ),
  one(
    'reflection,align_corners',
    'defined',
    'GridSample',
    [row, along(-1, 1, 3, 2, -5)],
    { padding_mode: 'reflection', align_corners: 1 },
    of([1, 1, 1, 5], 1, 8, 1, 3, 1),
  ),
  one(
    'nearest',
    'defined',
    'GridSample',
    [row, along(-1, -0.5, 0, 0.5, 1, NaN)],
    { mode: 'nearest' },
    of([1, 1, 1, 6], 1, 1, 4, 4, 0, 1),
  ),
  one(
    'cubic',
    'defined',
    'GridSample',
    [given([1, 1, 1, 4], [1, 1, 1, 1]), along(-0.25, 0)],
    { mode: 'cubic' },
    of([1, 1, 1, 2], 1, 1),
  ),
  one(
    'NaN position',
    'defined',
    'GridSample',
    [row, along(NaN, Infinity)],
    {},
    of([1, 1, 1, 2], NaN, 0),
  ),
  one(
    'opset=16',
    'defined',
    'GridSample',
    [row, along(0)],
    { mode: 'bilinear' },
    { opset: 16, ...of([1, 1, 1, 1], 3) },
  ),
  one(
    'identity',
    'defined',
    'AffineGrid',
    [given([1, 2, 3], [1, 0, 0, 0, 1, 0]), size(1, 1, 1, 2)],
    {},
    of([1, 1, 2, 2], -0.5, 0, 0.5, 0),
  ),
  one(
    'identity,align_corners',
    'defined',
    'AffineGrid',
    [given([1, 2, 3], [1, 0, 2, 0, 1, 0]), size(1, 1, 1, 3)],
    { align_corners: 1 },
    of([1, 1, 3, 2], 1, 0, 2, 0, 3, 0),
  ),
  one(
    'half an element',
    'defined',
    'DeformConv',
    [row, given([1, 1, 1, 1], [2]), given([1, 2, 1, 4], [0, 0, 0, 0, 0.5, 0.5, 1, 0.5])],
    {},
    of([1, 1, 1, 4], 3, 6, 16, 8),
  ),
  one(
    'mask and bias',
    'defined',
    'DeformConv',
    [
      row,
      given([1, 1, 1, 1], [2]),
      given([1, 2, 1, 4], [0, 0, 0, 0, 0, 0, 0, 0]),
      given([1], [1]),
      given([1, 1, 1, 4], [1, 0, 0.5, 2]),
    ],
    {},
    of([1, 1, 1, 4], 3, 1, 5, 33),
  ),
];

const MODES = ['linear', 'nearest', 'cubic'];
const PADDINGS = ['zeros', 'border', 'reflection'];
const edges: OpCase[] = MODES.flatMap((mode) =>
  PADDINGS.flatMap((padding_mode, k) => [
    one(
      `${mode},${padding_mode},data=special`,
      'edges',
      'GridSample',
      [drawn([1, 2, 3, 4], k, 'special'), grid([1, 4, 5, 2], 10 + k)],
      { mode, padding_mode },
    ),
    one(
      `${mode},${padding_mode},grid=special`,
      'edges',
      'GridSample',
      [drawn([1, 1, 3, 5], 20 + k), drawn([1, 6, 7, 2], 30 + k, k === 1 ? 'wide' : 'special')],
      { mode, padding_mode, align_corners: k % 2 },
    ),
    one(
      `${mode},${padding_mode},size=1`,
      'edges',
      'GridSample',
      [drawn([1, 1, 1, 2], 40 + k), grid([1, 3, 3, 2], 50 + k)],
      { mode, padding_mode, align_corners: (k + 1) % 2 },
    ),
  ]),
);
edges.push(
  one('data=special', 'edges', 'AffineGrid', [drawn([3, 2, 3], 60, 'special'), size(3, 1, 2, 5)]),
  one('size=1', 'edges', 'AffineGrid', [drawn([1, 3, 4], 61), size(1, 1, 1, 1, 1)], {
    align_corners: 1,
  }),
  one('data=special', 'edges', 'DeformConv', [
    drawn([1, 2, 4, 4], 62, 'special'),
    drawn([2, 2, 2, 2], 63, 'special'),
    drawn([1, 8, 3, 3], 64, 'special'),
    drawn([2], 65, 'special'),
    drawn([1, 4, 3, 3], 66, 'special'),
  ]),
);

const VOLUMES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3, 7],
    [2, 9, 1],
  ],
  [
    [2, 3, 5, 6],
    [2, 4, 7, 2],
  ],
  [
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 3],
  ],
];
const random: OpCase[] = VOLUMES.flatMap(([x, g], v) =>
  MODES.flatMap((mode, m) =>
    PADDINGS.map((padding_mode, p) =>
      one(
        `${v + 1}d,${mode},${padding_mode}`,
        'random',
        'GridSample',
        [drawn(x, 100 + v, p === 2 ? 'wide' : 'normal'), grid(g, 110 + 9 * v + 3 * m + p)],
        { mode, padding_mode, align_corners: (v + m + p) % 2 },
      ),
    ),
  ),
);
random.push(
  one('2d', 'random', 'AffineGrid', [drawn([3, 2, 3], 120), size(3, 1, 5, 7)], {
    align_corners: 1,
  }),
  one('3d', 'random', 'AffineGrid', [drawn([2, 3, 4], 121, 'wide'), size(2, 1, 3, 4, 5)]),
  one(
    'groups',
    'random',
    'DeformConv',
    [
      drawn([2, 4, 6, 5], 122),
      drawn([6, 2, 3, 2], 123),
      drawn([2, 2 * 2 * 6, 3, 6], 124),
      drawn([6], 125),
      drawn([2, 2 * 6, 3, 6], 126),
    ],
    { group: 2, offset_group: 2, pads: [1, 1, 1, 2], strides: [2, 1], dilations: [1, 2] },
  ),
  one(
    '1d',
    'random',
    'DeformConv',
    [drawn([1, 40, 8], 127), drawn([2, 40, 3], 128), drawn([1, 3, 6], 129)],
    {},
    { opset: 19 },
  ),
);

// The same five points: alone, behind others, and in the second image of a batch.
const image = floats(130, 40);
const points = Array.from(grid([5, 2], 131).data, Number);
const others = Array.from(grid([4, 2], 132).data, Number);
const invariance: OpCase[] = MODES.flatMap((mode) => {
  const key = `grid_sample/points ${mode}`;
  return [
    one(
      'alone',
      'invariance',
      'GridSample',
      [given([1, 1, 5, 8], image), given([1, 1, 5, 2], points)],
      { mode },
      { same: { key } },
    ),
    one(
      'behind others',
      'invariance',
      'GridSample',
      [given([1, 1, 5, 8], image), given([1, 9, 1, 2], [...others, ...points])],
      { mode },
      { same: { key, from: 4, to: 9 } },
    ),
    one(
      'second image',
      'invariance',
      'GridSample',
      [
        given([2, 1, 5, 8], Float32Array.of(...floats(133, 40), ...image)),
        given([2, 5, 1, 2], [...points.toReversed(), ...points]),
      ],
      { mode },
      { same: { key, from: 5, to: 10 } },
    ),
  ].map((test) => ({ ...test, id: `${test.id},${mode}` }));
});
const theta = floats(134, 12);
invariance.push(
  one(
    'alone',
    'invariance',
    'AffineGrid',
    [given([1, 2, 3], theta.slice(6)), size(1, 1, 3, 4)],
    {},
    {
      same: { key: 'affine' },
    },
  ),
  one(
    'second',
    'invariance',
    'AffineGrid',
    [given([2, 2, 3], theta), size(2, 1, 3, 4)],
    {},
    {
      same: { key: 'affine', from: 24, to: 48 },
    },
  ),
);
const [w, moved] = [drawn([2, 1, 2, 2], 135), floats(136, 8 * 28)];
invariance.push(
  one(
    'alone',
    'invariance',
    'DeformConv',
    [given([1, 1, 5, 8], image), w, given([1, 8, 4, 7], moved)],
    {},
    { same: { key: 'deform' } },
  ),
  one(
    'second',
    'invariance',
    'DeformConv',
    [
      given([2, 1, 5, 8], Float32Array.of(...floats(137, 40), ...image)),
      w,
      given([2, 8, 4, 7], Float32Array.of(...floats(138, 8 * 28), ...moved)),
    ],
    {},
    { same: { key: 'deform', from: 56, to: 112 } },
  ),
);

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
