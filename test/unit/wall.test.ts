// The wall's files: every report is well-formed, is called after what it is, and has the committed digests, of the demo's
// model on its ten pictures; and every stack of this repository is among them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bundled, Expected } from '../../demo/bundled.ts';
import type { WallExpected } from '../../demo/wall/rows.ts';
import { readNpy } from '../../src/cli/npy.ts';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { fileNameOf, readDeviceReport } from '../../src/evidence/device_report.ts';
import { contract, load, Tensor, type Receipt } from '../../src/index.ts';

const root = new URL('../../', import.meta.url);
const bytes = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, root)));
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const { pictures } = json('demo/public/digits.json') as Bundled;
const demo = json('demo/public/expected.json') as Expected;
const folder = 'wall/reports/';
const names = readdirSync(new URL(folder, root));

const texts = new Map(
  names.map((name) => [name, readFileSync(new URL(`${folder}${name}`, root), 'utf8')]),
);

/** The demo's ten pictures, as its model takes them. */
function batch(): Tensor {
  const pixels = pictures.flatMap((one) => [...Buffer.from(one.pixels, 'base64')]);
  const data = Float32Array.from(pixels, (byte) => byte / 255);
  return new Tensor('float32', data, [pictures.length, 1, 28, 28]);
}

test('what the reports are compared with is what the reference gives', async () => {
  const model = await load(bytes('demo/public/digits.onnx'));
  const image = batch();
  const result = await model.run({ image }, { backend: 'wasm', receipt: true });
  model.dispose();
  const { contract: kept, model: digest, inputs } = JSON.parse(result.receipt ?? '') as Receipt;
  const made = { name: 'digits', contract: kept, model: digest, inputs, digest: result.digest };
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(new URL('wall/expected.json', root), `${JSON.stringify(made, null, 2)}\n`);
  }
  expect(json('wall/expected.json')).toEqual(made);
  expect(made.digest).toBe(demo.batch);
});

test('what `isobit matrix --input` reads are the demo’s pictures', () => {
  const file = readNpy(bytes('wall/digits.npy'));
  const image = batch();
  expect([file.dtype, file.dims, file.bytes()]).toEqual(['float32', image.dims, image.bytes()]);
});

describe('reports', () => {
  const wanted = json('wall/expected.json') as WallExpected;

  test.each([...texts])('%s', (name, text) => {
    const report = readDeviceReport(text);
    expect(text.endsWith('}\n')).toBe(true);
    expect(name).toBe(fileNameOf(report));
    expect(report.contract).toEqual({ id: contract.id, version: contract.version });
    const { contract: _, ...run } = wanted;
    for (const one of report.models) {
      const { name: title, model, inputs, digest, error } = one;
      expect({ name: title, model, inputs, digest }, error).toEqual(run);
    }
    for (const tally of Object.values(report.cases ?? {})) expect(tally?.failures).toEqual([]);
  });

  test('are there of every stack that a machine without a graphics card has', () => {
    const stacks = [...texts.values()].map((text) => readDeviceReport(text).claims.stack);
    const required = STACKS.filter(({ optional }) => !optional).map(({ id }) => id);
    expect(stacks).toEqual(expect.arrayContaining(required));
  });
});
