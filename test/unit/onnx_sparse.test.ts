// Sparse tensors in attributes: both forms of indices, every element there, and what is wrong with others.
import { PbfWriter } from 'pbf';
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import { Message } from '../../src/onnx/proto.ts';
import { readSparseTensor } from '../../src/onnx/sparse.ts';
import { writeTensor } from '../../src/onnx/writer.ts';
import { f32, i64, strings } from '../harness/host_cases.ts';

function read(values: Tensor, indices: Tensor, dims: readonly number[]): Tensor | string {
  const writer = new PbfWriter();
  writer.writeBytesField(1, writeTensor('v', values));
  writer.writeBytesField(2, writeTensor('', indices));
  for (const dim of dims) writer.writeVarintField(3, dim);
  const { tensor, error } = readSparseTensor(Message.of(writer.finish(), 'sparse'));
  return tensor ?? error?.message ?? '';
}

const dataOf = (result: Tensor | string): unknown =>
  result instanceof Tensor
    ? [result.dtype, result.dims, Array.from(result.data as Float32Array)]
    : result;

test('places and coordinates', () => {
  const expected = ['float32', [2, 3], [0, 7, 0, 0, 0, -1]];
  expect(dataOf(read(f32([2], 7, -1), i64([2], 1, 5), [2, 3]))).toEqual(expected);
  expect(dataOf(read(f32([2], 7, -1), i64([2, 2], 0, 1, 1, 2), [2, 3]))).toEqual(expected);
  expect(dataOf(read(f32([0]), i64([0]), [2]))).toEqual(['float32', [2], [0, 0]]);
});

test('what is refused, and why', () => {
  expect(read(f32([1], 1), i64([1], 6), [2, 3])).toMatch(/expected 0..5, got 6/);
  expect(read(f32([1], 1), i64([1, 2], 0, 3), [2, 3])).toMatch(/axis 1: expected 0..2, got 3/);
  expect(read(f32([2], 1, 2), i64([1], 0), [2, 3])).toMatch(/expected \[2\] or \[2, 2\]/);
  expect(read(f32([1], 1), f32([1], 0), [2])).toMatch(/indices: expected int64/);
  expect(read(strings([1], 'a'), i64([1], 0), [2])).toMatch(/values: expected numbers/);
  expect(read(f32([1], 1), i64([1], 0), [65536, 65536])).toMatch(/expected at most/);
});
