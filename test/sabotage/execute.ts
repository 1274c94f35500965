// Executes a mutant: builds what it edits in a folder of its own below build/, runs its killer on that, and says what
// noticed it. The repository's files stay as they are. A mutant that does not build, or whose edit finds nothing, is an
// error and not a kill.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lintWgsl } from '../../scripts/wgsl_lint.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { stackById } from '../../src/cli/stacks/catalog.ts';
import { buildJob } from '../harness/build_job.ts';
import { buildEditedCore, copyEdited } from '../harness/edited_core.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { applyEdits, type Edit, type Planted } from '../harness/planted.ts';
import type { CasesJob, CasesReport } from '../jobs/cases_job.ts';
import type { Mutant } from './mutant.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT = 280_000;

interface Finished {
  readonly status: number | null;
  readonly output: string;
}

function command(program: string, args: string[], env: Record<string, string>, cwd = root) {
  return new Promise<Finished>((done) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
    let output = '';
    const add = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
    child.on('close', (status) => {
      clearTimeout(timer);
      done({ status, output });
    });
  });
}

const isCore = (edit: Edit): boolean => edit.file.startsWith('wasm/');
const isShader = (edit: Edit): boolean => edit.file.startsWith('shaders/');
const shaderName = (edit: Edit): string => edit.file.replace(/^shaders\/|\.wgsl$/g, '');

/** The faults as the builds of tests take them; a core with edited C is built first. */
async function plant(mutant: Mutant, folder: string): Promise<Planted> {
  const core = mutant.edits.filter(isCore);
  const edits = mutant.edits.filter((edit) => edit.file.startsWith('src/'));
  if (core.length === 0) return { edits };
  try {
    return { edits, core: await buildEditedCore(folder, core) };
  } catch (cause) {
    throw new Error(`${mutant.name}: the core does not build.\n${String(cause)}`, { cause });
  }
}

async function runCases(
  mutant: Mutant | undefined,
  folder: string,
  stackId: string,
  some: Omit<CasesJob, 'backend'>,
): Promise<CasesReport> {
  const shaders = (mutant?.edits ?? []).filter(isShader).map((edit) => ({
    file: shaderName(edit),
    find: edit.find,
    replace: edit.replace,
  }));
  const other = mutant === undefined ? {} : await plant(mutant, folder);
  const bundle = await buildJob(
    'cases_job',
    `${folder.slice(`${root}build/`.length)}/job`,
    shaders,
    other,
  );
  const stack = await openStack(stackId, { bundle, timeoutMs: LIMIT });
  try {
    const reply = await stack.run({ backend: stackById(stackId).backend, ...some });
    if (reply.error !== undefined) throw new Error(`${stackId}: ${reply.error.message}`);
    return reply.result as CasesReport;
  } finally {
    await stack.close();
  }
}

/** What notices the mutant first, or undefined: it survives. */
export async function execute(mutant: Mutant, index: number): Promise<string | undefined> {
  const { killer } = mutant;
  const folder = `${root}build/sabotage/${index}`;
  if (killer.kind === 'lint') {
    for (const edit of mutant.edits) {
      const text = readFileSync(resolve(root, edit.file), 'utf8');
      const name = shaderName(edit);
      if (lintWgsl(name, text).length > 0)
        throw new Error(`${edit.file}: the lint objects already.`);
      const found = lintWgsl(name, applyEdits(edit.file, text, mutant.edits))[0];
      if (found !== undefined) return `lint: ${found.rule}`;
    }
    return undefined;
  }
  if (killer.kind === 'cases') {
    const golden = goldenDigests(killer.stems);
    const { digests } = await runCases(mutant, folder, killer.stack, {
      stems: killer.stems,
      untilNot: golden,
      ...(killer.tiles && { tiles: killer.tiles }),
      ...(killer.packedDots === true && { packedDots: true }),
    });
    return Object.keys(digests).find((key) => digests[key] !== golden[key]);
  }
  if (killer.kind === 'notes') {
    const { stems, ids, stack } = killer;
    const clean = await runCases(undefined, `${folder}_clean`, stack, { stems, ids });
    const { notes } = await runCases(mutant, folder, stack, { stems, ids });
    const lost = Object.keys(clean.notes).find((key) => notes[key] === undefined);
    return lost && `not recomputed: ${lost}`;
  }
  if (killer.kind === 'test') return failingTest(mutant, killer, folder);
  return mismatches(mutant, killer.name, folder);
}

/** The first test that fails by an assertion on the edited sources, among those of the killer's name. */
async function failingTest(
  mutant: Mutant,
  { file, test }: { file: string; test: string },
  folder: string,
): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true });
  const report = resolve(folder, 'report.json');
  rmSync(report, { force: true });
  const faults = resolve(folder, 'planted.json');
  writeFileSync(faults, JSON.stringify(await plant(mutant, resolve(folder, 'core'))));
  const { output } = await command(
    resolve(root, 'node_modules/.bin/vitest'),
    [
      ...['run', '--config', 'test/sabotage/vite.config.ts', `test/${file}`, '-t', test],
      ...['--reporter=json', `--outputFile=${report}`],
    ],
    { PLANTED: faults },
  );
  interface Report {
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
    }[];
  }
  let parsed: Report;
  try {
    parsed = JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    throw new Error(`${mutant.name}: test/${file} gave no report.\n${output}`);
  }
  const results = parsed.testResults.flatMap((one) => one.assertionResults);
  const ran = results.filter((one) => one.status === 'passed' || one.status === 'failed');
  if (ran.length === 0) throw new Error(`${mutant.name}: no test ran in test/${file}.\n${output}`);
  const failed = ran.find((one) => one.status === 'failed');
  return failed && `${file}: ${failed.fullName}`;
}

/** The closing line of test:math on a copy of the sources, where it counts differences. */
async function mismatches(
  mutant: Mutant,
  name: string,
  folder: string,
): Promise<string | undefined> {
  copyEdited(folder, ['wasm', 'shaders', 'scripts', 'test/math'], mutant.edits);
  symlinkSync(resolve(root, 'node_modules'), resolve(folder, 'node_modules'));
  cpSync(resolve(root, 'package.json'), resolve(folder, 'package.json'));
  const words = await command(process.execPath, ['scripts/wgsl_to_c.mjs'], {}, folder);
  if (words.status !== 0) throw new Error(`${mutant.name}: ${words.output}`);
  const { status, output } = await command(
    process.execPath,
    ['scripts/test_math.mjs', name],
    {},
    folder,
  );
  if (status === 0) return undefined;
  const line = output.split('\n').find((one) => /[1-9]\d* differ/.test(one));
  if (line === undefined) throw new Error(`${mutant.name}: test:math failed.\n${output}`);
  return `test:math: ${line}`;
}
