// `npm run bench:dots`: what WGSL's dot4I8Packed gives exact integer products on a WebGPU stack (test/jobs/dots_job.ts). A is the
// stack if BENCH_STACK=D names no other, BENCH_SECONDS=20 takes other than 5 s a row. The rows are a table for
// docs/BENCHMARKS.md.
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { DotsJob, DotsRow } from '../jobs/dots_job.ts';

test('what dot4I8Packed gives', async () => {
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
  expect(seconds, 'BENCH_SECONDS').toBeGreaterThan(0);
  const bundle = await buildJob('dots_job', 'bench-dots-job');
  const stack = await openStack(process.env['BENCH_STACK'] ?? 'A', {
    bundle,
    timeoutMs: 3_500_000,
    log: (line) => console.log(line),
  });
  try {
    const job: DotsJob = { budgetMs: 1000 * seconds };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    const lines = (reply.result as readonly DotsRow[]).map(
      ({ name, shader, packed_ms, plain_ms }) =>
        `| ${name} | ${shader} | ${plain_ms.toFixed(3)} | ${packed_ms.toFixed(3)} | ${(plain_ms / packed_ms).toFixed(2)} |`,
    );
    const head = '| | shader | without, ms | with, ms | ratio |\n|---|---|---|---|---|';
    console.log(
      `Stack ${stack.id} (${stack.title}), ${stack.adapter}\n\n${head}\n${lines.join('\n')}`,
    );
  } finally {
    await stack.close();
  }
});
