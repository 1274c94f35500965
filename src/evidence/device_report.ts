// Device reports: read from text, written as text, named as files. The text is canonical JSON and, since it is a file that
// people put into repositories, at most one line feed after it. Reading says whether a report is well-formed and does not
// contradict itself; whether it is true, nobody can say who has no such device.
import { canonicalText, type Json } from './canonical.ts';
import type { CaseTally, DeviceGate, DeviceReport, DeviceRun } from './device_report_types.ts';
import schema from './device_report.schema.json';
import { DocumentForm } from './document.ts';

/** A text longer than this is no device report. */
const MOST_CHARACTERS = 1 << 20;

/** As many failing cases of a backend as a report names; its counts are of all. */
export const MOST_FAILURES = 100;

/** As many characters of one text as a report holds. */
const MOST_OF_A_TEXT = 1000;

/** A device report that cannot be taken, and why. */
export class DeviceReportError extends Error {
  override name = 'DeviceReportError';
}

const form = new DocumentForm(
  schema,
  MOST_CHARACTERS,
  (why, cause) => new DeviceReportError(`device report: ${why}`, { cause }),
);

const refuse = (what: string, expected: string, got: string): never => {
  throw new DeviceReportError(`device report: ${what}: expected ${expected}, got ${got}.`);
};

/** What kernels run on where the gate said this: the library's rule (docs/NUMERICS.md, B7). */
export function rungOf(gate: Pick<DeviceGate, 'verdict'> | null): DeviceReport['rung'] {
  if (gate === null || gate.verdict === 'refused') return 'reference';
  return gate.verdict === 'full' ? 'full' : 'soft';
}

/** A text of any length as a report may hold it: the beginning of a longer one. */
export function briefText(text: string): string {
  if (text.length <= MOST_OF_A_TEXT) return text;
  // Not between the halves of a character.
  const cut = text.slice(0, MOST_OF_A_TEXT - 1).replace(/[\ud800-\udbff]$/, '');
  return `${cut}…`;
}

function checkDate(date: string): void {
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) {
    refuse('date', 'a day of the calendar', date);
  }
}

function checkRun({ name, backend, digest, ms, error }: DeviceRun): void {
  const what = `models: ${name} on ${backend}`;
  if (digest === null && error === undefined) refuse(what, 'a digest or an error', 'neither');
  if (digest !== null && error !== undefined) refuse(what, 'a digest or an error', 'both');
  if ((digest === null) !== (ms === null)) {
    refuse(`${what}: ms`, 'a time exactly where there is a digest', String(ms));
  }
}

function checkTally(backend: string, { ran, good, byReference, failures }: CaseTally): void {
  const what = `cases: ${backend}`;
  if (good > ran) refuse(`${what}: good`, `at most the ${ran} that ran`, String(good));
  if (byReference > ran) {
    refuse(`${what}: byReference`, `at most the ${ran} that ran`, String(byReference));
  }
  const named = Math.min(ran - good, MOST_FAILURES);
  if (failures.length !== named) {
    refuse(`${what}: failures`, `${named}, since ${good} of ${ran} are good`, `${failures.length}`);
  }
}

/** What a schema cannot say. */
function checkSense(report: DeviceReport): void {
  const { date, gate, withoutGate, rung, models, cases } = report;
  checkDate(date);
  if ((gate === null) !== (withoutGate !== undefined)) {
    refuse('withoutGate', 'a reason exactly where gate is null', withoutGate ?? 'none');
  }
  if (rung !== rungOf(gate)) {
    refuse('rung', `${rungOf(gate)} after the gate's verdict ${gate?.verdict ?? 'null'}`, rung);
  }
  const seen = new Set<string>();
  for (const run of models) {
    checkRun(run);
    const key = JSON.stringify([run.name, run.backend]);
    if (seen.has(key)) refuse(`models: ${run.name} on ${run.backend}`, 'one run', 'two');
    seen.add(key);
  }
  if (cases?.wasm !== undefined) checkTally('wasm', cases.wasm);
  if (cases?.webgpu !== undefined) checkTally('webgpu', cases.webgpu);
}

/** @throws DeviceReportError saying what is wrong with the text */
export function readDeviceReport(text: string): DeviceReport {
  const document = form.parse(text);
  const canonical = form.tried('not canonical: ', () => canonicalText(document));
  if (text !== canonical && text !== `${canonical}\n`) {
    throw new DeviceReportError(
      'device report: not canonical: expected the text of RFC 8785 (members in order, no white space, none twice), got another of the same document. Take the file as it was made.',
    );
  }
  form.check(document);
  const report = document as unknown as DeviceReport;
  checkSense(report);
  return report;
}

/** The text of a report, without a line feed. @throws DeviceReportError for what readDeviceReport would refuse */
export function deviceReportText(report: DeviceReport): string {
  const text = form.tried('not canonical: ', () => canonicalText(report as unknown as Json));
  readDeviceReport(text);
  return text;
}

/** Lower-case words with a dash between them; what stands in brackets is versions of drivers. */
function slug(parts: readonly string[]): string {
  const words = parts
    .map((part) => part.replace(/\(.*?\)/g, ' '))
    .join(' ')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return [...new Set(words)].join('-').slice(0, 100).replace(/-$/, '');
}

/**
 * The name of a report's file: GPU, browser, system and processor, none of their versions, so that a device that is measured
 * again replaces its file.
 */
export function fileNameOf({ claims }: DeviceReport): string {
  const { gpu, browser, system, processor = '' } = claims;
  const named = gpu === undefined ? 'wasm' : `${gpu.vendor} ${gpu.architecture}`.trim();
  const what = named === '' ? (gpu?.name ?? '') || 'unnamed gpu' : named;
  return `${slug([what, browser.name, system, processor])}.json`;
}
