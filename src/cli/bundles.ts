// Where the built job bundles lie: dist/jobs, beside the command line in the package and below the repository's root
// when the sources run. It builds nothing.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A job bundle and the folder below which it imports. */
export interface JobBundle {
  bundle: string;
  root: string;
}

/** The jobs of the command line. */
export type JobName =
  'model_job' | 'bench_job' | 'nodes_job' | 'probe_job' | 'conformance_job' | 'guest_job';

/** @throws Error When the package is not built. */
export function jobBundle(name: JobName): JobBundle {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const root of [here, resolve(here, '..'), resolve(here, '../../dist')]) {
    const bundle = join(root, 'jobs', `${name}.js`);
    if (existsSync(bundle)) return { bundle, root };
  }
  throw new Error(`${name}.js: not found near ${here}. Build the package: npm run build.`);
}
