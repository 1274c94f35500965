// The core of a model that was disposed of, for the next model: its memory is mapped, its instance is made and its modules
// are linked, which is a fifth to a third of loading a small model. From the next turn of the event loop on it is referred
// to weakly, so that an engine that collects garbage takes it like any other. Promises: one is kept, and nothing of the old
// model is handed out; bits cannot tell, since kernels read only what was written before (test/fuzz/poison.ts). Not here:
// cores with threads, with a limit of memory, with kernels of users, or with tensors that callers still hold.
import type { Core } from './core.ts';

/** What a spare core may hold: the next model has this much from its first moment, however small it is. */
const MOST_BYTES = 64 << 20;

let latest: Core | undefined;
let earlier: WeakRef<Core> | undefined;
let isWeakening = false;

/**
 * Whatever a WeakRef is made of lives until the turn ends, by ECMAScript's rules: one a dispose would keep all cores of a long
 * turn, until there is no memory for another.
 */
function weaken(): void {
  isWeakening = false;
  if (latest !== undefined) earlier = new WeakRef(latest);
  latest = undefined;
}

/** Keeps the core of a model that is over, if it can serve another. Whoever had it must not use it again. */
export function keepSpare(core: Core): void {
  const { heap } = core;
  if (heap.memory.buffer.byteLength > MOST_BYTES || heap.lent > 0 || !core.vacate()) return;
  latest = core;
  earlier = undefined;
  if (isWeakening) return;
  isWeakening = true;
  setTimeout(weaken);
}

/** The core that is kept; undefined if there is none. From now on it is the caller's alone. */
export function takeSpare(): Core | undefined {
  const core = latest ?? earlier?.deref();
  latest = undefined;
  earlier = undefined;
  return core;
}
