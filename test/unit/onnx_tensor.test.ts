// TensorProto: every element type in every encoding that the format allows, round trips, and every refusal by name.

import { PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';
import { dtypeInfo, kDTypes, type DType } from '../../src/core/dtype.ts';
import { ModelError, UnsupportedOpError } from '../../src/core/errors.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { writeTensor } from '../../src/onnx/writer.ts';

type Fields = (writer: PbfWriter) => void;

function proto(...parts: Fields[]): Uint8Array {
  const writer = new PbfWriter();
  for (const part of parts) part(writer);
  return writer.finish();
}

const dims =
  (...list: number[]): Fields =>
  (writer) =>
    list.forEach((dim) => writer.writeVarintField(1, dim));
const type =
  (dtype: DType | number): Fields =>
  (writer) =>
    writer.writeVarintField(2, typeof dtype === 'number' ? dtype : dtypeInfo(dtype).onnx);
const raw =
  (bytes: ArrayLike<number>): Fields =>
  (writer) =>
    writer.writeBytesField(9, Uint8Array.from(bytes));

/** Varints of 64-bit two's complement, exact. */
function varint(writer: PbfWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  do {
    const more = rest > 0x7fn;
    writer.realloc(1);
    writer.buf[writer.pos++] = Number(rest & 0x7fn) | (more ? 0x80 : 0);
    rest >>= 7n;
  } while (rest > 0n);
}
const unpacked =
  (field: number, ...values: bigint[]): Fields =>
  (writer) => {
    for (const value of values) {
      writer.writeTag(field, 0);
      varint(writer, value);
    }
  };
const packed =
  (field: number, ...values: bigint[]): Fields =>
  (writer) =>
    writer.writeMessage(field, (_, inner) => values.forEach((value) => varint(inner, value)), null);

/** The typed field of each type, and values at the ends of its range with the array they must give. */
type Packed = 'int4' | 'uint4' | 'int2' | 'uint2' | 'float4e2m1';
const kTyped: Record<
  Exclude<DType, 'float32' | 'float64' | 'string' | Packed>,
  [number, bigint[]]
> = {
  float8e4m3fn: [5, [0x38n, 0xffn, 0x80n]],
  float8e4m3fnuz: [5, [0x40n, 0xffn, 0x80n]],
  float8e5m2: [5, [0x3cn, 0xffn, 0x80n]],
  float8e5m2fnuz: [5, [0x40n, 0xffn, 0x80n]],
  float8e8m0: [5, [0n, 0xffn, 0x7fn]],
  int8: [5, [-128n, 127n, -1n]],
  uint8: [5, [0n, 255n, 128n]],
  int16: [5, [-32768n, 32767n, -1n]],
  uint16: [5, [0n, 65535n, 32768n]],
  int32: [5, [-2147483648n, 2147483647n, -1n]],
  bool: [5, [0n, 1n, 1n]],
  float16: [5, [0x3c00n, 0xffffn, 0x8000n]],
  bfloat16: [5, [0x3f80n, 0xffffn, 0x8000n]],
  int64: [7, [-(1n << 63n), (1n << 63n) - 1n, -1n]],
  uint32: [11, [0n, (1n << 32n) - 1n, 1n << 31n]],
  uint64: [11, [0n, (1n << 64n) - 1n, 1n << 63n]],
};

describe('encodings', () => {
  test.each(Object.entries(kTyped))('%s in its typed field', (name, [field, values]) => {
    const dtype = name as keyof typeof kTyped;
    const expected = new Tensor(dtype, values, [3]);
    for (const data of [
      [packed(field, ...values)],
      [unpacked(field, ...values)],
      [packed(field, ...values.slice(0, 1)), unpacked(field, ...values.slice(1))],
    ]) {
      const { tensor } = readTensor(proto(dims(3), type(dtype), ...data));
      expect(tensor.dtype).toBe(dtype);
      expect(tensor.data).toEqual(expected.data);
    }
  });

  test('float32 and float64 keep every bit, packed or not', () => {
    const words = Uint32Array.from([0x7fc00001, 0x80000000, 0xff800001, 1]);
    const bytes = new Uint8Array(words.buffer);
    const single = (from: number, width: 4 | 8): Fields => {
      return (writer) => {
        writer.writeTag(width === 4 ? 4 : 10, width === 4 ? 5 : 1);
        writer.realloc(width);
        writer.buf.set(bytes.subarray(from, from + width), writer.pos);
        writer.pos += width;
      };
    };
    const floats = (writer: PbfWriter): void => writer.writeBytesField(4, bytes);
    const doubles = (writer: PbfWriter): void => writer.writeBytesField(10, bytes);
    for (const file of [
      proto(dims(4), type('float32'), floats),
      proto(dims(4), type('float32'), ...[0, 4, 8, 12].map((from) => single(from, 4))),
      proto(dims(2), type('float64'), doubles),
      proto(dims(2), type('float64'), single(0, 8), single(8, 8)),
    ]) {
      expect(readTensor(file).tensor.bytes()).toEqual(bytes);
    }
  });

  test('dims packed, data before its type, unknown fields skipped', () => {
    const file = proto(
      raw([1, 2, 3, 4, 5, 6]),
      (writer) => writer.writeStringField(12, 'documentation'),
      (writer) => writer.writeFixed64Field(99, 7),
      (writer) => writer.writeFixed32Field(100, 7),
      packed(1, 2n, 3n),
      type('uint8'),
      (writer) => writer.writeStringField(8, 'x'),
    );
    const { name, tensor } = readTensor(file);
    expect([name, tensor.dims, tensor.numbers()]).toEqual(['x', [2, 3], [1, 2, 3, 4, 5, 6]]);
  });

  test('empty tensors and scalars', () => {
    expect(readTensor(proto(dims(0, 4), type('float32'))).tensor.size).toBe(0);
    expect(readTensor(proto(dims(0), type('float32'), raw([]))).tensor.size).toBe(0);
    expect(readTensor(proto(type('int8'), raw([255]))).tensor.numbers()).toEqual([-1]);
    expect(readTensor(proto(dims(0), type('string'))).tensor.data).toEqual([]);
  });

  test('raw data is a view of the file where it is aligned', () => {
    const views = [0, 1, 2, 3].map((pad) => {
      const inner = proto(dims(2), type('float32'), raw([0, 0, 128, 63, 0, 0, 0, 64]));
      const file = new Uint8Array(pad + inner.length);
      file.set(inner, pad);
      const { tensor } = readTensor(file.subarray(pad));
      expect(tensor.numbers()).toEqual([1, 2]);
      return tensor.bytes().buffer === file.buffer;
    });
    expect(views.filter(Boolean)).toHaveLength(1);
  });

  test('elements of 4 and 2 bits: the first in the lowest bits, the last byte filled up', () => {
    const read = (name: DType, ...parts: Fields[]): unknown =>
      readTensor(proto(...parts, type(name))).tensor.data;
    expect(read('int4', dims(3), raw([0x7f, 0x08]))).toEqual(Int8Array.of(-1, 7, -8));
    expect(read('uint4', dims(3), packed(5, 0x7fn, 0x08n))).toEqual(Uint8Array.of(15, 7, 8));
    expect(read('int2', dims(5), raw([0b10_01_00_11, 1]))).toEqual(Int8Array.of(-1, 0, 1, -2, 1));
    expect(read('float4e2m1', dims(2), raw([0xa5]))).toEqual(Uint8Array.of(5, 10));
    expect(() => read('uint2', dims(5), raw([0]))).toThrow('expected 2 bytes for uint2 [5], got 1');
  });
});

describe('round trips', () => {
  test.each(kDTypes)('%s', (dtype) => {
    const { bytes: width, packedBits = 8 } = dtypeInfo(dtype);
    // Types that share a byte in the file are held one a byte, sign-extended.
    const sign = dtype.startsWith('int') && packedBits < 8 ? 2 ** (packedBits - 1) : 0;
    const bytes = Uint8Array.from({ length: 6 * width }, (_, i) => {
      if (dtype === 'bool') return i & 1;
      return ((i * 37 + 11) & (2 ** packedBits - 1)) - sign;
    });
    for (const shape of [[6], [2, 3], [1, 6, 1], []]) {
      const size = shape.length === 0 ? 1 : 6;
      const tensor =
        dtype === 'string'
          ? new Tensor(dtype, ['', 'a', 'é', '𝒳', '\uFEFFb', 'x'.repeat(300)].slice(0, size), shape)
          : Tensor.ofBytes(dtype, bytes.subarray(0, size * dtypeInfo(dtype).bytes), shape);
      const { name, tensor: back } = readTensor(writeTensor('name', tensor));
      expect([name, back.dtype, back.dims]).toEqual(['name', dtype, shape]);
      if (dtype === 'string') expect(back.data).toEqual(tensor.data);
      else expect(back.bytes()).toEqual(tensor.bytes());
    }
  });
});

describe('refusals', () => {
  const external: Fields = (writer) => {
    writer.writeMessage(
      13,
      (_, inner) => {
        inner.writeStringField(1, 'location');
        inner.writeStringField(2, 'weights.bin');
      },
      null,
    );
    writer.writeVarintField(14, 1);
  };

  test.each<[string, string, Fields[]]>([
    [
      'short raw data',
      'raw_data of the wrong length: expected 8 bytes for float32 [2], got 7',
      [dims(2), type('float32'), raw(new Uint8Array(7))],
    ],
    [
      'no data',
      'float_data of the wrong length: expected 2 elements for shape [2], got 0',
      [dims(2), type('float32')],
    ],
    ['absurd shape', 'expected 4503599627370496 elements', [dims(2 ** 52), type('uint32')]],
    ['more absurd shape', 'too many elements', [dims(2 ** 40, 2 ** 40), type('float32'), raw([])]],
    [
      'negative dimension',
      'bad dimension 1: expected 0..2^53-1, got -1',
      [dims(2), unpacked(1, -1n), type('float32')],
    ],
    ['huge dimension', 'bad dimension 0', [unpacked(1, (1n << 63n) - 1n), type('float32')]],
    ['no type', 'no element type', [dims(1), raw([0])]],
    ['unknown type', 'unknown element type: got data_type 77', [type(77)]],
    [
      'two encodings',
      'expected raw_data or int32_data, got raw_data and int32_data',
      [dims(1), type('int8'), raw([1]), packed(5, 1n)],
    ],
    [
      'wrong typed field',
      'expected int64_data or raw_data for int64, got int32_data',
      [dims(1), type('int64'), packed(5, 1n)],
    ],
    [
      'raw strings',
      'expected string_data for a string tensor',
      [dims(1), type('string'), raw([1])],
    ],
    [
      'int8 out of range',
      'int32_data element 0 is out of range for int8: expected -128..127',
      [dims(1), type('int8'), packed(5, 128n)],
    ],
    ['uint8 out of range', 'out of range for uint8', [dims(1), type('uint8'), packed(5, -1n)]],
    [
      'int32 out of range',
      'out of range for int32',
      [dims(1), type('int32'), packed(5, 1n << 31n)],
    ],
    [
      'int32 far out of range',
      'out of range for int32',
      [dims(1), type('int32'), packed(5, 1n << 32n)],
    ],
    [
      'uint32 out of range',
      'element 1 is out of range: expected 32 bits',
      [dims(2), type('uint32'), packed(11, 1n, 1n << 32n)],
    ],
    ['bool of 2', 'expected 0 or 1, got 2', [dims(1), type('bool'), raw([2])]],
    ['bool of 2, typed', 'out of range for bool', [dims(1), type('bool'), packed(5, 2n)]],
    [
      'bad text',
      'expected UTF-8',
      [dims(1), type('string'), (writer) => writer.writeBytesField(6, Uint8Array.of(0xff))],
    ],
    [
      'wrong wire type',
      'tensor.raw_data: wrong wire type: expected length-delimited, got varint',
      [(writer) => writer.writeVarintField(9, 1)],
    ],
    [
      'packed floats of odd length',
      'tensor.float_data: bad length: expected a multiple of 4 bytes, got 3',
      [(writer) => writer.writeBytesField(4, new Uint8Array(3))],
    ],
    [
      'data_type out of range',
      'tensor.data_type: integer out of range: expected 32 bits',
      [unpacked(2, 1n << 40n)],
    ],
  ])('%s', (_, message, parts) => {
    const read = (): unknown => readTensor(proto(...parts));
    expect(read).toThrow(ModelError);
    expect(read).not.toThrow(UnsupportedOpError);
    expect(read).toThrow(message);
  });

  test.each<[string, string, Fields[]]>([
    ['complex128', 'element type complex128 is not supported', [dims(1), type(15), raw([1])]],
    [
      'complex',
      'element type complex64 is not supported',
      [dims(1), type(14), raw(new Uint8Array(8))],
    ],
    ['external data', "got external data in 'weights.bin'", [dims(1), type('float32'), external]],
    [
      'segments',
      'segmented tensors',
      [dims(1), type('int8'), (writer) => writer.writeBytesField(3, new Uint8Array(0)), raw([1])],
    ],
  ])('%s is not supported', (_, message, parts) => {
    const read = (): unknown => readTensor(proto(...parts));
    expect(read).toThrow(UnsupportedOpError);
    expect(read).toThrow(message);
  });

  test('cut at every byte: a ModelError, or, where a whole field is missing, a tensor that misses data', () => {
    const tensor = new Tensor('float32', [1, 2, 3], [3]);
    const file = writeTensor('weights', tensor);
    for (let length = 0; length < file.length; length++) {
      expect(() => readTensor(file.subarray(0, length)), `${length} bytes`).toThrow(ModelError);
    }
  });

  test('bytes that are no protocol buffer', () => {
    for (const bytes of [
      [0],
      [7],
      [0x0f],
      [0xff],
      Array.from({ length: 20 }, () => 0xff),
      [0x4a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ]) {
      expect(() => readTensor(Uint8Array.from(bytes))).toThrow(ModelError);
    }
  });
});
