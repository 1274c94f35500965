// Every stack of the catalog opens, computes, survives what a job can do to it, and closes. The computation is a real
// one: two-sum with the OR barrier gives exact bits on every stack; without it the stacks C and D give others, which
// is how a missing barrier is caught on a machine without a GPU. A stack that is not installed fails its tests.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { STACKS, stackById } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';

const bundle = fileURLToPath(new URL('jobs/two_sum_job.mjs', import.meta.url));
const LIMIT = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'isobit stacks '));
const file = join(folder, 'a file é%20#.bin');
writeFileSync(file, new Uint8Array([1, 2, 255]));
afterAll(() => rmSync(folder, { recursive: true }));

const here = STACKS.filter((stack) => !stack.optional || stack.find() === undefined);

describe.each(here.map((stack) => stack.id))('stack %s', (id) => {
  test(
    'computes two-sum exactly with the barrier, reads files, reports errors',
    { timeout: LIMIT },
    async () => {
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      const stack = await openStack(id, { bundle, roots: [folder], log, timeoutMs: 60_000 });
      try {
        const spec = stackById(id);
        expect(stack.adapter === 'none').toBe(spec.backend === 'wasm');
        expect(await stack.run({ kind: 'two_sum', barrier: true })).toEqual({
          result: { wrong: 0, total: 16384 },
        });
        const bare = await stack.run({ kind: 'two_sum', barrier: false });
        const { wrong } = bare.result as { wrong: number };
        if (id === 'B' || id === 'C' || id === 'D') expect(wrong).toBeGreaterThan(1000);
        if (spec.backend === 'wasm' || id === 'A' || id === 'E') expect(wrong).toBe(0);

        expect(await stack.run({ kind: 'echo', text: 'é' })).toEqual({ result: { text: 'é' } });
        expect(lines).toEqual(['echo é']);
        expect(await stack.run({ kind: 'read', path: file })).toEqual({
          result: { bytes: [1, 2, 255] },
        });
        expect(await stack.run({ kind: 'print' })).toEqual({ result: 'printed' });
        const thrown = await stack.run({ kind: 'throw' });
        expect(thrown.error).toMatchObject({ name: 'RangeError', message: 'thrown by the job' });
      } finally {
        await stack.close();
      }
      const after = await stack.run({ kind: 'echo', text: '' });
      expect(after.error?.message).toContain('closed');
    },
  );
});

describe('what a job can do to a stack', () => {
  test.each(['wasm-node', 'C', 'wasm-bun', 'A', 'B'])(
    '%s: a hang ends at the time limit and the next job runs',
    { timeout: LIMIT },
    async (id) => {
      const stack = await openStack(id, { bundle, timeoutMs: 5000 });
      try {
        for (const kind of ['hang', 'sleep']) {
          const { error } = await stack.run({ kind });
          expect(error?.message).toContain(`Stack ${id}: job: time limit`);
        }
        const next = await stack.run({ kind: 'echo', text: 'again' });
        expect(next).toEqual({ result: { text: 'again' } });
      } finally {
        await stack.close();
      }
    },
  );

  test.each(['wasm-node', 'wasm-deno', 'wasm-bun', 'E'])(
    '%s: the death of the process is an error with its last words',
    { timeout: LIMIT },
    async (id) => {
      const stack = await openStack(id, { bundle, timeoutMs: 60_000 });
      try {
        const { error } = await stack.run({ kind: 'exit' });
        expect(error?.message).toContain('SIGKILL');
        expect(error?.message).toContain('last words');
        const next = await stack.run({ kind: 'two_sum', barrier: true });
        expect(next).toEqual({ result: { wrong: 0, total: 16384 } });
      } finally {
        await stack.close();
      }
    },
  );

  test('a page reads only below the roots', { timeout: LIMIT }, async () => {
    const stack = await openStack('wasm-chromium', { bundle, timeoutMs: 60_000 });
    try {
      for (const path of ['/etc/passwd', `${folder}/../../etc/passwd`, file]) {
        const { error } = await stack.run({ kind: 'read', path });
        expect(error?.message).toContain('HTTP status 404');
      }
    } finally {
      await stack.close();
    }
  });

  test('an unknown stack is a RangeError', async () => {
    await expect(openStack('Z', { bundle })).rejects.toThrow(RangeError);
  });
});
