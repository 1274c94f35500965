// f32 values as u32 words: conversion, printing, distance, and the words that have a name. Comparisons of results
// are made on words everywhere, never on floats: -0 equals +0 and NaN differs from itself.

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of a number rounded to f32. A NaN gives the engine's own NaN pattern: use words where payloads matter. */
export function wordOfF32(value: number): number {
  float[0] = value;
  return word[0] ?? 0;
}

/** The f32 value of a word, as a number. */
export function f32OfWord(bits: number): number {
  word[0] = bits;
  return float[0] ?? 0;
}

/** A word as eight hex digits: `0x3f800000`. */
export function hex32(bits: number): string {
  return `0x${(bits >>> 0).toString(16).padStart(8, '0')}`;
}

/** The bits of element `index` of little-endian elements of `width` bytes, as hex digits: `0x01`, `0x3f800000`. */
export function hexOfElement(bytes: Uint8Array, index: number, width: number): string {
  const digits = [...bytes.subarray(index * width, (index + 1) * width)].map((byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  return `0x${digits.toReversed().join('')}`;
}

/** Words with a name, after the constants of the WebGPU conformance tests. */
export const kBit = {
  f32: {
    positive: {
      zero: 0x00000000,
      one: 0x3f800000,
      /** 2^-126, the smallest normal. */
      min: 0x00800000,
      max: 0x7f7fffff,
      infinity: 0x7f800000,
      subnormal: { min: 0x00000001, max: 0x007fffff },
    },
    negative: {
      zero: 0x80000000,
      one: 0xbf800000,
      /** The most negative finite value. */
      min: 0xff7fffff,
      /** -2^-126. */
      max: 0x80800000,
      infinity: 0xff800000,
      subnormal: { min: 0x807fffff, max: 0x80000001 },
    },
    /** The one NaN of the contract. */
    nan: 0x7fc00000,
    magnitude: 0x7fffffff,
    sign: 0x80000000,
    /** 2^-120: smaller magnitudes are +0 (V2). */
    canonicalMin: 0x03800000,
    /** 2^-51: smaller operands of summed products are +0 (V3). */
    productMin: 0x26000000,
    /** 2^-102: smaller summands are +0 (V3). */
    summandMin: 0x0c800000,
  },
} as const;

function flush(bits: number, least: number): number {
  const magnitude = bits & kBit.f32.magnitude;
  if (magnitude > kBit.f32.positive.infinity) return kBit.f32.nan;
  return magnitude < least ? 0 : bits >>> 0;
}

/** A word as every operator reads and stores it: one NaN, no -0, nothing below 2^-120. */
export function canonicalWord(bits: number): number {
  return flush(bits, kBit.f32.canonicalMin);
}

/** A word as an operand of a summed product. */
export function productOperandWord(bits: number): number {
  return flush(bits, kBit.f32.productMin);
}

/** A word as a plain summand. */
export function summandWord(bits: number): number {
  return flush(bits, kBit.f32.summandMin);
}

/**
 * How many f32 values apart two words are; 0 only for equal words. Infinity if one of them is a NaN and the words
 * differ. -0 and +0 are one apart, so that no difference of bits is ever reported as none.
 */
export function ulpDistance(a: number, b: number): number {
  if (a >>> 0 === b >>> 0) return 0;
  const infinity = kBit.f32.positive.infinity;
  if ((a & 0x7fffffff) > infinity || (b & 0x7fffffff) > infinity) return Infinity;
  // Negative words count downwards from -1, positive ones upwards from 0: the order of the values.
  const rank = (bits: number): number =>
    bits >>> 31 ? -(bits & kBit.f32.magnitude) - 1 : bits & kBit.f32.magnitude;
  return Math.abs(rank(a) - rank(b));
}
