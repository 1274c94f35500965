// What is audited (docs/NUMERICS.md, B8): everything in the first run, every row with its probability later, within its
// share of the time over many runs, whatever a single audit costs.
import { expect, test } from 'vitest';
import { Auditor, type Auditable, type RunClock } from '../../src/backends/webgpu/auditor.ts';
import type { Dispatch } from '../../src/core/op.ts';
import { Prng } from '../harness/prng.ts';

const draws = (seed: number): (() => number) => {
  const prng = new Prng(seed);
  return () => prng.word() / 2 ** 32;
};

/** Dispatches of so many units each. */
const plan = (units: readonly number[], unitCost = 1 << 20, bytes = 4096): Auditable[] =>
  units.map((n, step) => ({
    step,
    dispatch: { units: n, unitCost } as Dispatch,
    pipeline: {},
    bytes,
  }));

/** An auditor behind its first audit. */
function settled(steps: readonly Auditable[]): Auditor {
  const auditor = new Auditor();
  auditor.trust(
    steps.map(({ pipeline }) => pipeline),
    true,
  );
  return auditor;
}

test('the first audit takes one row of every dispatch, until one is done', () => {
  const steps = plan([5, 1, 900, 0, 3]);
  const auditor = new Auditor();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const choice = auditor.choose(steps, { random: draws(1) }, auditor.fresh);
    expect([...choice.keys()]).toEqual([0, 1, 2, 4]);
    for (const [step, units] of choice) {
      expect(units).toHaveLength(1);
      expect(units[0]).toBeLessThan(steps[step]?.dispatch.units ?? 0);
    }
  }
  auditor.trust(
    steps.map(({ pipeline }) => pipeline),
    true,
  );
  expect(auditor.fresh).toBe(false);
  expect(auditor.choose(steps, { random: draws(1) }, auditor.fresh).size).toBe(0);
  // A shape that brings new pipelines: one dispatch of each.
  const [one, two] = plan([7, 7]);
  if (one === undefined || two === undefined) throw new Error('no plan');
  const twins = [{ ...one, pipeline: two.pipeline }, two, ...steps.slice(2)];
  expect([...auditor.choose(twins, { random: draws(1) }, false).keys()]).toEqual([0]);
});

test('a number of rows: every row of every dispatch comes as often as stated', () => {
  const units = [1, 4, 16];
  const steps = plan(units);
  const auditor = settled(steps);
  const counts = units.map((n) => new Array<number>(n).fill(0));
  const runs = 20_000;
  const rows = 3;
  const random = draws(2);
  for (let run = 0; run < runs; run += 1) {
    for (const [step, chosen] of auditor.choose(steps, { rows, random }, false)) {
      for (const unit of chosen) (counts[step] ?? [])[unit] = (counts[step]?.[unit] ?? 0) + 1;
    }
  }
  counts.forEach((list, step) => {
    for (const seen of list) {
      // At least once in three draws of a dispatch and a row.
      const p = 1 - (1 - 1 / (units.length * (units[step] ?? 1))) ** rows;
      const sigma = Math.sqrt(runs * p * (1 - p));
      expect(Math.abs(seen - runs * p)).toBeLessThan(5 * sigma);
    }
  });
});

test('a fault in a share of the rows is found as often as stated', () => {
  // docs/NUMERICS.md: a fault in a share f of all rows escapes n runs of r rows with probability (1 - f)^(r n).
  const steps = plan([100, 100, 100, 100]);
  const [f, rows, runs] = [0.01, 2, 40];
  const random = draws(3);
  let escaped = 0;
  const trials = 4000;
  for (let trial = 0; trial < trials; trial += 1) {
    const auditor = settled(steps);
    let found = false;
    for (let run = 0; run < runs && !found; run += 1) {
      const choice = auditor.choose(steps, { rows, random }, false);
      found = [...choice.values()].some((units) => units.includes(42));
    }
    if (!found) escaped += 1;
  }
  const p = (1 - f) ** (rows * runs);
  expect(Math.abs(escaped / trials - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / trials));
});

test('the share of the time holds over many runs, and every dispatch comes', () => {
  // Audits that cost between a tenth of a run and ten runs, ten times what was guessed.
  const bytes = [1e4, 1e5, 1e6];
  const steps = bytes.flatMap((n, i) => plan([9], 1, n).map((one) => ({ ...one, step: i })));
  const auditor = settled(steps);
  const random = draws(4);
  const runMs = 10;
  const msAByte = 1e-4;
  const seen = [0, 0, 0];
  let spent = 0;
  const runs = 200_000;
  for (let run = 0; run < runs; run += 1) {
    auditor.earn(runMs);
    const choice = auditor.choose(steps, { random }, false);
    if (choice.size === 0) continue;
    let moved = 0;
    for (const step of choice.keys()) {
      seen[step] = (seen[step] ?? 0) + 1;
      moved += bytes[step] ?? 0;
    }
    auditor.spend(moved * msAByte, moved);
    spent += moved * msAByte;
  }
  expect(spent / (runs * runMs)).toBeLessThanOrEqual(0.0126);
  expect(spent / (runs * runMs)).toBeGreaterThan(0.0119);
  for (const n of seen) expect(n).toBeGreaterThan(100);
});

test('what audits cost unseen is found by comparing runs, and counts', () => {
  const steps = plan([9], 1, 1e5);
  const auditor = settled(steps);
  const random = draws(6);
  const clock: RunClock = { plain: undefined, unseen: 0 };
  const noise = draws(7);
  let [spent, total] = [0, 0];
  for (let run = 0; run < 20_000; run += 1) {
    const audited = auditor.choose(steps, { random }, false).size > 0;
    // The host sees a quarter of what an audit takes.
    const plain = 10 + 4 * noise();
    const auditMs = audited ? 0.5 : 0;
    const ms = plain + 4 * auditMs;
    auditor.account(clock, { ms, auditMs, bytes: audited ? 1e5 : 0, audited });
    spent += 4 * auditMs;
    total += plain;
  }
  expect(clock.unseen).toBeGreaterThan(0.5);
  expect(clock.unseen).toBeLessThan(3);
  // The first audits come before there is anything to compare with.
  expect(spent / total).toBeLessThan(0.014);
  expect(spent / total).toBeGreaterThan(0.0095);
});

test('runs that are not audited earn nothing, and debts are paid first', () => {
  const steps = plan([8]);
  const auditor = settled(steps);
  auditor.spend(5, 1e6);
  auditor.earn(399);
  expect(auditor.choose(steps, { random: draws(5) }, false).size).toBe(0);
  auditor.earn(2);
  expect(auditor.choose(steps, { random: draws(5) }, false).size).toBe(1);
});
