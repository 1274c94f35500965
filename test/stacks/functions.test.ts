// Every function of one f32 on every WebGPU stack, word by word against the reference: the hard cases of test/math, both
// ends of every binade, the hard pairs of pow, and words spread over all 2^32: 2^18, or FUNCTIONS_COUNT (a power of two). STACKS=A,D narrows, and may name
// WASM stacks, where the reference runs alone; FUNCTIONS=exp,tanh narrows too. With FUNCTIONS_COUNT=4294967296 every word is run, and
// the digest of what the core and the device gave must be the one of test/math/sha256.json, which native C gave.
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { functionNames } from '../harness/functions.ts';
import type { FunctionResult } from '../jobs/functions_job.ts';

const math = new URL('../math/', import.meta.url);
const wanted = process.env['STACKS']?.split(',');
const names = process.env['FUNCTIONS']?.split(',') ?? functionNames();
const count = Number(process.env['FUNCTIONS_COUNT'] ?? 2 ** 18);
const ALL = 2 ** 32;
const limit = count > 2 ** 24 ? 6 * 3600_000 : 1200_000;
const stacks = STACKS.filter((spec) =>
  wanted === undefined
    ? spec.backend === 'webgpu' && (!spec.optional || spec.find() === undefined)
    : wanted.includes(spec.id),
);

function hardCases(name: string): number[] {
  const file = new URL(`${name}.worst.txt`, math);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => /^[0-9a-f]{8} /.test(line))
    .flatMap((line) => [parseInt(line.slice(0, 8), 16), parseInt(line.slice(9, 17), 16)]);
}
/** Base, exponent and power. */
function hardPairs(): number[] {
  const lines = readFileSync(new URL('pow.pairs.txt', math), 'utf8').split('\n');
  return lines
    .filter((line) => /^[0-9a-f]{8} /.test(line))
    .flatMap((line) => [0, 9, 18].map((at) => parseInt(line.slice(at, at + 8), 16)));
}
const pairs = process.env['FUNCTIONS'] === undefined ? hardPairs() : [];
const hard = Object.fromEntries(names.map((name) => [name, hardCases(name)]));
const committed = JSON.parse(readFileSync(new URL('sha256.json', math), 'utf8')) as Readonly<
  Record<string, { readonly sha256: string }>
>;

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('functions_job', 'test-functions-job');
}, 120_000);

test('every function that the oracle of test:math knows is among the chain steps', () => {
  const rows = readFileSync(new URL('oracle/functions.h', math), 'utf8');
  const known = [...rows.matchAll(/^ {2}ROW\((\w+)\)/gm)].map((match) => match[1]);
  expect(known.length).toBeGreaterThan(5);
  expect(known.filter((name) => !functionNames().includes(name ?? ''))).toEqual([]);
});

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test(`gives the reference's words of ${names.length} functions`, { timeout: limit }, async () => {
    const stack = await openStack(id, {
      bundle,
      timeoutMs: limit - 10_000,
      log: (line) => {
        if (count > 2 ** 18) console.log(`${id}: ${line}`);
      },
    });
    try {
      const reply = await stack.run({ names, count, hard, pairs });
      expect(reply.error).toBeUndefined();
      const results = reply.result as FunctionResult[];
      expect(results.map((one) => one.name)).toEqual([
        ...names,
        ...(pairs.length > 0 ? ['pow'] : []),
      ]);
      expect(results.filter((one) => one.differing > 0 || one.flag > 0)).toEqual([]);
      for (const one of results.slice(0, names.length)) {
        expect(one.words).toBeGreaterThan(count);
        const digest = count === ALL ? committed[one.name]?.sha256 : one.sha256[0];
        for (const sha256 of one.sha256) expect(sha256, one.name).toBe(digest);
        expect(one.sha256.length).toBe(stack.backend === 'webgpu' ? 2 : 1);
        if (count === ALL)
          console.log(`${id}: ${one.name}: all words, SHA-256 ${one.sha256.join(' ')}`);
      }
    } finally {
      await stack.close();
    }
  });
});
