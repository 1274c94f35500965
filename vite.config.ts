// Builds the package: `vite build` writes dist/ (library, worker, jobs), vite.cli.config.ts adds the command line;
// tests run on the sources.
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { wgsl } from './scripts/wgsl_plugin.ts';

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}
const first = new Set<string>();

/** The name of the one file that holds what importing the library loads, else null. */
function firstFile(id: string, modules: Modules): string | null {
  const visit = (one: string): void => {
    if (first.has(one)) return;
    first.add(one);
    for (const next of modules.getModuleInfo(one)?.importedIds ?? []) visit(next);
  };
  visit(resolve(import.meta.dirname, 'src/index.ts'));
  return first.has(id) ? 'library' : null;
}

export default defineConfig({
  plugins: [wgsl()],
  publicDir: false,
  // A worker made from a blob can import nothing: all of it is one file.
  worker: {
    format: 'es',
    plugins: () => [wgsl()],
    rolldownOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    minify: true,
    lib: {
      entry: {
        index: resolve(import.meta.dirname, 'src/index.ts'),
        worker: resolve(import.meta.dirname, 'src/worker/host.ts'),
        // What the command line runs on other engines and in pages; they share the library's chunks.
        'jobs/model_job': resolve(import.meta.dirname, 'src/jobs/model_job.ts'),
        'jobs/bench_job': resolve(import.meta.dirname, 'src/jobs/bench_job.ts'),
        'jobs/nodes_job': resolve(import.meta.dirname, 'src/jobs/nodes_job.ts'),
        'jobs/conformance_job': resolve(import.meta.dirname, 'src/jobs/conformance_job.ts'),
        'jobs/probe_job': resolve(import.meta.dirname, 'src/jobs/probe_job.ts'),
        'jobs/guest_job': resolve(import.meta.dirname, 'src/jobs/guest_job.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: {
      output: {
        // Vite leaves white space in libraries; a page loads this one without a bundler of its own too. Annotations stay.
        minify: true,
        // What every page loads is one file, however many parts share it.
        codeSplitting: {
          groups: [{ name: firstFile }],
        },
      },
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // A busy machine is no failure.
    testTimeout: 30_000,
  },
});
