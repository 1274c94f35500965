// Tensors: what they accept, what they refuse, where their elements are; and their digests.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contract, digestOf, digestOfRun } from '../../src/core/digest.ts';
import { dtypeInfo, kDTypes } from '../../src/core/dtype.ts';
import { Tensor, type DeviceStorage } from '../../src/core/tensor.ts';

describe('Tensor', () => {
  test('keeps a typed array without copying it', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const tensor = new Tensor('float32', data, [2, 2]);
    expect(tensor.data).toBe(data);
    expect([tensor.size, tensor.dims, tensor.location]).toEqual([4, [2, 2], 'cpu']);
    expect(tensor.bytes()).toEqual(new Uint8Array(data.buffer));
    expect(Object.isFrozen(tensor.dims)).toBe(true);
  });

  test('converts lists', () => {
    expect(new Tensor('float32', [0.1, -0, NaN], [3]).data).toEqual(
      new Float32Array([0.1, -0, NaN]),
    );
    expect(new Tensor('int64', [1, -2n], [2]).data).toEqual(new BigInt64Array([1n, -2n]));
    expect(new Tensor('bool', [true, false, 1], [3]).data).toEqual(new Uint8Array([1, 0, 1]));
    expect(new Tensor('float16', [0x3c00], []).data).toEqual(new Uint16Array([0x3c00]));
    expect(new Tensor('string', ['a', ''], [2]).data).toEqual(['a', '']);
    expect(new Tensor('float32', [], [0, 3]).size).toBe(0);
  });

  test('refuses what is wrong, saying expected and got', () => {
    const make = (...args: unknown[]): (() => Tensor) => {
      return () => new Tensor(...(args as ConstructorParameters<typeof Tensor>));
    };
    expect(make('float32', new Float32Array(3), [2, 2])).toThrow(
      'Tensor: data of the wrong length: expected 4 elements for shape [2, 2], got 3.',
    );
    expect(make('float32', new Float64Array(1), [1])).toThrow(
      'expected Float32Array or an array of numbers, got Float64Array',
    );
    expect(make('float32', new Float64Array(1), [1])).toThrow(TypeError);
    expect(make('float32', null, [1])).toThrow(TypeError);
    expect(make('float32', ['1'], [1])).toThrow('expected a number, got string');
    expect(make('int8', [128], [1])).toThrow('expected -128..127, got 128');
    expect(make('int32', [1.5], [1])).toThrow('expected an integer, got 1.5');
    expect(make('int64', [NaN], [1])).toThrow(RangeError);
    expect(make('uint64', [-1], [1])).toThrow(RangeError);
    expect(make('bool', new Uint8Array([2]), [1])).toThrow('expected 0 or 1, got 2');
    for (const [from, wrong] of [0, 1].flatMap((at) => [0, 3, 5, 8].map((i) => [at, i] as const))) {
      const bytes = new Uint8Array(12).subarray(from, from + 9);
      bytes[wrong] = 128;
      expect(make('bool', bytes, [9])).toThrow(
        `element ${wrong} is no bool: expected 0 or 1, got 128`,
      );
    }
    expect(make('string', [1], [1])).toThrow(TypeError);
    expect(make('float8', [1], [1])).toThrow('unknown dtype');
    expect(make('float32', [1], 1)).toThrow(TypeError);
    expect(make('float32', [1], [-1])).toThrow(RangeError);
  });

  test('accepts a Buffer as uint8 and arrays on shared memory', () => {
    expect(new Tensor('uint8', Buffer.from([1, 2]), [2]).size).toBe(2);
    expect(new Tensor('float32', new Float32Array(new SharedArrayBuffer(8)), [2]).size).toBe(2);
  });

  test('of bytes: a view where aligned, else a copy', () => {
    const bytes = new Uint8Array(16);
    bytes.set([0, 0, 0x80, 0x3f], 4);
    bytes.set([0, 0, 0x80, 0x3f], 9);
    const aligned = Tensor.ofBytes('float32', bytes.subarray(4, 8), [1]);
    const unaligned = Tensor.ofBytes('float32', Buffer.from(bytes.buffer, 9, 4), []);
    expect([aligned.numbers(), unaligned.numbers()]).toEqual([[1], [1]]);
    expect(aligned.bytes().buffer).toBe(bytes.buffer);
    expect(unaligned.bytes().buffer).not.toBe(bytes.buffer);
    expect(() => Tensor.ofBytes('float32', bytes.subarray(0, 3), [1])).toThrow('expected 4 bytes');
    expect(() => Tensor.ofBytes('string', bytes, [1])).toThrow(TypeError);
  });

  test('numbers', () => {
    expect(new Tensor('int64', [(1n << 63n) - 1n, -5n], [2]).numbers()).toEqual([2 ** 53 - 1, -5]);
    expect(() => new Tensor('float16', [0], [1]).numbers()).toThrow(TypeError);
    expect(() => new Tensor('string', ['1'], [1]).numbers()).toThrow(TypeError);
  });

  test('on a device: data throws with a remedy, read fetches', async () => {
    let disposed = 0;
    const storage: DeviceStorage = {
      location: 'webgpu',
      read: () => Promise.resolve(new Uint8Array(new Float32Array([1, 2]).buffer)),
      dispose: () => void disposed++,
    };
    const tensor = new Tensor('float32', storage, [2]);
    expect(tensor.location).toBe('webgpu');
    expect(tensor.storage).toBe(storage);
    expect(() => tensor.data).toThrow('Use await tensor.read()');
    expect(() => digestOf(tensor)).toThrow(TypeError);
    expect(await tensor.read()).toEqual(new Float32Array([1, 2]));
    tensor.dispose();
    tensor.dispose();
    expect(disposed).toBe(1);
    expect(() => tensor.data).toThrow('dispose');
    await expect(tensor.read()).rejects.toThrow('dispose');
  });
});

