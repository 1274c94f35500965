// Values of ONNX's test files: sequences and optionals around tensors, nested, absent, and what is refused.
import { PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';
import { ModelError, UnsupportedOpError } from '../../src/core/errors.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { dataKindOf, readData } from '../../src/onnx/data.ts';
import { writeTensor } from '../../src/onnx/writer.ts';

const one = new Tensor('int64', [1, 2], [2]);
const two = new Tensor('string', ['a'], []);

/** A message with varint fields, then length-delimited ones. */
function message(numbers: [number, number][], parts: [number, Uint8Array][]): Uint8Array {
  const writer = new PbfWriter();
  for (const [field, value] of numbers) writer.writeVarintField(field, value);
  for (const [field, bytes] of parts) writer.writeBytesField(field, bytes);
  return writer.finish();
}

const sequence = (...tensors: Tensor[]): Uint8Array =>
  message(
    [[2, 1]],
    tensors.map((tensor): [number, Uint8Array] => [3, writeTensor('', tensor)]),
  );

describe('values', () => {
  test('kinds are told by the type of a graph input', () => {
    expect(dataKindOf({})).toBe('tensor');
    const of = { kind: 'tensor', dtype: 'float32' } as const;
    expect(dataKindOf({ type: of })).toBe('tensor');
    expect(dataKindOf({ type: { kind: 'sequence', of } })).toBe('sequence');
    expect(dataKindOf({ type: { kind: 'optional', of: { kind: 'sequence', of } } })).toBe(
      'optional',
    );
  });

  test('tensors, sequences and optionals, nested', () => {
    expect(readData(writeTensor('', one), 'tensor')).toEqual(one);
    expect(readData(sequence(), 'sequence')).toEqual([]);
    expect(readData(sequence(one, two), 'sequence')).toEqual([one, two]);
    const nested = message(
      [[2, 3]],
      [
        [5, sequence(one)],
        [5, sequence()],
      ],
    );
    expect(readData(nested, 'sequence')).toEqual([[one], []]);
    expect(readData(message([[2, 1]], [[3, writeTensor('', one)]]), 'optional')).toEqual(one);
    expect(readData(message([[2, 3]], [[5, sequence(one)]]), 'optional')).toEqual([one]);
    expect(readData(message([[2, 1]], []), 'optional')).toBeNull();
    expect(readData(new Uint8Array(0), 'optional')).toBeNull();
    const absent = message([[2, 5]], [[7, new Uint8Array(0)]]);
    expect(readData(absent, 'sequence')).toEqual([null]);
  });

  test('maps and sparse tensors are refused by name, damage with its place', () => {
    expect(() => readData(message([[2, 4]], []), 'sequence')).toThrow(UnsupportedOpError);
    expect(() => readData(message([], [[4, new Uint8Array(0)]]), 'optional')).toThrow(/sparse/);
    expect(() => readData(message([[2, 9]], []), 'sequence')).toThrow(ModelError);
    expect(() => readData(sequence(one).slice(0, -1), 'sequence')).toThrow(/sequence.*cut short/);
  });
});
