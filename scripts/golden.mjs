// `npm run golden -- STEM` (or without: all): rewrites test/golden/STEM.json from the reference, never from a
// GPU. A commit that changes a golden changes the contract version and the changelog, and nothing else.
import { spawnSync } from 'node:child_process';

const stem = process.argv[2] ?? 'all';
const { status } = spawnSync('npx', ['vitest', 'run', 'test/ops.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, UPDATE_GOLDEN: stem },
});
process.exit(status ?? 1);
