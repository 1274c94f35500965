// com.microsoft's operators between quantised tensors: each is by definition DequantizeLinear of its operands, the float
// operator, and QuantizeLinear of its result, and is lowered to just that; chains then fuse it. Also that domain's own
// QuantizeLinear and DequantizeLinear.
import type {
  AttributeSpec,
  CallAttribute,
  LowerContext,
  NodeContext,
  OpDef,
  ShapeContext,
} from '../core/op.ts';
import { broadcastShapes, formatShape, normalizeAxis } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { expectBytes, expectFloats } from './integer.ts';
import { DequantizeLinear, QuantizeLinear } from './quantize.ts';
import { windowAxes } from './window.ts';

const domain = 'com.microsoft';

const only = (list: readonly Value[], op: string): Value => {
  const [value] = list;
  if (value === undefined) throw new Error(`${op} gave nothing.`);
  return value;
};

/** The float value of the tensor at input `i`, whose scale and zero point follow it. */
const floatAt = (node: LowerContext, i: number): Value =>
  only(
    node.call('DequantizeLinear', [node.input(i), node.input(i + 1), node.optional(i + 2)]),
    'DequantizeLinear',
  );

/** The output from its float value; its scale and zero point are inputs `i` and `i + 1`. */
function quantiseTo(node: LowerContext, value: Value, i: number): void {
  const out = node.output(0);
  const zero =
    node.optional(i + 1) ??
    node.constantValue(out.dtype, [], out.dtype === 'int8' ? new Int8Array(1) : new Uint8Array(1));
  node.call('QuantizeLinear', [value, node.input(i), zero], { to: out });
}

interface Operator {
  readonly type: string;
  /** Positions of the quantised operands; scales and zero points follow each, then those of the output. */
  readonly operands: readonly number[];
  readonly result: number;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly infer?: (node: ShapeContext) => readonly number[];
  readonly compute: (node: LowerContext, operands: readonly Value[]) => Value;
}

function define({ type, operands, result, attributes = {}, infer, compute }: Operator): OpDef {
  return {
    type,
    domain,
    opsets: [1, 1],
    inputs: [result + 1, result + 2],
    attributes,
    dtypes(node) {
      expectBytes(
        node,
        operands.map((i) => [i, i + 2]),
      );
      expectFloats(node, [...operands.map((i) => i + 1), result]);
      const dtype = node.dtypeOf(operands[0] ?? 0) ?? 'uint8';
      const zero = node.dtypeOf(result + 1);
      if (zero !== undefined && zero !== dtype) {
        throw new TypeError(`${type}: input ${result + 1}: expected ${dtype}, got ${zero}.`);
      }
      return [dtype];
    },
    infer: (node) => [
      infer?.(node) ?? broadcastShapes(type, ...operands.map((i) => node.input(i).dims)),
    ],
    lower(node) {
      const values = operands.map((i) => floatAt(node, i));
      quantiseTo(node, compute(node, values), result);
    },
  };
}

const calls =
  (op: string, attributes?: (node: LowerContext) => Readonly<Record<string, CallAttribute>>) =>
  (node: LowerContext, operands: readonly Value[]): Value =>
    only(node.call(op, operands, { attributes: attributes?.(node) ?? {} }), op);

export const QLinearAdd = define({
  type: 'QLinearAdd',
  operands: [0, 3],
  result: 6,
  compute: calls('Add'),
});
export const QLinearMul = define({
  type: 'QLinearMul',
  operands: [0, 3],
  result: 6,
  compute: calls('Mul'),
});
export const QLinearSigmoid = define({
  type: 'QLinearSigmoid',
  operands: [0],
  result: 3,
  compute: calls('Sigmoid'),
});
export const QLinearLeakyRelu = define({
  type: 'QLinearLeakyRelu',
  operands: [0],
  result: 3,
  attributes: { alpha: { kind: 'float' } },
  compute: calls('LeakyRelu', (node) => ({ alpha: { float: node.float('alpha', 0.01) } })),
});
export const QLinearSoftmax = define({
  type: 'QLinearSoftmax',
  operands: [0],
  result: 3,
  attributes: { axis: { kind: 'int' }, opset: { kind: 'int' } },
  compute(node, operands) {
    const opset = node.int('opset', 13) >= 13 ? 13 : 11;
    const attributes = { axis: node.int('axis', -1) };
    return only(node.call('Softmax', operands, { attributes, opset }), 'Softmax');
  },
});

/** The shape with the last axis behind the first, or the other way round. */
const toFront = (dims: readonly number[]): number[] => [
  dims[0] ?? 1,
  dims.at(-1) ?? 1,
  ...dims.slice(1, -1),
];
const toBack = (dims: readonly number[]): number[] => [
  dims[0] ?? 1,
  ...dims.slice(2),
  dims[1] ?? 1,
];
const isLast = (node: NodeContext): boolean => node.int('channels_last', 0) !== 0;

