// `npm run bench:readback`: how long a few words take from the GPU to memory on each WebGPU stack, as the platform has it and as
// the library waits for them (test/jobs/read_back_job.ts). BENCH_STACK=B names one stack, BENCH_TURNS=200 takes other than 60 of
// each. The rows are a table for docs/BENCHMARKS.md.
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { ReadBackJob, ReadBackRow } from '../jobs/read_back_job.ts';

test('reading back', async () => {
  const turns = Number(process.env['BENCH_TURNS'] ?? 60);
  expect(turns, 'BENCH_TURNS').toBeGreaterThan(0);
  const bundle = await buildJob('read_back_job', 'bench-read-back-job');
  const one = process.env['BENCH_STACK'];
  const lines: string[] = [];
  for (const id of one === undefined ? ['A', 'B', 'C', 'D', 'E'] : [one]) {
    const log = (line: string): void => console.log(line);
    const stack = await openStack(id, { bundle, timeoutMs: 600_000, log });
    try {
      const job: ReadBackJob = { turns };
      const reply = await stack.run(job);
      expect(reply.error).toBeUndefined();
      for (const { way, times } of reply.result as readonly ReadBackRow[]) {
        lines.push(`| ${[stack.title, way, ...times.map((ms) => ms.toFixed(1))].join(' | ')} |`);
      }
    } finally {
      await stack.close();
    }
  }
  const head = '| stack | | least, ms | median | most |\n|---|---|---|---|---|';
  console.log(`${turns} turns\n\n${head}\n${lines.join('\n')}`);
});
