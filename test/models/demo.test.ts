// What the demo expects: demo/public/expected.json holds the digests of the bundled digits, made by the reference
// and by nothing else. `npm run golden -- demo` rewrites it; a change of it is a change of bits. Also here: each
// digit alone gives the words that it gives in the batch of ten, and the page's own path from a pen's movement to the
// model's input is fixed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { Bundled, Expected } from '../../demo/bundled.ts';
import { normalise, toInput } from '../../demo/preprocess.ts';
import { rasterise } from '../../demo/rasterise.ts';
import { segmentsOf } from '../../demo/strokes.ts';
import { wordsOf } from '../../demo/words.ts';
import { contract, load, Tensor } from '../../src/index.ts';

const folder = new URL('../../demo/public/', import.meta.url);
const path = new URL('expected.json', folder);
const bundled = JSON.parse(readFileSync(new URL('digits.json', folder), 'utf8')) as Bundled;
const modelBytes = new Uint8Array(readFileSync(new URL('digits.onnx', folder)));
const pictures = bundled.pictures.map(({ pixels }) => Buffer.from(pixels, 'base64'));
const update = process.env['UPDATE_GOLDEN'] ?? '';

test('the bundled digits give the expected bits on the reference', async () => {
  const model = await load(modelBytes);
  const run = async (inputs: readonly Uint8Array[]) => {
    const data = Float32Array.from(inputs.flatMap((picture) => [...toInput(picture)]));
    const image = new Tensor('float32', data, [inputs.length, 1, 28, 28]);
    const { digest, outputs } = await model.run({ image }, { backend: 'wasm' });
    return { digest, words: outputs['logits'] === undefined ? [] : wordsOf(outputs['logits']) };
  };
  const batch = await run(pictures);
  const found: Expected = {
    contract: `${contract.id} ${contract.version}`,
    model: bytesToHex(sha256(modelBytes)),
    batch: batch.digest,
    pictures: [],
  };
  for (const [i, picture] of pictures.entries()) {
    const { digest, words } = await run([picture]);
    expect(words, `digit ${i} alone and in the batch`).toEqual(
      batch.words.slice(10 * i, 10 * i + 10),
    );
    found.pictures.push({ label: i, digest, words });
  }
  model.dispose();
  if (update === 'all' || update === 'demo') {
    writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);
  }
  expect(existsSync(path), 'demo/public/expected.json is missing: npm run golden -- demo').toBe(
    true,
  );
  expect(found).toEqual(JSON.parse(readFileSync(path, 'utf8')));
});

test('a movement of the pen gives the same picture everywhere', () => {
  const strokes = [
    [
      [60, 40],
      [200.5, 44.25],
      [120, 240.75],
    ],
    [[90, 140]],
  ] as const;
  const picture = normalise(rasterise(segmentsOf(strokes), 280, 1), 280);
  expect(bytesToHex(sha256(picture))).toBe(
    '15cee3e53362f352834c0fdc87985563de0d77828ad0cbca37f93c5124e78ee5',
  );
});
