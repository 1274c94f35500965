// Arithmetic element by element: the four operations, powers and remainders, maxima and minima, rounding to integers, bits.
// Floats by V2 and V6, integers by V8: they wrap, quotients truncate, x / 0 = 0 and x mod 0 = 0.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET, type LowerContext, type NodeContext, type OpDef } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitCast } from './cast.ts';
import { emitChain } from './chain_builder.ts';
import { INTEGERS, isFloat, isWide, UNSIGNED, type Steps } from './element_types.ts';
import {
  binary,
  emitFolded,
  emitSteps,
  f32,
  LEGACY_BROADCAST,
  legacyDims,
  legacyOperand,
  refuse,
  stepDtype,
  unary,
  variadic,
} from './elementwise.ts';

const everywhere = (float32: Steps['float32'], name: 'add' | 'sub' | 'mul'): Steps => ({
  ...(float32 === undefined ? {} : { float32 }),
  int32: `${name}_i32`,
  uint32: `${name}_i32`,
  int64: name,
  float64: name,
});

export const ABSOLUTE: Steps = {
  float32: 'abs_f32',
  int32: 'abs_i32',
  int64: 'abs',
  float64: 'abs',
};

export const Neg = unary({
  type: 'Neg',
  kinds: { float32: 'neg_f32', int32: 'neg_i32', int64: 'neg', float64: 'neg' },
});
/** Of unsigned integers nothing is left to do. */
export const Abs: OpDef = {
  ...unary({ type: 'Abs', kinds: ABSOLUTE }),
  dtypes(node) {
    const dtype = node.dtypeOf(0);
    if (dtype !== undefined && UNSIGNED.includes(dtype)) return [dtype];
    return [stepDtype(node, ABSOLUTE)];
  },
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    if (UNSIGNED.includes(x.dtype)) node.alias(out, x);
    else emitSteps(node, ABSOLUTE, out, [x]);
  },
};
export const Sign = unary({
  type: 'Sign',
  kinds: {
    float32: 'sign_f32',
    int32: 'sign_i32',
    uint32: 'word_to_bool',
    int64: 'sign',
    float64: 'sign',
  },
  since: 9,
});
export const Reciprocal = unary({
  type: 'Reciprocal',
  kinds: { float32: 'reciprocal_f32', float64: 'reciprocal' },
});
export const Sqrt = unary({ type: 'Sqrt', kinds: { float32: 'sqrt_f32', float64: 'sqrt' } });
export const Exp = unary({ type: 'Exp', kinds: { float32: 'exp_f32', float64: 'exp' } });
export const Log = unary({ type: 'Log', kinds: { float32: 'log_f32', float64: 'log' } });
export const Erf = unary({ type: 'Erf', kinds: f32('erf_f32'), since: 9 });
export const Floor = unary({ type: 'Floor', kinds: { float32: 'floor_f32', float64: 'floor' } });
export const Ceil = unary({ type: 'Ceil', kinds: { float32: 'ceil_f32', float64: 'ceil' } });
export const Round = unary({
  type: 'Round',
  kinds: { float32: 'round_f32', float64: 'round' },
  since: 11,
});

export const ADD = everywhere('add_f32', 'add');
export const SUBTRACT = everywhere('sub_f32', 'sub');
export const MULTIPLY = everywhere('mul_f32', 'mul');
export const DIVIDE: Steps = {
  float32: 'div_f32',
  int32: 'quotient_i32',
  uint32: 'quotient_u32',
  int64: 'div',
  float64: 'div',
};
export const MAXIMUM: Steps = {
  float32: 'max_f32',
  int32: 'max_i32',
  uint32: 'max_u32',
  int64: 'max',
  float64: 'max',
};
export const MINIMUM: Steps = {
  float32: 'min_f32',
  int32: 'min_i32',
  uint32: 'min_u32',
  int64: 'min',
  float64: 'min',
};

export const Add = binary({ type: 'Add', kinds: ADD });
export const Sub = binary({ type: 'Sub', kinds: SUBTRACT });
export const Mul = binary({ type: 'Mul', kinds: MULTIPLY });
export const Div = binary({ type: 'Div', kinds: DIVIDE });

export const Max = variadic({ type: 'Max', kinds: MAXIMUM });
export const Min = variadic({ type: 'Min', kinds: MINIMUM });
const FLOAT_ADD: Steps = { float32: 'add_f32', float64: 'add' };
export const Sum = variadic({ type: 'Sum', kinds: FLOAT_ADD });

/** The sum, left to right, divided by the number of inputs. */
export const Mean: OpDef = {
  ...variadic({ type: 'Mean', kinds: FLOAT_ADD }),
  lower(node) {
    const out = node.output(0);
    const sum = node.temp(out.dtype, out.dims);
    emitFolded(node, FLOAT_ADD, sum);
    const count =
      out.dtype === 'float64'
        ? node.constantValue('float64', [], Float64Array.of(node.inputCount))
        : node.constantValue('float32', [], Float32Array.of(node.inputCount));
    emitSteps(node, DIVIDE, out, [sum, count]);
  },
};

