// `isobit bisect A.json B.json --model MODEL`: two traces that differ; the first node that gave other bits from equal inputs;
// what the reference computes for it, and so who is right; and that node as a model of its own with its inputs, in the form
// of ONNX's backend tests, for `isobit check` on the device that is wrong. With --stack that check is done here, and names
// the first element; where a file is the folder of a bundle, its own values do. The inputs must be those of the traces: their
// digests are compared.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Tensor } from '../core/tensor.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { sortTopologically } from '../graph/sort.ts';
import type { CheckReport, DType, Settlement, Trace, TraceDifference } from '../index.ts';
import type { ModelJob, RunReport } from '../jobs/model_job.ts';
import { writeModel } from '../onnx/writer.ts';
import { readTrace } from '../evidence/read_trace.ts';
import { readsOf, unitOf } from '../node_unit.ts';
import { compareTraces } from '../pinned.ts';
import { chooseInputs } from './feed_files.ts';
import type { Feeds } from './inputs.ts';
import { runOnGpu } from './gpu_stack.ts';
import { requireRunnable, runHere } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import { modelOf, readWhole, writeTestFolder } from './node_files.ts';
import { EXIT, printResult, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import type { InputOptions } from './run.ts';

export interface BisectCommandOptions extends InputOptions {
  model: string;
  /** Where the node's model is written to. */
  output: string;
  /** The id of a WebGPU stack to check it on. */
  stack?: string;
  json: boolean;
}

export interface BisectDocument {
  a: string;
  b: string;
  identical: boolean;
  difference?: TraceDifference;
  /** The file whose digests of that node are the reference's. */
  right?: 'a' | 'b' | 'neither';
  /** Where both files part from the reference, where that is before they part from one another: neither is right. */
  earlier?: TraceDifference;
  /** The reference's digests of the outputs of the node that is written, in order. */
  expected?: (string | null)[];
  /** The folder with the node's model and its inputs. */
  written?: string;
  /** The first element that is not the reference's, where a bundle shows it; else who withholds it. */
  element?: Settlement['element'];
  withheld?: string;
  /** What `isobit check` of it found on the stack. */
  check?: CheckReport;
}

/** The file of a trace: of a bundle that in its folder. */
function traceFile(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, 'trace.json') : path;
}

function traceIn(path: string): Trace {
  try {
    return readTrace(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path}: ${why} Give what \`isobit trace -o\` wrote.`);
  }
}

/** The node of the model's own graph that a path leads to, or into. */
function nodeAt(graph: Graph, path: string): Node {
  const node = graph.nodes[Number(path.split('/')[0])];
  if (node === undefined) throw new UsageError(`bisect: the model has no node ${path}.`);
  return node;
}

/** What a run is of, beside the model. */
interface Inputs {
  readonly feeds: Feeds;
  /** Of random operators. */
  readonly seed: number;
}

/** The tensors of these values in a run of the model on the reference. */
async function valuesOf(
  graph: Graph,
  names: readonly string[],
  { feeds, seed }: Inputs,
): Promise<Map<string, Tensor>> {
  const values = new Map<string, Tensor>([...graph.initializers, ...Object.entries(feeds)]);
  const missing = names.filter((name) => !values.has(name));
  const folder = temporaryFolder();
  try {
    const path = join(folder.path, 'values.onnx');
    writeFileSync(path, writeModel({ ...graph, outputs: missing.map((name) => ({ name })) }));
    const job: ModelJob = { kind: 'run', model: path, feeds: writeFeeds(feeds, folder.path), seed };
    const { outputs } = (await runHere({ ...job, data: true })) as RunReport;
    for (const { name, dtype, shape, data } of outputs) {
      if (data === undefined) continue;
      const bytes = new Uint8Array(Buffer.from(data, 'base64'));
      values.set(name, Tensor.ofBytes(dtype as DType, bytes, shape));
    }
  } finally {
    folder.remove();
  }
  return values;
}

/** Writes the node as a model, with what it is computed from and what the reference gives for it. */
async function writeNode(graph: Graph, node: Node, inputs: Inputs, to: string): Promise<void> {
  const nodes = unitOf(graph, node).map((one, index) => ({ ...one, index }));
  const read = readsOf({ ...graph, initializers: new Map() }, nodes);
  const made = node.outputs.filter((name) => name !== '');
  const values = await valuesOf(graph, [...read, ...made], inputs);
  const tensorOf = (name: string): Tensor => {
    const tensor = values.get(name);
    if (tensor !== undefined) return tensor;
    throw new UsageError(
      `bisect: '${name}' is no tensor of numbers, which a file of this form cannot hold.`,
    );
  };
  const infoOf = (name: string) => {
    const { dtype, dims } = tensorOf(name);
    return { name, dtype, dims };
  };
  const model = modelOf({
    ...{ nodes, outputs: made, initializers: new Map(), opsets: graph.opsets, infoOf },
  });
  writeTestFolder(model, tensorOf, to);
}

/** What the bundles show of the difference; of one that is a file alone there are no values. */
async function settledHere(
  model: string,
  files: Readonly<Record<'a' | 'b', string>>,
): Promise<Settlement | undefined> {
  const side = (path: string) => ({ trace: traceIn(path), folder: dirname(resolve(path)) });
  const settle = { a: side(files.a), b: side(files.b) };
  const job: ModelJob = { kind: 'settle', model, feeds: [], settle };
  return ((await runHere(job)) as Settlement | null | undefined) ?? undefined;
}

