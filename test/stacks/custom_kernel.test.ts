// An operator of a user's own with kernels of its own (docs/examples/custom_kernel) on every stack: the bits of the two
// products that it stands for; and where its shader is wrong, the gate finds it and the reference computes. STACKS=C,E narrows.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { runCase } from '../harness/conform.ts';
import { customCases, twoProducts, type CustomKernelReport } from '../jobs/custom_kernel_job.ts';

const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);
const wgsl = readFileSync(
  new URL('../../docs/examples/custom_kernel/kernel.wgsl', import.meta.url),
  'utf8',
);

const expected: [string, string][] = [];
let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('custom_kernel_job', 'test-custom-kernel-job');
  for (const one of customCases().map(twoProducts)) {
    expected.push([one.id, (await runCase(one, 'wasm')).digest]);
  }
}, 120_000);

async function reportsOf(id: string, text: string): Promise<readonly CustomKernelReport[]> {
  const stack = await openStack(id, { bundle, timeoutMs: 290_000 });
  try {
    const reply = await stack.run({ backend: stack.backend, wgsl: text });
    expect(reply.error).toBeUndefined();
    return reply.result as CustomKernelReport[];
  } finally {
    await stack.close();
  }
}
const digestsOf = (reports: readonly CustomKernelReport[]): [string, string][] =>
  reports.map(({ id, digest }) => [id, digest]);

describe.each(stacks.map((spec) => [spec.id, spec.backend] as const))('stack %s', (id, backend) => {
  test('gives the bits of what the kernel stands for', { timeout: 300_000 }, async () => {
    const reports = await reportsOf(id, wgsl);
    expect(digestsOf(reports)).toEqual(expected);
    expect(reports.flatMap(({ notes }) => notes)).toEqual([]);
    if (backend === 'webgpu') expect(reports[0]?.gated).toBeGreaterThan(0);
  });
});

test('a shader that multiplies in another order is found before its first use', async () => {
  const other = wgsl.replace(
    'mul_f32(mul_f32(in0[i], in0[i]), params.alpha)',
    'mul_f32(in0[i], mul_f32(in0[i], params.alpha))',
  );
  expect(other).not.toBe(wgsl);
  const reports = await reportsOf('E', other);
  expect(digestsOf(reports)).toEqual(expected);
  const [first, ...others] = reports.map(({ notes }) => notes);
  expect(first).toContain('audit');
  expect(new Set(others.flat())).toEqual(new Set(['reference']));
}, 300_000);
