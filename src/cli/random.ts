// Random inputs that depend on the seed alone: the same on every machine, in every order of evaluation. The generator
// is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011), which turns
// a counter and a key into four words. Element i of input k is word i % 4 of the block with counter
// (i / 4 low, i / 4 high, k, 0) and key (seed low, seed high). Floats are built from bits and are uniform multiples
// of 2^-23 (float16: 2^-10, bfloat16: 2^-7) in [-1, 1), never -0; integers are uniform in [0, 8).

import { dtypeInfo, typedArrayOf, type DType } from '../core/dtype.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import type { ValueInfo } from '../graph/graph.ts';

export type Words4 = readonly [number, number, number, number];

/** The upper 32 bits of a product of two u32. All partial sums stay below 2^53, so f64 holds them exactly. */
function mulHigh(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const rest = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(rest / 0x10000)) >>> 0;
}

/** Philox4x32 with ten rounds. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = mulHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

export interface RandomOptions {
  /** Sizes for named dimensions; others are 1. */
  readonly dims?: Readonly<Record<string, number>> | undefined;
  /** Integers are drawn from [0, integerLimit); default 8, at most 128 so that every integer type can hold them. */
  readonly integerLimit?: number | undefined;
}

/**
 * Random tensors for inputs.
 *
 * @param seed a non-negative integer below 2^53
 * @throws RangeError for a seed, a limit or a dimension out of range; TypeError for an input whose type or rank is not
 * known or no tensor
 */
export function randomFeeds(
  inputs: readonly ValueInfo[],
  seed: number,
  options: RandomOptions = {},
): Record<string, Tensor> {
  const limit = options.integerLimit ?? 8;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed out of range: expected an integer of 0..2^53-1, got ${seed}.`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > 128) {
    throw new RangeError(`integer limit out of range: expected 1..128, got ${limit}.`);
  }
  const feeds: Record<string, Tensor> = {};
  inputs.forEach((input, index) => {
    const { name, dtype, dims } = input;
    if (dtype === undefined || dims === undefined) {
      throw new TypeError(
        `input '${name}': no random values: expected a tensor of known dtype and rank, got ` +
          `${input.otherType ?? dtype ?? 'no type'}. Give a file for it.`,
      );
    }
    const shape = dims.map((dim) =>
      typeof dim === 'number' ? dim : dim === undefined ? 1 : (options.dims?.[dim] ?? 1),
    );
    const size = sizeOf(shape);
    if (size > 2 ** 31) {
      throw new RangeError(`input '${name}': too large: got shape ${formatShape(shape)}.`);
    }
    feeds[name] = randomTensor(dtype, shape, seed, index, limit);
  });
  return feeds;
}

function randomTensor(
  dtype: DType,
  dims: readonly number[],
  seed: number,
  stream: number,
  limit: number,
): Tensor {
  const size = sizeOf(dims);
  const key = [seed >>> 0, Math.floor(seed / 0x100000000)] as const;
  const words = new Uint32Array(Math.ceil(size / 4) * 4);
  for (let block = 0; block * 4 < size; block++) {
    words.set(philox4x32([block >>> 0, 0, stream, 0], key), 4 * block);
  }
  // Types of two bits hold fewer.
  const most = dtype === 'uint2' ? 4 : dtype === 'int2' ? 2 : limit;
  const integer = (word: number): number => mulHigh(word, Math.min(limit, most));
  const drawn = words.subarray(0, size);
  if (dtype === 'string')
    return new Tensor(
      dtype,
      Array.from(drawn, (w) => `s${integer(w)}`),
      dims,
    );
  const buffer = new ArrayBuffer(size * dtypeInfo(dtype).bytes);
  const array = typedArrayOf(dtype, buffer, 0, size);
  switch (dtype) {
    case 'float32':
      return ofPatterns(new Uint32Array(buffer), (word) => fraction(word, 23, 127));
    case 'float16':
      return ofPatterns(new Uint16Array(buffer), (word) => fraction(word, 10, 15));
    case 'bfloat16':
      return ofPatterns(new Uint16Array(buffer), (word) => fraction(word, 7, 127));
    case 'float64': {
      // The same values as for float32: 24 bits, exact.
      const values = drawn.map((word) => word >>> 8);
      return new Tensor(
        dtype,
        Float64Array.from(values, (n) => n / 2 ** 23 - 1),
        dims,
      );
    }
    case 'bool':
      return new Tensor(
        dtype,
        Uint8Array.from(drawn, (word) => word >>> 31),
        dims,
      );
    default:
      if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
        drawn.forEach((word, index) => (array[index] = BigInt(integer(word))));
      } else drawn.forEach((word, index) => (array[index] = integer(word)));
      return new Tensor(dtype, array, dims);
  }

  function ofPatterns(
    patterns: Uint32Array | Uint16Array,
    patternOf: (word: number) => number,
  ): Tensor {
    drawn.forEach((word, index) => (patterns[index] = patternOf(word)));
    return new Tensor(dtype, array, dims);
  }
}

/**
 * The bit pattern of n * 2^-mantissa, where n is the top mantissa + 1 bits of the word as a two's complement integer,
 * in a format with that many mantissa bits and that exponent bias. |n| <= 2^mantissa fits the significand: exact.
 */
function fraction(word: number, mantissa: number, bias: number): number {
  const n = word >> (31 - mantissa);
  if (n === 0) return 0;
  const magnitude = Math.abs(n);
  const top = 31 - Math.clz32(magnitude);
  const below = (magnitude << (mantissa - top)) & ((1 << mantissa) - 1);
  const sign = n < 0 ? 1 : 0;
  const width = mantissa === 10 ? 5 : 8;
  return ((sign << (mantissa + width)) | ((top - mantissa + bias) << mantissa) | below) >>> 0;
}
