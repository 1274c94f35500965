// Random nodes of each operator on every stack, on the stack's own backend: the digest that the reference gives here, whose
// words test/unit/oracle_random.test.ts compares with the oracle. STACKS=C,E narrows; ORACLE_SEEDS=200 tries more.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { runCase } from '../harness/conform.ts';
import { randomCases } from '../jobs/random_job.ts';

const seeds = Number(process.env['ORACLE_SEEDS'] ?? '6');
const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

const expected: Record<string, string> = {};
let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('random_job', 'test-random-job');
  for (const one of randomCases({ backend: 'wasm', seeds })) {
    expected[one.id] = (await runCase(one, 'wasm')).digest;
  }
}, 600_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the digest of the reference for random nodes', { timeout: 600_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 590_000 });
    try {
      const reply = await stack.run({ backend: stack.backend, seeds });
      expect(reply.error).toBeUndefined();
      const digests = reply.result as Record<string, string>;
      const ids = Object.keys(expected);
      expect(ids.length).toBeGreaterThan(100);
      expect(
        ids.filter((key) => digests[key] !== expected[key]).map((key) => `${key}: ${digests[key]}`),
      ).toEqual([]);
    } finally {
      await stack.close();
    }
  });
});
