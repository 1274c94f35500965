// "Verify this device": shows how the operator cases go in this browser, lists those that fail, and writes the report.
// Loaded when the button is pressed; `?cases=conv/,softmax/` in the address narrows to ids that begin so. The cases and
// their comparison are cases.ts, the report's text is report.ts.
import { contract } from '../src/index.ts';
import type { Backend } from '../src/index.ts';
import { hasGolden, runCases, selectCases, type CaseOutcome } from './cases.ts';
import { byId, copy, element, setText, setVerdict } from './elements.ts';
import { thisBrowser } from './environment.ts';
import { openGpu } from './gpu_source.ts';
import { isGood, reportText, type DeviceReport, type Failure } from './report.ts';

const start = byId('verify', HTMLButtonElement);
const stop = byId('verify-stop', HTMLButtonElement);
const progress = byId('verify-progress', HTMLElement);
const bar = byId('verify-bar', HTMLProgressElement);
const at = byId('verify-at', HTMLElement);
const verdict = byId('verify-verdict', HTMLElement);
const failing = byId('failing', HTMLElement);
const reportBox = byId('verify-report', HTMLElement);
const reportPre = byId('report', HTMLElement);
const copyButton = byId('copy-report', HTMLButtonElement);
copyButton.addEventListener('click', () => void copy(reportPre.textContent, copyButton));

let stopping = new AbortController();
stop.addEventListener('click', () => stopping.abort());

/** Counts outcomes; its report is that of what has run so far. */
class Count {
  readonly failures: Failure[] = [];
  readonly #tallies = {
    wasm: { ran: 0, good: 0, byReference: 0 },
    webgpu: { ran: 0, good: 0, byReference: 0 },
  };

  add({ id, backend, got, expected, byReference }: CaseOutcome): void {
    const tally = this.#tallies[backend];
    tally.ran += 1;
    if (byReference) tally.byReference += 1;
    if (got === expected) tally.good += 1;
    else this.failures.push({ id, backend, expected, got });
  }

  get tallies(): DeviceReport['tallies'] {
    return this.#tallies;
  }
}

function show(report: DeviceReport): void {
  const { wasm, webgpu } = report.tallies;
  const paths = (backend: Backend, title: string): string =>
    `${report.tallies[backend].good} of ${report.tallies[backend].ran} cases on ${title}`;
  const both = `${paths('wasm', 'WebAssembly')}, ${paths('webgpu', 'WebGPU')}`;
  if (report.failures.length > 0) setVerdict(verdict, 'differs', `different: equal are ${both}`);
  else if (!isGood(report)) {
    const why = report.ended ?? 'some cases did not run';
    const text = `not complete: ${why}; ${wasm.ran} of ${report.cases} cases ran, none differs`;
    setVerdict(verdict, 'partial', text);
  } else if (report.hasGpu) {
    setVerdict(verdict, 'same', `identical: all ${webgpu.ran} cases, on WebAssembly and WebGPU`);
  } else setVerdict(verdict, 'partial', `WebAssembly only: all ${wasm.ran} cases are identical`);
  verdict.hidden = false;
  setText(reportPre, reportText(report));
  reportBox.hidden = false;
}

function begin(): void {
  start.disabled = true;
  stop.hidden = false;
  progress.hidden = false;
  verdict.hidden = true;
  reportBox.hidden = true;
  failing.hidden = true;
  failing.replaceChildren();
  stopping = new AbortController();
}

/** Runs the cases until they are done or stopped. The page stays usable; a second call while it runs does nothing. */
export async function verifyDevice(): Promise<void> {
  if (start.disabled) return;
  begin();
  const prefixes = new URLSearchParams(location.search).get('cases')?.split(',') ?? [];
  const cases = selectCases(prefixes);
  const gpu = await openGpu();
  const count = new Count();
  const begun = performance.now();
  let ended = cases.length === 0 ? 'no case has such an id' : undefined;
  bar.max = Math.max(1, cases.length);
  try {
    for await (const outcome of runCases(
      cases,
      typeof gpu === 'string' ? undefined : gpu,
      stopping.signal,
    )) {
      const failed = count.failures.length;
      count.add(outcome);
      if (count.failures.length > failed) {
        failing.hidden = false;
        failing.append(element('li', '', `${outcome.backend} ${outcome.id}`));
      }
      bar.value = count.tallies.wasm.ran;
      setText(at, `${bar.value} of ${cases.length} cases, ${count.failures.length} differ`);
    }
    if (stopping.signal.aborted) ended = 'stopped by the visitor';
  } catch (error) {
    ended = error instanceof Error ? error.message : String(error);
  } finally {
    if (typeof gpu !== 'string') gpu.dispose();
    stop.hidden = true;
    start.disabled = false;
  }
  show({
    contract: `${contract.id} ${contract.version}`,
    browser: thisBrowser(),
    agent: navigator.userAgent,
    adapter: typeof gpu === 'string' ? gpu : gpu.name,
    hasGpu: typeof gpu !== 'string',
    cases: cases.length,
    withoutGolden: cases.filter((one) => !hasGolden(one)).length,
    tallies: count.tallies,
    failures: count.failures,
    seconds: (performance.now() - begun) / 1000,
    ...(ended === undefined ? {} : { ended }),
  });
}
