// The configuration of tests that run on sabotaged sources: as the repository's own, with the faults that the file
// named by PLANTED (JSON, a Planted of test/harness/planted.ts) describes. For test/sabotage/run.ts only.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { wgsl } from '../../scripts/wgsl_plugin.ts';
import { planted, type Planted } from '../harness/planted.ts';

const file = process.env['PLANTED'];
if (file === undefined) throw new Error('PLANTED: expected the path of a JSON file, got nothing.');
const faults = JSON.parse(readFileSync(file, 'utf8')) as Planted;

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  plugins: [planted(faults), wgsl()],
  publicDir: false,
  test: { include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'node_modules/**'] },
});
