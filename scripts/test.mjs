// `npm test`: everything, in order, and one closing line `N passed, N failed`.
//
// Installs what the stacks need (apt, when root; else says the one line to run), builds, checks types, style and
// structure, rebuilds the core and compares it byte for byte, runs the unit tests, operator cases, model tests and all
// stacks under Vitest, and clicks through the demo under Playwright. Each check counts as one; a skipped test and
// a runner that dies without a report count as failures. `--fast` leaves stacks and browsers out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const reports = resolve(root, 'build/reports');
const fast = process.argv.includes('--fast');
const bin = (name) => resolve(root, 'node_modules/.bin', name);

let passed = 0;
let failed = 0;
const failures = [];

async function run(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [status, signal] = await once(child, 'close');
  return status === 0 && signal === null;
}

function count(name, ok) {
  if (ok) passed += 1;
  else {
    failed += 1;
    failures.push(name);
  }
}

async function check(name, command, args, env) {
  console.log(`\n== ${name}`);
  const started = Date.now();
  const ok = await run(command, args, env);
  console.log(
    `== ${name}: ${ok ? 'passed' : 'FAILED'} in ${Math.round((Date.now() - started) / 1000)} s`,
  );
  count(name, ok);
  return ok;
}

/** Runs a test runner that writes a JSON report, and adds its counts. */
async function suite(name, command, args, report, read, env) {
  console.log(`\n== ${name}`);
  rmSync(report, { force: true });
  const ok = await run(command, args, env);
  if (!existsSync(report)) {
    count(`${name}: no report`, false);
    return;
  }
  const counts = read(JSON.parse(readFileSync(report, 'utf8')));
  passed += counts.passed;
  failed += counts.failed;
  if (counts.failed > 0) failures.push(`${name}: ${counts.failed}, skipped ones included`);
  // A runner may fail beside its tests: an unhandled rejection, or a file that does not load.
  if (!ok && counts.failed === 0) count(`${name}: the runner failed`, false);
  if (counts.passed + counts.failed === 0) count(`${name}: no test ran`, false);
}

const vitest = (report) => ({
  passed: report.numPassedTests,
  failed: report.numTotalTests - report.numPassedTests,
});
const playwright = ({ stats }) => ({
  passed: stats.expected,
  failed: stats.unexpected + stats.flaky + stats.skipped,
});

async function unit(name, paths) {
  const report = resolve(reports, `${name.replaceAll(' ', '-')}.json`);
  const args = [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...paths,
  ];
  await suite(name, bin('vitest'), args, report, vitest);
}

mkdirSync(reports, { recursive: true });
if (!fast) await check('system packages', process.execPath, ['scripts/install_stacks.mjs']);
await check('build', 'npm', ['run', '--silent', 'build']);
await check('types', bin('tsc'), ['-p', '.']);
await check('lint', bin('oxlint'), ['--type-aware', '--quiet']);
await check('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
if (!fast) {
  await check('format of C', 'bash', ['scripts/format_c.sh', '--check']);
  await check('the core rebuilds identically', 'bash', ['scripts/check_wasm.sh']);
}
await unit('unit tests', [
  'test/unit',
  'test/cli',
  'test/ops.test.ts',
  'test/oracle.test.ts',
  'test/host.test.ts',
  'test/special.test.ts',
  'test/math',
  'test/models',
  'test/fuzz',
]);
if (!fast) {
  // Two at a time: software GPUs and compilers take a core or a little more.
  await unit('stacks', ['test/stacks', '--maxWorkers=2']);
  await unit('sabotage', ['test/sabotage', '--maxConcurrency=2']);
  const report = resolve(reports, 'playwright.json');
  await suite('pages', bin('playwright'), ['test'], report, playwright, {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
}
for (const name of failures) console.log(`FAILED: ${name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
