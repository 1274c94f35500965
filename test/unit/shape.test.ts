// Shapes, element types, words: the arithmetic that everything else trusts.

import { describe, expect, test } from 'vitest';
import {
  canonicalWord,
  f32OfWord,
  hex32,
  kBit,
  productOperandWord,
  summandWord,
  ulpDistance,
  wordOfF32,
} from '../../src/core/bits.ts';
import { dtypeInfo, dtypeOfOnnx, isDType, kDTypes, typedArrayOf } from '../../src/core/dtype.ts';
import {
  broadcastShapes,
  clampedNumber,
  normalizeAxis,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../src/core/shape.ts';

describe('shapes', () => {
  test('sizes', () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([2, 0, 4])).toBe(0);
    expect(sizeOf([2 ** 40, 2 ** 40, 0])).toBe(0);
    expect(sizeOf([2 ** 52])).toBe(2 ** 52);
    for (const bad of [
      [-1],
      [1.5],
      [NaN],
      [2 ** 53],
      [2 ** 27, 2 ** 27],
      [0, -1],
      [2 ** 40, 2 ** 40, -1],
    ]) {
      expect(() => sizeOf(bad)).toThrow(RangeError);
    }
  });

  test('strides', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
    expect(stridesOf([2, 0, 4])).toEqual([4, 4, 1]);
  });

  test('broadcasting', () => {
    expect(broadcastShapes('Add', [3, 1], [4])).toEqual([3, 4]);
    expect(broadcastShapes('Add', [], [2, 3])).toEqual([2, 3]);
    expect(broadcastShapes('Add', [0], [1])).toEqual([0]);
    expect(broadcastShapes('Add', [2, 1, 1], [3, 1], [4])).toEqual([2, 3, 4]);
    expect(broadcastShapes('Add')).toEqual([]);
    expect(() => broadcastShapes('Add', [3, 4], [5, 4])).toThrow(
      'Add: shapes do not broadcast: expected equal sizes or 1 on axis -2, got [3, 4] and [5, 4].',
    );
    expect(() => broadcastShapes('Add', [0], [2])).toThrow(RangeError);
  });

  test('axes', () => {
    expect(normalizeAxis('Softmax', -1, 3)).toBe(2);
    expect(normalizeAxis('Softmax', 0, 3)).toBe(0);
    expect(() => normalizeAxis('Softmax', 3, 3)).toThrow('expected -3..2, got 3');
    expect(() => normalizeAxis('Softmax', 0, 0)).toThrow('scalar');
  });

  test('equality and clamping', () => {
    expect(sameShape([1, 2], [1, 2])).toBe(true);
    expect(sameShape([1, 2], [1, 2, 1])).toBe(false);
    expect(clampedNumber((1n << 63n) - 1n)).toBe(2 ** 53 - 1);
    expect(clampedNumber(-(1n << 63n))).toBe(-(2 ** 53 - 1));
    expect(clampedNumber(-7n)).toBe(-7);
  });
});

describe('element types', () => {
  test('codes go both ways and sizes match the arrays', () => {
    expect(kDTypes).toHaveLength(24);
    for (const dtype of kDTypes) {
      expect(dtypeOfOnnx(dtypeInfo(dtype).onnx)).toBe(dtype);
      if (dtype === 'string') continue;
      const { bytes } = dtypeInfo(dtype);
      const array = typedArrayOf(dtype, new ArrayBuffer(32), 8, 2);
      expect([array.BYTES_PER_ELEMENT, array.length, array.byteOffset]).toEqual([bytes, 2, 8]);
    }
    expect(dtypeOfOnnx(0)).toBeUndefined();
    expect(dtypeOfOnnx(14)).toBeUndefined();
    expect(isDType('toString')).toBe(false);
    expect(() => typedArrayOf('string', new ArrayBuffer(0), 0, 0)).toThrow(TypeError);
  });
});

describe('words', () => {
  test('conversion and printing', () => {
    expect(wordOfF32(1)).toBe(kBit.f32.positive.one);
    expect(wordOfF32(-0)).toBe(kBit.f32.negative.zero);
    expect(f32OfWord(kBit.f32.canonicalMin)).toBe(2 ** -120);
    expect(f32OfWord(kBit.f32.productMin)).toBe(2 ** -51);
    expect(f32OfWord(kBit.f32.summandMin)).toBe(2 ** -102);
    expect(f32OfWord(kBit.f32.positive.min)).toBe(2 ** -126);
    expect(hex32(-1)).toBe('0xffffffff');
    expect(hex32(1)).toBe('0x00000001');
  });

  test.each([
    [0x00000000, 0x00000000],
    [0x80000000, 0x00000000],
    [0x00000001, 0x00000000],
    [0x037fffff, 0x00000000],
    [0x03800000, 0x03800000],
    [0x837fffff, 0x00000000],
    [0x83800000, 0x83800000],
    [0x7f800000, 0x7f800000],
    [0xff800000, 0xff800000],
    [0x7f800001, 0x7fc00000],
    [0xffc00000, 0x7fc00000],
    [0xffffffff, 0x7fc00000],
  ])('canonical %o', (bits, canonical) => {
    expect(hex32(canonicalWord(bits))).toBe(hex32(canonical));
    // The same for a word that came as a signed number.
    expect(hex32(canonicalWord(bits | 0))).toBe(hex32(canonical));
  });

  test('the thresholds of products and sums', () => {
    expect([0x25ffffff, 0x26000000, 0xa6000000].map(productOperandWord)).toEqual([
      0, 0x26000000, 0xa6000000,
    ]);
    expect([0x0c7fffff, 0x0c800000, 0x7fc00001].map(summandWord)).toEqual([
      0, 0x0c800000, 0x7fc00000,
    ]);
  });

  test('distances never hide a difference', () => {
    expect(ulpDistance(0x3f800000, 0x3f800001)).toBe(1);
    expect(ulpDistance(0x00000000, 0x80000000)).toBe(1);
    expect(ulpDistance(0x00000001, 0x80000001)).toBe(3);
    expect(ulpDistance(0x7fc00000, 0x7fc00001)).toBe(Infinity);
    expect(ulpDistance(0x7fc00000, 0x7fc00000)).toBe(0);
    expect(ulpDistance(-1, 0xffffffff)).toBe(0);
    expect(ulpDistance(0x7f7fffff, 0x7f800000)).toBe(1);
  });
});
