// Which WebGPU stack a command uses when none is named: a graphics card first, then the software stacks that start
// quickest. Node has no WebGPU of its own, and Dawn can end its process, so even a single run has a stack for itself.

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

/** True when a graphics card may be there; only opening it tells. */
export function mayOpenGraphicsCard(): boolean {
  return STACKS.some((spec) => spec.id === 'F' && spec.find() === undefined);
}
