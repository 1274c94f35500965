// BatchNormalization: a = scale ÷ √(var + epsilon) and b = B - mean · a once a channel, y = x · a + b.
// For inference mean and var are given; while training they are those of the batch, over all axes but the channels: mean =
// (sum of x) ÷ n, var = (sum of (x - mean)²) ÷ n, and the running ones are old · momentum + new · (1 - momentum).
// Which it is says training_mode (opset 14), before the number of outputs, before opset 7 is_test. Every step is V2.
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { emitChain, mapped } from './chain_builder.ts';
import { emitMean } from './reduction.ts';

function isTraining(node: NodeContext): boolean {
  if (node.opset >= 14) return node.int('training_mode', 0) !== 0;
  if (node.opset < 7) return node.int('is_test', 0) === 0;
  return node.outputCount > 1;
}

/** One value a channel, or before opset 9 with spatial = 0 one a place of every channel. */
const parameterDims = (node: ShapeContext): readonly number[] => {
  const { dims } = node.input(0);
  if (node.opset < 9 && node.int('spatial', 1) === 0) return dims.slice(1);
  return [dims.length === 1 ? 1 : (dims[1] ?? 1)];
};

/** The parameter, to broadcast to x. */
function parameter(node: LowerContext, value: Value): Value {
  const dims = parameterDims(node);
  const rank = node.input(0).dims.length;
  if (sizeOf(value.dims) !== sizeOf(dims)) {
    throw new RangeError(
      `BatchNormalization: expected scale, B, mean and var of shape ${formatShape(dims)}, got ${formatShape(value.dims)}. Correct them.`,
    );
  }
  const isSpatial = dims.length === 1;
  const to = node.temp(
    value.dtype,
    isSpatial ? [dims[0] ?? 1, ...Array.from({ length: Math.max(0, rank - 2) }, () => 1)] : dims,
  );
  node.alias(to, value);
  return to;
}

/** Emits y from mean and var, which are constants in every exported model: then a and b fold. */
function normalise(node: LowerContext, x: Value, mean: Value, variance: Value): void {
  const [scale, bias] = [parameter(node, node.input(1)), parameter(node, node.input(2))];
  const epsilon = Math.fround(node.float('epsilon', 1e-5));
  const a = mapped(node, scale.dims, (c) =>
    c.op(
      'div_f32',
      c.f32(scale),
      c.op('sqrt_f32', c.op('add_f32', c.f32(variance), c.scalar(epsilon))),
    ),
  );
  const b = mapped(node, scale.dims, (c) =>
    c.op('sub_f32', c.f32(bias), c.op('mul_f32', c.f32(mean), c.f32(a))),
  );
  if (!node.wants(0)) return;
  emitChain(node, node.output(0), (c) =>
    c.op('add_f32', c.op('mul_f32', c.f32(x), c.f32(a)), c.f32(b)),
  );
}

function train(node: LowerContext, x: Value): void {
  const flat = parameterDims(node);
  const rank = x.dims.length;
  const axes = x.dims.map((_, axis) => axis).filter((axis) => axis !== 1 || rank === 1);
  const reducedAxes = flat.length > 1 ? [0] : axes;
  const kept = x.dims.map((size, axis) => (reducedAxes.includes(axis) ? 1 : size));
  const mean = node.temp('float32', kept);
  emitMean(node, mean, x, reducedAxes);
  const d = mapped(node, x.dims, (c) => c.op('sub_f32', c.f32(x), c.f32(mean)));
  const variance = node.temp('float32', kept);
  emitMean(node, variance, d, reducedAxes, 'sum_square');
  normalise(node, x, parameter(node, mean), parameter(node, variance));
  const momentum = Math.fround(node.float('momentum', 0.9));
  [mean, variance].forEach((current, i) => {
    if (node.wants(1 + i)) {
      const [old, own] = [node.temp('float32', flat), node.temp('float32', flat)];
      node.alias(old, node.input(3 + i));
      node.alias(own, current);
      emitChain(node, node.output(1 + i), (c) => {
        const share = c.op('sub_f32', c.scalar(1), c.scalar(momentum));
        return c.op(
          'add_f32',
          c.op('mul_f32', c.f32(old), c.scalar(momentum)),
          c.op('mul_f32', c.f32(own), share),
        );
      });
    }
    // Before opset 14 those of the batch are outputs too.
    if (node.wants(3 + i)) node.alias(node.output(3 + i), current);
  });
}

export const BatchNormalization: OpDef = {
  type: 'BatchNormalization',
  opsets: [1, NEWEST_OPSET],
  inputs: [5, 5],
  attributes: {
    consumed_inputs: { kind: 'ints' },
    epsilon: { kind: 'float' },
    is_test: { kind: 'int' },
    momentum: { kind: 'float' },
    spatial: { kind: 'int' },
    training_mode: { kind: 'int' },
  },
  dtypes(node) {
    for (let i = 0; i < node.inputCount; i += 1) {
      const dtype = node.dtypeOf(i);
      if (dtype !== 'float32') {
        throw new TypeError(
          `BatchNormalization: input ${i}: expected float32, got ${dtype ?? 'nothing'}. Cast it to float32.`,
        );
      }
    }
    if (!isTraining(node) && node.outputCount > 1) {
      throw new TypeError(
        `BatchNormalization: expected one output for inference, got ${node.outputCount}. Set training_mode.`,
      );
    }
    return ['float32', 'float32', 'float32', 'float32', 'float32'];
  },
  infer(node) {
    const { dims } = node.input(0);
    const own = parameterDims(node);
    return [dims, own, own, own, own];
  },
  lower(node) {
    const x = node.input(0);
    if (isTraining(node)) train(node, x);
    else normalise(node, x, parameter(node, node.input(3)), parameter(node, node.input(4)));
  },
};
