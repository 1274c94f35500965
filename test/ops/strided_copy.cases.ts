// Transpose, Slice, Split, Expand, Tile, DepthToSpace, SpaceToDepth: expectations by index, for every width of an
// element, over shapes that reach the tiled, the row and the widened forms of the kernel and their remainders.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type OpCase } from '../harness/cases.ts';
import { bits, int64s, moved, WIDTHS } from '../harness/movement.ts';
import type { DType } from '../../src/core/dtype.ts';

function transpose(
  group: CaseGroup,
  dtype: DType,
  dims: number[],
  perm: number[],
  key = '',
): OpCase {
  const x = bits(dims.length * 31 + dims.reduce((a, b) => a + b, 0), dtype, dims);
  const out = perm.map((axis) => dims[axis] ?? 1);
  const expected = moved(x, out, (index) => dims.map((_, axis) => index[perm.indexOf(axis)] ?? 0));
  return nodeCase(
    `strided_copy/op=Transpose,dtype=${dtype},dims=${dims.join('x')},perm=${perm.join('')}${key}`,
    group,
    { opType: 'Transpose', attributes: { perm }, inputs: [x] },
    { expected: [expected] },
  );
}

interface Bounds {
  readonly starts: number[];
  readonly ends: number[];
  readonly steps: number[];
  /** What is expected: the first index and the count on every axis. */
  readonly first: number[];
  readonly out: number[];
}

function slice(group: CaseGroup, dtype: DType, dims: number[], bounds: Bounds, opset = 13): OpCase {
  const x = bits(dims.length * 7 + 1, dtype, dims);
  const { starts, ends, steps, first, out } = bounds;
  const expected = moved(x, out, (index) =>
    index.map((i, axis) => (first[axis] ?? 0) + i * (steps[axis] ?? 1)),
  );
  const name = `strided_copy/op=Slice,dtype=${dtype},dims=${dims.join('x')},starts=${starts.join('_')},steps=${steps.join('_')},opset=${opset}`;
  return opset < 10
    ? nodeCase(
        name,
        group,
        { opType: 'Slice', opset, attributes: { starts, ends }, inputs: [x] },
        { expected: [expected] },
      )
    : nodeCase(
        name,
        group,
        {
          opType: 'Slice',
          opset,
          inputs: [
            x,
            int64s(...starts),
            int64s(...ends),
            int64s(...starts.map((_, i) => i)),
            int64s(...steps),
          ],
        },
        { expected: [expected] },
      );
}

function tile(group: CaseGroup, dtype: DType, dims: number[], repeats: number[]): OpCase {
  const x = bits(5, dtype, dims);
  const out = dims.map((dim, axis) => dim * (repeats[axis] ?? 1));
  const expected = moved(x, out, (index) => index.map((i, axis) => i % (dims[axis] ?? 1)));
  return nodeCase(
    `strided_copy/op=Tile,dtype=${dtype},dims=${dims.join('x')},repeats=${repeats.join('x')}`,
    group,
    { opType: 'Tile', inputs: [x, int64s(...repeats)] },
    { expected: [expected] },
  );
}

function expand(
  group: CaseGroup,
  dtype: DType,
  dims: number[],
  shape: number[],
  out: number[],
): OpCase {
  const x = bits(6, dtype, dims);
  const skip = out.length - dims.length;
  const expected = moved(x, out, (index) =>
    dims.map((dim, axis) => (dim === 1 ? 0 : (index[axis + skip] ?? 0))),
  );
  return nodeCase(
    `strided_copy/op=Expand,dtype=${dtype},dims=${dims.join('x')},shape=${shape.join('x')}`,
    group,
    { opType: 'Expand', inputs: [x, int64s(...shape)] },
    { expected: [expected] },
  );
}

