// Operator cases with special words on every stack but the emulated one, on the stack's own backend (R1, B6): the digest that the reference
// gives here, whose words test/special.test.ts compares with the oracle. Where a kernel cannot represent an operand the
// run says that the reference computed it again; large operands of sums do that, and what is in range does not.
// STACKS=C,E and STEMS=conv narrow; FULL=1 takes every case, SPECIAL_SEEDS=5 more than one filling of each.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { runCase } from '../harness/conform.ts';
import { specialCases, type SpecialJob, type SpecialReport } from '../jobs/special_job.ts';

const seeds = Number(process.env['SPECIAL_SEEDS'] ?? '1');
const stems = process.env['STEMS']?.split(',');
const wanted = process.env['STACKS']?.split(',');
// The emulated processor takes minutes for these; it runs the cases themselves (cases.test.ts), and these if named.
const stacks = STACKS.filter((spec) =>
  wanted === undefined
    ? spec.id !== 'wasm-arm' && (!spec.optional || spec.find() === undefined)
    : wanted.includes(spec.id),
);
// A share of each case file, a smaller one on the slowest stack; FULL=1 takes all.
const isFull = process.env['FULL'] !== undefined;
const isSmallShare = (stack: string): boolean => stack === 'A' && !isFull;
const choiceOf = (stack: string): Omit<SpecialJob, 'backend'> => ({
  seeds,
  ...(stems === undefined ? {} : { stems }),
  ...(isFull ? {} : { most: isSmallShare(stack) ? 3 : 6 }),
});

/** What the reference gives here, by how many of a file are taken. */
const known = new Map<number | undefined, Record<string, string>>();
async function expectedOf(choice: Omit<SpecialJob, 'backend'>): Promise<Record<string, string>> {
  const before = known.get(choice.most);
  if (before !== undefined) return before;
  const expected: Record<string, string> = {};
  for (const one of specialCases({ backend: 'wasm', ...choice })) {
    expected[one.id] = (await runCase(one, 'wasm')).digest;
  }
  known.set(choice.most, expected);
  return expected;
}

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('special_job', 'test-special-job');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the digest of the reference for special words', { timeout: 1_200_000 }, async () => {
    const choice = choiceOf(id);
    const expected = await expectedOf(choice);
    const stack = await openStack(id, { bundle, timeoutMs: 1_190_000 });
    try {
      const reply = await stack.run({ backend: stack.backend, ...choice });
      expect(reply.error).toBeUndefined();
      const { digests, flagged } = reply.result as SpecialReport;
      const ids = Object.keys(expected);
      expect(ids.length).toBeGreaterThan(20);
      expect(
        ids.filter((key) => digests[key] !== expected[key]).map((key) => `${key}: ${digests[key]}`),
      ).toEqual([]);
      // Under 2^50 and finite, no operand raises a flag (B6); Pow may, where its rounding is undecided, and a
      // normalisation or attention, which sum products of what they computed, larger than what they are given.
      const small = flagged.filter((key) => key.includes('special=small'));
      expect(small.filter((key) => !/Pow|Normalization|LRN|Attention/.test(key))).toEqual([]);
      if (stems === undefined && stack.backend === 'webgpu') {
        expect(flagged.length).toBeGreaterThan(isSmallShare(id) ? 25 : 50);
      }
    } finally {
      await stack.close();
    }
  });
});
