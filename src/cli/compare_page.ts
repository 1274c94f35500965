// The report of `isobit compare` as one page that needs nothing else: no script, no network, plots as SVG in the text. Light
// or dark as the reader's system is; tables and plots scroll by themselves on narrow screens; what a plot shows stands in a
// table too. Names come from model files: every text is escaped. The plots are plain SVG, since a library that draws to a
// string without a DOM would be many times larger than they are.

import type { CompareDocument, Measure, NodeReport } from './compare_report.ts';
import { binLabel } from '../jobs/distance.ts';
import { addedUlps } from './compare_report.ts';
import {
  apartText,
  leftOutLines,
  ratioText,
  shareText,
  short,
  titleOf,
  toleranceText,
  verdictLines,
} from './compare_text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/** Text for HTML, within elements and quoted attributes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #5b6570; --line: #d3d9e0; --one: #0b62c4; --two: #c2410c; --bad: #b91c1c; --good: #15803d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14171a; --soft: #9aa5b1; --line: #363d45; --one: #6cb0ff; --two: #ffa066; --bad: #ff8b8b; --good: #6ddc8b; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1, h2 { overflow-wrap: anywhere; } h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; } .wide > svg { min-width: 36rem; width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-size: .875rem; } caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: nowrap; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } td.name { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 4px solid var(--line); padding-left: .75rem; font-size: .875rem; }
pre.bad { border-color: var(--bad); } pre.good { border-color: var(--good); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } svg .axis { stroke: var(--line); } svg .limit { stroke: var(--bad); stroke-dasharray: 4 3; }
svg .one { fill: var(--one); } svg .two { fill: var(--two); } svg.small { width: 8rem; height: 1.5rem; }
`;

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 56;
const BOTTOM = 44;
const TOP = 24;

const fixed = (value: number): string => String(Number(value.toFixed(1)));

function svg(title: string, body: string): string {
  return `<div class="wide" role="region" tabindex="0" aria-label="${escaped(title)}"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${body}</svg></div>`;
}

const text = (x: number, y: number, content: string, anchor = 'middle'): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;

const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"/>`;

const log10 = (value: number): number => Math.log10(value);

/** Two histograms of ulp distances side by side, counts on a logarithmic axis. */
export function histogramPlot(
  title: string,
  accumulated: readonly number[] | null,
  introduced: readonly number[] | null,
): string {
  const [first, second] = [accumulated ?? [], introduced ?? []];
  const bins = Math.max(first.length, second.length, 1);
  const decades = Math.max(1, Math.ceil(log10(Math.max(1, ...first, ...second))));
  const [width, height] = [(WIDTH - LEFT) / bins, HEIGHT - BOTTOM - TOP];
  // One element is a bar too.
  const heightOf = (count: number): number =>
    count === 0 ? 0 : (height * (log10(count) + 0.3)) / (decades + 0.3);
  const bar = (kind: string, bin: number, count: number, offset: number): string => {
    const tall = heightOf(count);
    const label = `${kind === 'one' ? 'accumulated' : 'introduced'}, ${binLabel(bin)} ulp: ${count}`;
    return count === 0
      ? ''
      : `<rect class="${kind}" x="${fixed(LEFT + (bin + offset) * width)}" y="${fixed(TOP + height - tall)}" width="${fixed(width * 0.38)}" height="${fixed(tall)}"><title>${label}</title></rect>`;
  };
  const bars = Array.from(
    { length: bins },
    (_, bin) => bar('one', bin, first[bin] ?? 0, 0.1) + bar('two', bin, second[bin] ?? 0, 0.5),
  );
  const step = Math.ceil(bins / 10);
  const labels = Array.from({ length: bins }, (_, bin) =>
    bin % step === 0
      ? text(LEFT + (bin + 0.5) * width, HEIGHT - 26, short(bin < 2 ? bin : 2 ** (bin - 1)))
      : '',
  );
  const ticks = Array.from({ length: decades + 1 }, (_, i) => {
    const y = TOP + height - heightOf(10 ** i);
    return line('axis', LEFT, y, WIDTH, y) + text(LEFT - 6, y + 4, short(10 ** i), 'end');
  });
  const legend = `<rect class="one" x="${LEFT}" y="4" width="12" height="12"/>${text(LEFT + 18, 14, 'accumulated', 'start')}<rect class="two" x="${LEFT + 120}" y="4" width="12" height="12"/>${text(LEFT + 138, 14, 'introduced', 'start')}`;
  const axis = text((WIDTH + LEFT) / 2, HEIGHT - 6, 'ulps apart, from');
  return svg(title, [...ticks, ...bars, ...labels, legend, axis].join(''));
}

