// The encoding of values as bytes and back: every kind of value comes back with its digest, and bytes that are not the one form
// of a value are refused with a reason, whatever they are.
import { describe, expect, test } from 'vitest';
import { isSequence, type Data } from '../../src/core/data.ts';
import { kDTypes } from '../../src/core/dtype.ts';
import { digestOfBytes, keptValue } from '../../src/evidence/digests.ts';
import { decodedValue, encodedTensor, EncodingError } from '../../src/evidence/encoding.ts';
import { Tensor } from '../../src/index.ts';
import { digestOfData } from '../../src/outputs.ts';
import { Prng } from '../harness/prng.ts';

const none = (): Promise<Data> => Promise.reject(new EncodingError('no items'));

/** The values by digest, and the digest of the whole. */
async function kept(data: Data): Promise<{ digest: string; values: Map<string, Uint8Array> }> {
  const values = new Map<string, Uint8Array>();
  const digest = await keptValue(data, (one, bytes) => void values.set(one, bytes));
  return { digest, values };
}

const tensors = kDTypes.map((dtype) =>
  dtype === 'string'
    ? new Tensor(dtype, ['', 'ä', 'a\u0000b', '\ufeffx'], [2, 2])
    : Tensor.ofBytes(dtype, new Tensor(dtype, [1, 0, 1, 1], [2, 2]).bytes(), [2, 2]),
);
const nan = Tensor.ofBytes('float32', Uint8Array.of(1, 2, 0xc0, 0x7f, 0, 0, 0, 0x80), [2]);

describe('values', () => {
  test.each<[string, Data]>([
    ...tensors.map((tensor): [string, Data] => [tensor.dtype, tensor]),
    ['NaN with a payload, and -0', nan],
    ['a scalar', new Tensor('int64', [7n], [])],
    ['nothing in a tensor', new Tensor('float32', [], [0, 3])],
    ['nothing', null],
    ['a sequence', [nan, nan, ...tensors]],
    ['a sequence of sequences and nothing', [[nan], [], null]],
  ])('%s come back with their digest', async (_, data) => {
    const { digest, values } = await kept(data);
    expect(digest).toBe(digestOfData(data));
    for (const [one, bytes] of values) expect(await digestOfBytes(bytes.slice())).toBe(one);
    const read = (one: string, level = 0): Promise<Data> =>
      decodedValue(values.get(one) ?? new Uint8Array(), read, level);
    const back = await read(digest);
    expect(digestOfData(back)).toBe(digest);
    expect(isSequence(back)).toBe(Array.isArray(data));
  });
});

describe('bytes', () => {
  const good = encodedTensor(new Tensor('float32', [1, 2, 3], [3]));
  const at = (index: number, value: number): Uint8Array =>
    good.map((byte, i) => (i === index ? value : byte));

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /too short: expected 8/],
    ['more than a value', Uint8Array.of(...good, 0), /too long: 1 bytes are left/],
    ['a cut value', good.subarray(0, -1), /too short: expected 12 bytes more, got 11/],
    ['another kind', at(8, 65), /expected a tensor, a sequence or nothing, got 'Asobit/],
    ['another contract', at(35, 2), /expected a value of contract isobit 1, got isobit 2/],
    ['an unknown element type', at(51, 65), /expected an element type, got 'Aloat32'/],
    ['too many dimensions', at(58, 200), /expected few dimensions, got 200/],
    ['more elements than there are', at(66, 4), /too short: expected 16/],
    ['a length beyond all', at(7, 255), /expected a number below 2\^53/],
  ])('of %s are refused', async (_, bytes, why) => {
    await expect(decodedValue(bytes, none)).rejects.toThrow(why);
    await expect(decodedValue(bytes, none)).rejects.toThrow(EncodingError);
  });

  test('of sequences without end, or of more items than there are, are refused', async () => {
    const { digest, values } = await kept([nan]);
    const again = (_: string, level: number): Promise<Data> =>
      decodedValue(values.get(digest) ?? good, again, level);
    await expect(again('', 0)).rejects.toThrow(/too deep/);
    const bytes = values.get(digest)?.slice() ?? good;
    bytes[bytes.length - 40 + 5] = 1;
    await expect(decodedValue(bytes, none)).rejects.toThrow(/items, got fewer/);
  });

  test('changed at random are refused, or the one form of another value', async () => {
    const random = new Prng(11);
    const seeds = await Promise.all([...tensors, nan].map((one) => kept(one)));
    const forms = seeds.flatMap(({ values }) => [...values.values()]);
    let [accepted, refused] = [0, 0];
    for (let i = 0; i < 6000; i += 1) {
      const bytes = forms[i % forms.length]?.slice() ?? good.slice();
      for (let n = random.below(3); n >= 0; n -= 1) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        const back = await decodedValue(bytes, none);
        expect(back).toBeInstanceOf(Tensor);
        expect(encodedTensor(back as Tensor)).toEqual(bytes);
        accepted += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(EncodingError);
        refused += 1;
      }
    }
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(3000);
  });
});
