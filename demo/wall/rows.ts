// What the wall says of a report: whose GPU it is, what each run gave beside the committed digest, what the gate and the
// cases said. Plain data in, plain data out; the table is table.ts's.
import type { DeviceRun } from '../../src/evidence/device_report_types.ts';
import type { DeviceReport, TracedValue } from '../../src/index.ts';

/** What every device must give: wall/expected.json, which a test computes. */
export interface WallExpected {
  readonly name: string;
  readonly contract: { readonly id: string; readonly version: number };
  readonly model: string;
  readonly inputs: readonly TracedValue[];
  readonly digest: string;
}

/** `other`: of another model, input or contract, of which the repository has no digest. */
export type RunState = 'same' | 'differs' | 'failed' | 'other';

export interface RowRun {
  readonly name: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly state: RunState;
  readonly digest: string | undefined;
  readonly ms: number | undefined;
  /** Why it failed, why it is another, and what ran otherwise than asked. */
  readonly remarks: readonly string[];
}

export interface Row {
  readonly report: DeviceReport;
  /** The vendor of the GPU, as the rows are grouped. */
  readonly group: string;
  readonly runs: readonly RowRun[];
  /** `full, 0 of 27 findings differ, 79 ms`, or why there is none. */
  readonly gate: string;
  readonly cases: string;
}

export const TITLES = { wasm: 'WebAssembly', webgpu: 'WebGPU' } as const;

export const WORDS: Readonly<Record<RunState, string>> = {
  same: 'same',
  differs: 'differs',
  failed: 'failed',
  other: 'not compared',
};

/** The GPU in a line, as far as it is named. */
export function gpuName({ claims }: DeviceReport): string {
  const { gpu } = claims;
  if (gpu === undefined) return 'no GPU';
  const words = [gpu.vendor, gpu.architecture].filter((word) => word !== '').join(' ');
  const name = [words, gpu.name].filter((word) => word !== '').join(': ');
  const kind = gpu.software === true ? ' (software)' : '';
  return `${name === '' ? 'GPU that is not named' : name}${kind}`;
}

function groupOf({ claims }: DeviceReport): string {
  const { gpu } = claims;
  if (gpu === undefined) return 'WebAssembly, no GPU';
  return gpu.vendor === '' ? 'GPU that is not named' : gpu.vendor;
}

const sameInputs = (a: readonly TracedValue[], b: readonly TracedValue[]): boolean =>
  a.length === b.length &&
  a.every(({ name, digest }, i) => name === b[i]?.name && digest === b[i]?.digest);

function stateOf(
  run: DeviceRun,
  { contract }: DeviceReport,
  expected: WallExpected,
): [RunState, string[]] {
  if (run.digest === null) return ['failed', [run.error ?? 'it gave no digest']];
  if (contract.id !== expected.contract.id || contract.version !== expected.contract.version) {
    return ['other', [`contract ${contract.id} ${contract.version}`]];
  }
  if (run.model !== expected.model) return ['other', ['another model than the wall’s']];
  if (!sameInputs(run.inputs, expected.inputs)) return ['other', ['other inputs than the wall’s']];
  return [run.digest === expected.digest ? 'same' : 'differs', []];
}

function gateText({ gate, withoutGate }: DeviceReport): string {
  if (gate === null) return withoutGate ?? '';
  const differing = gate.findings.filter((one) => one.outcome === 'differs').length;
  return `${gate.verdict}, ${differing} of ${gate.findings.length} findings differ, ${Math.round(gate.milliseconds)} ms`;
}

function casesText({ cases }: DeviceReport): string {
  if (cases === null) return 'not run';
  const texts = (['wasm', 'webgpu'] as const).flatMap((backend) => {
    const tally = cases[backend];
    return tally === undefined ? [] : [`${tally.good} of ${tally.ran} on ${TITLES[backend]}`];
  });
  return `${texts.join(', ')} as expected`;
}

export function rowOf(report: DeviceReport, expected: WallExpected): Row {
  const runs = report.models.map((run): RowRun => {
    const [state, remarks] = stateOf(run, report, expected);
    const { name, backend, digest, ms, notes = [] } = run;
    return {
      ...{ name, backend, state },
      ...{ digest: digest ?? undefined, ms: ms ?? undefined },
      remarks: [...remarks, ...notes],
    };
  });
  return {
    ...{ report, group: groupOf(report), runs },
    ...{ gate: gateText(report), cases: casesText(report) },
  };
}

/** Milliseconds as the demo says them; clocks of browsers are rounded, to 1 ms at the coarsest. */
export function millisecondsText(ms: number): string {
  if (ms < 1) return 'under 1 ms';
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** A run in a line. */
export function runText({ name, backend, state, digest, ms, remarks }: RowRun): string {
  const what = [WORDS[state], ...(ms === undefined ? [] : [millisecondsText(ms)])].join(', ');
  return [`${name} on ${TITLES[backend]}: ${what}`, ...(digest === undefined ? [] : [digest])]
    .concat(remarks)
    .join('; ');
}

/** Groups in the alphabet's order, those without a GPU last; rows by browser and system within. */
export function grouped(rows: readonly Row[]): [group: string, rows: Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  const key = ({ report: { claims } }: Row): string =>
    `${claims.browser.name} ${claims.system} ${claims.processor ?? ''} ${claims.browser.version}`;
  const last = (group: string): number => (group.startsWith('WebAssembly') ? 1 : 0);
  return [...groups]
    .map(([group, all]): [string, Row[]] => [
      group,
      all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
    ])
    .toSorted(([a], [b]) => last(a) - last(b) || (a < b ? -1 : 1));
}

/** What all rows say together, for the line above the table. */
export function summaryOf(rows: readonly Row[]): {
  state: 'same' | 'differs' | 'partial';
  text: string;
} {
  const runs = rows.flatMap((row) => row.runs);
  const count = (state: RunState): number => runs.filter((run) => run.state === state).length;
  const [same, differs, failed] = [count('same'), count('differs'), count('failed')];
  const devices = `${rows.length} ${rows.length === 1 ? 'report' : 'reports'}`;
  if (differs > 0) {
    return { state: 'differs', text: `different: ${differs} of ${runs.length} runs, ${devices}` };
  }
  if (failed > 0 || same === 0) {
    const text = `${same} of ${runs.length} runs gave the committed digest, ${failed} failed, ${devices}`;
    return { state: 'partial', text };
  }
  return { state: 'same', text: `one digest: ${same} runs, ${devices}` };
}
