// Every case of an operator of the host, on the reference: digests equal the goldens, hand-written outputs hold word for
// word, cases that must agree do, and where the oracle has the operators, their words are its words.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatData, isSequence, type Data } from '../src/core/data.ts';
import { Tensor } from '../src/core/tensor.ts';
import { compareTensors } from '../src/compare.ts';
import { hostOperators } from '../src/host/index.ts';
import { runCase } from './harness/conform.ts';
import type { HostCase } from './harness/host_cases.ts';
import { differenceFromOracle } from './harness/oracle_tensors.ts';
import { hostCaseFiles } from './host/index.ts';
import { oracleOperators } from './oracle/index.ts';

const update = process.env['UPDATE_GOLDEN'] ?? '';

/** What differs between two values, in words; undefined if nothing does. */
function difference(expected: Data, got: Data | undefined): string | undefined {
  if (expected instanceof Tensor) {
    if (!(got instanceof Tensor)) return `expected a tensor, got ${formatData(got)}`;
    if (got.dtype !== expected.dtype || got.dims.join() !== expected.dims.join()) {
      return `expected ${formatData(expected)}, got ${formatData(got)}`;
    }
    if (expected.dtype === 'string') {
      const [a, b] = [expected.data, got.data].map((data) => JSON.stringify(data));
      return a === b ? undefined : `expected ${a}, got ${b}`;
    }
    const found = compareTensors(expected, got);
    return found && `[${found.index}]: expected ${found.a}, got ${found.b}`;
  }
  if (expected === null)
    return got === null ? undefined : `expected nothing, got ${formatData(got)}`;
  if (got === undefined || !isSequence(got) || got.length !== expected.length) {
    return `expected ${formatData(expected)}, got ${formatData(got)}`;
  }
  return expected.map((item, i) => difference(item, got[i])).find((text) => text !== undefined);
}

/** The tensors of a case, if the oracle has forms for all its values, and its operators. */
function tensorsForOracle(one: HostCase): ReadonlyMap<string, Tensor> | undefined {
  const isKnown = one.graph.nodes.every((node) =>
    oracleOperators.has(`${node.domain}:${node.opType}`),
  );
  const feeds = [...one.feeds].filter(
    (entry): entry is [string, Tensor] =>
      entry[1] instanceof Tensor && !['string', 'float64'].includes(entry[1].dtype),
  );
  return isKnown && feeds.length === one.feeds.size ? new Map(feeds) : undefined;
}

async function problemsOf(one: HostCase, words: Map<string, string>): Promise<string[]> {
  const result = await runCase(one, 'wasm');
  if (result.digest.startsWith('error')) return [`${one.id}: ${result.digest}`];
  const wrong: string[] = [];
  for (const [name, value] of one.expected ?? []) {
    const text = difference(value, result.values.get(name));
    if (text !== undefined) wrong.push(`${one.id}: ${name} ${text}`);
  }
  const feeds = tensorsForOracle(one);
  const isNumeric = [...result.outputs.values()].every(({ dtype }) => dtype !== 'string');
  if (feeds !== undefined && isNumeric && result.outputs.size === result.values.size) {
    const text = differenceFromOracle(one.graph, feeds, result.outputs);
    if (text !== undefined) wrong.push(`${one.id}: ${text}`);
  }
  if (one.same !== undefined) {
    const first = result.outputs.get('y0');
    const own = first === undefined ? 'nothing' : `${first.dims.join()} ${String(first.data)}`;
    const known = words.get(one.same.key);
    if (known === undefined) words.set(one.same.key, own);
    else if (known !== own) wrong.push(`${one.id}: expected ${known}, got ${own}`);
  }
  return wrong;
}

describe.each([...hostCaseFiles.keys()])('%s', (stem) => {
  const cases = hostCaseFiles.get(stem) ?? [];

  test('has cases of all four groups with unique ids', () => {
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    const groups = [...new Set(cases.map((one) => one.group))].sort();
    expect(groups).toEqual(['defined', 'edges', 'invariance', 'random']);
    for (const one of cases) expect(one.id.startsWith(`${stem}/`), one.id).toBe(true);
  });

  test('goldens, expectations, equalities, oracle', async () => {
    const words = new Map<string, string>();
    const wrong: string[] = [];
    const digests: Record<string, string> = {};
    for (const one of cases) {
      wrong.push(...(await problemsOf(one, words)));
      digests[one.id] = (await runCase(one, 'wasm')).digest;
    }
    expect(wrong).toEqual([]);
    const path = new URL(`./golden/${stem}.json`, import.meta.url);
    if (update === 'all' || update === stem) {
      writeFileSync(path, `${JSON.stringify(digests, null, 1)}\n`);
    }
    expect(existsSync(path), `npm run golden -- ${stem}`).toBe(true);
    expect(digests).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });
});

// Refused by name, or elsewhere: FlexAttention with graphs is compared with the graph written out in
// test/unit/flex_attention.test.ts. Scatter is the old name of ScatterElements.
const EXEMPT = new Set(['ZipMap', 'CastMap', 'DictVectorizer', 'Scatter', 'FlexAttention']);

test('every operator has an expected output by hand', () => {
  const all = [...hostCaseFiles.values()].flat();
  const has = (name: string): boolean =>
    all.some(
      (one) =>
        one.expected !== undefined &&
        one.group === 'defined' &&
        one.graph.nodes.some((node) => `${node.domain}:${node.opType}` === name),
    );
  const missing = hostOperators
    .filter(({ type }) => !EXEMPT.has(type))
    .map(({ domain = '', type }) => `${domain}:${type}`)
    .filter((name) => !has(name));
  expect(missing).toEqual([]);
});