/** Tolerances of every node, in the file's order: what has accumulated and what it introduces. */
export function coursePlot(nodes: readonly NodeReport[]): string {
  const ratioOf = (measure: Measure | null): number | undefined =>
    measure === null || measure.ratio === 0
      ? undefined
      : (measure.ratio ?? (measure.within ? undefined : Infinity));
  const known = nodes
    .flatMap((node) => [ratioOf(node.accumulated), ratioOf(node.introduced)])
    .filter((ratio) => ratio !== undefined && Number.isFinite(ratio));
  const exponents = known.map((ratio) => log10(ratio ?? 1));
  const low = Math.floor(Math.min(-1, ...exponents));
  const high = Math.ceil(Math.max(1, ...exponents));
  const height = HEIGHT - BOTTOM - TOP;
  const yOf = (ratio: number): number =>
    TOP + (height * (high - Math.min(high, log10(ratio)))) / (high - low);
  const xOf = (index: number): number =>
    LEFT + 8 + ((WIDTH - LEFT - 16) * index) / Math.max(1, nodes.length - 1);
  const step = Math.ceil((high - low) / 8);
  const ticks: string[] = [];
  for (let at = low; at <= high; at += step) {
    const y = yOf(10 ** at);
    ticks.push(line('axis', LEFT, y, WIDTH, y), text(LEFT - 6, y + 4, `1e${at}`, 'end'));
  }
  const numberOf = (ratio: number): string => (Number.isFinite(ratio) ? short(ratio) : 'beyond');
  const points = nodes.map((node) => {
    const [one, two] = [ratioOf(node.accumulated), ratioOf(node.introduced)];
    const x = xOf(node.index);
    const name = escaped(titleOf(node));
    const circle =
      one === undefined
        ? ''
        : `<circle class="one" cx="${fixed(x)}" cy="${fixed(yOf(one))}" r="3"><title>${name}: accumulated ${numberOf(one)}</title></circle>`;
    const y = two === undefined ? 0 : yOf(two);
    const diamond =
      two === undefined
        ? ''
        : `<path class="two" d="M${fixed(x)} ${fixed(y - 5)}l5 5l-5 5l-5-5z"><title>${name}: introduced ${numberOf(two)}</title></path>`;
    return circle + diamond;
  });
  const legend = `<circle class="one" cx="${LEFT + 6}" cy="10" r="4"/>${text(LEFT + 18, 14, 'accumulated', 'start')}<path class="two" d="M${LEFT + 126} 5l5 5l-5 5l-5-5z"/>${text(LEFT + 138, 14, 'introduced', 'start')}`;
  const axis = text(
    (WIDTH + LEFT) / 2,
    HEIGHT - 6,
    `nodes in the file's order, 0 to ${nodes.length - 1}`,
  );
  const title = 'Tolerances of every node that differs; the dashed line is the tolerance';
  const limit = line('limit', LEFT, yOf(1), WIDTH, yOf(1));
  return svg(title, [...ticks, limit, ...points, legend, axis].join(''));
}

/** A histogram as a word in a table. */
function smallHistogram(ulps: readonly number[] | null): string {
  if (ulps === null) return '';
  const top = Math.max(1, ...ulps.map((count) => log10(count + 1)));
  const width = 100 / Math.max(ulps.length, 8);
  const bars = ulps.map((count, bin) => {
    if (count === 0) return '';
    const tall = (20 * log10(count + 1)) / top;
    return `<rect class="two" x="${fixed(bin * width)}" y="${fixed(20 - tall)}" width="${fixed(width * 0.8)}" height="${fixed(tall)}"/>`;
  });
  return `<svg class="small" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">${bars.join('')}</svg>`;
}

type Cell = { text: string; kind?: 'n' | 'name' } | { html: string };

