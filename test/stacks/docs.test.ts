// The examples of the documentation that compute on a GPU, on Node with Dawn over SwiftShader (stack E): they print
// what they say, and so does the command line in README. dist/ must be built. The others run in test/unit/docs.test.ts.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { wgsl } from '../../scripts/wgsl_plugin.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import {
  allExamples,
  needsGpu,
  printedLines,
  read,
  root,
  saidToPrint,
  toScript,
} from '../harness/documents.ts';
import type { Printed } from '../harness/examples.ts';
import type { ExamplesJob } from '../jobs/examples_job.ts';

test('examples on a GPU print what they say', { timeout: 240_000 }, async () => {
  const outDir = join(root, 'build/test-examples-job');
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    plugins: [wgsl()],
    worker: { format: 'es', plugins: () => [wgsl()] },
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'es2022',
      lib: {
        entry: { examples_job: join(root, 'test/jobs/examples_job.ts') },
        formats: ['es'],
      },
    },
  });
  const examples = allExamples().filter(needsGpu);
  expect(examples.length).toBeGreaterThan(1);
  const folder = join(root, 'demo/public');
  const stack = await openStack('E', {
    bundle: join(outDir, 'examples_job.js'),
    roots: [folder],
    timeoutMs: 120_000,
  });
  try {
    const job: ExamplesJob = { scripts: await Promise.all(examples.map(toScript)), folder };
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    const said = examples.map((one) => ({ name: one.name, lines: saidToPrint(one) }));
    const printed = (reply.result as Printed[]).map((one) => ({
      name: one.name,
      lines: printedLines(one),
    }));
    expect(printed).toEqual(said);
  } finally {
    await stack.close();
  }
});

test('README shows what isobit check prints', { timeout: 120_000 }, () => {
  const shown = /\$ npx isobit (check \S+)\n([\s\S]*?)\n```/.exec(read('README.md'));
  const args = [...(shown?.[1]?.split(' ') ?? []), '--stack', 'E'];
  const printed = execFileSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(printed.trim()).toBe(shown?.[2]);
});
