// The configuration of `npm run bench:barriers`, `bench:halves` and `bench:radix`: a measurement is no test, so it is not among the tests.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { wgsl } from '../../scripts/wgsl_plugin.ts';

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  plugins: [wgsl()],
  publicDir: false,
  test: { include: ['test/bench/*.ts'], exclude: ['**/vite.config.ts'], testTimeout: 3_600_000 },
});
