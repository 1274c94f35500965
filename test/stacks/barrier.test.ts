// Faults planted on purpose (docs/NUMERICS.md, M1). Without the barrier, stacks C and D give other bits where a sum of
// floats feeds a difference, and the tests say so; with it none does (math.test.ts, cases.test.ts). Every other mutant of
// test/harness/mutants.ts is noticed by the operator cases on one stack, by what they note, or by the lint. A mutant
// that nobody notices fails. STACK=C takes another stack than E.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { lintWgsl } from '../../scripts/wgsl_lint.ts';
import { edited, type ShaderEdit } from '../../scripts/wgsl_plugin.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { mutants, noBarrier, type Mutant } from '../harness/mutants.ts';
import type { CasesJob, CasesReport } from '../jobs/cases_job.ts';
import type { MathResult } from '../jobs/math_job.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const STACK = process.env['STACK'] ?? 'E';
const LIMIT = 300_000;

let bundles = 0;

/** A job with edited shaders. */
function bundle(job: 'cases_job' | 'math_job', edits: readonly ShaderEdit[]): Promise<string> {
  bundles += 1;
  return buildJob(job, `test-mutants/${bundles}`, edits);
}

async function runOn(id: string, file: string, job: unknown): Promise<unknown> {
  const stack = await openStack(id, { bundle: file, timeoutMs: LIMIT - 10_000 });
  try {
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result;
  } finally {
    await stack.close();
  }
}

async function runCases(
  edits: readonly ShaderEdit[],
  some: Omit<CasesJob, 'backend'>,
): Promise<CasesReport> {
  const job: CasesJob = { backend: 'webgpu', ...some };
  return (await runOn(STACK, await bundle('cases_job', edits), job)) as CasesReport;
}

/** What notices a mutant first: a case with another digest, a case that is not recomputed any more, a rule of the lint. */
async function noticed({ edits, killer, stems, ids }: Mutant): Promise<string | undefined> {
  if (killer === 'lint') {
    const found = edits.flatMap(({ file }) => {
      const text = readFileSync(`${root}shaders/${file}.wgsl`, 'utf8');
      expect(lintWgsl(file, text)).toEqual([]);
      return lintWgsl(file, edited(file, text, edits));
    });
    return found[0] && `lint: ${found[0].rule}`;
  }
  if (killer === 'notes') {
    const clean = await runCases([], { stems, ids });
    const { notes } = await runCases(edits, { stems, ids });
    const lost = Object.keys(clean.notes).find((key) => notes[key] === undefined);
    return lost && `not recomputed: ${lost}`;
  }
  const golden = goldenDigests(stems);
  const { digests } = await runCases(edits, { stems, untilNot: golden });
  return Object.keys(digests).find((key) => digests[key] !== golden[key]);
}

const rows: (readonly [mutant: string, killer: string, where: string])[] = [];
afterAll(() => {
  const width = Math.max(...rows.map(([mutant]) => mutant.length));
  const lines = rows.map(
    ([mutant, killer, where]) => `${mutant.padEnd(width)}  ${where}  ${killer}`,
  );
  console.log(`mutants\n${lines.join('\n')}`);
});

describe.each(['C', 'D'])('stack %s without the barrier', (id) => {
  test('computes rounding errors wrongly', { timeout: LIMIT }, async () => {
    const file = await bundle('math_job', noBarrier);
    const results = (await runOn(id, file, { count: 1 << 16 })) as MathResult[];
    const wrong = results.filter((one) => one.differing > 0);
    const text = wrong.map((one) => `${one.name} ${one.differing} of ${1 << 16} words`).join(', ');
    rows.push(['no barrier', text === '' ? 'SURVIVED' : text, id]);
    const names = wrong.map((one) => one.name);
    expect(names).toEqual(
      expect.arrayContaining(['two_sum_bar', 'two_sum_bar_bits', 'two_sum_bar4']),
    );
  });
});

describe('mutants', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    { timeout: LIMIT },
    async (name, mutant) => {
      const killer = await noticed(mutant);
      rows.push([name, killer ?? 'SURVIVED', mutant.killer === 'lint' ? '-' : STACK]);
      expect(killer).toBeDefined();
    },
  );
});

test('an edit that finds nothing, or is of a file that is not built, fails loudly', async () => {
  const edit = { file: 'math/barrier', find: 'no such text', replace: '' };
  await expect(bundle('math_job', [edit])).rejects.toThrow(/find "no such text" once, found it 0/);
  await expect(bundle('math_job', [{ ...edit, file: 'math/none' }])).rejects.toThrow(
    /edited but not built/,
  );
});
