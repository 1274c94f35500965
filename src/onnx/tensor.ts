// TensorProto to Tensor: every encoding (raw bytes or the typed fields, packed or not) of every element type that a
// Tensor can hold. The counts are compared with the shape before anything is allocated, so an absurd shape costs
// nothing. raw_data and float_data become views on the file where they are aligned; in a model, weights that the loader
// moves. Data in other files is left to the loader, and refused where there is none, as are sparse tensors and segments.

import { dtypeInfo, dtypeOfOnnx, type DType } from '../core/dtype.ts';
import { ModelError, UnsupportedOpError } from '../core/errors.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { SMALL_BYTES, type Weights } from '../core/weight.ts';
import {
  isOnnxType,
  onnxTypeName,
  rangeOf,
  typedFieldOf,
  type TypedField,
} from './element_type.ts';
import { fileRangeOf, readEntries } from './external.ts';
import { Message } from './proto.ts';

/** A TensorProto as it was read, with the problem that kept it from becoming a Tensor, if there was one. */
export interface ReadTensor {
  readonly name: string;
  readonly tensor: Tensor | undefined;
  readonly error: ModelError | undefined;
}

/**
 * Reads a TensorProto. Damage of the file throws; a bad or unsupported tensor in a sound file is returned as such.
 *
 * @param weights takes what lies in other files, and what is large; without it the former is refused
 */
