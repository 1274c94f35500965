// "This device": measures on the spot when the button is pressed, and offers the report as a file, as a link and as the text
// of a pull request. Nothing is sent anywhere. Not here: the measuring (measure.ts), the row (main.ts).
import { deviceReportText, fileNameOf } from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/index.ts';
import { bundledModel } from '../bundled.ts';
import { byId, copy, setText, setVerdict } from '../elements.ts';
import { reportFragment } from './link.ts';
import { pullRequestOf } from './pull_request.ts';
import { EXPECTED } from './reports.ts';
import { rowOf, summaryOf } from './rows.ts';

const start = byId('measure', HTMLButtonElement);
const stop = byId('measure-stop', HTMLButtonElement);
const withCases = byId('with-cases', HTMLInputElement);
const progress = byId('measure-progress', HTMLElement);
const bar = byId('measure-bar', HTMLProgressElement);
const at = byId('measure-at', HTMLElement);
const verdict = byId('measure-verdict', HTMLElement);
const offers = byId('offers', HTMLElement);
const file = byId('file', HTMLAnchorElement);
const link = byId('link', HTMLButtonElement);
const pullRequest = byId('pull-request', HTMLElement);
const copyText = byId('copy-text', HTMLButtonElement);
const github = byId('github', HTMLAnchorElement);

let stopping = new AbortController();
let measured: DeviceReport | undefined;

/** Where the demo's model lies, and package.json's repository, which the build puts here. */
const home = new URL('../', location.href);
const repository: unknown = import.meta.env.REPOSITORY;

async function copyLink(): Promise<void> {
  if (measured === undefined) return;
  try {
    const fragment = await reportFragment(measured);
    await copy(new URL(fragment, location.href).href, link);
  } catch (error) {
    setVerdict(verdict, 'partial', error instanceof Error ? error.message : String(error));
  }
}

function offer(report: DeviceReport): void {
  const row = rowOf(report, EXPECTED);
  const known = typeof repository === 'string' ? [repository] : [];
  const { text, path, address } = pullRequestOf(report, row, ...known);
  URL.revokeObjectURL(file.href);
  const blob = new Blob([`${deviceReportText(report)}\n`], { type: 'application/json' });
  file.href = URL.createObjectURL(blob);
  file.download = fileNameOf(report);
  setText(byId('file-place', HTMLElement), path);
  setText(pullRequest, text);
  github.hidden = address === undefined;
  if (address !== undefined) github.href = address;
  const { state, text: said } = summaryOf([row]);
  const failures = Object.values(report.cases ?? {}).some((tally) => tally.good < tally.ran);
  if (failures) setVerdict(verdict, 'differs', `different: operator cases: ${row.cases}`);
  else setVerdict(verdict, state, report.gate === null ? `${said}. ${row.gate}` : said);
  verdict.hidden = false;
  offers.hidden = false;
}

/** Measures this device. @returns its report; undefined if that was stopped or failed, which the page then says */
async function measureHere(): Promise<DeviceReport | undefined> {
  start.disabled = true;
  stop.hidden = false;
  progress.hidden = false;
  verdict.hidden = true;
  stopping = new AbortController();
  const { signal } = stopping;
  try {
    const { measureDevice } = await import('../measure.ts');
    const prefixes = new URLSearchParams(location.search).get('cases')?.split(',') ?? [];
    return await measureDevice({
      models: [await bundledModel(home)],
      cases: withCases.checked ? prefixes : undefined,
      signal,
      onProgress: (step, done, total) => {
        bar.max = total;
        bar.value = done;
        setText(at, total > 1 ? `${step}: ${done} of ${total}` : step);
      },
    });
  } catch (error) {
    if (signal.aborted) setVerdict(verdict, 'partial', 'stopped by the visitor');
    else setVerdict(verdict, 'differs', error instanceof Error ? error.message : String(error));
    verdict.hidden = false;
    return undefined;
  } finally {
    stop.hidden = true;
    progress.hidden = true;
    start.disabled = false;
  }
}

/** Connects the section; `show` puts a report among the rows. */
export function offerMeasuring(show: (report: DeviceReport) => void): void {
  const press = async (): Promise<void> => {
    const report = await measureHere();
    if (report === undefined) return;
    measured = report;
    offer(report);
    show(report);
  };
  start.addEventListener('click', () => void press());
  stop.addEventListener('click', () => stopping.abort());
  link.addEventListener('click', () => void copyLink());
  copyText.addEventListener('click', () => void copy(pullRequest.textContent, copyText));
}