const MODULO: Steps = { int32: 'modulo_i32', uint32: 'remainder_u32', int64: 'mod' };
const REMAINDER: Steps = {
  float32: 'fmod_f32',
  int32: 'remainder_i32',
  uint32: 'remainder_u32',
  int64: 'fmod',
  float64: 'fmod',
};

/** The exact remainder: with the sign of the divisor, with fmod = 1 of the dividend; floats only the latter. */
export const Mod: OpDef = {
  ...binary({ type: 'Mod', kinds: REMAINDER, since: 10 }),
  attributes: { fmod: { kind: 'int' } },
  dtypes(node) {
    const dtype = stepDtype(node, REMAINDER);
    if (isFloat(dtype) && node.int('fmod', 0) === 0) {
      throw new TypeError(
        `Mod: expected fmod = 1 for ${dtype}, got 0. Set fmod, or cast to integers.`,
      );
    }
    return [dtype];
  },
  lower(node) {
    const kinds = node.int('fmod', 0) === 0 ? MODULO : REMAINDER;
    emitSteps(node, kinds, node.output(0), [node.input(0), node.input(1)]);
  },
};

const POWER_BASES: readonly DType[] = ['float32', 'int32', 'int64'];
const POWER_EXPONENTS: readonly DType[] = ['float32', ...INTEGERS];

function castTo(node: LowerContext, dtype: DType, x: Value): Value {
  if (x.dtype === dtype) return x;
  const to = node.temp(dtype, x.dims);
  emitCast(node, to, x);
  return to;
}

/**
 * x^y, of floats correctly rounded (V6): x^2 is the product x·x, whose rounding is the same by definition. An integer to an
 * integer power wraps; to a float power it is the f32 power, cast back.
 */
export const Pow: OpDef = {
  type: 'Pow',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: LEGACY_BROADCAST,
  dtypes(node: NodeContext) {
    const [x, y] = [node.dtypeOf(0), node.dtypeOf(1)];
    if (x === undefined || !POWER_BASES.includes(x)) throw refuse(node, x, POWER_BASES);
    if (y === undefined || !POWER_EXPONENTS.includes(y)) throw refuse(node, y, POWER_EXPONENTS);
    return [x];
  },
  infer: (node) => [broadcastShapes('Pow', node.input(0).dims, legacyDims(node))],
  lower(node) {
    const [x, y, out] = [node.input(0), legacyOperand(node), node.output(0)];
    const exponent = node.constant(1);
    if (x.dtype === 'float32' && exponent?.length === 1 && Number(exponent[0]) === 2) {
      emitChain(node, out, (c) => c.op('mul_f32', c.f32(x), c.f32(x)));
    } else if (x.dtype === 'float32') {
      const power = castTo(node, 'float32', y);
      emitChain(node, out, (c) => c.op('pow_f32', c.f32(x), c.f32(power)));
    } else if (y.dtype === 'float32') {
      const base = castTo(node, 'float32', x);
      const power = node.temp('float32', out.dims);
      emitChain(node, power, (c) => c.op('pow_f32', c.f32(base), c.f32(y)));
      emitCast(node, out, power);
    } else if (isWide(x.dtype) || isWide(y.dtype)) {
      const op = y.dtype === 'uint64' ? 'power_unsigned' : 'power';
      const wide = node.temp('int64', out.dims);
      const base = castTo(node, 'int64', x);
      emitSteps(node, { int64: op }, wide, [base, castTo(node, 'int64', y)]);
      emitCast(node, out, wide);
    } else {
      const op = y.dtype.startsWith('uint') ? 'power_u32' : 'power_i32';
      const narrow = castTo(node, 'int32', y);
      emitSteps(node, { int32: op }, out, [x, narrow]);
    }
  },
};

/** Bits shifted in are zeros; by the width and more nothing is left. */
const SHIFTS: Readonly<Record<string, Steps>> = {
  LEFT: { uint32: 'shift_left', int64: 'shift_left' },
  RIGHT: { uint32: 'shift_right', int64: 'shift_right' },
};

export const BitShift: OpDef = {
  ...binary({ type: 'BitShift', kinds: {}, since: 11 }),
  attributes: { direction: { kind: 'string', oneOf: ['LEFT', 'RIGHT'] } },
  dtypes(node) {
    node.string('direction');
    const dtype = stepDtype(node, { uint32: 'shift_left', int64: 'shift_left' });
    if (dtype === 'int64') throw refuse(node, dtype, ['unsigned integers']);
    return [dtype];
  },
  lower(node) {
    const kinds = SHIFTS[node.string('direction')] ?? {};
    emitSteps(node, kinds, node.output(0), [node.input(0), node.input(1)]);
  },
};

const bitwise = (type: string, name: 'and' | 'or' | 'xor'): OpDef =>
  binary({
    type,
    kinds: { int32: `${name}_bool`, uint32: `${name}_bool`, int64: name },
    since: 18,
  });

export const BitwiseAnd = bitwise('BitwiseAnd', 'and');
export const BitwiseOr = bitwise('BitwiseOr', 'or');
export const BitwiseXor = bitwise('BitwiseXor', 'xor');
export const BitwiseNot = unary({
  type: 'BitwiseNot',
  kinds: { int32: 'not_word', uint32: 'not_word', int64: 'not' },
  since: 18,
});
