// DFT, STFT, the window functions and MelWeightMatrix: cosines of rational parts of a turn in 200 binary places, which no
// case needs, rounded once; sums as docs/NUMERICS.md has them.
import * as fixed from '../fixed.ts';
import * as f from '../float.ts';
import { listInput } from '../layout.ts';
import {
  at,
  axisOf,
  indicesOf,
  inputOf,
  intOf,
  sizeOf,
  tensorOf,
  flatOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

const kPlaces = 200;

/** Sine and cosine of 2π · part / whole, in units of 2^-200. */
function turn(part: number, whole: number): { readonly sin: bigint; readonly cos: bigint } {
  const q = ((part % whole) + whole) % whole;
  const P = kPlaces + 64;
  return fixed.sinCos(
    { num: 2n * fixed.constants.pi(P) * BigInt(q), den: BigInt(whole) << BigInt(P) },
    kPlaces,
  );
}

const rounded = (num: bigint, den = 1n): number => f.storeRational(num, den << BigInt(kPlaces));

/** One line of numbers to another; `parts` words a number. */
function transform(
  line: readonly number[],
  parts: number,
  length: number,
  inverse: boolean,
  onesided: boolean,
): number[] {
  const half = inverse && onesided;
  const read = half ? Math.floor(length / 2) + 1 : length;
  const written = onesided && !inverse ? Math.floor(length / 2) + 1 : length;
  const result: number[] = [];
  for (let k = 0; k < written; k += 1) {
    const [real, imaginary]: [number[], number[]] = [[], []];
    for (let j = 0; j < read; j += 1) {
      const { sin, cos } = turn(j * k, length);
      const twice = half && j > 0 && 2 * j !== length ? 2n : 1n;
      const c = rounded(twice * cos);
      const s = rounded(twice * (inverse ? sin : -sin));
      const re = line[j * parts] ?? f.kZero;
      real.push(f.summedProduct(re, c));
      imaginary.push(f.summedProduct(re, s));
      if (parts === 2) {
        const im = line[j * parts + 1] ?? f.kZero;
        real.push(f.summedProduct(im, f.negate(s)));
        imaginary.push(f.summedProduct(im, c));
      }
    }
    for (const products of half ? [real] : [real, imaginary]) {
      const sum = f.sumProducts(products);
      result.push(inverse ? f.divide(sum, f.wordOfInteger(BigInt(length))) : sum);
    }
  }
  return result;
}

function dft(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const given = node.opset < 20 ? intOf(node, 'axis', 1) : (listInput(node, 2)?.[0] ?? -2);
  const axis = axisOf(given, x.dims.length);
  const [inverse, onesided] = [intOf(node, 'inverse', 0) !== 0, intOf(node, 'onesided', 0) !== 0];
  const parts = at(x.dims, x.dims.length - 1);
  const own = at(x.dims, axis);
  const length = listInput(node, 1)?.[0] ?? (inverse && onesided ? 2 * (own - 1) : own);
  const to = inverse && onesided ? 1 : 2;
  const written = onesided && !inverse ? Math.floor(length / 2) + 1 : length;
  const dims = [...x.dims.slice(0, -1).map((size, i) => (i === axis ? written : size)), to];
  const data = Array.from<number>({ length: sizeOf(dims) });
  const lines = x.dims.slice(0, -1).map((size, i) => (i === axis ? 1 : size));
  for (const index of indicesOf(lines)) {
    const line: number[] = [];
    for (let j = 0; j < own; j += 1) {
      for (let part = 0; part < parts; part += 1) {
        line.push(
          at(words, flatOf([...index.map((one, i) => (i === axis ? j : one)), part], x.dims)),
        );
      }
    }
    transform(line, parts, length, inverse, onesided).forEach((word, i) => {
      const place = index.map((one, a) => (a === axis ? Math.floor(i / to) : one));
      data[flatOf([...place, i % to], dims)] = word;
    });
  }
  return [tensorOf('float32', dims, data)];
}

function stft(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const window = node.inputs[2] === undefined ? undefined : wordsOf(node.inputs[2]);
  const step = at(listInput(node, 1) ?? [], 0);
  const length = listInput(node, 3)?.[0] ?? window?.length ?? 0;
  const onesided = intOf(node, 'onesided', 1) !== 0;
  const [batch = 0, samples = 0, parts = 1] = x.dims;
  const count = Math.floor((samples - length) / step) + 1;
  const data: number[] = [];
  for (let n = 0; n < batch; n += 1) {
    for (let frame = 0; frame < count; frame += 1) {
      const line = Array.from({ length: length * parts }, (_, i) => {
        const word = at(words, (n * samples + frame * step) * parts + i);
        return window === undefined ? word : f.multiply(word, at(window, Math.floor(i / parts)));
      });
      data.push(...transform(line, parts, length, false, onesided));
    }
  }
  const bins = onesided ? Math.floor(length / 2) + 1 : length;
  return [tensorOf('float32', [batch, count, bins, 2], data)];
}

/** Sum of weights[k] · cos(2π k i / N) / scale. */
const windowOf =
  (weights: readonly bigint[], scale: bigint): OracleOperator =>
  (node) => {
    const size = at(listInput(node, 0) ?? [], 0);
    const whole = intOf(node, 'periodic', 1) !== 0 ? size : size - 1;
    const data = Array.from({ length: size }, (_, i) => {
      if (whole === 0) return f.kOne;
      const sum = weights.reduce((total, w, k) => total + w * turn(k * i, whole).cos, 0n);
      return rounded(sum, scale);
    });
    return [tensorOf('float32', [size], data)];
  };

function mel(node: OracleNode): OracleTensor[] {
  const [filters = 0, length = 0, rate = 0] = [0, 1, 2].map((i) => at(listInput(node, i) ?? [], 0));
  const P = 400;
  const [low, high] = [3, 4].map((i) => {
    const { num, den } = f.valueOf(at(wordsOf(inputOf(node, i)), 0));
    return fixed.logOfRatio({ num: num + 700n * den, den: 700n * den }, P);
  }) as [bigint, bigint];
  const edges = Array.from({ length: filters + 2 }, (_, k) => {
    const log = low + ((high - low) * BigInt(k)) / BigInt(filters + 2);
    const y = fixed.toFixed(fixed.exp(log, P), P) - fixed.unit(P);
    const scaled = (y * BigInt(length + 1) * 700n) / BigInt(rate);
    // An integer that is missed by rounding only is that integer.
    return Number((scaled + fixed.unit(P - 200)) >> BigInt(P));
  });
  const bins = Math.floor(length / 2) + 1;
  const data = Array.from({ length: bins * filters }, (_, flat) => {
    const [bin, i] = [Math.floor(flat / filters), flat % filters];
    const [first, peak, last] = [at(edges, i), at(edges, i + 1), at(edges, i + 2)];
    if (bin >= peak && bin < last) return f.storeRational(BigInt(last - bin), BigInt(last - peak));
    if (bin === peak) return f.kOne;
    if (bin < first || bin > peak) return f.kZero;
    return f.storeRational(BigInt(bin - first), BigInt(peak - first));
  });
  return [tensorOf('float32', [bins, filters], data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  BlackmanWindow: windowOf([21n, -25n, 4n], 50n),
  DFT: dft,
  HammingWindow: windowOf([25n, -21n], 46n),
  HannWindow: windowOf([1n, -1n], 2n),
  MelWeightMatrix: mel,
  STFT: stft,
};
