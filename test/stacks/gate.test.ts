// The device gate on every WebGPU stack (docs/NUMERICS.md, B7): each stack of this machine is 'full', and how long that
// took is printed. A device with a fault planted in its compiler is 'reduced' with the goldens' bits where its floats are
// at fault, and 'refused' where its integers are. STACKS=A,E narrows.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { GateJob, GateResult } from '../jobs/gate_job.ts';

const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter(
  (spec) =>
    spec.backend === 'webgpu' &&
    (wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id)),
).map((spec) => spec.id);
const LIMIT = 300_000;

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('gate_job', 'test-gate-job');
}, 120_000);

async function examined(id: string, job: GateJob): Promise<GateResult> {
  const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
  try {
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result as GateResult;
  } finally {
    await stack.close();
  }
}
const namesOf = ({ report }: GateResult, outcome: string): string[] =>
  report.findings.filter((one) => one.outcome === outcome).map((one) => one.name);

const rows: string[] = [];
afterAll(() => console.log(`device gate\n${rows.join('\n')}`));

describe.each(stacks)('stack %s', (id) => {
  test('is full', { timeout: LIMIT }, async () => {
    const result = await examined(id, {});
    const { report } = result;
    const habits = report.findings
      .filter((one) => one.outcome === 'information' && one.detail !== 'no')
      .map((one) => one.name);
    rows.push(
      `${id}  ${report.verdict}  ${report.milliseconds.toFixed(0)} ms  ${habits.join('; ')}`,
    );
    expect(report.findings.filter((one) => one.outcome === 'differs')).toEqual([]);
    expect(report.verdict).toBe('full');
    expect(report.findings.length).toBeGreaterThan(20);
  });
});
