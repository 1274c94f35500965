// Sequences: made, read, changed and joined. They move values and compute nothing (V1); a sequence never changes, an
// operator that inserts or erases gives another one. SequenceMap is a graph run for each item, in order.
import { formatData, type Data, type DataType } from '../core/data.ts';
import { dtypeOfOnnx } from '../core/dtype.ts';
import type { HostContext, HostOp, HostTypeContext } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { formatShape, normalizeAxis } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { concatenated, oneNumber, rangeOf } from './tensors.ts';

const MANY = 2147483647;
const INT64: DataType = { kind: 'tensor', dtype: 'int64' };

/** What the sequence at input `i` holds, as far as it is known. @throws TypeError if the input is none */
function itemType(node: HostTypeContext, i: number): DataType | undefined {
  const type = node.typeOf(i);
  if (type?.kind === 'sequence') return type.of;
  if (type?.kind === 'optional' && type.of?.kind === 'sequence') return type.of.of;
  throw new TypeError(`${node.opType}: input ${i}: expected a sequence, got ${type?.kind ?? '?'}.`);
}

/** The place that input `i` names, counted from the end if it is negative; `end` if the input is absent. */
function placeOf(node: HostContext, i: number, places: number, otherwise: number): number {
  if (node.value(i) === undefined) return otherwise;
  const place = oneNumber(node, i, 'position');
  if (place >= -places && place < places) return place < 0 ? place + places : place;
  throw new RangeError(
    `${node.opType}: position: expected ${-places}..${places - 1}, got ${place}.`,
  );
}

export const SequenceEmpty: HostOp = {
  type: 'SequenceEmpty',
  opsets: [11, NEWEST_OPSET],
  inputs: [0, 0],
  attributes: { dtype: { kind: 'int' } },
  types(node) {
    const code = node.int('dtype', 1);
    const dtype = dtypeOfOnnx(code);
    if (dtype === undefined) {
      throw new TypeError(`SequenceEmpty: dtype: expected an element type, got ${code}.`);
    }
    return [{ kind: 'sequence', of: { kind: 'tensor', dtype } }];
  },
  run: () => [[]],
};

export const SequenceConstruct: HostOp = {
  type: 'SequenceConstruct',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, MANY],
  attributes: {},
  types: (node) => [{ kind: 'sequence', of: node.typeOf(0) }],
  run: (node) => [Array.from({ length: node.inputCount }, (_, i) => node.tensorAt(i))],
};

export const SequenceLength: HostOp = {
  type: 'SequenceLength',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  types(node) {
    itemType(node, 0);
    return [INT64];
  },
  run: (node) => [new Tensor('int64', [BigInt(node.sequenceAt(0).length)], [])],
};

export const SequenceAt: HostOp = {
  type: 'SequenceAt',
  opsets: [11, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  types: (node) => [itemType(node, 0)],
  run(node) {
    const list = node.sequenceAt(0);
    const place = placeOf(node, 1, list.length, -1);
    return list.slice(place, place + 1);
  },
};

export const SequenceInsert: HostOp = {
  type: 'SequenceInsert',
  opsets: [11, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {},
  types: (node) => [{ kind: 'sequence', of: itemType(node, 0) ?? node.typeOf(1) }],
  run(node) {
    const list = node.sequenceAt(0);
    const end = list.length;
    // One place more than there are items: behind the last one. -1 is still the last item.
    const place = node.value(2) === undefined ? end : oneNumber(node, 2, 'position');
    if (place < -end || place > end) {
      throw new RangeError(`SequenceInsert: position: expected ${-end}..${end}, got ${place}.`);
    }
    return [list.toSpliced(place < 0 ? place + end : place, 0, node.tensorAt(1))];
  },
};

export const SequenceErase: HostOp = {
  type: 'SequenceErase',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 2],
  attributes: {},
  types: (node) => [{ kind: 'sequence', of: itemType(node, 0) }],
  run(node) {
    const list = node.sequenceAt(0);
    if (list.length === 0) {
      throw new RangeError('SequenceErase: expected a sequence of at least 1, got an empty one.');
    }
    return [list.toSpliced(placeOf(node, 1, list.length, list.length - 1), 1)];
  },
};

export const SplitToSequence: HostOp = {
  type: 'SplitToSequence',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 2],
  attributes: { axis: { kind: 'int' }, keepdims: { kind: 'int', oneOf: [0, 1] } },
  types: (node) => [{ kind: 'sequence', of: node.typeOf(0) }],
  run(node) {
    const tensor = node.tensorAt(0);
    const axis = normalizeAxis('SplitToSequence', node.int('axis', 0), tensor.dims.length);
    const size = tensor.dims[axis] ?? 0;
    const isWhole = node.value(1) === undefined;
    let from = 0;
    const parts = (isWhole ? evenly(size, 1) : lengthsOf(node, size)).map((length) => {
      const part = rangeOf(tensor, axis, from, from + length);
      from += length;
      return part;
    });
    // Without lengths each item is one slice, and keepdims says whether its axis stays.
    if (!isWhole || node.int('keepdims', 1) === 1) return [parts];
    return [parts.map((part) => new Tensor(part.dtype, part.data, part.dims.toSpliced(axis, 1)))];
  },
};

