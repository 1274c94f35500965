// Runs operator cases on one backend and digests what they give. The digests are compared elsewhere: with
// goldens, with hand-written expectations, between backends and between stacks.
import { Device } from '../../src/backends/webgpu/device.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import type { Data } from '../../src/core/data.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { outputsOf } from '../../src/outputs.ts';
import { Session } from '../../src/session.ts';
import type { ModelOptions } from '../../src/model.ts';
import type { Backend, Note, RunResult } from '../../src/run_types.ts';
import type { OpCase } from './cases.ts';
import type { HostCase } from './host_cases.ts';

export interface CaseResult {
  readonly id: string;
  /** Digest over all outputs, or the root of the trace where that is asked for, or the error that the case gave. */
  readonly digest: string;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** The same, with what is no tensor. */
  readonly values: ReadonlyMap<string, Data>;
  readonly notes: readonly Note[];
  readonly gate?: RunResult['gate'];
}

/** Never throws for a case that fails: the error's text takes the digest's place, and stacks must agree on it too. */
export async function runCase(
  one: OpCase | HostCase,
  backend: Backend,
  {
    gated = false,
    trace = false,
    ...options
  }: ModelOptions & { readonly gated?: boolean | undefined; readonly trace?: boolean } = {},
): Promise<CaseResult> {
  let session: Session | undefined;
  try {
    // Nor are pipelines compared before their first use, unless asked for: for the same reason.
    if (options.device !== undefined) {
      Pipelines.on(Device.wrap(options.device)).gated = gated;
    }
    session = await Session.create(one.graph, options);
    // Not audited: an audit would mend what a case is there to find.
    const result = await session.run(one.feeds, { backend, audit: 'off', trace });
    const outputs = new Map(Object.entries(result.outputs));
    const values = new Map(Object.entries(result.values));
    const { notes, gate } = result;
    // Of the outputs alone: a run's own digest also covers the seed, where something is random.
    const digest = result.trace?.root ?? outputsOf(result.values).digest;
    return { id: one.id, digest, outputs, values, notes, gate };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      id: one.id,
      digest: `error: ${text}`,
      outputs: new Map(),
      values: new Map(),
      notes: [],
    };
  } finally {
    session?.dispose();
  }
}
