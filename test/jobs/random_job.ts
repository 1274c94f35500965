// The job that runs random nodes (harness/random_nodes.ts) on a stack and returns the digest of each, or its error.
import type { JobEnv } from '../../src/jobs/job.ts';
import { nodeCase, type OpCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { Chooser, RANDOM_NODES } from '../harness/random_nodes.ts';

const AT_ONCE = 8;

export interface RandomJob {
  readonly backend: 'wasm' | 'webgpu';
  /** Nodes of each operator: those of the seeds from `first` on. */
  readonly seeds: number;
  readonly first?: number;
}

/** The nodes of a job, in a stable order. */
export function randomCases({ seeds, first = 0 }: RandomJob): OpCase[] {
  return [...RANDOM_NODES].flatMap(([opType, make]) =>
    Array.from({ length: seeds }, (_, i) => {
      const seed = first + i;
      return nodeCase(`${opType} seed ${seed}`, 'random', make(new Chooser(seed * 7919 + 17)));
    }),
  );
}

export async function run(request: unknown, env: JobEnv): Promise<Record<string, string>> {
  const job = request as RandomJob;
  let device: GPUDevice | undefined;
  if (job.backend === 'webgpu') {
    const adapter = await env.gpu?.requestAdapter(
      env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
    );
    device = await adapter?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
  }
  const digests: Record<string, string> = {};
  const cases = randomCases(job);
  let at = 0;
  const work = async (): Promise<void> => {
    for (let one = cases[at]; one !== undefined; one = cases[at]) {
      at += 1;
      digests[one.id] = (await runCase(one, job.backend, { device })).digest;
    }
  };
  // A submission is answered after a turn of the browser's clock: several nodes wait together.
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  device?.destroy();
  return digests;
}
