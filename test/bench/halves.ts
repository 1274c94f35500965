// `npm run bench:halves`: what products and convolutions with constant float16 weights upload and take on a WebGPU stack, next
// to the same with float32 copies of them (test/jobs/halves_job.ts). A is the stack if BENCH_STACK=D names no other,
// BENCH_SECONDS=20 takes other than 5 s a row, BENCH_ONLY=depthwise only rows whose names hold that. The rows are a table for
// docs/BENCHMARKS.md.
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { HalvesJob, HalvesRow } from '../jobs/halves_job.ts';

test('float16 weights', async () => {
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
  expect(seconds, 'BENCH_SECONDS').toBeGreaterThan(0);
  const bundle = await buildJob('halves_job', 'bench-halves-job');
  const stack = await openStack(process.env['BENCH_STACK'] ?? 'A', {
    bundle,
    timeoutMs: 600_000,
    log: (line) => console.log(line),
  });
  try {
    const job: HalvesJob = { budgetMs: 1000 * seconds, only: process.env['BENCH_ONLY'] };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    const seen = reply.result as HalvesRow[];
    expect(seen.length, 'rows that BENCH_ONLY names').toBeGreaterThan(0);
    const rows = seen.map((row) =>
      [
        ...[row.name, row.before_bytes, row.after_bytes],
        ...[row.before_ms.toFixed(2), row.after_ms.toFixed(2)],
        ...[(row.before_ms / row.after_ms).toFixed(2), row.turns],
      ].join(' | '),
    );
    const head = `Stack ${stack.id} (${stack.title}), ${stack.adapter}, ${seconds} s a row`;
    const columns = '| | copies, bytes | as they lie | copies, ms | as they lie | ratio | turns |';
    const lines = rows.map((row) => `| ${row} |`);
    console.log([head, '', columns, '|---|---|---|---|---|---|---|', ...lines].join('\n'));
  } finally {
    await stack.close();
  }
});
