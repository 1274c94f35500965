// Activations: what networks put between their layers. Where ONNX defines one as a function of other operators, the steps here are
// that function's, in its order (V7); docs/NUMERICS.md has each as a formula. Every one reads its operand canonically.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET, type AttributeSpec, type OpDef } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain, type ChainBuilder } from './chain_builder.ts';
import { MAXIMUM, MINIMUM } from './arithmetic.ts';
import { dtypesOf, isWide, readElement, stepOf, storeElement } from './element_types.ts';
import { emitSteps, f32, refuse, sameDtypes, unary } from './elementwise.ts';

export const Sigmoid = unary({ type: 'Sigmoid', kinds: f32('sigmoid_f32') });
export const Tanh = unary({ type: 'Tanh', kinds: f32('tanh_f32') });

/** Max(x, 0). */
const relu = unary({
  type: 'Relu',
  kinds: { float32: 'relu_f32', int32: 'max_i32', int64: 'max', float64: 'relu' },
});
export const Relu: OpDef = {
  ...relu,
  dtypes(node) {
    // The step of int64 is one of uint64 too, but ONNX has no Relu of types without a sign.
    if (node.dtypeOf(0) === 'uint64') throw refuse(node, 'uint64', ['a type with a sign']);
    return relu.dtypes(node);
  },
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    if (x.dtype === 'float32' || x.dtype === 'float64') {
      emitSteps(node, { float32: 'relu_f32', float64: 'relu' }, out, [x]);
    } else if (x.dtype === 'int64') {
      emitSteps(node, MAXIMUM, out, [x, node.constantValue('int64', [], BigInt64Array.of(0n))]);
    } else {
      emitChain(node, out, (c) =>
        storeElement(c, out.dtype, c.op('max_i32', readElement(c, x), c.integer(0))),
      );
    }
  },
};

/** The dims of the second operand: before opset 7 a list of slopes is one of channels. */
function slopeDims(x: Value, slope: Value, opset: number): readonly number[] {
  const isChannels = opset < 7 && slope.dims.length === 1 && slope.dims[0] !== 1;
  return isChannels ? [...slope.dims, ...x.dims.slice(2).map(() => 1)] : slope.dims;
}

const PRELU: readonly DType[] = ['float32', 'int32', 'uint32'];

/** max(x, 0) + slope · min(x, 0), written as: x where x is not negative, else the product. */
export const PRelu: OpDef = {
  type: 'PRelu',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { consumed_inputs: { kind: 'ints' } },
  dtypes(node) {
    const dtype = sameDtypes(node);
    if (!PRELU.includes(dtype)) throw refuse(node, dtype, PRELU);
    return [dtype];
  },
  infer(node) {
    const x = node.input(0).dims;
    const slope = slopeDims(node.input(0), node.input(1), node.opset);
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
    const [x, out] = [node.input(0), node.output(0)];
    const dims = slopeDims(x, node.input(1), node.opset);
    let slope = node.input(1);
    if (dims.length !== slope.dims.length) {
      slope = node.temp(slope.dtype, dims);
      node.alias(slope, node.input(1));
    }
    if (x.dtype === 'uint32') node.alias(out, x);
    else {
      emitChain(node, out, (c) => {
        const [a, b] = [readElement(c, x), readElement(c, slope)];
        if (x.dtype === 'float32') return c.op('prelu_f32', a, b);
        return c.op('select_word', c.op('less_i32', a, c.integer(0)), c.op('mul_i32', a, b), a);
      });
    }
  },
};

