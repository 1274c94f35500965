// Activation functions that other operators name in an attribute: those of RNN, GRU and LSTM, and of the fused products of
// com.microsoft. Each is a few V2 or V6 steps of an element-wise program, in the order written here:
//   Affine α·x + β           ScaledTanh α·tanh(β·x)      HardSigmoid min(max(α·x + β, 0), 1)    Softsign x ÷ (1 + |x|)
//   Elu α·(exp(x) − 1) for x < 0, else x                 ThresholdedRelu x for x ≥ α, else 0; a NaN is a NaN
// Relu, Tanh, Sigmoid, LeakyRelu and Softplus are one step. Not here: the operators of these names.
import type { ChainBuilder } from './chain_builder.ts';

/** A function with its parameters. */
export interface Activation {
  /** Adds its steps, on step `x`. */
  readonly steps: (chain: ChainBuilder, x: number) => number;
  /** Its place in the list of functions, which wasm/ops/recurrent.c knows it by. */
  readonly code: number;
  readonly alpha: number;
  readonly beta: number;
}

interface Entry {
  /** Defaults of alpha and beta; undefined where the function has none. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly steps: (c: ChainBuilder, x: number, alpha: number, beta: number) => number;
}

const affine = (c: ChainBuilder, x: number, alpha: number, beta: number): number =>
  c.op('add_f32', c.op('mul_f32', c.scalar(alpha), x), c.scalar(beta));

// Where a comparison is false because of a NaN, the operand is the NaN. The order is that of wasm/ops/recurrent.c.
const ENTRIES: Readonly<Record<string, Entry>> = {
  affine: { alpha: 1, beta: 0, steps: affine },
  elu: {
    alpha: 1,
    steps(c, x, alpha) {
      const below = c.op(
        'mul_f32',
        c.scalar(alpha),
        c.op('sub_f32', c.op('exp_f32', x), c.scalar(1)),
      );
      return c.op('select_word', c.op('less_f32', x, c.scalar(0)), below, x);
    },
  },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    steps: (c, x, alpha, beta) =>
      c.op('min_f32', c.op('max_f32', affine(c, x, alpha, beta), c.scalar(0)), c.scalar(1)),
  },
  leakyrelu: { alpha: 0.01, steps: (c, x, alpha) => c.op('prelu_f32', x, c.scalar(alpha)) },
  relu: { steps: (c, x) => c.op('relu_f32', x) },
  scaledtanh: {
    alpha: 1,
    beta: 1,
    steps: (c, x, alpha, beta) =>
      c.op('mul_f32', c.scalar(alpha), c.op('tanh_f32', c.op('mul_f32', c.scalar(beta), x))),
  },
  sigmoid: { steps: (c, x) => c.op('sigmoid_f32', x) },
  softplus: { steps: (c, x) => c.op('softplus_f32', x) },
  softsign: {
    steps: (c, x) => c.op('div_f32', x, c.op('add_f32', c.scalar(1), c.op('abs_f32', x))),
  },
  tanh: { steps: (c, x) => c.op('tanh_f32', x) },
  thresholdedrelu: {
    alpha: 1,
    steps: (c, x, alpha) =>
      c.op('select_word', c.op('less_f32', x, c.scalar(alpha)), c.scalar(0), x),
  },
};

/**
 * The functions of a list of names (letter case does not matter). Alphas and betas go to those that take one, in order; a
 * list that ends leaves the rest their defaults.
 * @throws RangeError for a name that is none
 */
export function activationsOf(
  op: string,
  names: readonly string[],
  alphas: readonly number[],
  betas: readonly number[],
): Activation[] {
  let [nextAlpha, nextBeta] = [0, 0];
  return names.map((name) => {
    const entry = ENTRIES[name.toLowerCase()];
    if (entry === undefined) {
      throw new RangeError(
        `${op}: activation: expected one of ${Object.keys(ENTRIES).join(', ')}, got '${name}'. Name one of them.`,
      );
    }
    const alpha = storable(entry.alpha === undefined ? 0 : (alphas[nextAlpha++] ?? entry.alpha));
    const beta = storable(entry.beta === undefined ? 0 : (betas[nextBeta++] ?? entry.beta));
    return {
      steps: (c, x) => entry.steps(c, x, alpha, beta),
      code: Object.keys(ENTRIES).indexOf(name.toLowerCase()),
      alpha,
      beta,
    };
  });
}

/** As V2 stores a parameter: f32, +0 for magnitudes under 2^-120. */
export function storable(x: number): number {
  const rounded = Math.fround(x);
  return Math.abs(rounded) < 2 ** -120 ? 0 : rounded;
}
