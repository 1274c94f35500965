// What a device's report is worth beside the digests that it should have: one verdict, and each run's. Data in, data out:
// the page of a bundle and the command that collects reports both judge so.
import type { DeviceReport, DeviceRun } from '../../evidence/device_report_types.ts';

export interface RunVerdict {
  readonly name: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly verdict: 'identical' | 'differs' | 'failed';
  readonly expected: string;
  /** The digest, or the error that took its place. */
  readonly got: string;
}

export interface FarmVerdict {
  /** `wasm-only`: identical, and WebGPU was not there or is not used on this GPU. */
  readonly verdict: 'identical' | 'wasm-only' | 'differs' | 'failed';
  readonly runs: readonly RunVerdict[];
  /** Operator cases that gave another digest than the repository's, on both backends together. */
  readonly casesDiffering: number;
  /** Why there is no report; there exactly if the verdict is `failed` without runs. */
  readonly error?: string;
}

/** The verdict on a report; `expectedOf` says which digest a run should have. */
export function judgeReport(
  report: DeviceReport,
  expectedOf: (run: DeviceRun) => string | undefined,
): FarmVerdict {
  const runs = report.models.map((run): RunVerdict => {
    const { name, backend, digest, error } = run;
    const wanted = expectedOf(run) ?? 'none';
    const head = { name, backend, expected: wanted, got: digest ?? error ?? 'nothing' };
    if (digest === null) return { ...head, verdict: 'failed' };
    return { ...head, verdict: digest === wanted ? 'identical' : 'differs' };
  });
  const tallies = Object.values(report.cases ?? {});
  const casesDiffering = tallies.reduce((sum, { ran, good }) => sum + ran - good, 0);
  const verdict = ((): FarmVerdict['verdict'] => {
    if (casesDiffering > 0 || runs.some((run) => run.verdict === 'differs')) return 'differs';
    if (runs.some((run) => run.verdict === 'failed')) return 'failed';
    return report.gate === null || report.gate.verdict === 'refused' ? 'wasm-only' : 'identical';
  })();
  return { verdict, runs, casesDiffering };
}
