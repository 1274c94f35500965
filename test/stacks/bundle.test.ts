// Bundles and receipts that WebGPU made, checked node by node on the reference in this process: all nodes, and a lie about one.
// A process writes the values itself, a page sends them. STACKS=C,D chooses others.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runModel, type WhereOptions } from '../../src/cli/model_run.ts';
import { traceIntoFolder } from '../../src/cli/trace.ts';
import type { SpotCheck } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const LIMIT = 300_000;
const root = resolve(import.meta.dirname, '../..');
const digits = join(root, 'demo/public/digits.onnx');
const kws = resolve(root, '../shared/models/micro-kws-qdq');

const here = existsSync(kws);
if (!here) console.log(`bundle: ${kws} is absent, products of dequantised values are not checked`);
test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

// In a process and in a page; and products of dequantised values, which are no function of these (V8).
const made = process.env['STACKS']?.split(',') ?? ['E', 'A'];
const runs = [
  ...made.map((id) => [id, 'digits', digits] as const),
  ...(here ? [[made[0] ?? 'E', 'micro-kws-qdq', kws] as const] : []),
];

describe.each(runs)('made on stack %s, of %s', (stack, name, model) => {
  test('is right at every node, and a lie is found at its own', { timeout: LIMIT }, async () => {
    const bundle = join(folder, `${stack}-${name}`);
    const inputs = { input: [], seed: 3 };
    const there: WhereOptions = { ...inputs, backend: 'webgpu', stack };
    const trace = await traceIntoFolder(model, { ...there, json: false }, bundle);
    const receipt = (await runModel(model, there, { kind: 'receipt' })) as string;
    const count = trace.nodes.length;
    const check = async (): Promise<SpotCheck> =>
      (await runModel(
        model,
        { ...inputs, backend: 'wasm' },
        { kind: 'spot', receipt, bundle, spot: { count } },
      )) as SpotCheck;
    expect(await check()).toMatchObject({
      ...{ valid: true, reasons: [], nodes: count, hidden: 0 },
      claims: { backend: 'webgpu' },
    });
    // Other bytes for the first input: a dequantised value may be one that nothing is computed from.
    const path = join(bundle, 'tensors', `${trace.inputs[0]?.digest}.bin`);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const found = await check();
    expect(found.valid).toBe(false);
    expect(found.reasons[0]).toMatch(/its bytes are others/);
  });
});
