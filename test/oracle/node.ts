// What operators share: attributes with their defaults, inputs that must be there, shapes in row-major order,
// broadcasting. No arithmetic on values.
import type { OracleNode, OracleTensor, OracleType } from './types.ts';

type Kind = 'int' | 'float' | 'string' | 'ints' | 'floats';

function attribute(node: OracleNode, name: string, type: Kind) {
  const found = node.attributes.get(name);
  if (found !== undefined && found.type !== type) {
    throw new TypeError(`${node.opType}: attribute ${name} is ${found.type}, expected ${type}.`);
  }
  return found;
}

/** An integer attribute. */
export function intOf<T extends number | undefined>(
  node: OracleNode,
  name: string,
  otherwise: T,
): number | T {
  const found = attribute(node, name, 'int');
  return found?.type === 'int' ? found.value : otherwise;
}

/** A float attribute, as a word. */
export function floatOf<T extends number | undefined>(
  node: OracleNode,
  name: string,
  otherwise: T,
): number | T {
  const found = attribute(node, name, 'float');
  return found?.type === 'float' ? found.bits : otherwise;
}

/** A string attribute. */
export function stringOf(node: OracleNode, name: string, otherwise: string): string {
  const found = attribute(node, name, 'string');
  return found?.type === 'string' ? found.value : otherwise;
}

/** A list of integers. */
export function intsOf(node: OracleNode, name: string): readonly number[] | undefined {
  const found = attribute(node, name, 'ints');
  return found?.type === 'ints' ? found.value : undefined;
}

/** An input that must be there. */
export function inputOf(node: OracleNode, index: number): OracleTensor {
  const found = node.inputs[index];
  if (found === undefined) throw new TypeError(`${node.opType}: input ${index} is missing.`);
  return found;
}

/** The elements of an integer tensor as numbers: axes, sizes. */
export const numbersOf = (tensor: OracleTensor): number[] => tensor.data.map(Number);

/** The elements of a float32 tensor: words. */
export function wordsOf(tensor: OracleTensor): number[] {
  if (tensor.dtype !== 'float32') throw new TypeError(`expected float32, got ${tensor.dtype}.`);
  return tensor.data.map(Number);
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export function tensorOf(
  dtype: OracleType,
  dims: readonly number[],
  data: readonly (number | bigint)[],
): OracleTensor {
  if (data.length !== sizeOf(dims)) {
    throw new RangeError(`${data.length} elements for shape [${dims.join()}].`);
  }
  return { dtype, dims, data };
}

/** Element i of a list that has one. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`no element ${index} of ${list.length}.`);
  return found;
}

/** Axis of a shape of `rank` axes, counted from the end if negative. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found >= Math.max(rank, 1)) throw new RangeError(`axis ${axis} of ${rank}.`);
  return found;
}

/** Row-major strides: how far apart two elements are that differ by one in each axis. */
export function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => sizeOf(dims.slice(axis + 1)));
}

/** Every index of a shape in row-major order; none if an axis is empty, one (empty) of a scalar. */
export function* indicesOf(dims: readonly number[]): Generator<readonly number[]> {
  const total = sizeOf(dims);
  const strides = stridesOf(dims);
  for (let flat = 0; flat < total; flat += 1) {
    yield dims.map((size, axis) => Math.floor(flat / at(strides, axis)) % size);
  }
}

/** Position of an index in row-major order. */
export function flatOf(index: readonly number[], dims: readonly number[]): number {
  let flat = 0;
  dims.forEach((size, axis) => (flat = flat * size + at(index, axis)));
  return flat;
}

/** ONNX's multidirectional broadcasting of shapes. */
export function broadcastDims(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((dims) => dims[axis - rank + dims.length] ?? 1);
    const size = sizes.find((one) => one !== 1) ?? 1;
    if (sizes.some((one) => one !== 1 && one !== size)) {
      throw new RangeError(`shapes do not broadcast: ${JSON.stringify(shapes)}.`);
    }
    return size;
  });
}

/** The elements of a tensor as if it had been repeated to `dims`. */
export function broadcastTo(tensor: OracleTensor, dims: readonly number[]): (number | bigint)[] {
  if (tensor.dims.join() === dims.join()) return [...tensor.data];
  const lead = dims.length - tensor.dims.length;
  const strides = stridesOf(tensor.dims);
  return [...indicesOf(dims)].map((index) => {
    let from = 0;
    tensor.dims.forEach((size, axis) => {
      if (size !== 1) from += at(index, axis + lead) * at(strides, axis);
    });
    return at(tensor.data, from);
  });
}
