// The trace of a run: a digest of every value that its nodes gave, in the file's order, and the root of a Merkle tree over
// contract, model, seed, inputs, these, and outputs. Nodes are computed one by one, unfused, and those in the graphs that
// nodes carry once for each time such a graph ran; fusion moves no bit (R5), so the root is the same on every device. Two
// traces that differ part at one leaf, and that names the node. Not here: what a run is (program.ts), comparing two traces.
import { bytesToHex } from '@noble/hashes/utils.js';
import { isSequence, type Data } from '../core/data.ts';
import { contract } from '../core/digest.ts';
import { nameOf, type Graph, type Node } from '../graph/graph.ts';
import type { Trace, TracedNode, TracedValue } from './trace_types.ts';
import { canonicalBytes, type Json } from './canonical.ts';
import type { ValueSink } from './bundle_types.ts';
import { digestOfValue, keptValue } from './digests.ts';
import { MerkleTree } from './merkle.ts';

export const TRACE_FORMAT = 'isobit-trace/1' satisfies Trace['format'];

/** A value by name, where it was computed. */
type ValueOf = (name: string) => Data | undefined;

/** A value as a trace has it; the sink gets its bytes. */
export async function tracedValue(
  name: string,
  data: Data,
  keep?: ValueSink,
): Promise<TracedValue> {
  const digest = await (keep === undefined ? digestOfValue(data) : keptValue(data, keep));
  if (data === null) return { name, type: 'nothing', digest };
  if (isSequence(data)) return { name, type: 'sequence', digest };
  return { name, type: data.dtype, dims: [...data.dims], digest };
}

/** `float32 [1, 10]`, or what else it is. */
export const describeValue = ({ type, dims }: Pick<TracedValue, 'type' | 'dims'>): string =>
  dims === undefined ? type : `${type} [${dims.join(', ')}]`;

/** Side by side; one after the other where somebody keeps them, who need not have more than one at a time. */
async function inTurns<T, R>(
  list: readonly T[],
  work: (one: T) => R,
  keep: ValueSink | undefined,
): Promise<Awaited<R>[]> {
  if (keep === undefined) return Promise.all(list.map(work));
  const results: Awaited<R>[] = [];
  for (const one of list) results.push(await work(one));
  return results;
}

/** Takes the values of one run of one graph, and of the graphs within it. */
export class TraceRecorder {
  readonly #graph: Graph;
  readonly #path: string;
  readonly #bodies = new Map<Node, TraceRecorder[]>();
  readonly #outputs = new Map<Node, readonly (TracedValue | null)[]>();
  /** Takes the values, where somebody does. */
  readonly keep: ValueSink | undefined;

  /** @param path in front of a node's index: empty for the model's own graph */
  constructor(graph: Graph, path = '', keep?: ValueSink) {
    this.#graph = graph;
    this.#path = path;
    this.keep = keep;
  }

  /** For the next run of a graph that `node` carries, as the attribute `name`. */
  body(node: Node, name: string, graph: Graph): TraceRecorder {
    const bodies = this.#bodies.get(node) ?? [];
    this.#bodies.set(node, bodies);
    const recorder = new TraceRecorder(
      graph,
      `${this.#path}${node.index}/${name}[${bodies.length}]/`,
      this.keep,
    );
    bodies.push(recorder);
    return recorder;
  }

  /** Takes the digests of the graph's values; these are not kept here. */
  async record(values: ValueOf): Promise<void> {
    for (const node of this.#graph.nodes) {
      const one = (name: string): Promise<TracedValue> | null => {
        const data = name === '' ? undefined : values(name);
        return data === undefined ? null : tracedValue(name, data, this.keep);
      };
      this.#outputs.set(node, await inTurns(node.outputs, one, this.keep));
    }
  }

  /** In the file's order; what ran within a node stands before what the node gave. */
  nodes(): TracedNode[] {
    return this.#graph.nodes.flatMap((node) => [
      ...(this.#bodies.get(node) ?? []).flatMap((body) => body.nodes()),
      {
        path: `${this.#path}${node.index}`,
        name: node.name,
        operator: nameOf(node.domain, node.opType),
        outputs: this.#outputs.get(node) ?? [],
      },
    ]);
  }
}

/** What a trace is of, beside its nodes. */
export interface Traced {
  readonly model: string;
  /** Where random operators ran. */
  readonly seed?: number | undefined;
  readonly inputs: ReadonlyMap<string, Data>;
  readonly outputs: Readonly<Record<string, Data>>;
}

/** A trace without its root. */
type Rootless = Omit<Trace, 'root'>;

/** Without its name: names within graphs of nodes hold names of nodes, which decide nothing. The model's digest has names. */
const unnamed = ({ type, dims, digest }: TracedValue): Json => ({ type, dims, digest });

/** The leaves of the tree, in order, as they are hashed: canonical JSON of each. */
export function leavesOf({
  contract: rules,
  model,
  seed,
  inputs,
  nodes,
  outputs,
}: Rootless): Json[] {
  const named = (kind: string, value: TracedValue): Json => {
    const { name, type, dims, digest } = value;
    return { kind, name, type, dims, digest };
  };
  return [
    { kind: 'contract', id: rules.id, version: rules.version },
    { kind: 'model', digest: model },
    ...(seed === undefined ? [] : [{ kind: 'seed', seed }]),
    ...inputs.map((value) => named('input', value)),
    ...nodes.map(({ path, operator, outputs: values }) => ({
      ...{ kind: 'node', path, operator },
      outputs: values.map((value) => (value === null ? null : unnamed(value))),
    })),
    ...outputs.map((value) => named('output', value)),
  ];
}

/** The tree over a trace's leaves; its head is the root. */
export const treeOf = (trace: Rootless): MerkleTree =>
  new MerkleTree(leavesOf(trace).map(canonicalBytes));

/** The trace of a run that `recorder` took the values of. */
export async function traceOf(recorder: TraceRecorder, about: Traced): Promise<Trace> {
  const { keep } = recorder;
  const values = (all: Iterable<readonly [string, Data]>): Promise<TracedValue[]> =>
    inTurns([...all], ([name, data]) => tracedValue(name, data, keep), keep);
  const { model, seed, inputs, outputs } = about;
  const rootless: Rootless = {
    format: TRACE_FORMAT,
    contract: { id: contract.id, version: contract.version },
    model,
    ...(seed === undefined ? {} : { seed }),
    inputs: await values(inputs),
    nodes: recorder.nodes(),
    outputs: await values(Object.entries(outputs)),
  };
  return { ...rootless, root: bytesToHex(treeOf(rootless).head()) };
}
