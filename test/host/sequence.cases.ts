// Sequences and optionals: places from both ends, empty ones, of sequences, and the graph that SequenceMap carries.
import type { Data } from '../../src/core/data.ts';
import type { CaseGroup } from '../harness/cases.ts';
import {
  f32,
  graphOf,
  hostCase,
  i64,
  infoOf,
  strings,
  type HostCase,
  type HostSpec,
} from '../harness/host_cases.ts';
import { floats } from '../harness/prng.ts';
import { Tensor } from '../../src/core/tensor.ts';

const one = (
  id: string,
  group: CaseGroup,
  opType: string,
  spec: Omit<HostSpec, 'opType'>,
  expected?: readonly Data[],
  same?: string,
): HostCase => hostCase(`sequence/${opType} ${id}`, group, { opType, ...spec }, expected, same);

const a = f32([2], 1, -0);
const b = f32([1, 2], NaN, 3);
const c = f32([0]);
const list = [a, b, c];
const OF_FLOATS = { kind: 'sequence', of: { kind: 'tensor', dtype: 'float32' } } as const;
const matrix = f32([3, 2], 1, 2, 3, 4, 5, 6);
const row = (from: number): Tensor => f32([1, 2], from, from + 1);
const random = (seed: number, rows: number): Tensor =>
  new Tensor('float32', floats(seed, rows * 3), [rows, 3]);

const double = {
  graph: graphOf(
    'double',
    [{ opType: 'Add', inputs: ['item', 'item'], outputs: ['twice'] }],
    [infoOf('item', OF_FLOATS.of)],
    ['twice'],
  ),
};
const addTo = {
  graph: graphOf(
    'add',
    [
      { opType: 'Add', inputs: ['item', 'other'], outputs: ['sum'] },
      { opType: 'Shape', inputs: ['item'], outputs: ['shape'] },
    ],
    [infoOf('item', OF_FLOATS.of), infoOf('other', OF_FLOATS.of)],
    ['sum', 'shape'],
  ),
};

const makers: HostCase[] = [
  one('default', 'defined', 'SequenceEmpty', { inputs: [] }, [[]]),
  one('of strings', 'edges', 'SequenceEmpty', { inputs: [], attributes: { dtype: 8 } }, [[]]),
  one('three', 'defined', 'SequenceConstruct', { inputs: list }, [list]),
  one('strings', 'edges', 'SequenceConstruct', { inputs: [strings([1], 'é')] }, [
    [strings([1], 'é')],
  ]),
  one('three', 'defined', 'SequenceLength', { inputs: [list] }, [i64([], 3)]),
  one('empty', 'edges', 'SequenceLength', { inputs: [[]], types: [OF_FLOATS] }, [i64([], 0)]),
];

const readers: HostCase[] = [
  one('0', 'defined', 'SequenceAt', { inputs: [list, i64([], 0)] }, [a]),
  one('-1', 'edges', 'SequenceAt', { inputs: [list, i64([], -1)] }, [c]),
  one('-3 in one axis', 'edges', 'SequenceAt', { inputs: [list, i64([1], -3)] }, [a]),
  one('end', 'defined', 'SequenceInsert', { inputs: [[a], b] }, [[a, b]]),
  one('front', 'defined', 'SequenceInsert', { inputs: [[a, b], c, i64([], 0)] }, [[c, a, b]]),
  one('-1', 'edges', 'SequenceInsert', { inputs: [[a, b], c, i64([], -1)] }, [[a, c, b]]),
  one('behind all', 'edges', 'SequenceInsert', { inputs: [[a, b], c, i64([], 2)] }, [[a, b, c]]),
  one('into none', 'edges', 'SequenceInsert', { inputs: [[], c], types: [OF_FLOATS] }, [[c]]),
  one('last', 'defined', 'SequenceErase', { inputs: [list] }, [[a, b]]),
  one('1', 'defined', 'SequenceErase', { inputs: [list, i64([], 1)] }, [[a, c]]),
  one('-3', 'edges', 'SequenceErase', { inputs: [list, i64([], -3)] }, [[b, c]]),
];

const axis1 = { attributes: { axis: 1 } };
const splitters: HostCase[] = [
  one('rows', 'defined', 'SplitToSequence', { inputs: [matrix] }, [[row(1), row(3), row(5)]]),
  one(
    'rows without their axis',
    'defined',
    'SplitToSequence',
    { inputs: [matrix], attributes: { keepdims: 0 } },
    [[f32([2], 1, 2), f32([2], 3, 4), f32([2], 5, 6)]],
  ),
  one('by 2', 'defined', 'SplitToSequence', { inputs: [matrix, i64([], 2)] }, [
    [f32([2, 2], 1, 2, 3, 4), row(5)],
  ]),
  one(
    'lengths, one of them 0',
    'edges',
    'SplitToSequence',
    { inputs: [matrix, i64([3], 1, 0, 1)], ...axis1 },
    [[f32([3, 1], 1, 3, 5), f32([3, 0]), f32([3, 1], 2, 4, 6)]],
  ),
  one(
    'keepdims counts only without lengths',
    'edges',
    'SplitToSequence',
    { inputs: [matrix, i64([], 1)], attributes: { keepdims: 0, axis: -2 } },
    [[row(1), row(3), row(5)]],
  ),
  one('an empty axis', 'edges', 'SplitToSequence', { inputs: [f32([0, 2])] }, [[]]),
  one('strings', 'edges', 'SplitToSequence', { inputs: [strings([2], 'a', '')] }, [
    [strings([1], 'a'), strings([1], '')],
  ]),
  one(
    'rows',
    'defined',
    'ConcatFromSequence',
    { inputs: [[row(1), row(3)]], attributes: { axis: 0 } },
    [f32([2, 2], 1, 2, 3, 4)],
  ),
  one(
    'new axis',
    'defined',
    'ConcatFromSequence',
    { inputs: [[row(1), row(3)]], attributes: { axis: -1, new_axis: 1 } },
    [f32([1, 2, 2], 1, 3, 2, 4)],
  ),
  one(
    'of an empty part',
    'edges',
    'ConcatFromSequence',
    { inputs: [[row(1), f32([0, 2])]], attributes: { axis: 0 } },
    [row(1)],
  ),
];

