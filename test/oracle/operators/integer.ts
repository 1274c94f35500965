// Integer products and what is made of them (V8, "Quantised values" in docs/NUMERICS.md): sums exact, then modulo 2^32.
import * as f from '../float.ts';
import { wrapped } from '../integer.ts';
import { broadcastAt, type Element } from '../layout.ts';
import {
  at,
  broadcastDims,
  flatOf,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  sizeOf,
  tensorOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { tapsOf, windowAxes } from '../window.ts';
import { floatsOf, rangeOfTensor, saturated } from './quantize.ts';

type Side = 'row' | 'column';

/** One element, one a row (1-D or [..., M, 1]) or a column, as it broadcasts over [..., M, N]. */
function wide(tensor: OracleTensor, side: Side): OracleTensor {
  if (tensor.data.length === 1) return { ...tensor, dims: [] };
  return tensor.dims.length === 1 && side === 'row'
    ? { ...tensor, dims: [...tensor.dims, 1] }
    : tensor;
}
const scalesOf = (tensor: OracleTensor, side: Side): OracleTensor =>
  wide({ ...tensor, dtype: 'float32', data: floatsOf(tensor) }, side);
const zeroAt = (zero: OracleTensor | undefined, index: readonly number[]): bigint =>
  zero === undefined ? 0n : BigInt(broadcastAt(zero, index));

/** The exact products of two stacks of matrices, over [..., M, N], as int32; and the shape that the result has. */
function sumsOf(
  a: OracleTensor,
  b: OracleTensor,
  aZero: OracleTensor | undefined,
  bZero: OracleTensor | undefined,
): { sums: OracleTensor; dims: readonly number[] } {
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [rows, inner] = [at(left, left.length - 2), at(left, left.length - 1)];
  const columns = at(right, right.length - 1);
  const batch = broadcastDims([left.slice(0, -2), right.slice(0, -2)]);
  const [x, y] = [
    { ...a, dims: left },
    { ...b, dims: right },
  ];
  const [xZero, yZero] = [aZero && wide(aZero, 'row'), bZero && wide(bZero, 'column')];
  const own = (dims: readonly number[], index: readonly number[]): readonly number[] =>
    index.slice(index.length - dims.length);
  const whole = [...batch, rows, columns];
  const data = [...indicesOf(whole)].map((index) => {
    const outer = index.slice(0, -2);
    const [i, j] = [at(index, index.length - 2), at(index, index.length - 1)];
    let sum = 0n;
    for (let k = 0; k < inner; k += 1) {
      const p = BigInt(broadcastAt(x, own(left, [...outer, i, k])));
      const q = BigInt(broadcastAt(y, own(right, [...outer, k, j])));
      sum += (p - zeroAt(xZero, index)) * (q - zeroAt(yZero, index));
    }
    return wrapped('int32', sum);
  });
  return {
    sums: tensorOf('int32', whole, data),
    dims: [
      ...batch,
      ...(a.dims.length === 1 ? [] : [rows]),
      ...(b.dims.length === 1 ? [] : [columns]),
    ],
  };
}

/** f32(sum) · (one scale · the other) */
const scaled = (sum: Element, one: Element, other: Element): number =>
  f.multiply(f.wordOfInteger(BigInt(sum)), f.multiply(Number(one), Number(other)));

function matMulInteger(node: OracleNode): OracleTensor[] {
  const { sums, dims } = sumsOf(inputOf(node, 0), inputOf(node, 1), node.inputs[2], node.inputs[3]);
  return [{ ...sums, dims }];
}

/** The exact sums over the taps inside the input. */
function convSums(
  node: OracleNode,
  x: OracleTensor,
  w: OracleTensor,
  xZero: OracleTensor | undefined,
  wZero: OracleTensor | undefined,
): OracleTensor {
  const group = intOf(node, 'group', 1);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const [maps = 0, depth = 0, ...kernel] = w.dims;
  const axes = windowAxes(node, sizes, kernel);
  const out = axes.map((axis) => axis.out);
  const [plane, taps] = [sizeOf(sizes), sizeOf(kernel)];
  const xShift = xZero === undefined ? 0n : BigInt(at(xZero.data, 0));
  const data: Element[] = [];
  for (const [n, map] of indicesOf([batch, maps]) as Generator<[number, number]>) {
    const first = n * channels + Math.floor(map / (maps / group)) * depth;
    const wShift =
      wZero === undefined ? 0n : BigInt(at(wZero.data, wZero.data.length === 1 ? 0 : map));
    for (const index of indicesOf(out)) {
      let sum = 0n;
      for (let channel = 0; channel < depth; channel += 1) {
        tapsOf(axes, index).forEach(({ place }, tap) => {
          if (place === undefined) return;
          const p = BigInt(at(x.data, (first + channel) * plane + flatOf(place, sizes)));
          const q = BigInt(at(w.data, (map * depth + channel) * taps + tap));
          sum += (p - xShift) * (q - wShift);
        });
      }
      data.push(wrapped('int32', sum));
    }
  }
  return tensorOf('int32', [batch, maps, ...out], data);
}

const convInteger = (node: OracleNode): OracleTensor[] => [
  convSums(node, inputOf(node, 0), inputOf(node, 1), node.inputs[2], node.inputs[3]),
];

function qLinearMatMul(node: OracleNode): OracleTensor[] {
  const { sums, dims } = sumsOf(
    inputOf(node, 0),
    inputOf(node, 3),
    inputOf(node, 2),
    inputOf(node, 5),
  );
  const [one, other] = [scalesOf(inputOf(node, 1), 'row'), scalesOf(inputOf(node, 4), 'column')];
  const [scale, zero] = [scalesOf(inputOf(node, 6), 'row'), wide(inputOf(node, 7), 'row')];
  const data = [...indicesOf(sums.dims)].map((index, i) => {
    const t = scaled(at(sums.data, i), broadcastAt(one, index), broadcastAt(other, index));
    const quotient = f.divide(t, Number(broadcastAt(scale, index)));
    return saturated(quotient, BigInt(broadcastAt(zero, index)), zero.dtype);
  });
  return [tensorOf(zero.dtype, dims, data)];
}

function qLinearConv(node: OracleNode): OracleTensor[] {
  const w = inputOf(node, 3);
  const sums = convSums(node, inputOf(node, 0), w, inputOf(node, 2), inputOf(node, 5));
  const bias = node.inputs[8];
  const [one, many, scale] = [1, 4, 6].map((i) => floatsOf(inputOf(node, i)));
  const zero = inputOf(node, 7);
  const data = [...indicesOf(sums.dims)].map(([, map = 0], i) => {
    const shift = bias === undefined ? 0n : BigInt(at(bias.data, map));
    const sum = wrapped('int32', BigInt(at(sums.data, i)) + shift);
    const own = many?.length === 1 ? at(many, 0) : at(many ?? [], map);
    const quotient = f.divide(scaled(sum, at(one ?? [], 0), own), at(scale ?? [], 0));
    return saturated(quotient, BigInt(at(zero.data, 0)), zero.dtype);
  });
  return [tensorOf(zero.dtype, sums.dims, data)];
}

/** Scaled sums of a product over [..., M, N], and a bias. */
function floatProduct(
  { sums, dims }: ReturnType<typeof sumsOf>,
  one: OracleTensor,
  other: OracleTensor,
  bias: OracleTensor | undefined,
): OracleTensor[] {
  const data = [...indicesOf(sums.dims)].map((index, i) => {
    const y = scaled(at(sums.data, i), broadcastAt(one, index), broadcastAt(other, index));
    return bias === undefined ? y : f.add(y, Number(broadcastAt(bias, index)));
  });
  return [tensorOf('float32', dims, data)];
}

const toFloat = (node: OracleNode): OracleTensor[] =>
  floatProduct(
    sumsOf(inputOf(node, 0), inputOf(node, 1), node.inputs[4], node.inputs[5]),
    scalesOf(inputOf(node, 2), 'row'),
    scalesOf(inputOf(node, 3), 'column'),
    node.inputs[6],
  );

function dynamicMatMul(node: OracleNode): OracleTensor[] {
  const a = inputOf(node, 0);
  const { scale, zero } = rangeOfTensor(a);
  const quantised = tensorOf(
    'uint8',
    a.dims,
    a.data.map((word) => saturated(f.divide(Number(word), scale), zero, 'uint8')),
  );
  return floatProduct(
    sumsOf(quantised, inputOf(node, 1), tensorOf('uint8', [], [Number(zero)]), node.inputs[3]),
    tensorOf('float32', [], [scale]),
    scalesOf(inputOf(node, 2), 'column'),
    node.inputs[4],
  );
}

/** The tensor with its two axes exchanged. */
function transposed(tensor: OracleTensor): OracleTensor {
  const [rows = 0, columns = 0] = tensor.dims;
  const data = [...indicesOf([columns, rows])].map(([i = 0, j = 0]) =>
    at(tensor.data, j * columns + i),
  );
  return tensorOf(tensor.dtype, [columns, rows], data);
}

function qGemm(node: OracleNode): OracleTensor[] {
  const [a, b] = [inputOf(node, 0), inputOf(node, 3)];
  const { sums } = sumsOf(
    intOf(node, 'transA', 0) !== 0 ? transposed(a) : a,
    intOf(node, 'transB', 0) !== 0 ? transposed(b) : b,
    inputOf(node, 2),
    inputOf(node, 5),
  );
  const [one, other] = [scalesOf(inputOf(node, 1), 'row'), scalesOf(inputOf(node, 4), 'column')];
  const alpha = floatOf(node, 'alpha', f.kOne);
  const [c, scale, zero] = [node.inputs[6], node.inputs[7], node.inputs[8]];
  const dtype = scale === undefined ? 'float32' : (zero?.dtype ?? a.dtype);
  const data = [...indicesOf(sums.dims)].map((index, i) => {
    const shift = c === undefined ? 0n : BigInt(broadcastAt(c, index));
    const sum = wrapped('int32', BigInt(at(sums.data, i)) + shift);
    const scales = f.multiply(Number(broadcastAt(one, index)), Number(broadcastAt(other, index)));
    const t = f.multiply(
      f.wordOfInteger(BigInt(sum)),
      alpha === f.kOne ? scales : f.multiply(scales, alpha),
    );
    if (scale === undefined) return t;
    const moved = zero === undefined ? 0n : BigInt(at(zero.data, 0));
    return saturated(f.divide(t, at(floatsOf(scale), 0)), moved, dtype);
  });
  return [tensorOf(dtype, sums.dims, data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
  QLinearMatMul: qLinearMatMul,
  QLinearConv: qLinearConv,
  'com.microsoft:MatMulIntegerToFloat': toFloat,
  'com.microsoft:DynamicQuantizeMatMul': dynamicMatMul,
  'com.microsoft:QGemm': qGemm,
};
