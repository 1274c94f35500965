// The configuration of `npm run bench:math`: a measurement is no test, so it is not among the tests.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { wgsl } from '../../../scripts/wgsl_plugin.ts';

export default defineConfig({
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  plugins: [wgsl()],
  publicDir: false,
  test: { include: ['test/math/bench/cost.ts'], testTimeout: 1200_000, hookTimeout: 120_000 },
});