describe('digests', () => {
  /** The encoding of digest.ts once more, with other tools. */
  const u64 = (value: number): Buffer => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(BigInt(value));
    return buffer;
  };
  const text = (value: string): Buffer =>
    Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
  const sha = (...parts: Uint8Array[]): string =>
    createHash('sha256').update(Buffer.concat(parts)).digest('hex');
  const head = (kind: string): Buffer =>
    Buffer.concat([text(kind), text(contract.id), u64(contract.version)]);

  test.each(kDTypes.filter((dtype) => dtype !== 'string'))('%s is encoded as stated', (dtype) => {
    const bytes = Uint8Array.from({ length: 6 * dtypeInfo(dtype).bytes }, (_, i) => i & 1);
    const tensor = Tensor.ofBytes(dtype, bytes, [2, 3]);
    expect(digestOf(tensor)).toBe(
      sha(head('isobit tensor'), text(dtype), u64(2), u64(2), u64(3), bytes),
    );
  });

  test('strings and runs', () => {
    const tensor = new Tensor('string', ['é', ''], [2]);
    const digest = digestOf(tensor);
    expect(digest).toBe(
      sha(head('isobit tensor'), text('string'), u64(1), u64(2), text('é'), text('')),
    );
    expect(digestOfRun([{ name: 'y', digest }])).toBe(
      sha(head('isobit run'), u64(1), text('y'), Buffer.from(digest, 'hex')),
    );
    expect(() => digestOfRun([{ name: 'y', digest: 'no' }])).toThrow(RangeError);
  });

  test('type, shape, sign of zero and NaN payload all count', () => {
    const zeros = (dims: number[]): Tensor => new Tensor('float32', new Float32Array(4), dims);
    const words = (...list: number[]): Tensor =>
      Tensor.ofBytes('float32', new Uint8Array(Uint32Array.from(list).buffer), [list.length]);
    const digests = [
      zeros([4]),
      zeros([2, 2]),
      zeros([4, 1]),
      new Tensor('int32', new Int32Array(4), [4]),
      words(0x80000000, 0, 0, 0),
      words(0x7fc00000, 0, 0, 0),
      words(0x7fc00001, 0, 0, 0),
      new Tensor('string', ['ab', 'c'], [2]),
      new Tensor('string', ['a', 'bc'], [2]),
    ].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf(zeros([4]))).toBe(digestOf(words(0, 0, 0, 0)));
  });

  test('the encoding is fixed: two digests as constants', () => {
    expect(digestOf(new Tensor('float32', [1, 2], [2]))).toMatchInlineSnapshot(
      `"2dfc1b2021cb056a11c92d71fa8f8fa99888254a77735a0cd5f93fdf95bfff85"`,
    );
    expect(digestOfRun([])).toMatchInlineSnapshot(
      `"6fb8d38433bfab675e334a651b037917a45c925221e2f4a1072e47f40bf41962"`,
    );
  });
});