function tableOf(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const cell = (one: Cell): string =>
    'html' in one
      ? `<td>${one.html}</td>`
      : `<td${one.kind === undefined ? '' : ` class="${one.kind}"`}>${escaped(one.text)}</td>`;
  const titles = head.map((title) => `<th scope="col">${escaped(title)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `<div class="wide" role="region" tabindex="0" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption><thead><tr>${titles}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

const number = (content: string): Cell => ({ text: content, kind: 'n' });

const measureCells = (measure: Measure | null): Cell[] =>
  measure === null
    ? ['-', '-', '-', '-', '-'].map(number)
    : [
        number(ratioText(measure)),
        number(short(measure.max_ulp)),
        number(short(measure.max_abs)),
        number(short(measure.max_rel)),
        number(shareText(measure)),
      ];

const MEASURES = ['tolerances', 'max ulp', 'max abs', 'max rel', 'differ'];

function nodeTable(caption: string, nodes: readonly NodeReport[]): string {
  const rows = nodes.map((node): Cell[] => [
    ...[number(String(node.index)), { text: node.operator }],
    { text: node.node, kind: 'name' as const },
    ...[...measureCells(node.introduced), { html: smallHistogram(node.introduced?.ulps ?? null) }],
    { text: node.introduced === null ? '' : apartText(node.introduced), kind: 'name' as const },
    ...measureCells(node.accumulated),
  ]);
  const head = [
    ...['no.', 'operator', 'node', ...MEASURES, 'ulps', 'apart'],
    ...MEASURES.map((title) => `accumulated ${title}`),
  ];
  return tableOf(caption, head, rows);
}

/** The report as a page. */
export function comparePage(document: CompareDocument): string {
  const { model, guest, tolerance, within, nodes, ranking, operators, first } = document;
  const all = (kind: 'accumulated' | 'introduced') =>
    addedUlps(nodes.map((node) => node[kind]?.ulps ?? null));
  const ranked = ranking.flatMap((index) => nodes[index] ?? []);
  const at = first.introduced ?? first.accumulated;
  const named = at === null ? undefined : nodes[at];
  const rows = operators.map((row): Cell[] => [
    ...[{ text: row.operator }, number(String(row.nodes)), number(String(row.beyond))],
    ...[...measureCells(row.introduced), { html: smallHistogram(row.introduced.ulps) }],
  ]);
  const left = leftOutLines(document);
  const title = `${model} in ${guest.name} ${guest.version}`;
  const where = guest.adapter === 'none' ? guest.stack : `${guest.stack} (${guest.adapter})`;
  const file = guest.model === undefined ? '' : `, its file ${guest.model}`;
  const optimised = guest.optimised ? ', optimised' : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}: isobit compare</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main>
<h1>${escaped(title)}</h1>
<p>${escaped(`${where}${file}${optimised}. Tolerance: ${toleranceText(tolerance)}.`)}</p>
<pre class="${within ? 'good' : 'bad'}">${escaped(verdictLines(document).join('\n'))}</pre>
<h2>Along the model</h2>
${coursePlot(nodes)}
<h2>Ulps of all elements</h2>
${histogramPlot('Elements by their distance in ulps, all values', all('accumulated'), all('introduced'))}
${
  named === undefined
    ? ''
    : `<h2>${escaped(titleOf(named))}</h2>
${histogramPlot(`Elements by their distance in ulps, ${titleOf(named)}`, named.accumulated?.ulps ?? null, named.introduced?.ulps ?? null)}`
}
<h2>Nodes by what they introduce</h2>
${ranked.length === 0 ? '<p>No node alone differs.</p>' : nodeTable('Nodes that differ alone, fed with our values, the worst first', ranked)}
<h2>Operators by what their nodes introduce</h2>
${tableOf('Over the nodes that were measured alone', ['operator', 'nodes', 'beyond', ...MEASURES, 'ulps'], rows)}
<h2>All nodes</h2>
<details><summary>${nodes.length} nodes in the file's order</summary>
${nodeTable("All nodes in the file's order", nodes)}
</details>
${left.length === 0 ? '' : `<h2>Beside this</h2>\n<ul>${left.map((one) => `<li>${escaped(one)}</li>`).join('\n')}</ul>`}
</main></body></html>
`;
}
