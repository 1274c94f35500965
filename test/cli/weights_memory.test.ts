// What a loaded model takes, as the system counts it: at most 1.2 times its weights, loaded and after a run. 3 GiB of them
// are for the command: `node scripts/weights_memory.mjs 3072`.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-memory');

test('256 MiB of weights take at most 1.2 times that', { timeout: 300_000 }, async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  await build({ ...options, configFile: join(root, 'vite.config.ts') });
  const script = join(root, 'scripts/weights_memory.mjs');
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [script, '256', join(outDir, 'index.js')]);
  const { loaded, run: ran } = JSON.parse(stdout) as { loaded: number; run: number };
  expect(loaded).toBeLessThanOrEqual(1.2);
  expect(ran).toBeLessThanOrEqual(1.2);
});
