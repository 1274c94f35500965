// Receipts: the vectors of docs/receipts, each accepted or refused for its reason; runs of models give receipts that are
// true where they are and nowhere else; a fixed share of what the fuzzer does.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  contract,
  load,
  signReceipt,
  Tensor,
  verifyReceipt,
  type Receipt,
} from '../../src/index.ts';
import { readReceipt, ReceiptError } from '../../src/evidence/receipt.ts';
import { fuzzReceipts } from '../fuzz/receipts.ts';
import { knownKeys, makeVectors, readVectors, VECTORS_PATH } from '../harness/receipt_vectors.ts';

const digits = new Uint8Array(
  readFileSync(new URL('../../demo/public/digits.onnx', import.meta.url)),
);
const zeros = { image: new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]) };

async function receiptOfZeros(): Promise<string> {
  const model = await load(digits);
  const { receipt = '' } = await model.run(zeros, { backend: 'wasm', receipt: true });
  model.dispose();
  return receipt;
}

beforeAll(async () => {
  if (process.env['UPDATE_DOCS'] !== '1') return;
  const about =
    'Receipts of demo/public/digits.onnx on an image of zeros: see test/harness/receipt_vectors.ts.';
  const vectors = await makeVectors(await receiptOfZeros());
  const text = JSON.stringify({ about, contract: contract.version, vectors });
  writeFileSync(VECTORS_PATH, await format(text, { parser: 'json', printWidth: 100 }));
});

describe('vectors', () => {
  const names = readVectors().map(({ name }) => name);

  test.each(names)('%s', async (name) => {
    const vector = readVectors().find((one) => one.name === name);
    if (vector === undefined) throw new Error(`there is no vector ${name}`);
    const model = await load(digits);
    const found = await verifyReceipt(vector.text, model, zeros, { backend: 'wasm' });
    expect({ valid: found.valid, reasons: found.reasons.length > 0 }).toEqual({
      ...{ valid: vector.valid, reasons: !vector.valid },
    });
    expect(found.reasons[0] ?? '').toContain(vector.reason ?? '');
    expect((found.reasons[0] ?? '').startsWith(vector.reason ?? '')).toBe(true);
    model.dispose();
  });

  test('are those that are made of the good one', async () => {
    const [good] = readVectors();
    expect(await makeVectors(good?.text ?? '')).toEqual(readVectors());
  });
});

describe('a receipt', () => {
  test('is what a run gives, and says what it computed', async () => {
    const receipt = JSON.parse(await receiptOfZeros()) as Receipt;
    const [good] = readVectors();
    const { claims: mine, ...proved } = receipt;
    const { claims: theirs, ...known } = JSON.parse(good?.text ?? '') as Receipt;
    expect(proved).toEqual(known);
    expect(Object.keys(mine.core)).toEqual(Object.keys(theirs.core));
    expect(mine.backend).toBe('wasm');
  });

  test('holds of the run that it is of: not of other inputs, nor of another model', async () => {
    const text = await receiptOfZeros();
    const model = await load(digits);
    const ones = { image: new Tensor('float32', new Float32Array(784).fill(1), [1, 1, 28, 28]) };
    const { valid, reasons } = await verifyReceipt(text, model, ones, { backend: 'wasm' });
    expect(valid).toBe(false);
    expect(reasons.map((one) => one.split(':')[0])).toEqual(["input 'image'", "output 'logits'"]);
    model.dispose();
  });

  test('is signed once, with its claims', async () => {
    const keys = await knownKeys();
    const signed = await signReceipt(await receiptOfZeros(), keys);
    await expect(signReceipt(signed, keys)).rejects.toThrow('signed already');
    await expect(signReceipt('{}', keys)).rejects.toThrow(ReceiptError);
    const model = await load(digits);
    const { valid, signer } = await verifyReceipt(signed, model, zeros, { backend: 'wasm' });
    expect([valid, signer]).toEqual([true, readReceipt(signed).signature?.publicKey]);
    model.dispose();
  });

  test('can be had of one output of several, and of a run that drew', async () => {
    const { writeModel } = await import('../../src/onnx/writer.ts');
    const node = (index: number, opType: string, output: string) => ({
      ...{ index, name: '', domain: '', opType, inputs: ['x'], outputs: [output] },
      attributes: new Map(),
    });
    const model = await load(
      writeModel({
        name: 'two',
        nodes: [node(0, 'Neg', 'y'), node(1, 'RandomNormalLike', 'z')],
        inputs: [{ name: 'x', dtype: 'float32', dims: [4] }],
        outputs: [{ name: 'y' }, { name: 'z' }],
        ...{ initializers: new Map(), valueInfo: new Map(), opsets: new Map([['', 17]]) },
      }),
    );
    const x = { x: new Tensor('float32', [1, 2, 3, 4], [4]) };
    const options = { backend: 'wasm', receipt: true } as const;
    const both = await model.run(x, { ...options, seed: 7 });
    const one = await model.run(x, { ...options, outputs: ['z'] });
    for (const [run, seed, names] of [[both, 7, 'y,z'] as const, [one, 0, 'z'] as const]) {
      const receipt = readReceipt(run.receipt ?? '');
      expect([receipt.seed, receipt.outputs.map(({ name }) => name).join()]).toEqual([seed, names]);
      expect((await verifyReceipt(run.receipt ?? '', model, x)).reasons).toEqual([]);
    }
    const { seed: _, ...without } = JSON.parse(both.receipt ?? '') as Receipt;
    const unseeded = await verifyReceipt(JSON.stringify(without), model, x);
    expect(unseeded.valid).toBe(false);
    model.dispose();
  });

  test('that is too large is not looked into', async () => {
    const [good] = readVectors();
    const large = (good?.text ?? '') + ' '.repeat(1 << 20);
    expect(() => readReceipt(large)).toThrow('too large: expected at most 1048576 characters');
    const deep = '['.repeat(1 << 19) + ']'.repeat(1 << 19);
    expect(() => readReceipt(deep)).toThrow(ReceiptError);
  });

  test('of another kind than text is a TypeError', async () => {
    const model = await load(digits);
    await expect(verifyReceipt({} as unknown as string, model, zeros)).rejects.toThrow(TypeError);
    model.dispose();
  });
});

test(
  'none is accepted whose proved or signed fields were changed',
  { timeout: 120_000 },
  async () => {
    const report = await fuzzReceipts(readVectors(), { seed: 1, count: 8000 });
    expect(report.wrong).toEqual([]);
    // Both ways are met: changes that nothing survives would test little.
    expect(report.accepted).toBeGreaterThan(50);
    expect(report.refused).toBeGreaterThan(4000);
  },
);
