// Inputs of the command line: .npy files, pictures, test folders, random values.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { afterAll, describe, expect, test } from 'vitest';
import { placePicture, readJpeg, readPng, type Picture } from '../../src/cli/image.ts';
import { loadDataSet, loadTensorFile } from '../../src/cli/inputs.ts';
import { readNpy } from '../../src/cli/npy.ts';
import { philox4x32, randomFeeds } from '../../src/cli/random.ts';
import { f32OfWord, kBit, wordOfF32 } from '../../src/core/bits.ts';
import { digestOf } from '../../src/core/digest.ts';
import { kDTypes } from '../../src/core/dtype.ts';
import { ModelError } from '../../src/core/errors.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { writeTensor } from '../../src/onnx/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function npy(header: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${header}\n`);
  const length =
    version === 1
      ? [text.length & 255, text.length >> 8]
      : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    version,
    0,
    ...length,
    ...text,
    ...Array.from(data),
  ]);
}

describe('npy', () => {
  const floats = (...list: number[]): Uint8Array => new Uint8Array(new Float32Array(list).buffer);
  const head = (descr: string, fortran: boolean, shape: string): string =>
    `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;

  test.each([1, 2, 3])('version %i', (version) => {
    const tensor = readNpy(npy(head('<f4', false, '(2, 3)'), floats(1, 2, 3, 4, 5, 6), version));
    expect([tensor.dtype, tensor.dims, tensor.numbers()]).toEqual([
      'float32',
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
  });

  test('scalars, vectors, empty arrays, every type', () => {
    expect(readNpy(npy(head('<f4', false, '()'), floats(7))).dims).toEqual([]);
    expect(readNpy(npy(head('|u1', false, '(3,)'), [1, 2, 3])).dims).toEqual([3]);
    expect(readNpy(npy(head('<i8', false, '(0, 4)'), [])).dims).toEqual([0, 4]);
    expect(readNpy(npy(head('|b1', false, '(2,)'), [0, 1])).dtype).toBe('bool');
    expect(readNpy(npy(head('<f2', false, '(1,)'), [0, 0x3c])).data).toEqual(
      new Uint16Array([0x3c00]),
    );
  });

  test('Fortran order becomes row-major', () => {
    // a[i][j][k] = 100 i + 10 j + k of shape [2, 3, 2], first index fastest.
    const data: number[] = [];
    for (let k = 0; k < 2; k++)
      for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) data.push(100 * i + 10 * j + k);
    const tensor = readNpy(npy(head('<f4', true, '(2, 3, 2)'), floats(...data)));
    expect(tensor.numbers()).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
    expect(readNpy(npy(head('<f4', true, '(0, 2)'), [])).size).toBe(0);
    expect(readNpy(npy(head('<f4', true, '()'), floats(7))).numbers()).toEqual([7]);
  });

  test.each([
    ['no npy', new Uint8Array(20), 'no .npy file'],
    ['big-endian', npy(head('>f4', false, '(1,)'), floats(1)), 'unsupported type'],
    ['objects', npy(head('|O', false, '(1,)'), []), 'unsupported type'],
    [
      'structured',
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", floats(1)),
      'bad header',
    ],
    [
      'short data',
      npy(head('<f4', false, '(2,)'), floats(1)),
      'expected 8 bytes for <f4 [2], got 4',
    ],
    ['version 4', npy('', [], 4), 'expected 1 to 3, got 4'],
    ['cut header', npy(head('<f4', false, '(2,)'), []).subarray(0, 30), 'cut short in its header'],
  ])('refuses: %s', (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(RangeError);
    expect(() => readNpy(bytes)).toThrow(message);
  });
});

