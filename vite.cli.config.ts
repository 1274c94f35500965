// Builds the command line: dist/cli.js for Node, with the library inside and the packages of `dependencies` outside,
// and dist/stacks/host.mjs, which is copied as it is because every stack runs it. After vite.config.ts, which empties
// dist/ and builds the library and the job bundles.
import { copyFileSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { wgsl } from './scripts/wgsl_plugin.ts';

const root = import.meta.dirname;

function copyHost(): Plugin {
  return {
    name: 'copy-host',
    writeBundle(options) {
      const folder = resolve(options.dir ?? 'dist', 'stacks');
      mkdirSync(folder, { recursive: true });
      copyFileSync(resolve(root, 'src/cli/stacks/host.mjs'), resolve(folder, 'host.mjs'));
    },
  };
}

export default defineConfig({
  plugins: [wgsl(), copyHost()],
  publicDir: false,
  worker: {
    format: 'es',
    plugins: () => [wgsl()],
    rolldownOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: 'node20',
    ssr: true,
    outDir: 'dist',
    emptyOutDir: false,
    rolldownOptions: {
      input: { cli: resolve(root, 'src/cli/bin.ts') },
      output: { entryFileNames: '[name].js', chunkFileNames: 'cli-[hash].js' },
    },
  },
});
