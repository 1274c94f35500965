// The report of a comparison from measures that are made up: what fails it and what does not, how nodes are ranked, how
// measures add up, and what a terminal shows of it.
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../src/cli/compare_report.ts';
import type { CompareDocument } from '../../src/cli/compare_report.ts';
import { comparePage } from '../../src/cli/compare_page.ts';
import type { Introduced } from '../../src/cli/compare_run.ts';
import { clipped, compareText, histogramText, short } from '../../src/cli/compare_text.ts';
import { distancesOf } from '../../src/jobs/distance.ts';
import type { GuestValue } from '../../src/jobs/guest_job.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';

const node = (index: number, opType: string, input: string, output: string): Node => {
  const shared = { domain: '', name: '', attributes: new Map() };
  return { ...shared, index, opType, inputs: [input], outputs: [output] };
};
const graph: Graph = {
  name: 'line',
  nodes: [node(0, 'Exp', 'x', 'a'), node(1, 'Log', 'a', 'b'), node(2, 'Exp', 'b', 'c')],
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'c' }],
  initializers: new Map(),
  valueInfo: new Map(),
  opsets: new Map([['', 17]]),
};
const tolerance = { rtol: 1e-3, atol: 1e-5, ulp: 1 };

/** A value of four ones that the guest has otherwise. */
function value(name: string, ...guest: number[]): GuestValue {
  const elements = (data: number[]) => {
    const bytes = new Uint8Array(Float32Array.from(data).buffer);
    return { dtype: 'float32', dims: [data.length], data: bytes };
  };
  const ours = elements([1, 1, 1, 1]);
  return { name, distances: distancesOf(ours, elements(guest), tolerance) };
}
const equal = (name: string): GuestValue => value(name, 1, 1, 1, 1);

function alone(index: number, one: GuestValue): Introduced {
  const found = graph.nodes[index];
  if (found === undefined) throw new Error('no node.');
  const segment = { nodes: [found], model: graph, inputs: [] };
  return { node: found, segment, differs: [], dispatches: 0, values: [one] };
}

function report(accumulated: GuestValue[], introduced: Introduced[]): CompareDocument {
  const values = new Map(accumulated.map((one) => [one.name, one]));
  const run = { version: '1', dispatches: 0, values, leftOut: [] };
  const guest = { name: 'guest', version: '1', stack: 's', adapter: 'none' };
  return {
    ...{ model: 'line', guest: { ...guest, optimised: false, dispatches: 0 }, tolerance },
    ...reportOf({ graph, accumulated: run, introduced, leftOutNodes: [] }),
  };
}
const all = [equal('a'), equal('b'), equal('c')];
const each = [alone(0, equal('a')), alone(1, equal('b')), alone(2, equal('c'))];

describe('what fails a comparison', () => {
  test('nothing differs', () => {
    const document = report(all, each);
    expect(document).toMatchObject({ within: true, ranking: [], outputs_beyond: [] });
    expect(document.first).toEqual({ introduced: null, accumulated: null });
    expect(document.compared).toEqual({ values: 3, elements: 12, nodes: 3 });
  });

  test('a node that introduces too much does, where the outputs hide it too', () => {
    const document = report(all, [alone(0, equal('a')), alone(1, value('b', 1, 1, 2, 1))]);
    expect(document).toMatchObject({ within: false, ranking: [1], outputs_beyond: [] });
    expect(document.first).toEqual({ introduced: 1, accumulated: null });
    expect(compareText(document)).toContain(
      "introduces more than the tolerance: Log '#1' (node 1)",
    );
  });

  test('an output that has accumulated too much does', () => {
    const document = report([equal('a'), equal('b'), value('c', 1, 1, 1, 0)], each);
    expect(document).toMatchObject({ within: false, outputs_beyond: ['c'] });
    expect(compareText(document)).toContain('no node alone introduces more than the tolerance');
    expect(compareText(document)).toContain('outputs beyond it: c');
  });

  test('a value between that has accumulated too much is said, and fails nothing', () => {
    const document = report([equal('a'), value('b', 1, 9, 1, 1), equal('c')], each);
    expect(document).toMatchObject({ within: true, first: { accumulated: 1, introduced: null } });
    expect(compareText(document)).toContain("beyond it in the whole model: of Log '#1' (node 1)");
  });

  test('another shape does, and a value that is refused does not', () => {
    const kind = { ours: 'float32[4]', guest: 'float32[2,2]' };
    const document = report([equal('a'), { name: 'b', reason: 'no' }, { name: 'c', kind }], each);
    expect(document).toMatchObject({ within: false, outputs_beyond: ['c'] });
    expect(document.compared.values).toBe(2);
    expect(document.left_out.values).toEqual([{ value: 'b', node: '#1', reason: 'no' }]);
    expect(compareText(document)).toContain("'c': ours float32[4], the guest's float32[2,2]");
    expect(compareText(document)).toContain("value not compared: 'b': no");
  });
});

describe('ranking', () => {
  const introduced = [
    alone(0, value('a', 1, 1, 1, 1.5)),
    alone(1, value('b', 1, 1, 1, Number.NaN)),
    alone(2, value('c', 1, 1, 2, 1.25)),
  ];
  const document = report(all, introduced);

  test('what has no number stands first, then tolerances', () => {
    expect(document.ranking).toEqual([1, 2, 0]);
  });

  test('an operator is its nodes together', () => {
    expect(document.operators.map(({ operator }) => operator)).toEqual(['Log', 'Exp']);
    expect(document.operators[1]).toMatchObject({ nodes: 2, beyond: 2 });
    expect(document.operators[1]?.introduced).toMatchObject({
      ...{ size: 8, differing: 3, beyond: 3, max_abs: 1, max_rel: 1, max_ulp: 2 ** 23 },
    });
    expect(document.operators[1]?.introduced.ulps?.[0]).toBe(5);
    expect(document.operators[0]?.introduced).toMatchObject({ nan: 1, ratio: null });
  });

  test('together with what has no number, nothing has one', () => {
    const nan = alone(0, value('a', 1, 1, 1, Number.NaN));
    const [exp] = report(all, [nan, alone(2, value('c', 1, 1, 2, 1))]).operators;
    expect(exp).toMatchObject({ operator: 'Exp', introduced: { ratio: null, within: false } });
  });

  test('the page has every node of it, and a bar for each place', () => {
    const page = comparePage(document);
    expect(page.match(/<title>introduced, [^<]* ulp: \d+<\/title>/g)?.length).toBeGreaterThan(2);
    expect(page.includes('1 with NaN on one side')).toBe(true);
    expect(page.includes('Exp &#39;#2&#39; (node 2): introduced 990')).toBe(true);
    expect(page.includes('Log &#39;#1&#39; (node 1): introduced beyond')).toBe(true);
  });
});

test('numbers and names are short', () => {
  expect([null, 0, 3, 0.123456, 1234.5, 1e-7, 2 ** 40].map(short)).toEqual([
    ...['-', '0', '3', '0.123', '1230', '1.0e-7', '1.1e+12'],
  ]);
  expect(histogramText([4, 0, 2, ...Array<number>(10).fill(0), 1, 5])).toBe(
    '0: 4, 2-3: 2, 4096 and more: 6',
  );
  expect(histogramText(null)).toBe('');
  expect(clipped('a'.repeat(40))).toBe('a'.repeat(40));
  expect(clipped(`${'a'.repeat(50)}z`)).toHaveLength(40);
});
