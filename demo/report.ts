// The report of a verified device as text to paste: what ran where, how many cases gave the repository's digest, and
// every one that did not, with both digests. Plain data in, text out.
import type { Backend } from '../src/index.ts';

export interface Failure {
  readonly id: string;
  readonly backend: Backend;
  /** The repository's digest; undefined for a case that it has none for, where the reference's own stands. */
  readonly expected: string;
  readonly got: string;
}

export interface Tally {
  readonly ran: number;
  readonly good: number;
  /** Cases of which the reference computed a part in WebGPU's place. */
  readonly byReference: number;
}

export interface DeviceReport {
  readonly contract: string;
  readonly browser: string;
  readonly agent: string;
  /** The GPU's name, or why there is none. */
  readonly adapter: string;
  readonly hasGpu: boolean;
  readonly cases: number;
  /** Cases without a digest in the repository: WebGPU is compared with WebAssembly. */
  readonly withoutGolden: number;
  readonly tallies: Readonly<Record<Backend, Tally>>;
  readonly failures: readonly Failure[];
  readonly seconds: number;
  /** Why it ended before all cases had run. */
  readonly ended?: string;
}

function tallyText({ ran, good, byReference }: Tally): string {
  const helped = byReference === 0 ? '' : `, ${byReference} partly by the reference`;
  return `${good} of ${ran} as expected${helped}`;
}

/** True if all cases, at least one, ran and every one gave its digest on every path there is. */
export function isGood(report: DeviceReport): boolean {
  const { cases, tallies, hasGpu, ended } = report;
  const complete = (tally: Tally): boolean => tally.ran === cases && tally.good === cases;
  if (ended !== undefined || cases === 0) return false;
  return complete(tallies.wasm) && (!hasGpu || complete(tallies.webgpu));
}

export function reportText(report: DeviceReport): string {
  const { tallies, failures } = report;
  const lines = [
    'isobit device report',
    `contract  ${report.contract}`,
    `browser   ${report.browser}`,
    `adapter   ${report.adapter}`,
    `cases     ${report.cases}`,
    `wasm      ${tallyText(tallies.wasm)}`,
    `webgpu    ${report.hasGpu ? tallyText(tallies.webgpu) : 'not run'}`,
    `seconds   ${report.seconds.toFixed(1)}`,
  ];
  if (report.withoutGolden > 0) {
    lines.push(`no digest ${report.withoutGolden} cases: webgpu compared with wasm`);
  }
  if (report.ended !== undefined) lines.push(`ended     ${report.ended}`);
  lines.push(`failing   ${failures.length === 0 ? 'none' : failures.length}`);
  for (const { id, backend, expected, got } of failures) {
    lines.push(`  ${backend} ${id}`, `    expected ${expected}`, `    got      ${got}`);
  }
  lines.push(`agent     ${report.agent}`);
  return `${lines.join('\n')}\n`;
}
