// "This device's GPU": the device gate's report in one line, every finding below it. The gate runs once, after the first
// picture, on a device of its own. It promises a line in any case: where there is no GPU, why.
import { DeviceError, probe, type Probe } from '../src/index.ts';
import { byId, element, setText, setVerdict } from './elements.ts';
import type { Verdict } from './judge.ts';
import { absence } from './paths.ts';

const TEXTS: Readonly<Record<Probe['verdict'], Verdict>> = {
  full: { state: 'same', text: 'full: it computes as the library needs it' },
  reduced: {
    state: 'partial',
    text: 'reduced: its floats differ, so the library computes in integers here, with the same bits',
  },
  refused: {
    state: 'differs',
    text: 'refused: its integers or copies are wrong, so the library does not use it',
  },
};

/** The verdict as the page says it. */
export function verdictOf({ verdict }: Probe): Verdict {
  return TEXTS[verdict];
}

/** `google swiftshader · 0 of 29 findings differ · 521 ms`; what is only information does not differ. */
export function probeText({ adapter, findings, milliseconds }: Probe): string {
  const differing = findings.filter((one) => one.outcome === 'differs').length;
  const count = `${differing} of ${findings.length} findings differ`;
  return [adapter, count, `${Math.round(milliseconds)} ms`].join(' · ');
}

function show(report: Probe): void {
  const { state, text } = verdictOf(report);
  setVerdict(byId('device-verdict', HTMLElement), state, text);
  setText(byId('device-about', HTMLElement), probeText(report));
  const rows = report.findings.map(({ name, outcome, detail }) => {
    const head = element('th', '', name);
    head.scope = 'row';
    const differs = outcome === 'differs' ? 'differs' : '';
    return element('tr', differs, head, element('td', '', outcome), element('td', '', detail));
  });
  byId('finding-rows', HTMLElement).replaceChildren(...rows);
  const details = byId('findings', HTMLDetailsElement);
  details.hidden = false;
  details.open = state !== 'same';
}

/** Puts the visitor's GPU through the gate and shows the report, or why there is none. */
export async function showDevice(): Promise<void> {
  try {
    show(await probe());
  } catch (error) {
    const absent = error instanceof DeviceError && ['adapter', 'device'].includes(error.stage);
    const why = absent ? absence(error) : error instanceof Error ? error.message : String(error);
    const state = absent ? 'partial' : 'differs';
    setVerdict(byId('device-verdict', HTMLElement), state, `no verdict: ${why}`);
  }
}
