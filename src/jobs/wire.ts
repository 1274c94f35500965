// Values as JSON, for jobs whose values are small and of any kind: tensors with their elements as base64 of the
// little-endian bytes, strings as they are, sequences as lists, and null for an optional that holds nothing.

import type { Data, DType, Tensor } from '../index.ts';

export type Wire =
  | { dtype: string; dims: number[]; data: string }
  | { dtype: string; dims: number[]; strings: string[] }
  | { sequence: Wire[] }
  | null;

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // Arguments of one call are limited in number; 32 Ki are safe on every engine.
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
}

const isSequence = (data: Data): data is readonly Data[] => Array.isArray(data);

/** A value in memory as JSON. @throws TypeError if it lies in no array */
export function toWire(data: Data): Wire {
  if (data === null) return null;
  if (isSequence(data)) return { sequence: data.map(toWire) };
  const { dtype } = data;
  const dims = [...data.dims];
  const elements = data.data;
  if (Array.isArray(elements)) return { dtype, dims, strings: elements };
  return { dtype, dims, data: toBase64(data.bytes()) };
}

/**
 * What toWire wrote.
 *
 * @param Class The class of its tensors: a job's, or that of the command line, which does not hold the library.
 * @throws TypeError or RangeError for anything else
 */
export function fromWire(wire: Wire, Class: typeof Tensor): Data {
  if (wire === null) return null;
  if ('sequence' in wire) return wire.sequence.map((item) => fromWire(item, Class));
  const dtype = wire.dtype as DType;
  if ('strings' in wire) return new Class(dtype, wire.strings, wire.dims);
  const bytes = Uint8Array.from(atob(wire.data), (char) => char.charCodeAt(0));
  return Class.ofBytes(dtype, bytes, wire.dims);
}
