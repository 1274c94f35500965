// A copy of folders of the repository with faults, or another constant, planted; and the core built from such a copy, for
// `Planted.core`. The repository's files stay as they are. Not here: what the edits are for.
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { applyEdits, type Edit } from './planted.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Copies folders to `to`, which is made anew, and edits the copies. @throws Error for an edit that finds nothing */
export function copyEdited(to: string, folders: readonly string[], edits: readonly Edit[]): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const folder of folders)
    cpSync(resolve(root, folder), resolve(to, folder), {
      recursive: true,
      preserveTimestamps: true,
    });
  for (const file of new Set(edits.map((one) => one.file))) {
    const text = applyEdits(file, readFileSync(resolve(root, file), 'utf8'), edits);
    mkdirSync(dirname(resolve(to, file)), { recursive: true });
    writeFileSync(resolve(to, file), text);
  }
}

/**
 * @param folder of the caller's own, made anew
 * @returns the folder in it with the core's modules
 * @throws Error with what the compiler says
 */
export async function buildEditedCore(folder: string, edits: readonly Edit[]): Promise<string> {
  const unedited = await (objects ??= compileUnedited(`${folder}-unedited`));
  copyEdited(folder, ['wasm'], edits);
  const own = resolve(folder, 'objects');
  cpSync(unedited, own, { recursive: true, preserveTimestamps: true });
  const now = new Date();
  for (const file of reached(resolve(folder, 'wasm'), edits)) utimesSync(file, now, now);
  await buildCore(folder, own);
  return resolve(folder, 'core');
}

/** The files below `sources` that edits reach: edited, or including such a file; names stand for paths. */
function reached(sources: string, edits: readonly Edit[]): string[] {
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => /\.[ch]$/.test(name)).map((name) => resolve(sources, name));
  const included = new Map(
    files.map((file) => {
      const text = readFileSync(file, 'utf8');
      return [file, [...text.matchAll(/#include "(.*)"/g)].map(([, path]) => basename(path ?? ''))];
    }),
  );
  const found = new Set(edits.map(({ file }) => basename(file)));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [file, names] of included)
      if (names.some((name) => found.has(name))) found.add(basename(file));
  }
  return files.filter((file) => found.has(basename(file)));
}

/** Compiled once a process, beside the folder of the first who asks, which nobody else writes to. */
let objects: Promise<string> | undefined;

async function compileUnedited(folder: string): Promise<string> {
  copyEdited(folder, ['wasm'], []);
  await buildCore(folder, resolve(folder, 'objects'));
  return resolve(folder, 'objects');
}

async function buildCore(folder: string, own: string): Promise<void> {
  const args = [resolve(root, 'scripts/build_wasm.sh'), resolve(folder, 'core')];
  await promisify(execFile)('bash', [...args, resolve(folder, 'wasm'), own]);
}
