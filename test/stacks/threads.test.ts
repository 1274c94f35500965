// The operator cases with four threads that are let into every command, on every JavaScript engine: the golden digests,
// made with one. STACKS=wasm-node,wasm-firefox narrows; FULL=1 runs all cases, three times, on each.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { thinned } from '../harness/thinned.ts';
import type { ThreadsJob, ThreadsReport } from '../jobs/threads_job.ts';

const wanted = process.env['STACKS']?.split(',');
const isFull = process.env['FULL'] !== undefined;
const stacks = STACKS.filter(
  (spec) =>
    spec.backend === 'wasm' &&
    (wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id)),
);
const THREADS = 4;
/** Of all cases, where not all are run. */
const MOST = 1500;

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('threads_job', 'test-threads-job');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the golden digests with four threads', { timeout: 1_200_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 1_190_000 });
    try {
      const all = Object.entries(goldenDigests());
      const golden = Object.fromEntries(isFull || id === 'wasm-node' ? all : thinned(all, MOST));
      const job: ThreadsJob = {
        threads: THREADS,
        ids: Object.keys(golden),
        times: isFull ? 3 : 1,
      };
      const reply = await stack.run(job);
      expect(reply.error).toBeUndefined();
      const { threads, digests, unstable } = reply.result as ThreadsReport;
      expect(unstable).toEqual([]);
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
      expect(threads).toBe(THREADS);
    } finally {
      await stack.close();
    }
  });
});
