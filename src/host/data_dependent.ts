// NonZero, Compress and Unique: operators whose outputs have as many elements as the contents say. They copy bits (V1) and
// give positions; elements compare as in order_keys.ts. Numbers, bools and strings.
import type { DataType } from '../core/data.ts';
import type { HostContext, HostOp } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { formatShape, normalizeAxis, sizeOf, stridesOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { expectKeys, isSet, orderKeys, type OrderKey } from './order_keys.ts';
import { gathered } from './tensors.ts';

const INT64: DataType = { kind: 'tensor', dtype: 'int64' };

const int64 = (values: readonly number[], dims: readonly number[]): Tensor =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims);

export const NonZero: HostOp = {
  type: 'NonZero',
  opsets: [9, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  types(node) {
    expectKeys('NonZero', node.dtypeOf(0));
    return [INT64];
  },
  run(node) {
    const tensor = node.tensorAt(0);
    const strides = stridesOf(tensor.dims);
    const found = orderKeys(tensor).flatMap((key, flat) => (isSet(key) ? [flat] : []));
    const axes = tensor.dims.map((size, axis) =>
      found.map((flat) => Math.floor(flat / (strides[axis] ?? 1)) % size),
    );
    return [int64(axes.flat(), [tensor.dims.length, found.length])];
  },
};

export const Compress: HostOp = {
  type: 'Compress',
  opsets: [9, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { axis: { kind: 'int' } },
  types(node) {
    const type = node.typeOf(1);
    if (type?.kind !== 'tensor' || type.dtype !== 'bool') {
      throw new TypeError('Compress: condition: expected bool.');
    }
    return [node.typeOf(0)];
  },
  run(node) {
    const tensor = node.tensorAt(0);
    const condition = node.tensorAt(1);
    const flat = new Tensor(tensor.dtype, tensor.data, [tensor.size]);
    const from = node.has('axis') ? tensor : flat;
    const axis = normalizeAxis('Compress', node.int('axis', 0), from.dims.length);
    const size = from.dims[axis] ?? 0;
    if (condition.dims.length !== 1 || condition.size > size) {
      throw new RangeError(
        `Compress: condition: expected one axis of at most ${size}, got ${formatShape(condition.dims)}.`,
      );
    }
    const kept = condition.numbers().flatMap((one, i) => (one === 1 ? [i] : []));
    return [gathered(from, axis, kept)];
  },
};

/** The slices that are told apart: their keys in row-major order. */
function slicesOf(tensor: Tensor, axis: number): OrderKey[][] {
  const keys = orderKeys(tensor);
  const count = tensor.dims[axis] ?? 0;
  const inner = sizeOf(tensor.dims.slice(axis + 1));
  const slices: OrderKey[][] = Array.from({ length: count }, () => []);
  keys.forEach((key, flat) => slices[Math.floor(flat / inner) % count]?.push(key));
  return slices;
}

function compareSlices(a: readonly OrderKey[], b: readonly OrderKey[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined || x === y) continue;
    return x < y ? -1 : 1;
  }
  return 0;
}

function unique(node: HostContext): readonly Tensor[] {
  const given = node.tensorAt(0);
  const tensor = node.has('axis') ? given : new Tensor(given.dtype, given.data, [given.size]);
  const axis = normalizeAxis('Unique', node.int('axis', 0), tensor.dims.length);
  const slices = slicesOf(tensor, axis);
  // Sorting is stable: of equal slices the first one leads (V11).
  const order = slices
    .map((_, i) => i)
    .sort((a, b) => compareSlices(slices[a] ?? [], slices[b] ?? []));
  const groups: { first: number; members: number[] }[] = [];
  let previous: readonly OrderKey[] | undefined;
  for (const i of order) {
    const slice = slices[i] ?? [];
    const last = groups.at(-1);
    if (last !== undefined && previous !== undefined && compareSlices(previous, slice) === 0) {
      last.members.push(i);
    } else groups.push({ first: i, members: [i] });
    previous = slice;
  }
  if (node.int('sorted', 1) === 0) groups.sort((a, b) => a.first - b.first);
  const firsts = groups.map(({ first }) => first);
  const groupOf = Array.from(slices, () => 0);
  groups.forEach(({ members }, k) => members.forEach((i) => (groupOf[i] = k)));
  const counts = groups.map(({ members }) => members.length);
  return [
    gathered(tensor, axis, firsts),
    int64(firsts, [firsts.length]),
    int64(groupOf, [groupOf.length]),
    int64(counts, [counts.length]),
  ];
}

export const Unique: HostOp = {
  type: 'Unique',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { axis: { kind: 'int' }, sorted: { kind: 'int', oneOf: [0, 1] } },
  types(node) {
    expectKeys('Unique', node.dtypeOf(0));
    return [node.typeOf(0), INT64, INT64, INT64];
  },
  run: unique,
};
