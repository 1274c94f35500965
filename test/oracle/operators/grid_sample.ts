// GridSample, AffineGrid and DeformConv: docs/NUMERICS.md, one point of one channel at a time.
import * as f from '../float.ts';
import {
  at,
  flatOf,
  indicesOf,
  inputOf,
  intOf,
  sizeOf,
  stringOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { windowAxes } from '../window.ts';

const word = (num: number, den = 1): number => f.roundRational(BigInt(num), BigInt(den));
const kHalf = word(1, 2);

const floorWord = (x: number): number =>
  f.isFinite(x) ? f.storeRational(f.floorOf(f.valueOf(f.read(x)))) : f.read(x);

/** The nearest integer, ties to even. */
function roundWord(x: number): number {
  if (!f.isFinite(x)) return f.read(x);
  const { num, den } = f.valueOf(f.read(x));
  const low = f.floorOf({ num, den });
  const twice = 2n * (num - low * den);
  return f.storeRational(twice > den || (twice === den && low % 2n !== 0n) ? low + 1n : low);
}

interface Mode {
  readonly padding: string;
  readonly interpolation: string;
  readonly align: boolean;
}

/** A position after padding. */
function paddedPosition(x: number, size: number, { padding, align }: Mode): number {
  if (padding === 'zeros') return x;
  if (padding === 'border') return f.minimum(f.maximum(x, f.kZero), word(size - 1));
  const [low, high] = align ? [f.kZero, word(size - 1)] : [word(-1, 2), word(2 * size - 1, 2)];
  const range = word(align ? size - 1 : size);
  const below = f.compare(x, low) === -1;
  let y = x;
  if (below || f.compare(x, high) === 1) {
    const d = below ? f.subtract(low, x) : f.subtract(x, high);
    const n = floorWord(f.divide(d, range));
    const e = f.subtract(d, f.multiply(n, range));
    const odd = f.isFinite(n) && f.floorOf(f.valueOf(n)) % 2n !== 0n;
    y = below !== odd ? f.add(low, e) : f.subtract(high, e);
  }
  return f.minimum(f.maximum(y, low), high);
}

/** The element that an index stands for; undefined outside. */
function placeOf(index: bigint, size: number, { padding, align }: Mode): number | undefined {
  const n = BigInt(size);
  if (index >= 0n && index < n) return Number(index);
  if (padding === 'zeros') return undefined;
  if (padding === 'border') return index < 0n ? 0 : size - 1;
  if (align && size === 1) return 0;
  // Mirrored about an end and back until it is inside.
  let i = index;
  while (i < 0n || i >= n) {
    if (i < 0n) i = align ? -i : -1n - i;
    else i = align ? 2n * (n - 1n) - i : 2n * n - 1n - i;
  }
  return Number(i);
}

interface Tap {
  readonly place: number;
  readonly weight: number;
}

function weightsOf(interpolation: string, t: number): number[] {
  if (interpolation === 'linear') return [f.subtract(f.kOne, t), t];
  const near = (u: number): number => {
    const slope = f.subtract(f.multiply(word(5, 4), u), word(9, 4));
    return f.add(f.multiply(f.multiply(slope, u), u), f.kOne);
  };
  const far = (u: number): number => {
    const square = f.add(f.multiply(word(-3, 4), u), word(15, 4));
    return f.add(f.multiply(f.subtract(f.multiply(square, u), word(6)), u), word(3));
  };
  return [far(f.add(t, f.kOne)), near(t), near(f.subtract(f.kOne, t)), far(f.subtract(word(2), t))];
}

function tapsAt(position: number, size: number, mode: Mode): Tap[] {
  const x = paddedPosition(position, size, mode);
  const whole = floorWord(x);
  // As Cast: NaN is 0; what an infinity stands for is outside in any case.
  const limit = 1n << 40n;
  const first = f.isNaNWord(whole)
    ? 0n
    : f.isFinite(whole)
      ? f.floorOf(f.valueOf(whole))
      : f.isNegative(whole)
        ? -limit
        : limit;
  if (mode.interpolation === 'nearest') {
    const place = placeOf(first, size, mode);
    return place === undefined ? [] : [{ place, weight: f.kOne }];
  }
  const weights = weightsOf(mode.interpolation, f.subtract(x, whole));
  const isCubic = weights.length === 4;
  const start = isCubic && !f.isNaNWord(whole) ? first - 1n : first;
  return weights.flatMap((weight, i) => {
    const place = placeOf(start + BigInt(i), size, mode);
    return place === undefined || weight === f.kZero ? [] : [{ place, weight }];
  });
}

/** The value at a position, `positions` in the order of the axes. */
function sample(
  words: readonly number[],
  base: number,
  dims: readonly number[],
  positions: readonly number[],
  mode: Mode,
): number {
  const [size = 1, ...inner] = dims;
  const [position = 0, ...rest] = positions;
  const taps = tapsAt(position, size, mode);
  if (mode.interpolation === 'nearest') {
    const [tap] = taps;
    if (tap === undefined) return f.kZero;
    const from = base + tap.place * sizeOf(inner);
    return inner.length === 0 ? at(words, from) : sample(words, from, inner, rest, mode);
  }
  let sum = f.kZero;
  for (const { place, weight } of taps) {
    const from = base + place * sizeOf(inner);
    const value = inner.length === 0 ? at(words, from) : sample(words, from, inner, rest, mode);
    sum = f.add(sum, f.multiply(value, weight));
  }
  return sum;
}

function gridSample(node: OracleNode): OracleTensor[] {
  const [x, grid] = [inputOf(node, 0), inputOf(node, 1)];
  const [words, g] = [wordsOf(x), wordsOf(grid)];
  const name = stringOf(node, 'mode', 'linear');
  const mode: Mode = {
    padding: stringOf(node, 'padding_mode', 'zeros'),
    interpolation: name.replace('bi', ''),
    align: intOf(node, 'align_corners', 0) !== 0,
  };
  const [batch = 0, channels = 0, ...dims] = x.dims;
  const rank = dims.length;
  const outs = grid.dims.slice(1, -1);
  const points = sizeOf(outs);
  const data: number[] = [];
  for (const [n, channel, point] of indicesOf([batch, channels, points]) as Generator<
    [number, number, number]
  >) {
    const positions = dims.map((size, axis) => {
      const u = f.add(at(g, (n * points + point) * rank + rank - 1 - axis), f.kOne);
      const position = mode.align
        ? f.multiply(f.multiply(u, kHalf), word(size - 1))
        : f.multiply(f.subtract(f.multiply(u, word(size)), f.kOne), kHalf);
      return mode.interpolation === 'nearest' ? roundWord(position) : position;
    });
    data.push(sample(words, (n * channels + channel) * sizeOf(dims), dims, positions, mode));
  }
  return [tensorOf('float32', [batch, channels, ...outs], data)];
}

function affineGrid(node: OracleNode): OracleTensor[] {
  const theta = wordsOf(inputOf(node, 0));
  const [batch = 0, , ...dims] = inputOf(node, 1).data.map(Number);
  const align = intOf(node, 'align_corners', 0) !== 0;
  const rank = dims.length;
  const data: number[] = [];
  for (const [n = 0, ...index] of indicesOf([batch, ...dims])) {
    const point = index.map((i, axis) => {
      const size = at(dims, axis);
      if (align)
        return size === 1 ? f.kZero : f.storeRational(BigInt(2 * i - size + 1), BigInt(size - 1));
      return f.storeRational(BigInt(2 * i + 1 - size), BigInt(size));
    });
    const terms = [...point.toReversed(), f.kOne];
    for (let row = 0; row < rank; row += 1) {
      const from = (n * rank + row) * (rank + 1);
      data.push(f.dot(terms, theta.slice(from, from + rank + 1)));
    }
  }
  return [tensorOf('float32', [batch, ...dims, rank], data)];
}

function deformConv(node: OracleNode): OracleTensor[] {
  const [x, w, offset] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const [bias, mask] = [node.inputs[3], node.inputs[4]];
  const [words, weights, offsets] = [wordsOf(x), wordsOf(w), wordsOf(offset)];
  const [group, offsetGroups] = [intOf(node, 'group', 1), intOf(node, 'offset_group', 1)];
  const [batch = 0, channels = 0, ...dims] = x.dims;
  const [filters = 0, depth = 0, ...kernel] = w.dims;
  const axes = windowAxes(node, dims, kernel);
  const outs = axes.map((axis) => axis.out);
  const [taps, points, rank] = [sizeOf(kernel), sizeOf(outs), dims.length];
  const mode: Mode = { padding: 'zeros', interpolation: 'linear', align: false };
  const data: number[] = [];
  for (const [n, filter] of indicesOf([batch, filters]) as Generator<[number, number]>) {
    const first = Math.floor(filter / (filters / group)) * depth;
    for (const out of indicesOf(outs)) {
      const point = flatOf(out, outs);
      const products: number[] = [];
      for (let channel = 0; channel < depth; channel += 1) {
        const from = first + channel;
        const of = n * offsetGroups + Math.floor(from / (channels / offsetGroups));
        for (const tap of indicesOf(kernel)) {
          const k = flatOf(tap, kernel);
          const positions = axes.map((axis, i) => {
            const plain = at(out, i) * axis.stride + at(tap, i) * axis.dilation - axis.before;
            const moved = at(offsets, ((of * taps + k) * rank + i) * points + point);
            return f.add(word(plain), moved);
          });
          const base = (n * channels + from) * sizeOf(dims);
          let value = sample(words, base, dims, positions, mode);
          if (mask !== undefined) {
            value = f.multiply(value, at(wordsOf(mask), (of * taps + k) * points + point));
          }
          products.push(f.summedProduct(value, at(weights, (filter * depth + channel) * taps + k)));
        }
      }
      const sum = f.sumProducts(products);
      data.push(bias === undefined ? sum : f.add(sum, at(wordsOf(bias), filter)));
    }
  }
  return [tensorOf('float32', [batch, filters, ...outs], data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  AffineGrid: affineGrid,
  DeformConv: deformConv,
  GridSample: gridSample,
};
