// Products and convolutions that read constant float16 weights as they lie, on real WebGPU stacks: gated, audited, and half the bytes on the
// device (test/jobs/weights_16_job.ts). That their bits are right, the goldens say (cases.test.ts). STACKS=B,C chooses others.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import type { Stack } from '../../src/cli/stacks/types.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { buildJob } from '../harness/build_job.ts';
import { FORMS, type Weights16Job, type Weights16Seen } from '../jobs/weights_16_job.ts';

const stacks = process.env['STACKS']?.split(',') ?? ['A', 'E'];

const OPS = ['MatMul', 'Conv'] as const;

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('weights_16_job', 'test-weights-16-job');
}, 120_000);

describe.each(stacks)('stack %s', (id) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await openStack(id, { bundle, roots: [], timeoutMs: 170_000 });
  }, 120_000);
  afterAll(() => stack.close());

  async function seen(
    op: Weights16Job['op'],
    fault: Weights16Job['fault'],
  ): Promise<Weights16Seen> {
    const job: Weights16Job = { op, fault };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result as Weights16Seen;
  }

  test.each(OPS)(
    '%s: every form passes its gate and its audit',
    { timeout: 180_000 },
    async (op) => {
      const { runs, constantBytes } = await seen(op, 'never');
      for (const { rows, same, notes, gate } of runs) {
        expect({ rows, same, notes }).toEqual({ rows, same: true, notes: [] });
        expect(gate.pipelines, `rows ${rows}`).toBeGreaterThan(0);
        expect(gate.skipped, `rows ${rows}`).toBe(0);
      }
      // Buffers are whole vectors of 16 bytes. A convolution has a list of its taps, of 8 bytes a term.
      const taps = op === 'Conv' ? 8 * sizeOf(FORMS[op].weights.slice(1)) : 0;
      expect(constantBytes).toBe(Math.ceil((2 * sizeOf(FORMS[op].weights)) / 16) * 16 + taps);
    },
  );

  test.each(OPS.flatMap((op) => [[op, 'before'] as const, [op, 'behind'] as const]))(
    '%s: a fault that appears %s the gate is found',
    { timeout: 180_000 },
    async (op, fault) => {
      for (const { rows, same, notes } of (await seen(op, fault)).runs) {
        expect({ rows, same: same || fault === 'behind' }).toEqual({ rows, same: true });
        const found = notes.flatMap(({ audit }) => audit ?? []);
        expect(found.map(({ kernel }) => kernel)).toContain(FORMS[op].kernel);
        expect(found[0]?.seen).toBe(fault === 'before' ? 'gate' : 'run');
      }
    },
  );
});
