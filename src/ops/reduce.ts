// Reductions over axes: ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd and the norms. The fold is in reduction.ts;
// everything else is an element-wise step (V2, V6) before or behind it:
//   ReduceMean = sum / count         ReduceL1 = sum |x|         ReduceSumSquare = sum x·x     ReduceL2 = √ of it
//   ReduceLogSum = log(sum x)        ReduceLogSumExp = log(sum exp(x - m)) + m,
//                                      m = the maximum where it is finite, else 0
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { ABSOLUTE, ADD, SUBTRACT } from './arithmetic.ts';
import { mapped } from './chain_builder.ts';
import { emitSteps } from './elementwise.ts';
import { emitFloat64 } from './elementwise_f64.ts';
import { emitInt64 } from './elementwise_i64.ts';
import { knownIntegers, normalizeAxes } from './known.ts';
import { emitMean, emitReduce, reduced, type Fold } from './reduction.ts';

interface Spec {
  readonly type: string;
  readonly dtypes: readonly DType[];
  /** Opset from which the axes are an input. */
  readonly axesInput: 13 | 18;
  readonly lower: (node: LowerContext, out: Value, x: Value, axes: readonly number[]) => void;
}

/** Undefined: the node does nothing to the shape (noop_with_empty_axes). */
function axesOf(node: ShapeContext, axesInput: number): number[] | undefined {
  const rank = node.input(0).dims.length;
  const given =
    node.opset >= axesInput
      ? node.optional(1) === undefined
        ? []
        : knownIntegers(node, 1, 'axes')
      : node.ints('axes', []);
  if (given.length === 0) {
    return node.int('noop_with_empty_axes', 0) !== 0
      ? undefined
      : Array.from({ length: rank }, (_, i) => i);
  }
  return normalizeAxes(node.opType, given, rank).sort((a, b) => a - b);
}

function define({ type, dtypes, axesInput, lower }: Spec): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 2],
    attributes: {
      axes: { kind: 'ints' },
      keepdims: { kind: 'int' },
      noop_with_empty_axes: { kind: 'int' },
    },
    dtypes(node: NodeContext) {
      const dtype = node.dtypeOf(0);
      if (dtype === undefined || !dtypes.includes(dtype)) {
        throw new TypeError(`${type}: expected ${dtypes.join(' or ')}, got ${dtype ?? 'nothing'}.`);
      }
      if (node.inputCount > 1 && node.opset < axesInput) {
        throw new TypeError(
          `${type}: axes are an attribute before opset ${axesInput}, got an input.`,
        );
      }
      return [dtype];
    },
    infer(node) {
      const { dims } = node.input(0);
      const axes = axesOf(node, axesInput);
      if (axes === undefined) return [dims];
      if (node.int('keepdims', 1) !== 0)
        return [dims.map((size, axis) => (axes.includes(axis) ? 1 : size))];
      return [dims.filter((_, axis) => !axes.includes(axis))];
    },
    lower(node) {
      // With noop_with_empty_axes each element is a set of its own (ONNX 1.18): ReduceL1 gives |x|, ReduceMean x.
      lower(node, node.output(0), node.input(0), axesOf(node, axesInput) ?? []);
    },
  };
}

const kFloat: readonly DType[] = ['float32', 'float64'];
const kWide: readonly DType[] = [...kFloat, 'int32', 'uint32', 'int64', 'uint64'];
const kOrdered: readonly DType[] = [...kWide, 'int8', 'uint8', 'int16', 'uint16', 'bool'];

const plain =
  (fold: Fold) =>
  (node: LowerContext, out: Value, x: Value, axes: readonly number[]): void =>
    emitReduce(node, fold, out, x, axes);

export const ReduceSum = define({
  type: 'ReduceSum',
  dtypes: kWide,
  axesInput: 13,
  lower: plain('sum'),
});
export const ReduceProd = define({
  type: 'ReduceProd',
  dtypes: kWide,
  axesInput: 18,
  lower: plain('prod'),
});
export const ReduceMax = define({
  type: 'ReduceMax',
  dtypes: kOrdered,
  axesInput: 18,
  lower: plain('max'),
});
export const ReduceMin = define({
  type: 'ReduceMin',
  dtypes: kOrdered,
  axesInput: 18,
  lower: plain('min'),
});
export const ReduceSumSquare = define({
  type: 'ReduceSumSquare',
  dtypes: kWide,
  axesInput: 18,
  lower: plain('sum_square'),
});
export const ReduceMean = define({
  type: 'ReduceMean',
  dtypes: kWide,
  axesInput: 18,
  lower: emitMean,
});
export const ReduceL1 = define({
  type: 'ReduceL1',
  dtypes: kWide,
  axesInput: 18,
  lower(node, out, x, axes) {
    if (x.dtype.startsWith('uint')) {
      emitReduce(node, 'sum', out, x, axes);
      return;
    }
    const magnitudes = node.temp(x.dtype, x.dims);
    emitSteps(node, ABSOLUTE, magnitudes, [x]);
    emitReduce(node, 'sum', out, magnitudes, axes);
  },
});
export const ReduceL2 = define({
  type: 'ReduceL2',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const squares = node.temp(out.dtype, out.dims);
    emitReduce(node, 'sum_square', squares, x, axes);
    emitSteps(node, { float32: 'sqrt_f32', float64: 'sqrt' }, out, [squares]);
  },
});
const LOGARITHM = { float32: 'log_f32', float64: 'log' } as const;
export const ReduceLogSum = define({
  type: 'ReduceLogSum',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const sum = node.temp(out.dtype, out.dims);
    emitReduce(node, 'sum', sum, x, axes);
    emitSteps(node, LOGARITHM, out, [sum]);
  },
});
export const ReduceLogSumExp = define({
  type: 'ReduceLogSumExp',
  dtypes: kFloat,
  axesInput: 18,
  lower(node, out, x, axes) {
    const most = reduced(node, 'max', x, axes);
    const shift = x.dtype === 'float32' ? finiteOrZero(node, most) : finiteOrZero64(node, most);
    const differences = node.temp(x.dtype, x.dims);
    emitSteps(node, SUBTRACT, differences, [x, shift]);
    const terms = node.temp(x.dtype, x.dims);
    emitSteps(node, { float32: 'exp_f32', float64: 'exp' }, terms, [differences]);
    const sum = reduced(node, 'sum', terms, axes);
    const logs = node.temp(x.dtype, sum.dims);
    emitSteps(node, LOGARITHM, logs, [sum]);
    const result = node.temp(x.dtype, sum.dims);
    emitSteps(node, ADD, result, [logs, shift]);
    node.alias(out, result);
  },
});

/** m where it is finite, else 0: m - m is NaN exactly where it is not. */
function finiteOrZero(node: LowerContext, most: Value): Value {
  return mapped(node, most.dims, (c) => {
    const m = c.f32(most);
    const odd = c.op('is_nan_f32', c.op('sub_f32', m, m));
    return c.op('select_word', odd, c.scalar(0), m);
  });
}

function finiteOrZero64(node: LowerContext, most: Value): Value {
  const difference = node.temp('float64', most.dims);
  emitFloat64(node, 'sub', difference, [most, most]);
  const odd = node.temp('bool', most.dims);
  emitFloat64(node, 'is_nan', odd, [difference]);
  const shift = node.temp('float64', most.dims);
  const zero = node.constantValue('float64', [], new Float64Array(1));
  emitInt64(node, 'where', shift, [odd, zero, most]);
  return shift;
}
