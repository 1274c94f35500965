// NonZero, Compress, Unique, NonMaxSuppression: what is zero, equal, over a threshold; ties; nothing left.
import type { Data } from '../../src/core/data.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { CaseGroup } from '../harness/cases.ts';
import {
  bools,
  f32,
  hostCase,
  i64,
  strings,
  type HostCase,
  type HostSpec,
} from '../harness/host_cases.ts';
import { floats, integers } from '../harness/prng.ts';

const one = (
  id: string,
  group: CaseGroup,
  opType: string,
  spec: Omit<HostSpec, 'opType'>,
  expected?: readonly Data[],
  same?: string,
): HostCase => hostCase(`selection/${opType} ${id}`, group, { opType, ...spec }, expected, same);

const words = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', new Float32Array(Uint32Array.from(list).buffer), dims);

const nonZero: HostCase[] = [
  one('bool', 'defined', 'NonZero', { inputs: [bools([2, 2], 1, 0, 1, 1)] }, [
    i64([2, 3], 0, 1, 1, 0, 0, 1),
  ]),
  one('int64', 'defined', 'NonZero', { inputs: [i64([3], 0, -1, 7)] }, [i64([1, 2], 1, 2)]),
  // +0, −0, under 2^-120, 2^-120, NaN, −∞
  one(
    'special words',
    'edges',
    'NonZero',
    { inputs: [words([6], 0, 0x80000000, 0x037fffff, 0x03800000, 0xffc12345, 0xff800000)] },
    [i64([1, 3], 3, 4, 5)],
  ),
  one('scalar', 'edges', 'NonZero', { inputs: [f32([], 2)] }, [i64([0, 1])]),
  one('none', 'edges', 'NonZero', { inputs: [f32([2, 3], 0, 0, 0, 0, -0, 0)] }, [i64([2, 0])]),
  one('empty', 'edges', 'NonZero', { inputs: [f32([0, 3])] }, [i64([2, 0])]),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', 'NonZero', {
      inputs: [new Tensor('int32', integers(seed, 24, -1, 2), [2, 3, 4])],
    }),
  ),
  one('of bool', 'invariance', 'NonZero', { inputs: [bools([3], 0, 1, 1)] }, undefined, 'nonzero'),
  one('of int64', 'invariance', 'NonZero', { inputs: [i64([3], 0, -4, 1)] }, undefined, 'nonzero'),
];

const matrix = f32([3, 2], 1, 2, 3, 4, 5, NaN);
const compress: HostCase[] = [
  one(
    'rows',
    'defined',
    'Compress',
    { inputs: [matrix, bools([3], 0, 1, 1)], attributes: { axis: 0 } },
    [f32([2, 2], 3, 4, 5, NaN)],
  ),
  one('short', 'edges', 'Compress', { inputs: [matrix, bools([1], 1)], attributes: { axis: -1 } }, [
    f32([3, 1], 1, 3, 5),
  ]),
  one('flat', 'defined', 'Compress', { inputs: [matrix, bools([5], 0, 1, 0, 0, 1)] }, [
    f32([2], 2, 5),
  ]),
  one('none', 'edges', 'Compress', { inputs: [matrix, bools([0])] }, [f32([0])]),
  one(
    'payloads',
    'edges',
    'Compress',
    { inputs: [words([2], 0xffc12345, 0x80000001), bools([2], 1, 1)] },
    [words([2], 0xffc12345, 0x80000001)],
  ),
  one('strings', 'edges', 'Compress', { inputs: [strings([2], 'a', 'b'), bools([2], 0, 1)] }, [
    strings([1], 'b'),
  ]),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', 'Compress', {
      inputs: [
        new Tensor('float32', floats(seed, 24), [4, 6]),
        new Tensor('bool', integers(seed, 6, 0, 2), [6]),
      ],
      attributes: { axis: 1 },
    }),
  ),
  one(
    'of one axis',
    'invariance',
    'Compress',
    { inputs: [f32([1, 3], 7, 8, 9), bools([3], 1, 0, 1)] },
    undefined,
    'compress',
  ),
  one(
    'along an axis',
    'invariance',
    'Compress',
    { inputs: [f32([3], 7, 8, 9), bools([3], 1, 0, 1)], attributes: { axis: 0 } },
    undefined,
    'compress',
  ),
];

