// `isobit bench --audit`: our runs on WebGPU with their audit (docs/NUMERICS.md, B8) against the same without.

import type { AuditReport } from '../jobs/bench_job.ts';
import { onStack, round, stackTitle } from './bench_jobs.ts';
import type { Bench } from './bench_jobs.ts';
import { table } from './output.ts';

/** What an audit costs; means over pairs of runs, see AuditReport. */
export interface AuditBenchResult {
  stack: string;
  adapter: string;
  rows: ({ model: string } & AuditReport)[];
}

const rounded = (value: number | null): number | null => (value === null ? null : round(value));

export async function measureAudit(bench: Bench): Promise<AuditBenchResult> {
  const { stack, results } = await onStack(bench, async ({ file, feeds }, ask) => {
    const report = (await ask(file.name, { model: file.path, feeds })) as AuditReport;
    const { on_ms, off_ms, ratio, error, cpu_ratio, cpu_error, first_ms, runs } = report;
    return {
      model: file.name,
      on_ms: round(on_ms),
      off_ms: round(off_ms),
      ratio: round(ratio),
      error: round(error),
      cpu_ratio: rounded(cpu_ratio),
      cpu_error: rounded(cpu_error),
      first_ms: round(first_ms),
      runs,
    };
  });
  return { stack: stackTitle(stack), adapter: stack.adapter, rows: results };
}

export function auditText({ stack, adapter, rows }: AuditBenchResult): string {
  const titles = [
    'model',
    'audited',
    'not',
    'ratio',
    '±',
    'of CPU time',
    '±',
    'first audit',
    'pairs',
  ];
  const cells = rows.map((row) => [
    row.model,
    `${row.on_ms.toFixed(2)} ms`,
    `${row.off_ms.toFixed(2)} ms`,
    row.ratio.toFixed(3),
    row.error.toFixed(3),
    row.cpu_ratio?.toFixed(3) ?? '',
    row.cpu_error?.toFixed(3) ?? '',
    `${row.first_ms.toFixed(2)} ms`,
    String(row.runs),
  ]);
  return `webgpu, ${adapter}, stack ${stack}, audited runs against the same without\n${table([titles, ...cells])}`;
}
