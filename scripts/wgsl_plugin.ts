// The Vite plugin that turns a `.wgsl` file into a module exporting a Shader (src/core/shader.ts), and
// `x.wasm?base64` into its text. `// #import math/exp` lines become module imports of shaders/math/exp.wgsl;
// comments and indentation are dropped in a production build, where nobody reads them. No other change.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

export function wgsl(): Plugin {
  let production = false;
  return {
    name: 'wgsl',
    configResolved(config) {
      production = config.command === 'build';
    },
    load(id) {
      const [file = '', query] = id.split('?');
      if (query === 'base64' && file.endsWith('.wasm')) {
        return `export default ${JSON.stringify(readFileSync(file).toString('base64'))};`;
      }
      if (!file.endsWith('.wgsl') || query !== undefined) return null;
      const text = readFileSync(file, 'utf8');
      const imports = importsOf(text);
      const name = relative(root, file).replace(/\.wgsl$/, '');
      return [
        ...imports.map((one, i) => `import i${i} from ${JSON.stringify(resolve(root, `${one}.wgsl`))};`),
        `export default { name: ${JSON.stringify(name)}, text: ${JSON.stringify(production ? stripped(text) : text)}, imports: [${imports.map((_, i) => `i${i}`).join(', ')}] };`,
      ].join('\n');
    },
  };
}