describe('pictures', () => {
  // 2 wide, 3 high.
  const rgb = Uint8Array.from({ length: 18 }, (_, i) => i * 14);
  const picture: Picture = { width: 2, height: 3, channels: 3, data: rgb };
  const grey: Picture = {
    width: 2,
    height: 3,
    channels: 1,
    data: Uint8Array.of(0, 1, 127, 128, 254, 255),
  };
  const spec = (dims?: (number | string | undefined)[], dtype: 'float32' | 'uint8' = 'uint8') => ({
    name: 'x',
    dtype,
    dims,
  });

  test('channels first and last, by where 1 or 3 stands', () => {
    const first = placePicture(picture, spec([1, 3, 3, 2]));
    expect(first.dims).toEqual([1, 3, 3, 2]);
    expect(first.numbers().slice(0, 6)).toEqual([0, 42, 84, 126, 168, 210]);
    const last = placePicture(picture, spec([1, 3, 2, 3]));
    expect([last.dims, last.numbers()]).toEqual([[1, 3, 2, 3], [...rgb]]);
    expect(placePicture(picture, spec(['N', 'H', 'W', 3])).dims).toEqual([1, 3, 2, 3]);
    expect(placePicture(picture, spec([undefined, 3, undefined, undefined])).dims).toEqual([
      1, 3, 3, 2,
    ]);
    expect(placePicture(picture, spec([3, 2, 3])).dims).toEqual([3, 2, 3]);
    expect(placePicture(picture, spec([3, 2])).dims).toEqual([3, 2]);
    expect(placePicture(picture, spec(['a', 'b', 'c', 'd'])).dims).toEqual([1, 3, 3, 2]);
    expect(placePicture(picture, spec(undefined)).dims).toEqual([1, 3, 3, 2]);
    expect(placePicture(grey, spec([1, 1, 3, 2])).numbers()).toEqual([...grey.data]);
  });

  test('colour to grey and grey to colour', () => {
    const luma = (r: number, g: number, b: number): number =>
      placePicture(
        { width: 1, height: 1, channels: 3, data: Uint8Array.of(r, g, b) },
        spec([1, 1]),
      ).numbers()[0] ?? -1;
    expect([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)]).toEqual([76, 150, 29]);
    for (let value = 0; value < 256; value++) expect(luma(value, value, value)).toBe(value);
    expect(placePicture(grey, spec([1, 3, 3, 2])).numbers()).toEqual([
      ...grey.data,
      ...grey.data,
      ...grey.data,
    ]);
  });

  test('scaling: all 256 quotients are correctly rounded', () => {
    const all: Picture = {
      width: 256,
      height: 1,
      channels: 1,
      data: Uint8Array.from({ length: 256 }, (_, i) => i),
    };
    const unit = placePicture(all, spec([1, 256], 'float32')).numbers();
    unit.forEach((value, k) => {
      // |v - k/255| is least among f32: the two sides times 255 * 2^149 are integers.
      const error = (x: number): bigint => {
        const scaled = BigInt(x * 2 ** 149) * 255n - BigInt(k) * 2n ** 149n;
        return scaled < 0n ? -scaled : scaled;
      };
      const word = wordOfF32(value);
      expect(f32OfWord(word)).toBe(value);
      for (const neighbour of [word - 1, word + 1]) {
        if (neighbour >= 0) expect(error(value) < error(f32OfWord(neighbour))).toBe(true);
      }
    });
    expect(unit[255]).toBe(1);
    expect(placePicture(all, spec([1, 256], 'float32'), 'raw').numbers()[200]).toBe(200);
  });

  test('wrong sizes and inputs that take no picture', () => {
    expect(() => placePicture(picture, spec([1, 3, 2, 2]))).toThrow(
      "input 'x': picture of the wrong size: expected [1, 3, 2, 2], got 2 x 3 pixels, which are [1, 3, 3, 2].",
    );
    expect(() => placePicture(picture, spec([2, 3, 3, 2]))).toThrow(RangeError);
    expect(() => placePicture(picture, spec([1, 4, 3, 2]))).toThrow(TypeError);
    expect(() => placePicture(picture, spec([6]))).toThrow(TypeError);
    expect(() => placePicture(picture, { name: 'x', dtype: 'int64', dims: [1, 3, 3, 2] })).toThrow(
      'float32 or uint8, got int64',
    );
  });

  test('PNG: grey, colour, opaque alpha; not transparent, deep or damaged', () => {
    const encode = (
      channels: number,
      data: Uint8Array | Uint16Array,
      depth: 8 | 16 = 8,
    ): Uint8Array => encodePng({ width: 2, height: 3, channels, data, depth });
    expect(readPng(encode(3, rgb))).toEqual(picture);
    expect(readPng(encode(1, grey.data))).toEqual(grey);
    const alpha = (value: number): Uint8Array =>
      Uint8Array.from({ length: 24 }, (_, i) =>
        i % 4 === 3 ? value : (rgb[Math.floor(i / 4) * 3 + (i % 4)] ?? 0),
      );
    expect(readPng(encode(4, alpha(255)))).toEqual(picture);
    expect(() => readPng(encode(4, alpha(254)))).toThrow('transparent');
    expect(() => readPng(encode(1, new Uint16Array(6), 16))).toThrow(
      'expected 8 bits a channel, got 16',
    );
    expect(() => readPng(encode(3, rgb).subarray(0, 60))).toThrow(RangeError);
    expect(() => readPng(rgb)).toThrow('cannot be decoded');
  });

  test('JPEG', () => {
    const data = new Uint8Array(16 * 16 * 4).fill(200);
    const { data: bytes } = jpeg.encode({ width: 16, height: 16, data }, 90);
    const read = readJpeg(bytes);
    expect([read.width, read.height, read.channels, read.data.length]).toEqual([16, 16, 3, 768]);
    expect(read.data.every((value) => Math.abs(value - 200) <= 2)).toBe(true);
    expect(() => readJpeg(bytes.subarray(0, 100))).toThrow(RangeError);
    expect(() => readJpeg(rgb)).toThrow(RangeError);
  });
});

