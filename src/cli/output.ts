// What the command line prints and with which exit code it ends: 0 good, 1 a check failed, 2 bad usage or input. With
// --json exactly one JSON document goes to stdout, errors included; everything else goes to stderr.

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

/** Prints what a command failed with: on stderr, and with --json as `{ error: { name, message } }` on stdout. */
export function printError(json: boolean, error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (json) process.stdout.write(JSON.stringify({ error: { name, message } }, null, 2) + '\n');
  process.stderr.write(`isobit: ${message}\n`);
}

/** Rows as lines of aligned columns, two spaces between them; numbers (of digits) are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  const isNumber = (cell: string): boolean => /^-?[\d.]+( ms)?$/.test(cell);
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
