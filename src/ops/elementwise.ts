// Element-wise operators on float32, 32-bit integers and bool, as chains (V1, V2, V6, V8); int64 goes to
// its own kernel (elementwise_i64.ts). Shapes broadcast as numpy's do. Kinds that are not listed for an
// operator are refused at load.
import type { ChainOpName } from '../core/chain.ts';
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { emitConvert16, isFloat16 } from './convert_16.ts';
import { emitInt64, hasInt64, type Int64Op } from './elementwise_i64.ts';

type Kinds = Partial<Record<DType, ChainOpName>>;

function refuse(node: NodeContext, dtype: DType | undefined, kinds: readonly string[]): TypeError {
  return new TypeError(
    `${node.opType}: expected ${kinds.join(' or ')}, got ${dtype ?? 'nothing'}.`,
  );
}

function sameDtypes(node: NodeContext): DType {
  const first = node.dtypeOf(0);
  for (let i = 1; i < node.inputCount; i += 1) {
    if (node.dtypeOf(i) !== first) {
      throw new TypeError(
        `${node.opType}: inputs differ in dtype: expected ${first ?? 'a tensor'}, got ${node.dtypeOf(i) ?? 'nothing'}.`,
      );
    }
  }
  if (first === undefined) throw refuse(node, first, ['a tensor']);
  return first;
}

function broadcast(node: ShapeContext): (readonly number[])[] {
  const shapes = Array.from({ length: node.inputCount }, (_, i) => node.input(i).dims);
  return [broadcastShapes(node.opType, ...shapes)];
}

/** What a chain reads of a value: canonical f32, or words. */
function read(chain: ChainBuilder, node: LowerContext, i: number): number {
  const value = node.input(i);
  return value.dtype === 'float32' ? chain.f32(value) : chain.word(value);
}

interface Family {
  readonly type: string;
  /** `isobit` for functions that ONNX has no operator for, at its opset 1. */
  readonly domain?: string;
  readonly kinds: Kinds;
  /** The output's dtype, where it is not the inputs'. */
  readonly gives?: DType;
  readonly int64?: Int64Op;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly since?: number;
}

/** An operator of one operand, and of one step a kind. */
export function unary({ type, domain = '', kinds, gives, int64, since = 1 }: Family): OpDef {
  return {
    type,
    domain,
    opsets: [since, domain === '' ? NEWEST_OPSET : 1],
    inputs: [1, 1],
    attributes: { consumed_inputs: { kind: 'ints' } },
    dtypes(node) {
      const dtype = node.dtypeOf(0);
      if (dtype !== undefined && (kinds[dtype] ?? (dtype === 'int64' && int64)))
        return [gives ?? dtype];
      throw refuse(node, dtype, Object.keys(kinds));
    },
    infer: (node) => [node.input(0).dims],
    lower(node) {
      const x = node.input(0);
      const op = kinds[x.dtype];
      if (op === undefined) {
        if (int64 !== undefined) emitInt64(node, int64, node.output(0), [x]);
        return;
      }
      emitChain(node, node.output(0), (c) => c.op(op, read(c, node, 0)));
    },
  };
}

function binary({ type, kinds, gives, int64, since = 7 }: Family): OpDef {
  return {
    type,
    opsets: [since, NEWEST_OPSET],
    inputs: [2, 2],
    attributes: {},
    dtypes(node) {
      const dtype = sameDtypes(node);
      if (kinds[dtype] !== undefined || (dtype === 'int64' && int64 !== undefined))
        return [gives ?? dtype];
      throw refuse(node, dtype, Object.keys(kinds));
    },
    infer: broadcast,
    lower(node) {
      const x = node.input(0);
      const op = kinds[x.dtype];
      if (op === undefined) {
        if (int64 !== undefined) emitInt64(node, int64, node.output(0), [x, node.input(1)]);
        return;
      }
      emitChain(node, node.output(0), (c) => c.op(op, read(c, node, 0), read(c, node, 1)));
    },
  };
}

