// Who is right where two runs part: of two bundles at hand, or with another party over a channel, each of whom finds out by
// itself and believes nothing. Promises: the values that the node is executed from have the digests that both traces say, so
// that neither party chooses them; tensors of that node alone travel, and only those that one does not have.
import type { Data } from '../core/data.ts';
import { differenceWith, InconsistentError, sideOf } from './bisect.ts';
import { BundleError, partsOf, valueIn, valueOfTraced, type TraceParts } from './bundle.ts';
import type { ModelNode, Settlement, TraceBundle } from './bundle_types.ts';
import { exchanging } from './exchange.ts';
import { judged, outerOf, settled, type Referee, type ValueOf } from './referee.ts';
import type { Trace, TraceChannel, TraceDifference, TracedValue } from './trace_types.ts';
import { answering, asking } from './two_party.ts';

/** A trace that a model can settle: what it says of the values that the node at hand is executed from. */
function inputsAt(
  trace: Trace,
  nodes: readonly ModelNode[],
  path: string,
): { readonly parts: TraceParts; readonly inputs: ReadonlyMap<string, TracedValue> } {
  const parts = partsOf(trace, nodes);
  if (typeof parts === 'string') throw new TypeError(`settle: not a trace of this model: ${parts}`);
  const node = nodes[Number(outerOf(path))];
  const inputs = new Map<string, TracedValue>();
  for (const name of node?.inputs ?? []) {
    const said = parts.valueOf(name);
    if (said === undefined) throw new TypeError(`settle: the trace has no value '${name}'.`);
    inputs.set(name, said);
  }
  return { parts, inputs };
}

/** @param inputOf gives the values that the node is executed from, which both say alike */
async function settlementOf(
  referee: Referee,
  trace: Trace,
  difference: TraceDifference,
  inputOf: (said: TracedValue) => Promise<Data>,
  valueOf: { readonly a: ValueOf; readonly b: ValueOf },
): Promise<Settlement> {
  const { inputs } = inputsAt(trace, await referee.nodes(), difference.path);
  const given = new Map<string, Data>();
  for (const [name, said] of inputs) given.set(name, await inputOf(said));
  const node = await settled(referee, difference.path, given, trace.seed);
  if (node.model !== trace.model) {
    throw new TypeError(
      `settle: the model is another: expected ${trace.model}, as the traces say, got ${node.model}.`,
    );
  }
  return judged(difference, node, valueOf);
}

/** Tries one after the other. @throws BundleError of the last */
async function either(tries: readonly (() => Promise<Data>)[]): Promise<Data> {
  let last: unknown;
  for (const one of tries) {
    try {
      return await one();
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      last = error;
    }
  }
  throw last;
}

/** @throws BundleError where neither bundle has a value that the node reads; TypeError for another model's traces */
export async function settledBetween(
  referee: Referee,
  a: TraceBundle,
  b: TraceBundle,
): Promise<Settlement | undefined> {
  const difference = await differenceWith(a.trace, sideOf(b.trace));
  if (difference?.what !== 'node') return difference && { difference };
  return settlementOf(
    referee,
    a.trace,
    difference,
    (said) => either([() => valueOfTraced(a, said), () => valueOfTraced(b, said)]),
    { a: (digest) => valueIn(a, digest), b: (digest) => valueIn(b, digest) },
  );
}

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined;
  readonly most: number;
}

/** @throws as settledBetween; InconsistentError for what is no tree; the signal's reason */
export async function settledWith(
  role: 'ask' | 'answer',
  referee: Referee,
  own: TraceBundle,
  channel: TraceChannel,
  { signal, most }: SettleOptions,
): Promise<Settlement | undefined> {
  const exchange = exchanging(channel, (digest) => own.value(digest), most, signal);
  try {
    const difference = await (role === 'ask' ? asking : answering)(own.trace, channel, signal);
    if (difference?.what !== 'node') return difference && { difference };
    const node = own.trace.nodes.find(({ path }) => path === difference.path);
    if (difference.outputs.some(({ index, a }) => (node?.outputs[index]?.digest ?? null) !== a)) {
      throw new InconsistentError(
        `node ${difference.path}: the other party says that our trace has other digests than it has.`,
      );
    }
    const { inputs } = inputsAt(own.trace, await referee.nodes(), difference.path);
    const outputs = difference.outputs.flatMap(({ a }) => a ?? []);
    exchange.offer(new Set([...outputs, ...[...inputs.values()].map(({ digest }) => digest)]));
    const theirs = { value: (digest: string) => exchange.ask(digest) };
    const found = await settlementOf(
      referee,
      own.trace,
      difference,
      (said) => either([() => valueOfTraced(own, said), () => valueOfTraced(theirs, said)]),
      { a: (digest) => valueIn(own, digest), b: (digest) => valueIn(theirs, digest) },
    );
    await exchange.close();
    return found;
  } finally {
    exchange.stop();
  }
}
