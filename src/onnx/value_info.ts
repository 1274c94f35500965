// ValueInfoProto and TypeProto to ValueInfo: name, element type and shape of a value. Types that no Tensor holds
// (sequences, optionals, float8 …) keep their name as text, so that an error about them can say it.

import { dtypeOfOnnx } from '../core/dtype.ts';
import type { Dim, ValueInfo } from '../graph/graph.ts';
import type { Message } from './proto.ts';
import { onnxTypeName } from './element_type.ts';

/** Reads a ValueInfoProto. */
export function readValueInfo(message: Message): ValueInfo {
  let name = '';
  let type: Omit<ValueInfo, 'name'> = {};
  while (message.next()) {
    if (message.field === 1) name = message.string('name');
    else if (message.field === 2) type = message.message('type', readType);
    else message.skip();
  }
  return { name, ...type };
}

/** Reads a TypeProto: a tensor type with its shape, or the name of another type. */
export function readType(message: Message): Omit<ValueInfo, 'name'> {
  let type: Omit<ValueInfo, 'name'> = {};
  while (message.next()) {
    switch (message.field) {
      case 1:
        type = message.message('tensor_type', readTensorType);
        break;
      case 4:
        type = holding('sequence', message.message('sequence_type', readElementType));
        break;
      case 5:
        message.skip();
        type = { otherType: 'map' };
        break;
      case 7:
        message.skip();
        type = { otherType: 'opaque' };
        break;
      case 8:
        message.skip();
        type = { otherType: 'sparse_tensor' };
        break;
      case 9:
        type = holding('optional', message.message('optional_type', readElementType));
        break;
      default:
        message.skip();
    }
  }
  return type;
}

/** The type of a sequence or an optional of what `of` says. */
function holding(
  kind: 'sequence' | 'optional',
  of: Omit<ValueInfo, 'name'>,
): Omit<ValueInfo, 'name'> {
  const otherType = `${kind}(${of.otherType ?? of.dtype ?? '?'})`;
  const { dtype } = of;
  const type = of.type ?? (dtype === undefined ? undefined : { kind: 'tensor' as const, dtype });
  const isOpen = type === undefined && of.otherType !== undefined;
  return isOpen ? { otherType } : { otherType, type: { kind, of: type } };
}

/** TypeProto.Sequence and TypeProto.Optional: their element type. */
function readElementType(message: Message): Omit<ValueInfo, 'name'> {
  let type: Omit<ValueInfo, 'name'> = {};
  while (message.next()) {
    if (message.field === 1) type = message.message('elem_type', readType);
    else message.skip();
  }
  return type;
}

function readTensorType(message: Message): Omit<ValueInfo, 'name'> {
  let code = 0;
  let dims: readonly Dim[] | undefined;
  while (message.next()) {
    if (message.field === 1) code = message.int32('elem_type');
    else if (message.field === 2) dims = message.message('shape', readShape);
    else message.skip();
  }
  const dtype = dtypeOfOnnx(code);
  return {
    ...(dtype === undefined ? {} : { dtype }),
    ...(dims === undefined ? {} : { dims }),
    ...(dtype === undefined && code !== 0 ? { otherType: `tensor(${onnxTypeName(code)})` } : {}),
  };
}

function readShape(message: Message): Dim[] {
  const dims: Dim[] = [];
  while (message.next()) {
    if (message.field !== 1) {
      message.skip();
      continue;
    }
    dims.push(message.message('dim', readDim, dims.length));
  }
  return dims;
}

function readDim(message: Message): Dim {
  let dim: Dim;
  while (message.next()) {
    if (message.field === 1) {
      const value = message.int64('dim_value');
      if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
        message.fail(
          `bad dimension: expected 0..2^53-1, got ${value}.`,
          'dim_value',
          'Name a dynamic dimension with dim_param.',
        );
      }
      dim = Number(value);
    } else if (message.field === 2) dim = message.string('dim_param') || undefined;
    else message.skip();
  }
  return dim;
}
