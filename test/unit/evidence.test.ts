// docs/EVIDENCE.md is what its list gives; every claim has tests that exist; every rule of the contract has a claim; and
// no sentence of README about bits is without one. `npm run docs:evidence` after `npm test` writes the page.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { claims, untested } from '../evidence/claims.ts';
import { collectResults, countsOfPages, evidencePage, type Results } from '../evidence/page.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const resultsPath = 'test/evidence/results.json';

test('docs/EVIDENCE.md is current: npm test, then npm run docs:evidence', async () => {
  const write = async (path: string, text: string): Promise<void> => {
    const options = await resolveConfig(resolve(root, path));
    writeFileSync(resolve(root, path), await format(text, { ...options, filepath: path }));
  };
  const results = process.env['UPDATE_DOCS'] === '1' ? collectResults() : undefined;
  if (results !== undefined) await write(resultsPath, JSON.stringify(results));
  const page = evidencePage(JSON.parse(read(resultsPath)) as Results);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(resolve(root, 'docs/EVIDENCE.md'), page);
  expect(read('docs/EVIDENCE.md')).toBe(page);
});

test('page tests are counted by file, those within describes too', () => {
  const specs = (...statuses: string[]) => statuses.map((status) => ({ tests: [{ status }] }));
  const inner = { file: 'a.spec.ts', specs: specs('expected', 'flaky', 'unexpected') };
  const suites = [
    { file: 'a.spec.ts', specs: specs('expected'), suites: [inner] },
    { file: 'b.spec.ts', specs: specs('skipped') },
  ];
  expect(countsOfPages(suites)).toEqual({
    'e2e/a.spec.ts': { passed: 2, failed: 2 },
    'e2e/b.spec.ts': { passed: 0, failed: 1 },
  });
});

test('every test that a claim names exists', () => {
  for (const { claim, tests } of claims) {
    expect(tests.length, claim).toBeGreaterThan(0);
    for (const [file, title] of tests) {
      expect(existsSync(resolve(root, 'test', file)), `${claim}: ${file}`).toBe(true);
      if (title !== undefined) expect(read(`test/${file}`), claim).toContain(title);
    }
  }
});

test('every rule of the contract has a claim, or a reason why not', () => {
  const text = read('docs/NUMERICS.md');
  const rules = new Set([...text.matchAll(/\*\*([RVBM]\d+)\b/g)].map((match) => match[1] ?? ''));
  expect(rules.size).toBeGreaterThan(20);
  const known = new Set([...claims.flatMap((one) => one.rules), ...Object.keys(untested)]);
  expect([...rules].filter((rule) => !known.has(rule))).toEqual([]);
  expect([...known].filter((rule) => !rules.has(rule))).toEqual([]);
});

/** The sentences of a page, without code, tables and headings; line breaks are spaces. */
function sentencesOf(markdown: string): string[] {
  const prose = markdown
    .replaceAll(/^```[\s\S]*?^```$/gm, '\n\n')
    .replaceAll(/<!--.*?-->/g, '')
    .split(/\n\s*\n/)
    .filter((block) => !/^(#|\||\$ )/.test(block.trim()));
  return prose.flatMap((block) =>
    block
      .replaceAll(/\s+/g, ' ')
      .trim()
      .split(/(?<=[.:?])\s+(?=[A-Z*`A-Z])/),
  );
}

test('README says nothing about bits that no claim carries', () => {
  const about =
    /(?<!\d-)\bbits?\b|\bidentical|\bdigests?\b|every device|\bwords\b|correctly rounded|\bgate\b|\baudit(?!or)/i;
  const sentences = sentencesOf(read('README.md'));
  const said = claims.flatMap((one) => one.said ?? []);
  const quoted = said.map((quote) => quote.replaceAll(/\s+/g, ' '));
  const loose = sentences
    .filter((sentence) => about.test(sentence))
    .filter((sentence) => !quoted.some((quote) => sentence.includes(quote)));
  expect(loose).toEqual([]);
  const text = read('README.md').replaceAll(/\s+/g, ' ');
  expect(quoted.filter((quote) => !text.includes(quote))).toEqual([]);
});
