// What a caller asks of a run, checked before anything is executed. Not here: feeds (feeds.ts).
import type { AuditOptions } from './backends/backend.ts';
import type { RunOptions } from './run_types.ts';

/** What a backend is asked for; the draw decides which rows are recomputed, never what they are. */
export function auditOptions(audit: RunOptions['audit']): AuditOptions | undefined {
  if (audit === 'off') return undefined;
  if (audit !== undefined && !(Number.isSafeInteger(audit) && audit > 0)) {
    throw new RangeError(
      `run: audit: expected 'off' or a number of rows, at least 1, got ${String(audit)}.`,
    );
  }
  return { rows: audit, random: () => Math.random() };
}

/** Names of outputs in the graph's order; all of them where none are asked for. */
export function outputNames(
  known: readonly string[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  if (wanted === undefined) return known;
  const missing = wanted.filter((name) => !known.includes(name));
  if (missing.length > 0) {
    throw new RangeError(
      `run: unknown outputs: expected some of ${known.join(', ')}, got ${missing.join(', ')}.`,
    );
  }
  return known.filter((name) => wanted.includes(name));
}
