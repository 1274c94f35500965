// Normalisations: the lists of V2 and V6 steps of docs/NUMERICS.md, in their order.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import {
  at,
  axisOf,
  broadcastTo,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  sizeOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import { axesFrom, setsAlong, termsOf } from '../sets.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { mean, sumOfMagnitudes, sumOfSquares } from './reduce.ts';

/** f32(1e-5) and f32(1e-9). */
const kEpsilon = f.roundRational(1n, 100000n);
const kSmallEpsilon = f.roundRational(1n, 1000000000n);

const epsilonOf = (node: OracleNode): number => floatOf(node, 'epsilon', kEpsilon);
const wordsOfInput = (node: OracleNode, i: number): number[] => wordsOf(inputOf(node, i));
/** 1 ÷ √(x + ε). */
const inverseRoot = (x: number, epsilon: number): number =>
  f.divide(f.kOne, f.sqrt(f.add(x, epsilon)));
/** (sum of x · x) ÷ n. */
const meanSquare = (terms: readonly number[]): number =>
  f.divide(sumOfSquares(terms), f.wordOfInteger(BigInt(terms.length)));

interface Centred {
  readonly mean: number;
  readonly d: readonly number[];
  readonly variance: number;
}

function centre(terms: readonly number[]): Centred {
  const middle = mean(terms);
  const d = terms.map((x) => f.subtract(x, middle));
  return { mean: middle, d, variance: meanSquare(d) };
}

/** Channel of each flat position of a tensor [N, C, …]. */
function channelsOf(dims: readonly number[]): (position: number) => number {
  const [channels, plane] = [dims[1] ?? 1, sizeOf(dims.slice(2))];
  return (position) => Math.floor(position / plane) % channels;
}

/** Applies `of` to each set and puts its words back in place. */
function bySets(
  x: OracleTensor,
  positions: readonly (readonly number[])[],
  of: (terms: readonly number[], set: readonly number[]) => readonly number[],
): OracleTensor {
  const words = wordsOf(x);
  const data = [...words];
  for (const set of positions) {
    of(termsOf(words, set), set).forEach((word, i) => (data[at(set, i)] = word));
  }
  return tensorOf('float32', x.dims, data);
}

/** (d · inv) · scale + bias, scale and bias given for each position. */
function scaled(
  { d, variance }: Centred,
  epsilon: number,
  scale: (i: number) => number,
  bias: ((i: number) => number) | undefined,
): number[] {
  const inv = inverseRoot(variance, epsilon);
  return d.map((term, i) => {
    const y = f.multiply(f.multiply(term, inv), scale(i));
    return bias === undefined ? y : f.add(y, bias(i));
  });
}

function layerNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axis = axisOf(intOf(node, 'axis', -1), x.dims.length);
  const { kept, positions } = setsAlong(x.dims, axesFrom(x.dims, axis));
  const scale = broadcastTo(inputOf(node, 1), x.dims).map(Number);
  const bias = node.inputs[2] && broadcastTo(node.inputs[2], x.dims).map(Number);
  const epsilon = epsilonOf(node);
  const [means, inverses]: [number[], number[]] = [[], []];
  const y = bySets(x, positions, (terms, set) => {
    const centred = centre(terms);
    means.push(centred.mean);
    inverses.push(inverseRoot(centred.variance, epsilon));
    return scaled(
      centred,
      epsilon,
      (i) => at(scale, at(set, i)),
      bias && ((i) => at(bias, at(set, i))),
    );
  });
  return [y, tensorOf('float32', kept, means), tensorOf('float32', kept, inverses)];
}

/** inv = 1 ÷ √((sum of x · x) ÷ n + ε); y = (x · inv) · scale. The second output is inv. */
function rmsNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axis = axisOf(intOf(node, 'axis', -1), x.dims.length);
  const { kept, positions } = setsAlong(x.dims, axesFrom(x.dims, axis));
  const scale = broadcastTo(inputOf(node, 1), x.dims).map(Number);
  const inverses: number[] = [];
  const y = bySets(x, positions, (terms, set) => {
    const inv = inverseRoot(meanSquare(terms), epsilonOf(node));
    inverses.push(inv);
    return terms.map((term, i) => f.multiply(f.multiply(term, inv), at(scale, at(set, i))));
  });
  return [y, tensorOf('float32', kept, inverses)];
}