function split(
  group: CaseGroup,
  dtype: DType,
  dims: number[],
  axis: number,
  sizes: number[],
  opset: number,
): OpCase {
  const x = bits(8, dtype, dims);
  let start = 0;
  const expected = sizes.map((size) => {
    const from = start;
    start += size;
    return moved(
      x,
      dims.map((dim, k) => (k === axis ? size : dim)),
      (index) => index.map((i, k) => (k === axis ? from + i : i)),
    );
  });
  return nodeCase(
    `strided_copy/op=Split,dtype=${dtype},dims=${dims.join('x')},axis=${axis},sizes=${sizes.join('_')},opset=${opset}`,
    group,
    {
      opType: 'Split',
      opset,
      attributes: { axis, ...(opset < 13 ? { split: sizes } : {}) },
      inputs: opset < 13 ? [x] : [x, int64s(...sizes)],
      outputs: sizes.length,
    },
    { expected },
  );
}

function depthToSpace(
  dtype: DType,
  mode: 'DCR' | 'CRD',
  [n, c, h, w]: [number, number, number, number],
  b: number,
): OpCase {
  const x = bits(9, dtype, [n, c * b * b, h, w]);
  const expected = moved(x, [n, c, h * b, w * b], ([i = 0, k = 0, y = 0, z = 0]) => {
    const [row, column] = [y % b, z % b];
    const channel = mode === 'DCR' ? (row * b + column) * c + k : (k * b + row) * b + column;
    return [i, channel, Math.floor(y / b), Math.floor(z / b)];
  });
  return nodeCase(
    `strided_copy/op=DepthToSpace,dtype=${dtype},mode=${mode},block=${b}`,
    'random',
    { opType: 'DepthToSpace', attributes: { blocksize: b, mode }, inputs: [x] },
    { expected: [expected] },
  );
}

function spaceToDepth(
  dtype: DType,
  [n, c, h, w]: [number, number, number, number],
  b: number,
): OpCase {
  const x = bits(10, dtype, [n, c, h * b, w * b]);
  const expected = moved(x, [n, c * b * b, h, w], ([i = 0, k = 0, y = 0, z = 0]) => {
    const block = Math.floor(k / c);
    return [i, k % c, y * b + Math.floor(block / b), z * b + (block % b)];
  });
  return nodeCase(
    `strided_copy/op=SpaceToDepth,dtype=${dtype},block=${b}`,
    'random',
    { opType: 'SpaceToDepth', attributes: { blocksize: b }, inputs: [x] },
    { expected: [expected] },
  );
}

const far = 2 ** 40;
const defined: OpCase[] = [
  nodeCase(
    'strided_copy/op=Transpose,default=reversed',
    'defined',
    { opType: 'Transpose', inputs: [{ dtype: 'int32', dims: [2, 3], data: [1, 2, 3, 4, 5, 6] }] },
    { expected: [new Tensor('int32', [1, 4, 2, 5, 3, 6], [3, 2])] },
  ),
  nodeCase(
    'strided_copy/op=Slice,backward',
    'defined',
    {
      opType: 'Slice',
      inputs: [
        { dtype: 'int32', dims: [5], data: [0, 1, 2, 3, 4] },
        int64s(far),
        int64s(-far),
        int64s(0),
        int64s(-2),
      ],
    },
    { expected: [new Tensor('int32', [4, 2, 0], [3])] },
  ),
  nodeCase(
    'strided_copy/op=DynamicSlice,from the end',
    'defined',
    {
      opType: 'DynamicSlice',
      opset: 1,
      inputs: [
        { dtype: 'int32', dims: [2, 3], data: [1, 2, 3, 4, 5, 6] },
        int64s(-2),
        int64s(far),
        int64s(1),
      ],
    },
    { expected: [new Tensor('int32', [2, 3, 5, 6], [2, 2])] },
  ),
  nodeCase(
    'strided_copy/op=Split,last=smaller',
    'defined',
    {
      opType: 'Split',
      opset: 18,
      attributes: { num_outputs: 2 },
      inputs: [{ dtype: 'int32', dims: [5], data: [0, 1, 2, 3, 4] }],
      outputs: 2,
    },
    { expected: [new Tensor('int32', [0, 1, 2], [3]), new Tensor('int32', [3, 4], [2])] },
  ),
];

