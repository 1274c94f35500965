// Builds the command line: dist/cli.js for Node, and dist/stacks/host.mjs, copied as it is because every stack runs it.
// The packages of `dependencies` stay outside, and so does the library: the command line runs the job bundles. After
// vite.config.ts, which empties dist/ and builds the library and those bundles.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;

function copyHost(): Plugin {
  return {
    name: 'copy-host',
    writeBundle(options) {
      const folder = resolve(options.dir ?? 'dist', 'stacks');
      mkdirSync(folder, { recursive: true });
      copyFileSync(resolve(root, 'src/cli/stacks/host.mjs'), resolve(folder, 'host.mjs'));
      // npx starts it as a program.
      chmodSync(resolve(options.dir ?? 'dist', 'cli.js'), 0o755);
    },
  };
}

export default defineConfig({
  plugins: [copyHost()],
  publicDir: false,
  build: {
    target: 'node20',
    ssr: true,
    outDir: 'dist',
    emptyOutDir: false,
    rolldownOptions: {
      // matrix.js is for `npm start`.
      input: { cli: resolve(root, 'src/cli/bin.ts'), matrix: resolve(root, 'src/cli/matrix.ts') },
      output: { entryFileNames: '[name].js', chunkFileNames: 'cli-[hash].js' },
    },
  },
});