function transposed(
  node: LowerContext,
  value: Value,
  order: (dims: readonly number[]) => readonly number[],
): Value {
  const perm = order(value.dims.map((_, axis) => axis));
  return only(node.call('Transpose', [value], { attributes: { perm } }), 'Transpose');
}

/** A pooling operator, whose channels may be the last axis. */
const pooled = (
  type: string,
  float: string,
  attributes: Readonly<Record<string, AttributeSpec>>,
  shape: (node: NodeContext, dims: readonly number[]) => readonly number[],
): OpDef =>
  define({
    type,
    operands: [0],
    result: 3,
    attributes: { ...attributes, channels_last: { kind: 'int' } },
    infer(node) {
      const { dims } = node.input(0);
      return isLast(node) ? toBack(shape(node, toFront(dims))) : shape(node, dims);
    },
    compute(node, [x]) {
      const given = Object.keys(attributes).filter((name) => node.has(name));
      const passed = Object.fromEntries(
        given.map((name) => [
          name,
          attributes[name]?.kind === 'ints'
            ? node.ints(name)
            : attributes[name]?.kind === 'string'
              ? node.string(name)
              : node.int(name),
        ]),
      );
      if (x === undefined) throw new Error(`${type}: no operand.`);
      const from = isLast(node) ? transposed(node, x, toFront) : x;
      const y = only(node.call(float, [from], { attributes: passed }), float);
      return isLast(node) ? transposed(node, y, toBack) : y;
    },
  });

export const QLinearGlobalAveragePool = pooled(
  'QLinearGlobalAveragePool',
  'GlobalAveragePool',
  {},
  (_, dims) => dims.map((dim, axis) => (axis < 2 ? dim : 1)),
);
export const QLinearAveragePool = pooled(
  'QLinearAveragePool',
  'AveragePool',
  {
    auto_pad: { kind: 'string', oneOf: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] },
    ceil_mode: { kind: 'int' },
    count_include_pad: { kind: 'int' },
    kernel_shape: { kind: 'ints' },
    pads: { kind: 'ints' },
    strides: { kind: 'ints' },
  },
  (node, dims) => [
    ...dims.slice(0, 2),
    ...windowAxes(node, dims.slice(2), node.ints('kernel_shape')).map((axis) => axis.out),
  ],
);

/** Inputs: scale and zero point of the output, then a tensor, its scale and its zero point, for each. */
export const QLinearConcat: OpDef = {
  type: 'QLinearConcat',
  domain,
  opsets: [1, 1],
  inputs: [5, 2147483647],
  attributes: { axis: { kind: 'int' } },
  dtypes(node) {
    const starts = tensorsOf(node);
    expectBytes(node, [[1], ...starts.map((i) => [i, i + 2])]);
    expectFloats(node, [0, ...starts.map((i) => i + 1)]);
    return [node.dtypeOf(1) ?? 'uint8'];
  },
  infer(node) {
    const shapes = tensorsOf(node).map((i) => node.input(i).dims);
    const [first = []] = shapes;
    const axis = normalizeAxis('QLinearConcat', node.int('axis'), first.length);
    for (const dims of shapes) {
      if (dims.length === first.length && dims.every((d, k) => k === axis || d === first[k]))
        continue;
      throw new RangeError(
        `QLinearConcat: shapes differ beside axis ${axis}: expected ${formatShape(first)}, got ${formatShape(dims)}.`,
      );
    }
    const size = shapes.reduce((sum, dims) => sum + (dims[axis] ?? 0), 0);
    return [first.map((dim, k) => (k === axis ? size : dim))];
  },
  lower(node) {
    const values = tensorsOf(node).map((i) => floatAt(node, i));
    const attributes = { axis: node.int('axis') };
    quantiseTo(node, only(node.call('Concat', values, { attributes }), 'Concat'), 0);
  },
};

function tensorsOf(node: NodeContext): number[] {
  if (node.inputCount % 3 !== 2) {
    throw new TypeError(
      `QLinearConcat: inputs: expected 2 and 3 for each tensor, got ${node.inputCount}.`,
    );
  }
  return Array.from({ length: (node.inputCount - 2) / 3 }, (_, i) => 2 + 3 * i);
}

/** Elements of one or the other, each by way of its float value. */
export const QLinearWhere: OpDef = {
  ...define({
    type: 'QLinearWhere',
    operands: [1, 4],
    result: 7,
    infer: (node) => broadcastShapes('QLinearWhere', ...[0, 1, 4].map((i) => node.input(i).dims)),
    compute: (node, operands) => only(node.call('Where', [node.input(0), ...operands]), 'Where'),
  }),
};

export const MicrosoftQuantizeLinear: OpDef = { ...QuantizeLinear, domain, opsets: [1, 1] };
export const MicrosoftDequantizeLinear: OpDef = { ...DequantizeLinear, domain, opsets: [1, 1] };
