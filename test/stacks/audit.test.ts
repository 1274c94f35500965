// Faults that appear behind everything that is checked before a run (docs/NUMERICS.md, B8): one in every row is found by
// the first audited run, the caller gets the reference's bits all the same, the event is told once, the kernel is not used
// again, nothing leaks. With `audit: 'off'` nobody notices, so these tests can fail. STACKS=B,C chooses others.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import type { Stack } from '../../src/cli/stacks/types.ts';
import { contract } from '../../src/index.ts';
import { version } from '../../src/core/version.ts';
import { buildJob } from '../harness/build_job.ts';
import type { AuditJob, AuditSeen } from '../jobs/audit_job.ts';

const stacks = process.env['STACKS']?.split(',') ?? ['A', 'D', 'E'];

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('audit_job', 'test-audit-job');
}, 120_000);

/** Kernels of the job's model, and the nodes that they compute. */
const kernels: readonly (readonly [kernel: string, nodes: readonly string[]])[] = [
  ['conv_taps', ["Conv 'c'"]],
  ['pool', ["MaxPool 'm'"]],
  ['strided_copy', ["Transpose 't'"]],
  ['mat_mul_strided', ["MatMul 'p'"]],
  ['softmax', ["Softmax 's'"]],
  ['concat', ["Concat 'both'"]],
  ['elementwise', ["Tanh 'h'"]],
  ['reduce', ["ReduceSum 'r'"]],
];

describe.each(stacks)('stack %s', (id) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await openStack(id, { bundle, roots: [], timeoutMs: 170_000 });
  }, 120_000);
  afterAll(() => stack.close());

  async function seen(job: AuditJob): Promise<AuditSeen> {
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result as AuditSeen;
  }

  function expectRecovered(got: AuditSeen, kernel: string, nodes: readonly string[]): void {
    // The fault is one, and the run that is not audited neither sees nor mends it.
    expect(got.off).toEqual({ same: false, notes: [] });
    expect(got.swapped).toBeGreaterThan(0);
    const last = got.runs.at(-1);
    expect(last?.same).toBe(true);
    const events = last?.notes.filter(({ kind }) => kind === 'audit') ?? [];
    expect(events).toEqual([
      {
        kind: 'audit',
        nodes,
        message: expect.stringMatching(
          /gave 0x[0-9a-f]{8} instead of 0x[0-9a-f]{8} at element \d+ on .+ the run was repeated\./,
        ),
        audit: expect.objectContaining({
          version,
          contract: `${contract.id} ${contract.version}`,
          adapter: expect.stringMatching(/./),
          kernel,
          nodes,
          constants: expect.any(Object),
          output: 0,
          name: /'(.+)'/.exec(nodes[0] ?? '')?.[1],
        }),
      },
    ]);
    const [event] = events.flatMap(({ audit }) => audit ?? []);
    expect(event?.expected).not.toBe(event?.got);
    const reference = {
      kind: 'reference',
      nodes,
      message: `${nodes.join(', ')}: kernel ${kernel} failed an audit here; computed by the reference.`,
    };
    expect(last?.notes).toEqual([...events, reference]);
    expect(got.next).toEqual({ same: true, notes: [reference] });
    expect(got.other).toEqual({ same: true, kinds: ['reference'] });
    expect(got.usedAgain).toBe(false);
    expect(got.leaked).toEqual([]);
  }

  test.each(kernels)(
    '%s wrong in every row: found by the first audited run',
    { timeout: 180_000 },
    async (kernel, nodes) => {
      const got = await seen({ kernel, where: 'true', soundRuns: 0, runs: 1 });
      expect(got.runs).toHaveLength(1);
      expectRecovered(got, kernel, nodes);
    },
  );

  test('wrong in every row after sound runs: found by 200 rows', { timeout: 180_000 }, async () => {
    const [kernel = '', nodes = []] = kernels[4] ?? [];
    // A row is drawn of one of eight dispatches: all miss it with probability (7/8)^200 < 3e-12.
    const got = await seen({ kernel, where: 'true', soundRuns: 2, audit: 200, runs: 1 });
    expect(got.runs).toHaveLength(1);
    expectRecovered(got, kernel, nodes);
  });

  test(
    'wrong in every row after sound runs: found within the budget',
    { timeout: 180_000 },
    async () => {
      const [kernel = '', nodes = []] = kernels[3] ?? [];
      const got = await seen({ kernel, where: 'true', soundRuns: 2, runs: 5000 });
      // Runs before it gave wrong bits: an audit of samples says how likely, not that all are seen.
      for (const run of got.runs.slice(0, -1)) expect(run).toEqual({ same: false, notes: [] });
      expectRecovered(got, kernel, nodes);
    },
  );

  test('a single wrong element: found by very many rows', { timeout: 180_000 }, async () => {
    const [kernel = '', nodes = []] = kernels[4] ?? [];
    // At most 256 rows of one of eight dispatches: all miss it with probability below (1 - 1/2048)^60000 < 2e-13.
    const where = 'i == 24u * 8u + 5u';
    const got = await seen({ kernel, where, soundRuns: 1, audit: 60_000, runs: 1 });
    expectRecovered(got, kernel, nodes);
    const [event] = got.runs.flatMap(({ notes }) => notes.flatMap(({ audit }) => audit ?? []));
    expect(event).toMatchObject({ index: 24 * 8 + 5, differing: 1 });
  });
});
