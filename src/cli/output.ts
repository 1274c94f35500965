// What the command line prints and with which exit code it ends: 0 good, 1 a check failed, 2 bad usage or input. With
// --json exactly one JSON document goes to stdout, errors included; everything else goes to stderr.

import type { Problem } from '../core/errors.ts';

export const EXIT = { good: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Bad usage or input: what the caller can mend by calling again in another way. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Prints a command's result: the document with --json, else the text. */
export function printResult(json: boolean, document: unknown, text: string): void {
  process.stdout.write((json ? JSON.stringify(document, null, 2) : text) + '\n');
}

/** What is wrong with a model. Not by class: the job bundles have a ModelError of their own. */
function problemsOf(error: unknown): readonly Problem[] | undefined {
  if (!(error instanceof Error) || !('problems' in error)) return undefined;
  return Array.isArray(error.problems) ? (error.problems as Problem[]) : undefined;
}

/**
 * Prints what a command failed with: on stderr, and with --json as `{ error: { name, message } }` on stdout; a
 * ModelError there has its problems too, one an entry.
 */
export function printError(json: boolean, error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const problems = problemsOf(error);
  if (json) {
    const document = { name, message, ...(problems === undefined ? {} : { problems }) };
    process.stdout.write(JSON.stringify({ error: document }, null, 2) + '\n');
  }
  process.stderr.write(`isobit: ${message}\n`);
}

/** Rows as lines of aligned columns, two spaces between them; numbers (of digits) are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  const isNumber = (cell: string): boolean => /^-?[\d.]+(e[-+]\d+)?( ms| %)?$/.test(cell);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return isNumber(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}
