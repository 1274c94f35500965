// AttributeProto to Attribute. The stated type decides which field counts; a field of another type beside it is an
// error. Old files state no type: then the one field that is set decides. Integers are numbers (see `clampedNumber`).

import type { DataType } from '../core/data.ts';
import { ModelError, UnsupportedOpError } from '../core/errors.ts';
import { clampedNumber } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Weights } from '../core/weight.ts';
import type { Attribute, Graph } from '../graph/graph.ts';
import type { Message } from './proto.ts';
import { readSparseTensor } from './sparse.ts';
import { readType } from './value_info.ts';
import { readTensorProto, type ReadTensor } from './tensor.ts';

/** AttributeProto.AttributeType by number. */
const kTypes = [
  'undefined',
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  'sparse_tensor',
  'sparse_tensors',
  'type_proto',
  'type_protos',
] as const;

type TypeName = (typeof kTypes)[number];

export interface ReadAttribute {
  readonly name: string;
  /** Undefined where `error` says why. */
  readonly attribute: Attribute | undefined;
  readonly error: ModelError | undefined;
}

/** Reads an AttributeProto. @param readBody reads a GraphProto @param weights takes the large tensors */
export function readAttribute(
  message: Message,
  readBody: (body: Message) => Graph,
  weights?: Weights,
): ReadAttribute {
  let name = '';
  let code = 0;
  let reference = '';
  let float = 0;
  let int = 0n;
  let string = '';
  let tensor: ReadTensor | undefined;
  let graph: Graph | undefined;
  let held: DataType | undefined;
  const floats: Uint8Array[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const tensors: ReadTensor[] = [];
  const graphs: Graph[] = [];
  const fields = new Set<TypeName>();
  while (message.next()) {
    switch (message.field) {
      case 1:
        name = message.string('name');
        break;
      case 2:
        float = message.float('f');
        fields.add('float');
        break;
      case 3:
        int = message.int64('i');
        fields.add('int');
        break;
      case 4:
        string = message.string('s');
        fields.add('string');
        break;
      case 5:
        tensor = message.message('t', (inner) => readTensorProto(inner, weights));
        fields.add('tensor');
        break;
      case 6:
        graph = message.message('g', readBody);
        fields.add('graph');
        break;
      case 7:
        message.fixed('floats', 4, floats);
        fields.add('floats');
        break;
      case 8:
        message.varints('ints', ints);
        fields.add('ints');
        break;
      case 9:
        strings.push(message.string('strings'));
        fields.add('strings');
        break;
      case 10:
        tensors.push(
          message.message('tensors', (inner) => readTensorProto(inner, weights), tensors.length),
        );
        fields.add('tensors');
        break;
      case 11:
        graphs.push(message.message('graphs', readBody, graphs.length));
        fields.add('graphs');
        break;
      case 14:
        held = message.message('tp', readType).type;
        fields.add('type_proto');
        break;
      case 15:
        message.skip();
        fields.add('type_protos');
        break;
      case 20:
        code = message.int32('type');
        break;
      case 21:
        reference = message.string('ref_attr_name');
        break;
      case 22:
        tensor = message.message('sparse_tensor', readSparseTensor);
        fields.add('sparse_tensor');
        break;
      case 23:
        message.skip();
        fields.add('sparse_tensors');
        break;
      default:
        message.skip();
    }
  }

  const bad = (text: string): ReadAttribute => ({
    name,
    attribute: undefined,
    error: new ModelError([
      { message: `attribute '${name}': ${text}`, remedy: 'Export the model again.' },
    ]),
  });
  const good = (attribute: Attribute): ReadAttribute => ({ name, attribute, error: undefined });

  const stated = kTypes[code];
  if (stated === undefined)
    return bad(`unknown type: expected 0..${kTypes.length - 1}, got ${code}.`);
  if (reference !== '') return good({ type: 'other', value: stated, reference });
  const [only] = fields;
  const type = stated === 'undefined' ? only : stated;
  const extra = [...fields].filter((field) => field !== type);
  if (type === undefined) return bad('no value and no type.');
  if (extra.length > 0) return bad(`wrong field: expected ${type}, got ${extra.join(', ')}.`);

  switch (type) {
    case 'float':
      return good({ type, value: float });
    case 'int':
      return good({ type, value: clampedNumber(int) });
    case 'string':
      return good({ type, value: string });
    case 'floats':
      return good({ type, value: floats.flatMap(floatsOf) });
    case 'ints':
      return good({ type, value: intsOf(ints) });
    case 'strings':
      return good({ type, value: strings });
    case 'sparse_tensor': // held with every element
    case 'tensor':
      if (tensor === undefined) return bad('no value: expected a tensor.');
      if (tensor.tensor === undefined)
        return { name, attribute: undefined, error: within(name, tensor) };
      return good({ type: 'tensor', value: tensor.tensor });
    case 'tensors': {
      const failed = tensors.find((read) => read.tensor === undefined);
      if (failed !== undefined) return { name, attribute: undefined, error: within(name, failed) };
      return good({
        type,
        value: tensors.flatMap((read): Tensor[] => (read.tensor ? [read.tensor] : [])),
      });
    }
    case 'graph':
      return graph === undefined
        ? bad('no value: expected a graph.')
        : good({ type, value: graph });
    case 'graphs':
      return good({ type, value: graphs });
    case 'undefined':
    case 'sparse_tensors':
    case 'type_protos':
      return good({ type: 'other', value: type });
    case 'type_proto':
      return good({ type: 'type', value: held });
    default:
      return type satisfies never;
  }
}

/** A tensor's error, said of the attribute that holds it. */
function within(name: string, read: ReadTensor): ModelError {
  const Class = read.error instanceof UnsupportedOpError ? UnsupportedOpError : ModelError;
  return new Class(
    (read.error?.problems ?? []).map((problem) => ({
      ...problem,
      message: `attribute '${name}': ${problem.message}`,
    })),
  );
}

function floatsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Pairs of words as integers, as `clampedNumber` has them. */
function intsOf(words: readonly number[]): number[] {
  const ints: number[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const value = ((words[i + 1] ?? 0) | 0) * 0x100000000 + (words[i] ?? 0);
    const most = Number.MAX_SAFE_INTEGER;
    ints.push(Math.min(most, Math.max(-most, value)));
  }
  return ints;
}
