// docs/OPERATORS.md is what the operators give; `npm run docs:operators` writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from '../../src/registry.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { operatorsPage } from '../harness/operator_table.ts';

await registry.load();

const path = new URL('../../docs/OPERATORS.md', import.meta.url);

test('docs/OPERATORS.md is current: npm run docs:operators', { timeout: 120_000 }, async () => {
  const page = operatorsPage(await WasmBackend.create());
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, page);
  expect(existsSync(path), 'npm run docs:operators').toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(page);
});
