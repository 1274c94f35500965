// If, Loop and Scan: which graph, how often, what is carried, what is stacked, directions and axes.
import type { Data, DataType } from '../../src/core/data.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { CaseGroup } from '../harness/cases.ts';
import {
  bools,
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

const one = (
  id: string,
  group: CaseGroup,
  opType: string,
  spec: Omit<HostSpec, 'opType'>,
  expected?: readonly Data[],
  same?: string,
): HostCase => hostCase(`control_flow/${opType} ${id}`, group, { opType, ...spec }, expected, same);

const F32: DataType = { kind: 'tensor', dtype: 'float32' };
const I64: DataType = { kind: 'tensor', dtype: 'int64' };
const BOOL: DataType = { kind: 'tensor', dtype: 'bool' };

const constant = (value: Tensor) => ({
  graph: graphOf(
    'constant',
    [{ opType: 'Constant', inputs: [], outputs: ['value'], attributes: { value } }],
    [],
    ['value'],
  ),
});
const branches = (yes: Tensor, no: Tensor) => ({
  attributes: { then_branch: constant(yes), else_branch: constant(no) },
});
const chosen: HostCase[] = [
  one(
    'true',
    'defined',
    'If',
    { inputs: [bools([], 1)], ...branches(f32([1], 1), f32([2], 2, 3)) },
    [f32([1], 1)],
  ),
  one(
    'false',
    'defined',
    'If',
    { inputs: [bools([1], 0)], ...branches(f32([1], 1), f32([2], 2, 3)) },
    [f32([2], 2, 3)],
  ),
  one(
    'payloads',
    'edges',
    'If',
    { inputs: [bools([], 1)], ...branches(f32([3], NaN, -0, 1e-45), f32([0])) },
    [f32([3], NaN, -0, 1e-45)],
  ),
  one(
    'strings',
    'edges',
    'If',
    { inputs: [bools([], 0)], ...branches(strings([1], 'a'), strings([0])) },
    [strings([0])],
  ),
  ...[1, 2].map((seed) => {
    const value = new Tensor('float32', floats(seed, 6), [6]);
    return one(`seed=${seed}`, 'random', 'If', {
      inputs: [bools([], 1)],
      ...branches(value, value),
    });
  }),
  one(
    'either way',
    'invariance',
    'If',
    { inputs: [bools([], 1)], ...branches(f32([1], 5), f32([1], 6)) },
    undefined,
    'if',
  ),
  one(
    'or the other',
    'invariance',
    'If',
    { inputs: [bools([], 0)], ...branches(f32([1], 6), f32([1], 5)) },
    undefined,
    'if',
  ),
];

/** carried · carried; stacks what it carried, and goes on while it is under `limit`. */
const squares = {
  graph: graphOf(
    'squares',
    [
      { opType: 'Mul', inputs: ['carried', 'carried'], outputs: ['next'] },
      { opType: 'Constant', inputs: [], outputs: ['limit'], attributes: { value: f32([], 1000) } },
      { opType: 'Less', inputs: ['next', 'limit'], outputs: ['goes'] },
      { opType: 'Identity', inputs: ['carried'], outputs: ['item'] },
    ],
    [infoOf('trip', I64), infoOf('on', BOOL), infoOf('carried', F32)],
    ['goes', 'next', { ...infoOf('item', F32), dims: [] }],
  ),
};
const TWO = { attributes: { body: squares }, outputs: 2 };
const loops: HostCase[] = [
  one(
    'three times',
    'defined',
    'Loop',
    { inputs: [i64([], 3), bools([], 1), f32([], 2)], ...TWO },
    [f32([], 256), f32([3], 2, 4, 16)],
  ),
  one(
    'until the condition',
    'defined',
    'Loop',
    { inputs: [undefined, undefined, f32([], 2)], ...TWO },
    [f32([], 65536), f32([4], 2, 4, 16, 256)],
  ),
  one(
    'NaN is under nothing',
    'edges',
    'Loop',
    { inputs: [i64([1], 9), undefined, f32([], NaN)], ...TWO },
    [f32([], NaN), f32([1], NaN)],
  ),
  one('never by count', 'edges', 'Loop', { inputs: [i64([], 0), undefined, f32([], 2)], ...TWO }, [
    f32([], 2),
    f32([0]),
  ]),
  one(
    'never by condition',
    'edges',
    'Loop',
    { inputs: [undefined, bools([], 0), f32([], -0)], ...TWO },
    [f32([], -0), f32([0])],
  ),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', 'Loop', {
      inputs: [i64([], 2 + seed), undefined, new Tensor('float32', floats(seed, 1), [])],
      ...TWO,
    }),
  ),
  one(
    'in one',
    'invariance',
    'Loop',
    { inputs: [i64([], 1), undefined, f32([], 3)], ...TWO },
    undefined,
    'loop',
  ),
  one(
    'by condition',
    'invariance',
    'Loop',
    {
      inputs: [i64([], 9), undefined, f32([], -9)],
      attributes: {
        body: {
          graph: graphOf(
            'once',
            [
              { opType: 'Neg', inputs: ['carried'], outputs: ['next'] },
              {
                opType: 'Constant',
                inputs: [],
                outputs: ['goes'],
                attributes: { value: bools([], 0) },
              },
            ],
            [infoOf('trip', I64), infoOf('on', BOOL), infoOf('carried', F32)],
            ['goes', 'next'],
          ),
        },
      },
    },
    undefined,
    'loop',
  ),
];

