// The page of a bundle for device farms (`isobit matrix --bundle`): opened, it runs the bundle's models and the operator
// cases on WebAssembly and WebGPU, shows what came out, and leaves it for machines: the report as #report, the verdict as
// #verdict, both JSON, `isobitReport` and `isobitVerdict`, and the verdict as the document's title. The address narrows
// cases (?cases=conv/,softmax/ or ?cases=none) and says where the report goes (?report=URL); else nothing is sent.
import { BUNDLE_FILE, bundleOf, type BundleDocument } from '../../src/cli/farm/form.ts';
import { judgeReport, type FarmVerdict } from '../../src/cli/farm/judge.ts';
import { deviceReportText } from '../../src/evidence/device_report.ts';
import { Tensor, type DeviceReport, type DType } from '../../src/index.ts';
import { byId, element, setText } from '../elements.ts';
import { measureDevice, type MeasuredModel } from '../measure.ts';

const state = byId('state', HTMLElement);
const bar = byId('bar', HTMLProgressElement);
const parameters = new URLSearchParams(location.search);

/** The address of a path of the bundle. */
const addressOf = (path: string): URL =>
  new URL(path.split('/').map(encodeURIComponent).join('/'), document.baseURI);

async function fetched(path: string): Promise<Response> {
  const response = await fetch(addressOf(path));
  if (!response.ok) throw new Error(`${path}: expected HTTP status 200, got ${response.status}.`);
  return response;
}

const readBundle = async (): Promise<BundleDocument> =>
  bundleOf(await (await fetched(BUNDLE_FILE)).json());

async function toMeasure({
  name,
  file,
  feeds,
}: BundleDocument['models'][number]): Promise<MeasuredModel> {
  const tensors: Record<string, Tensor> = {};
  for (const feed of feeds) {
    const bytes = new Uint8Array(await (await fetched(feed.path)).arrayBuffer());
    tensors[feed.name] = Tensor.ofBytes(feed.dtype as DType, bytes, feed.dims);
  }
  return { name, source: addressOf(file), feeds: tensors };
}

/** The prefixes of the address; undefined for no cases at all. */
function wantedCases(): string[] | undefined {
  const asked = parameters.get('cases');
  if (asked === 'none') return undefined;
  return asked === null ? [] : asked.split(',');
}

const TITLES: Readonly<Record<FarmVerdict['verdict'], string>> = {
  identical: 'identical on WebAssembly and WebGPU',
  'wasm-only': 'identical on WebAssembly; WebGPU was not there',
  differs: 'DIFFERS',
  failed: 'failed',
};

function leave(name: string, text: string): void {
  const script = element('script');
  script.type = 'application/json';
  script.id = name;
  // Markup inside of it would end it.
  script.textContent = text.replaceAll('<', '\\u003c');
  document.body.append(script);
}

/** What the page holds from now on; the title comes last, so that who waits for it finds the rest. */
function publish(verdict: FarmVerdict, report: DeviceReport | undefined): void {
  if (report !== undefined) leave('report', deviceReportText(report));
  leave('verdict', JSON.stringify(verdict));
  Object.assign(globalThis, { isobitReport: report, isobitVerdict: verdict });
  const why = verdict.error ?? report?.withoutGate;
  setText(state, `${TITLES[verdict.verdict]}${why === undefined ? '' : `: ${why}`}`);
  bar.hidden = true;
  document.title = `isobit: ${verdict.verdict}`;
}

function show({ runs }: FarmVerdict, { cases }: DeviceReport): void {
  const rows = runs.map(({ name, backend, verdict, expected, got }) => {
    const digest = element('td', '', element('code', '', got));
    if (verdict === 'differs') digest.append(' expected ', element('code', '', expected));
    const texts = [name, backend, verdict].map((text) => element('td', '', text));
    return element('tr', verdict, ...texts, digest);
  });
  byId('runs', HTMLElement).replaceChildren(...rows);
  const lines = Object.entries(cases ?? {}).map(
    ([backend, { ran, good }]) => `${good} of ${ran} operator cases are identical on ${backend}`,
  );
  setText(byId('cases', HTMLElement), lines.join('; '));
}

/** Posts the report and says how that went; never throws. */
async function send(report: DeviceReport): Promise<void> {
  const target = parameters.get('report');
  if (target === null) return;
  const sent = byId('sent', HTMLElement);
  try {
    const url = new URL(target, document.baseURI);
    if (!/^https?:$/.test(url.protocol))
      throw new Error(`expected http or https, got ${url.protocol}`);
    const headers = { 'Content-Type': 'application/json' };
    const body = deviceReportText(report);
    const response = await fetch(url, { method: 'POST', headers, body });
    const answer = (await response.text()).slice(0, 500);
    if (!response.ok) throw new Error(`HTTP status ${response.status}: ${answer}`);
    setText(sent, `Report sent: ${answer}`);
    document.documentElement.dataset['report'] = 'sent';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    setText(sent, `Report NOT sent to ${target}: ${why}`);
    document.documentElement.dataset['report'] = 'not sent';
  }
}

async function main(): Promise<void> {
  const bundle = await readBundle();
  const models = await Promise.all(bundle.models.map(toMeasure));
  const report = await measureDevice({
    models,
    cases: wantedCases(),
    onProgress: (step, done, total) => {
      setText(state, `${step}: ${done} of ${total}`);
      bar.max = Math.max(total, 1);
      bar.value = done;
    },
  });
  const expected = new Map(bundle.models.map(({ name, digest }) => [name, digest]));
  const verdict = judgeReport(report, ({ name }) => expected.get(name));
  show(verdict, report);
  await send(report);
  publish(verdict, report);
}

main().catch((error: unknown) => {
  const why = error instanceof Error ? error.message : String(error);
  publish({ verdict: 'failed', runs: [], casesDiffering: 0, error: why }, undefined);
});
