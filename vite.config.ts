// Builds the package: `vite build` writes dist/ (library, worker, jobs), vite.cli.config.ts adds the command line;
// tests run on the sources.
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { wgsl } from './scripts/wgsl_plugin.ts';

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
      },
      formats: ['es'],
    },
    // Vite leaves white space in libraries; a page loads this one without a bundler of its own too. Annotations stay.
    rolldownOptions: { output: { minify: true } },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // A busy machine is no failure.
    testTimeout: 30_000,
  },
});
