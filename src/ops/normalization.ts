// Normalisations as compositions of dispatches (V7); every step is a V2 or V6 operation, every sum the V4 tree.
//   mean = (sum of x) / n          d = x - mean          var = (sum of d·d) / n          inv = 1 / √(var + epsilon)
//   LayerNormalization, InstanceNormalization, GroupNormalization: y = (d · inv) · scale + bias
//   RMSNormalization, SimplifiedLayerNormalization: inv = 1 / √((sum of x·x) / n + epsilon), y = (x · inv) · scale
//   MeanVarianceNormalization: y = d / (√var + 1e-9)
//   LpNormalization: y = x / norm, and 0 where the norm is 0; norm = sum of |x|, or √ of the sum of x·x
//   LRN: y = x / (bias + (alpha / size) · s)^beta, s = sum of x·x over a window of channels (as AveragePool sums)
// Reciprocal and quotient are different roundings: where the lines above say 1 /, the reciprocal is a step.
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import { emitChain, mapped } from './chain_builder.ts';
import { normalizeAxes } from './known.ts';
import { emitWindowSum } from './pool.ts';
import { emitMean, reduced } from './reduction.ts';
import { view } from './wide.ts';

function floatOnly(node: NodeContext): void {
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && dtype !== 'float32') {
      throw new TypeError(`${node.opType}: input ${i}: expected float32, got ${dtype}.`);
    }
  }
}

/** Per-channel values [C], to broadcast along axis 1 of `rank` axes. */
function channels(node: LowerContext, i: number, count: number, rank: number): Value {
  const value = node.input(i);
  if (value.dims.length !== 1 || value.dims[0] !== count) {
    throw new RangeError(
      `${node.opType}: input ${i}: expected one value a channel, [${count}], got ${formatShape(value.dims)}.`,
    );
  }
  return view(node, value, [count, ...Array.from({ length: Math.max(0, rank - 2) }, () => 1)]);
}

const epsilonOf = (node: NodeContext, otherwise = 1e-5): number =>
  Math.fround(node.float('epsilon', otherwise));

/** 1 / √(mean of x·x + epsilon) over `axes`, which stay as axes of size 1. */
function inverseRoot(
  node: LowerContext,
  x: Value,
  axes: readonly number[],
  epsilon: number,
  out?: Value,
): Value {
  const dims = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const mean = node.temp('float32', dims);
  emitMean(node, mean, x, axes, 'sum_square');
  return mapped(
    node,
    dims,
    (c) =>
      c.op('reciprocal_f32', c.op('sqrt_f32', c.op('add_f32', c.f32(mean), c.scalar(epsilon)))),
    out,
  );
}

/** x less its mean over `axes`. */
function centred(node: LowerContext, x: Value, axes: readonly number[], meanOut?: Value): Value {
  const dims = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const mean = meanOut ?? node.temp('float32', dims);
  emitMean(node, mean, x, axes);
  return mapped(node, x.dims, (c) => c.op('sub_f32', c.f32(x), c.f32(mean)));
}

/** Normalises groups of channels; `perGroup` is the scale and bias of opset 18, one value a group. */
function lowerGroups(node: LowerContext, groups: number, perGroup: boolean): void {
  const x = node.input(0);
  const [batch = 1, count = 1, ...spatial] = x.dims;
  const each = count / groups;
  const size = sizeOf(spatial);
  const d = centred(node, view(node, x, [batch, groups, each * size]), [2]);
  const inv = inverseRoot(node, d, [2], epsilonOf(node));
  const parameter = (i: number): Value => {
    const flat = channels(node, i, perGroup ? groups : count, 2);
    return view(node, flat, [groups, perGroup ? 1 : each, 1]);
  };
  const [scale, bias] = [parameter(1), parameter(2)];
  const dims = [batch, groups, each, size];
  const [split, factor] = [view(node, d, dims), view(node, inv, [batch, groups, 1, 1])];
  const y = mapped(node, dims, (c) =>
    c.op(
      'add_f32',
      c.op('mul_f32', c.op('mul_f32', c.f32(split), c.f32(factor)), c.f32(scale)),
      c.f32(bias),
    ),
  );
  node.alias(node.output(0), y);
}

