// The functions of shaders/math on every WebGPU stack, word by word: arithmetic, comparisons, conversions, index
// division and the elementary functions. STACKS=C,E narrows; MATH_COUNT=4194304 takes more words.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { MathResult } from '../jobs/math_job.ts';

const wanted = process.env['STACKS']?.split(',');
const count = Number(process.env['MATH_COUNT'] ?? 1 << 18);
const stacks = STACKS.filter(
  (spec) =>
    spec.backend === 'webgpu' &&
    (wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id)),
);

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('math_job', 'test-math-job');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the expected word of every function', { timeout: 300_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 290_000 });
    try {
      const reply = await stack.run({ count });
      expect(reply.error).toBeUndefined();
      const results = reply.result as MathResult[];
      const wrong = results.filter((one) => one.differing > 0 || one.flag > 0);
      expect(wrong).toEqual([]);
      expect(results.length).toBeGreaterThan(30);
      // Nearly all words are decided: else the comparison says little.
      for (const one of results) expect(one.undecided, one.name).toBeLessThan(count / 100);
    } finally {
      await stack.close();
    }
  });
});
