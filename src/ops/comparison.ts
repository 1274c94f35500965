// Comparisons, logic and choice, element by element. Floats compare after canonical reads, false with a NaN; Where copies bits
// (V1).
import type { DType } from '../core/dtype.ts';
import { dtypeInfo } from '../core/dtype.ts';
import { NEWEST_OPSET, type OpDef } from '../core/op.ts';
import { emitChain } from './chain_builder.ts';
import type { Steps } from './element_types.ts';
import { binary, broadcast, refuse, unary } from './elementwise.ts';
import { emitFloat64 } from './elementwise_f64.ts';
import { emitInt64 } from './elementwise_i64.ts';

export const Not = unary({ type: 'Not', kinds: { bool: 'not_bool' } });
export const And = binary({ type: 'And', kinds: { bool: 'and_bool' } });
export const Or = binary({ type: 'Or', kinds: { bool: 'or_bool' } });
export const Xor = binary({ type: 'Xor', kinds: { bool: 'xor_bool' } });

const compare = (type: string, kinds: Steps, since = 1): OpDef =>
  binary({ type, kinds, gives: 'bool', since });

export const Equal = compare('Equal', {
  float32: 'equal_f32',
  int32: 'equal_word',
  uint32: 'equal_word',
  bool: 'equal_word',
  int64: 'equal',
  float64: 'equal',
});
export const Less = compare('Less', {
  float32: 'less_f32',
  int32: 'less_i32',
  uint32: 'less_u32',
  int64: 'less',
  float64: 'less',
});
export const LessOrEqual = compare(
  'LessOrEqual',
  {
    float32: 'less_equal_f32',
    int32: 'less_equal_i32',
    uint32: 'less_equal_u32',
    int64: 'less_equal',
    float64: 'less_equal',
  },
  12,
);
export const Greater = compare('Greater', {
  float32: 'greater_f32',
  int32: 'greater_i32',
  uint32: 'greater_u32',
  int64: 'greater',
  float64: 'greater',
});
export const GreaterOrEqual = compare(
  'GreaterOrEqual',
  {
    float32: 'greater_equal_f32',
    int32: 'greater_equal_i32',
    uint32: 'greater_equal_u32',
    int64: 'greater_equal',
    float64: 'greater_equal',
  },
  12,
);

export const IsNaN = unary({
  type: 'IsNaN',
  kinds: { float32: 'is_nan_f32', float64: 'is_nan' },
  gives: 'bool',
  since: 9,
});

/** The infinities that detect_negative and detect_positive leave. */
export const IsInf: OpDef = {
  ...unary({
    type: 'IsInf',
    kinds: { float32: 'is_nan_f32', float64: 'is_nan' },
    gives: 'bool',
    since: 10,
  }),
  attributes: { detect_negative: { kind: 'int' }, detect_positive: { kind: 'int' } },
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    const found = [
      ...(node.int('detect_negative', 1) === 0 ? [] : [-Infinity]),
      ...(node.int('detect_positive', 1) === 0 ? [] : [Infinity]),
    ];
    if (x.dtype === 'float64') {
      const [first = NaN, second] = found;
      const magnitude = second === undefined ? x : node.temp('float64', x.dims);
      if (magnitude !== x) emitFloat64(node, 'abs', magnitude, [x]);
      const wanted = node.constantValue('float64', [], Float64Array.of(second ?? first));
      emitFloat64(node, 'equal', out, [magnitude, wanted]);
      return;
    }
    emitChain(node, out, (c) => {
      const at = c.f32(x);
      const [first, second] = found;
      if (first === undefined) return c.op('less_f32', at, at);
      const magnitude = second === undefined ? at : c.op('abs_f32', at);
      return c.op('equal_f32', magnitude, c.scalar(second ?? first));
    });
  },
};

const isMovable = (dtype: DType): boolean => dtype !== 'string';

/** Copies the bits of one or the other (V1: nothing is canonicalised). */
export const Where: OpDef = {
  type: 'Where',
  opsets: [9, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: {},
  dtypes(node) {
    const [condition, x, y] = [node.dtypeOf(0), node.dtypeOf(1), node.dtypeOf(2)];
    if (condition !== 'bool') throw refuse(node, condition, ['a bool condition']);
    if (x === undefined || x !== y) throw refuse(node, y, [x ?? 'a tensor']);
    if (!isMovable(x)) throw refuse(node, x, ['a numeric type']);
    return [x];
  },
  infer: broadcast,
  lower(node) {
    const [condition, x, y] = [node.input(0), node.input(1), node.input(2)];
    if (dtypeInfo(x.dtype).bytes === 8) {
      emitInt64(node, 'where', node.output(0), [condition, x, y]);
      return;
    }
    emitChain(node, node.output(0), (c) =>
      c.op('select_word', c.word(condition), c.word(x), c.word(y)),
    );
  },
};
