// The matrix tells equal digests from unequal ones, and a stack that throws, dies or is not installed is a row with
// its reason. On stacks that are processes, with a job whose digests are given.

import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { matrixGood, matrixRow, matrixText, runMatrix } from '../../src/cli/matrix.ts';
import type { MatrixStack } from '../../src/cli/matrix.ts';
import { STACKS } from '../../src/cli/stacks/catalog.ts';

const bundle = fileURLToPath(new URL('jobs/digest_job.mjs', import.meta.url));
const options = { bundle, roots: [], stacks: ['wasm-node', 'wasm-bun', 'E'] };
const one = 'a'.repeat(64);
const two = 'b'.repeat(64);

test('equal digests are identical, unequal ones are not', { timeout: 60_000 }, async () => {
  const rows = await runMatrix(
    [
      { name: 'same', job: { digests: { wasm: one, webgpu: one } } },
      { name: 'other', job: { digests: { wasm: one, webgpu: two } } },
    ],
    options,
  );
  expect(rows.map((row) => [row.model, row.identical, row.digest])).toEqual([
    ['same', true, one],
    ['other', false, one],
  ]);
  const [same, other] = rows;
  expect(same?.stacks.map((s) => [s.id, s.engine, s.backend, s.digest, s.ms])).toEqual([
    ['wasm-node', 'V8', 'wasm', one, 1.25],
    ['wasm-bun', 'JavaScriptCore', 'wasm', one, 1.25],
    ['E', 'V8', 'webgpu', one, 1.25],
  ]);
  expect(matrixGood(rows.slice(0, 1), true)).toBe(true);
  expect(matrixGood(rows, false)).toBe(false);
  expect(same === undefined ? '' : matrixText(same)).toContain('identical on 3 stacks');
  expect(other === undefined ? '' : matrixText(other)).toContain('XX  E');
});

test('a stack that throws or dies is a row with its error', { timeout: 60_000 }, async () => {
  const digests = { wasm: one, webgpu: one };
  const rows = await runMatrix(
    [
      { name: 'throws', job: { digests, fail: 'throw', on: 'webgpu' } },
      { name: 'dies', job: { digests, fail: 'exit', on: 'webgpu' } },
      { name: 'runs again', job: { digests } },
    ],
    options,
  );
  expect(rows.map((row) => row.identical)).toEqual([false, false, true]);
  expect(rows[0]?.stacks[2]).toMatchObject({ digest: null, error: 'the job fails here' });
  expect(rows[1]?.stacks[2]?.error).toContain('exit code 134');
});

test('a stack that is not installed is listed with what to install', async () => {
  const spec = STACKS.find((stack) => stack.id === 'E');
  if (spec === undefined) throw new Error('no stack E');
  const find = vi.spyOn(spec, 'find').mockReturnValue('libvulkan1');
  try {
    const models = [{ name: 'm', job: { digests: { wasm: one, webgpu: one } } }];
    const rows = await runMatrix(models, { ...options, stacks: ['wasm-node', 'E'] });
    expect(rows[0]?.stacks[1]).toMatchObject({ missing: true, digest: null });
    expect(rows[0]?.stacks[1]?.error).toMatch(/Not installed: libvulkan1\. To install: .*webgpu/);
    expect(matrixGood(rows, false)).toBe(true);
    expect(matrixGood(rows, true)).toBe(false);
  } finally {
    find.mockRestore();
  }
});

test('no digest at all is not identical', () => {
  const cell = { engine: 'V8', adapter: 'none', backend: 'wasm', ms: null };
  const stacks: MatrixStack[] = [{ ...cell, id: 'wasm-node', digest: null, error: 'broken' }];
  expect(matrixRow('m', stacks)).toMatchObject({ identical: false, digest: null });
  expect(matrixRow('m', [])).toMatchObject({ identical: false, digest: null });
});
