// The Vite plugin that turns a `.wgsl` file into a module exporting its name (src/core/shader.ts), `x.wgsl?text` into one
// exporting the Shader, and `x.wasm?base64`, `x.wasm?deflated`, `x.wasm?exports` and `x.wasm?sha256` into text: base64 of the
// file or of its deflate-raw stream, the names of the functions that it exports, its SHA-256. `// #import math/exp` lines become the Shader's imports; comments and indentation are dropped in a production
// build, where nobody reads them. No other change, but for the edits of tests that plant faults: each must find its text
// exactly once, or the build fails.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import type { Plugin } from 'vite';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../shaders');

/** The names that a text imports, in order. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(/^\/\/ #import (\S+)$/gm)].map((match) => match[1] ?? '');
}

/** Text without comments, blank lines and indentation; WGSL has no strings, so `//` is always a comment. */
export function stripped(text: string): string {
  return text
    .replace(/\/\/.*$/gm, '')
    .replace(/^\s+/gm, '')
    .replace(/\s+$/gm, '');
}

/** A planted fault: in one file below shaders/, `find` (which occurs once) becomes `replace`. */
export interface ShaderEdit {
  /** Path below shaders/, without `.wgsl`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** @throws Error if a text to replace is not there exactly once */
export function edited(name: string, text: string, edits: readonly ShaderEdit[]): string {
  let result = text;
  for (const { file, find, replace } of edits) {
    if (file !== name) continue;
    const found = result.split(find).length - 1;
    if (found !== 1) {
      throw new Error(
        `wgsl: edit of shaders/${file}.wgsl: expected to find ${JSON.stringify(find)} once, found it ${found} times.`,
      );
    }
    result = result.replace(find, () => replace);
  }
  return result;
}

const BINARY = ['base64', 'deflated', 'exports', 'sha256'];

/** A module that exports text about a WASM file, as a query asks for it; null for any other file. */
export function binaryModule(file: string, query = ''): string | null {
  if (!file.endsWith('.wasm') || !BINARY.includes(query)) return null;
  const bytes = readFileSync(file);
  const exported = (text: string): string => `export default ${JSON.stringify(text)};`;
  if (query === 'exports') {
    const all = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
    return exported(all.flatMap(({ kind, name }) => (kind === 'function' ? name : [])).join(' '));
  }
  if (query === 'sha256') return exported(createHash('sha256').update(bytes).digest('hex'));
  const stored = query === 'deflated' ? deflateRawSync(bytes, { level: 9 }) : bytes;
  return exported(stored.toString('base64'));
}

export function wgsl(options: { edits?: readonly ShaderEdit[] } = {}): Plugin {
  const { edits = [] } = options;
  const loaded = new Set<string>();
  let production = false;
  return {
    name: 'wgsl',
    configResolved(config) {
      production = config.command === 'build';
    },
    load(id) {
      const [file = '', query] = id.split('?');
      const binary = binaryModule(file, query);
      if (binary !== null) return binary;
      if (!file.endsWith('.wgsl')) return null;
      const name = relative(root, file).replace(/\.wgsl$/, '');
      if (query === undefined) {
        return `export default ${JSON.stringify(name)};`;
      }
      if (query !== 'text') return null;
      loaded.add(name);
      const text = edited(name, readFileSync(file, 'utf8'), edits);
      const imports = importsOf(text);
      const missing = imports.find((one) => !existsSync(resolve(root, `${one}.wgsl`)));
      if (missing !== undefined) {
        throw new Error(
          `wgsl: shaders/${name}.wgsl imports ${missing}, which is no file of shaders/.`,
        );
      }
      const shader = { name, text: production ? stripped(text) : text, imports };
      return `export default ${JSON.stringify(shader)};`;
    },
    buildEnd(error) {
      if (error !== undefined) return;
      const unseen = edits.filter((edit) => !loaded.has(edit.file)).map((edit) => edit.file);
      if (unseen.length > 0) throw new Error(`wgsl: edited but not built: ${unseen.join(', ')}.`);
    },
  };
}
