// The core of a model that was disposed of, for the next model: its memory is mapped, its instance is made and its modules are
// linked, which is a third of loading a small model. It is referred to weakly, so that an engine that collects garbage takes
// it like any other. Promises: nothing of the old model is handed out; bits cannot tell, since kernels read only what was
// written before (test/fuzz/poison.ts). Not here: cores with threads, with a limit of memory, or with kernels of users.
import type { Core } from './core.ts';

/** What a spare core may hold: the next model has this much from its first moment, however small it is. */
const MOST_BYTES = 64 << 20;

let spare: WeakRef<Core> | undefined;

/** Keeps the core of a model that is over, if it can serve another. Whoever had it must not use it again. */
export function keepSpare(core: Core): void {
  if (core.heap.memory.buffer.byteLength > MOST_BYTES || !core.vacate()) return;
  spare = new WeakRef(core);
}

/** The core that is kept; undefined if there is none. From now on it is the caller's alone. */
export function takeSpare(): Core | undefined {
  const core = spare?.deref();
  spare = undefined;
  return core;
}
