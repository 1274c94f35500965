// A copy of folders of the repository with faults, or another constant, planted; and the core built from such a copy, for
// `Planted.core`. The repository's files stay as they are. Not here: what the edits are for.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { applyEdits, type Edit } from './planted.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Copies folders to `to`, which is made anew, and edits the copies. @throws Error for an edit that finds nothing */
export function copyEdited(to: string, folders: readonly string[], edits: readonly Edit[]): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const folder of folders)
    cpSync(resolve(root, folder), resolve(to, folder), { recursive: true });
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
  copyEdited(folder, ['wasm'], edits);
  const core = resolve(folder, 'core');
  const args = [resolve(root, 'scripts/build_wasm.sh'), core, resolve(folder, 'wasm')];
  await promisify(execFile)('bash', args);
  return core;
}
