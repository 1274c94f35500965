// `npm start -- --once`: one line a stack, all with the committed digest, which README prints too.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { batch } = JSON.parse(readFileSync(`${root}demo/public/expected.json`, 'utf8')) as {
  batch: string;
};

test('every stack gives the committed digest', { timeout: 600_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/start.mjs', '--once'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  const required = STACKS.filter((stack) => !stack.optional);
  for (const { id } of required) {
    expect(stdout).toMatch(new RegExp(`^== ${id} +(wasm|webgpu) +${batch}  `, 'm'));
  }
  expect(stdout).not.toMatch(/^(--|XX) /m);
  expect(stdout).toMatch(/^identical on \d+ stacks, and the committed digest$/m);
});

test('README shows this digest', () => {
  expect(readFileSync(`${root}README.md`, 'utf8')).toContain(batch);
});

test('unknown options and ports are refused', () => {
  for (const args of [['--twice'], ['--port', 'x']]) {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/start.mjs', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).not.toBe('');
  }
});
