// Builds a job of test/jobs into one bundle that every stack can load (src/jobs/job.ts), from the sources and with
// readable shaders; `edits` plants faults in them, `other` in the library or another core. Each caller names a folder of its own below build/.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { wgsl, type ShaderEdit } from '../../scripts/wgsl_plugin.ts';
import { planted, type Planted } from './planted.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @returns the bundle's path */
export async function buildJob(
  job: string,
  folder: string,
  edits: readonly ShaderEdit[] = [],
  other: Planted = {},
): Promise<string> {
  const outDir = `${root}build/${folder}`;
  await build({
    configFile: false,
    logLevel: 'silent',
    root,
    plugins: [planted(other), wgsl({ edits })],
    worker: {
      format: 'es',
      plugins: () => [wgsl()],
      rolldownOptions: { output: { codeSplitting: false } },
    },
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'es2022',
      lib: { entry: { [job]: `${root}test/jobs/${job}.ts` }, formats: ['es'] },
    },
  });
  return `${outDir}/${job}.js`;
}
