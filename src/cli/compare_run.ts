// What `isobit compare` measures: every value of a model in the guest beside ours, in a run of the whole model, and every
// node of the guest alone, fed with our values. The first says what has accumulated up to a value, the second what a node
// itself introduces. What cannot be compared comes back with the reason. How it is reported is not known here.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeTitle } from '../graph/graph.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { CompareTolerance } from '../jobs/distance.ts';
import type { GuestReport, GuestValue } from '../jobs/guest_job.ts';
import type { FeedFile } from '../jobs/job.ts';
import { namesOfNodeOutputs, withAddedOutputs } from '../onnx/added_outputs.ts';
import { writeModel } from '../onnx/writer.ts';
import { differencesOf, producersOf, segmentOf } from './guest_nodes.ts';
import type { Segment } from './guest_nodes.ts';
import { GuestError } from './guests.ts';
import type { OpenGuest } from './guests.ts';
import type { Feeds } from './inputs.ts';
import type { ModelFile } from './model_files.ts';
import { openOutputs } from './open_outputs.ts';
import { UsageError } from './output.ts';
import type { Progress } from './progress.ts';
import { outputsOf } from './reference_values.ts';
import type { LeftOutValue, NodeValue, ReferenceValues } from './reference_values.ts';

/** What is known while a comparison runs. */
export interface Comparison {
  graph: Graph;
  ours: ReferenceValues;
  feeds: FeedFile[];
  /** The same as tensors. */
  data: Feeds;
  guest: OpenGuest;
  /** The guest's model, and its graph. */
  file: ModelFile;
  theirs: Graph;
  tolerance: CompareTolerance;
  /** A folder for files. */
  folder: string;
  progress: Progress;
}

/** Values of the whole model's run. */
export interface Accumulated {
  version: string;
  dispatches: number;
  values: Map<string, GuestValue>;
  leftOut: LeftOutValue[];
}

/** A node of the guest by itself. */
export interface Introduced {
  node: Node;
  /** The guest's nodes that gave its values. */
  segment: Segment;
  /** In what it is another node than ours; see differencesOf. */
  differs: string[];
  dispatches: number;
  values: GuestValue[];
}

/** What the guest said; a stack that died of it says so too, and starts anew with the next question. */
const reasonOf = (error: unknown): string => {
  if (error instanceof GuestError) return `the guest refuses: ${error.message}`;
  // Of our writer: an attribute that has no value here.
  if (error instanceof TypeError) return error.message;
  throw error;
};

/** Those feeds that the guest's file has as inputs. @throws UsageError where it has others too */
export function feedsOfGuest(theirs: Graph, feeds: readonly FeedFile[]): FeedFile[] {
  const missing = theirs.inputs.find(({ name }) => !feeds.some((feed) => feed.name === name));
  if (missing === undefined) {
    return feeds.filter(({ name }) => theirs.inputs.some((input) => input.name === name));
  }
  throw new UsageError(
    `--guest-model: its input '${missing.name}' is none of the model: expected ${feeds.map(({ name }) => name).join(', ')}.`,
  );
}

/** Asks for these values at once; where that fails, for halves, down to the ones that the guest refuses. */
async function askFor(
  expected: readonly FeedFile[],
  ask: (some: readonly FeedFile[]) => Promise<GuestReport>,
): Promise<GuestValue[]> {
  try {
    return (await ask(expected)).values;
  } catch (error) {
    const reason = reasonOf(error);
    const [first] = expected;
    if (first === undefined) return [];
    if (expected.length === 1) return [{ name: first.name, reason }];
    const half = expected.length >> 1;
    return [
      ...(await askFor(expected.slice(0, half), ask)),
      ...(await askFor(expected.slice(half), ask)),
    ];
  }
}

/**
 * Runs the guest's model with these outputs, and compares them.
 *
 * @throws Error where the guest cannot run its model at all, or computed elsewhere than asked
 */