function withChannels(node: ShapeContext): (readonly number[])[] {
  const { dims } = node.input(0);
  if (dims.length < 2) {
    throw new RangeError(`${node.opType}: expected [N, C, …], got ${formatShape(dims)}.`);
  }
  return [dims];
}

export const InstanceNormalization: OpDef = {
  type: 'InstanceNormalization',
  opsets: [6, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: { epsilon: { kind: 'float' } },
  dtypes(node) {
    floatOnly(node);
    return ['float32'];
  },
  infer: withChannels,
  lower: (node) => lowerGroups(node, node.input(0).dims[1] ?? 1, false),
};

export const GroupNormalization: OpDef = {
  type: 'GroupNormalization',
  opsets: [18, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: {
    epsilon: { kind: 'float' },
    num_groups: { kind: 'int' },
    stash_type: { kind: 'int', oneOf: [1] },
  },
  dtypes(node) {
    floatOnly(node);
    return ['float32'];
  },
  infer(node) {
    const dims = withChannels(node);
    const [groups, count] = [node.int('num_groups'), dims[0]?.[1] ?? 1];
    if (groups < 1 || count % groups !== 0) {
      throw new RangeError(
        `GroupNormalization: num_groups: expected a divisor of ${count} channels, got ${groups}.`,
      );
    }
    return dims;
  },
  lower: (node) => lowerGroups(node, node.int('num_groups'), node.opset < 21),
};

const kLayer: Readonly<Record<string, AttributeSpec>> = {
  axis: { kind: 'int' },
  epsilon: { kind: 'float' },
  stash_type: { kind: 'int', oneOf: [1] },
};

/** The axes from `axis` on. */
function lastAxes(node: ShapeContext): number[] {
  const rank = node.input(0).dims.length;
  const axis = normalizeAxis(node.opType, node.int('axis', -1), rank);
  return Array.from({ length: rank - axis }, (_, i) => axis + i);
}

function layerDims(node: ShapeContext, outputs: number): (readonly number[])[] {
  const { dims } = node.input(0);
  const axes = lastAxes(node);
  const kept = dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return [dims, ...Array.from({ length: outputs - 1 }, () => kept)];
}

export const LayerNormalization: OpDef = {
  type: 'LayerNormalization',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: kLayer,
  dtypes(node) {
    floatOnly(node);
    return ['float32', 'float32', 'float32'];
  },
  infer: (node) => layerDims(node, 3),
  lower(node) {
    const axes = lastAxes(node);
    const d = centred(node, node.input(0), axes, node.wants(1) ? node.output(1) : undefined);
    const inv = inverseRoot(
      node,
      d,
      axes,
      epsilonOf(node),
      node.wants(2) ? node.output(2) : undefined,
    );
    const [scale, bias] = [node.input(1), node.optional(2)];
    if (!node.wants(0)) return;
    emitChain(node, node.output(0), (c) => {
      const y = c.op('mul_f32', c.op('mul_f32', c.f32(d), c.f32(inv)), c.f32(scale));
      return bias === undefined ? y : c.op('add_f32', y, c.f32(bias));
    });
  },
};

function rms(type: string, domain: string, opsets: readonly [number, number]): OpDef {
  return {
    type,
    domain,
    opsets,
    inputs: [2, 2],
    attributes: kLayer,
    dtypes(node) {
      floatOnly(node);
      return ['float32', 'float32'];
    },
    infer: (node) => layerDims(node, 2),
    lower(node) {
      const [x, scale] = [node.input(0), node.input(1)];
      const inv = inverseRoot(
        node,
        x,
        lastAxes(node),
        epsilonOf(node),
        node.wants(1) ? node.output(1) : undefined,
      );
      if (!node.wants(0)) return;
      emitChain(node, node.output(0), (c) =>
        c.op('mul_f32', c.op('mul_f32', c.f32(x), c.f32(inv)), c.f32(scale)),
      );
    },
  };
}

export const RMSNormalization = rms('RMSNormalization', '', [23, NEWEST_OPSET]);
/** What onnxruntime writes for it: in its own domain and, by habit, in ai.onnx. */
export const SimplifiedLayerNormalization = rms('SimplifiedLayerNormalization', '', [
  1,
  NEWEST_OPSET,
]);
export const MicrosoftSimplifiedLayerNormalization = rms(
  'SimplifiedLayerNormalization',
  'com.microsoft',
  [1, 1],
);

export const MeanVarianceNormalization: OpDef = {
  type: 'MeanVarianceNormalization',
  opsets: [9, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { axes: { kind: 'ints' } },
  dtypes(node) {
    floatOnly(node);
    return ['float32'];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const x = node.input(0);
    const axes = normalizeAxes(node.opType, node.ints('axes', [0, 2, 3]), x.dims.length);
    const d = centred(node, x, axes);
    const variance = node.temp(
      'float32',
      x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    );
    emitMean(node, variance, d, axes, 'sum_square');
    const deviation = mapped(node, variance.dims, (c) =>
      c.op('add_f32', c.op('sqrt_f32', c.f32(variance)), c.scalar(Math.fround(1e-9))),
    );
    emitChain(node, node.output(0), (c) => c.op('div_f32', c.f32(d), c.f32(deviation)));
  },
};

export const LpNormalization: OpDef = {
  type: 'LpNormalization',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { axis: { kind: 'int' }, p: { kind: 'int', oneOf: [1, 2] } },
  dtypes(node) {
    floatOnly(node);
    return ['float32'];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const x = node.input(0);
    const axes = [normalizeAxis(node.opType, node.int('axis', -1), x.dims.length)];
    let norm: Value;
    if (node.int('p', 2) === 1) {
      norm = reduced(
        node,
        'sum',
        mapped(node, x.dims, (c) => c.op('abs_f32', c.f32(x))),
        axes,
      );
    } else {
      const squares = reduced(node, 'sum_square', x, axes);
      norm = mapped(node, squares.dims, (c) => c.op('sqrt_f32', c.f32(squares)));
    }
    emitChain(node, node.output(0), (c) => {
      const [n, zero] = [c.f32(norm), c.scalar(0)];
      const quotient = c.op('div_f32', c.f32(x), n);
      return c.op('select_word', c.op('equal_f32', n, zero), zero, quotient);
    });
  },
};

export const LRN: OpDef = {
  type: 'LRN',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {
    alpha: { kind: 'float' },
    beta: { kind: 'float' },
    bias: { kind: 'float' },
    size: { kind: 'int' },
  },
  dtypes(node) {
    floatOnly(node);
    return ['float32'];
  },
  infer: withChannels,
  lower(node) {
    const x = node.input(0);
    const [batch = 1, count = 1, ...spatial] = x.dims;
    const size = node.int('size');
    if (size < 1) throw new RangeError(`LRN: size: expected at least 1, got ${size}.`);
    const dims = [batch, count, sizeOf(spatial)];
    const squares = mapped(node, x.dims, (c) => c.op('mul_f32', c.f32(x), c.f32(x)));
    const sums = node.temp('float32', dims);
    emitWindowSum(node, sums, view(node, squares, dims), size);
    const sum = view(node, sums, x.dims);
    emitChain(node, node.output(0), (c) => {
      const alpha = c.scalar(Math.fround(node.float('alpha', 1e-4)));
      const scaled = c.op('mul_f32', c.op('div_f32', alpha, c.scalar(size)), c.f32(sum));
      const base = c.op('add_f32', c.scalar(Math.fround(node.float('bias', 1))), scaled);
      return c.op(
        'div_f32',
        c.f32(x),
        c.op('pow_f32', base, c.scalar(Math.fround(node.float('beta', 0.75)))),
      );
    });
  },
};
