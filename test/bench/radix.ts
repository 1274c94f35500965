// `npm run bench:radix -- MODEL.onnx …`: what another radix of sums (docs/NUMERICS.md, V4) would cost the reference. The core is
// built with each, and each runs the models in a process of its own, in turns; printed are medians in milliseconds and, in
// brackets, their ratio to that of the radix in force. Bits differ from radix to radix, which is why it is frozen.
// BENCH_SECONDS=20 takes other than 4 s a model and radix. Not here: shaders, which hold the radix in their tiles.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { feedFiles } from '../../src/cli/feed_files.ts';
import { resolveModel, temporaryFolder } from '../../src/cli/model_files.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import type { BenchReport } from '../../src/jobs/bench_job.ts';
import { median } from '../../src/jobs/job.ts';
import { buildEditedCore } from '../harness/edited_core.ts';
import { buildJob } from '../harness/build_job.ts';

const build = fileURLToPath(new URL('../../build', import.meta.url));
const RADICES = [32, 64, 128, 256];
const IN_FORCE = 64;
const TURNS = 4;

test('what another radix costs', async () => {
  const models = (process.env['BENCH_MODELS'] ?? '').split(' ').filter((path) => path !== '');
  expect(models.length, 'models: expected paths after --').toBeGreaterThan(0);
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);
  expect(seconds, 'BENCH_SECONDS').toBeGreaterThan(0);
  const folder = temporaryFolder();
  const stacks = [];
  try {
    const files = models.map(resolveModel);
    for (const radix of RADICES) {
      const to = `${build}/bench-radix-${radix}`;
      const core = await buildEditedCore(resolve(to, 'source'), [
        { file: 'wasm/canonical.h', find: `RADIX ${IN_FORCE}u`, replace: `RADIX ${radix}u` },
      ]);
      const bundle = await buildJob('library_bench_job', `bench-radix-${radix}/job`, [], { core });
      const roots = [resolve(to, 'job'), folder.path, ...files.map((file) => file.folder)];
      stacks.push({
        radix,
        stack: await openStack('wasm-node', { bundle, roots, timeoutMs: 600_000 }),
      });
    }
    for (const [index, file] of files.entries()) {
      const feeds = await feedFiles(file, { seed: 0, input: [] }, folder.path, index);
      const times = new Map<number, number[]>();
      for (let turn = 0; turn < TURNS; turn += 1) {
        for (const { radix, stack } of turn % 2 === 0 ? stacks : stacks.toReversed()) {
          const budgetMs = (1000 * seconds) / TURNS;
          const reply = await stack.run({
            model: file.path,
            feeds,
            backend: 'wasm',
            threads: 1,
            budgetMs,
          });
          expect(reply.error).toBeUndefined();
          times.set(radix, [...(times.get(radix) ?? []), (reply.result as BenchReport).ours_ms]);
        }
      }
      const own = median(times.get(IN_FORCE) ?? []);
      const cells = RADICES.map((radix) => {
        const ms = median(times.get(radix) ?? []);
        return `${radix}: ${ms.toFixed(2)} (${(ms / own).toFixed(3)})`;
      });
      console.log(`${file.name}  ${cells.join('  ')}`);
    }
  } finally {
    for (const { stack } of stacks) await stack.close();
    folder.remove();
  }
});
