// The demo page: `npm run dev` serves it from the sources with live reload, `vite build -c vite.demo.config.ts` writes
// build/demo, a folder of files for any static server, at any path.
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { wgsl } from './scripts/wgsl_plugin.ts';

export default defineConfig({
  root: resolve(import.meta.dirname, 'demo'),
  base: './',
  plugins: [wgsl()],
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
    // The core and the inlined worker are large, and each is loaded when it is needed.
    chunkSizeWarningLimit: 1000,
  },
});
