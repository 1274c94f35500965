// The table of docs/MATH.md that test/math/sha256.json gives: one row a function whose 2^32 inputs were all run. Written by
// `npm run test:math -- NAME --all --record`; a test compares, and lets a row be missing.
// Usage: node test/math/oracle/digests.mjs            writes the table
//        node test/math/oracle/digests.mjs --check    exit 1 if a row of the document is not what the file gives
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BEGIN = '<!-- test/math/sha256.json -->';
const END = '<!-- end of test/math/sha256.json -->';

/** @typedef {Record<string, { sha256: string, inputs: number, undecided: number, date: string, machine: string }>} Digests */

/** The rows, in the order of the file. @param {Digests} digests */
function rowsOf(digests) {
  return Object.entries(digests).map(
    ([name, one]) =>
      `| ${name} | ${one.undecided} | 0 | \`${one.sha256.slice(0, 16)}…\` | ${one.date} |`,
  );
}

/** The rows that stand in the document. @param {string} text */
function rowsIn(text) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/MATH.md: expected the marks ${BEGIN} and ${END}.`);
  const lines = text.slice(begin, end).split('\n');
  return lines.filter((line) => line.startsWith('| ')).slice(1);
}

/** @param {string} page path of the document @param {Digests} digests */
export function writeTable(page, digests) {
  const text = readFileSync(page, 'utf8');
  rowsIn(text);
  const table = [
    '| function | decided by MPFR | differ | SHA-256 of all outputs | date |',
    '|---|---|---|---|---|',
    ...rowsOf(digests),
  ];
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  writeFileSync(page, `${text.slice(0, begin)}\n${table.join('\n')}\n${text.slice(end)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(fileURLToPath(import.meta.url), '..', '..', '..', '..');
  const page = join(root, 'docs', 'MATH.md');
  /** @type {Digests} */
  const digests = JSON.parse(readFileSync(join(root, 'test', 'math', 'sha256.json'), 'utf8'));
  if (process.argv.includes('--check')) {
    const rows = rowsOf(digests);
    const stale = rowsIn(readFileSync(page, 'utf8')).filter((row) => !rows.includes(row));
    for (const row of stale) console.error(`docs/MATH.md: ${row} is not in test/math/sha256.json`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else writeTable(page, digests);
}
