// Exact integer products with WGSL's dot4I8Packed (shaders/math/dot_packed), which graphics cards use and the software adapters of
// this machine do not by themselves: the operator cases that have such products give the golden digests with it too, on a
// stack of each way from WGSL to a driver, a third of them on the slowest (FULL=1: all). That a wrong one is not used is
// seen in gate.test.ts.
import { beforeAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { shareOf } from '../harness/thinned.ts';
import type { CasesJob, CasesReport } from '../jobs/cases_job.ts';

const LIMIT = 300_000;
const STEMS = ['integer', 'qlinear', 'quantised', 'quantised_attention', 'blocks'];

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-dots');
}, 120_000);

describe.each(['A', 'C', 'D', 'E'])('stack %s', (id) => {
  test('gives the golden digests with dot4I8Packed', { timeout: LIMIT }, async () => {
    const all = goldenDigests(STEMS);
    const isShare = id === 'A' && process.env['FULL'] === undefined;
    const golden = isShare ? Object.fromEntries(shareOf(Object.entries(all), 0, 3)) : all;
    const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
    try {
      const ids = Object.keys(golden);
      const job: CasesJob = { backend: 'webgpu', stems: STEMS, ids, packedDots: true };
      const reply = await stack.run(job);
      expect(reply.error).toBeUndefined();
      const { digests } = reply.result as CasesReport;
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
    } finally {
      await stack.close();
    }
  });
});
