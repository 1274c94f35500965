// HannWindow, HammingWindow, BlackmanWindow and MelWeightMatrix: tables that follow from a few known numbers and are computed
// while planning, each element the exact value rounded once. The bins of the mel scale are found by comparing integers, so
// that no logarithm decides where a filter begins.
import { dtypeOfOnnx } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import { knownIntegers } from './known.ts';
import {
  add,
  divide,
  exactly,
  floor,
  multiply,
  rational,
  roundToF32,
  subtract,
  type Rational,
} from './rational.ts';
import { cosineSum } from './turns.ts';

function give(node: LowerContext, data: Float32Array): void {
  const out = node.output(0);
  node.alias(out, node.constantValue(out.dtype, out.dims, data));
}

function outputDtype(node: NodeContext): ['float32'] {
  const code = node.int('output_datatype', 1);
  if (dtypeOfOnnx(code) !== 'float32') {
    throw new TypeError(
      `${node.opType}: output_datatype: expected float32 (1), got ${dtypeOfOnnx(code) ?? code}. Cast the output.`,
    );
  }
  return ['float32'];
}

function windowSize(node: ShapeContext): number {
  const size = knownIntegers(node, 0, 'size')[0] ?? -1;
  if (size < 0) {
    throw new RangeError(`${node.opType}: size: expected at least 0, got ${size}. Correct it.`);
  }
  return size;
}

/** w(i) = Σ weights[k] · cos(2π k i / N) / scale, N the size, or one less where the window is not periodic. */
function window(type: string, weights: readonly number[], scale: number): OpDef {
  return {
    type,
    opsets: [17, NEWEST_OPSET],
    inputs: [1, 1],
    attributes: { output_datatype: { kind: 'int' }, periodic: { kind: 'int' } },
    dtypes: outputDtype,
    infer: (node) => [[windowSize(node)]],
    lower(node) {
      const size = windowSize(node);
      const whole = node.int('periodic', 1) !== 0 ? size : size - 1;
      give(
        node,
        // One sample alone, symmetric, is the middle of the window: 1.
        Float32Array.from({ length: size }, (_, i) =>
          whole === 0 ? 1 : cosineSum(weights, scale, i, whole),
        ),
      );
    },
  };
}

export const HannWindow = window('HannWindow', [1, -1], 2);
export const HammingWindow = window('HammingWindow', [25, -21], 46);
export const BlackmanWindow = window('BlackmanWindow', [21, -25, 4], 50);

interface Mel {
  readonly filters: number;
  readonly bins: number;
  /** Where filters begin, peak and end, in bins of the spectrum. */
  readonly edges: readonly number[];
}

const power = ({ n, d }: Rational, exponent: number): Rational => ({
  n: n ** BigInt(exponent),
  d: d ** BigInt(exponent),
});

/** ⌊(x - 1) · scale⌋ for x = a^(1 - k / parts) · c^(k / parts), a and c positive. */
function binOf(a: Rational, c: Rational, k: number, parts: number, scale: Rational): number {
  const x = multiply(power(a, parts - k), power(c, k)); // to the power of parts
  const isReached = (bin: number): boolean => {
    const least = add(rational(1), divide(rational(bin), scale));
    if (least.n <= 0n) return true;
    const bound = power(least, parts);
    return x.n * bound.d >= bound.n * x.d;
  };
  const ends = [a, c].map((end) => floor(multiply(subtract(end, rational(1)), scale)));
  let [low, high] = [Math.min(...ends), Math.max(...ends) + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(middle)) low = middle;
    else high = middle;
  }
  return low;
}

const MOST_FILTERS = 1 << 16;

function melOf(node: ShapeContext): Mel {
  const [filters = 0, length = 0, rate = 0] = ['num_mel_bins', 'dft_length', 'sample_rate'].map(
    (what, i) => knownIntegers(node, i, what)[0] ?? 0,
  );
  const [lower = 0, upper = 0] = ['lower_edge_hertz', 'upper_edge_hertz'].map((what, i) =>
    Number(node.known(3 + i, what)[0] ?? 0),
  );
  if (
    filters < 0 ||
    length < 1 ||
    rate < 1 ||
    !(lower > -700) ||
    !(upper >= lower) ||
    upper === Infinity ||
    // The bands are computed here, one by one.
    filters > MOST_FILTERS
  ) {
    throw new RangeError(
      `MelWeightMatrix: expected at most ${MOST_FILTERS} filters, a dft_length and a sample_rate of at least 1, and -700 < lower <= upper < ∞, got ${[filters, length, rate, lower, upper].join(', ')}. Correct them.`,
    );
  }
  const [a, c] = [lower, upper].map((hertz) =>
    divide(add(rational(700), exactly(hertz)), rational(700)),
  );
  const scale = rational((length + 1) * 700, rate);
  const edges = Array.from({ length: filters + 2 }, (_, k) =>
    a === undefined || c === undefined ? 0 : binOf(a, c, k, filters + 2, scale),
  );
  return { filters, bins: Math.floor(length / 2) + 1, edges };
}

export const MelWeightMatrix: OpDef = {
  type: 'MelWeightMatrix',
  opsets: [17, NEWEST_OPSET],
  inputs: [5, 5],
  attributes: { output_datatype: { kind: 'int' } },
  dtypes(node) {
    for (const i of [3, 4]) {
      if (node.dtypeOf(i) !== 'float32') {
        throw new TypeError(
          `MelWeightMatrix: input ${i}: expected float32, got ${node.dtypeOf(i) ?? 'nothing'}. Cast it.`,
        );
      }
    }
    return outputDtype(node);
  },
  infer(node) {
    const { filters, bins } = melOf(node);
    return [[bins, filters]];
  },
  lower(node) {
    const { filters, bins, edges } = melOf(node);
    const data = new Float32Array(sizeOf([bins, filters]));
    const set = (bin: number, filter: number, value: Rational): void => {
      if (bin >= 0 && bin < bins) data[bin * filters + filter] = roundToF32(value);
    };
    for (let i = 0; i < filters; i += 1) {
      const [first = 0, peak = 0, last = 0] = edges.slice(i, i + 3);
      set(peak, i, rational(1));
      for (let bin = first; bin < peak; bin += 1) set(bin, i, rational(bin - first, peak - first));
      for (let bin = peak; bin < last; bin += 1) set(bin, i, rational(last - bin, last - peak));
    }
    give(node, data);
  },
};
