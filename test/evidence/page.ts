// docs/EVIDENCE.md: claims, their tests, where those ran and how the last full run ended. The results come from the
// reports that `npm test` leaves in build/reports; `npm run docs:evidence` after it writes both files.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { relative, resolve } from 'node:path';
import { claims, untested } from './claims.ts';
import { longRuns } from './long_runs.ts';

const root = resolve(import.meta.dirname, '../..');
/** Among the reports that of the page tests, which are Playwright's. */
const PAGES = 'playwright.json';

/** How the tests ended, and where. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  /** By path below test/. */
  readonly files: Readonly<Record<string, { readonly passed: number; readonly failed: number }>>;
}

interface VitestReport {
  readonly startTime: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** As Playwright's JSON reporter writes it; a file's suite may hold others, of its describes. */
interface PageSuite {
  readonly file: string;
  readonly specs: readonly { readonly tests: readonly { readonly status: string }[] }[];
  readonly suites?: readonly PageSuite[];
}

interface Counts {
  passed: number;
  failed: number;
}

/** Of the page tests, by path below test/. One that passed at a second attempt did not pass. */
export function countsOfPages(suites: readonly PageSuite[]): Record<string, Counts> {
  const files: Record<string, Counts> = {};
  const visit = (suite: PageSuite): void => {
    const counts = (files[`e2e/${suite.file}`] ??= { passed: 0, failed: 0 });
    for (const { status } of suite.specs.flatMap((spec) => spec.tests)) {
      counts[status === 'expected' ? 'passed' : 'failed'] += 1;
    }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  for (const suite of suites) visit(suite);
  return files;
}

/** What the last `npm test` in this checkout left; undefined if there was none. */
export function collectResults(): Results | undefined {
  const folder = resolve(root, 'build/reports');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files: Record<string, Counts> = {};
  let start = 0;
  if (names.includes(PAGES)) {
    const { suites } = JSON.parse(readFileSync(resolve(folder, PAGES), 'utf8')) as {
      suites: PageSuite[];
    };
    Object.assign(files, countsOfPages(suites));
  }
  for (const name of names.filter((one) => one.endsWith('.json') && one !== PAGES)) {
    const report = JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as VitestReport;
    start = Math.max(start, report.startTime);
    for (const { name: path, assertionResults } of report.testResults) {
      const count = (status: string): number =>
        assertionResults.filter((one) => one.status === status).length;
      const file = relative(resolve(root, 'test'), path);
      files[file] = { passed: count('passed'), failed: count('failed') };
    }
  }
  if (start === 0) return undefined;
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return {
    date: new Date(start).toISOString().slice(0, 10),
    machine: `${system ?? platform()}, ${arch()}, ${cpus()[0]?.model.trim() ?? 'unknown'} × ${cpus().length}, no graphics card`,
    files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function resultOf(results: Results, tests: (typeof claims)[number]['tests']): string {
  let [passed, failed] = [0, 0];
  const missing: string[] = [];
  for (const [file] of tests) {
    const one = results.files[file];
    if (one === undefined) missing.push(file);
    passed += one?.passed ?? 0;
    failed += one?.failed ?? 0;
  }
  const counts = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`;
  return missing.length === 0 ? counts : `${counts}; not run: ${missing.join(', ')}`;
}

interface Proof {
  readonly sha256: string;
  readonly inputs: number;
  readonly undecided: number;
  readonly date: string;
  readonly machine: string;
}

export function evidencePage(results: Results): string {
  const rows = claims.map(({ claim, rules, tests, stacks }) => {
    const list = tests.map(([file, title]) =>
      title === undefined ? `\`${file}\`` : `\`${file}\` (${title} …)`,
    );
    return `| ${claim} | ${rules.join(' ')} | ${list.join(', ')} | ${stacks} | ${resultOf(results, tests)} |`;
  });
  const proofs = Object.entries(
    JSON.parse(readFileSync(resolve(root, 'test/math/sha256.json'), 'utf8')) as Record<
      string,
      Proof
    >,
  ).map(
    ([name, one]) =>
      `| ${name} | ${one.inputs} | ${one.undecided} | 0 | ${one.date} | ${one.sha256.slice(0, 16)}… |`,
  );
  const long = longRuns.map(
    ({ command, stacks, date, result }) => `| \`${command}\` | ${stacks} | ${date} | ${result} |`,
  );
  const open = Object.entries(untested).map(([rule, why]) => `* ${rule}: ${why}.`);
  return `# Evidence

Made by \`npm run docs:evidence\` from \`test/evidence/claims.ts\` and the reports of the last \`npm test\`; do not edit. What README says about
bits stands here, with the tests that would fail if it were not so. Counts are of whole test files.

Last recorded run (files that it left out say so): ${results.date}, ${results.machine}. **No physical GPU**: A to E compute on the processor (A Chromium with SwiftShader,
B Firefox with lavapipe, C Deno with lavapipe, D Node and Dawn over OpenGL ES with llvmpipe, E Node and Dawn over Vulkan with SwiftShader);
\`wasm-arm\` is Node for 64-bit Arm under QEMU.

| claim | rules | tests below \`test/\` | stacks | last result |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

## Functions proved on all inputs

\`npm run test:math -- NAME --all\`: the C function and the WGSL text compiled as C, against the oracle of [MATH.md](MATH.md). A run takes minutes;
recorded are the last ones, with one SHA-256 over all outputs (in full in \`test/math/sha256.json\`).

| function | inputs | decided by MPFR | differ | date | SHA-256 |
| --- | --- | --- | --- | --- | --- |
${proofs.join('\n')}

## Longer runs, by command

| command | stacks | date | result |
| --- | --- | --- | --- |
${long.join('\n')}

## Rules without a test

${open.join('\n')}
`;
}
