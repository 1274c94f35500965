// Operators whose output follows from shapes and attributes alone: it is computed here, while planning, and is a
// constant of the plan. The only arithmetic on floats is Range, by V2 operations.
import { canonicalWord } from '../core/bits.ts';
import {
  dtypeInfo,
  dtypeOfOnnx,
  typedArrayOf,
  type DType,
  type TypedArray,
} from '../core/dtype.ts';
import type { LowerContext, NodeContext, OpDef } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { INTEGERS } from './element_types.ts';
import { knownIntegers } from './known.ts';
import { emitStridedCopy } from './strided_copy.ts';
import { sameDtype } from './reshape.ts';

/** Zeros of a dtype. */
function zeros(dtype: DType, n: number): TypedArray {
  return typedArrayOf(dtype, new ArrayBuffer(n * dtypeInfo(dtype).bytes), 0, n);
}

function give(node: LowerContext, data: TypedArray): void {
  const out = node.output(0);
  node.alias(out, node.constantValue(out.dtype, out.dims, data));
}

/** `start` and `end` (opset 15) are clamped to the rank. */
export const Shape: OpDef = {
  type: 'Shape',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: { start: { kind: 'int' }, end: { kind: 'int' } },
  dtypes: () => ['int64'],
  infer: (node) => [[slicedShape(node, node.input(0).dims).length]],
  lower(node) {
    give(node, BigInt64Array.from(slicedShape(node, node.input(0).dims), BigInt));
  },
};

function slicedShape(node: NodeContext, dims: readonly number[]): readonly number[] {
  return dims.slice(node.int('start', 0), node.int('end', dims.length));
}

export const Size: OpDef = {
  type: 'Size',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: {},
  dtypes: () => ['int64'],
  infer: () => [[]],
  lower: (node) => give(node, BigInt64Array.of(BigInt(sizeOf(node.input(0).dims)))),
};

interface Contents {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

function constantOf(node: NodeContext): Contents {
  if (node.has('value')) return node.tensor('value');
  if (node.has('sparse_value')) return node.tensor('sparse_value');
  if (node.has('value_float')) {
    return { dtype: 'float32', dims: [], data: Float32Array.of(node.float('value_float')) };
  }
  if (node.has('value_int')) {
    return { dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(node.int('value_int'))) };
  }
  if (node.has('value_floats')) {
    const data = Float32Array.from(node.floats('value_floats'));
    return { dtype: 'float32', dims: [data.length], data };
  }
  if (node.has('value_ints')) {
    const data = BigInt64Array.from(node.ints('value_ints'), BigInt);
    return { dtype: 'int64', dims: [data.length], data };
  }
  throw new TypeError(
    'Constant: no value: expected value, value_float(s) or value_int(s), got none of them. Export the model again.',
  );
}

export const Constant: OpDef = {
  type: 'Constant',
  opsets: [1, 27],
  inputs: [0, 0],
  attributes: {
    sparse_value: { kind: 'tensor' },
    value: { kind: 'tensor' },
    value_float: { kind: 'float' },
    value_floats: { kind: 'floats' },
    value_int: { kind: 'int' },
    value_ints: { kind: 'ints' },
  },
  dtypes: (node) => [constantOf(node).dtype],
  infer: (node) => [constantOf(node).dims],
  lower: (node) => give(node, constantOf(node).data),
};

function fillOf(node: NodeContext): Contents {
  if (!node.has('value')) return { dtype: 'float32', dims: [1], data: new Float32Array(1) };
  const value = node.tensor('value');
  if (value.data.length !== 1) {
    throw new RangeError(
      `ConstantOfShape: value: expected one element, got shape ${formatShape(value.dims)}. Use a tensor of shape [1].`,
    );
  }
  return value;
}

export const ConstantOfShape: OpDef = {
  type: 'ConstantOfShape',
  opsets: [9, 27],
  inputs: [1, 1],
  attributes: { value: { kind: 'tensor' } },
  dtypes: (node) => [fillOf(node).dtype],
  infer(node) {
    const dims = knownIntegers(node, 0, 'shape');
    if (dims.some((dim) => dim < 0)) {
      throw new RangeError(
        `ConstantOfShape: shape: expected sizes of at least 0, got ${formatShape(dims)}. Correct the shape.`,
      );
    }
    return [dims];
  },
  lower(node) {
    const out = node.output(0);
    const { dtype, data } = fillOf(node);
    const value = node.constantValue(dtype, [1], data);
    emitStridedCopy(node, out, value, { dims: [sizeOf(out.dims)], strides: [0], offset: 0 });
  },
};

/** A float64, which every float32 is, as an integer multiple of 2^-1074. */
function exact(x: number): bigint {
  const word = new BigUint64Array(Float64Array.of(x).buffer)[0] ?? 0n;
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return word >> 63n === 0n ? magnitude : -magnitude;
}

const RANGE_FLOATS: readonly DType[] = ['float32', 'float64'];

