// What `isobit stacks` prints of GPUs that no machine of these tests has: one whose floats differ, one that fails during
// its gate. Rows in, text out; the real ones are test/cli's.
import { expect, test } from 'vitest';
import { rowText, type StackRow } from '../../src/cli/stacks_command.ts';

const row: StackRow = {
  id: 'F',
  title: 'graphics card',
  engine: 'V8',
  backend: 'webgpu',
  found: true,
  adapter: 'a card',
  limits: {},
  versions: {},
};

test('a reduced GPU: its verdict, and each finding that differs', () => {
  const findings = [
    { name: 'rounding', outcome: 'differs', detail: '3 of 64 words differ; of 0x1: …' },
    { name: 'carries', outcome: 'ok', detail: '64 words' },
    { name: 'fuses', outcome: 'information', detail: '5 of 64 words differ; of 0x2: …' },
  ] as const;
  const probe = { verdict: 'reduced', findings, milliseconds: 12.6, adapter: 'a card' } as const;
  const [head, ...lines] = rowText({ ...row, probe }).split('\n');
  expect(head).toBe('F             webgpu reduced V8             graphics card, ');
  expect(lines.slice(2).map((line) => line.trim())).toEqual([
    'gate: 3 findings, 1 differ, 13 ms',
    'rounding: 3 of 64 words differ; of 0x1: …',
  ]);
});

test('a GPU that fails during its gate: why, all lines of it', () => {
  const text = rowText({ ...row, probeError: 'the process ended: SIGSEGV.\nlast words' });
  expect(text).toMatch(/^F {13}webgpu failed {2}V8 /);
  expect(text).toContain(`\n${' '.repeat(14)}gate: the process ended: SIGSEGV.\n`);
  expect(text.endsWith(`\n${' '.repeat(14)}last words`)).toBe(true);
});

test('a stack that is not here has no verdict', () => {
  const absent = { ...row, found: false, error: 'missing: a graphics card', needs: 'a card' };
  expect(rowText(absent).split('\n')).toEqual([
    'F             webgpu -       V8             graphics card',
    `${' '.repeat(14)}missing: a graphics card`,
    `${' '.repeat(14)}to install: a card`,
  ]);
});
