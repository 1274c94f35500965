// Spot checks: of a run's nodes a few, drawn by whoever verifies, are executed again from the values of a bundle, and everything
// that holds the nodes together is checked by digests. So a run that is wrong has a wrong node, which is found if it is drawn.
// Promises: how likely it is that it is not, is stated. Not here: executing a node, and any belief in the bundle.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Data } from '../core/data.ts';
import { contract } from '../core/digest.ts';
import type { ModelNode, SpotCheck, TraceBundle } from './bundle_types.ts';
import { BundleError, edgesOf, isSameValue, neededFor, partsOf, valueOfTraced } from './bundle.ts';
import { checkedTrace, TraceError } from './read_trace.ts';
import type { Referee } from './referee.ts';
import type { TraceParts } from './bundle.ts';
import { compareWithRun, takenReceipt } from './verify.ts';
import type { Trace } from './trace_types.ts';

/** Words of 32 bits: of the system's chance, or a function of a seed. */
function wordsOf(seed: number | undefined): () => number {
  if (seed === undefined) {
    const words = new Uint32Array(1);
    return () => globalThis.crypto.getRandomValues(words)[0] ?? 0;
  }
  let count = 0;
  return () => {
    count += 1;
    const digest = sha256(utf8ToBytes(`isobit spot ${seed} ${count}`));
    return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  };
}

/** `count` of the list, each choice equally likely, in the list's order. */
export function drawn<T>(list: readonly T[], count: number, seed: number | undefined): T[] {
  const word = wordsOf(seed);
  const below = (n: number): number => {
    // Of 2^32 words as many as n divides.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const one = word();
      if (one < limit) return one % n;
    }
  };
  const order = list.map((_, i) => i);
  for (let i = 0; i < count; i += 1) {
    const other = i + below(order.length - i);
    [order[i], order[other]] = [order[other] ?? 0, order[i] ?? 0];
  }
  return order
    .slice(0, count)
    .sort((a, b) => a - b)
    .flatMap((i) => list[i] ?? []);
}

/** What a model has to be able to for its runs to be checked. */
export interface SpotReferee extends Referee {
  /** The names of the model's outputs, in graph order. */
  readonly outputs: readonly string[];
  /** The value of an output that no node gives; undefined where there is none. */
  constant(name: string): Promise<Data | undefined>;
}

/** What is wrong with one node of the bundle; undefined if nothing is. */
async function nodeWrong(
  referee: Referee,
  node: ModelNode,
  bundle: TraceBundle,
  { nodes, valueOf }: TraceParts,
): Promise<string | undefined> {
  const title = `node ${node.path} (${node.operator} '${node.name}')`;
  const inputs = new Map<string, Data>();
  try {
    for (const name of node.inputs) {
      const said = valueOf(name);
      if (said === undefined) return `${title}: the trace has no value '${name}'.`;
      inputs.set(name, await valueOfTraced(bundle, said));
    }
  } catch (error) {
    if (error instanceof BundleError) return `${title}: ${error.message}`;
    throw error;
  }
  let again: Trace;
  try {
    again = await referee.execute(node.path, inputs, { seed: bundle.trace.seed });
  } catch (error) {
    // Values that no run of it gives: of another type, or a shape that the operator refuses.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return `${title}: it cannot be executed from the values of the bundle: ${error.message}`;
  }
  if (again.model !== bundle.trace.model) {
    return `model: the trace has ${bundle.trace.model}, given is ${again.model}.`;
  }
  if (again.seed !== undefined && again.seed !== bundle.trace.seed) {
    return `${title}: it draws from a seed, and the trace has none.`;
  }
  const said = nodes[Number(node.path)] ?? [];
  for (const [i, one] of again.nodes.entries()) {
    const other = said[i];
    if (other?.path !== one.path || other.operator !== one.operator) {
      return `${title}: ${one.path} ${one.operator} ran within it, the trace has ${other?.path ?? 'nothing'} ${other?.operator ?? ''}.`;
    }
    const at = one.outputs.findIndex(
      (value, output) => !isSameValue(value, other.outputs[output] ?? null),
    );
    if (at < 0) continue;
    const where = one.path === node.path ? title : `${title}, ${one.path} ${one.operator}`;
    return `${where}: output ${at}: the trace has ${other.outputs[at]?.digest ?? 'none'}, the reference gives ${one.outputs[at]?.digest ?? 'none'}.`;
  }
  if (said.length === again.nodes.length) return undefined;
  return `${title}: ${again.nodes.length} nodes ran within it, the trace has ${said.length}.`;
}

/**
 * @param count how many nodes are drawn
 * @throws RangeError for a number of nodes that is not from 1 to all
 */
export async function spotChecked(
  text: string,
  referee: SpotReferee,
  feeds: ReadonlyMap<string, Data>,
  bundle: TraceBundle,
  count: number,
  seed?: number,
): Promise<SpotCheck> {
  const all = await referee.nodes();
  const taken = await takenReceipt(text);
  const names = taken.receipt?.outputs.map(({ name }) => name) ?? all.flatMap((one) => one.outputs);
  const needed = neededFor(names, all);
  // One without outputs gives nothing that could be wrong.
  const checkable = all.filter(
    (node) => needed.has(node) && node.outputs.some((name) => name !== ''),
  );
  const n = checkable.length;
  if (!Number.isSafeInteger(count) || count < 1 || count > n) {
    throw new RangeError(
      `spotCheck: number of nodes: expected 1 to ${n}, which the outputs depend on, got ${count}.`,
    );
  }
  const facts = { nodes: n, drawn: seed === undefined ? 'random' : 'seed' } as const;
  const hidden = (n - count) / n;
  if (taken.refused !== undefined) return { ...taken.refused, ...facts, checked: [], hidden };
  const { claims, signature } = taken.receipt;
  const result = (reasons: readonly string[], checked: readonly string[] = []): SpotCheck => ({
    ...{ valid: reasons.length === 0, reasons, ...facts, checked, hidden, claims },
    ...(signature === undefined ? {} : { signer: signature.publicKey }),
  });
  let trace: Trace;
  try {
    trace = checkedTrace(bundle.trace);
  } catch (error) {
    if (error instanceof TraceError) return result([`bundle: ${error.message}`]);
    throw error;
  }
  const differing = compareWithRun(taken.receipt, trace, 'the bundle');
  if (differing.length > 0) return result(differing);
  const { id, version } = trace.contract;
  if (id !== contract.id || version !== contract.version) {
    return result([
      `contract: the bundle has ${id} ${version}, this library keeps ${contract.id} ${contract.version}.`,
    ]);
  }
  const said = trace.outputs.map(({ name }) => name).join();
  const known = referee.outputs.filter((name) => names.includes(name)).join();
  if (said !== known) {
    return result([`outputs: the trace has ${said}, of these the model has ${known || 'none'}.`]);
  }
  const parts = partsOf(trace, all);
  if (typeof parts === 'string') return result([parts]);
  const edges = await edgesOf(trace, parts, feeds, (name) => referee.constant(name));
  if (edges.length > 0) return result(edges);
  const chosen = drawn(checkable, count, seed);
  const checked = { trace, value: (digest: string) => bundle.value(digest) };
  const reasons: string[] = [];
  for (const node of chosen) {
    const wrong = await nodeWrong(referee, node, checked, parts);
    if (wrong !== undefined) reasons.push(wrong);
  }
  return result(
    reasons,
    chosen.map(({ path }) => path),
  );
}
