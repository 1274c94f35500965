// The demo page and the wall: `npm run dev` serves them from the sources with live reload, `vite build -c vite.demo.config.ts` writes
// build/demo, a folder of files for any static server, at any path.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { wgsl } from './scripts/wgsl_plugin.ts';

const { repository } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, 'package.json'), 'utf8'),
) as { repository?: string | { readonly url?: string } };
const address = typeof repository === 'string' ? repository : repository?.url;

export default defineConfig({
  root: resolve(import.meta.dirname, 'demo'),
  base: './',
  plugins: [wgsl()],
  // Where the wall's pull requests go; null until package.json says.
  define: { 'import.meta.env.REPOSITORY': JSON.stringify(address ?? null) },
  // As in vite.config.ts: the library's worker is one file.
  worker: {
    format: 'es',
    plugins: () => [wgsl()],
    rolldownOptions: { output: { codeSplitting: false } },
  },
  // The page imports the library and the operator cases, which lie beside it.
  server: { fs: { allow: [import.meta.dirname] } },
  build: {
    target: 'es2022',
    outDir: resolve(import.meta.dirname, 'build/demo'),
    emptyOutDir: true,
    rolldownOptions: {
      input: {
        index: resolve(import.meta.dirname, 'demo/index.html'),
        wall: resolve(import.meta.dirname, 'demo/wall/index.html'),
      },
    },
    // The core, the inlined worker and the operator cases are large, and each is loaded when it is needed.
    chunkSizeWarningLimit: 1200,
  },
});
