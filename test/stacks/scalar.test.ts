// The core built without SIMD instructions gives the digests of the one that is shipped: no result depends on what the
// vector instructions of an engine or processor do beyond IEEE-754 (R2). SIMDe's portable C stands in for them
// (test/scalar/wasm_simd128.h), so that lanes, shuffles, minima and conversions come from another hand.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import type { CasesReport } from '../jobs/cases_job.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('every operator case has its golden digest without SIMD', { timeout: 600_000 }, async () => {
  const core = `${root}build/scalar/core`;
  execFileSync('bash', [`${root}scripts/build_wasm.sh`, '--scalar', core], { stdio: 'pipe' });
  const bundle = await buildJob('cases_job', 'test-scalar-job', [], { core });
  const stack = await openStack('wasm-node', { bundle, timeoutMs: 500_000 });
  try {
    const reply = await stack.run({ backend: 'wasm' });
    expect(reply.error).toBeUndefined();
    const { digests } = reply.result as CasesReport;
    const golden = goldenDigests();
    const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
    expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
  } finally {
    await stack.close();
  }
});
