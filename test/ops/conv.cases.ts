// Conv: by hand, padding against infinite weights, one to three axes, groups, strides, dilations, automatic padding,
// sizes around tiles and groups of 64 terms, with and without bias; the same image in other batches.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

const given = (dims: readonly number[], data: Float32Array | readonly number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const filled = (dims: readonly number[], seed: number, kind: FloatKind): CaseInput =>
  given(
    dims,
    floats(
      seed,
      dims.reduce((n, dim) => n * dim, 1),
      kind,
    ),
  );

function conv(
  group: OpCase['group'],
  x: readonly number[],
  w: readonly number[],
  attributes: Attributes = {},
  bias = false,
  kind: FloatKind = 'normal',
  constant = true,
): OpCase {
  const text = Object.entries(attributes).map(
    ([name, value]) => `,${name}=${[value].flat().join()}`,
  );
  const id = `conv/x=${x.join('x')},w=${w.join('x')}${text.join('')},bias=${bias ? 1 : 0},data=${kind}${constant ? '' : ',w=fed'}`;
  return nodeCase(id, group, {
    opType: 'Conv',
    attributes,
    inputs: [
      filled(x, 1, kind),
      { ...filled(w, 2, kind), constant },
      ...(bias ? [{ ...filled(w.slice(0, 1), 3, kind), constant }] : []),
    ],
  });
}

const defined: OpCase[] = [
  nodeCase(
    'conv/by=hand,axes=2',
    'defined',
    {
      opType: 'Conv',
      attributes: { pads: [1, 1, 0, 0] },
      inputs: [
        given([1, 1, 2, 2], [1, 2, 3, 4]),
        given([1, 1, 2, 2], [10, 20, 30, 40]),
        given([1], [0.5]),
      ],
    },
    { expected: [new Tensor('float32', [40.5, 110.5, 140.5, 300.5], [1, 1, 2, 2])] },
  ),
  nodeCase(
    'conv/by=hand,axes=1,stride=2,dilation=2',
    'defined',
    {
      opType: 'Conv',
      attributes: { strides: [2], dilations: [2] },
      inputs: [given([1, 1, 7], [1, 2, 3, 4, 5, 6, 7]), given([1, 1, 2], [1, 100])],
    },
    { expected: [new Tensor('float32', [301, 503, 705], [1, 1, 3])] },
  ),
  nodeCase(
    'conv/padding=zero-by-position',
    'defined',
    {
      opType: 'Conv',
      // The infinite weight meets padding at the left end: no product there; 0 * inf inside is one.
      attributes: { pads: [1, 1] },
      inputs: [given([1, 1, 3], [1, 0, 2]), given([1, 1, 3], [Infinity, 1, 0])],
    },
    { expected: [new Tensor('float32', [1, Infinity, NaN], [1, 1, 3])] },
  ),
  nodeCase(
    'conv/bias=after-the-sum',
    'defined',
    {
      opType: 'Conv',
      // 2^24 + 1 is lost only if the bias is the first summand.
      inputs: [
        given([1, 2, 1, 2], [1, 1, 1, 1]),
        given([1, 2, 1, 1], [1, 1]),
        given([1], [16777216]),
      ],
    },
    { expected: [new Tensor('float32', [16777218, 16777218], [1, 1, 1, 2])] },
  ),
];

const SAME = { auto_pad: 'SAME_UPPER' };
const edges: OpCase[] = [
  ...(['special', 'subnormal'] as const).flatMap((kind) => [
    conv('edges', [1, 3, 6, 7], [5, 3, 3, 3], { pads: [1, 1, 1, 1] }, true, kind),
    conv('edges', [1, 4, 6, 7], [4, 1, 3, 3], { pads: [1, 1, 1, 1], group: 4 }, true, kind),
    conv('edges', [2, 3, 9], [8, 3, 1], {}, true, kind),
  ]),
  // Terms around 64 and 64 * 64.
  ...[63, 64, 65, 129].map((c) => conv('edges', [1, c, 3, 5], [5, c, 1, 1], {}, true)),
  ...[7, 8].map((c) => conv('edges', [1, c, 5, 6], [5, c, 3, 3], { pads: [0, 1, 2, 0] })),
  conv('edges', [1, 460, 4, 4], [2, 460, 3, 3]),
  conv('edges', [1, 460, 4, 4], [9, 460, 3, 3], { pads: [1, 1, 1, 1] }),
  // Depthwise with more than one group of terms.
  conv('edges', [1, 3, 20, 21], [3, 1, 9, 9], { group: 3, pads: [4, 4, 4, 4] }, true),
  // One filter a group: runs of four and of eight, kernels of every width, a second and a third level of groups.
  ...[1, 2, 3, 5, 7].flatMap((k) =>
    [5, 8, 13, 16].map((n) =>
      conv('edges', [1, 2, 4, n], [2, 1, 2, k], { group: 2, pads: [1, 2, 0, 3] }, true, 'wide'),
    ),
  ),
  conv('edges', [2, 3, 9, 17], [3, 1, 3, 3], { group: 3, dilations: [1, 2] }, true, 'wide'),
  conv('edges', [1, 3, 9, 17], [3, 1, 5, 5], { group: 3, strides: [2, 3] }, true, 'wide'),
  conv('edges', [1, 2, 4, 5, 9], [2, 1, 3, 3, 3], { group: 2, pads: [1, 0, 1, 0, 1, 1] }, true),
  conv('edges', [1, 3, 40], [3, 1, 2], { group: 3 }, true),
  conv('edges', [1, 460, 4, 4], [1, 460, 3, 3], { pads: [1, 1, 1, 1] }, true),
  // Filters and positions around the tiles.
  ...[1, 2, 3, 4, 5, 8, 9, 16, 17, 33].map((f) =>
    conv('edges', [1, 5, 6, 7], [f, 5, 3, 3], { pads: [1, 1, 1, 1] }, true, 'wide'),
  ),
  ...[1, 2, 3, 4, 5, 31, 32, 33, 64, 129].map((n) =>
    conv('edges', [1, 6, n], [10, 6, 1], {}, false, 'wide'),
  ),
  // Padding wider than the input; windows that lie in it altogether.
  conv('edges', [1, 2, 3, 3], [3, 2, 2, 2], { pads: [4, 5, 6, 7] }, true),
  conv('edges', [1, 2, 4], [2, 2, 2], { pads: [3, 3], strides: [3], dilations: [3] }),
  conv('edges', [0, 2, 4], [2, 2, 2]),
  conv('edges', [2, 3, 5, 4], [7, 3, 5, 4], {}, true),
];

const random: OpCase[] = [
  ...(['normal', 'wide', 'integer'] as const).flatMap((kind) => [
    conv('random', [2, 3, 12, 13], [8, 3, 3, 3], { pads: [1, 1, 1, 1] }, true, kind),
    conv(
      'random',
      [1, 3, 17, 19],
      [16, 3, 3, 3],
      { strides: [2, 2], pads: [1, 1, 1, 1] },
      true,
      kind,
    ),
    conv('random', [1, 8, 11, 12], [8, 1, 3, 3], { group: 8, pads: [1, 1, 1, 1] }, true, kind),
    conv(
      'random',
      [2, 8, 11, 12],
      [8, 1, 3, 3],
      { group: 8, strides: [2, 2], pads: [1, 1, 1, 1] },
      false,
      kind,
    ),
    conv(
      'random',
      [1, 8, 9, 9],
      [16, 1, 5, 5],
      { group: 8, dilations: [2, 1], ...SAME },
      true,
      kind,
    ),
    conv('random', [2, 12, 7, 6], [20, 3, 3, 2], { group: 4 }, true, kind),
    conv('random', [1, 32, 8, 8], [24, 32, 1, 1], {}, true, kind),
    conv('random', [2, 10, 40], [12, 10, 5], { pads: [2, 2] }, true, kind),
    conv(
      'random',
      [1, 2, 5, 6, 7],
      [4, 2, 3, 2, 3],
      { pads: [1, 0, 1, 1, 1, 1], strides: [1, 2, 1] },
      true,
      kind,
    ),
    conv('random', [1, 1, 60, 8], [8, 1, 5, 5], { auto_pad: 'SAME_LOWER' }, true, kind),
    conv('random', [1, 3, 21, 20], [3, 3, 7, 7], { strides: [3, 2], ...SAME }, true, kind),
  ]),
  conv(
    'random',
    [1, 6, 9, 10],
    [7, 6, 3, 3],
    { auto_pad: 'VALID', dilations: [2, 3] },
    true,
    'normal',
    false,
  ),
  conv('random', [2, 6, 9, 10], [6, 1, 3, 3], { group: 6 }, true, 'wide', false),
];

// One image alone and among others: always the same bits.
const image = floats(5, 3 * 7 * 9);
const weights = floats(6, 5 * 3 * 9);
const invariance: OpCase[] = [0, 1, 2].map((before) => {
  const batch = before + 1 + (before & 1);
  const data = floats(10 + before, batch * image.length, 'wide');
  data.set(image, before * image.length);
  const size = 5 * 7 * 9;
  return nodeCase(
    `conv/image=${before},of=${batch}`,
    'invariance',
    {
      opType: 'Conv',
      attributes: { pads: [1, 1, 1, 1] },
      inputs: [given([batch, 3, 7, 9], data), given([5, 3, 3, 3], weights)],
    },
    { same: { key: 'image', from: before * size, to: (before + 1) * size } },
  );
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
