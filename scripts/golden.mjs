// `npm run golden -- STEM` (or without: all): rewrites test/golden/STEM.json from the reference, never from a GPU; `demo` is
// demo/public/expected.json, `models` and `conformance` need the folders beside the repository. A commit that changes a
// golden changes the contract version and the changelog, and nothing else.
import { spawnSync } from 'node:child_process';

const stem = process.argv[2] ?? 'all';
const files = {
  all: ['test/ops.test.ts', 'test/host.test.ts', 'test/models'],
  conformance: ['test/models/conformance.test.ts'],
  demo: ['test/models/demo.test.ts'],
  models: ['test/models/models.test.ts'],
};
const run = ['vitest', 'run', ...(files[stem] ?? ['test/ops.test.ts', 'test/host.test.ts'])];
const { status } = spawnSync('npx', run, {
  stdio: 'inherit',
  env: { ...process.env, UPDATE_GOLDEN: stem },
});
process.exit(status ?? 1);
