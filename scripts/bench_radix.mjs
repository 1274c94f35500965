// `npm run bench:radix -- MODEL.onnx …`: hands the models to test/bench/radix.ts, since Vitest takes paths for tests.
import { spawnSync } from 'node:child_process';

const env = { ...process.env, BENCH_MODELS: process.argv.slice(2).join(' ') };
const args = ['vitest', 'run', '--config', 'test/bench/vite.config.ts', 'test/bench/radix.ts'];
process.exit(spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1);
