// Two ends of a channel in memory, for tests of what two parties say to one another.
import type { TraceChannel } from '../../src/index.ts';

/** Two ends, what went through, and how many still listen; `change` alters what the second end says. */
export function channels(change: (text: string) => string = (text) => text) {
  const said: string[] = [];
  const hearers: Set<(text: string) => void>[] = [new Set(), new Set()];
  const end = (own: number): TraceChannel => ({
    send(text) {
      const sent = own === 1 ? change(text) : text;
      said.push(sent);
      queueMicrotask(() => hearers[1 - own]?.forEach((hear) => hear(sent)));
    },
    listen(hear) {
      hearers[own]?.add(hear);
      return () => hearers[own]?.delete(hear);
    },
  });
  const open = (): number => hearers.reduce((sum, one) => sum + one.size, 0);
  return { one: end(0), two: end(1), said, open };
}
