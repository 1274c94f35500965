// Digests by WebCrypto are those of digestOf, however many are under way at once and whatever room they share: sizes that
// grow and shrink, values that change after the call, sequences. That engines copy in time, test/stacks/trace.test.ts shows.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { digestOfValue } from '../../src/evidence/digests.ts';
import { Tensor } from '../../src/index.ts';
import { digestOfData } from '../../src/outputs.ts';
import { floats } from '../harness/prng.ts';

const sizes = [2000, 40_000, 1025, 300_000, 1024, 5, 300_001, 1100];
const tensors = sizes.map((size, i) => new Tensor('float32', floats(i + 1, size), [size]));

test('many at once', async () => {
  const expected = tensors.map((tensor) => digestOf(tensor));
  for (let round = 0; round < 3; round += 1) {
    expect(await Promise.all(tensors.map((tensor) => digestOfValue(tensor)))).toEqual(expected);
  }
});

test('of what was read when the promise was returned', async () => {
  const tensor = new Tensor('float32', floats(9, 5000), [5000]);
  const expected = digestOf(tensor);
  const digest = digestOfValue(tensor);
  (tensor.data as Float32Array).fill(0);
  expect(await digest).toBe(expected);
});

test('of sequences, whose items share the room', async () => {
  expect(await digestOfValue(tensors)).toBe(digestOfData(tensors));
});
