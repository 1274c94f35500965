// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear ("Quantised values" in docs/NUMERICS.md), on exact fractions.
import * as f from '../float.ts';
import { elementOf, rangeOf, wrapped } from '../integer.ts';
import { elementAt, typeOf, type Element } from '../layout.ts';
import { at, axisOf, indicesOf, inputOf, intOf, tensorOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';
import { operators as cast } from './cast.ts';
import { operators as reduce } from './reduce.ts';

const CODES: Readonly<Partial<Record<OracleType, number>>> = {
  float32: 1,
  float16: 10,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  float4e2m1: 23,
};

/** A node of another operator. */
export const nodeOf = (
  opType: string,
  inputs: readonly (OracleTensor | undefined)[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
  opset = 21,
): OracleNode => ({
  opType,
  domain: '',
  opset,
  attributes: new Map(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value },
    ]),
  ),
  inputs,
  outputs: 1,
  output: '',
});

/** The first output of a node. */
export const first = (
  operators: Readonly<Record<string, OracleOperator>>,
  node: OracleNode,
): OracleTensor => {
  const operator = operators[node.opType];
  if (operator === undefined) throw new TypeError(`oracle: no operator ${node.opType}.`);
  return at(operator(node), 0);
};

/** A tensor in another type, by Cast. */
export const castTo = (tensor: OracleTensor, to: OracleType, saturate = 1): OracleTensor =>
  tensor.dtype === to
    ? tensor
    : first(cast, nodeOf('Cast', [tensor], { to: CODES[to] ?? 1, saturate }));

/** The words of a float tensor as float32. */
export const floatsOf = (tensor: OracleTensor): number[] =>
  castTo(tensor, 'float32').data.map(Number);

/** The nearest integer of a word, ties to even; NaN is 0, infinities are beyond every type. */
function roundedOf(word: number): bigint {
  if (f.isNaNWord(word)) return 0n;
  if (f.isInfinite(word)) return f.isNegative(word) ? -(1n << 200n) : 1n << 200n;
  const { num, den } = f.valueOf(word);
  const below = f.floorOf({ num: 2n * num + den, den: 2n * den });
  const isTie = (2n * num + den) % (2n * den) === 0n;
  return isTie && below % 2n !== 0n ? below - 1n : below;
}

/** An f32 quotient as an element of a type: rounded, moved by the zero point, saturated. */
export function saturated(quotient: number, zero: bigint, dtype: OracleType): Element {
  const [least, most] = rangeOf(dtype);
  const moved = roundedOf(quotient) + zero;
  return elementOf(dtype, moved < least ? least : moved > most ? most : moved);
}

/** Which element of scales or zero points belongs to an index. */
function belonging(node: OracleNode, tensor: OracleTensor, index: readonly number[]): Element {
  if (tensor.data.length === 1) return at(tensor.data, 0);
  const block = intOf(node, 'block_size', 0);
  const axis = axisOf(intOf(node, 'axis', 1), index.length);
  if (block === 0) return at(tensor.data, at(index, axis));
  return elementAt(
    tensor,
    index.map((i, k) => (k === axis ? Math.floor(i / block) : i)),
  );
}

const isSmallFloat = (dtype: OracleType): boolean => /^float[48]/.test(dtype);

function quantize(node: OracleNode): OracleTensor[] {
  const [x, scale, zero] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const dtype = zero?.dtype ?? typeOf(node, 'output_dtype', 'uint8');
  const precision =
    intOf(node, 'precision', 0) === 0 ? scale.dtype : typeOf(node, 'precision', 'float32');
  const words = floatsOf(x);
  const scales = { ...scale, dtype: 'float32' as const, data: floatsOf(scale) };
  const data = [...indicesOf(x.dims)].map((index, i) => {
    const quotient = f.divide(at(words, i), Number(belonging(node, scales, index)));
    const narrow = castTo(tensorOf('float32', [], [quotient]), precision);
    if (isSmallFloat(dtype)) {
      const rounded = castTo(narrow, 'float32');
      return at(castTo(rounded, dtype, intOf(node, 'saturate', 1)).data, 0);
    }
    const moved = zero === undefined ? 0n : BigInt(belonging(node, zero, index));
    return saturated(at(floatsOf(narrow), 0), moved, dtype);
  });
  return [tensorOf(dtype, x.dims, data)];
}

const isNarrow = (dtype: OracleType): boolean => /^u?int[248]$/.test(dtype);

function dequantize(node: OracleNode): OracleTensor[] {
  const [x, scale, zero] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const dtype = typeOf(node, 'output_dtype', scale.dtype);
  const scales = { ...scale, dtype: 'float32' as const, data: floatsOf(scale) };
  const indices = [...indicesOf(x.dims)];
  if (isSmallFloat(x.dtype)) {
    const words = floatsOf(x);
    const zeros = zero && { ...zero, dtype: 'float32' as const, data: floatsOf(zero) };
    const products = indices.map((index, i) => {
      const word = f.read(at(words, i));
      const shift = zeros === undefined ? undefined : Number(belonging(node, zeros, index));
      const moved = shift === undefined ? word : f.subtract(word, shift);
      return f.multiply(moved, Number(belonging(node, scales, index)));
    });
    return [castTo(tensorOf('float32', x.dims, products), dtype)];
  }
  const differences = indices.map(
    (index, i) =>
      BigInt(at(x.data, i)) - (zero === undefined ? 0n : BigInt(belonging(node, zero, index))),
  );
  const data = differences.map((exact, i) =>
    f.multiply(
      f.wordOfInteger(BigInt(wrapped('int32', exact))),
      Number(belonging(node, scales, at(indices, i))),
    ),
  );
  const y = castTo(tensorOf('float32', x.dims, data), dtype);
  const isBlocked = scale.data.length > 1 && intOf(node, 'block_size', 0) !== 0;
  if (!isNarrow(x.dtype) || isBlocked || scale.dtype !== 'float32' || dtype !== 'float32')
    return [y];
  const axis = scale.data.length === 1 ? undefined : axisOf(intOf(node, 'axis', 1), x.dims.length);
  return [{ ...y, quantised: { differences, scales: scales.data, axis } }];
}

/** Scale and zero point of a tensor's range with 0, for uint8. */
export function rangeOfTensor(x: OracleTensor): { scale: number; zero: bigint } {
  const flat = { ...x, dims: [x.data.length] };
  const extreme = (op: string): number =>
    Number(at(first(reduce, nodeOf(op, [flat], { keepdims: 0 }, 13)).data, 0));
  const least = f.minimum(extreme('ReduceMin'), f.kZero);
  const most = f.maximum(extreme('ReduceMax'), f.kZero);
  const scale = f.divide(f.subtract(most, least), f.wordOfInteger(255n));
  const shifted = f.subtract(f.kZero, f.divide(least, scale));
  return { scale, zero: BigInt(saturated(shifted, 0n, 'uint8')) };
}

function dynamicQuantize(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const { scale, zero } = rangeOfTensor(x);
  return [
    tensorOf(
      'uint8',
      x.dims,
      x.data.map((word) => saturated(f.divide(Number(word), scale), zero, 'uint8')),
    ),
    tensorOf('float32', [], [scale]),
    tensorOf('uint8', [], [Number(zero)]),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  'com.microsoft:QuantizeLinear': quantize,
  'com.microsoft:DequantizeLinear': dequantize,
};