const all = { outputs: 4 };
const unique: HostCase[] = [
  one('sorted', 'defined', 'Unique', { inputs: [f32([6], 2, 1, 1, 3, 4, 3)], ...all }, [
    f32([4], 1, 2, 3, 4),
    i64([4], 1, 0, 3, 4),
    i64([6], 1, 0, 0, 2, 3, 2),
    i64([4], 2, 1, 2, 1),
  ]),
  one(
    'first seen',
    'defined',
    'Unique',
    { inputs: [f32([6], 2, 1, 1, 3, 4, 3)], attributes: { sorted: 0 }, ...all },
    [f32([4], 2, 1, 3, 4), i64([4], 0, 1, 3, 4), i64([6], 0, 1, 1, 2, 3, 2), i64([4], 1, 2, 2, 1)],
  ),
  one(
    'rows',
    'defined',
    'Unique',
    { inputs: [f32([3, 2], 1, 0, 1, 0, 0, 5)], attributes: { axis: 0 }, ...all },
    [f32([2, 2], 0, 5, 1, 0), i64([2], 2, 0), i64([3], 1, 1, 0), i64([2], 1, 2)],
  ),
  // The first of the equal ones is given, bits and all: −0 before 0, one NaN of two.
  one(
    'special words',
    'edges',
    'Unique',
    { inputs: [words([6], 0xffc12345, 0x80000000, 0, 0x7fc00000, 0x7f800000, 0x00000001)], ...all },
    [
      words([3], 0x80000000, 0x7f800000, 0xffc12345),
      i64([3], 1, 4, 0),
      i64([6], 2, 0, 0, 2, 1, 0),
      i64([3], 3, 1, 2),
    ],
  ),
  one('empty', 'edges', 'Unique', { inputs: [i64([0])], ...all }, [
    i64([0]),
    i64([0]),
    i64([0]),
    i64([0]),
  ]),
  // U+1F600 lies behind U+FFFD, its first unit before it.
  one(
    'strings by code points',
    'edges',
    'Unique',
    { inputs: [strings([4], '\u{1f600}', '\ufffd', 'b', '\ufffd')], ...all },
    [
      strings([3], 'b', '\ufffd', '\u{1f600}'),
      i64([3], 2, 1, 0),
      i64([4], 2, 1, 0, 1),
      i64([3], 1, 2, 1),
    ],
  ),
  ...[1, 2, 3].map((seed) =>
    one(`seed=${seed}`, 'random', 'Unique', {
      inputs: [new Tensor('int32', integers(seed, 36, -1, 1), [3, 6, 2])],
      attributes: { axis: 1, sorted: seed % 2 },
      ...all,
    }),
  ),
  one('flat', 'invariance', 'Unique', { inputs: [i64([2, 2], 3, 1, 3, 2)] }, undefined, 'unique'),
  one(
    'repeated',
    'invariance',
    'Unique',
    { inputs: [i64([6], 3, 1, 3, 2, 2, 1)] },
    undefined,
    'unique',
  ),
];

