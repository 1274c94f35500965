// What is to be ended before this process does, where that takes longer than an instant: sessions at other machines, which
// would go on, and be paid for, until the other side's own limit. Processes and browsers of this machine die with this
// one by themselves. It catches no signal; bin.ts does.

/** How long an interrupted program waits for the other sides, in ms. */
const PATIENCE_MS = 5000;

const open = new Set<() => Promise<void>>();

let interrupted = false;

/** True when this process is about to end: nothing that has to be ended is to be begun. */
export const isInterrupted = (): boolean => interrupted;

/** Registers what ends something; the function that is returned takes it back. */
export function whenInterrupted(end: () => Promise<void>): () => void {
  open.add(end);
  return () => open.delete(end);
}

/** Ends all that is open, as far as that succeeds within a few seconds. */
export async function endAll(): Promise<void> {
  interrupted = true;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((late) => (timer = setTimeout(late, PATIENCE_MS)));
  await Promise.race([patience, Promise.allSettled([...open].map((end) => end()))]);
  clearTimeout(timer);
}
