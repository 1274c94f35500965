// The job that runs examples of the documentation on a stack (`run` of src/jobs/job.ts), with the stack's GPU where
// a page has it.
import * as isobit from '../../src/index.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { runExample, type Printed, type Script } from '../harness/examples.ts';

export interface ExamplesJob {
  readonly scripts: readonly Script[];
  /** The path of demo/public. */
  readonly folder: string;
}

export async function run(request: unknown, env: JobEnv): Promise<Printed[]> {
  const { scripts, folder } = request as ExamplesJob;
  const printed: Printed[] = [];
  for (const script of scripts) {
    printed.push(await runExample(script, isobit, (path) => env.readFile(`${folder}${path}`)));
  }
  return printed;
}
