// `npm run bench:barriers`: what the rounding barriers (docs/NUMERICS.md, B1) cost each shader of products and convolutions
// on a WebGPU stack: its speed as a share of what the same text reaches without them (test/jobs/barriers_job.ts). A is the
// stack if BENCH_STACK=D names no other, BENCH_SECONDS=20 takes other than 5 s a row. The rows are a table for
// docs/BENCHMARKS.md. What a share does not say: whether a shader is a good one without barriers.
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { BarriersJob, BarriersReport, BarriersRow } from '../jobs/barriers_job.ts';

/** The file, the rows of a block, and what shapes chose. */
function shaderOf({ shader, constants }: BarriersRow): string {
  const chosen = Object.entries(constants).map(([name, value]) => `${name} ${value}`);
  return [shader.replace(/^ops\/|:epilogue$/g, ''), ...chosen].join(', ');
}

function table({ rows }: BarriersReport): string {
  const lines = rows.map((row) => {
    const cells = [
      ...[row.name, shaderOf(row), row.with_ms.toFixed(2), row.without_ms.toFixed(2)],
      ...[`${(100 * row.share).toFixed(0)} %`, `${row.differing} of ${row.words}`],
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| | shader | with, ms | without, ms | share | words that differ |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

test('what barriers cost', async () => {
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
  expect(seconds, 'BENCH_SECONDS').toBeGreaterThan(0);
  const bundle = await buildJob('barriers_job', 'bench-barriers-job');
  const stack = await openStack(process.env['BENCH_STACK'] ?? 'A', {
    bundle,
    timeoutMs: 3_500_000,
    log: (line) => console.log(line),
  });
  try {
    const job: BarriersJob = { budgetMs: 1000 * seconds };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    const report = reply.result as BarriersReport;
    const title = `Stack ${stack.id} (${stack.title}), ${stack.adapter}, rung ${report.rung}, ${seconds} s a row`;
    console.log(`${title}\n\n${table(report)}`);
  } finally {
    await stack.close();
  }
});