/** Max, Min and Sum take any number of tensors; they are combined left to right. */
function variadic({ type, kinds, int64, since = 8 }: Family): OpDef {
  return {
    type,
    opsets: [since, NEWEST_OPSET],
    inputs: [1, 2147483647],
    attributes: {},
    dtypes(node) {
      const dtype = sameDtypes(node);
      if (kinds[dtype] !== undefined || (dtype === 'int64' && int64 !== undefined)) return [dtype];
      throw refuse(node, dtype, Object.keys(kinds));
    },
    infer: broadcast,
    lower(node) {
      const out = node.output(0);
      let so_far = node.input(0);
      const op = kinds[so_far.dtype];
      if (node.inputCount === 1) {
        if (op === undefined) node.alias(out, so_far);
        else
          emitChain(node, out, (c) =>
            out.dtype === 'float32' ? c.op('canonical', c.word(so_far)) : c.word(so_far),
          );
        return;
      }
      for (let i = 1; i < node.inputCount; i += 1) {
        const next = node.input(i);
        const dims = broadcastShapes(type, so_far.dims, next.dims);
        const to = i === node.inputCount - 1 ? out : node.temp(out.dtype, dims);
        if (op === undefined) {
          if (int64 !== undefined) emitInt64(node, int64, to, [so_far, next]);
        } else {
          const from = so_far;
          const get = (c: ChainBuilder, value: typeof from): number =>
            value.dtype === 'float32' ? c.f32(value) : c.word(value);
          emitChain(node, to, (c) => c.op(op, get(c, from), get(c, next)));
        }
        so_far = to;
      }
    },
  };
}

/** The kinds of an operator that takes float32 only. */
export const f32 = (op: ChainOpName): Kinds => ({ float32: op });

export const Neg = unary({
  type: 'Neg',
  kinds: { float32: 'neg_f32', int32: 'neg_i32' },
  int64: 'neg',
});
export const Abs = unary({
  type: 'Abs',
  kinds: { float32: 'abs_f32', int32: 'abs_i32' },
  int64: 'abs',
});
export const Relu = unary({ type: 'Relu', kinds: f32('relu_f32') });
export const Reciprocal = unary({ type: 'Reciprocal', kinds: f32('reciprocal_f32') });
export const Sqrt = unary({ type: 'Sqrt', kinds: f32('sqrt_f32') });
export const Exp = unary({ type: 'Exp', kinds: f32('exp_f32') });
export const Log = unary({ type: 'Log', kinds: f32('log_f32') });
export const Sigmoid = unary({ type: 'Sigmoid', kinds: f32('sigmoid_f32') });
export const Tanh = unary({ type: 'Tanh', kinds: f32('tanh_f32') });
export const Erf = unary({ type: 'Erf', kinds: f32('erf_f32'), since: 9 });
export const Floor = unary({ type: 'Floor', kinds: f32('floor_f32') });
export const Ceil = unary({ type: 'Ceil', kinds: f32('ceil_f32') });
export const Round = unary({ type: 'Round', kinds: f32('round_f32'), since: 11 });
export const Sign = unary({ type: 'Sign', kinds: f32('sign_f32'), since: 9 });
export const IsNaN = unary({ type: 'IsNaN', kinds: f32('is_nan_f32'), gives: 'bool', since: 9 });
export const Not = unary({ type: 'Not', kinds: { bool: 'not_bool' } });

export const Add = binary({
  type: 'Add',
  kinds: { float32: 'add_f32', int32: 'add_i32', uint32: 'add_i32' },
  int64: 'add',
});
export const Sub = binary({
  type: 'Sub',
  kinds: { float32: 'sub_f32', int32: 'sub_i32', uint32: 'sub_i32' },
  int64: 'sub',
});
export const Mul = binary({
  type: 'Mul',
  kinds: { float32: 'mul_f32', int32: 'mul_i32', uint32: 'mul_i32' },
  int64: 'mul',
});
export const Div = binary({ type: 'Div', kinds: f32('div_f32'), int64: 'div' });
export const And = binary({ type: 'And', kinds: { bool: 'and_bool' } });
export const Or = binary({ type: 'Or', kinds: { bool: 'or_bool' } });
export const Xor = binary({ type: 'Xor', kinds: { bool: 'xor_bool' } });

export const Equal = binary({
  type: 'Equal',
  kinds: {
    float32: 'equal_f32',
    int32: 'equal_word',
    uint32: 'equal_word',
    bool: 'equal_word',
    uint8: 'equal_word',
  },
  gives: 'bool',
  int64: 'equal',
});
export const Less = binary({
  type: 'Less',
  kinds: { float32: 'less_f32', int32: 'less_i32' },
  gives: 'bool',
  int64: 'less',
});
export const LessOrEqual = binary({
  type: 'LessOrEqual',
  kinds: { float32: 'less_equal_f32', int32: 'less_equal_i32' },
  gives: 'bool',
  int64: 'less_equal',
  since: 12,
});
export const Greater = binary({
  type: 'Greater',
  kinds: { float32: 'greater_f32', int32: 'greater_i32' },
  gives: 'bool',
  int64: 'greater',
});
export const GreaterOrEqual = binary({
  type: 'GreaterOrEqual',
  kinds: { float32: 'greater_equal_f32', int32: 'greater_equal_i32' },
  gives: 'bool',
  int64: 'greater_equal',
  since: 12,
});

