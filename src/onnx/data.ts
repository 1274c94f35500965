// The values of ONNX's test files: a TensorProto, a SequenceProto or an OptionalProto to a tensor, an array of values, or
// null for an optional that holds nothing, nested as deep as the file is. Which of the three messages a file holds only
// its reader knows: the format does not say. Maps and sparse tensors are refused by name.

import type { Data } from '../core/data.ts';
import { ModelError, UnsupportedOpError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { ValueInfo } from '../graph/graph.ts';
import { Message } from './proto.ts';
import { readTensorProto } from './tensor.ts';

export type DataKind = 'tensor' | 'sequence' | 'optional';

/** SequenceProto.DataType and OptionalProto.DataType, from 1 on. */
const kElementKinds = ['tensor', 'sparse tensor', 'sequence', 'map', 'optional'];

/** Which message a test file of this graph input or output holds. */
export function dataKindOf(info: Pick<ValueInfo, 'type'>): DataKind {
  return info.type?.kind ?? 'tensor';
}

/** A `.pb` file. @throws ModelError if it is damaged, bad or not supported */
export function readData(bytes: Uint8Array, kind: DataKind): Data {
  const message = Message.of(bytes, kind);
  switch (kind) {
    case 'tensor':
      return tensorOf(message);
    case 'sequence':
      return readSequence(message);
    case 'optional':
      return readOptional(message);
    default:
      return kind satisfies never;
  }
}

function tensorOf(message: Message): Tensor {
  const { tensor, error } = readTensorProto(message);
  if (tensor === undefined) throw error ?? new ModelError([]);
  return tensor;
}

function refuse(message: Message, code: number): never {
  const kind = kElementKinds[code - 1];
  if (kind === undefined) {
    return message.fail(`bad element type: expected 1..${kElementKinds.length}, got ${code}.`);
  }
  throw new UnsupportedOpError([
    { message: `${message.path}: a ${kind} as an element is not supported.`, remedy: '' },
  ]);
}

/** Fields 3 (tensor), 5 (sequence) and 7 (optional) of both messages; undefined for any other. */
function readElement(message: Message, name: string): Data | undefined {
  switch (message.field) {
    case 3:
      return message.message(name, tensorOf);
    case 4:
      return refuse(message, 2);
    case 5:
      return message.message(name, readSequence);
    case 6:
      return refuse(message, 4);
    case 7:
      return message.message(name, readOptional);
    default:
      return undefined;
  }
}

/** SequenceProto: all elements are of one kind, so their order is that of one field. */
function readSequence(message: Message): readonly Data[] {
  const values: Data[] = [];
  while (message.next()) {
    if (message.field === 2) {
      const code = message.int32('elem_type');
      if (code === 2 || code === 4 || code < 0 || code > kElementKinds.length) {
        refuse(message, code);
      }
      continue;
    }
    const value = readElement(message, `values[${values.length}]`);
    if (value === undefined) message.skip();
    else values.push(value);
  }
  return values;
}

/** OptionalProto: null where no value field is set. */
function readOptional(message: Message): Data {
  let value: Data = null;
  while (message.next()) {
    const read = readElement(message, 'value');
    if (read === undefined) message.skip();
    else value = read;
  }
  return value;
}