// Two boxes that overlap by half, one apart.
const boxes = f32([1, 3, 4], 0, 0, 2, 2, 0, 1, 2, 3, 5, 5, 6, 6);
const count = i64([1], 3);
const nms: HostCase[] = [
  one(
    'over a third',
    'defined',
    'NonMaxSuppression',
    { inputs: [boxes, f32([1, 1, 3], 0.5, 0.9, 0.1), count, f32([1], 0.3)] },
    [i64([2, 3], 0, 0, 1, 0, 0, 2)],
  ),
  // 2 / (4 + 4 − 2) is 0.33333334 in f32, not over itself.
  one(
    'at the threshold',
    'edges',
    'NonMaxSuppression',
    { inputs: [boxes, f32([1, 1, 3], 0.5, 0.9, 0.1), count, f32([1], 1 / 3)] },
    [i64([3, 3], 0, 0, 1, 0, 0, 0, 0, 0, 2)],
  ),
  one(
    'equal scores, by index',
    'edges',
    'NonMaxSuppression',
    { inputs: [boxes, f32([1, 1, 3], 0.5, 0.5, 0.5), count, f32([1], 0.3)] },
    [i64([2, 3], 0, 0, 0, 0, 0, 2)],
  ),
  one(
    'score threshold',
    'defined',
    'NonMaxSuppression',
    { inputs: [boxes, f32([1, 1, 3], 0.5, 0.9, 0.1), count, f32([1], 1), f32([1], 0.5)] },
    [i64([1, 3], 0, 0, 1)],
  ),
  one(
    'centres',
    'defined',
    'NonMaxSuppression',
    {
      inputs: [
        f32([1, 3, 4], 1, 1, 2, 2, 1, 2, 2, 2, 5.5, 5.5, 1, 1),
        f32([1, 1, 3], 0.5, 0.9, 0.1),
        count,
        f32([1], 0.3),
      ],
      attributes: { center_point_box: 1 },
    },
    [i64([2, 3], 0, 0, 1, 0, 0, 2)],
  ),
  one(
    'two classes, two rows, one each',
    'defined',
    'NonMaxSuppression',
    {
      inputs: [
        f32([2, 2, 4], 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3),
        f32([2, 2, 2], 0.1, 0.2, 0.4, 0.3, 0.5, 0.6, 0.8, 0.7),
        i64([], 1),
      ],
    },
    [i64([4, 3], 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0)],
  ),
  one('no count', 'edges', 'NonMaxSuppression', { inputs: [boxes, f32([1, 1, 3], 1, 1, 1)] }, [
    i64([0, 3]),
  ]),
  one(
    'special words',
    'edges',
    'NonMaxSuppression',
    {
      inputs: [
        f32([1, 4, 4], 0, 0, 0, 0, 0, 0, 0, 0, NaN, 0, 1, 1, -Infinity, 0, Infinity, 1),
        f32([1, 1, 4], 1, 2, NaN, -Infinity),
        i64([1], 4),
        f32([1], 0),
      ],
    },
    [i64([4, 3], 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 3)],
  ),
  one(
    'no boxes',
    'edges',
    'NonMaxSuppression',
    { inputs: [f32([1, 0, 4]), f32([1, 2, 0]), count] },
    [i64([0, 3])],
  ),
  ...[1, 2, 3].map((seed) =>
    one(`seed=${seed}`, 'random', 'NonMaxSuppression', {
      inputs: [
        new Tensor('float32', floats(seed, 160), [2, 20, 4]),
        new Tensor('float32', floats(seed + 50, 120), [2, 3, 20]),
        i64([1], 6),
        f32([1], 0.2 * seed),
        f32([1], -0.5),
      ],
      attributes: { center_point_box: seed % 2 },
    }),
  ),
  ...['', ' and another'].map((id, i) =>
    one(
      `alone${id}`,
      'invariance',
      'NonMaxSuppression',
      {
        inputs: [
          i === 0
            ? f32([1, 2, 4], 0, 0, 1, 1, 2, 2, 3, 3)
            : f32([1, 3, 4], 0, 0, 1, 1, 2, 2, 3, 3, 9, 9, 8, 8),
          i === 0 ? f32([1, 1, 2], 0.2, 0.1) : f32([1, 1, 3], 0.2, 0.1, -1),
          count,
          f32([1], 0.5),
          f32([1], 0),
        ],
      },
      undefined,
      'nms',
    ),
  ),
];

export const cases: readonly HostCase[] = [...nonZero, ...compress, ...unique, ...nms];
