// The gate of a pipeline before its first use (docs/NUMERICS.md, B7). On a sound device it finds nothing in any operator
// case, and all give their goldens; a kernel with a planted fault is not used for a single result, with audits off too.
// STACKS=D takes other stacks, STEMS=mat_mul,reduce narrows.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import type { Stack } from '../../src/cli/stacks/types.ts';
import { buildJob } from '../harness/build_job.ts';
import { thinned } from '../harness/thinned.ts';
import type { CasesJob, CasesReport } from '../jobs/cases_job.ts';
import type { FirstUseJob, FirstUseSeen } from '../jobs/first_use_job.ts';
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

describe.each(stacks)('stack %s', (id) => {
  test('operator cases on a sound device', { timeout: 600_000 }, async () => {
    const bundle = await buildJob('cases_job', 'test-pipeline-gate-cases-job');
    const stack = await openStack(id, { bundle, timeoutMs: 590_000 });
    try {
      const job: CasesJob = { backend: 'webgpu', gated: true, stems, ids: Object.keys(golden) };
      const reply = await stack.run(job);
      expect(reply.error).toBeUndefined();
      const { digests, notes, gate } = reply.result as CasesReport;
      console.log(`stack ${id}: ${JSON.stringify(gate)}`);
      const about = Object.entries(notes).flatMap(([one, messages]) =>
        messages
          .filter((message) => /the run was repeated|on every rung|on rung/.test(message))
          .map((message) => `${one}: ${message}`),
      );
      expect(about).toEqual([]);
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing).toEqual([]);
      expect(gate.pipelines).toBeGreaterThan(stems.length);
    } finally {
      await stack.close();
    }
  });
});

/** Kernels of the job's model, their nodes, and whether they have a rung `soft`. */
const kernels: readonly (readonly [kernel: string, nodes: readonly string[], rounds: boolean])[] = [
  ['conv_taps', ["Conv 'c'"], true],
  ['pool', ["MaxPool 'm'"], true],
  ['strided_copy', ["Transpose 't'"], false],
  ['mat_mul_strided', ["MatMul 'p'"], true],
  ['softmax', ["Softmax 's'"], true],
  ['concat', ["Concat 'both'"], false],
  ['elementwise', ["Tanh 'h'"], true],
  ['reduce', ["ReduceSum 'r'"], true],
  ['gather_elements', ["GatherElements 'g'"], false],
];

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('first_use_job', 'test-first-use-job');
}, 120_000);

describe.each(stacks)('stack %s', (id) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await openStack(id, { bundle, roots: [], timeoutMs: 170_000 });
  }, 120_000);
  afterAll(() => stack.close());

  async function seen(job: FirstUseJob): Promise<FirstUseSeen> {
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result as FirstUseSeen;
  }

  function expectCaught(
    { first, next, other, ungated, checked, leaked }: FirstUseSeen,
    nodes: readonly string[],
    rungs: readonly string[],
    kind: 'rung' | 'reference',
  ): void {
    // The fault is one: without a gate it reaches the caller, and check() shows it.
    expect({ same: ungated.same, kinds: kindsOf(ungated) }).toEqual({ same: false, kinds: [] });
    expect(ungated.gate).toBeUndefined();
    expect(checked).toEqual([false, false]);
    expect(first.same).toBe(true);
    const events = first.notes.flatMap(({ audit }) => audit ?? []);
    expect(events.map(({ seen, rung }) => [seen, rung])).toEqual(
      rungs.map((rung) => ['gate', rung]),
    );
    for (const event of events) {
      expect(event.nodes).toEqual(nodes);
      expect(event.expected).not.toBe(event.got);
    }
    expect(first.notes.slice(events.length)).toEqual([expect.objectContaining({ kind, nodes })]);
    expect(first.gate?.pipelines).toBeGreaterThanOrEqual(kernels.length - 1 + rungs.length);
    expect(first.gate?.skipped).toBe(0);
    expect(first.gate?.milliseconds).toBeGreaterThan(0);
    // Once a device: neither the next run nor another model pays again.
    for (const one of [next, other]) {
      expect({ same: one.same, kinds: kindsOf(one) }).toEqual({ same: true, kinds: [kind] });
      expect(one.gate).toBeUndefined();
    }
    expect(leaked).toEqual([]);
  }
  const kindsOf = ({ notes }: FirstUseSeen['first']): string[] => notes.map(({ kind }) => kind);

  test.each(kernels)(
    '%s wrong from the start: never used',
    { timeout: 180_000 },
    async (kernel, nodes, rounds) => {
      const got = await seen({ kernel, where: 'true' });
      expect(got.first.same).toBe(true);
      expectCaught(got, nodes, rounds ? ['full', 'soft'] : ['full'], 'reference');
    },
  );

  test.each(kernels.filter(([, , rounds]) => rounds))(
    '%s wrong on rung full from the start: computes on rung soft',
    { timeout: 180_000 },
    async (kernel, nodes) => {
      const got = await seen({ kernel, where: 'true', only: 'full' });
      expect(got.first.same).toBe(true);
      expectCaught(got, nodes, ['full'], 'rung');
    },
  );
});
