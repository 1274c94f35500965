// The wall as a table: a group a vendor of GPUs, a row a device, a line below it with all that its report says. Agreement is
// a sign and a word, never colour alone. The rows' texts are rows.ts's. Roles are spelled out, because on a phone the
// table's boxes are no table's, and some browsers then forget what it is.
import type { CaseTally } from '../../src/evidence/device_report_types.ts';
import { element, digestText } from '../elements.ts';
import {
  gpuName,
  grouped,
  millisecondsText,
  TITLES,
  WORDS,
  type Row,
  type RowRun,
} from './rows.ts';

/** Where a row comes from, where it is not the repository. */
export type Tag = 'this device' | 'from the link';

export interface TaggedRow extends Row {
  readonly tag?: Tag;
}

const COLUMNS = ['Browser', 'System', 'WebAssembly', 'WebGPU', 'Rung', 'Gate', 'Cases', 'Report'];

const SIGNS = { same: '✓', differs: '≠', failed: '!', other: '?' } as const;

function roled<T extends HTMLElement>(made: T, role: string): T {
  made.setAttribute('role', role);
  return made;
}

/** A cell that knows its column's name, for phones. */
function cell(column: string, ...children: (string | Node)[]): HTMLElement {
  const made = roled(element('td', '', ...children), 'cell');
  made.dataset['column'] = column;
  return made;
}

function runLine({ name, state, digest, ms }: RowRun, isNamed: boolean): HTMLElement {
  const sign = element('span', `mark ${state}`, SIGNS[state]);
  sign.setAttribute('aria-hidden', 'true');
  const words = [isNamed ? `${name}: ` : '', WORDS[state]].join('');
  const line = element('p', `run ${state}`, sign, ' ', element('span', '', words));
  if (digest !== undefined) line.append(' ', element('code', '', `${digest.slice(0, 8)}…`));
  if (ms !== undefined) line.append(' ', element('span', 'quiet time', millisecondsText(ms)));
  return line;
}

function runsCell(row: Row, backend: 'wasm' | 'webgpu'): HTMLElement {
  const runs = row.runs.filter((run) => run.backend === backend);
  if (runs.length === 0) return cell(TITLES[backend], element('span', 'quiet', 'not run'));
  return cell(TITLES[backend], ...runs.map((run) => runLine(run, runs.length > 1)));
}

function list(title: string, items: readonly (string | Node)[]): HTMLElement[] {
  if (items.length === 0) return [];
  const made = element('ul', 'facts', ...items.map((item) => element('li', '', item)));
  return [element('h4', '', title), made];
}

function failuresOf(title: string, tally: CaseTally | undefined): HTMLElement[] {
  const items = (tally?.failures ?? []).map(
    ({ id, expected, got }) => `${id}: expected ${expected}, got ${got}`,
  );
  return list(`Cases that differ on ${title}`, items);
}

function findingsOf({ report: { gate } }: Row): HTMLElement[] {
  if (gate === null) return [];
  const findings = gate.findings.map(({ name, outcome, detail }) => {
    const line = element('span', outcome === 'differs' ? 'differing' : '');
    line.append(element('b', '', name), ` ${outcome}`, element('span', 'quiet', ` ${detail}`));
    return line;
  });
  const limits = Object.entries(gate.limits).map(([name, value]) => `${name} ${value}`);
  return [...list('What the gate found', findings), ...list('Limits', limits)];
}

/** All that a report says. */
function details(row: Row): HTMLElement {
  const { report, runs, gate } = row;
  const { claims, library, contract, core, cases, seconds } = report;
  const digests = runs.map((run) => {
    const line = element('span', '', `${run.name} on ${TITLES[run.backend]}: ${WORDS[run.state]}`);
    if (run.digest !== undefined) line.append(digestText(run.digest));
    for (const remark of run.remarks) line.append(element('span', 'quiet', ` ${remark}`));
    return line;
  });
  const made = [
    `isobit ${library}, contract ${contract.id} ${contract.version}`,
    `core ${core['core'] ?? ''}`,
    ...(claims.stack === undefined ? [] : [`stack ${claims.stack} of isobit stacks`]),
    `measured in ${seconds} s`,
  ];
  return element(
    'div',
    'details',
    ...list('Digests', digests),
    ...list('Claimed, and proved by nobody', [
      gpuName(report),
      `${claims.browser.name} ${claims.browser.version}, ${claims.engine}`,
      [claims.system, claims.processor ?? 'processor not told'].join(', '),
    ]),
    ...list('Gate', [gate]),
    ...findingsOf(row),
    ...failuresOf(TITLES.wasm, cases?.wasm),
    ...failuresOf(TITLES.webgpu, cases?.webgpu),
    ...list('Made by', made),
  );
}

/** A device's row, and the one below it that its button opens. */
function rowElements(row: TaggedRow, id: string): HTMLElement[] {
  const { report, gate, cases, tag } = row;
  const { claims, rung, date } = report;
  const head = roled(element('th'), 'rowheader');
  head.scope = 'row';
  head.append(element('b', '', `${claims.browser.name} ${claims.browser.version}`));
  if (tag !== undefined) head.append(' ', element('span', 'tag', tag));
  head.append(
    element('span', 'quiet under', claims.gpu === undefined ? claims.engine : gpuName(report)),
  );
  const more = roled(element('tr', 'more'), 'row');
  more.id = id;
  more.hidden = true;
  const button = element('button', 'small', 'Details');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-controls', id);
  button.setAttribute('aria-label', `Details of ${claims.browser.name}, ${gpuName(report)}`);
  button.addEventListener('click', () => {
    if (more.hidden) more.firstElementChild?.replaceChildren(details(row));
    more.hidden = !more.hidden;
    button.setAttribute('aria-expanded', String(!more.hidden));
  });
  const wide = roled(element('td'), 'cell');
  wide.colSpan = COLUMNS.length;
  more.append(wide);
  const system = [claims.system, claims.processor].filter((one) => one !== undefined).join(', ');
  const differs = row.runs.some(({ state }) => state === 'differs');
  const line = roled(
    element(
      'tr',
      [differs ? 'differs' : '', tag === undefined ? '' : 'tagged'].join(' ').trim(),
      head,
      cell('System', system),
      runsCell(row, 'wasm'),
      runsCell(row, 'webgpu'),
      cell('Rung', rung),
      cell('Gate', report.gate === null ? element('span', 'quiet', 'none') : gate),
      cell('Cases', report.cases === null ? element('span', 'quiet', 'not run') : cases),
      cell('Report', element('span', 'quiet', date), ' ', button),
    ),
    'row',
  );
  return [line, more];
}

/** The whole table. */
export function tableOf(rows: readonly TaggedRow[]): HTMLTableElement {
  const headings = COLUMNS.map((name) => {
    const made = roled(element('th', '', name), 'columnheader');
    made.scope = 'col';
    return made;
  });
  const head = roled(
    element('thead', '', roled(element('tr', '', ...headings), 'row')),
    'rowgroup',
  );
  let count = 0;
  const bodies = grouped(rows).map(([group, all]) => {
    const title = roled(element('th', 'group', group), 'rowheader');
    title.scope = 'rowgroup';
    title.colSpan = COLUMNS.length;
    const body = element('tbody', '', roled(element('tr', '', title), 'row'));
    for (const row of all) body.append(...rowElements(row, `more-${(count += 1)}`));
    return roled(body, 'rowgroup');
  });
  const caption = element('caption', '', 'Devices that were measured, by the vendor of their GPU');
  return roled(element('table', 'wall', caption, head, ...bodies), 'table');
}
