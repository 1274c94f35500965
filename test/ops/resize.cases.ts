// Resize and Upsample: every coordinate transformation, nearest mode and filter; values written by hand where they
// are exact; data of every kind; an image's bits do not depend on its batch.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseGroup,
  type CaseInput,
  type OpCase,
} from '../harness/cases.ts';
import { bits, int64s } from '../harness/movement.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const scalesOf = (...list: number[]): CaseInput => ({
  dtype: 'float32',
  dims: [list.length],
  data: list,
  constant: true,
});

interface Target {
  readonly scales?: number[];
  readonly sizes?: number[];
  readonly roi?: number[];
}

function resize(
  group: CaseGroup,
  id: string,
  x: CaseInput,
  target: Target,
  attributes: Readonly<Record<string, CaseAttribute>>,
  expected?: Tensor,
  opset = 19,
): OpCase {
  const { scales, sizes, roi } = target;
  return nodeCase(
    `resize/${id}`,
    group,
    {
      opType: 'Resize',
      opset,
      attributes,
      inputs: [
        x,
        roi === undefined ? undefined : scalesOf(...roi),
        scales === undefined ? undefined : scalesOf(...scales),
        ...(sizes === undefined ? [] : [int64s(...sizes)]),
      ],
    },
    expected === undefined ? {} : { expected: [expected] },
  );
}

const row = (...data: number[]): CaseInput => ({
  dtype: 'float32',
  dims: [1, 1, 1, data.length],
  data,
});
const out = (...data: number[]): Tensor => new Tensor('float32', data, [1, 1, 1, data.length]);
const words = (...list: number[]): number[] => list.map(f32OfWord);
const image = (seed: number, kind: FloatKind, dims: number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data: floats(
    seed,
    dims.reduce((a, b) => a * b, 1),
    kind,
  ),
});

const TRANSFORMS = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_crop_and_resize',
];
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];
const twice = { scales: [1, 1, 1, 2] };

const defined: OpCase[] = [
  resize(
    'defined',
    'nearest,half_pixel',
    row(1, 2, 3),
    twice,
    { mode: 'nearest' },
    out(1, 1, 2, 2, 3, 3),
  ),
  // Positions 0, 0.5, 1, 1.5: ties.
  ...NEAREST.map((nearest, k) =>
    resize(
      'defined',
      `nearest,asymmetric,${nearest}`,
      row(1, 2),
      twice,
      { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: nearest },
      out(
        ...([
          [1, 1, 2, 2],
          [1, 2, 2, 2],
          [1, 1, 2, 2],
          [1, 2, 2, 2],
        ][k] ?? []),
      ),
    ),
  ),
  resize(
    'defined',
    'linear,half_pixel',
    row(1, 2, 3),
    twice,
    { mode: 'linear' },
    out(1, 1.25, 1.75, 2.25, 2.75, 3),
  ),
  resize(
    'defined',
    'linear,align_corners',
    row(1, 4),
    { sizes: [1, 1, 1, 4] },
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    // 1·⅔ + 4·⅓: each weight, each product and the sum rounded.
    out(
      1,
      Math.fround(Math.fround(2 / 3) + Math.fround(4 * Math.fround(1 / 3))),
      Math.fround(Math.fround(1 / 3) + Math.fround(4 * Math.fround(2 / 3))),
      4,
    ),
  ),
  resize(
    'defined',
    'cubic,asymmetric',
    row(1, 2, 4, 8),
    { sizes: [1, 1, 1, 8] },
    { mode: 'cubic', coordinate_transformation_mode: 'asymmetric', cubic_coeff_a: { float: -0.5 } },
    // At a half the weights are -1/16, 9/16, 9/16, -1/16; the edge repeats.
    out(1, 1.375, 2, 2.8125, 4, 6.125, 8, 8.25),
  ),
  resize(
    'defined',
    'linear,antialias',
    row(1, 2, 3, 4),
    { sizes: [1, 1, 1, 2] },
    { mode: 'linear', antialias: 1 },
    // Position 0.5, reach 2: weights 1/4, 3/4, 3/4, 1/4 at -1 … 2, over their sum 2; the edge repeats.
    out(1.625, 3.375),
  ),
  nodeCase(
    'resize/op=Upsample,opset=7',
    'defined',
    {
      opType: 'Upsample',
      opset: 7,
      attributes: { mode: 'nearest', scales: { floats: [1, 1, 1, 2] } },
      inputs: [row(1, 2)],
    },
    { expected: [out(1, 1, 2, 2)] },
  ),
  nodeCase(
    'resize/op=Upsample,opset=9,linear',
    'defined',
    {
      opType: 'Upsample',
      opset: 9,
      attributes: { mode: 'linear' },
      inputs: [row(1, 2), scalesOf(1, 1, 1, 2)],
    },
    { expected: [out(1, 1.5, 2, 2)] },
  ),
];

