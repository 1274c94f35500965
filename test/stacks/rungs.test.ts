// The rungs of the ladder that are not used unless something fails (docs/NUMERICS.md, B7): every operator case gives the
// golden digest on each of them. One stack by default, E; STACKS=D takes others, STEMS=mat_mul,reduce narrows.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { thinned } from '../harness/thinned.ts';
import type { CasesJob, CasesReport } from '../jobs/cases_job.ts';
import { caseFiles } from '../ops/index.ts';

const stacks = process.env['STACKS']?.split(',') ?? ['E'];
const stems = process.env['STEMS']?.split(',') ?? [...caseFiles.keys()];
// A share of each case file; FULL=1 takes all.
const most = process.env['FULL'] === undefined ? 12 : Infinity;
const golden: Record<string, string> = {};
for (const stem of stems) {
  const text = readFileSync(new URL(`../golden/${stem}.json`, import.meta.url), 'utf8');
  const all = JSON.parse(text) as Record<string, string>;
  Object.assign(golden, Object.fromEntries(thinned(Object.entries(all), most)));
}

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-rungs-job');
}, 120_000);

describe.each(stacks)('stack %s', (id) => {
  test.each(['light', 'soft'] as const)('rung %s', { timeout: 900_000 }, async (rung) => {
    const stack = await openStack(id, { bundle, timeoutMs: 890_000 });
    try {
      const job: CasesJob = { backend: 'webgpu', rung, stems, ids: Object.keys(golden) };
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
