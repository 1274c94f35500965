// Variants of operator cases that reach what ordinary data does not (R1): float inputs of special words, integer inputs
// at the ends of their range, indices outside, and axes of size 0 and 1. A variant has no expectation of its own: the
// reference is compared with the oracle (test/special.test.ts), a stack with the reference (test/stacks).
// Shapes, scales, bounds and attributes stay: an input that an output's shape follows from is not data.
import { typedArrayOf, type DType } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { OpCase } from './cases.ts';
import { Prng } from './prng.ts';

const field = (exponent: number): number => (127 + exponent) * 0x800000;
const around = (word: number): number[] => [word - 1, word, word + 1];
const bothSigns = (words: readonly number[]): number[] =>
  words.flatMap((word) => [word, (word | 0x80000000) >>> 0]);

const NOT_FINITE = bothSigns([
  0x7f800000, // infinity
  0x7f800001, // NaNs: signalling, quiet, with payloads
  0x7fa12345,
  0x7fc00000,
  0x7fc12345,
  0x7fffffff,
]);
/** What a kernel of summed products must take without a flag (B6): magnitudes under 2^50. */
const SMALL = bothSigns([
  0x00000000,
  0x00000001,
  0x007fffff,
  ...around(0x00800000), // the least normal number
  ...around(field(-120)), // T (V2)
  ...around(field(-102)), // a summand (V3)
  ...around(field(-51)), // a factor (V3)
  0x217fffff, // under 2^-60, whose square is T
  field(-60),
  ...around(0x3f800000),
  0x3f000000,
  0x40490fdb,
  field(24),
  field(24) + 1,
  field(50) - 1, // B6
]);
const LARGE = bothSigns([
  field(50),
  field(50) + 1,
  0x5f7fffff, // under 2^64, whose square overflows
  field(64),
  ...around(field(100)), // B6
  field(103) - 1, // what the largest finite number takes without overflow
  field(103), // and the least that it does not
  field(127),
  0x7f7fffff,
]);

export const SPECIALS: readonly number[] = [...NOT_FINITE, ...SMALL, ...LARGE];

const RANGES: Readonly<Partial<Record<DType, readonly [bigint, bigint]>>> = {
  uint8: [0n, 255n],
  int8: [-128n, 127n],
  uint16: [0n, 65535n],
  int16: [-32768n, 32767n],
  uint32: [0n, (1n << 32n) - 1n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
};

/** How float data is replaced; the other types know one way. */
export type Filling = 'cyclic' | 'small' | 'sparse';
export const FILLINGS: readonly Filling[] = ['cyclic', 'small', 'sparse'];

// Inputs of operators that say where elements go, and inputs that shapes or positions follow from.
const INDEX_INPUTS: Readonly<Record<string, number>> = {
  Gather: 1,
  GatherND: 1,
  GatherElements: 1,
  MaxUnpool: 1,
  Scatter: 1,
  ScatterND: 1,
  ScatterElements: 1,
  OneHot: 0,
};
const SHAPE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2, 3],
  Upsample: [1],
  Range: [0, 1, 2],
  Dropout: [1, 2],
  MelWeightMatrix: [0, 1, 2, 3, 4],
};

function floatData(tensor: Tensor, filling: Filling, seed: number, stride: number): Tensor {
  const words = new Uint32Array(tensor.bytes().slice().buffer);
  const prng = new Prng(seed);
  const any = (list: readonly number[]): number => list[prng.below(list.length)] ?? 0;
  for (let i = 0; i < words.length; i += 1) {
    const old = words[i] ?? 0;
    // `stride` differs between inputs, so that pairs of words vary; the list's length is no multiple of it.
    if (filling === 'cyclic') words[i] = SPECIALS[(seed + i * stride) % SPECIALS.length] ?? 0;
    else if (filling === 'small') {
      const kept = prng.below(4) === 0 && (old & 0x7fffffff) < field(50);
      words[i] = kept ? old : any(SMALL);
    } else words[i] = prng.below(9) === 0 ? any(SPECIALS) : old;
  }
  return new Tensor('float32', new Float32Array(words.buffer), tensor.dims);
}

