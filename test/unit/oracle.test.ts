// The oracle of M2 beyond the operator cases (test/oracle.test.ts): that it stands alone, that it agrees with MPFR where
// rounding is hardest, and that the reference agrees with it on many more words and on whole graphs, fused.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from '../../src/ops/index.ts';
import { Session } from '../../src/session.ts';
import { nodeCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { differenceFromOracle } from '../harness/oracle_tensors.ts';
import { floats, type FloatKind } from '../harness/prng.ts';
import { randomGraph } from '../harness/random_graph.ts';
import * as elementary from '../oracle/elementary.ts';
import { oracleOperators } from '../oracle/index.ts';

test('the oracle imports nothing from outside its folder', () => {
  const folder = new URL('../oracle/', import.meta.url);
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

const registered = new Set(registry.all().map((def) => `${def.domain ?? ''}:${def.type}`));
/** Elementary functions of the library, as `domain:type`. */
const FUNCTIONS = [...oracleOperators.keys()].filter((name) => {
  const lower = name.slice(name.indexOf(':') + 1).toLowerCase();
  return Object.hasOwn(elementary, lower) && registered.has(name);
});

test('elementary functions are found', () => expect(FUNCTIONS.length).toBeGreaterThan(7));

// Lists of inputs whose results lie next to a tie, decided by MPFR (npm run test:math).
const lists = readdirSync(new URL('../math/', import.meta.url)).filter((name) =>
  name.endsWith('.worst.txt'),
);

test('there are lists of hard cases', () => expect(lists.length).toBeGreaterThan(4));

test.each(lists)('oracle and reference give the results of %s', async (list) => {
  const name = list.replace('.worst.txt', '');
  const of = (elementary as Readonly<Record<string, unknown>>)[name];
  if (typeof of !== 'function') throw new TypeError(`the oracle has no function for ${list}`);
  const text = readFileSync(new URL(`../math/${list}`, import.meta.url), 'utf8');
  const pairs = [...text.matchAll(/^([0-9a-f]{8}) ([0-9a-f]{8})/gm)];
  const [x, y] = [1, 2].map((k) => pairs.map((pair) => Number.parseInt(pair[k] ?? '', 16)));
  if (x === undefined || y === undefined || x.length < 1) throw new RangeError(`${list} is short`);
  const hex = (words: readonly unknown[]): string[] =>
    words.map((word) => Number(word).toString(16));
  expect(hex(x.map((word): unknown => of(word)))).toEqual(hex(y));
  const operator = FUNCTIONS.find((one) => one.toLowerCase().endsWith(`:${name}`)) ?? '';
  const [domain = '', opType = ''] = operator.split(':');
  const data = new Float32Array(Uint32Array.from(x).buffer);
  const one = nodeCase(list, 'random', {
    opType,
    domain,
    inputs: [{ dtype: 'float32', dims: [x.length], data }],
  });
  const { digest, outputs } = await runCase(one, 'wasm');
  const bytes = outputs.get('y0')?.bytes().slice();
  expect(bytes, `${operator}: ${digest}`).toBeDefined();
  expect(hex([...new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0))])).toEqual(hex(y));
});

// More words of each elementary function than its cases have, of every kind.
const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];

test.each(FUNCTIONS)('%s has the words of the oracle for 5 × 2048 more', async (name) => {
  const [domain = '', opType = ''] = name.split(':');
  for (const kind of KINDS) {
    const inputs = (opType === 'Pow' ? [91, 92] : [91]).map((seed) => ({
      dtype: 'float32' as const,
      dims: [2048],
      data: floats(seed, 2048, kind),
    }));
    const { graph, feeds, ...one } = nodeCase(`${name} ${kind}`, 'random', {
      opType,
      domain,
      inputs,
    });
    const { outputs } = await runCase({ graph, feeds, ...one }, 'wasm');
    expect(differenceFromOracle(graph, feeds, outputs), kind).toBeUndefined();
  }
});

// What is fused on the way to the last value moves no bit of it (R5).
test('random graphs, fused, have the words of the oracle', async () => {
  for (let seed = 1000; seed < 1060; seed += 1) {
    const { graph: all, feeds, last } = randomGraph(seed);
    const graph = { ...all, outputs: [{ name: last }] };
    const session = await Session.create(graph);
    const { outputs } = await session.run(feeds, { backend: 'wasm' });
    session.dispose();
    const text = differenceFromOracle(graph, feeds, new Map(Object.entries(outputs)));
    const ops = graph.nodes.map((node) => node.opType).join(' ');
    expect(text, `seed ${seed}: ${ops}`).toBeUndefined();
  }
});
