// Trilu and OneHot: every width of an element, diagonals beyond the matrix, indices of every kind.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { bits, int64s, moved, WIDTHS } from '../harness/movement.ts';

function trilu(group: CaseGroup, dtype: DType, dims: number[], upper: number, k?: number): OpCase {
  const x = bits(dims.length, dtype, dims);
  const expected = moved(x, dims, (index) => {
    const [i = 0, j = 0] = index.slice(-2);
    return (upper === 1 ? j - i >= (k ?? 0) : j - i <= (k ?? 0)) ? index : undefined;
  });
  return nodeCase(
    `mask/op=Trilu,dtype=${dtype},dims=${dims.join('x')},upper=${upper},k=${k ?? 'absent'}`,
    group,
    {
      opType: 'Trilu',
      attributes: { upper },
      inputs: k === undefined ? [x] : [x, { ...int64s(k), dims: [] }],
    },
    { expected: [expected] },
  );
}

const INDICES = [0, 3, -1, 4, -4, -5, 1, 2, 9];

function oneHot(
  group: CaseGroup,
  values: DType,
  index: DType,
  dims: number[],
  axis: number,
): OpCase {
  const on = bits(13, values, [2]);
  const n = dims.reduce((a, b) => a * b, 1);
  const list = Array.from({ length: n }, (_, i) => INDICES[i % INDICES.length] ?? 0);
  const i: CaseInput = {
    dtype: index,
    dims,
    // What is behind the point is cut off.
    data:
      index === 'int64'
        ? list.map(BigInt)
        : index === 'float32'
          ? list.map((x) => x + (x < 0 ? -0.75 : 0.75))
          : list,
  };
  const out = [...dims.slice(0, axis), 4, ...dims.slice(axis)];
  const expected = moved(on, out, (place) => {
    const own = [...place.slice(0, axis), ...place.slice(axis + 1)];
    const flat = own.reduce((sum, p, k) => sum * (dims[k] ?? 1) + p, 0);
    const wanted = list[flat] ?? 0;
    return [(wanted < 0 ? wanted + 4 : wanted) === place[axis] ? 1 : 0];
  });
  return nodeCase(
    `mask/op=OneHot,values=${values},index=${index},dims=${dims.join('x')},axis=${axis}`,
    group,
    { opType: 'OneHot', attributes: { axis }, inputs: [i, { ...int64s(4), dims: [] }, on] },
    { expected: [expected] },
  );
}

export const cases: OpCase[] = [
  nodeCase(
    'mask/op=OneHot,default',
    'defined',
    {
      opType: 'OneHot',
      inputs: [
        { dtype: 'int32', dims: [2], data: [1, -3] },
        { ...int64s(3), dims: [] },
        { dtype: 'float32', dims: [2], data: [0.5, 2] },
      ],
    },
    { expected: [new Tensor('float32', [0.5, 2, 0.5, 2, 0.5, 0.5], [2, 3])] },
  ),
  trilu('edges', 'float32', [3, 4], 1, 100),
  trilu('edges', 'float32', [3, 4], 0, -100),
  trilu('edges', 'float32', [3, 4], 1, -100),
  trilu('edges', 'float32', [3, 4], 0, 100),
  trilu('edges', 'float32', [2, 0, 4], 1),
  oneHot('edges', 'float32', 'int64', [], 0),
  ...WIDTHS.flatMap((dtype) => [
    trilu('random', dtype, [2, 5, 7], 1),
    trilu('random', dtype, [2, 7, 5], 0, -1),
    trilu('random', dtype, [6, 6], 1, 2),
    oneHot('random', dtype, 'int64', [9], 1),
    oneHot('random', dtype, 'int32', [3, 3], 0),
    oneHot('random', dtype, 'float32', [3, 3], 1),
  ]),
  ...[1, 3].map((batch) => {
    const one = bits(17, 'float32', [1, 4, 4]);
    const all = bits(18, 'float32', [batch, 4, 4]);
    new Uint32Array((all.data as Float32Array).buffer).set(
      new Uint32Array((one.data as Float32Array).buffer),
      0,
    );
    return nodeCase(
      `mask/op=Trilu,batch=${batch}`,
      'invariance',
      { opType: 'Trilu', inputs: [all] },
      { same: { key: 'mask/matrix', from: 0, to: 16 } },
    );
  }),
];