/** min(max(x, low), high); bounds are inputs since opset 11, attributes before. */
export const Clip: OpDef = {
  type: 'Clip',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 3],
  attributes: {
    min: { kind: 'float' },
    max: { kind: 'float' },
    consumed_inputs: { kind: 'ints' },
  },
  dtypes(node) {
    const dtype = node.dtypeOf(0);
    const known = dtypesOf(MAXIMUM);
    if (dtype === undefined || !known.includes(dtype)) throw refuse(node, dtype, known);
    for (const i of [1, 2]) {
      const bound = node.dtypeOf(i);
      if (bound !== undefined && bound !== dtype) throw refuse(node, bound, [`bounds of ${dtype}`]);
    }
    return [dtype];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    if (isWide(x.dtype) || x.dtype === 'float64') {
      const [low, high] = [node.optional(1), node.optional(2)];
      const above = low === undefined || high === undefined ? out : node.temp(x.dtype, x.dims);
      if (low !== undefined) emitSteps(node, MAXIMUM, above, [x, low]);
      if (high !== undefined) emitSteps(node, MINIMUM, out, [low === undefined ? x : above, high]);
      if (low !== undefined || high !== undefined) return;
      if (isWide(x.dtype)) node.alias(out, x);
      else emitSteps(node, { float64: 'canonical' }, out, [x]);
      return;
    }
    const isFloat = x.dtype === 'float32';
    const [most, least] = [stepOf(MAXIMUM, x.dtype), stepOf(MINIMUM, x.dtype)];
    if (most === undefined || least === undefined) throw refuse(node, x.dtype, dtypesOf(MAXIMUM));
    emitChain(node, out, (c) => {
      const bound = (i: number, name: string): number | undefined => {
        const value = node.optional(i);
        if (value !== undefined) return readElement(c, value);
        return node.has(name) ? c.scalar(Math.fround(node.float(name))) : undefined;
      };
      const at = readElement(c, x);
      const low = bound(1, 'min');
      const above = low === undefined ? at : c.op(most, at, low);
      const high = bound(2, 'max');
      if (high !== undefined) return storeElement(c, out.dtype, c.op(least, above, high));
      if (low === undefined && isFloat) return c.op('canonical', c.word(x));
      return storeElement(c, out.dtype, above);
    });
  },
};

type Formula = (c: ChainBuilder, x: number, attribute: (name: string) => number) => number;

/** An operator of float32 that is a formula of its operand and of float attributes, whose defaults are given. */
function formula(
  type: string,
  opsets: readonly [number, number],
  defaults: Readonly<Record<string, number>>,
  build: Formula,
): OpDef {
  const attributes: Record<string, AttributeSpec> = { consumed_inputs: { kind: 'ints' } };
  for (const name of Object.keys(defaults)) attributes[name] = { kind: 'float' };
  return {
    ...unary({ type, kinds: { float32: 'canonical' } }),
    opsets,
    attributes,
    lower(node) {
      const x = node.input(0);
      emitChain(node, node.output(0), (c) =>
        build(c, c.f32(x), (name) => c.scalar(Math.fround(node.float(name, defaults[name])))),
      );
    },
  };
}

/** One of two values: `yes` where `condition` is not 0. */
const either = (c: ChainBuilder, condition: number, yes: number, no: number): number =>
  c.op('select_word', condition, yes, no);

/** alpha · (exp x - 1) for a negative x, else x. */
const elu = (c: ChainBuilder, x: number, alpha: number): number => {
  const negative = c.op('less_f32', x, c.scalar(0));
  const curve = c.op('mul_f32', alpha, c.op('sub_f32', c.op('exp_f32', x), c.scalar(1)));
  return either(c, negative, curve, x);
};

/** max(min(alpha · x + beta, 1), 0). */
const hardSigmoid = (c: ChainBuilder, x: number, alpha: number, beta: number): number => {
  const line = c.op('add_f32', c.op('mul_f32', alpha, x), beta);
  return c.op('max_f32', c.op('min_f32', line, c.scalar(1)), c.scalar(0));
};

const since = (opset: number): readonly [number, number] => [opset, NEWEST_OPSET];

