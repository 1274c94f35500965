// Optionals: a value, or nothing. An optional that holds something is what it holds, so that these operators only ask, and
// Identity hands on whatever is no numeric tensor.
import { formatType, type DataType } from '../core/data.ts';
import type { HostOp, HostTypeContext } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { Tensor } from '../core/tensor.ts';

/** What an optional holds; anything else is itself. */
const held = (type: DataType | undefined): DataType | undefined =>
  type?.kind === 'optional' ? type.of : type;

export const Optional: HostOp = {
  type: 'Optional',
  opsets: [15, NEWEST_OPSET],
  inputs: [0, 1],
  attributes: { type: { kind: 'type' } },
  types(node) {
    const of = node.typeOf(0) ?? node.typeAttribute('type');
    if (of === undefined) {
      throw new TypeError('Optional: expected an input or the attribute type, got neither.');
    }
    return [{ kind: 'optional', of }];
  },
  run: (node) => [node.value(0) ?? null],
};

export const OptionalHasElement: HostOp = {
  type: 'OptionalHasElement',
  opsets: [15, NEWEST_OPSET],
  inputs: [0, 1],
  attributes: {},
  types: () => [{ kind: 'tensor', dtype: 'bool' }],
  run: (node) => [new Tensor('bool', [(node.value(0) ?? null) !== null], [])],
};

export const OptionalGetElement: HostOp = {
  type: 'OptionalGetElement',
  opsets: [15, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  types(node: HostTypeContext) {
    const type = node.typeOf(0);
    if (node.opset < 18 && type?.kind !== 'optional') {
      throw new TypeError(`OptionalGetElement: expected an optional, got ${formatType(type)}.`);
    }
    return [held(type)];
  },
  run(node) {
    const value = node.value(0) ?? null;
    if (value !== null) return [value];
    throw new RangeError(
      'OptionalGetElement: expected an optional that holds something, got an empty one. Ask OptionalHasElement before.',
    );
  },
};

/** Of strings, sequences and optionals; of numeric tensors it is a rename. */
export const Identity: HostOp = {
  type: 'Identity',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  types: (node) => [node.typeOf(0)],
  run: (node) => [node.value(0) ?? null],
};
