// The tiles of a device (core/tiles.ts), from what its adapter says of itself: nothing is measured when a device is
// opened. Chosen by `npm run bench:tiles` on the software adapters of two compilers (docs/BENCHMARKS.md). Promises nothing
// about bits, which are the same for every choice (test/stacks/tiles.test.ts).
import { DEFAULT_TILES, type Tiles } from '../../core/tiles.ts';

/**
 * An adapter that computes on the CPU runs the invocations of a workgroup on one processor, a vector of them at a time:
 * barriers and workgroup memory are dear there, and invocations without work cost little.
 */
export function tilesOf(software: boolean, processors: number): Tiles {
  return software ? { fewRows: 'blocks', processors } : DEFAULT_TILES;
}

/** Processors of this machine; two where the engine does not tell. */
export const processorsHere = (): number => globalThis.navigator?.hardwareConcurrency ?? 2;
