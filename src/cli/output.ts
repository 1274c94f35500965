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

/** A model's problems, those that say the same of the same operator on one line. */
function problemsText(problems: readonly Problem[]): string {
  const groups = new Map<string, { problem: Problem; nodes: string[] }>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.domain, problem.opType, problem.message, problem.remedy]);
    const group = groups.get(key) ?? { problem, nodes: [] };
    groups.set(key, group);
    if (problem.node !== undefined) group.nodes.push(problem.node);
  }
  const lines = [...groups.values()].map(({ problem, nodes }) => {
    const { domain, opType, message, remedy } = problem;
    const op = opType === undefined ? '' : domain ? `${domain}.${opType}` : opType;
    const more = nodes.length > 3 ? `, … (${nodes.length} nodes)` : '';
    const where = nodes.slice(0, 3).map((node) => `'${node}'`);
    const who = [op, where.join(', ') + more].filter((part) => part !== '').join(' ');
    return [who === '' ? message : `${who}: ${message}`, remedy].filter((t) => t !== '').join(' ');
  });
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) return only;
  return `${problems.length} problems:\n${lines.map((line) => `- ${line}`).join('\n')}`;
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
  const text = problems === undefined ? message : problemsText(problems);
  process.stderr.write(`isobit: ${text}\n`);
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
