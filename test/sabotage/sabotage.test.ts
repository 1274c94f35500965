// `npm run test:sabotage`: plants every fault of the lists beside this file, one at a time, and demands that its test
// notices it. Prints who killed whom, and where. A mutant that nobody notices fails. MUTANTS=text narrows to names with
// that text, STACK=C takes another stack than E for the shaders.
import { afterAll, describe, expect, test } from 'vitest';
import { buildJob } from '../harness/build_job.ts';
import { applyEdits } from '../harness/planted.ts';
import { coreMutants } from './core.ts';
import { execute } from './execute.ts';
import { libraryMutants } from './library.ts';
import type { Mutant } from './mutant.ts';
import { shaderMutants } from './shaders.ts';

const narrow = process.env['MUTANTS'];
const places: readonly (readonly [string, readonly Mutant[]])[] = [
  ['C core', coreMutants],
  ['library', libraryMutants],
  ['shaders', shaderMutants],
];
const all = places.flatMap(([place, list]) => list.map((mutant) => ({ place, mutant })));

function whereOf({ killer }: Mutant): string {
  if (killer.kind === 'cases' || killer.kind === 'notes') return killer.stack;
  return killer.kind === 'math' ? 'native C' : killer.kind === 'test' ? 'Node' : '-';
}

const found = new Map<number, string[]>();
afterAll(() => {
  const rows = [...found].sort(([a], [b]) => a - b).map(([, row]) => row);
  const heads = ['place', 'mutant', 'stack', 'killed by'];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const lines = [heads, ...rows].map((row) =>
    row.map((text, i) => (i === heads.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join('  '),
  );
  const survivors = rows.filter((row) => row[3] === 'SURVIVED').length;
  console.log(`${lines.join('\n')}\n${rows.length} mutants, ${survivors} survived`);
});

test('there are at least 25 faults, each with a name of its own', () => {
  const names = all.map(({ mutant }) => mutant.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(25);
});

const chosenOf = (list: readonly Mutant[]): readonly Mutant[] =>
  list.filter(({ name }) => narrow === undefined || name.includes(narrow));

// Two at a time (--maxConcurrency): compilers use one core each.
describe.concurrent.each(places.filter(([, list]) => chosenOf(list).length > 0))(
  '%s',
  (place, list) => {
    const chosen = chosenOf(list);
    for (const mutant of chosen) {
      const index = all.findIndex((one) => one.mutant === mutant);
      test(mutant.name, { timeout: 300_000 }, async () => {
        const killer = await execute(mutant, index);
        found.set(index, [place, mutant.name, whereOf(mutant), killer ?? 'SURVIVED']);
        expect(killer).toBeDefined();
      });
    }
  },
);

test('an edit that finds nothing, or is of a file that is not built, fails loudly', async () => {
  const edit = { file: 'math/barrier', find: 'no such text', replace: '' };
  await expect(buildJob('math_job', 'sabotage/bad', [edit])).rejects.toThrow(
    /find "no such text" once, found it 0/,
  );
  await expect(
    buildJob('math_job', 'sabotage/bad', [{ ...edit, file: 'math/none' }]),
  ).rejects.toThrow(/edited but not built/);
  expect(() =>
    applyEdits('src/x.ts', 'a b', [{ file: 'src/x.ts', find: 'c', replace: '' }]),
  ).toThrow(/find "c" once, found it 0/);
});
