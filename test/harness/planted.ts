// Another core or faults on purpose in a build of the library: what tests put in the place of files of the repository,
// which stay untouched. A core is swapped for one built otherwise; an edit replaces a text that a source of src/ holds
// exactly once. An edit that finds nothing, or of a file that is not built, fails the build.
import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { binaryModule } from '../../scripts/wgsl_plugin.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** In one file, `find` (which occurs once) becomes `replace`. */
export interface Edit {
  /** Path from the repository's root, as `src/compare.ts`, `wasm/fold.h` or `shaders/math/exp.wgsl`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Planted {
  /** Edits of files below src/. */
  readonly edits?: readonly Edit[];
  /** A folder with the modules of another core, in the place of those in src/backends/wasm/. */
  readonly core?: string;
}

/** @throws Error if a text to replace is not there exactly once */
export function applyEdits(file: string, text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const edit of edits) {
    if (edit.file !== file) continue;
    const found = result.split(edit.find).length - 1;
    if (found !== 1) {
      throw new Error(
        `edit of ${file}: expected to find ${JSON.stringify(edit.find)} once, found it ${found} times.`,
      );
    }
    result = result.replace(edit.find, () => edit.replace);
  }
  return result;
}

/** The Vite plugin; it must stand before the one that reads shaders and the core. */
export function planted({ edits = [], core }: Planted): Plugin {
  const files = new Set(edits.map((edit) => edit.file));
  return {
    name: 'planted',
    enforce: 'pre',
    load(id) {
      const [path = '', query] = id.split('?');
      const file = relative(root, path);
      if (core !== undefined && dirname(file) === 'src/backends/wasm') {
        const binary = binaryModule(resolve(core, basename(file)), query);
        if (binary !== null) return binary;
      }
      if (query !== undefined || !files.has(file)) return null;
      return applyEdits(file, readFileSync(path, 'utf8'), edits);
    },
  };
}
