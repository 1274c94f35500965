// The report of `isobit compare` for a terminal: the verdict, the node that is named, the worst nodes, the operators, and
// what was left out, with the reasons. All of it is in the document too, in full.

import { binLabel } from '../jobs/distance.ts';
import type { CompareTolerance } from '../jobs/distance.ts';
import type { CompareDocument, Measure, NodeReport } from './compare_report.ts';
import { table } from './output.ts';

/** How many nodes the terminal lists. */
const LISTED = 10;

/** A number with three digits that count, short. */
export function short(value: number | null): string {
  if (value === null) return '-';
  if (value === 0) return '0';
  if (Number.isInteger(value) && value < 1e6) return String(value);
  return value >= 0.001 && value < 1e6
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);
}

/** Tolerances; `beyond` where there is no number. */
export const ratioText = ({ ratio, within }: Measure): string =>
  ratio !== null ? short(ratio) : within ? '-' : 'beyond';

/** `3.1 %` of the elements differ. */
export const shareText = ({ differing, size }: Measure): string =>
  differing === 0 ? '0' : `${short((100 * differing) / Math.max(1, size))} %`;

export function toleranceText({ rtol, atol, ulp }: CompareTolerance): string {
  const near = rtol === 0 && atol === 0 ? '' : `|guest - ours| <= ${atol} + ${rtol} |ours|, or `;
  return `${near}at most ${ulp} ulp apart; 8-bit integers at most ${ulp} apart, all others equal`;
}

/** What counts beside numbers: `2 NaN, 1 infinity, 5 zeros of another sign`. */
export function apartText({ nan, infinite, zeros, kinds }: Measure): string {
  const parts = [
    ...(nan > 0 ? [`${nan} with NaN on one side`] : []),
    ...(infinite > 0 ? [`${infinite} with an infinity on one side`] : []),
    ...(zeros > 0 ? [`${zeros} zeros of another sign`] : []),
    ...kinds.map((kind) => `another type or shape: ${kind}`),
  ];
  return parts.join(', ');
}

/** `Conv 'conv1' (node 3)` */
export const titleOf = ({ operator, node, index }: NodeReport): string =>
  `${operator} '${node}' (node ${index})`;

/** From this place on a line of a terminal has one number for all: 4096 ulps and more. */
const LAST_BIN = 13;

/** A histogram on one line: `0: 812, 1: 40, 2-3: 3`. */
export function histogramText(ulps: readonly number[] | null): string {
  const all = ulps ?? [];
  const far = all.slice(LAST_BIN).reduce((sum, count) => sum + count, 0);
  const parts = all
    .slice(0, LAST_BIN)
    .map((count, bin) => (count > 0 ? `${binLabel(bin)}: ${count}` : ''));
  if (far > 0) parts.push(`${2 ** (LAST_BIN - 1)} and more: ${far}`);
  return parts.filter((part) => part !== '').join(', ');
}

function measureLines(title: string, measure: Measure): string[] {
  const { max_abs, max_rel, max_ulp, beyond, size, ulps } = measure;
  const apart = apartText(measure);
  return [
    `  ${title}: ${beyond} of ${size} elements beyond, tolerances ${ratioText(measure)}, max abs ${short(max_abs)}, max rel ${short(max_rel)}, max ulp ${short(max_ulp)}`,
    ...(apart === '' ? [] : [`    ${apart}`]),
    ...(ulps === null ? [] : [`    ulps ${histogramText(ulps)}`]),
  ];
}

/** The first element that a node gives otherwise, alone. */
function elementLine({ values }: NodeReport): string[] {
  for (const { name, introduced, accumulated } of values) {
    const first = (introduced ?? accumulated)?.distances?.first;
    if (first !== null && first !== undefined) {
      return [
        `  '${name}', element ${first.index}: ours ${first.ours}, the guest's ${first.guest}`,
      ];
    }
  }
  return [];
}

/** The verdict, the node that is to blame, and the first value that is too far away in the whole model. */
export function verdictLines(document: CompareDocument): string[] {
  const { within, first, nodes, compared, guest, outputs_beyond } = document;
  const named = first.introduced === null ? undefined : nodes[first.introduced];
  const reached = first.accumulated === null ? undefined : nodes[first.accumulated];
  const alone = guest.optimised ? '' : `, ${compared.nodes} nodes alone`;
  const lines = [
    `${within ? 'within' : 'BEYOND'} the tolerance: ${compared.values} values, ${compared.elements} elements${alone}`,
  ];
  if (named !== undefined) {
    lines.push(`first node that introduces more than the tolerance: ${titleOf(named)}`);
    if (named.differs !== undefined) {
      lines.push(`  another node in the guest's file: ${named.differs.join(', ')}`);
    }
    if (named.introduced !== null) lines.push(...measureLines('alone', named.introduced));
    lines.push(...elementLine(named));
  } else if (!guest.optimised && reached !== undefined) {
    lines.push(
      'no node alone introduces more than the tolerance; what is beyond it has accumulated',
    );
  }
  if (outputs_beyond.length > 0) lines.push(`outputs beyond it: ${outputs_beyond.join(', ')}`);
  if (reached !== undefined && reached.accumulated !== null) {
    lines.push(`first value beyond it in the whole model: of ${titleOf(reached)}`);
    lines.push(...measureLines('accumulated', reached.accumulated));
  }
  return lines;
}

