// The operator cases with four threads that are let into every command, on every JavaScript engine: the golden digests,
// made with one. STACKS=wasm-node,wasm-firefox narrows; FULL=1 runs all cases, three times, on each.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { buildEditedCore } from '../harness/edited_core.ts';
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
      const { threads, digests, unstable, errors } = reply.result as ThreadsReport;
      expect([errors, unstable]).toEqual([[], []]);
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
      expect(threads).toBe(THREADS);
    } finally {
      await stack.close();
    }
  });
});

test('a kernel that ends in a helper ends its run, and the next one works', async () => {
  // Once, in whichever helper comes first: what is static lies in the memory that all share.
  const edit = {
    file: 'wasm/team.c',
    find: '    c->kernel(c->params, c->in, c->out, begin, begin + take, scratch);',
    replace: `    static u32 faults;
    if (scratch != c->scratch && ADD(faults, 1) == 0) __builtin_trap();
    c->kernel(c->params, c->in, c->out, begin, begin + take, scratch);`,
  };
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const core = await buildEditedCore(`${root}build/test-threads-fault`, [edit]);
  const faulty = await buildJob('threads_job', 'test-threads-fault-job', [], { core });
  const stack = await openStack('wasm-node', { bundle: faulty, timeoutMs: 290_000 });
  try {
    const golden = goldenDigests(['conv', 'mat_mul']);
    const reply = await stack.run({ threads: THREADS, ids: Object.keys(golden), times: 5 });
    expect(reply.error).toBeUndefined();
    const { threads, digests, unstable, errors } = reply.result as ThreadsReport;
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('a kernel ended in one of the threads');
    expect([digests, unstable, threads]).toEqual([golden, [], THREADS]);
  } finally {
    await stack.close();
  }
}, 300_000);
