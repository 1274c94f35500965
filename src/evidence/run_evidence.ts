// The evidence that one run is asked for: its trace, and a receipt where that is wanted too. A session loads this file with
// the first such run. Not here: what either holds (trace.ts, receipt.ts).
import type { Data } from '../core/data.ts';
import { version } from '../core/version.ts';
import type { Graph } from '../graph/graph.ts';
import { digestOfModel } from './model_digest.ts';
import { receiptOf } from './receipt_text.ts';
import type { ValueSink } from './bundle_types.ts';
import type { Claims } from './receipt_types.ts';
import { traceOf, TraceRecorder } from './trace.ts';
import type { Trace } from './trace_types.ts';

const digests = new WeakMap<Graph, Promise<string>>();

function digestOfGraph(graph: Graph): Promise<string> {
  let digest = digests.get(graph);
  if (digest === undefined) {
    digest = digestOfModel(graph);
    digests.set(graph, digest);
    // A failure is not kept: the next run tries again.
    digest.catch(() => digests.delete(graph));
  }
  return digest;
}

/** What the session knows of a run that is over. */
export interface RunFacts {
  /** Where random operators ran. */
  readonly seed: number | undefined;
  readonly outputs: Readonly<Record<string, Data>>;
  /** Where a receipt is wanted. */
  readonly claims?: Pick<Claims, 'core' | 'backend'> & { readonly adapter: string | undefined };
}

export class RunEvidence {
  readonly recorder: TraceRecorder;
  readonly #model: Graph;
  readonly #inputs: ReadonlyMap<string, Data>;

  /**
   * @param model the graph as it was read
   * @param executed the same graph, or those of its nodes that run, as it runs
   * @param inputs of the run, in arrays
   * @param keep takes each value once
   */
  constructor(model: Graph, executed: Graph, inputs: ReadonlyMap<string, Data>, keep?: ValueSink) {
    this.#model = model;
    this.#inputs = inputs;
    const kept = new Set<string>();
    this.recorder = new TraceRecorder(
      executed,
      '',
      keep === undefined
        ? undefined
        : (digest, bytes) => {
            if (kept.has(digest)) return undefined;
            kept.add(digest);
            return keep(digest, bytes);
          },
    );
  }

  async of({ claims, ...facts }: RunFacts): Promise<{ trace: Trace; receipt?: string }> {
    const model = await digestOfGraph(this.#model);
    const trace = await traceOf(this.recorder, { model, inputs: this.#inputs, ...facts });
    if (claims === undefined) return { trace };
    const { core, backend, adapter } = claims;
    const { navigator } = globalThis as { navigator?: Navigator };
    const receipt = receiptOf(trace, {
      ...{ library: version, core, backend },
      ...(adapter === undefined ? {} : { adapter }),
      ...(navigator?.userAgent === undefined ? {} : { userAgent: navigator.userAgent }),
    });
    return { trace, receipt };
  }
}
