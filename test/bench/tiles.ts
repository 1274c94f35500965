// `npm run bench:tiles`: whether other tiles than those chosen from sizes (src/ops/mat_mul_strided.ts) are faster on a WebGPU
// stack (test/jobs/tiles_job.ts). A is the stack if BENCH_STACK=D names no other, BENCH_SECONDS=20 takes other than 5 s a
// row, BENCH_ONLY='1 x' only rows whose names begin so.
// Printed are least times, the form in force in milliseconds and the others as ratios to it: below 1 is faster, and its
// own column says what the noise was. Not here: a choice.
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { TilesJob, TilesReport, TilesRow } from '../jobs/tiles_job.ts';

function table(rows: readonly TilesRow[], wanted: (form: string) => boolean): string {
  const names = [...new Set(rows.flatMap(({ forms }) => forms.map(({ name }) => name)))];
  const shown = names.filter(wanted);
  const lines = rows.flatMap(({ name, chosen, chosen_ms, forms }) => {
    const ratios = new Map(forms.map((form) => [form.name, form.ratio]));
    if (!shown.some((form) => ratios.has(form))) return [];
    const cells = shown.map((form) => {
      const text = ratios.get(form)?.toFixed(2) ?? '';
      return form === chosen ? `**${text}**` : text;
    });
    return [`| ${[name, chosen_ms.toFixed(3), ...cells].join(' | ')} |`];
  });
  const rule = ['', ...['', 'ms', ...shown].map(() => '---'), ''].join('|');
  return [`| | ms | ${shown.join(' | ')} |`, rule, ...lines].join('\n');
}

test('what other tiles give', async () => {
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
  expect(seconds, 'BENCH_SECONDS').toBeGreaterThan(0);
  const bundle = await buildJob('tiles_job', 'bench-tiles-job');
  const stack = await openStack(process.env['BENCH_STACK'] ?? 'A', {
    bundle,
    timeoutMs: 3_500_000,
    log: (line) => console.log(line),
  });
  try {
    const job: TilesJob = { budgetMs: 1000 * seconds, only: process.env['BENCH_ONLY'] };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    const { rung, rows } = reply.result as TilesReport;
    const turns = Math.min(...rows.map((row) => row.turns));
    console.log(
      `Stack ${stack.id} (${stack.title}), ${stack.adapter}, rung ${rung}, ${turns} turns and more`,
    );
    const isThin = (form: string): boolean => form.startsWith('thin');
    console.log(
      `\nRows of a block x blocks side by side:\n\n${table(rows, (form) => !isThin(form))}`,
    );
    const few = rows.filter(({ forms }) => forms.some(({ name }) => isThin(name)));
    console.log(`\nFew rows, lanes of an output:\n\n${table(few, isThin)}`);
  } finally {
    await stack.close();
  }
});