const mapped: HostCase[] = [
  one('double', 'defined', 'SequenceMap', { inputs: [[a, row(1)]], attributes: { body: double } }, [
    [f32([2], 2, 0), f32([1, 2], 2, 4)],
  ]),
  one(
    'two outputs, one tensor for all',
    'defined',
    'SequenceMap',
    {
      inputs: [[row(1), f32([2], 5, 6)], f32([2], 1, NaN)],
      attributes: { body: addTo },
      outputs: 2,
    },
    [
      [f32([1, 2], 2, NaN), f32([2], 6, NaN)],
      [i64([2], 1, 2), i64([1], 2)],
    ],
  ),
  one(
    'two sequences',
    'defined',
    'SequenceMap',
    { inputs: [[row(1)], [row(3)]], attributes: { body: addTo }, outputs: 2 },
    [[f32([1, 2], 4, 6)], [i64([2], 1, 2)]],
  ),
  one(
    'none',
    'edges',
    'SequenceMap',
    { inputs: [[]], types: [OF_FLOATS], attributes: { body: double } },
    [[]],
  ),
  ...[1, 2, 3].map((seed) =>
    one(`seed=${seed}`, 'random', 'SequenceMap', {
      inputs: [[random(seed, 2), random(seed + 9, seed)]],
      attributes: { body: double },
    }),
  ),
];

const OPTIONAL = { kind: 'optional', of: OF_FLOATS.of } as const;
const optionals: HostCase[] = [
  one('of a tensor', 'defined', 'Optional', { inputs: [a] }, [a]),
  one('of a sequence', 'defined', 'Optional', { inputs: [list] }, [list]),
  one(
    'of nothing',
    'edges',
    'Optional',
    { inputs: [], attributes: { type: { type: OF_FLOATS } } },
    [null],
  ),
  one('something', 'defined', 'OptionalHasElement', { inputs: [a], types: [OPTIONAL] }, [
    new Tensor('bool', [1], []),
  ]),
  one('nothing', 'defined', 'OptionalHasElement', { inputs: [null], types: [OPTIONAL] }, [
    new Tensor('bool', [0], []),
  ]),
  one('no input', 'edges', 'OptionalHasElement', { inputs: [] }, [new Tensor('bool', [0], [])]),
  one(
    'an empty sequence is something',
    'edges',
    'OptionalHasElement',
    { inputs: [[]], types: [OF_FLOATS] },
    [new Tensor('bool', [1], [])],
  ),
  one('of an optional', 'defined', 'OptionalGetElement', { inputs: [b], types: [OPTIONAL] }, [b]),
  one('of a tensor', 'edges', 'OptionalGetElement', { inputs: [b] }, [b]),
  one('of a sequence', 'edges', 'OptionalGetElement', { inputs: [list] }, [list]),
  one('of strings', 'defined', 'Identity', { inputs: [strings([2], '', 'ß')] }, [
    strings([2], '', 'ß'),
  ]),
  one('of a sequence', 'defined', 'Identity', { inputs: [list] }, [list]),
  one('of nothing', 'edges', 'Identity', { inputs: [null], types: [OPTIONAL] }, [null]),
];

// The same values through one way and another.
const there = (id: string, seed: number): HostCase => {
  const tensor = random(seed, 4);
  return {
    ...hostCase(
      id,
      'invariance',
      { opType: 'Identity', inputs: [tensor] },
      undefined,
      `there ${seed}`,
    ),
    graph: graphOf(
      id,
      [
        {
          opType: 'SplitToSequence',
          inputs: ['x0'],
          outputs: ['parts'],
          attributes: { axis: seed % 2 },
        },
        {
          opType: 'ConcatFromSequence',
          inputs: ['parts'],
          outputs: ['y0'],
          attributes: { axis: seed % 2 },
        },
      ],
      [infoOf('x0', OF_FLOATS.of)],
      ['y0'],
    ),
  };
};
const ways: HostCase[] = [1, 2].flatMap((seed) => [
  there(`sequence/split and joined, seed=${seed}`, seed),
  one(
    `seed=${seed}`,
    'invariance',
    'Optional',
    { inputs: [random(seed, 4)] },
    undefined,
    `there ${seed}`,
  ),
]);

export const cases: readonly HostCase[] = [
  ...makers,
  ...readers,
  ...splitters,
  ...mapped,
  ...optionals,
  ...ways,
];