/** Sets of `groups` groups of channels of each sample. */
function groupSets(dims: readonly number[], groups: number): number[][] {
  const each = sizeOf(dims.slice(1)) / groups;
  return [...indicesOf([at(dims, 0), groups])].map((_, set) =>
    Array.from({ length: each }, (__, i) => set * each + i),
  );
}

function instanceNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const [scale, bias] = [wordsOfInput(node, 1), wordsOfInput(node, 2)];
  const channel = channelsOf(x.dims);
  const y = bySets(x, groupSets(x.dims, at(x.dims, 1)), (terms, set) =>
    scaled(
      centre(terms),
      epsilonOf(node),
      (i) => at(scale, channel(at(set, i))),
      (i) => at(bias, channel(at(set, i))),
    ),
  );
  return [y];
}

/** Scale and bias are one a channel from opset 21, one a group before. */
function groupNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const [scale, bias] = [wordsOfInput(node, 1), wordsOfInput(node, 2)];
  const groups = intOf(node, 'num_groups', 1);
  const channel = channelsOf(x.dims);
  const perChannel = node.opset >= 21;
  const entry = (position: number): number =>
    perChannel ? channel(position) : Math.floor(channel(position) / (at(x.dims, 1) / groups));
  const y = bySets(x, groupSets(x.dims, groups), (terms, set) =>
    scaled(
      centre(terms),
      epsilonOf(node),
      (i) => at(scale, entry(at(set, i))),
      (i) => at(bias, entry(at(set, i))),
    ),
  );
  return [y];
}

function meanVarianceNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const { positions } = setsAlong(x.dims, intsOf(node, 'axes') ?? [0, 2, 3]);
  const y = bySets(x, positions, (terms) => {
    const { d, variance } = centre(terms);
    const divisor = f.add(f.sqrt(variance), kSmallEpsilon);
    return d.map((term) => f.divide(term, divisor));
  });
  return [y];
}

function lpNormalization(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const { positions } = setsAlong(x.dims, [intOf(node, 'axis', -1)]);
  const p = intOf(node, 'p', 2);
  const y = bySets(x, positions, (terms) => {
    const norm = p === 1 ? sumOfMagnitudes(terms) : f.sqrt(sumOfSquares(terms));
    return terms.map((term) => (norm === f.kZero ? f.kZero : f.divide(term, norm)));
  });
  return [y];
}

/** y = x ÷ (bias + (alpha ÷ size) · s)^beta, s over the channels from −⌊(size − 1) / 2⌋ to +⌈(size − 1) / 2⌉. */
function lrn(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const size = intOf(node, 'size', 1);
  const alpha = floatOf(node, 'alpha', f.roundRational(1n, 10000n));
  const beta = floatOf(node, 'beta', f.roundRational(3n, 4n));
  const bias = floatOf(node, 'bias', f.kOne);
  const factor = f.divide(alpha, f.wordOfInteger(BigInt(size)));
  const channel = channelsOf(x.dims);
  const plane = sizeOf(x.dims.slice(2));
  const data = words.map((word, position) => {
    const terms = Array.from({ length: size }, (_, tap) => {
      const offset = tap - Math.floor((size - 1) / 2);
      const c = channel(position) + offset;
      return c < 0 || c >= at(x.dims, 1) ? f.kZero : at(words, position + offset * plane);
    });
    const base = f.add(bias, f.multiply(factor, sumOfSquares(terms)));
    return f.divide(word, elementary.pow(base, beta));
  });
  return [tensorOf('float32', x.dims, data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
  'com.microsoft:SimplifiedLayerNormalization': rmsNormalization,
};
