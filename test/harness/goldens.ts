// The committed digests of operator cases, by case id, as the reference made them (`npm run golden`).
import { readFileSync } from 'node:fs';
import { allCaseFiles } from '../host/index.ts';

/** The digests of some case files; of all where no stems are given. */
export function goldenDigests(
  stems: readonly string[] = [...allCaseFiles.keys()],
): Record<string, string> {
  const golden: Record<string, string> = {};
  for (const stem of stems) {
    const text = readFileSync(new URL(`../golden/${stem}.json`, import.meta.url), 'utf8');
    Object.assign(golden, JSON.parse(text));
  }
  return golden;
}