const digestsAt = (trace: Trace, path: string): (string | null)[] =>
  (trace.nodes.find((node) => node.path === path)?.outputs ?? []).map((one) => one?.digest ?? null);

/** @throws UsageError for files that are no traces, and a model or inputs that are not theirs */
export async function bisect(
  a: string,
  b: string,
  options: BisectCommandOptions,
): Promise<BisectDocument> {
  const files = { a: traceFile(a), b: traceFile(b) };
  const [left, right] = [traceIn(files.a), traceIn(files.b)];
  const difference = await compareTraces(left, right);
  const sides = { a: basename(a), b: basename(b) };
  if (difference === undefined) return { ...sides, identical: true };
  const document: BisectDocument = { ...sides, identical: false, difference };
  if (difference.what !== 'node') return document;

  const file = resolveModel(options.model);
  await requireRunnable(file);
  const { feeds } = await chooseInputs(file, options);
  const folder = temporaryFolder();
  const progress = startProgress(1);
  try {
    progress.at(file.name);
    const fed = writeFeeds(feeds, folder.path);
    const { seed = 0 } = left;
    const job: ModelJob = { kind: 'trace', model: file.path, feeds: fed, seed };
    const reference = (await runHere(job)) as Trace;
    const before = await compareTraces(reference, left);
    if (before !== undefined && ['contract', 'model', 'seed', 'input'].includes(before.what)) {
      throw new UsageError(
        `bisect: the ${before.what} is not that of the traces. Give the model and the inputs that were traced.`,
      );
    }
    // Both may be wrong alike before they part: then it is that node whose inputs are the reference's too.
    const earlier = before?.what === 'node' && before.path !== difference.path ? before : undefined;
    const { path } = earlier ?? difference;
    const expected = digestsAt(reference, path);
    const isRight = (trace: Trace): boolean => digestsAt(trace, path).join() === expected.join();
    const graph = sortTopologically(readWhole(file.path));
    await writeNode(graph, nodeAt(graph, path), { feeds, seed }, options.output);
    Object.assign(document, {
      ...{ expected, right: isRight(left) ? 'a' : isRight(right) ? 'b' : 'neither' },
      ...(earlier === undefined ? {} : { earlier }),
      written: options.output,
    });
    const hasValues = files.a !== a || files.b !== b;
    if (hasValues && earlier === undefined) {
      const settled = await settledHere(file.path, files);
      const { element, withheld } = settled ?? {};
      Object.assign(document, element && { element }, withheld !== undefined && { withheld });
    }
    if (options.stack === undefined) return document;
    const node = resolveModel(options.output);
    const chosen = await chooseInputs(node, { input: [], seed: 0, beside: true });
    const alone: ModelJob = {
      ...{ kind: 'check', model: node.path },
      feeds: writeFeeds(chosen.feeds, folder.path),
    };
    const { result } = await runOnGpu(alone, [node.folder, folder.path], [options.stack]);
    return { ...document, check: result as CheckReport };
  } finally {
    progress.stop();
    folder.remove();
  }
}

function bisectText(document: BisectDocument): string {
  const { a, b, difference, right, earlier, expected, written, check } = document;
  if (difference === undefined) return `${a} and ${b} are of the same bits`;
  const { what, path, operator, node, outputs } = difference;
  if (what === 'order') {
    return `from ${operator} '${node}' (node ${path}) on other nodes ran, since a graph ran more often or another branch did`;
  }
  if (what !== 'node') return `not of the same run: the ${what} is another`;
  const lines = [`first: ${operator} '${node}' (node ${path}): equal inputs, other outputs`];
  for (const { index, name, a: one, b: two } of outputs) {
    lines.push(`  '${name}'`, `    ${a}: ${one ?? 'none'}`, `    ${b}: ${two ?? 'none'}`);
    if (earlier === undefined) lines.push(`    the reference: ${expected?.[index] ?? 'none'}`);
  }
  const [side, other] = right === 'a' ? [a, b] : [b, a];
  lines.push(right === 'neither' ? 'neither is right' : `${side} is right, ${other} is not`);
  if (earlier !== undefined) {
    const { operator: type, node: name, path: at } = earlier;
    lines.push(`both part from the reference before that, at ${type} '${name}' (node ${at})`);
  }
  lines.push(
    `written: ${written}: \`isobit check ${written} --inputs ${written}/test_data_set_0\` on the device that is wrong`,
  );
  const { element, withheld } = document;
  if (element !== undefined) {
    const { output: name, index, expected: bits, a: one, b: two } = element;
    lines.push(`'${name}', element ${index}: expected ${bits}, ${a}: ${one}, ${b}: ${two}`);
  }
  if (withheld !== undefined) lines.push(`no element: ${withheld}`);
  const [first] = check?.differences ?? [];
  if (check !== undefined && first === undefined) {
    lines.push(`${check.adapter} gives the reference's bits for it`);
  } else if (check !== undefined && first !== undefined) {
    const { output, index, wasm, webgpu, differing, size } = first;
    lines.push(
      `${check.adapter}: '${output}', element ${index}: expected ${wasm}, got ${webgpu}; ${differing} of ${size} elements differ`,
    );
  }
  return lines.join('\n');
}

/** The command. */
export async function bisectCommand(
  a: string,
  b: string,
  options: BisectCommandOptions,
): Promise<ExitCode> {
  const document = await bisect(a, b, options);
  printResult(options.json, document, bisectText(document));
  return document.identical ? EXIT.good : EXIT.failed;
}
