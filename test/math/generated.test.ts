// The generated C headers and the constants of the elementary functions are what their sources give: otherwise the
// proof of test:math speaks of another text than the GPU runs (V6, B4).
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const run = (script: string): string =>
  execFileSync(process.execPath, [join(root, 'scripts', script), '--check'], {
    encoding: 'utf8',
    stdio: 'pipe',
  });

describe('elementary functions', () => {
  test('wasm/math/words is made from shaders/math', () => {
    expect(run('wgsl_to_c.mjs')).toBe('');
  });

  test('the constants in shaders and C are those of scripts/math_constants.mjs', () => {
    expect(run('math_constants.mjs')).toBe('');
  });

  test('committed digests are complete runs of functions that the oracle knows', () => {
    const folder = import.meta.dirname;
    const rows = readFileSync(join(folder, 'oracle', 'functions.h'), 'utf8');
    const text = readFileSync(join(folder, 'sha256.json'), 'utf8');
    const entries = Object.entries(JSON.parse(text) as Record<string, Record<string, unknown>>);
    expect(entries.length).toBeGreaterThan(0);
    expect(
      `${JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)}\n`,
    ).toBe(text);
    for (const [name, entry] of entries) {
      expect(rows, name).toContain(`  ROW(${name})\n`);
      expect(entry['sha256'], name).toMatch(/^[0-9a-f]{64}$/);
      expect(entry['inputs'], name).toBe(2 ** 32);
      expect(entry['date'], name).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(entry['machine'], name).toMatch(/gcc/);
    }
  });

  test('the table of docs/MATH.md says what the committed digests say', () => {
    expect(run('../test/math/oracle/digests.mjs')).toBe('');
  });

  test('hard cases of pow are three words, each pair once', () => {
    const lines = readFileSync(join(import.meta.dirname, 'pow.pairs.txt'), 'utf8').split('\n');
    const cases = lines.filter((line) => line !== '' && !line.startsWith('//'));
    expect(cases.length).toBeGreaterThan(5);
    for (const line of cases)
      expect(line).toMatch(/^([0-9a-f]{8} ){3}\/\/ .*: 2\^-\d+ from a tie$/);
    expect(new Set(cases.map((line) => line.slice(0, 17))).size).toBe(cases.length);
  });

  test('hard cases are pairs of words, each input once', () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.worst.txt'));
    expect(files).toContain('exp.worst.txt');
    for (const file of files) {
      const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n');
      const cases = lines.filter((line) => line !== '' && !line.startsWith('//'));
      for (const line of cases) expect(line, file).toMatch(/^[0-9a-f]{8} [0-9a-f]{8}( \/\/ .*)?$/);
      expect(new Set(cases.map((line) => line.slice(0, 8))).size, file).toBe(cases.length);
    }
  });
});
