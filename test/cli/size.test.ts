// What a page loads: the library's built chunks, gzipped, by which the limits of docs/BENCHMARKS.md are kept. A worker holds the
// library once more and is loaded where it is asked for; it is no part of the sum.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-size');

beforeAll(async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  await build({ ...options, configFile: join(root, 'vite.config.ts') });
}, 120_000);
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

/** The chunks that a chunk imports, itself first; `follow` picks the dynamic ones. */
function chunksOf(
  name: string,
  follow: (text: string) => boolean,
  found = new Set<string>(),
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(outDir, name), 'utf8');
  const fixed = [...text.matchAll(/(?:from\s*|import\s*)["']\.\/([^"']+)["']/g)];
  const dynamic = [...text.matchAll(/import\(["']\.\/([^"']+)["']\)/g)].filter(([, one = '']) =>
    follow(one),
  );
  for (const [, one = ''] of [...fixed, ...dynamic]) chunksOf(one, follow, found);
  return found;
}
const sizeOf = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(outDir, name))).length, 0);

test('the library with both backends stays below 400 KB', () => {
  const all = chunksOf('index.js', (name) => !/^(host|worker)/.test(name));
  const names = [...all].map((name) => name.replace(/-[^-]*\.js$/, ''));
  expect(names.some((name) => name.startsWith('core'))).toBe(true);
  const sizes = [...all].map((name, i) => `${names[i]} ${Math.round(sizeOf([name]) / 1024)}`);
  console.log(`library ${Math.round(sizeOf(all) / 1024)} KB gzipped: ${sizes.join(', ')}`);
  expect(sizeOf(all)).toBeLessThan(400 * 1024);
});

test('importing loads neither the core nor a worker', () => {
  const first = chunksOf('index.js', () => false);
  expect([...first].filter((name) => /^(core|host)/.test(name))).toEqual([]);
});