export const Max = variadic({
  type: 'Max',
  kinds: { float32: 'max_f32', int32: 'max_i32' },
  int64: 'max',
});
export const Min = variadic({
  type: 'Min',
  kinds: { float32: 'min_f32', int32: 'min_i32' },
  int64: 'min',
});
export const Sum = variadic({ type: 'Sum', kinds: f32('add_f32') });

/** x^y, correctly rounded (V6). x^2 is the product x·x, whose rounding is the same by definition. */
export const Pow: OpDef = {
  type: 'Pow',
  opsets: [7, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  dtypes(node) {
    const [x, y] = [node.dtypeOf(0), node.dtypeOf(1)];
    if (x !== 'float32') throw refuse(node, x, ['float32']);
    if (y !== 'float32' && y !== 'int32' && y !== 'int64')
      throw refuse(node, y, ['float32', 'int32', 'int64']);
    return ['float32'];
  },
  infer: broadcast,
  lower(node) {
    const [x, y, out] = [node.input(0), node.input(1), node.output(0)];
    const exponent = node.constant(1);
    if (exponent?.length === 1 && Number(exponent[0]) === 2) {
      emitChain(node, out, (c) => c.op('mul_f32', c.f32(x), c.f32(x)));
      return;
    }
    let power = y;
    if (y.dtype !== 'float32') {
      power = node.temp('float32', y.dims);
      emitCast(node, power, y);
    }
    emitChain(node, out, (c) => c.op('pow_f32', c.f32(x), c.f32(power)));
  },
};

/** max(x, 0) + slope · min(x, 0), written as: x where x is not negative, else the product. */
export const PRelu: OpDef = {
  type: 'PRelu',
  opsets: [7, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  dtypes(node) {
    const dtype = sameDtypes(node);
    if (dtype !== 'float32') throw refuse(node, dtype, ['float32']);
    return [dtype];
  },
  infer(node) {
    const [x, slope] = [node.input(0).dims, node.input(1).dims];
    broadcastShapes(node.opType, x, slope);
    // An empty slope would empty x, whose shape the output has: there is nothing to read.
    if (slope.includes(0) && !x.includes(0)) {
      throw new RangeError(
        `PRelu: shape of slope: expected one that broadcasts to [${x.join(', ')}], got [${slope.join(', ')}]. ` +
          'Give it sizes of x or 1.',
      );
    }
    return [x];
  },
  lower(node) {
    emitChain(node, node.output(0), (c) => c.op('prelu_f32', read(c, node, 0), read(c, node, 1)));
  },
};

export const LeakyRelu: OpDef = {
  ...unary({ type: 'LeakyRelu', kinds: f32('relu_f32'), since: 6 }),
  attributes: { alpha: { kind: 'float' } },
  lower(node) {
    const alpha = Math.fround(node.float('alpha', 0.01));
    emitChain(node, node.output(0), (c) => {
      const x = read(c, node, 0);
      return c.op('prelu_f32', x, c.scalar(alpha));
    });
  },
};

/** min(max(x, low), high); bounds are inputs since opset 11, attributes before. */
export const Clip: OpDef = {
  type: 'Clip',
  opsets: [6, NEWEST_OPSET],
  inputs: [1, 3],
  attributes: { min: { kind: 'float' }, max: { kind: 'float' } },
  dtypes(node) {
    const dtype = node.dtypeOf(0);
    if (dtype !== 'float32' && dtype !== 'int32') throw refuse(node, dtype, ['float32', 'int32']);
    return [dtype];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const isFloat = node.input(0).dtype === 'float32';
    emitChain(node, node.output(0), (c) => {
      const bound = (i: number, name: string): number | undefined => {
        if (node.optional(i) !== undefined) return read(c, node, i);
        return node.has(name) ? c.scalar(Math.fround(node.float(name))) : undefined;
      };
      const x = read(c, node, 0);
      const low = bound(1, 'min');
      const y = low === undefined ? x : c.op(isFloat ? 'max_f32' : 'max_i32', x, low);
      const high = bound(2, 'max');
      if (high !== undefined) return c.op(isFloat ? 'min_f32' : 'min_i32', y, high);
      return low === undefined && isFloat ? c.op('canonical', c.word(node.input(0))) : y;
    });
  },
};

/** Copies words of one or the other (V1: nothing is canonicalised). */
export const Where: OpDef = {
  type: 'Where',
  opsets: [9, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: {},
  dtypes(node) {
    const [condition, x, y] = [node.dtypeOf(0), node.dtypeOf(1), node.dtypeOf(2)];
    if (condition !== 'bool') throw refuse(node, condition, ['a bool condition']);
    if (x === undefined || x !== y) throw refuse(node, y, [x ?? 'a tensor']);
    if (!WHERE.includes(x) && x !== 'int64') throw refuse(node, x, [...WHERE, 'int64']);
    return [x];
  },
  infer: broadcast,
  lower(node) {
    const [condition, x, y] = [node.input(0), node.input(1), node.input(2)];
    if (x.dtype === 'int64') {
      emitInt64(node, 'where', node.output(0), [condition, x, y]);
      return;
    }
    emitChain(node, node.output(0), (c) =>
      c.op('select_word', c.word(condition), c.word(x), c.word(y)),
    );
  },
};
const WHERE: readonly DType[] = ['float32', 'int32', 'uint32', 'bool', 'uint8', 'int8'];

// Steps between a loaded word and the target's word; 8-bit sources are zero-extended by the load.
const CASTS: Partial<Record<DType, Partial<Record<DType, readonly ChainOpName[]>>>> = {
  float32: { int32: ['f32_to_i32'], bool: ['f32_to_bool'] },
  int32: { float32: ['i32_to_f32'], bool: ['word_to_bool'], uint32: [] },
  uint32: { float32: ['u32_to_f32'], bool: ['word_to_bool'], int32: [] },
  bool: { float32: ['u32_to_f32'], int32: [], uint32: [], uint8: [] },
  uint8: { float32: ['u32_to_f32'], int32: [], uint32: [], bool: ['word_to_bool'] },
};

/** Emits the conversion of `x` to `out`'s dtype. */
export function emitCast(node: LowerContext, out: LowerContextValue, x: LowerContextValue): void {
  if (out.dtype === x.dtype) {
    node.alias(out, x);
    return;
  }
  if (isFloat16(x.dtype) || isFloat16(out.dtype)) {
    const [from, to] = [isFloat16(x.dtype), isFloat16(out.dtype)];
    const wide = from && out.dtype === 'float32' ? out : node.temp('float32', x.dims);
    if (from) emitConvert16(node, wide, x);
    const middle = !from && x.dtype === 'float32' ? x : wide;
    if (!from && middle === wide) emitCast(node, wide, x);
    if (to) emitConvert16(node, out, middle);
    else if (middle !== out) emitCast(node, out, middle);
    return;
  }
  const steps = CASTS[x.dtype]?.[out.dtype];
  if (steps === undefined) {
    emitInt64(node, 'cast', out, [x]);
    return;
  }
  emitChain(node, out, (c) => {
    let at = x.dtype === 'float32' ? c.f32(x) : c.word(x);
    for (const step of steps) at = c.op(step, at);
    return at;
  });
}
type LowerContextValue = ReturnType<LowerContext['output']>;

/** Whether a cast is one step or one kernel; 16-bit floats go by way of float32. */
function canCast(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (isFloat16(from)) return canCast('float32', to);
  if (isFloat16(to)) return canCast(from, 'float32');
  return CASTS[from]?.[to] !== undefined || hasInt64(from, to);
}

const kCastTargets: Readonly<Record<number, DType>> = {
  1: 'float32',
  2: 'uint8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  12: 'uint32',
  16: 'bfloat16',
};

/**
 * float32 to int32 truncates, saturates, and gives 0 for NaN; to bool: not zero after a canonical read.
 * Integers to float32: correctly rounded. To a 16-bit float: the float32 result, rounded once more (V9).
 */
export const Cast: OpDef = {
  type: 'Cast',
  opsets: [6, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { to: { kind: 'int' }, saturate: { kind: 'int' } },
  dtypes(node) {
    const from = node.dtypeOf(0);
    const to = kCastTargets[node.int('to')];
    if (from === undefined || to === undefined || !canCast(from, to)) {
      throw new TypeError(
        `Cast: ${from ?? 'nothing'} to data type ${node.int('to')} is not implemented.`,
      );
    }
    return [to];
  },
  infer: (node) => [node.input(0).dims],
  lower: (node) => emitCast(node, node.output(0), node.input(0)),
};