/** `size` in pieces of `length`; the last one may be shorter. */
function evenly(size: number, length: number): number[] {
  return Array.from({ length: Math.ceil(size / length) }, (_, i) =>
    Math.min(length, size - i * length),
  );
}

function lengthsOf(node: HostContext, size: number): number[] {
  const split = node.tensorAt(1);
  const lengths = split.numbers();
  if (split.dims.length === 0) {
    const [length = 0] = lengths;
    if (length >= 1) return evenly(size, length);
    throw new RangeError(`SplitToSequence: split: expected at least 1, got ${length}.`);
  }
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== size || lengths.some((length) => length < 0)) {
    throw new RangeError(
      `SplitToSequence: split: expected lengths of ${size} in all, got ${formatShape(lengths)}.`,
    );
  }
  return lengths;
}

export const ConcatFromSequence: HostOp = {
  type: 'ConcatFromSequence',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { axis: { kind: 'int' }, new_axis: { kind: 'int', oneOf: [0, 1] } },
  types: (node) => [itemType(node, 0)],
  run(node) {
    const items = node.sequenceAt(0).map((item) => {
      if (item instanceof Tensor) return item;
      throw new TypeError(`ConcatFromSequence: expected tensors, got ${formatData(item)}.`);
    });
    const isNew = node.int('new_axis', 0) === 1;
    const rank = (items[0]?.dims.length ?? 0) + (isNew ? 1 : 0);
    const axis = normalizeAxis('ConcatFromSequence', node.int('axis'), rank);
    const parts = items.map((item) =>
      isNew ? new Tensor(item.dtype, item.data, item.dims.toSpliced(axis, 0, 1)) : item,
    );
    return [concatenated('ConcatFromSequence', parts, axis)];
  },
};

export const SequenceMap: HostOp = {
  type: 'SequenceMap',
  opsets: [17, NEWEST_OPSET],
  inputs: [1, MANY],
  attributes: { body: { kind: 'graph' } },
  bodyTypes: (node) =>
    Array.from({ length: node.inputCount }, (_, i) => {
      const type = node.typeOf(i);
      return type?.kind === 'sequence' ? type.of : type;
    }),
  types: (node) => node.graphTypes('body').map((of) => ({ kind: 'sequence', of })),
  async run(node) {
    const body = node.graph('body');
    const { length } = node.sequenceAt(0);
    const given = Array.from({ length: node.inputCount }, (_, i) => {
      if (node.typeOf(i)?.kind !== 'sequence') return node.tensorAt(i);
      const list = node.sequenceAt(i);
      if (list.length === length) return list;
      throw new RangeError(
        `SequenceMap: input ${i}: expected a sequence of ${length}, got one of ${list.length}.`,
      );
    });
    const results: Data[][] = Array.from({ length: body.outputs }, () => []);
    for (let item = 0; item < length; item += 1) {
      const inputs = given.map((one): Data => (one instanceof Tensor ? one : (one[item] ?? null)));
      const outputs = await body.run(inputs);
      outputs.forEach((value, i) => results[i]?.push(value));
    }
    return results;
  },
};
