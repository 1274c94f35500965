// Without the barrier, stacks C and D give other bits where a sum of floats feeds a difference, and the test says so;
// with it none does (math.test.ts, cases.test.ts). All other planted faults are in test/sabotage.
import { afterAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { noBarrier } from '../harness/mutants.ts';
import type { MathResult } from '../jobs/math_job.ts';

const LIMIT = 300_000;

const rows: string[] = [];
afterAll(() => console.log(`no barrier\n${rows.join('\n')}`));

describe.each(['C', 'D'])('stack %s without the barrier', (id) => {
  test('computes rounding errors wrongly', { timeout: LIMIT }, async () => {
    const bundle = await buildJob('math_job', `test-no-barrier/${id}`, noBarrier);
    const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
    try {
      const reply = await stack.run({ count: 1 << 16 });
      expect(reply.error).toBeUndefined();
      const wrong = (reply.result as MathResult[]).filter((one) => one.differing > 0);
      const text = wrong
        .map((one) => `${one.name} ${one.differing} of ${1 << 16} words`)
        .join(', ');
      rows.push(`${id}  ${text === '' ? 'SURVIVED' : text}`);
      expect(wrong.map((one) => one.name)).toEqual(
        expect.arrayContaining(['two_sum_bar_bits', 'two_sum_bar4']),
      );
    } finally {
      await stack.close();
    }
  });
});