const SEQUENCE: DataType = { kind: 'sequence', of: F32 };
const MAYBE: DataType = { kind: 'optional', of: SEQUENCE };

/** Collects trip numbers in a sequence that may not be there at first; the branches read a value from around them. */
const collect = {
  graph: graphOf(
    'collect',
    [
      { opType: 'OptionalHasElement', inputs: ['maybe'], outputs: ['has'] },
      {
        ...{ opType: 'If', inputs: ['has'], outputs: ['list'] },
        attributes: {
          then_branch: {
            graph: graphOf(
              'is there',
              [{ opType: 'OptionalGetElement', inputs: ['maybe'], outputs: ['held'] }],
              [],
              ['held'],
            ),
          },
          else_branch: {
            graph: graphOf(
              'is not',
              [{ opType: 'SequenceEmpty', inputs: [], outputs: ['empty'] }],
              [],
              ['empty'],
            ),
          },
        },
      },
      { opType: 'Cast', inputs: ['trip'], outputs: ['number'], attributes: { to: 1 } },
      { opType: 'SequenceInsert', inputs: ['list', 'number'], outputs: ['longer'] },
      { opType: 'Identity', inputs: ['on'], outputs: ['still'] },
    ],
    [infoOf('trip', I64), infoOf('on', BOOL), infoOf('maybe', MAYBE)],
    ['still', 'longer'],
  ),
};
const carriedSequences: HostCase[] = [
  one(
    'a sequence out of nothing',
    'defined',
    'Loop',
    {
      inputs: [i64([], 3), bools([], 1), null],
      types: [undefined, undefined, MAYBE],
      attributes: { body: collect },
    },
    [[f32([], 0), f32([], 1), f32([], 2)]],
  ),
  one(
    'a sequence goes on',
    'edges',
    'Loop',
    {
      inputs: [i64([], 1), bools([], 1), [f32([1], NaN)]],
      types: [undefined, undefined, MAYBE],
      attributes: { body: collect },
    },
    [[f32([1], NaN), f32([], 0)]],
  ),
];

const running = {
  graph: graphOf(
    'running',
    [
      { opType: 'Add', inputs: ['sum', 'item'], outputs: ['next'] },
      { opType: 'Identity', inputs: ['next'], outputs: ['out'] },
    ],
    [infoOf('sum', F32), infoOf('item', F32)],
    ['next', 'out'],
  ),
};
const scan = (extra: Readonly<Record<string, readonly number[]>> = {}) => ({
  attributes: { body: running, num_scan_inputs: 1, ...extra },
  outputs: 2,
});
const table = f32([2, 3], 1, 2, 3, 4, 5, 6);
const scans: HostCase[] = [
  one('rows', 'defined', 'Scan', { inputs: [f32([3], 0, 0, 0), table], ...scan() }, [
    f32([3], 5, 7, 9),
    f32([2, 3], 1, 2, 3, 5, 7, 9),
  ]),
  one(
    'columns backwards, stacked as columns',
    'defined',
    'Scan',
    {
      inputs: [f32([2], 0, 0), table],
      ...scan({
        scan_input_axes: [1],
        scan_input_directions: [1],
        scan_output_axes: [-1],
        scan_output_directions: [1],
      }),
    },
    [f32([2], 6, 15), f32([2, 3], 6, 5, 3, 15, 11, 6)],
  ),
  one(
    'special words',
    'edges',
    'Scan',
    { inputs: [f32([2], -0, 1), f32([2, 2], -0, Infinity, 1e-40, -Infinity)], ...scan() },
    [f32([2], 0, NaN), f32([2, 2], 0, Infinity, 0, NaN)],
  ),
  one(
    'batches of opset 8',
    'edges',
    'Scan',
    {
      opset: 8,
      inputs: [undefined, f32([1, 2], 0, 0), f32([1, 3, 2], 1, 2, 3, 4, 5, 6)],
      ...scan(),
    },
    [f32([1, 2], 9, 12), f32([1, 3, 2], 1, 2, 4, 6, 9, 12)],
  ),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', 'Scan', {
      inputs: [
        new Tensor('float32', floats(seed, 4), [4]),
        new Tensor('float32', floats(seed + 7, 20), [5, 4]),
      ],
      ...scan(),
    }),
  ),
  one(
    'forwards',
    'invariance',
    'Scan',
    { inputs: [f32([1], 0), f32([2, 1], 3, 4)], ...scan() },
    undefined,
    'scan',
  ),
  one(
    'backwards',
    'invariance',
    'Scan',
    { inputs: [f32([1], 0), f32([2, 1], 4, 3)], ...scan({ scan_input_directions: [1] }) },
    undefined,
    'scan',
  ),
];

export const cases: readonly HostCase[] = [...chosen, ...loops, ...carriedSequences, ...scans];
