// The job that runs the operator cases on the core with several threads, which are let into everything, however small:
// every split of every kernel's units, in whatever order the threads come to them. Returns the cases' digests.
import { WasmBackend } from '../../src/backends/wasm.ts';
import { outputsOf } from '../../src/outputs.ts';
import { runPlanned } from '../harness/planned.ts';
import { allCaseFiles } from '../host/index.ts';

export interface ThreadsJob {
  readonly threads: number;
  /** Cases; all if not given. */
  readonly ids?: readonly string[];
  /** How often all are run. */
  readonly times?: number;
}

export interface ThreadsReport {
  /** How many took part at the end. */
  readonly threads: number;
  readonly digests: Record<string, string>;
  /** Cases whose digest was another in a later run. */
  readonly unstable: readonly string[];
  /** Of runs that failed; each was repeated once. */
  readonly errors: readonly string[];
}

const SECONDS = 30;
const OPTIONS = { target: 'wasm', fuse: true } as const;

/** Runs until all threads are there; they come by themselves. */
async function start(core: WasmBackend, threads: number): Promise<void> {
  const one = [...allCaseFiles.values()].flat().find(({ id }) => id.startsWith('softmax/'));
  if (one === undefined) throw new Error('threads: there is no case to begin with');
  const end = performance.now() + 1000 * SECONDS;
  while (core.threads < threads && performance.now() < end) {
    await runPlanned(one.graph, one.feeds, OPTIONS, core);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function run(request: unknown): Promise<ThreadsReport> {
  const { threads, ids, times = 1 } = request as ThreadsJob;
  const wanted = ids === undefined ? undefined : new Set(ids);
  const cases = [...allCaseFiles.values()]
    .flat()
    .filter(({ id }) => wanted === undefined || wanted.has(id));
  const core = await WasmBackend.create({ threads, costs: { start: 0, command: 0 } });
  const digests: Record<string, string> = {};
  const unstable: string[] = [];
  const errors: string[] = [];
  try {
    await start(core, threads);
    for (let time = 0; time < times; time += 1) {
      for (const { id, graph, feeds } of cases) {
        const once = () => runPlanned(graph, feeds, OPTIONS, core);
        const values = await once().catch((error: unknown) => {
          errors.push(String(error));
          return once();
        });
        const { digest } = outputsOf(Object.fromEntries(values));
        if ((digests[id] ?? digest) !== digest) unstable.push(id);
        digests[id] = digest;
      }
    }
    return { threads: core.threads, digests, unstable, errors };
  } finally {
    core.dispose();
  }
}