export const LeakyRelu = formula('LeakyRelu', since(1), { alpha: 0.01 }, (c, x, attribute) =>
  c.op('prelu_f32', x, attribute('alpha')),
);
export const Elu = formula('Elu', since(1), { alpha: 1 }, (c, x, attribute) =>
  elu(c, x, attribute('alpha')),
);
/** alpha · Elu(x / alpha). */
export const Celu = formula('Celu', since(12), { alpha: 1 }, (c, x, attribute) => {
  const alpha = attribute('alpha');
  return c.op('mul_f32', alpha, elu(c, c.op('div_f32', x, alpha), c.scalar(1)));
});
/** gamma · (alpha · exp x - alpha) for a negative x, else gamma · x. */
const selu: Formula = (c, x, attribute) => {
  const [alpha, gamma] = [attribute('alpha'), attribute('gamma')];
  const curve = c.op('sub_f32', c.op('mul_f32', alpha, c.op('exp_f32', x)), alpha);
  const negative = c.op('less_f32', x, c.scalar(0));
  const line = c.op('mul_f32', gamma, x);
  return either(c, negative, c.op('mul_f32', gamma, curve), line);
};
const SELU = { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 };
export const Selu = formula('Selu', since(6), SELU, selu);
export const Selu1 = formula('Selu', [1, 5], { alpha: 1.6732, gamma: 1.0507 }, selu);
export const HardSigmoid = formula(
  'HardSigmoid',
  since(1),
  { alpha: 0.2, beta: 0.5 },
  (c, x, attribute) => hardSigmoid(c, x, attribute('alpha'), attribute('beta')),
);
/** x · HardSigmoid(x) with alpha = f32(1/6) and beta = 1/2. */
export const HardSwish = formula('HardSwish', since(14), {}, (c, x) =>
  c.op('mul_f32', x, hardSigmoid(c, x, c.scalar(Math.fround(1 / 6)), c.scalar(0.5))),
);
/** x · sigmoid(alpha · x). */
export const Swish = formula('Swish', since(24), { alpha: 1 }, (c, x, attribute) =>
  c.op('mul_f32', x, c.op('sigmoid_f32', c.op('mul_f32', attribute('alpha'), x))),
);
/** x · tanh(softplus x). */
export const Mish = formula('Mish', since(18), {}, (c, x) =>
  c.op('mul_f32', x, c.op('tanh_f32', c.op('softplus_f32', x))),
);
/** x / (1 + |x|). */
export const Softsign = formula('Softsign', since(1), {}, (c, x) =>
  c.op('div_f32', x, c.op('add_f32', c.scalar(1), c.op('abs_f32', x))),
);
/** x where it is greater than alpha, else 0. */
export const ThresholdedRelu = formula(
  'ThresholdedRelu',
  since(1),
  { alpha: 1 },
  (c, x, attribute) => {
    const above = c.op('less_f32', attribute('alpha'), x);
    return either(c, above, x, c.scalar(0));
  },
);
/** x + bias under -lambd, x - bias over lambd, else 0. */
export const Shrink = formula('Shrink', since(9), { lambd: 0.5, bias: 0 }, (c, x, attribute) => {
  const [lambd, bias, zero] = [attribute('lambd'), attribute('bias'), c.scalar(0)];
  const below = c.op('less_f32', x, c.op('neg_f32', lambd));
  const lower = c.op('add_f32', x, bias);
  const above = c.op('less_f32', lambd, x);
  const upper = either(c, above, c.op('sub_f32', x, bias), zero);
  return either(c, below, lower, upper);
});

/** (x / 2) · (1 + erf(x / √2)); with approximate = tanh, (x / 2) · (1 + tanh(√(2/π) · (x + 0.044715 · x³))). */
export const Gelu: OpDef = {
  ...formula('Gelu', since(20), {}, (_, x) => x),
  attributes: { approximate: { kind: 'string', oneOf: ['none', 'tanh'] } },
  lower(node) {
    const x = node.input(0);
    const isTanh = node.string('approximate', 'none') === 'tanh';
    emitChain(node, node.output(0), (c) => {
      const at = c.f32(x);
      const half = c.op('mul_f32', c.scalar(0.5), at);
      let curve: number;
      if (isTanh) {
        const scale = c.op('sqrt_f32', c.scalar(Math.fround(0.63661977236)));
        const cube = c.op('pow_f32', at, c.scalar(3));
        const term = c.op('mul_f32', c.scalar(Math.fround(0.044715)), cube);
        curve = c.op('tanh_f32', c.op('mul_f32', scale, c.op('add_f32', at, term)));
      } else {
        curve = c.op('erf_f32', c.op('div_f32', at, c.op('sqrt_f32', c.scalar(2))));
      }
      return c.op('mul_f32', half, c.op('add_f32', c.scalar(1), curve));
    });
  },
};
