// The three-way test, here WASM = oracle: every operator case on the reference and on the third implementation, which
// shares no code with it (M2), word for word. That WebGPU gives the reference's digests is test/stacks/cases.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareTensors } from '../src/compare.ts';
import { nodeCase, type OpCase } from './harness/cases.ts';
import { runCase } from './harness/conform.ts';
import { floats, type FloatKind } from './harness/prng.ts';
import { fromOracle, toOracleGraph, toOracleTensors } from './harness/oracle_tensors.ts';
import * as elementary from './oracle/elementary.ts';
import { missingOperators, oracleOperators, runOracle } from './oracle/index.ts';
import { caseFiles } from './ops/index.ts';
import { registry } from '../src/ops/index.ts';

// Operators that the oracle does not have yet. Empty in the end: nothing else may be left out.
const pending: readonly string[] = [
  ':ArgMax',
  ':ArgMin',
  ':Cast',
  ':Concat',
  ':Constant',
  ':ConstantOfShape',
  ':DepthToSpace',
  ':Dropout',
  ':Expand',
  ':EyeLike',
  ':Flatten',
  ':Gather',
  ':GatherElements',
  ':GatherND',
  ':GlobalMaxPool',
  ':Hardmax',
  ':Identity',
  ':MaxPool',
  ':Mod',
  ':OneHot',
  ':Pad',
  ':Range',
  ':Reshape',
  ':Resize',
  ':Scatter',
  ':ScatterElements',
  ':ScatterND',
  ':Shape',
  ':Size',
  ':Slice',
  ':SpaceToDepth',
  ':Split',
  ':Squeeze',
  ':Tile',
  ':TopK',
  ':Transpose',
  ':Trilu',
  ':Unsqueeze',
  ':Upsample',
  ':Where',
];

const registered = new Set(registry.all().map((def) => `${def.domain ?? ''}:${def.type}`));

const stems = process.env['STEMS']?.split(',') ?? [...caseFiles.keys()];

/** What differs between the reference and the oracle, in words; undefined if nothing does. */
async function difference(one: OpCase): Promise<string | undefined> {
  const graph = toOracleGraph(one.graph);
  const missing = missingOperators(graph);
  if (missing.length > 0)
    return missing.some((name) => pending.includes(name))
      ? undefined
      : `no oracle for ${missing.join()}`;
  const reference = await runCase(one, 'wasm');
  if (reference.digest.startsWith('error')) return reference.digest;
  const results = runOracle(graph, toOracleTensors(one.feeds));
  for (const [name, words] of results) {
    const expected = fromOracle(words);
    const got = reference.outputs.get(name);
    if (got === undefined) return `output ${name} is missing`;
    if (got.dtype !== expected.dtype || got.dims.join() !== expected.dims.join()) {
      return `${name}: the oracle has ${expected.dtype}[${expected.dims.join()}], WASM ${got.dtype}[${got.dims.join()}]`;
    }
    const found = compareTensors(expected, got);
    if (found !== undefined) {
      return `${name}[${found.index}]: the oracle has ${found.a}, WASM ${found.b} (${found.differing} of ${got.size} differ)`;
    }
  }
  return undefined;
}

describe.each(stems)('%s', (stem) => {
  test('the reference has the words of the oracle', { timeout: 120_000 }, async () => {
    const cases = caseFiles.get(stem) ?? [];
    expect(cases.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const one of cases) {
      try {
        const text = await difference(one);
        if (text !== undefined) wrong.push(`${one.id}: ${text}`);
      } catch (error) {
        wrong.push(`${one.id}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

// More words of each elementary function than its cases have, of every kind.
const FUNCTIONS = [...oracleOperators.keys()].filter((name) => {
  const lower = name.slice(name.indexOf(':') + 1).toLowerCase();
  return Object.hasOwn(elementary, lower) && registered.has(name);
});
const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];

test.each(FUNCTIONS)(
  '%s has the words of the oracle for 5 × 2048 more',
  { timeout: 120_000 },
  async (name) => {
    const [domain = '', opType = ''] = name.split(':');
    for (const kind of KINDS) {
      const inputs = (opType === 'Pow' ? [91, 92] : [91]).map((seed) => ({
        dtype: 'float32' as const,
        dims: [2048],
        data: floats(seed, 2048, kind),
      }));
      const one = nodeCase(`${name} ${kind}`, 'random', { opType, domain, inputs });
      expect(await difference(one), kind).toBeUndefined();
    }
  },
);

test('elementary functions are found', () => expect(FUNCTIONS.length).toBeGreaterThan(7));

test('the oracle gives the results that MPFR found for the hard cases', () => {
  const folder = new URL('./math/', import.meta.url);
  const lists = readdirSync(folder).filter((name) => name.endsWith('.worst.txt'));
  expect(lists.length).toBeGreaterThan(4);
  const functions: Readonly<Record<string, unknown>> = elementary;
  for (const list of lists) {
    const of = functions[list.replace('.worst.txt', '')];
    if (typeof of !== 'function') throw new TypeError(`the oracle has no function for ${list}`);
    const lines = readFileSync(new URL(list, folder), 'utf8').matchAll(
      /^([0-9a-f]{8}) ([0-9a-f]{8})/gm,
    );
    let count = 0;
    for (const [line, x = '', y = ''] of lines) {
      const word: unknown = of(Number.parseInt(x, 16));
      expect(Number(word).toString(16).padStart(8, '0'), `${list}: ${line}`).toBe(y);
      count += 1;
    }
    expect(count, list).toBeGreaterThan(10);
  }
});

test('every operator has an oracle', () => {
  const without = [...registered].filter((name) => !oracleOperators.has(name));
  expect(without.filter((name) => !pending.includes(name)).sort()).toEqual([]);
});

test('the oracle imports nothing from outside its folder', () => {
  const folder = new URL('./oracle/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const allowed = file.includes('operators') ? /^\.\.?\/\w+\.ts$/ : /^\.\/(operators\/)?\w+\.ts$/;
    const imports = [...text.matchAll(/\bfrom\s+(['"])(.*?)\1|\bimport\s*\(?\s*(['"`])(.*?)\3/g)];
    const outside = imports
      .map((match) => match[2] ?? match[4] ?? '')
      .filter((path) => !allowed.test(path));
    expect(outside, file).toEqual([]);
  }
});
