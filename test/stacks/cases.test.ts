// Every operator case on every stack, on the stack's own backend: the digest must be the golden, which the
// reference made. STACKS=C,E narrows; STEMS=conv,softmax too.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import type { CasesReport } from '../jobs/cases_job.ts';
import { allCaseFiles } from '../host/index.ts';

const wanted = process.env['STACKS']?.split(',');
const stems = process.env['STEMS']?.split(',') ?? [...allCaseFiles.keys()];
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

const golden = goldenDigests(stems);

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-jobs');
}, 120_000);

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('gives the golden digest of every case', { timeout: 600_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 590_000 });
    try {
      const reply = await stack.run({ backend: stack.backend, stems });
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
