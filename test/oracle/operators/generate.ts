// Constant, ConstantOfShape, EyeLike and Range: tensors that follow from attributes and a few numbers.
import * as double from '../double.ts';
import { add, floorOf, multiply, valueOf, wordOfInteger, type Rational } from '../float.ts';
import { wrapped } from '../integer.ts';
import { listInput, tensorBy, typeOf, zeroOf, type Element } from '../layout.ts';
import { at, inputOf, intOf, tensorOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

function constant(node: OracleNode): OracleTensor[] {
  for (const [name, value] of node.attributes) {
    if (/^(sparse_)?value$/.test(name) && value.type === 'tensor') return [value.value];
    if (name === 'value_float' && value.type === 'float') {
      return [tensorOf('float32', [], [value.bits])];
    }
    if (name === 'value_floats' && value.type === 'floats') {
      return [tensorOf('float32', [value.bits.length], value.bits)];
    }
    if (name === 'value_int' && value.type === 'int') {
      return [tensorOf('int64', [], [BigInt(value.value)])];
    }
    if (name === 'value_ints' && value.type === 'ints') {
      return [tensorOf('int64', [value.value.length], value.value.map(BigInt))];
    }
  }
  throw new TypeError('Constant: expected a value.');
}

function constantOfShape(node: OracleNode): OracleTensor[] {
  const found = node.attributes.get('value');
  const value =
    found?.type === 'tensor' ? found.value : tensorOf('float32', [1], [zeroOf('float32')]);
  return [tensorBy(value.dtype, listInput(node, 0) ?? [], () => at(value.data, 0))];
}

/** One, as an element of the type. */
function oneOf(dtype: OracleType): Element {
  switch (dtype) {
    case 'float32':
      return 0x3f800000;
    case 'float16':
      return 0x3c00;
    case 'bfloat16':
      return 0x3f80;
    case 'float64':
      return 0x3ff0000000000000n;
    case 'bool':
      return 1;
    default:
      return wrapped(dtype, 1n);
  }
}

function eyeLike(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const dtype = typeOf(node, 'dtype', x.dtype);
  const k = intOf(node, 'k', 0);
  const one = oneOf(dtype);
  return [
    tensorBy(dtype, x.dims, ([row = 0, column = 0]) => (column - row === k ? one : zeroOf(dtype))),
  ];
}

/** The exact value of an element; finite words only. */
function exact(dtype: OracleType, element: Element): Rational {
  if (dtype === 'float32') return valueOf(Number(element));
  if (dtype === 'float64') return double.valueOf(BigInt(element));
  return { num: BigInt(element), den: 1n };
}

/** start + i · delta by the operations of the type. */
function termOf(dtype: OracleType, start: Element, i: number, delta: Element): Element {
  const n = BigInt(i);
  if (dtype === 'float32') return add(Number(start), multiply(wordOfInteger(n), Number(delta)));
  if (dtype === 'float64')
    return double.add(BigInt(start), double.multiply(double.round(n), BigInt(delta)));
  return wrapped(dtype, BigInt(start) + n * BigInt(delta));
}

function range(node: OracleNode): OracleTensor[] {
  const { dtype } = inputOf(node, 0);
  const [start, limit, delta] = [0, 1, 2].map((i) => at(inputOf(node, i).data, 0)) as [
    Element,
    Element,
    Element,
  ];
  const [a, b, d] = [exact(dtype, start), exact(dtype, limit), exact(dtype, delta)];
  if (d.num === 0n) throw new RangeError('Range: delta is 0.');
  // (b - a) / d as one fraction with a positive denominator; its ceiling is minus the floor of its negative.
  const num = (b.num * a.den - a.num * b.den) * d.den;
  const den = a.den * b.den * d.num;
  const negative = den < 0n ? { num, den: -den } : { num: -num, den };
  const length = -floorOf(negative);
  const list = Array.from({ length: Math.max(0, Number(length)) }, (_, i) =>
    termOf(dtype, start, i, delta),
  );
  return [tensorOf(dtype, [list.length], list)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Range: range,
};