describe('files', () => {
  const spec = { name: 'x', dtype: 'float32', dims: [2] } as const;
  const pb = (name: string, ...values: number[]): Uint8Array =>
    writeTensor(name, new Tensor('float32', values, [values.length]));

  test('by ending, with the path in errors', async () => {
    expect((await loadTensorFile(file('a.pb', pb('x', 1, 2)), spec)).numbers()).toEqual([1, 2]);
    const png = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) });
    expect((await loadTensorFile(file('a.PNG', png), { ...spec, dims: [1, 2] })).numbers()).toEqual(
      [0, 1],
    );
    await expect(loadTensorFile(file('a.txt', pb('x')), spec)).rejects.toThrow(
      "expected .pb, .npy, .png or .jpg, got '",
    );
    const broken = file('broken.pb', pb('x', 1).subarray(0, 8));
    await expect(loadTensorFile(broken, spec)).rejects.toThrow(ModelError);
    await expect(loadTensorFile(broken, spec)).rejects.toThrow(`${broken}: tensor`);
    await expect(loadTensorFile(file('broken.npy', pb('x', 1)), spec)).rejects.toThrow(
      /broken\.npy: npy: no \.npy file/,
    );
    await expect(loadTensorFile(join(folder, 'none.pb'), spec)).rejects.toThrow('ENOENT');
  });

  test('test folders', async () => {
    const set = mkdtempSync(join(folder, 'set-'));
    const graph = {
      inputs: [{ name: 'a' }, { name: 'b' }],
      outputs: [{ name: 'y' }, { name: 'z' }],
    };
    const put = (name: string, bytes: Uint8Array): void => writeFileSync(join(set, name), bytes);
    put('input_0.pb', pb('a', 1));
    await expect(loadDataSet(set, graph)).rejects.toThrow("none for 'b'");
    put('input_1.pb', pb('', 2));
    put('output_1.pb', pb('old name', 3));
    const { feeds, expected } = await loadDataSet(set, graph);
    expect([feeds['a']?.numbers(), feeds['b']?.numbers()]).toEqual([[1], [2]]);
    expect(Object.keys(expected)).toEqual(['z']);
    put('input_0.pb', pb('b', 1));
    await expect(loadDataSet(set, graph)).rejects.toThrow(
      "expected a tensor for input 'a', got one named 'b'",
    );
    put('input_0.pb', pb('a', 1));
    put('input_2.pb', pb('c', 1));
    await expect(loadDataSet(set, graph)).rejects.toThrow('expected at most 2');
  });
});

