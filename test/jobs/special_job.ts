// The job that runs special variants of the operator cases (harness/special_variants.ts) on a stack and returns the digest
// of each, or its error, and which of them were computed again by the reference (B6).
import type { JobEnv } from '../../src/jobs/job.ts';
import type { OpCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { FILLINGS, resizedVariants, specialVariant } from '../harness/special_variants.ts';
import { thinned } from '../harness/thinned.ts';
import { caseFiles } from '../ops/index.ts';

const AT_ONCE = 8;

export interface SpecialJob {
  readonly backend: 'wasm' | 'webgpu';
  /** Stems; all if not given. */
  readonly stems?: readonly string[];
  /** Fillings of each case: 1 takes one of the three in turn, more take as many seeds of all three. */
  readonly seeds: number;
  /** Cases of one file, evenly spread over it; all if not given. */
  readonly most?: number;
}

export interface SpecialReport {
  readonly digests: Record<string, string>;
  /** Variants that the reference computed again because an operand raised the flag. */
  readonly flagged: readonly string[];
  /** What the device calls itself. */
  readonly adapter: string;
}

/** The variants of a job, in a stable order. */
export function specialCases({ stems, seeds, most = Infinity }: SpecialJob): OpCase[] {
  return [...(stems ?? caseFiles.keys())].flatMap((stem) =>
    thinned(caseFiles.get(stem) ?? [], most).flatMap((one, k) => {
      const variants = Array.from({ length: seeds }, (_, seed) =>
        FILLINGS.filter((_, i) => seeds > 1 || i === k % FILLINGS.length).map((filling) =>
          specialVariant(one, filling, seed + 1),
        ),
      ).flat();
      // One in eight with an empty axis: few of them have a dispatch.
      const empty = k % 8 === 0 || seeds > 1 ? resizedVariants(one, 0).slice(0, seeds) : [];
      return [...variants.filter((variant) => variant !== undefined), ...empty];
    }),
  );
}

export async function run(request: unknown, env: JobEnv): Promise<SpecialReport> {
  const job = request as SpecialJob;
  let device: GPUDevice | undefined;
  let adapter: GPUAdapter | null | undefined;
  if (job.backend === 'webgpu') {
    adapter = await env.gpu?.requestAdapter(
      env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
    );
    device = await adapter?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
  }
  const digests: Record<string, string> = {};
  const flagged: string[] = [];
  const cases = specialCases(job);
  let at = 0;
  const work = async (): Promise<void> => {
    for (let one = cases[at]; one !== undefined; one = cases[at]) {
      at += 1;
      const result = await runCase(one, job.backend, { device });
      digests[one.id] = result.digest;
      if (result.notes.some((note) => note.kind === 'recomputed')) flagged.push(one.id);
    }
  };
  // A submission is answered after a turn of the browser's clock: several nodes wait together.
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  device?.destroy();
  // Deno 2.9.5 panics ("Adapter does not exist") where the adapter is collected before its device: it is held until here.
  return { digests, flagged, adapter: adapter?.info.device ?? '' };
}
