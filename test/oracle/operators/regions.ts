// RoiAlign, MaxRoiPool and Det: docs/NUMERICS.md, one output at a time.
import * as f from '../float.ts';
import {
  at,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  sizeOf,
  stringOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

const kHalf = f.roundRational(1n, 2n);
const integer = (n: number): number => f.wordOfInteger(BigInt(n));

/** The least integer that is not less; NaN is 0, and what is beyond a limit is the limit. */
function ceilingOf(word: number, limit: number): number {
  if (f.isNaNWord(word)) return 0;
  if (!f.isFinite(word)) return f.isNegative(word) ? 0 : limit;
  const { num, den } = f.valueOf(word);
  const ceiling = -f.floorOf({ num: -num, den });
  return ceiling < 0n ? 0 : ceiling > BigInt(limit) ? limit : Number(ceiling);
}

interface Place {
  readonly low: number;
  readonly high: number;
  readonly weights: readonly [number, number];
}

/** For each sample of each bin along an axis: where it lies, undefined outside. */
function placesOf(
  node: OracleNode,
  from: number,
  to: number,
  bins: number,
  size: number,
  halfPixel: boolean,
): (Place | undefined)[][] {
  const scale = floatOf(node, 'spatial_scale', f.kOne);
  const offset = halfPixel ? kHalf : f.kZero;
  const start = f.subtract(f.multiply(from, scale), offset);
  let length = f.subtract(f.subtract(f.multiply(to, scale), offset), start);
  if (!halfPixel) length = f.maximum(length, f.kOne);
  const bin = f.divide(length, integer(bins));
  const samples = intOf(node, 'sampling_ratio', 0) || ceilingOf(bin, size + 1);
  return Array.from({ length: bins }, (_, b) =>
    Array.from({ length: samples }, (__, s) => {
      const step = f.divide(f.multiply(f.add(integer(s), kHalf), bin), integer(samples));
      const position = f.add(f.add(start, f.multiply(integer(b), bin)), step);
      if (f.compare(position, f.negate(f.kOne)) === -1) return undefined;
      if (f.compare(position, integer(size)) === 1) return undefined;
      let x = f.maximum(position, f.kZero);
      let low = f.isNaNWord(x) ? 0 : Number(f.floorOf(f.valueOf(x)));
      let high = low + 1;
      if (low >= size - 1) {
        low = size - 1;
        high = low;
        if (!f.isNaNWord(x)) x = integer(low);
      }
      const weight = f.subtract(x, integer(low));
      return { low, high, weights: [f.subtract(f.kOne, weight), weight] as const };
    }),
  );
}

function roiAlign(node: OracleNode): OracleTensor[] {
  const [x, regions, batches] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const [words, r] = [wordsOf(x), wordsOf(regions)];
  const [batch = 0, channels = 0, height = 0, width = 0] = x.dims;
  const [outHeight, outWidth] = [intOf(node, 'output_height', 1), intOf(node, 'output_width', 1)];
  const otherwise = node.opset < 16 ? 'output_half_pixel' : 'half_pixel';
  const half = stringOf(node, 'coordinate_transformation_mode', otherwise) === 'half_pixel';
  const isMax = stringOf(node, 'mode', 'avg') === 'max';
  const count = regions.dims[0] ?? 0;
  const data: number[] = [];
  for (let region = 0; region < count; region += 1) {
    const [left = 0, top = 0, right = 0, bottom = 0] = r.slice(4 * region, 4 * region + 4);
    const rows = placesOf(node, top, bottom, outHeight, height, half);
    const columns = placesOf(node, left, right, outWidth, width, half);
    const image = BigInt(at(batches.data, region));
    const exists = image >= 0n && image < BigInt(batch);
    for (const [channel, i, j] of indicesOf([channels, outHeight, outWidth]) as Generator<
      [number, number, number]
    >) {
      const samples: number[] = [];
      for (const row of exists ? at(rows, i) : []) {
        for (const column of at(columns, j)) {
          if (row === undefined || column === undefined) {
            samples.push(f.kZero);
            continue;
          }
          const parts = [row.low, row.high].flatMap((y, a) =>
            [column.low, column.high].map((c, b) => {
              const weight = f.multiply(at(row.weights, a), at(column.weights, b));
              const plane = (Number(image) * channels + channel) * height;
              return f.multiply(weight, at(words, (plane + y) * width + c));
            }),
          );
          samples.push(parts.reduce(isMax ? f.maximum : f.add));
        }
      }
      const total = at(rows, i).length * at(columns, j).length;
      if (samples.length === 0) data.push(f.kZero);
      else if (isMax) data.push(samples.reduce(f.maximum));
      else data.push(f.divide(samples.reduce(f.add, f.kZero), integer(total)));
    }
  }
  return [tensorOf('float32', [count, channels, outHeight, outWidth], data)];
}

/** ⌊x · scale + 1/2⌋, NaN 0, within ±2^30. */
function elementOf(word: number, scale: number): bigint {
  const moved = f.add(f.multiply(word, scale), kHalf);
  const limit = 1n << 30n;
  if (f.isNaNWord(moved)) return 0n;
  if (!f.isFinite(moved)) return f.isNegative(moved) ? -limit : limit;
  const whole = f.floorOf(f.valueOf(moved));
  return whole > limit ? limit : whole < -limit ? -limit : whole;
}

function maxRoiPool(node: OracleNode): OracleTensor[] {
  const [x, regions] = [inputOf(node, 0), inputOf(node, 1)];
  const [words, r] = [wordsOf(x), wordsOf(regions)];
  const [batch = 0, channels = 0, height = 0, width = 0] = x.dims;
  const [outHeight = 1, outWidth = 1] = intsOf(node, 'pooled_shape') ?? [];
  const scale = floatOf(node, 'spatial_scale', f.kOne);
  const count = regions.dims[0] ?? 0;
  const bin = (from: number, to: number, i: number, bins: number, size: number): number[] => {
    const first = elementOf(from, scale);
    const last = elementOf(to, scale);
    const length = last - first + 1n > 1n ? last - first + 1n : 1n;
    const begin = first + (BigInt(i) * length) / BigInt(bins);
    const end = first + (BigInt(i + 1) * length + BigInt(bins - 1)) / BigInt(bins);
    return Array.from({ length: size }, (_, k) => k).filter((k) => k >= begin && k < end);
  };
  const data: number[] = [];
  for (const [region, channel, i, j] of indicesOf([
    count,
    channels,
    outHeight,
    outWidth,
  ]) as Generator<[number, number, number, number]>) {
    const [named = 0, left = 0, top = 0, right = 0, bottom = 0] = r.slice(
      5 * region,
      5 * region + 5,
    );
    const own = f.read(named);
    const image = f.isNaNWord(own) ? 0n : f.isFinite(own) ? f.truncate(own) : -1n;
    const found: number[] = [];
    if (image >= 0n && image < BigInt(batch)) {
      for (const row of bin(top, bottom, i, outHeight, height)) {
        for (const column of bin(left, right, j, outWidth, width)) {
          const plane = (Number(image) * channels + channel) * height;
          found.push(at(words, (plane + row) * width + column));
        }
      }
    }
    data.push(found.length === 0 ? f.kZero : f.read(found.reduce(f.maximum)));
  }
  return [tensorOf('float32', [count, channels, outHeight, outWidth], data)];
}

function determinant(words: readonly number[], n: number): number {
  const rows = Array.from({ length: n }, (_, i) => words.slice(i * n, (i + 1) * n).map(f.read));
  // NaN is above infinity as a magnitude.
  const size = (row: readonly number[], k: number): number => f.magnitudeOf(at(row, k));
  let negative = false;
  const pivots: number[] = [];
  for (let k = 0; k < n; k += 1) {
    const sizes = rows.map((row, i) => (i < k ? -1 : size(row, k)));
    const best = sizes.indexOf(Math.max(...sizes));
    if (best !== k) {
      negative = !negative;
      [rows[k], rows[best]] = [at(rows, best), at(rows, k)];
    }
    const top = at(rows, k);
    const pivot = at(top, k);
    pivots.push(pivot);
    if (pivot === f.kZero) continue;
    for (let i = k + 1; i < n; i += 1) {
      const row = at(rows, i);
      const factor = f.divide(at(row, k), pivot);
      rows[i] = row.map((word, j) =>
        j <= k ? word : f.subtract(word, f.multiply(factor, at(top, j))),
      );
    }
  }
  const product = pivots.length === 0 ? f.kOne : pivots.reduce(f.multiply);
  return negative ? f.negate(product) : product;
}

function det(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const n = at(x.dims, x.dims.length - 1);
  const dims = x.dims.slice(0, -2);
  const data = Array.from({ length: sizeOf(dims) }, (_, i) =>
    determinant(words.slice(i * n * n, (i + 1) * n * n), n),
  );
  return [tensorOf('float32', dims, data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Det: det,
  MaxRoiPool: maxRoiPool,
  RoiAlign: roiAlign,
};
