// All operator cases, found by file name: `x.cases.ts` exports `cases`. Used by Vitest, the stack runner's
// bundle and the demo's verify page alike.
import type { OpCase } from '../harness/cases.ts';

const modules = import.meta.glob<{ cases: readonly OpCase[] }>('./*.cases.ts', { eager: true });

/** Stem of the case file to its cases, sorted by stem. */
export const caseFiles: ReadonlyMap<string, readonly OpCase[]> = new Map(
  Object.entries(modules)
    .map(([path, module]): [string, readonly OpCase[]] => [
      path.replace(/^\.\//, '').replace(/\.cases\.ts$/, ''),
      module.cases,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);
