// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: the compositions that ONNX gives as their function bodies, node
// for node, so that a model with the loss and its decomposition have the same bits. No kernels.
//   l = -x[target] · u; u = weight[target], or 1; both are +0 where the target is ignore_index
//   none: l      sum: the V4 sum of all l      mean: that sum ÷ the V4 sum of all u, or ÷ their number without u
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { view } from './wide.ts';

const kAttributes: Readonly<Record<string, AttributeSpec>> = {
  ignore_index: { kind: 'int' },
  reduction: { kind: 'string', oneOf: ['none', 'sum', 'mean'] },
};

function checkDtypes(node: NodeContext): void {
  const [scores, target, weight] = [node.dtypeOf(0), node.dtypeOf(1), node.dtypeOf(2)];
  if (scores !== 'float32') {
    throw new TypeError(
      `${node.opType}: scores (input 0): expected float32, got ${scores ?? 'nothing'}. Cast them.`,
    );
  }
  if (target !== 'int32' && target !== 'int64') {
    throw new TypeError(
      `${node.opType}: target (input 1): expected int32 or int64, got ${target ?? 'nothing'}. Cast it.`,
    );
  }
  if (weight !== undefined && weight !== scores) {
    throw new TypeError(
      `${node.opType}: weights (input 2): expected ${scores}, got ${weight}. Cast them.`,
    );
  }
}

/** The dims of the loss. @throws RangeError where scores, target and weights do not fit */
function lossDims(node: ShapeContext): readonly number[] {
  const [scores, target, weight] = [node.input(0).dims, node.input(1).dims, node.optional(2)?.dims];
  const expected = scores.filter((_, axis) => axis !== 1);
  if (scores.length < 2 || target.join() !== expected.join()) {
    throw new RangeError(
      `${node.opType}: target: expected scores [N, C, …] and a target ${formatShape(expected)}, got ${formatShape(scores)} and ${formatShape(target)}. Give one class an element.`,
    );
  }
  if (weight !== undefined && weight.join() !== String(scores[1])) {
    throw new RangeError(
      `${node.opType}: weights: expected one a class, [${scores[1]}], got ${formatShape(weight)}. Correct them.`,
    );
  }
  return node.string('reduction', 'mean') === 'none' ? target : [];
}

const scalar = (node: LowerContext, x: number): Value =>
  node.constantValue('float32', [], Float32Array.of(x));

function call(node: LowerContext, type: string, ...inputs: Value[]): Value {
  const [out] = node.call(type, inputs);
  if (out === undefined) throw new Error(`${node.opType}: ${type} gives nothing.`);
  return out;
}

/** Emits output 0 from log-probabilities. */
function lowerLoss(node: LowerContext, logs: Value): void {
  const [given, weight, out] = [node.input(1), node.optional(2), node.output(0)];
  const reduction = node.string('reduction', 'mean');
  let target = given;
  let mask: Value | undefined;
  if (node.has('ignore_index')) {
    const ignored = node.constantValue(
      'int64',
      [],
      BigInt64Array.of(BigInt(node.int('ignore_index'))),
    );
    const [wide = given] =
      given.dtype === 'int64' ? [given] : node.call('Cast', [given], { attributes: { to: 7 } });
    mask = call(node, 'Equal', wide, ignored);
    const none =
      given.dtype === 'int64'
        ? node.constantValue('int64', [], BigInt64Array.of(0n))
        : node.constantValue('int32', [], Int32Array.of(0));
    target = call(node, 'Where', mask, none, given);
  }
  const column = [...target.dims.slice(0, 1), 1, ...target.dims.slice(1)];
  const [picked] = node.call('GatherElements', [logs, view(node, target, column)], {
    attributes: { axis: 1 },
  });
  if (picked === undefined) return;
  let chosen = view(node, picked, target.dims);
  if (mask !== undefined) chosen = call(node, 'Where', mask, scalar(node, 0), chosen);
  let loss = call(node, 'Neg', chosen);
  let factor: Value | undefined;
  if (weight !== undefined) {
    const own = call(node, 'Gather', weight, target);
    factor = mask === undefined ? own : call(node, 'Where', mask, scalar(node, 0), own);
  } else if (mask !== undefined) {
    factor = call(node, 'Where', mask, scalar(node, 0), scalar(node, 1));
  }
  if (factor !== undefined) loss = call(node, 'Mul', loss, factor);
  if (reduction === 'none') {
    node.alias(out, loss);
    return;
  }
  const attributes = { keepdims: 0 };
  if (reduction === 'sum') node.call('ReduceSum', [loss], { attributes, to: out });
  else if (factor === undefined) node.call('ReduceMean', [loss], { attributes, to: out });
  else {
    const [total] = node.call('ReduceSum', [loss], { attributes });
    const [share] = node.call('ReduceSum', [factor], { attributes });
    node.call('Div', [total, share], { to: out });
  }
}

export const NegativeLogLikelihoodLoss: OpDef = {
  type: 'NegativeLogLikelihoodLoss',
  opsets: [12, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: kAttributes,
  dtypes(node) {
    checkDtypes(node);
    return ['float32'];
  },
  infer: (node) => [lossDims(node)],
  lower: (node) => lowerLoss(node, node.input(0)),
};

/** Its second output is the LogSoftmax over the classes that the loss is taken of. */
export const SoftmaxCrossEntropyLoss: OpDef = {
  type: 'SoftmaxCrossEntropyLoss',
  opsets: [12, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: kAttributes,
  dtypes(node) {
    checkDtypes(node);
    return ['float32', 'float32'];
  },
  infer: (node) => [lossDims(node), node.input(0).dims],
  lower(node) {
    const [logs] = node.call('LogSoftmax', [node.input(0)], {
      attributes: { axis: 1 },
      ...(node.wants(1) ? { to: node.output(1) } : {}),
    });
    if (logs !== undefined && node.wants(0)) lowerLoss(node, logs);
  },
};
