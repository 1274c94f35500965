// Gather, GatherND, GatherElements: every width of an element and both index types, negative indices, indices
// outside the tensor (zero bits), expectations by index.
import type { DType } from '../../src/core/dtype.ts';
import { stridesOf } from '../../src/core/shape.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { bits, moved, WIDTHS } from '../harness/movement.ts';
import { integers } from '../harness/prng.ts';

/** Indices in [low, high). */
function indices(seed: number, dtype: DType, dims: number[], low: number, high: number): CaseInput {
  const list = integers(
    seed,
    dims.reduce((a, b) => a * b, 1),
    low,
    high,
  );
  return dtype === 'int64'
    ? { dtype, dims, data: BigInt64Array.from(list, BigInt) }
    : { dtype, dims, data: Int32Array.from(list) };
}

function at(input: CaseInput, index: readonly number[]): number {
  const strides = stridesOf(input.dims);
  const flat = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
  const data = input.data as Int32Array | BigInt64Array;
  return Number(data[flat] ?? 0);
}

/** Counted from the end if negative; undefined outside. */
function wrap(i: number, size: number): number | undefined {
  const index = i < 0 ? i + size : i;
  return index >= 0 && index < size ? index : undefined;
}

interface Options {
  readonly group?: CaseGroup;
  readonly index?: DType;
  /** How far indices go beyond the axis on both sides. */
  readonly beyond?: number;
}

function gather(
  dtype: DType,
  dims: number[],
  axis: number,
  shape: number[],
  options: Options = {},
): OpCase {
  const { group = 'random', index = 'int64', beyond = 0 } = options;
  const x = bits(50, dtype, dims);
  const size = dims[axis] ?? 1;
  const i = indices(51, index, shape, -size - beyond, size + beyond);
  const out = [...dims.slice(0, axis), ...shape, ...dims.slice(axis + 1)];
  const expected = moved(x, out, (place) => {
    const found = wrap(at(i, place.slice(axis, axis + shape.length)), size);
    return found === undefined
      ? undefined
      : [...place.slice(0, axis), found, ...place.slice(axis + shape.length)];
  });
  return nodeCase(
    `gather/op=Gather,dtype=${dtype},dims=${dims.join('x')},axis=${axis},indices=${shape.join('x')},index=${index},beyond=${beyond}`,
    group,
    { opType: 'Gather', attributes: { axis }, inputs: [x, i] },
    { expected: [expected] },
  );
}

function gatherElements(
  dtype: DType,
  dims: number[],
  axis: number,
  shape: number[],
  options: Options = {},
): OpCase {
  const { group = 'random', index = 'int64', beyond = 0 } = options;
  const x = bits(52, dtype, dims);
  const size = dims[axis] ?? 1;
  const i = indices(53, index, shape, -size - beyond, size + beyond);
  const expected = moved(x, shape, (place) => {
    const found = wrap(at(i, place), size);
    return found === undefined ? undefined : place.map((p, k) => (k === axis ? found : p));
  });
  return nodeCase(
    `gather/op=GatherElements,dtype=${dtype},dims=${dims.join('x')},axis=${axis},indices=${shape.join('x')},index=${index},beyond=${beyond}`,
    group,
    { opType: 'GatherElements', attributes: { axis }, inputs: [x, i] },
    { expected: [expected] },
  );
}

function gatherND(
  dtype: DType,
  dims: number[],
  batch: number,
  shape: number[],
  tuple: number,
  options: Options = {},
): OpCase {
  const { group = 'random', index = 'int64', beyond = 0 } = options;
  const x = bits(54, dtype, dims);
  const size = Math.min(...dims.slice(batch, batch + tuple));
  const i = indices(55, index, [...shape, tuple], -size - beyond, size + beyond);
  const out = [...shape, ...dims.slice(batch + tuple)];
  const expected = moved(x, out, (place) => {
    const found = Array.from({ length: tuple }, (_, k) =>
      wrap(at(i, [...place.slice(0, shape.length), k]), dims[batch + k] ?? 0),
    );
    const inside = found.filter((one) => one !== undefined);
    return inside.length < tuple
      ? undefined
      : [...place.slice(0, batch), ...inside, ...place.slice(shape.length)];
  });
  return nodeCase(
    `gather/op=GatherND,dtype=${dtype},dims=${dims.join('x')},batch=${batch},indices=${shape.join('x')},tuple=${tuple},index=${index},beyond=${beyond}`,
    group,
    { opType: 'GatherND', opset: 13, attributes: { batch_dims: batch }, inputs: [x, i] },
    { expected: [expected] },
  );
}

export const cases: OpCase[] = [
  nodeCase(
    'gather/op=Gather,scalar',
    'defined',
    {
      opType: 'Gather',
      attributes: { axis: 1 },
      inputs: [
        { dtype: 'int32', dims: [2, 3], data: [1, 2, 3, 4, 5, 6] },
        { dtype: 'int64', dims: [], data: [-1n] },
      ],
    },
    { expected: [new Tensor('int32', [3, 6], [2])] },
  ),
  nodeCase(
    'gather/op=Gather,high-word',
    'defined',
    {
      opType: 'Gather',
      // Beyond 32 bits an index is outside, whatever its low word.
      inputs: [
        { dtype: 'int32', dims: [2], data: [8, 9] },
        { dtype: 'int64', dims: [4], data: [1n << 32n, (1n << 32n) + 1n, -(1n << 32n) - 1n, -1n] },
      ],
    },
    { expected: [new Tensor('int32', [0, 0, 0, 9], [4])] },
  ),
  gather('float32', [3, 4], 0, [5, 2], { group: 'edges', beyond: 2 }),
  gather('float32', [3, 4], 1, [0], { group: 'edges' }),
  gather('float16', [5, 3], 0, [7], { group: 'edges', index: 'int32', beyond: 1 }),
  gatherElements('float32', [3, 4], 0, [2, 4], { group: 'edges', beyond: 2 }),
  gatherElements('uint8', [3, 5], 1, [3, 7], { group: 'edges', index: 'int32', beyond: 2 }),
  gatherND('float32', [3, 4], 0, [5], 2, { group: 'edges', beyond: 2 }),
  ...WIDTHS.flatMap((dtype) => [
    gather(dtype, [4, 5, 3], 0, [6]),
    gather(dtype, [4, 5, 4], 1, [2, 3], { index: 'int32' }),
    gather(dtype, [4, 5], 1, [7]),
    gatherElements(dtype, [4, 5, 3], 1, [4, 2, 3]),
    gatherElements(dtype, [6, 3], 0, [5, 2], { index: 'int32' }),
    gatherElements(dtype, [7], 0, [9]),
    gatherND(dtype, [4, 3, 5], 0, [6], 2),
    gatherND(dtype, [2, 4, 3, 5], 1, [2, 3], 2, { index: 'int32' }),
    gatherND(dtype, [5, 6], 0, [2, 2], 1),
  ]),
  ...[1, 4].map((count) => {
    const i = indices(60, 'int64', [count], 0, 9);
    (i.data as BigInt64Array)[0] = 5n;
    return nodeCase(
      `gather/op=Gather,count=${count}`,
      'invariance',
      { opType: 'Gather', inputs: [bits(61, 'float32', [9, 7]), i] },
      { same: { key: 'gather/row', from: 0, to: 7 } },
    );
  }),
];