export function readTensorProto(message: Message, weights?: Weights): ReadTensor {
  const dims: number[] = [];
  const dimWords: number[] = [];
  let code = 0;
  let name = '';
  let raw: Uint8Array | undefined;
  const external = new Map<string, string>();
  let isExternal = false;
  let segment = false;
  const floats: Uint8Array[] = [];
  const doubles: Uint8Array[] = [];
  const int32s: number[] = [];
  const int64s: number[] = [];
  const uint64s: number[] = [];
  const strings: string[] = [];
  while (message.next()) {
    switch (message.field) {
      case 1:
        message.varints('dims', dimWords);
        break;
      case 2:
        code = message.int32('data_type');
        break;
      case 3:
        segment = true;
        message.skip();
        break;
      case 4:
        message.fixed('float_data', 4, floats);
        break;
      case 5:
        message.varints('int32_data', int32s);
        break;
      case 6:
        strings.push(message.string('string_data'));
        break;
      case 7:
        message.varints('int64_data', int64s);
        break;
      case 8:
        name = message.string('name');
        break;
      case 9:
        raw = message.bytes('raw_data');
        break;
      case 10:
        message.fixed('double_data', 8, doubles);
        break;
      case 11:
        message.varints('uint64_data', uint64s);
        break;
      case 13:
        message.message('external_data', (inner) => readEntries(inner, external));
        break;
      case 14:
        isExternal = message.int32('data_location') === 1;
        break;
      default:
        message.skip();
    }
  }

  const label = name === '' ? message.path : `tensor '${name}'`;
  const bad = (
    text: string,
    remedy = 'The file is damaged or was written wrongly.',
  ): ReadTensor => ({
    name,
    tensor: undefined,
    error: new ModelError([{ message: `${label}: ${text}`, remedy }]),
  });
  const unsupported = (text: string, remedy: string): ReadTensor => ({
    name,
    tensor: undefined,
    error: new UnsupportedOpError([{ message: `${label}: ${text}`, remedy }]),
  });

  for (let i = 0; i < dimWords.length; i += 2) {
    const high = (dimWords[i + 1] ?? 0) | 0;
    const dim = high * 0x100000000 + (dimWords[i] ?? 0);
    if (dim < 0 || !Number.isSafeInteger(dim)) {
      return bad(`bad dimension ${i / 2}: expected 0..2^53-1, got ${dim}.`);
    }
    dims.push(dim);
  }
  let size = 0;
  try {
    size = sizeOf(dims);
  } catch {
    return bad(`too many elements: expected less than 2^53, got shape ${formatShape(dims)}.`);
  }
  const dtype = dtypeOfOnnx(code);
  if (code === 0) return bad('no element type: expected data_type, got none.');
  if (dtype === undefined) {
    const typeName = onnxTypeName(code);
    if (!isOnnxType(code)) return bad(`unknown element type: got data_type ${code}.`);
    return unsupported(
      `element type ${typeName} is not supported.`,
      'Convert the model to float32, float16 or int8.',
    );
  }
  if (segment) {
    return unsupported('segmented tensors are not supported.', 'Save the tensor in one piece.');
  }

  if (isExternal || external.size > 0) {
    if (weights === undefined) {
      return unsupported(
        `data lies in another file: expected it here, got external data in '${external.get('location') ?? ''}'.`,
        'Save the tensor with its data inside.',
      );
    }
    const inFile = bytesInFile(dtype, size);
    const range = dtype === 'string' ? 'a string tensor' : fileRangeOf(external, inFile);
    if (typeof range === 'string') return bad(`bad external data: ${range}.`);
    const bytes = size * dtypeInfo(dtype).bytes;
    const decode = inFile === bytes ? undefined : (data: Uint8Array) => unpacked(dtype, data, size);
    return build(() => new Tensor(dtype, weights.defer(bytes, { ...range, decode }), dims));
  }

  // Which field holds the data, and how many elements or bytes.
  const counts: readonly (readonly [TypedField, number])[] = [
    ['float_data', byteLength(floats) / 4],
    ['double_data', byteLength(doubles) / 8],
    ['int32_data', int32s.length / 2],
    ['int64_data', int64s.length / 2],
    ['uint64_data', uint64s.length / 2],
    ['string_data', strings.length],
  ];
  const typed = typedFieldOf(dtype);
  const used = counts.filter(([, count]) => count > 0).map(([field]) => field);
  if (raw !== undefined && (raw.length > 0 || used.length === 0) && dtype !== 'string') {
    if (used.length > 0) {
      return bad(
        `two encodings: expected raw_data or ${typed}, got raw_data and ${used.join(', ')}.`,
      );
    }
    const bytes = bytesInFile(dtype, size);
    if (raw.length !== bytes) {
      return bad(
        `raw_data of the wrong length: expected ${bytes} bytes for ${dtype} ${formatShape(dims)}, got ${raw.length}.`,
      );
    }
    const plain = unpacked(dtype, raw, size);
    return build(() => heldBytes(dtype, plain));
  }
  if (raw !== undefined && raw.length > 0) {
    return bad('wrong encoding: expected string_data for a string tensor, got raw_data.');
  }
  const wrong = used.filter((field) => field !== typed);
  if (wrong.length > 0) {
    return bad(
      `wrong encoding: expected ${typed} or raw_data for ${dtype}, got ${wrong.join(', ')}.`,
    );
  }
  const count = counts.find(([field]) => field === typed)?.[1] ?? 0;
  const { packedBits = 8 } = dtypeInfo(dtype);
  const expected = Math.ceil((size * packedBits) / 8);
  if (count !== expected) {
    return bad(
      `${typed} of the wrong length: expected ${expected} elements for shape ${formatShape(dims)}, got ${count}.`,
    );
  }

  switch (typed) {
    case 'string_data':
      return build(() => new Tensor(dtype, strings, dims));
    case 'float_data':
      return build(() => heldBytes(dtype, join(floats)));
    case 'double_data':
      return build(() => heldBytes(dtype, join(doubles)));
    case 'int64_data':
      return build(() => Tensor.ofBytes(dtype, viewOf(int64s), dims));
    case 'uint64_data': {
      if (dtype === 'uint64') return build(() => Tensor.ofBytes(dtype, viewOf(uint64s), dims));
      const over = uint64s.findIndex((word, index) => index % 2 === 1 && word !== 0);
      if (over >= 0) return bad(`element ${(over - 1) / 2} is out of range: expected 32 bits.`);
      return build(() => new Tensor(dtype, Uint32Array.from(evens(uint64s)), dims));
    }
    case 'int32_data': {
      const values = evens(int32s).map((word) => word | 0);
      // Types that share a byte are written a byte an element, as unsigned or as signed.
      const isPacked = packedBits < 8;
      const [low, high] = isPacked ? [-128, 255] : rangeOf(dtype);
      const over = values.findIndex(
        (value, index) =>
          value < low ||
          value > high ||
          (int32s[2 * index + 1] ?? 0) !== (value < 0 ? 0xffffffff : 0),
      );
      if (over >= 0) {
        return bad(
          `int32_data element ${over} is out of range for ${dtype}: expected ${low}..${high}.`,
        );
      }
      if (isPacked) {
        const held = Uint8Array.from(values);
        return build(() => Tensor.ofBytes(dtype, unpacked(dtype, held, size), dims));
      }
      return build(() => new Tensor(dtype, values, dims));
    }
    default:
      return typed satisfies never;
  }

  /** The tensor as the loader wants it: large ones as weights, small ones no views that keep the whole file. */
  function heldBytes(dtype: DType, bytes: Uint8Array): Tensor {
    // Only elements that do not fill their bytes need a look, which needs a copy where they are not aligned.
    const isFull = dtype !== 'bool' && dtypeInfo(dtype).packedBits === undefined;
    const isLarge = bytes.byteLength > SMALL_BYTES;
    if (weights === undefined) return Tensor.ofBytes(dtype, bytes, dims);
    if (!isLarge) return Tensor.ofBytes(dtype, new Uint8Array(bytes), dims);
    if (!isFull) Tensor.ofBytes(dtype, bytes, dims);
    return new Tensor(dtype, weights.hold(bytes), dims);
  }

  function build(make: () => Tensor): ReadTensor {
    try {
      return { name, tensor: make(), error: undefined };
    } catch (error) {
      return bad(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A serialised TensorProto, as in `.pb` files. @throws ModelError if it is damaged, bad or not supported */
export function readTensor(bytes: Uint8Array): { name: string; tensor: Tensor } {
  const { name, tensor, error } = readTensorProto(Message.of(bytes, 'tensor'));
  if (tensor === undefined) throw error ?? new ModelError([]);
  return { name, tensor };
}

function bytesInFile(dtype: DType, size: number): number {
  const { packedBits, bytes } = dtypeInfo(dtype);
  return packedBits === undefined ? size * bytes : Math.ceil((size * packedBits) / 8);
}

/** One byte an element: several share one in the file, the first in the lowest bits; int4 and int2 are sign-extended. */
function unpacked(dtype: DType, bytes: Uint8Array, size: number): Uint8Array {
  const { packedBits } = dtypeInfo(dtype);
  if (packedBits === undefined) return bytes;
  const perByte = 8 / packedBits;
  const sign = dtype.startsWith('int') ? 1 << (packedBits - 1) : 0;
  return Uint8Array.from({ length: size }, (_, i) => {
    const byte = bytes[Math.floor(i / perByte)] ?? 0;
    const bits = (byte >> (packedBits * (i % perByte))) & ((1 << packedBits) - 1);
    return (bits ^ sign) - sign;
  });
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** One chunk as it is, several copied together. */
function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const all = new Uint8Array(byteLength(chunks));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Pairs of words as the bytes of 64-bit integers. */
function viewOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function evens(words: readonly number[]): number[] {
  return words.filter((_, index) => index % 2 === 0);
}
