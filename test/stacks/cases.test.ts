// Every operator case on every stack, on the stack's own backend: the digest must be the golden, which the
// reference made. STACKS=C,E narrows; STEMS=conv,softmax too. Stacks that take minutes for all of them run a share of each
// file, three of them a third each, which together are all; FULL=1 runs all everywhere.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { shareOf, thinned } from '../harness/thinned.ts';
import type { CasesReport } from '../jobs/cases_job.ts';
import { allCaseFiles } from '../host/index.ts';

const wanted = process.env['STACKS']?.split(',');
const stems = process.env['STEMS']?.split(',') ?? [...allCaseFiles.keys()];
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

const isFull = process.env['FULL'] !== undefined;
/** Stacks that run all cases, and those that run a third of each file. Others run at most so many of a file. */
const QUICK = ['wasm-node', 'wasm-chromium', 'wasm-firefox', 'wasm-deno', 'C'];
const THIRDS = ['B', 'D', 'E'];
const MOST = 8;

/** The cases of a stack, by id, and their digests. */
function goldenOf(stack: string): Record<string, string> {
  if (isFull || QUICK.includes(stack)) return goldenDigests(stems);
  const third = THIRDS.indexOf(stack);
  const shares = stems.map((stem) => {
    const all = Object.entries(goldenDigests([stem]));
    return third === -1 ? thinned(all, MOST) : shareOf(all, third, THIRDS.length);
  });
  return Object.fromEntries(shares.flat());
}

test('the thirds are all cases together, and of each file a part each', () => {
  const thirds = THIRDS.map((id) => Object.keys(goldenOf(id)));
  expect(new Set(thirds.flat())).toEqual(new Set(Object.keys(goldenDigests(stems))));
  for (const ids of thirds)
    expect(new Set(ids.map((one) => one.split('/')[0])).size).toBe(stems.length);
});

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-jobs');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the golden digests', { timeout: 1_200_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 1_190_000 });
    try {
      const golden = goldenOf(id);
      const reply = await stack.run({ backend: stack.backend, stems, ids: Object.keys(golden) });
      expect(reply.error).toBeUndefined();
      const { digests } = reply.result as CasesReport;
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
      expect(Object.keys(digests).length).toBe(Object.keys(golden).length);
    } finally {
      await stack.close();
    }
  });
});
