// ScatterND and ScatterElements: every width of an element, repeated indices (the last in index order wins),
// indices outside the tensor (dropped), reductions in index order.
import { dtypeInfo, typedArrayOf, type DType } from '../../src/core/dtype.ts';
import { stridesOf } from '../../src/core/shape.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { bits, eachIndex, WIDTHS } from '../harness/movement.ts';
import { floats, integers } from '../harness/prng.ts';

const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

function indices(seed: number, dtype: DType, dims: number[], low: number, high: number): CaseInput {
  const list = integers(seed, size(dims), low, high);
  return dtype === 'int64'
    ? { dtype, dims, data: BigInt64Array.from(list, BigInt) }
    : { dtype, dims, data: Int32Array.from(list) };
}

function bytesOf(input: CaseInput): Uint8Array {
  const data = input.data as Float32Array;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The data with updates written over it one after the other; `target` is the element of each, undefined outside. */
function written(
  data: CaseInput,
  updates: CaseInput,
  target: (index: number[]) => number[] | undefined,
): Tensor {
  const width = dtypeInfo(data.dtype).bytes;
  const to = bytesOf(data).slice();
  const from = bytesOf(updates);
  const strides = stridesOf(data.dims);
  eachIndex(updates.dims, (index, flat) => {
    const place = target(index);
    if (place === undefined) return;
    const element = place.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
    to.set(from.subarray(flat * width, (flat + 1) * width), element * width);
  });
  return new Tensor(data.dtype, typedArrayOf(data.dtype, to.buffer, 0, size(data.dims)), data.dims);
}

function wrap(i: number, n: number): number | undefined {
  const index = i < 0 ? i + n : i;
  return index >= 0 && index < n ? index : undefined;
}

function elements(
  group: CaseGroup,
  dtype: DType,
  dims: number[],
  axis: number,
  shape: number[],
  index: DType,
  beyond = 0,
): OpCase {
  const [data, updates] = [bits(20, dtype, dims), bits(21, dtype, shape)];
  const n = dims[axis] ?? 1;
  const i = indices(22, index, shape, -n - beyond, n + beyond);
  const strides = stridesOf(shape);
  const expected = written(data, updates, (place) => {
    const flat = place.reduce((sum, p, k) => sum + p * (strides[k] ?? 0), 0);
    const found = wrap(Number((i.data as Int32Array)[flat]), n);
    return found === undefined ? undefined : place.map((p, k) => (k === axis ? found : p));
  });
  return nodeCase(
    `scatter/op=ScatterElements,dtype=${dtype},dims=${dims.join('x')},axis=${axis},indices=${shape.join('x')},index=${index},beyond=${beyond}`,
    group,
    { opType: 'ScatterElements', attributes: { axis }, inputs: [data, i, updates] },
    { expected: [expected] },
  );
}

function nd(
  group: CaseGroup,
  dtype: DType,
  dims: number[],
  shape: number[],
  tuple: number,
  index: DType,
  beyond = 0,
): OpCase {
  const data = bits(23, dtype, dims);
  const updates = bits(24, dtype, [...shape, ...dims.slice(tuple)]);
  const n = Math.min(...dims.slice(0, tuple));
  const i = indices(25, index, [...shape, tuple], -n - beyond, n + beyond);
  const strides = stridesOf([...shape, tuple]);
  const expected = written(data, updates, (place) => {
    const first = place
      .slice(0, shape.length)
      .reduce((sum, p, k) => sum + p * (strides[k] ?? 0), 0);
    const found = Array.from({ length: tuple }, (_, k) =>
      wrap(Number((i.data as Int32Array)[first + k]), dims[k] ?? 0),
    );
    const inside = found.filter((one) => one !== undefined);
    return inside.length < tuple ? undefined : [...inside, ...place.slice(shape.length)];
  });
  return nodeCase(
    `scatter/op=ScatterND,dtype=${dtype},dims=${dims.join('x')},indices=${shape.join('x')},tuple=${tuple},index=${index},beyond=${beyond}`,
    group,
    { opType: 'ScatterND', inputs: [data, i, updates] },
    { expected: [expected] },
  );
}

const REDUCTIONS = ['add', 'mul', 'min', 'max'];

export const cases: OpCase[] = [
  nodeCase(
    'scatter/op=ScatterElements,last=wins',
    'defined',
    {
      opType: 'ScatterElements',
      inputs: [
        { dtype: 'int32', dims: [3], data: [1, 2, 3] },
        { dtype: 'int64', dims: [3], data: [1n, -1n, 1n] },
        { dtype: 'int32', dims: [3], data: [7, 8, 9] },
      ],
    },
    { expected: [new Tensor('int32', [1, 9, 8], [3])] },
  ),
  nodeCase(
    'scatter/op=Scatter,opset=9',
    'defined',
    {
      opType: 'Scatter',
      opset: 9,
      attributes: { axis: 1 },
      inputs: [
        { dtype: 'int32', dims: [1, 3], data: [1, 2, 3] },
        { dtype: 'int64', dims: [1, 2], data: [2n, 0n] },
        { dtype: 'int32', dims: [1, 2], data: [7, 8] },
      ],
    },
    { expected: [new Tensor('int32', [8, 2, 7], [1, 3])] },
  ),
  ...REDUCTIONS.map((reduction, k) =>
    nodeCase(
      `scatter/op=ScatterND,reduction=${reduction}`,
      'defined',
      {
        opType: 'ScatterND',
        opset: 18,
        attributes: { reduction },
        inputs: [
          { dtype: 'float32', dims: [2], data: [2, 3] },
          { dtype: 'int64', dims: [3, 1], data: [0n, 0n, 1n] },
          { dtype: 'float32', dims: [3], data: [5, -1, 4] },
        ],
      },
      {
        expected: [
          new Tensor(
            'float32',
            [
              [6, 7],
              [-10, 12],
              [-1, 3],
              [5, 4],
            ][k] ?? [],
            [2],
          ),
        ],
      },
    ),
  ),
  elements('edges', 'float32', [3, 4], 1, [3, 6], 'int32', 2),
  nd('edges', 'float32', [3, 4], [8], 2, 'int64', 2),
  nd('edges', 'float32', [3, 4], [0], 1, 'int64'),
  ...WIDTHS.flatMap((dtype) => [
    elements('random', dtype, [4, 5, 3], 1, [4, 7, 3], 'int64'),
    elements('random', dtype, [6, 3], 0, [9, 2], 'int32'),
    nd('random', dtype, [4, 3, 5], [11], 2, 'int64'),
    nd('random', dtype, [5, 6], [2, 2], 1, 'int32'),
    nd('random', dtype, [9], [13], 1, 'int64'),
  ]),
  ...REDUCTIONS.map((reduction) =>
    nodeCase(`scatter/op=ScatterElements,reduction=${reduction},data=special`, 'random', {
      opType: 'ScatterElements',
      opset: 18,
      attributes: { reduction, axis: 1 },
      inputs: [
        { dtype: 'float32', dims: [4, 9], data: floats(30, 36, 'special') },
        indices(31, 'int64', [4, 20], -9, 9),
        { dtype: 'float32', dims: [4, 20], data: floats(32, 80, 'special') },
      ],
    }),
  ),
  ...[1, 2].map((repeat) =>
    nodeCase(
      `scatter/op=ScatterElements,repeat=${repeat}`,
      'invariance',
      {
        opType: 'ScatterElements',
        inputs: [
          bits(40, 'float32', [8]),
          { dtype: 'int64', dims: [3], data: [3n, 3n, 1n] },
          bits(41, 'float32', [3]),
        ],
      },
      { same: { key: 'scatter/repeat' } },
    ),
  ),
];
