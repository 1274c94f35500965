// ReverseSequence: both orders of the axes, more axes behind them, lengths at and beyond the ends, every width of element.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { bits, WIDTHS } from '../harness/movement.ts';
import { floats, integers } from '../harness/prng.ts';

const lengths = (list: readonly number[], constant = false): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant,
});
const one = (
  id: string,
  group: CaseGroup,
  inputs: readonly CaseInput[],
  attributes: Readonly<Record<string, number>> = {},
  extra: Parameters<typeof nodeCase>[3] = {},
): OpCase =>
  nodeCase(
    `reverse_sequence/${id}`,
    group,
    { opType: 'ReverseSequence', attributes, inputs },
    extra,
  );
const rows = { batch_axis: 0, time_axis: 1 };
const f32 = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const result = (dims: readonly number[], ...data: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', data, dims)],
});
const table = f32([2, 3], 1, 2, 3, 4, 5, 6);

export const cases: OpCase[] = [
  one('rows', 'defined', [table, lengths([2, 3])], rows, result([2, 3], 2, 1, 3, 6, 5, 4)),
  one('columns', 'defined', [table, lengths([2, 1, 0])], {}, result([2, 3], 4, 2, 3, 1, 5, 6)),
  one(
    'lengths outside',
    'edges',
    [table, lengths([-1, 4294967299])],
    rows,
    result([2, 3], 1, 2, 3, 6, 5, 4),
  ),
  one(
    'special words',
    'edges',
    [f32([1, 4], NaN, -0, Infinity, 1e-45), lengths([4], true)],
    rows,
    result([1, 4], 1e-45, Infinity, -0, NaN),
  ),
  one('empty', 'edges', [f32([2, 0, 3]), lengths([0, 1])], rows, result([2, 0, 3])),
  ...WIDTHS.map((dtype: DType, i) =>
    one(
      `dtype=${dtype}`,
      'random',
      [bits(i + 1, dtype, [3, 5, 2]), lengths(integers(i, 3, 0, 6))],
      rows,
    ),
  ),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', [
      { dtype: 'float32', dims: [7, 3, 2, 2], data: floats(seed, 84, 'special') },
      lengths(integers(seed, 3, 0, 8)),
    ]),
  ),
  one('a row', 'invariance', [f32([1, 3], 7, 8, 9), lengths([2])], rows, {
    same: { key: 'row' },
  }),
  one('its place', 'invariance', [f32([2, 3], 7, 8, 9, 1, 2, 3), lengths([2, 3])], rows, {
    same: { key: 'row', to: 3 },
  }),
];
