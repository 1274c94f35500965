// Values and nodes out of a bundle: nothing of it is believed. Promises: a value is given only if its bytes have the digest that
// was asked for and are the one encoding of it; a trace is taken apart only if it has exactly the nodes that the model has, in
// its order, and what it says of the outputs is what it says of the nodes that give them. Not here: executing a node.
import { isSequence, type Data } from '../core/data.ts';
import type { ModelNode, TraceBundle } from './bundle_types.ts';
import { digestOfBytes } from './digests.ts';
import { decodedValue, EncodingError } from './encoding.ts';
import { describeValue, tracedValue } from './trace.ts';
import type { Trace, TracedNode, TracedValue } from './trace_types.ts';

/** A value that a bundle does not have, or has wrongly. */
export class BundleError extends Error {
  override name = 'BundleError';
}

/** Values within one sequence, in all: a bundle can name one value many times. */
const MOST_ITEMS = 1 << 20;

/**
 * The value with this digest.
 *
 * @throws BundleError where it is missing, or other bytes stand in its place
 */
export async function valueIn(
  bundle: Pick<TraceBundle, 'value'>,
  digest: string,
  level = 0,
  count = { items: 0 },
): Promise<Data> {
  count.items += 1;
  if (count.items > MOST_ITEMS) throw new BundleError(`value ${digest}: it has too many items.`);
  const bytes = await bundle.value(digest);
  if (bytes === undefined) throw new BundleError(`value ${digest}: it is missing.`);
  const got = await digestOfBytes(new Uint8Array(bytes));
  if (got !== digest) {
    throw new BundleError(`value ${digest}: its bytes are others: their SHA-256 is ${got}.`);
  }
  try {
    return await decodedValue(bytes, (item, deeper) => valueIn(bundle, item, deeper, count), level);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new BundleError(`value ${digest}: ${error.message}`, { cause: error });
  }
}

/** The value that a trace speaks of. @throws BundleError as valueIn, and where it is of another type or shape */
export async function valueOfTraced(
  bundle: Pick<TraceBundle, 'value'>,
  said: TracedValue,
): Promise<Data> {
  const data = await valueIn(bundle, said.digest);
  const type = data === null ? 'nothing' : isSequence(data) ? 'sequence' : data.dtype;
  const dims = data === null || isSequence(data) ? {} : { dims: data.dims };
  const is = describeValue({ type, ...dims });
  if (is === describeValue(said)) return data;
  throw new BundleError(
    `value ${said.digest}: the trace says ${describeValue(said)}, it is ${is}.`,
  );
}

export const isSameValue = (a: TracedValue | null, b: TracedValue | null): boolean =>
  a === null || b === null
    ? a === b
    : a.digest === b.digest && describeValue(a) === describeValue(b);

/** A trace by the model's own nodes. */
export interface TraceParts {
  /** For each node of the model's own graph, what ran within it and, last, itself. */
  readonly nodes: readonly (readonly TracedNode[])[];
  /** What the trace says of a value of the model's own graph. */
  readonly valueOf: (name: string) => TracedValue | undefined;
}

/** The nodes that values depend on: those that a run asked for these comes to. */
export function neededFor(
  names: readonly string[],
  nodes: readonly ModelNode[],
): ReadonlySet<ModelNode> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const needed = new Set<ModelNode>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makers.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.reads);
  }
  return needed;
}

const topOf = (path: string): string => path.split('/')[0] ?? path;

/** @returns the trace's parts, or why it cannot be of a run of the model */
export function partsOf(trace: Trace, nodes: readonly ModelNode[]): TraceParts | string {
  const parts: TracedNode[][] = [];
  let part: TracedNode[] = [];
  for (const one of trace.nodes) {
    part.push(one);
    if (topOf(one.path) !== `${parts.length}`) {
      return `the trace has node ${one.path} where one of node ${parts.length} is to stand.`;
    }
    if (one.path.includes('/')) continue;
    parts.push(part);
    part = [];
  }
  if (parts.length !== nodes.length || part.length > 0) {
    return `the trace has ${parts.length} nodes, the model ${nodes.length}.`;
  }
  const values = new Map(trace.inputs.map((value) => [value.name, value]));
  const needed = neededFor(
    trace.outputs.map(({ name }) => name),
    nodes,
  );
  for (const [i, node] of nodes.entries()) {
    const said = parts[i]?.at(-1);
    if (said?.operator !== node.operator) {
      return `node ${node.path}: the trace has ${said?.operator}, the model ${node.operator}.`;
    }
    if (!needed.has(node) && (parts[i]?.length ?? 0) > 1) {
      return `node ${node.path}: the trace has nodes within it, and no output depends on it.`;
    }
    for (const [at, name] of node.outputs.entries()) {
      const value = said.outputs[at] ?? null;
      const isMade = name !== '' && needed.has(node);
      if ((value !== null) !== isMade) {
        return `node ${node.path}: output ${at}: the trace has ${value === null ? 'none' : 'one'}, a run of the model ${isMade ? 'one' : 'none'}.`;
      }
      if (value !== null) values.set(name, value);
    }
    if (said.outputs.length !== node.outputs.length) {
      return `node ${node.path}: the trace has ${said.outputs.length} outputs, the model ${node.outputs.length}.`;
    }
  }
  return { nodes: parts, valueOf: (name) => values.get(name) };
}

/** What the trace says of its inputs and outputs against what they are; a sentence for each that differs. */
export async function edgesOf(
  trace: Trace,
  { valueOf }: TraceParts,
  feeds: ReadonlyMap<string, Data>,
  constant: (name: string) => Promise<Data | undefined>,
): Promise<string[]> {
  const reasons: string[] = [];
  const names = [...feeds.keys()].join();
  const known = trace.inputs.map(({ name }) => name).join();
  if (names !== known) return [`inputs: the trace has ${known}, given are ${names}.`];
  for (const said of trace.inputs) {
    const is = await tracedValue(said.name, feeds.get(said.name) ?? null);
    if (!isSameValue(said, is)) {
      reasons.push(
        `input '${said.name}': the trace has ${describeValue(said)} ${said.digest}, given is ${describeValue(is)} ${is.digest}.`,
      );
    }
  }
  for (const said of trace.outputs) {
    let is = valueOf(said.name);
    if (is === undefined) {
      const data = await constant(said.name);
      if (data !== undefined) is = await tracedValue(said.name, data);
    }
    if (is === undefined || !isSameValue(said, is)) {
      reasons.push(
        `output '${said.name}': the trace has ${said.digest} for it, and ${is?.digest ?? 'nothing'} where it is made.`,
      );
    }
  }
  return reasons;
}
