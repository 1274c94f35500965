// Pad: every mode and width, negative pads, pads longer than the axis, expectations by index.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type OpCase } from '../harness/cases.ts';
import { bits, int64s, moved, WIDTHS } from '../harness/movement.ts';

type Mode = 'constant' | 'reflect' | 'edge' | 'wrap';

/** Walks from the nearest end step by step, as the modes are described. */
function place(mode: Mode, x: number, n: number): number | undefined {
  if (x >= 0 && x < n) return x;
  if (mode === 'constant') return undefined;
  if (mode === 'edge') return x < 0 ? 0 : n - 1;
  let at = x;
  while (at < 0 || at >= n) {
    if (mode === 'wrap') at += at < 0 ? n : -n;
    else if (n === 1) at = 0;
    else at = at < 0 ? -at : 2 * (n - 1) - at;
  }
  return at;
}

function pad(
  group: CaseGroup,
  dtype: DType,
  mode: Mode,
  dims: number[],
  before: number[],
  after: number[],
  key = 0,
): OpCase {
  const x = bits(dims.length + 40, dtype, dims);
  const fill = bits(99, dtype, [1]);
  const out = dims.map((dim, axis) => dim + (before[axis] ?? 0) + (after[axis] ?? 0));
  const expected = moved(
    x,
    out,
    (index) => {
      const at = index.map((i, axis) => place(mode, i - (before[axis] ?? 0), dims[axis] ?? 0));
      const inside = at.filter((i) => i !== undefined);
      return inside.length === at.length ? inside : undefined;
    },
    fill,
  );
  return nodeCase(
    `pad/dtype=${dtype},mode=${mode},dims=${dims.join('x')},before=${before.join('_')},after=${after.join('_')}${key === 0 ? '' : `,key=${key}`}`,
    group,
    {
      opType: 'Pad',
      opset: 19,
      attributes: { mode },
      inputs: [x, int64s(...before, ...after), { ...fill, dims: [], constant: true }],
    },
    { expected: [expected] },
  );
}

const MODES: Mode[] = ['constant', 'reflect', 'edge', 'wrap'];

export const cases: OpCase[] = [
  nodeCase(
    'pad/opset=2,value=attribute',
    'defined',
    {
      opType: 'Pad',
      opset: 10,
      attributes: { pads: [0, 1, 0, 1], value: { float: 2.5 } },
      inputs: [{ dtype: 'float32', dims: [1, 2], data: [1, 2] }],
    },
    { expected: [new Tensor('float32', [2.5, 1, 2, 2.5], [1, 4])] },
  ),
  nodeCase(
    'pad/opset=18,axes',
    'defined',
    {
      opType: 'Pad',
      opset: 18,
      inputs: [
        { dtype: 'int32', dims: [1, 2, 1], data: [1, 2] },
        int64s(1, 0),
        { dtype: 'int32', dims: [], data: [7], constant: true },
        int64s(-2),
      ],
    },
    { expected: [new Tensor('int32', [7, 1, 2], [1, 3, 1])] },
  ),
  pad('edges', 'float32', 'constant', [0, 2], [1, 0], [1, 0]),
  pad('edges', 'float32', 'constant', [3, 4], [0, 0], [0, 0]),
  pad('edges', 'float32', 'constant', [5, 6], [-1, -2], [-2, 3]),
  pad('edges', 'float32', 'edge', [5, 6], [2, -2], [-2, 3]),
  pad('edges', 'float32', 'reflect', [1, 3], [2, 7], [3, 5]),
  pad('edges', 'float32', 'wrap', [2, 3], [5, 4], [3, 7]),
  ...WIDTHS.flatMap((dtype) =>
    MODES.flatMap((mode) => [
      pad('random', dtype, mode, [2, 3, 4, 5], [0, 1, 1, 2], [0, 0, 2, 1]),
      pad('random', dtype, mode, [3, 40], [0, 3], [0, 2]),
      pad('random', dtype, mode, [2, 5, 3], [0, 2, 0], [1, 2, 0]),
    ]),
  ),
  ...[1, 2].map((batch) => {
    const row = bits(71, 'float32', [1, 9]);
    const all = bits(72, 'float32', [batch, 9]);
    new Uint32Array((all.data as Float32Array).buffer).set(
      new Uint32Array((row.data as Float32Array).buffer),
      0,
    );
    return nodeCase(
      `pad/batch=${batch}`,
      'invariance',
      {
        opType: 'Pad',
        opset: 13,
        attributes: { mode: 'reflect' },
        inputs: [all, int64s(0, 4, 0, 4)],
      },
      { same: { key: 'pad/row', from: 0, to: 17 } },
    );
  }),
];
