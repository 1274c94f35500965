// MatMul, Gemm and Conv: V4 sums of rounded products, or exact integer sums where both operands are dequantised (V8); then
// bias, alpha and beta as V2 operations of their own.
import * as double from '../double.ts';
import * as f from '../float.ts';
import type { Element } from '../layout.ts';
import {
  at,
  broadcastDims,
  broadcastTo,
  flatOf,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  sizeOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';
import { tapsOf, windowAxes } from '../window.ts';

/** With more terms the products of 8-bit differences are no longer sure to fit an int32: they are floats then. */
const kMostTerms = 2 ** 15;

/** The operands as exact differences, and the scale of a pair of lines; undefined where V4 holds. */
interface Exact {
  readonly left: OracleTensor;
  readonly right: OracleTensor;
  scale(line: number, other: number): number;
}

/** V8: both sides dequantised, each by one scale or by one a line, lines lying along the given axes. */
function exactPair(
  a: OracleTensor,
  b: OracleTensor,
  lines: readonly [number | undefined, number | undefined],
  terms: number,
): Exact | undefined {
  const [p, q] = [a.quantised, b.quantised];
  if (p === undefined || q === undefined || terms > kMostTerms) return undefined;
  if (p.axis !== undefined && p.axis !== lines[0]) return undefined;
  if (q.axis !== undefined && q.axis !== lines[1]) return undefined;
  return {
    left: { ...a, data: p.differences },
    right: { ...b, data: q.differences },
    scale: (line, other) =>
      f.multiply(
        at(p.scales, p.axis === undefined ? 0 : line),
        at(q.scales, q.axis === undefined ? 0 : other),
      ),
  };
}

const exactDot = (a: readonly (number | bigint)[], b: readonly (number | bigint)[]): number =>
  f.wordOfInteger(a.reduce<bigint>((sum, x, k) => sum + BigInt(x) * BigInt(at(b, k)), 0n));

/** numpy's product of stacks of matrices; a vector is a row on the left, a column on the right. */
function matMul(node: OracleNode): OracleTensor[] {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [rows, inner, columns] = [
    at(left, left.length - 2),
    at(left, left.length - 1),
    at(right, right.length - 1),
  ];
  const batch = broadcastDims([left.slice(0, -2), right.slice(0, -2)]);
  const exact = exactPair(
    a,
    b,
    [
      a.dims.length > 1 ? a.dims.length - 2 : undefined,
      b.dims.length > 1 ? b.dims.length - 1 : undefined,
    ],
    inner,
  );
  const x = broadcastTo({ ...(exact?.left ?? a), dims: left }, [...batch, rows, inner]);
  const y = broadcastTo({ ...(exact?.right ?? b), dims: right }, [...batch, inner, columns]);
  const dot = dotOf(a.dtype);
  const data: Element[] = [];
  for (let matrix = 0; matrix < sizeOf(batch); matrix += 1) {
    for (let i = 0; i < rows; i += 1) {
      const row = x.slice((matrix * rows + i) * inner, (matrix * rows + i + 1) * inner);
      for (let j = 0; j < columns; j += 1) {
        const column = row.map((_, k) => at(y, (matrix * inner + k) * columns + j));
        data.push(
          exact === undefined
            ? dot(row, column)
            : f.multiply(exactDot(row, column), exact.scale(i, j)),
        );
      }
    }
  }
  const dims = [
    ...batch,
    ...(a.dims.length === 1 ? [] : [rows]),
    ...(b.dims.length === 1 ? [] : [columns]),
  ];
  return [tensorOf(a.dtype, dims, data)];
}

/** A dot product of the type: of float64 nothing is flushed (V9). */
const dotOf =
  (dtype: OracleType) =>
  (a: readonly Element[], b: readonly Element[]): Element => {
    if (dtype !== 'float64') return f.dot(a.map(Number), b.map(Number));
    return double.sumTree(a.map((x, k) => double.multiply(BigInt(x), BigInt(at(b, k)))));
  };

/** Gemm of float64: the same steps, each a V9 operation. */
function gemm64(t: bigint, term: Element | undefined, alpha: number, beta: number): bigint {
  const times = (x: bigint, factor: number): bigint => {
    const { num, den } = f.valueOf(factor);
    return factor === f.kOne ? x : double.multiply(x, double.round(num, den));
  };
  const scaled = times(t, alpha);
  return term === undefined ? scaled : double.add(scaled, times(BigInt(term), beta));
}

/** t = sum; t · alpha if alpha ≠ 1; C · beta if beta ≠ 1; their sum. */
function gemm(node: OracleNode): OracleTensor[] {
  const [a, b, c] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const isDouble = a.dtype === 'float64';
  const [transA, transB] = [intOf(node, 'transA', 0) !== 0, intOf(node, 'transB', 0) !== 0];
  const alpha = floatOf(node, 'alpha', f.kOne);
  const beta = floatOf(node, 'beta', f.kOne);
  const [rows, inner] = [at(a.dims, transA ? 1 : 0), at(a.dims, transA ? 0 : 1)];
  const columns = at(b.dims, transB ? 0 : 1);
  const exact = exactPair(a, b, [transA ? 1 : 0, transB ? 0 : 1], inner);
  const [x, y] = [exact?.left.data ?? a.data, exact?.right.data ?? b.data];
  const bias = c === undefined ? undefined : broadcastTo(c, [rows, columns]);
  const data: Element[] = [];
  for (const index of indicesOf([rows, columns])) {
    const [i, j] = [at(index, 0), at(index, 1)];
    const terms = Array.from({ length: inner }, (_, k) => k);
    const row = terms.map((k) => at(x, transA ? k * rows + i : i * inner + k));
    const column = terms.map((k) => at(y, transB ? j * inner + k : k * columns + j));
    if (isDouble) {
      const sum = BigInt(dotOf('float64')(row, column));
      data.push(gemm64(sum, bias?.[data.length], alpha, beta));
      continue;
    }
    let t =
      exact === undefined
        ? Number(dotOf('float32')(row, column))
        : f.multiply(exactDot(row, column), exact.scale(i, j));
    if (alpha !== f.kOne) t = f.multiply(t, alpha);
    if (bias !== undefined) {
      const term = Number(at(bias, data.length));
      t = f.add(t, beta === f.kOne ? term : f.multiply(term, beta));
    }
    data.push(t);
  }
  return [tensorOf(a.dtype, [rows, columns], data)];
}

/** The dot product over (channel of the group, taps of the window) of W and the input, padded taps +0 by position. */
function conv(node: OracleNode): OracleTensor[] {
  const [input, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const exact = exactPair(input, weight, [undefined, 0], sizeOf(weight.dims.slice(1)));
  const [x, w] = [exact?.left.data ?? wordsOf(input), exact?.right.data ?? wordsOf(weight)];
  const group = intOf(node, 'group', 1);
  const [batch, channels, ...sizes] = input.dims;
  const [maps, depth, ...kernel] = weight.dims;
  if (batch === undefined || channels === undefined || maps === undefined || depth === undefined) {
    throw new RangeError('Conv: too few dimensions.');
  }
  const axes = windowAxes(node, sizes, kernel);
  const out = axes.map((axis) => axis.out);
  const [plane, taps] = [sizeOf(sizes), sizeOf(kernel)];
  const windows = [...indicesOf(out)].map((index) =>
    tapsOf(axes, index).map(({ place }) =>
      place === undefined ? undefined : flatOf(place, sizes),
    ),
  );
  const data: number[] = [];
  for (const [n, map] of indicesOf([batch, maps]) as Generator<[number, number]>) {
    const first = n * channels + Math.floor(map / (maps / group)) * depth;
    for (const window of windows) {
      // Padded taps are zeros; those of an exact sum are left out, which is the same.
      const operands: (readonly [number | bigint, number | bigint] | undefined)[] = [];
      for (let channel = 0; channel < depth; channel += 1) {
        window.forEach((place, tap) => {
          operands.push(
            place === undefined
              ? undefined
              : [
                  at(x, (first + channel) * plane + place),
                  at(w, (map * depth + channel) * taps + tap),
                ],
          );
        });
      }
      const inside = operands.filter((pair) => pair !== undefined);
      const sum =
        exact === undefined
          ? f.sumProducts(
              operands.map((pair) =>
                pair === undefined ? f.kZero : f.summedProduct(Number(pair[0]), Number(pair[1])),
              ),
            )
          : f.multiply(
              exactDot(
                inside.map(([p]) => p),
                inside.map(([, q]) => q),
              ),
              exact.scale(0, map),
            );
      data.push(bias === undefined ? sum : f.add(sum, Number(at(bias.data, map))));
    }
  }
  return [tensorOf('float32', [batch, maps, ...out], data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
};
