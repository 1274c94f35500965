// Faults that appear behind everything that is checked before a run (docs/NUMERICS.md, B8): one in every row is found by
// the first audited run, the caller gets the reference's bits all the same, each event is told once, the kernel goes down
// the ladder one rung a fault and no further than that, nothing leaks. With `audit: 'off'` nobody notices, so these tests can fail. STACKS=B,C chooses others.
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

/** Kernels of the job's model, the nodes that they compute, and whether they round: then they have a rung `soft`. */
const kernels: readonly (readonly [kernel: string, nodes: readonly string[], rounds: boolean])[] = [
  ['conv_taps', ["Conv 'c'"], true],
  ['pool', ["MaxPool 'm'"], true],
  ['strided_copy', ["Transpose 't'"], false],
  ['mat_mul_strided', ["MatMul 'p'"], true],
  ['softmax', ["Softmax 's'"], true],
  ['concat', ["Concat 'both'"], false],
  ['elementwise', ["Tanh 'h'"], true],
  ['reduce', ["ReduceSum 'r'"], true],
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

  /** @param rungs on which the fault was found, one after the other */
  function expectRecovered(
    got: AuditSeen,
    kernel: string,
    nodes: readonly string[],
    rungs: readonly ('full' | 'soft')[],
  ): void {
    // The fault is one, and the run that is not audited neither sees nor mends it.
    expect(got.off).toEqual({ same: false, notes: [] });
    expect(got.swapped).toBeGreaterThan(0);
    const last = got.runs.at(-1);
    expect(last?.same).toBe(true);
    const events = last?.notes.filter(({ kind }) => kind === 'audit') ?? [];
    const isLost = rungs.includes('soft') || !roundsOf(kernel);
    expect(events).toEqual(
      rungs.map((rung, i) => ({
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
          rung,
          next: rungs[i + 1] ?? (isLost ? 'reference' : 'soft'),
          constants: expect.any(Object),
          output: 0,
          name: /'(.+)'/.exec(nodes[0] ?? '')?.[1],
        }),
      })),
    );
    for (const { audit } of events) expect(audit?.expected).not.toBe(audit?.got);
    const where = isLost
      ? {
          kind: 'reference',
          nodes,
          message: `${nodes.join(', ')}: kernel ${kernel} failed on every rung here; computed by the reference.`,
        }
      : {
          kind: 'rung',
          nodes,
          message: `${nodes.join(', ')}: computed on rung soft: on this device their kernels failed on a rung above. The bits are the same.`,
        };
    expect(last?.notes).toEqual([...events, where]);
    expect(got.next).toEqual({ same: true, notes: [where] });
    expect(got.other).toEqual({ same: true, kinds: [where.kind] });
    expect(got.usedAgain).toBe(false);
    expect(got.leaked).toEqual([]);
  }
  const roundsOf = (kernel: string): boolean =>
    kernels.some(([name, , rounds]) => name === kernel && rounds);
  const everyRung = (kernel: string): ('full' | 'soft')[] =>
    roundsOf(kernel) ? ['full', 'soft'] : ['full'];

  test.each(kernels)(
    '%s wrong in every row: found by the first audited run',
    { timeout: 180_000 },
    async (kernel, nodes) => {
      const got = await seen({ kernel, where: 'true', soundRuns: 0, runs: 1 });
      expect(got.runs).toHaveLength(1);
      expectRecovered(got, kernel, nodes, everyRung(kernel));
    },
  );

  test.each(kernels.filter(([, , rounds]) => rounds))(
    '%s wrong on rung full only: computes on rung soft',
    { timeout: 180_000 },
    async (kernel, nodes) => {
      const got = await seen({ kernel, where: 'true', only: 'full', soundRuns: 0, runs: 1 });
      expect(got.runs).toHaveLength(1);
      expectRecovered(got, kernel, nodes, ['full']);
    },
  );

  test('wrong in every row after sound runs: found by 200 rows', { timeout: 180_000 }, async () => {
    const [kernel = '', nodes = []] = kernels[4] ?? [];
    // A row is drawn of one of eight dispatches: all miss it with probability (7/8)^200 < 3e-12.
    const got = await seen({ kernel, where: 'true', soundRuns: 2, audit: 200, runs: 1 });
    expect(got.runs).toHaveLength(1);
    expectRecovered(got, kernel, nodes, everyRung(kernel));
  });

  test(
    'wrong in every row after sound runs: found within the budget',
    { timeout: 180_000 },
    async () => {
      const [kernel = '', nodes = []] = kernels[3] ?? [];
      const got = await seen({ kernel, where: 'true', soundRuns: 2, runs: 5000 });
      // Runs before it gave wrong bits: an audit of samples says how likely, not that all are seen.
      for (const run of got.runs.slice(0, -1)) expect(run).toEqual({ same: false, notes: [] });
      expectRecovered(got, kernel, nodes, everyRung(kernel));
    },
  );

  test('a single wrong element: found by very many rows', { timeout: 180_000 }, async () => {
    const [kernel = '', nodes = []] = kernels[4] ?? [];
    // At most 256 rows of one of eight dispatches: all miss it with probability below (1 - 1/2048)^60000 < 2e-13.
    const where = 'i == 24u * 8u + 5u';
    const got = await seen({ kernel, where, soundRuns: 1, audit: 60_000, runs: 1 });
    expectRecovered(got, kernel, nodes, everyRung(kernel));
    const [event] = got.runs.flatMap(({ notes }) => notes.flatMap(({ audit }) => audit ?? []));
    expect(event).toMatchObject({ index: 24 * 8 + 5, differing: 1 });
  });
});
