// MatMul, Gemm and Conv: V4 sums of rounded products, then bias, alpha and beta as V2 operations of their own.
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
  const x = broadcastTo({ ...a, dims: left }, [...batch, rows, inner]);
  const y = broadcastTo({ ...b, dims: right }, [...batch, inner, columns]);
  const dot = dotOf(a.dtype);
  const data: Element[] = [];
  for (let matrix = 0; matrix < sizeOf(batch); matrix += 1) {
    for (let i = 0; i < rows; i += 1) {
      const row = x.slice((matrix * rows + i) * inner, (matrix * rows + i + 1) * inner);
      for (let j = 0; j < columns; j += 1) {
        const column = row.map((_, k) => at(y, (matrix * inner + k) * columns + j));
        data.push(dot(row, column));
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
  const bias = c === undefined ? undefined : broadcastTo(c, [rows, columns]);
  const data: Element[] = [];
  for (const index of indicesOf([rows, columns])) {
    const [i, j] = [at(index, 0), at(index, 1)];
    const terms = Array.from({ length: inner }, (_, k) => k);
    const row = terms.map((k) => at(a.data, transA ? k * rows + i : i * inner + k));
    const column = terms.map((k) => at(b.data, transB ? j * inner + k : k * columns + j));
    if (isDouble) {
      const sum = BigInt(dotOf('float64')(row, column));
      data.push(gemm64(sum, bias?.[data.length], alpha, beta));
      continue;
    }
    let t = Number(dotOf('float32')(row, column));
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
  const [x, w] = [wordsOf(input), wordsOf(weight)];
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
      const products: number[] = [];
      for (let channel = 0; channel < depth; channel += 1) {
        window.forEach((place, tap) => {
          products.push(
            place === undefined
              ? f.kZero
              : f.summedProduct(
                  at(x, (first + channel) * plane + place),
                  at(w, (map * depth + channel) * taps + tap),
                ),
          );
        });
      }
      const sum = f.sumProducts(products);
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