function integerData(tensor: Tensor, index: boolean, seed: number): Tensor | undefined {
  const range = RANGES[tensor.dtype];
  if (range === undefined) return undefined;
  const prng = new Prng(seed);
  const [least, most] = range;
  const near = (value: bigint): bigint => (value < least ? least : value > most ? most : value);
  const ends = [least, near(least + 1n), most, most - 1n, near(-1n), 0n, 1n, near(-2n)];
  // Just outside small axes, and where an index wraps if its high word is dropped.
  const outside = [3n, -4n, 5n, -6n, 9n, 1n << 32n, (1n << 32n) + 1n, -(1n << 32n)].map(near);
  const list = index ? [...ends, ...outside] : ends;
  const data = Array.from(tensor.data as ArrayLike<number | bigint>, (old) => {
    const kept = index ? prng.below(3) > 0 : prng.below(5) === 0;
    return kept ? BigInt(old) : (list[prng.below(list.length)] ?? 0n);
  });
  return new Tensor(tensor.dtype, data, tensor.dims);
}

/** The tensor with other data, or undefined where it is none. */
function replaced(
  one: OpCase,
  name: string,
  tensor: Tensor,
  filling: Filling,
  seed: number,
): Tensor | undefined {
  const isConstant = one.graph.initializers.has(name);
  let index = false;
  for (const node of one.graph.nodes) {
    const i = node.inputs.indexOf(name);
    if (i < 0) continue;
    if (SHAPE_INPUTS[node.opType]?.includes(i)) return undefined;
    if (INDEX_INPUTS[node.opType] === i) index = true;
  }
  const at = Number(/\d+$/.exec(name)?.[0] ?? '0');
  const own = seed * 31 + at * 17;
  if (tensor.dtype === 'float32') return floatData(tensor, filling, own, [1, 5, 7, 11][at] ?? 13);
  // Constant integers are axes, counts and shapes; constant indices outside are refused while planning.
  return isConstant ? undefined : integerData(tensor, index, own);
}

/** The case with special data; undefined if it has no data that could be special. */
export function specialVariant(one: OpCase, filling: Filling, seed: number): OpCase | undefined {
  let changed = false;
  const map = (tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
    new Map(
      [...tensors].map(([name, tensor]) => {
        const other = replaced(one, name, tensor, filling, seed);
        changed ||= other !== undefined && other.size > 0;
        return [name, other ?? tensor];
      }),
    );
  const feeds = map(one.feeds);
  const graph = { ...one.graph, initializers: map(one.graph.initializers) };
  return changed
    ? { id: `${one.id} special=${filling},seed=${seed}`, group: 'edges', graph, feeds }
    : undefined;
}

/** The first elements of a tensor, or those repeated, in another shape. */
function reshaped(tensor: Tensor, dims: readonly number[]): Tensor {
  const { dtype } = tensor;
  if (dtype === 'string') throw new TypeError('reshaped: no form for strings.');
  const size = sizeOf(dims);
  const from = tensor.bytes();
  const bytes = new Uint8Array(tensor.size === 0 ? size * 8 : (size * from.length) / tensor.size);
  for (let i = 0; i < bytes.length && from.length > 0; i += 1)
    bytes[i] = from[i % from.length] ?? 0;
  return new Tensor(dtype, typedArrayOf(dtype, bytes.buffer, 0, size), dims);
}

/**
 * The case with an axis of its first input at size 0 or 1: in that input alone, and in every fed input that has the same
 * size there counted from either end. Not every one is a valid node.
 */
export function resizedVariants(one: OpCase, size: 0 | 1): OpCase[] {
  const first = [...one.feeds.values()][0];
  if (first === undefined) return [];
  const variants: OpCase[] = [];
  first.dims.forEach((old, axis) => {
    if (old === size) return;
    const fromEnd = first.dims.length - axis;
    const ways: readonly ((dims: readonly number[], name: string) => number)[] = [
      (_, name) => (name === [...one.feeds.keys()][0] ? axis : -1),
      (dims) => (dims[axis] === old ? axis : -1),
      (dims) => (dims[dims.length - fromEnd] === old ? dims.length - fromEnd : -1),
    ];
    ways.slice(0, one.feeds.size > 1 ? 3 : 1).forEach((way, k) => {
      const feeds = new Map(
        [...one.feeds].map(([name, tensor]) => {
          const which = way(tensor.dims, name);
          const dims = tensor.dims.map((dim, i) => (i === which ? size : dim));
          return [name, which < 0 ? tensor : reshaped(tensor, dims)];
        }),
      );
      const inputs = one.graph.inputs.map((info) => ({
        ...info,
        dims: feeds.get(info.name)?.dims ?? info.dims,
      }));
      const id = `${one.id} size=${size},axis=${axis},way=${k}`;
      variants.push({ id, group: 'edges', graph: { ...one.graph, inputs }, feeds });
    });
  });
  return variants;
}
