// Data for cases of any element type: the ends of its range and what lies around its thresholds, and random elements. Floats
// are given as patterns, so that nothing is rounded on the way.
import { dtypeInfo, typedArrayOf, type DType, type TypedArray } from '../../src/core/dtype.ts';
import type { CaseInput } from './cases.ts';
import { Prng } from './prng.ts';

const F32_EDGES = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345,
  0x00000001, 0x037fffff, 0x03800000, 0x83800001, 0x7f7fffff, 0xff7fffff, 0x4b800000, 0x3effffff,
  0x40490fdb, 0xc0490fdb, 0x477ff000, 0x33000001, 0x42fe0000, 0x43800000, 0xc3008000, 0x4f800000,
  0x5f800000, 0xdf000001, 0x40a00000, 0x40600000, 0x3e800000, 0x43e00000, 0x47600000, 0x43700000,
];
const F64_EDGES = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff0000000012345n,
  0x0000000000000001n, // the least subnormal number
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x3ff0000000000001n,
  0x4340000000000001n,
  0x400921fb54442d18n,
  0xc00921fb54442d18n,
  0x41efffffffe00000n, // 2^32 - 1
  0x43e0000000000000n, // 2^63
  0x43f0000000000000n, // 2^64
  0xc3e0000000000001n,
  0x40862e42fefa39efn, // ln of the largest number
  0xc0874910d52d3051n, // ln of half the least
  0x3fe0000000000000n,
];

/** Elements around which a type's operators change. */
export function edgesOf(dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(Uint32Array.from(F32_EDGES).buffer);
    case 'float64':
      return new Float64Array(BigUint64Array.from(F64_EDGES).buffer);
    case 'float16':
    case 'bfloat16': {
      // Every exponent's ends among them.
      const halves = Array.from(
        { length: 64 },
        (_, i) => (i << 10) | (i % 3 === 0 ? 0 : 0x3ff - i),
      );
      return Uint16Array.from([
        ...halves,
        1,
        0x8001,
        0x7c01,
        0x7e00,
        0x7fc0,
        0x3555,
        0x0380,
        0x037f,
      ]);
    }
    case 'bool':
      return Uint8Array.of(0, 1);
    default:
      return integerEdges(dtype);
  }
}

function integerEdges(dtype: DType): TypedArray {
  const { bytes, packedBits = 8 * bytes } = dtypeInfo(dtype);
  if (packedBits <= 8 && (packedBits < 8 || dtype.includes('float'))) {
    // All of them.
    const all = Array.from({ length: 2 ** packedBits }, (_, i) => i);
    const signed = dtype.startsWith('int');
    return signed
      ? Int8Array.from(all, (bits) => bits - 2 ** (packedBits - 1))
      : Uint8Array.from(all);
  }
  const width = BigInt(packedBits);
  const least = dtype.startsWith('int') ? -(1n << (width - 1n)) : 0n;
  const most = least + (1n << width) - 1n;
  const near = [
    0n,
    1n,
    2n,
    3n,
    5n,
    7n,
    10n,
    -1n,
    -2n,
    -3n,
    -7n,
    width - 1n,
    width,
    least + 1n,
    most - 1n,
  ];
  const list = [...new Set([least, most, ...near])].filter((x) => x >= least && x <= most);
  return ofBigInts(dtype, list);
}

function ofBigInts(dtype: DType, list: readonly bigint[]): TypedArray {
  const array = typedArrayOf(
    dtype,
    new ArrayBuffer(list.length * dtypeInfo(dtype).bytes),
    0,
    list.length,
  );
  list.forEach((value, i) => {
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[i] = value;
    else array[i] = Number(value);
  });
  return array;
}

/** `n` random elements, of all magnitudes for integers, ordinary and special ones for floats. */
export function randomOf(dtype: DType, seed: number, n: number): TypedArray {
  const prng = new Prng(seed);
  const edges = edgesOf(dtype);
  const { bytes } = dtypeInfo(dtype);
  const out = typedArrayOf(dtype, new ArrayBuffer(n * bytes), 0, n);
  const words = new Uint8Array(out.buffer);
  const narrow = dtype === 'bool' || dtypeInfo(dtype).packedBits !== undefined;
  for (let i = 0; i < n; i += 1) {
    if (narrow || prng.below(8) === 0) {
      const from = prng.below(edges.length) * bytes;
      words.set(new Uint8Array(edges.buffer, edges.byteOffset + from, bytes), i * bytes);
      continue;
    }
    for (let k = 0; k < bytes; k += 1) words[i * bytes + k] = prng.word() & 255;
    if (dtype === 'float32' || dtype === 'float64' || dtype.endsWith('float16')) {
      // Exponents near that of 1.
      const high = words[i * bytes + bytes - 1] ?? 0;
      words[i * bytes + bytes - 1] = (high & 0x80) | 0x3c | (high & 3);
    }
  }
  return out;
}

/** An input of all elements of `data`, in this shape. */
export const inputOfType = (
  dtype: DType,
  data: TypedArray,
  dims: readonly number[] = [data.length],
): CaseInput => ({ dtype, dims, data });
