// All cases of operators of the host, found by file name, and those of all operators together.
import type { OpCase } from '../harness/cases.ts';
import type { HostCase } from '../harness/host_cases.ts';
import { caseFiles } from '../ops/index.ts';

const modules = import.meta.glob<{ cases: readonly HostCase[] }>('./*.cases.ts', { eager: true });

/** Stem of the case file to its cases, sorted by stem. */
export const hostCaseFiles: ReadonlyMap<string, readonly HostCase[]> = new Map(
  Object.entries(modules)
    .map(([path, module]): [string, readonly HostCase[]] => [
      path.replace(/^\.\//, '').replace(/\.cases\.ts$/, ''),
      module.cases,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** Those of planned operators first. */
export const allCaseFiles: ReadonlyMap<string, readonly (OpCase | HostCase)[]> = new Map<
  string,
  readonly (OpCase | HostCase)[]
>([...caseFiles, ...hostCaseFiles]);