/** Names may fill lines: their begin and end, in at most `length` characters. */
export const clipped = (name: string, length = 40): string => {
  const half = length >> 1;
  return name.length <= length ? name : `${name.slice(0, half - 1)}…${name.slice(-half)}`;
};

function rankingTable({ ranking, nodes }: CompareDocument): string[] {
  const rows = ranking.slice(0, LISTED).flatMap((index) => {
    const report = nodes[index];
    if (report?.introduced === null || report === undefined) return [];
    const { introduced, accumulated, operator, node } = report;
    return [
      [
        ...[operator, clipped(node), ratioText(introduced), short(introduced.max_ulp)],
        ...[short(introduced.max_abs), shareText(introduced)],
        ...(accumulated === null
          ? ['-', '-']
          : [ratioText(accumulated), short(accumulated.max_abs)]),
      ],
    ];
  });
  if (rows.length === 0) return [];
  const left = ranking.length - rows.length;
  const head = [
    'operator',
    'node',
    'tolerances',
    'max ulp',
    'max abs',
    'differ',
    'acc. tol.',
    'acc. max abs',
  ];
  return [
    '',
    `nodes by what they introduce${left > 0 ? ` (the worst ${rows.length}; ${left} more differ, all with --json or --html)` : ''}`,
    table([head, ...rows]),
  ];
}

function operatorTable({ operators }: CompareDocument): string[] {
  if (operators.length === 0) return [];
  const rows = operators.map(({ operator, nodes, beyond, introduced }) => [
    ...[operator, String(nodes), String(beyond), ratioText(introduced), short(introduced.max_ulp)],
    ...[short(introduced.max_abs), shareText(introduced)],
  ]);
  const head = ['operator', 'nodes', 'beyond', 'tolerances', 'max ulp', 'max abs', 'differ'];
  return ['', 'operators by what their nodes introduce', table([head, ...rows])];
}

/** Equal reasons once, with how many there are and the first name. */
export function reasonLines(all: readonly { name: string; reason: string }[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { name, reason } of all) groups.set(reason, [...(groups.get(reason) ?? []), name]);
  return [...groups].map(([reason, names]) => {
    const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
    return `'${names[0] ?? ''}'${more}: ${reason}`;
  });
}

/** Nodes that a guest on a GPU computed on the processor; no line where there are none. */
function onProcessor({ guest, nodes }: CompareDocument): string[] {
  const names = nodes.filter(({ dispatches }) => dispatches === 0);
  if (guest.dispatches === 0 || names.length === 0) return [];
  const operators = [...new Set(names.map(({ operator }) => operator))].sort().join(', ');
  return [`${names.length} nodes without GPU dispatches, on the guest's processor: ${operators}`];
}

/** What was not compared, a line a reason. */
export function leftOutLines(document: CompareDocument): string[] {
  const { values, nodes, inner } = document.left_out;
  const ofValues = values.map(({ value, reason }) => ({ name: value, reason }));
  const ofNodes = nodes.map(({ node, reason }) => ({ name: node, reason }));
  return [
    ...onProcessor(document),
    ...(inner > 0
      ? [`${inner} nodes in graphs of If, Loop or Scan: compared as what these nodes give`]
      : []),
    ...reasonLines(ofValues).map((line) => `value not compared: ${line}`),
    ...reasonLines(ofNodes).map((line) => `node not measured alone: ${line}`),
  ];
}

/** The report for a terminal. */
export function compareText(document: CompareDocument): string {
  const { model, guest, tolerance, written, nodes } = document;
  const { name, version, stack, adapter, optimised } = guest;
  const where = adapter === 'none' ? stack : `${stack} (${adapter})`;
  const file = guest.model === undefined ? '' : `, its file ${guest.model}`;
  const left = leftOutLines(document);
  const node = written === undefined ? undefined : nodes[written.node];
  return [
    `${model} in ${name} ${version}, ${where}${file}${optimised ? ', optimised' : ''}`,
    `tolerance: ${toleranceText(tolerance)}`,
    ...verdictLines(document),
    ...rankingTable(document),
    ...operatorTable(document),
    ...(left.length === 0 ? [] : ['', ...left]),
    ...(written === undefined || node === undefined
      ? []
      : ['', `written: ${written.folder}: ${titleOf(node)} with its inputs and our outputs`]),
  ].join('\n');
}
