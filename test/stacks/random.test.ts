// Random nodes of each operator on every stack, on the stack's own backend: the digest that the reference gives here, whose
// words test/unit/oracle_random.test.ts compares with the oracle. STACKS=C,E narrows; ORACLE_SEEDS=200 tries more, FULL=1 as many on slow
// stacks as on the others.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { runCase } from '../harness/conform.ts';
import { randomCases } from '../jobs/random_job.ts';

// Stacks that take minutes for six nodes of each operator run the first two.
const SLOW = ['wasm-arm', 'A'];
const given = process.env['ORACLE_SEEDS'];
const isFull = process.env['FULL'] !== undefined;
const seedsOf = (stack: string): number =>
  Number(given ?? (SLOW.includes(stack) && !isFull ? '2' : '6'));
const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

/** What the reference gives here; of one seed once. */
const known = new Map<string, string>();
async function expectedOf(seeds: number): Promise<Record<string, string>> {
  const expected: Record<string, string> = {};
  for (const one of randomCases({ backend: 'wasm', seeds })) {
    const digest = known.get(one.id) ?? (await runCase(one, 'wasm')).digest;
    known.set(one.id, digest);
    expected[one.id] = digest;
  }
  return expected;
}

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('random_job', 'test-random-job');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the digest of the reference for random nodes', { timeout: 600_000 }, async () => {
    const seeds = seedsOf(id);
    const expected = await expectedOf(seeds);
    const stack = await openStack(id, { bundle, timeoutMs: 590_000 });
    try {
      const reply = await stack.run({ backend: stack.backend, seeds });
      expect(reply.error).toBeUndefined();
      const digests = reply.result as Record<string, string>;
      const ids = Object.keys(expected);
      expect(ids.length).toBeGreaterThan(100);
      expect(Object.keys(digests).length).toBe(ids.length);
      expect(
        ids.filter((key) => digests[key] !== expected[key]).map((key) => `${key}: ${digests[key]}`),
      ).toEqual([]);
    } finally {
      await stack.close();
    }
  });
});