/** max(⌈(limit - start) / delta⌉, 0), exactly. */
function rangeLength(node: LowerContext | Parameters<OpDef['infer']>[0]): number {
  const [start, limit, delta] = ['start', 'limit', 'delta'].map((what, i) => {
    const value = node.known(i, what)[0] ?? 0;
    if (typeof value === 'bigint') return value;
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `Range: ${what}: expected a finite number, got ${value}. Correct the input.`,
      );
    }
    return RANGE_FLOATS.includes(node.dtypeOf(i) ?? 'int64') ? exact(value) : BigInt(value);
  });
  if (start === undefined || limit === undefined || delta === undefined || delta === 0n) {
    throw new RangeError('Range: delta: expected a number other than 0, got 0. Correct the input.');
  }
  const [span, step] = delta < 0n ? [start - limit, -delta] : [limit - start, delta];
  return span <= 0n ? 0 : Number((span + step - 1n) / step);
}

const canonical = (x: number): number => {
  const one = Float32Array.of(x);
  const words = new Uint32Array(one.buffer);
  words[0] = canonicalWord(words[0] ?? 0);
  return one[0] ?? 0;
};

/** float32, and float64 by its own operations: element i is start + i · delta, i rounded to float32, then a V2 product and a V2 sum. */
export const Range: OpDef = {
  type: 'Range',
  opsets: [11, 27],
  inputs: [3, 3],
  attributes: { stash_type: { kind: 'int' } },
  dtypes(node) {
    const [dtype] = sameDtype(node);
    if (dtype === undefined || ![...RANGE_FLOATS, ...INTEGERS].includes(dtype)) {
      throw new TypeError(
        `Range: expected floats or integers, got ${dtype ?? 'nothing'}. Cast the inputs.`,
      );
    }
    return [dtype];
  },
  infer: (node) => [[rangeLength(node)]],
  lower(node) {
    const out = node.output(0);
    const data = zeros(out.dtype, sizeOf(out.dims));
    const start = node.known(0, 'start')[0] ?? 0;
    const delta = node.known(2, 'delta')[0] ?? 0;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      for (let i = 0; i < data.length; i += 1) data[i] = BigInt(start) + BigInt(i) * BigInt(delta);
    } else if (data instanceof Float64Array) {
      // The operands are finite (rangeLength), and so is every element up to limit; a sum with 0 leaves no -0.
      const [first, step] = [Number(start) + 0, Number(delta) + 0];
      for (let i = 0; i < data.length; i += 1) data[i] = first + i * step + 0;
    } else if (data instanceof Float32Array) {
      // A product or sum of two f32 in f64, rounded again to f32, is the correctly rounded one.
      const [first, step] = [canonical(Number(start)), canonical(Number(delta))];
      for (let i = 0; i < data.length; i += 1) {
        data[i] = canonical(first + canonical(Math.fround(i) * step));
      }
    } else {
      for (let i = 0; i < data.length; i += 1) data[i] = Number(start) + i * Number(delta);
    }
    give(node, data);
  },
};

function eyeDtype(node: NodeContext): DType {
  if (!node.has('dtype')) return node.dtypeOf(0) ?? 'float32';
  const dtype = dtypeOfOnnx(node.int('dtype'));
  if (dtype === undefined || dtype === 'string') {
    throw new TypeError(
      `EyeLike: dtype: expected a numeric type, got ${node.int('dtype')}. Choose another.`,
    );
  }
  return dtype;
}

/** One, as the element of a typed array: of 16-bit floats its pattern. */
function oneOf(dtype: DType): number | undefined {
  if (dtype === 'float16') return 0x3c00;
  if (dtype === 'bfloat16') return 0x3f80;
  return dtypeInfo(dtype).bytes === 1 && dtype.startsWith('float') ? undefined : 1;
}

export const EyeLike: OpDef = {
  type: 'EyeLike',
  opsets: [9, 27],
  inputs: [1, 1],
  attributes: { dtype: { kind: 'int' }, k: { kind: 'int' } },
  dtypes(node) {
    const dtype = eyeDtype(node);
    if (oneOf(dtype) === undefined) {
      throw new TypeError(
        `EyeLike: expected floats of at least 16 bits, bool or integers, got ${dtype}. Cast the output.`,
      );
    }
    return [dtype];
  },
  infer(node) {
    const { dims } = node.input(0);
    if (dims.length !== 2) {
      throw new RangeError(
        `EyeLike: expected an input of 2 axes, got ${formatShape(dims)}. Reshape it.`,
      );
    }
    return [dims];
  },
  lower(node) {
    const out = node.output(0);
    const [rows = 0, columns = 0] = out.dims;
    const data = zeros(out.dtype, rows * columns);
    const k = node.int('k', 0);
    for (let row = Math.max(0, -k); row < rows && row + k < columns; row += 1) {
      const at = row * columns + row + k;
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = 1n;
      else data[at] = oneOf(out.dtype) ?? 1;
    }
    give(node, data);
  },
};
