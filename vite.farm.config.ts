// The page of `isobit matrix --bundle`: dist/farm, a folder of files for any static server, at any path, with the operator
// cases and their goldens in a chunk of their own. It is a part of the package, since the cases are not. After
// vite.config.ts, which empties dist/.
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { wgsl } from './scripts/wgsl_plugin.ts';

/** The page runs models itself: the second copy of the library, that of a worker, stays out. */
function withoutWorker(): Plugin {
  const remote = resolve(import.meta.dirname, 'src/worker/remote.ts');
  const refuse = "throw new Error('load: worker: this page has none. Leave worker out.');";
  return {
    name: 'without-worker',
    enforce: 'pre',
    load: (id) => (id === remote ? `export function loadInWorker() { ${refuse} }` : null),
  };
}

export default defineConfig({
  root: resolve(import.meta.dirname, 'demo/farm'),
  base: './',
  publicDir: false,
  plugins: [wgsl(), withoutWorker()],
  build: {
    target: 'es2022',
    outDir: resolve(import.meta.dirname, 'dist/farm'),
    emptyOutDir: true,
    // The core and the operator cases are large, and each is loaded when it is needed.
    chunkSizeWarningLimit: 1500,
  },
});
