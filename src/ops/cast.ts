// Cast, CastLike and BitCast. Types of at most 32 bits are converted by steps of a chain, so that conversions fuse with what
// stands before and behind them; int64, uint64 and float64 by the kernels of the reference. docs/NUMERICS.md says how each
// pair is rounded, cut off or saturated. Strings are not converted here.
import { dtypeInfo, dtypeOfOnnx, type DType } from '../core/dtype.ts';
import { NEWEST_OPSET, type LowerContext, type NodeContext, type OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import {
  isFloat,
  isFloat16,
  isSigned,
  isWide,
  readElement,
  ROUND_MODES,
  storeElement,
  type Rounding,
} from './element_types.ts';
import { emitFloat64, hasFloat64 } from './elementwise_f64.ts';
import { emitInt64, hasInt64 } from './elementwise_i64.ts';

/** From a word of one kind to a word of another; the store cuts it off or rounds it. */
function convert(c: ChainBuilder, from: DType, to: DType, at: number): number {
  if (isFloat(from)) {
    if (isFloat(to)) return at;
    if (to === 'bool') return c.op('f32_to_bool', at);
    const bits = 8 * dtypeInfo(to).bytes;
    if (dtypeInfo(to).packedBits !== undefined) return c.op('f32_to_i32', at);
    if (!isSigned(to)) {
      const whole = c.op('f32_to_u32', at);
      return bits === 32 ? whole : c.op('min_u32', whole, c.integer(2 ** bits - 1));
    }
    const whole = c.op('f32_to_i32', at);
    if (bits === 32) return whole;
    const above = c.op('max_i32', whole, c.integer(-(2 ** (bits - 1))));
    return c.op('min_i32', above, c.integer(2 ** (bits - 1) - 1));
  }
  if (isFloat(to)) return c.op(isSigned(from) ? 'i32_to_f32' : 'u32_to_f32', at);
  return to === 'bool' && from !== 'bool' ? c.op('word_to_bool', at) : at;
}

/** Emits the conversion of `x` to `out`'s dtype. */
export function emitCast(
  node: LowerContext,
  out: Value,
  x: Value,
  rounding: Rounding = { saturate: true, mode: 'up' },
): void {
  if (out.dtype === x.dtype) {
    node.alias(out, x);
    return;
  }
  const [from, to] = [x.dtype, out.dtype];
  const pair = [from, to];
  const emitWide = pair.includes('float64')
    ? hasFloat64(from) && hasFloat64(to) && emitFloat64
    : pair.some(isWide) && hasInt64(from, to) && emitInt64;
  if (emitWide !== false) {
    emitWide(node, 'cast', out, [x]);
    return;
  }
  if (pair.some((dtype) => isWide(dtype) || dtype === 'float64')) {
    // The narrower type is none of the kernel's: by way of one that is.
    const narrow = isWide(from) || from === 'float64' ? to : from;
    const middle = node.temp(isFloat(narrow) ? 'float32' : 'int32', x.dims);
    emitCast(node, middle, x);
    emitCast(node, out, middle, rounding);
    return;
  }
  // Products and convolutions on WebGPU read constants of 16-bit floats as they are: who else does not read them need not have them widened.
  const isRead = to === 'float32' && isFloat16(from) && node.target === 'webgpu';
  const isHeld = isRead && node.isConstant(x);
  emitChain(
    node,
    out,
    (c) => storeElement(c, to, convert(c, from, to, readElement(c, x)), rounding),
    isHeld,
  );
  if (isHeld) out.halves = x;
}

function roundingOf(node: NodeContext): Rounding {
  return { saturate: node.int('saturate', 1) !== 0, mode: node.string('round_mode', 'up') };
}

function targetOf(node: NodeContext, to: DType | undefined, given: string): DType {
  const from = node.dtypeOf(0);
  if (from === undefined || to === undefined || from === 'string' || to === 'string') {
    throw new TypeError(
      `${node.opType}: expected two numeric types, got ${from ?? 'nothing'} and ${to ?? given}. Convert strings outside.`,
    );
  }
  return to;
}

const kRounding = {
  saturate: { kind: 'int' },
  round_mode: { kind: 'string', oneOf: ROUND_MODES },
} as const;

const typeOf = (node: NodeContext): DType =>
  targetOf(node, dtypeOfOnnx(node.int('to')), `data type ${node.int('to')}`);

/** Every numeric type to every other. */
export const Cast: OpDef = {
  type: 'Cast',
  opsets: [6, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { to: { kind: 'int' }, ...kRounding },
  dtypes: (node) => [typeOf(node)],
  infer: (node) => [node.input(0).dims],
  lower: (node) => emitCast(node, node.output(0), node.input(0), roundingOf(node)),
};

const kNames: Readonly<Record<string, DType>> = {
  FLOAT: 'float32',
  UINT8: 'uint8',
  INT8: 'int8',
  UINT16: 'uint16',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  BOOL: 'bool',
  FLOAT16: 'float16',
  DOUBLE: 'float64',
  UINT32: 'uint32',
  UINT64: 'uint64',
};

/** The type was a word before opset 6. */
export const CastByName: OpDef = {
  ...Cast,
  opsets: [1, 5],
  attributes: { to: { kind: 'string' } },
  dtypes: (node) => [
    targetOf(node, kNames[node.string('to').toUpperCase()], `'${node.string('to')}'`),
  ],
};

/** The type is that of the second input, whose elements are not read. */
export const CastLike: OpDef = {
  type: 'CastLike',
  opsets: [15, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: kRounding,
  dtypes: (node) => [targetOf(node, node.dtypeOf(1), 'nothing')],
  infer: (node) => [node.input(0).dims],
  lower: (node) => emitCast(node, node.output(0), node.input(0), roundingOf(node)),
};

/** The same bits as another type of the same width (V1). */
export const BitCast: OpDef = {
  type: 'BitCast',
  opsets: [26, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { to: { kind: 'int' } },
  dtypes(node) {
    const to = typeOf(node);
    const from = node.dtypeOf(0) ?? to;
    const bits = (dtype: DType): number =>
      dtypeInfo(dtype).packedBits ?? 8 * dtypeInfo(dtype).bytes;
    if (bits(from) !== bits(to)) {
      throw new TypeError(
        `BitCast: expected two types of one width, got ${from} and ${to}. Use Cast.`,
      );
    }
    if (to === 'bool' && from !== 'bool') {
      throw new TypeError(`BitCast: not every ${from} is a bool: expected another type. Use Cast.`);
    }
    return [to];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    const { bytes, packedBits } = dtypeInfo(x.dtype);
    if (x.dtype === out.dtype) node.alias(out, x);
    else if (bytes === 8) emitInt64(node, 'copy', out, [x]);
    else {
      // Elements of 4 and 2 bits are held sign-extended or not: their own bits are kept.
      const kind = out.dtype === 'float4e2m1' ? 'uint4' : out.dtype;
      emitChain(node, out, (c) =>
        packedBits === undefined ? c.word(x) : storeElement(c, kind, c.word(x)),
      );
    }
  },
};
