// Which WebGPU stack a command uses when none is named: a graphics card first, then the software stacks that start
// quickest. Node has no WebGPU of its own, and Dawn can end its process, so even a single run has a stack for itself.

import type { ModelJob } from '../jobs/model_job.ts';
import { jobBundle } from './bundles.ts';
import { STACKS } from './stacks/catalog.ts';
import { openStack } from './stacks/runner.ts';
import type { Stack, StackOptions } from './stacks/types.ts';
import { UsageError } from './output.ts';

const PREFERENCE = ['F', 'E', 'D', 'C', 'A', 'B'];

/**
 * Opens the first WebGPU stack of this machine that starts, or the one named.
 *
 * @param only Consider only these; a graphics card is F.
 * @throws UsageError When none starts: what each lacks.
 */
export async function openGpuStack(options: StackOptions, only = PREFERENCE): Promise<Stack> {
  const reasons: string[] = [];
  for (const id of only) {
    try {
      return await openStack(id, options);
    } catch (e) {
      reasons.push(e instanceof Error ? e.message : String(e));
    }
  }
  throw new UsageError(`No WebGPU stack starts here.\n${reasons.join('\n')}`);
}

/**
 * The result of a model's job on a WebGPU stack that is opened for it.
 *
 * @param roots Folders that the job reads from.
 * @throws UsageError When no stack starts; Error named after the stack for one that the job gave.
 */
export async function runOnGpu(
  job: ModelJob,
  roots: string[],
  only?: string[],
): Promise<{ result: unknown; stack: Stack }> {
  const { bundle, root } = jobBundle('model_job');
  const stack = await openGpuStack({ bundle, roots: [root, ...roots] }, only);
  try {
    const reply = await stack.run(job);
    if (reply.error !== undefined) {
      throw new Error(`Stack ${stack.id} (${stack.title}): ${reply.error.message}`);
    }
    return { result: reply.result, stack };
  } finally {
    await stack.close();
  }
}

/** True when a graphics card may be there; only opening it tells. */
export function mayOpenGraphicsCard(): boolean {
  return STACKS.some((spec) => spec.id === 'F' && spec.find() === undefined);
}