const edges: OpCase[] = [
  resize(
    'edges',
    'nearest,same',
    row(1, 2, 3),
    { scales: [1, 1, 1, 1] },
    { mode: 'nearest' },
    out(1, 2, 3),
  ),
  resize(
    'edges',
    'linear,same',
    row(1, 2, 3),
    { sizes: [1, 1, 1, 3] },
    { mode: 'linear' },
    out(1, 2, 3),
  ),
  // An infinity next to a position on the grid is not read: its weight is 0.
  resize(
    'edges',
    'linear,infinity',
    row(1, Infinity, 3),
    { sizes: [1, 1, 1, 5] },
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    out(1, Infinity, Infinity, Infinity, 3),
  ),
  resize(
    'edges',
    'linear,canonical',
    {
      dtype: 'float32',
      dims: [1, 1, 1, 4],
      data: words(0x80000000, 0x037fffff, 0x80000001, 0xffc12345),
    },
    { sizes: [1, 1, 1, 7] },
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    out(0, 0, 0, 0, 0, NaN, NaN),
  ),
  resize(
    'edges',
    'nearest,bits',
    {
      dtype: 'float32',
      dims: [1, 1, 1, 2],
      data: new Float32Array(Uint32Array.of(0x7f800001, 0x80000000).buffer),
    },
    twice,
    { mode: 'nearest' },
    new Tensor(
      'float32',
      new Float32Array(Uint32Array.of(0x7f800001, 0x7f800001, 0x80000000, 0x80000000).buffer),
      [1, 1, 1, 4],
    ),
  ),
  resize(
    'edges',
    'crop,outside',
    row(1, 2, 3),
    { sizes: [1, 1, 1, 3], roi: [0, 0, 0, -0.5, 1, 1, 1, 0.5] },
    {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
      extrapolation_value: { float: 9 },
    },
    out(9, 1, 2),
  ),
  resize('edges', 'size=1', row(1, 2, 3, 4), { sizes: [1, 1, 1, 1] }, { mode: 'linear' }, out(2.5)),
];

const random: OpCase[] = [
  ...TRANSFORMS.flatMap((transform) => [
    ...NEAREST.map((nearest) =>
      resize(
        'random',
        `nearest,${transform},${nearest},image`,
        image(3, 'normal', [2, 3, 5, 7]),
        { sizes: [2, 3, 8, 4], roi: [0, 0, 0.1, 0.2, 1, 1, 0.9, 1.3] },
        { mode: 'nearest', coordinate_transformation_mode: transform, nearest_mode: nearest },
      ),
    ),
    ...(['linear', 'cubic'] as const).flatMap((mode) => [
      resize(
        'random',
        `${mode},${transform},up`,
        image(4, 'normal', [1, 2, 5, 7]),
        { scales: [1, 1, 2.3, 1.7], roi: [0, 0, 0.1, 0.2, 1, 1, 0.9, 1.3] },
        { mode, coordinate_transformation_mode: transform },
      ),
      resize(
        'random',
        `${mode},${transform},down,antialias`,
        image(5, 'normal', [1, 2, 11, 9]),
        { sizes: [1, 2, 4, 5], roi: [0, 0, 0, 0, 1, 1, 1, 1] },
        {
          mode,
          coordinate_transformation_mode: transform,
          antialias: 1,
          exclude_outside: mode === 'cubic' ? 1 : 0,
        },
      ),
    ]),
  ]),
  ...(['normal', 'wide', 'special', 'subnormal', 'integer'] as const).map((kind) =>
    resize(
      'random',
      `linear,data=${kind}`,
      image(6, kind, [1, 3, 6, 10]),
      { scales: [1, 1, 2, 2] },
      { mode: 'linear' },
    ),
  ),
  ...(['uint8', 'bool', 'float16', 'int64'] as const).map((dtype) =>
    resize(
      'random',
      `nearest,dtype=${dtype}`,
      bits(7, dtype, [1, 3, 4, 5]),
      { scales: [1, 1, 2, 1.5] },
      { mode: 'nearest' },
    ),
  ),
  ...(['not_larger', 'not_smaller'] as const).map((policy) =>
    resize(
      'random',
      `linear,policy=${policy}`,
      image(8, 'normal', [1, 1, 6, 5]),
      { sizes: [9, 11] },
      { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: policy },
    ),
  ),
  resize(
    'random',
    'linear,channels=last',
    image(9, 'normal', [1, 4, 5, 9]),
    { sizes: [1, 7, 3, 9] },
    { mode: 'linear' },
  ),
];

const invariance: OpCase[] = [1, 2].map((batch) => {
  const one = image(20, 'normal', [1, 2, 3, 4]);
  const all = image(21, 'normal', [batch, 2, 3, 4]);
  (all.data as Float32Array).set(one.data as Float32Array, 0);
  return resize(
    'invariance',
    `linear,batch=${batch}`,
    all,
    { sizes: [batch, 2, 7, 6] },
    { mode: 'linear' },
  );
});

export const cases: OpCase[] = [
  ...defined,
  ...edges,
  ...random,
  ...invariance.map((one) => ({ ...one, same: { key: 'resize/image', from: 0, to: 84 } })),
];
