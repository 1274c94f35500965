// Which integers an element may hold. A value that bool, or an integer of 4 or 2 bits, does not have would be moved by
// kernels, and cut off only where it is stored in a file, so a tensor refuses it. Four bools at a time, no call an element.
// Not here: conversion (tensor.ts).
import { dtypeInfo, type DType, type TensorData } from './dtype.ts';

/** Fixed-range integer types and their limits; the arrays themselves would wrap a value silently. */
export const kIntegerRange: Partial<Record<DType, readonly [bigint, bigint]>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint32: [0n, (1n << 32n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
  int4: [-8n, 7n],
  uint4: [0n, 15n],
  int2: [-2n, 1n],
  uint2: [0n, 3n],
  // Floats of 16 bits and fewer are given as their bit patterns.
  float16: [0n, 65535n],
  bfloat16: [0n, 65535n],
  float8e4m3fn: [0n, 255n],
  float8e4m3fnuz: [0n, 255n],
  float8e5m2: [0n, 255n],
  float8e5m2fnuz: [0n, 255n],
  float8e8m0: [0n, 255n],
  float4e2m1: [0n, 15n],
};

/** Whether all bytes are 0 or 1. */
function areBools(bytes: Uint8Array): boolean {
  const head = bytes.byteOffset % 4 === 0 ? bytes.length >> 2 : 0;
  const words = new Uint32Array(bytes.buffer, head === 0 ? 0 : bytes.byteOffset, head);
  let others = 0;
  for (let i = 0; i < words.length; i += 1) others |= (words[i] ?? 0) & 0xfefefefe;
  for (let i = 4 * head; i < bytes.length; i += 1) others |= (bytes[i] ?? 0) & 0xfe;
  return others === 0;
}

function firstOutside(data: Uint8Array | Int8Array, least: number, most: number): number {
  for (let i = 0; i < data.length; i += 1) {
    const byte = data[i] ?? 0;
    if (byte < least || byte > most) return i;
  }
  return -1;
}

/** @throws RangeError naming the first element that `dtype` does not have */
export function checkRange(dtype: DType, data: TensorData): void {
  if (dtype === 'bool') {
    const bytes = data as Uint8Array;
    if (areBools(bytes)) return;
    const wrong = firstOutside(bytes, 0, 1);
    if (wrong < 0) return;
    throw new RangeError(
      `Tensor: element ${wrong} is no bool: expected 0 or 1, got ${bytes[wrong]}.`,
    );
  }
  const range = kIntegerRange[dtype];
  if (dtypeInfo(dtype).packedBits === undefined || range === undefined) return;
  const [least = 0, most = 0] = range.map(Number);
  const bytes = data as Uint8Array | Int8Array;
  const wrong = firstOutside(bytes, least, most);
  if (wrong < 0) return;
  throw new RangeError(
    `Tensor: element ${wrong} is out of range for ${dtype}: expected ${least}..${most}, got ${bytes[wrong]}.`,
  );
}
