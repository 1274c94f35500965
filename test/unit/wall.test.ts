// The wall's files: every report is well-formed, is called after what it is, and has the committed digests, of the demo's
// model on its ten pictures; and every stack of this repository is among them.
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bundled, Expected } from '../../demo/bundled.ts';
import { readNpy } from '../../src/cli/npy.ts';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { fileNameOf, readDeviceReport } from '../../src/evidence/device_report.ts';
import { contract, load, Tensor, type Receipt } from '../../src/index.ts';

const root = new URL('../../', import.meta.url);
const bytes = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, root)));
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const { pictures } = json('demo/public/digits.json') as Bundled;
const expected = json('demo/public/expected.json') as Expected;
const folder = 'wall/reports/';
const names = readdirSync(new URL(folder, root));

/** What a run of the demo's model on its pictures is called by digests. */
let receipt: Receipt;
beforeAll(async () => {
  const pixels = pictures.flatMap((one) => [...Buffer.from(one.pixels, 'base64')]);
  const data = Float32Array.from(pixels, (byte) => byte / 255);
  const image = new Tensor('float32', data, [pictures.length, 1, 28, 28]);
  const model = await load(bytes('demo/public/digits.onnx'));
  const result = await model.run({ image }, { backend: 'wasm', receipt: true });
  model.dispose();
  expect(result.digest).toBe(expected.batch);
  // What `isobit matrix --input` reads is these pictures.
  const file = readNpy(bytes('wall/digits.npy'));
  expect([file.dtype, file.dims, file.bytes()]).toEqual(['float32', image.dims, image.bytes()]);
  receipt = JSON.parse(result.receipt ?? '') as Receipt;
});

describe('reports', () => {
  test.each(names)('%s', (name) => {
    const text = readFileSync(new URL(`${folder}${name}`, root), 'utf8');
    const report = readDeviceReport(text);
    expect(text.endsWith('}\n')).toBe(true);
    expect(name).toBe(fileNameOf(report));
    expect(report.contract).toEqual({ id: contract.id, version: contract.version });
    for (const { backend, ms: _, notes: __, ...run } of report.models) {
      expect(run, backend).toEqual({
        ...{ name: 'digits', model: receipt.model, inputs: receipt.inputs },
        digest: expected.batch,
      });
    }
    for (const tally of Object.values(report.cases ?? {})) expect(tally?.failures).toEqual([]);
  });

  test('are there of every stack that a machine without a graphics card has', () => {
    const stacks = names.map(
      (name) =>
        readDeviceReport(readFileSync(new URL(`${folder}${name}`, root), 'utf8')).claims.stack,
    );
    const required = STACKS.filter(({ optional }) => !optional).map(({ id }) => id);
    expect(stacks).toEqual(expect.arrayContaining(required));
  });
});