const edges: OpCase[] = [
  transpose('edges', 'float32', [1, 1], [1, 0]),
  transpose('edges', 'float32', [0, 3], [1, 0]),
  transpose('edges', 'float32', [4, 1, 5], [1, 0, 2]),
  slice('edges', 'float32', [3, 4], {
    starts: [0, 4],
    ends: [3, 9],
    steps: [1, 1],
    first: [0, 0],
    out: [3, 0],
  }),
  slice('edges', 'float32', [3, 4], {
    starts: [-9, -1],
    ends: [9, -9],
    steps: [1, -1],
    first: [0, 3],
    out: [3, 4],
  }),
  slice(
    'edges',
    'float32',
    [3, 4],
    { starts: [1, -3], ends: [2, -1], steps: [1, 1], first: [1, 1], out: [1, 2] },
    9,
  ),
  tile('edges', 'float32', [3], [1]),
  tile('edges', 'float32', [2, 2], [0, 2]),
  expand('edges', 'float32', [], [2, 3], [2, 3]),
  expand('edges', 'float32', [3, 1], [1], [3, 1]),
  split('edges', 'float32', [4], 0, [4, 0], 13),
];

const random: OpCase[] = WIDTHS.flatMap((dtype) => [
  transpose('random', dtype, [5, 7], [1, 0]),
  transpose('random', dtype, [19, 33], [1, 0]),
  transpose('random', dtype, [37, 2], [1, 0]),
  transpose('random', dtype, [3, 50], [1, 0]),
  transpose('random', dtype, [2, 3, 4, 5], [0, 2, 3, 1]),
  transpose('random', dtype, [2, 3, 4, 5], [3, 1, 0, 2]),
  transpose('random', dtype, [2, 6, 4, 8], [0, 2, 1, 3]),
  transpose('random', dtype, [2, 3, 2, 3, 2, 3], [5, 3, 1, 0, 2, 4]),
  slice('random', dtype, [5, 6, 8], {
    starts: [1, 1, 2],
    ends: [4, 6, 6],
    steps: [1, 2, 1],
    first: [1, 1, 2],
    out: [3, 3, 4],
  }),
  slice('random', dtype, [5, 6, 8], {
    starts: [4, -1, 7],
    ends: [0, -7, -9],
    steps: [-1, -2, -3],
    first: [4, 5, 7],
    out: [4, 3, 3],
  }),
  tile('random', dtype, [2, 3, 4], [2, 1, 3]),
  tile('random', dtype, [3, 1], [1, 37]),
  expand('random', dtype, [3, 1, 5], [2, 1, 4, 1], [2, 3, 4, 5]),
  expand('random', dtype, [7, 1], [7, 19], [7, 19]),
  split('random', dtype, [3, 9, 2], 1, [2, 3, 4], 13),
  split('random', dtype, [3, 8], 1, [3, 5], 11),
  depthToSpace(dtype, 'DCR', [2, 3, 2, 5], 2),
  depthToSpace(dtype, 'CRD', [2, 3, 2, 5], 3),
  spaceToDepth(dtype, [2, 3, 2, 5], 2),
]);

// A row's bits do not depend on what lies beside it.
const invariance: OpCase[] = [1, 3].map((rows) => {
  const row = bits(77, 'float32', [1, 4, 21]);
  const all = bits(78, 'float32', [rows, 4, 21]);
  const data = all.data as Float32Array;
  new Uint32Array(data.buffer).set(new Uint32Array((row.data as Float32Array).buffer), 0);
  return nodeCase(
    `strided_copy/op=Transpose,batch=${rows}`,
    'invariance',
    { opType: 'Transpose', attributes: { perm: [0, 2, 1] }, inputs: [{ ...all, data }] },
    { same: { key: 'strided_copy/row', from: 0, to: 84 } },
  );
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