export async function measureAccumulated(
  { graph, ours, feeds, data, guest, file, theirs, tolerance, folder, progress }: Comparison,
  optimised: boolean,
): Promise<Accumulated> {
  const bytes = new Uint8Array(readFileSync(file.path));
  const given = feedsOfGuest(theirs, feeds);
  const shared = { feeds: given, tolerance, optimised };
  const run = (model: string, expected: readonly FeedFile[]) =>
    guest.ask({ ...shared, model, expected: [...expected] });
  const { version, dispatches } = await run(file.path, []).catch((error: unknown) => {
    throw new Error(`${file.path}: ${reasonOf(error)}. Nothing can be compared.`);
  });
  if (guest.provider === 'webgpu' && dispatches === 0) {
    throw new Error(
      `${file.path}: wrong execution provider: expected webgpu, got a run without GPU dispatches.`,
    );
  }
  const own = new Set(theirs.outputs.map(({ name }) => name));
  const known = namesOfNodeOutputs(bytes);
  const open = openOutputs({ ...graph, outputs: ours.values }, data);
  const values = new Map<string, GuestValue>();
  const leftOut: LeftOutValue[] = [...ours.leftOut];
  const reasonFor = ({ name }: NodeValue): string | undefined => {
    if (open.has(name)) return 'it depends on numbers that an operator draws by chance';
    if (optimised && !own.has(name)) return 'only outputs are compared with --guest-optimised';
    if (!own.has(name) && !known.has(name)) return "the guest's file has no value of this name";
    return undefined;
  };
  for (const group of ours.groups()) {
    progress.at('whole model');
    const files = new Map((await ours.write(group)).map((one) => [one.name, one]));
    const wanted = group.flatMap((value) => {
      const expected = files.get(value.name);
      const reason = expected === undefined ? 'it is no tensor' : reasonFor(value);
      if (reason !== undefined) leftOut.push({ ...value, reason });
      return expected === undefined || reason !== undefined ? [] : [expected];
    });
    const ask = (some: readonly FeedFile[]) => {
      const model = join(folder, 'guest.onnx');
      const added = some.map(({ name }) => name).filter((name) => !own.has(name));
      writeFileSync(model, withAddedOutputs(bytes, added));
      return run(model, some);
    };
    for (const value of await askFor(wanted, ask)) values.set(value.name, value);
    progress.done();
  }
  return { version, dispatches, values, leftOut };
}

/** A node that is not measured alone, and why. */
export interface LeftOutNode {
  node: Node;
  reason: string;
}

type Producers = ReturnType<typeof producersOf>;

/** Runs the guest's part for one node with our values; the reason where that is not possible. */
async function measureNode(
  { graph, ours, data, guest, theirs, tolerance, folder }: Comparison,
  node: Node,
  own: Producers,
  producers: Producers,
): Promise<Introduced | string> {
  const outputs = outputsOf(node).filter((name) => ours.file(name) !== undefined);
  const named = outputs.filter((name) => producers.has(name));
  if (outputs.length === 0) return 'it gives no tensor, or none that the model needs';
  if (named.length === 0) return "the guest's file has no value of its names";
  const alone = { ...graph, nodes: [node], outputs: outputs.map((name) => ({ name })) };
  if (openOutputs(alone, data).size > 0) return 'it draws numbers by chance';
  const segment = segmentOf(theirs, producers, named, ours);
  if (typeof segment === 'string') return segment;
  const mine = theirs === graph ? segment : segmentOf(graph, own, named, ours);
  const nodes = typeof mine === 'string' ? [node] : mine.nodes;
  const differs = differencesOf({ graph, nodes }, { graph: theirs, nodes: segment.nodes });
  const model = join(folder, 'node.onnx');
  const expected = named.flatMap((name) => ours.file(name) ?? []);
  try {
    writeFileSync(model, writeModel(segment.model));
    const shared = { tolerance, optimised: false };
    const report = await guest.ask({ ...shared, model, feeds: segment.inputs, expected });
    const { dispatches, values } = report;
    return { node, segment, differs, dispatches, values };
  } catch (error) {
    return reasonOf(error);
  }
}

/** Runs each node of the guest with our values, and compares what it gives. */
export async function measureIntroduced(
  comparison: Comparison,
): Promise<{ nodes: Introduced[]; leftOut: LeftOutNode[] }> {
  const { graph, theirs, progress } = comparison;
  const [own, producers] = [producersOf(graph), producersOf(theirs)];
  const nodes: Introduced[] = [];
  const leftOut: LeftOutNode[] = [];
  for (const node of graph.nodes) {
    progress.at(nodeTitle(node));
    const measured = await measureNode(comparison, node, own, producers);
    if (typeof measured === 'string') leftOut.push({ node, reason: measured });
    else nodes.push(measured);
    progress.done();
  }
  return { nodes, leftOut };
}
