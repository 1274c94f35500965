// The loop that scripts/peak.mjs compares with computes what it says, in every form, so that no engine can leave out of it
// what is counted; and wrong options are refused. How fast anything is, is nobody's test.
import { describe, expect, test, vi } from 'vitest';
import { main, measurePeak } from '../../scripts/peak.ts';
import { peakLoop, type PeakForm } from '../../scripts/peak_module.ts';

/** The sum of all chains after so many passes, a multiplication and an addition at a time. */
function modelOf(
  form: PeakForm,
  chains: number,
  { pairs, passes, a, b }: { pairs: number; passes: number; a: number; b: number },
): number {
  const x = Array.from({ length: chains }, (_, i) => Math.fround((1 + i) * a));
  const atOnce = form === 'joined' ? chains : chains / 2;
  for (let i = 0; i < passes * pairs; i += 1) {
    const at = (i % atOnce) * (form === 'joined' ? 1 : 2);
    const next = form === 'joined' ? at : at + 1;
    x[at] = Math.fround((x[at] ?? 0) * a);
    x[next] = Math.fround((x[next] ?? 0) + b);
  }
  return x.reduce((sum, one) => Math.fround(sum + one));
}

describe('the loop', () => {
  test.each([
    ['joined', 4],
    ['joined', 7],
    ['joined', 16],
    ['apart', 4],
    ['apart', 10],
    ['apart', 16],
  ] as const)('%s, %i chains', (form, chains) => {
    const [a, b] = [0.75, 0.625];
    const { pairs, run } = peakLoop(form, chains);
    expect(pairs).toBeGreaterThanOrEqual(48);
    for (const passes of [1, 2, 5]) {
      const expected = modelOf(form, chains, { pairs, passes, a, b });
      expect(run(passes, a, b), `${passes} passes`).toBe(expected);
    }
  });
});

test('a report has the loop and both products, each against it', async () => {
  const { size, loop, rows } = await measurePeak(16, 1);
  expect(size).toBe(16);
  expect(loop.gflops).toBeGreaterThan(0);
  expect(rows.map(({ name }) => name)).toEqual(
    ['weights of the model', 'both fed'].flatMap((name) =>
      ['peak', 'kernel', 'call'].map((what) => `${name}: ${what}`),
    ),
  );
  for (const { name, share } of rows) {
    if (name.endsWith('peak')) expect(share, name).toBeCloseTo(1, 9);
    else expect(share, name).toBeGreaterThan(0);
  }
});

test.each([
  [['--seconds', '0'], '--seconds: expected an integer of at least 1, got 0.'],
  [['--size', '7'], '--size: expected an integer of at least 8, got 7.'],
  [['--size', 'x'], '--size: expected an integer of at least 8, got x.'],
  [['--fast'], "Unknown option '--fast'"],
])('options %j are refused', async (args, message) => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    expect(await main(args)).toBe(2);
    expect(error.mock.calls.flat().join()).toContain(message);
  } finally {
    error.mockRestore();
  }
});