describe('random inputs', () => {
  // Random123, kat_vectors, philox4x32 with 10 rounds.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [~0 >>> 0, ~0 >>> 0, ~0 >>> 0, ~0 >>> 0],
      [~0 >>> 0, ~0 >>> 0],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as [[number, number, number, number], [number, number], number[]][])(
    'Philox known answers %#',
    (counter, key, words) => {
      expect(philox4x32(counter, key)).toEqual(words);
    },
  );

  test('every type: in range, same for the same seed, other for another', () => {
    const inputs = kDTypes.map((dtype) => ({ name: dtype, dtype, dims: [3, 'n', undefined] }));
    const feeds = randomFeeds(inputs, 1, { dims: { n: 100 } });
    const again = randomFeeds(inputs, 1, { dims: { n: 100 } });
    const other = randomFeeds(inputs, 2 ** 32 + 1, { dims: { n: 100 } });
    for (const dtype of kDTypes) {
      const tensor = feeds[dtype];
      expect(tensor?.dims).toEqual([3, 100, 1]);
      if (tensor === undefined) continue;
      expect(again[dtype] && digestOf(again[dtype])).toBe(digestOf(tensor));
      expect(other[dtype] && digestOf(other[dtype])).not.toBe(digestOf(tensor));
      // Their elements are bit patterns.
      if (/^(string|bool|bfloat16|float16|float8.*|float4.*)$/.test(dtype)) continue;
      const values = tensor.numbers();
      const isFloat = dtype.startsWith('float');
      expect(Math.min(...values)).toBeGreaterThanOrEqual(isFloat ? -1 : 0);
      const count = { int2: 2, uint2: 4 }[dtype as string] ?? 8;
      expect(Math.max(...values)).toBeLessThan(isFloat ? 1 : count);
      if (!isFloat) expect(new Set(values).size).toBe(count);
    }
  });

  test('floats are the fractions that their bits say', () => {
    const feeds = randomFeeds(
      (['float32', 'float16', 'bfloat16', 'float64'] as const).map((dtype) => ({
        name: dtype,
        dtype,
        dims: [20000],
      })),
      3,
    );
    const numbers = feeds['float32']?.numbers() ?? [];
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(numbers.every((value) => Number.isInteger(value * 2 ** 23))).toBe(true);
    expect(numbers.some((value) => (value * 2 ** 23) % 2 !== 0)).toBe(true);
    const f16 = Array.from(feeds['float16']?.data as Uint16Array);
    const value16 = (bits: number): number => {
      const exponent = (bits >> 10) & 31;
      return (bits >> 15 ? -1 : 1) * (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
    };
    expect(
      f16.every(
        (bits) =>
          bits === 0 ||
          (Number.isInteger(value16(bits) * 1024) && value16(bits) >= -1 && value16(bits) < 1),
      ),
    ).toBe(true);
    const bf16 = Array.from(feeds['bfloat16']?.data as Uint16Array, (bits) =>
      f32OfWord(bits << 16),
    );
    expect(
      bf16.every(
        (value) =>
          Number.isInteger(value * 128) && value >= -1 && value < 1 && !Object.is(value, -0),
      ),
    ).toBe(true);
    expect(new Set(bf16).size).toBe(256);
    expect(numbers.map(wordOfF32)).not.toContain(kBit.f32.negative.zero);
  });

  test('an element depends on seed, input and index only', () => {
    const long = randomFeeds([{ name: 'x', dtype: 'float32', dims: [10] }], 5)['x']?.numbers();
    const short = randomFeeds([{ name: 'x', dtype: 'float32', dims: [3] }], 5)['x']?.numbers();
    expect(long?.slice(0, 3)).toEqual(short);
    expect(short).toMatchInlineSnapshot(`
      [
        -0.4680356979370117,
        0.1394139528274536,
        -0.032526493072509766,
      ]
    `);
  });

  test('refusals', () => {
    const x = { name: 'x', dtype: 'float32', dims: [2] } as const;
    expect(() => randomFeeds([x], -1)).toThrow(RangeError);
    expect(() => randomFeeds([x], 1.5)).toThrow(RangeError);
    expect(() => randomFeeds([x], 1, { integerLimit: 129 })).toThrow(RangeError);
    expect(() => randomFeeds([{ ...x, dims: [2 ** 40] }], 1)).toThrow('too large');
    expect(() => randomFeeds([{ name: 'x', otherType: 'sequence(float32)' }], 1)).toThrow(
      'got sequence(float32)',
    );
  });
});
