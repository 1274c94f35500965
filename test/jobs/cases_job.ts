// The job that runs the operator cases on a stack (`run` of src/jobs/job.ts), built by the tests that use it.
// Returns each case's digest on the asked backend; one device serves all cases.
import type { JobEnv } from '../../src/jobs/job.ts';
import { runCase } from '../harness/conform.ts';
import { caseFiles } from '../ops/index.ts';

export interface CasesJob {
  readonly backend: 'wasm' | 'webgpu';
  /** Stems; all if not given. */
  readonly stems?: readonly string[];
  /** Cases of these stems; all if not given. */
  readonly ids?: readonly string[] | undefined;
  /** Ends with the first case whose digest is not the one given here. */
  readonly untilNot?: Readonly<Record<string, string>>;
}

export interface CasesReport {
  readonly digests: Record<string, string>;
  readonly notes: Record<string, readonly string[]>;
}

export async function run(request: unknown, env: JobEnv): Promise<CasesReport> {
  const job = request as CasesJob;
  const digests: Record<string, string> = {};
  const notes: Record<string, readonly string[]> = {};
  let device: GPUDevice | undefined;
  if (job.backend === 'webgpu') {
    const adapter = await env.gpu?.requestAdapter(
      env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
    );
    device = await adapter?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
  }
  search: for (const stem of job.stems ?? caseFiles.keys()) {
    for (const one of caseFiles.get(stem) ?? []) {
      if (job.ids !== undefined && !job.ids.includes(one.id)) continue;
      const result = await runCase(one, job.backend, { device });
      digests[one.id] = result.digest;
      if (result.notes.length > 0) notes[one.id] = result.notes.map((note) => note.message);
      if (job.untilNot !== undefined && job.untilNot[one.id] !== result.digest) break search;
    }
  }
  device?.destroy();
  return { digests, notes };
}
