// NumPy's .npy files, format versions 1 to 3, as tensors: little-endian or one-byte numbers and bools, C order as it
// is, Fortran order transposed. Structured types, objects, strings and big-endian data are refused.

import { dtypeInfo, type DType } from '../core/dtype.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';

const kTypes: Readonly<Record<string, DType>> = {
  '<f2': 'float16',
  '<f4': 'float32',
  '<f8': 'float64',
  '|i1': 'int8',
  '<i2': 'int16',
  '<i4': 'int32',
  '<i8': 'int64',
  '|u1': 'uint8',
  '<u2': 'uint16',
  '<u4': 'uint32',
  '<u8': 'uint64',
  '|b1': 'bool',
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * A .npy file's array.
 *
 * @throws RangeError for anything that is not a whole .npy file of a supported type
 */
export function readNpy(bytes: Uint8Array): Tensor {
  if (bytes.length < 10 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new RangeError(
      'npy: no .npy file: expected it to begin with \\x93NUMPY. Use numpy.save.',
    );
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) {
    throw new RangeError(`npy: unknown version: expected 1 to 3, got ${version}.`);
  }
  // Version 1 has a 16-bit header length, versions 2 and 3 a 32-bit one; version 3 writes the header as UTF-8.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length =
    bytes.length < start
      ? Infinity
      : version === 1
        ? view.getUint16(8, true)
        : view.getUint32(8, true);
  if (start + length > bytes.length) {
    throw new RangeError(`npy: file cut short in its header: got ${bytes.length} bytes.`);
  }
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const { descr, fortran, dims } = parseHeader(header);
  const dtype = kTypes[descr];
  if (dtype === undefined) {
    throw new RangeError(
      `npy: unsupported type: expected one of ${Object.keys(kTypes).join(', ')}, got ${descr}. Convert it with astype.`,
    );
  }
  const data = bytes.subarray(start + length);
  const expected = sizeOf(dims) * dtypeInfo(dtype).bytes;
  if (data.length !== expected) {
    throw new RangeError(
      `npy: data of the wrong length: expected ${expected} bytes for ${descr} ${formatShape(dims)}, got ${data.length}.`,
    );
  }
  return Tensor.ofBytes(
    dtype,
    fortran ? toRowMajor(data, dims, dtypeInfo(dtype).bytes) : data,
    dims,
  );
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`: the one form that numpy writes, keys in any order. */
function parseHeader(header: string): { descr: string; fortran: boolean; dims: number[] } {
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(header)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\sL,]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw new RangeError(
      `npy: bad header: expected a simple descr, fortran_order and shape, got ${header.trim()}. Structured arrays cannot be read.`,
    );
  }
  const dims = shape
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number);
  return { descr, fortran: order === 'True', dims };
}

/** Elements stored with the first axis fastest, reordered to the last axis fastest. */
function toRowMajor(data: Uint8Array, dims: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(data.length);
  const index = dims.map(() => 0);
  const strides: number[] = [];
  dims.reduce((stride, dim, axis) => {
    strides[axis] = stride;
    return stride * dim;
  }, width);
  for (let to = 0; to < data.length; to += width) {
    const from = index.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
    for (let byte = 0; byte < width; byte++) result[to + byte] = data[from + byte] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === dims[axis] ? 0 : next;
      if (next !== dims[axis]) break;
    }
  }
  return result;
}
