// `isobit bench --ops`: where the time of models goes, an operator a row, ours against theirs. Each node is a model of
// its own, with the values it has in one run (node_models.ts), so what either side gains by joining nodes is not in it,
// and what a call costs is in every node; the time of a node with next to no work is given beside. What onnxruntime-web
// refuses is listed with its reason and is in no sum.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '../core/tensor.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { BenchReport } from '../jobs/bench_job.ts';
import type { FeedFile } from '../jobs/job.ts';
import type { NodesReport } from '../jobs/nodes_job.ts';
import { fromWire } from '../jobs/wire.ts';
import { readModel } from '../onnx/model.ts';
import { writeModel } from '../onnx/writer.ts';
import { headOf, onStack, round, stackTitle } from './bench_jobs.ts';
import type { Ask, Bench, BenchOptions, ModelAtWork } from './bench_jobs.ts';
import { runJobHere } from './here.ts';
import { writeFeeds } from './model_files.ts';
import { nodeModels, withAllOutputs } from './node_models.ts';
import type { LeftOut, NodeModel } from './node_models.ts';
import { table } from './output.ts';

/** An operator, over the nodes that both sides ran. */
export interface OpRow {
  operator: string;
  nodes: number;
  /** How many of them differ, and were measured. */
  distinct: number;
  /** Microseconds: the sum over all nodes. */
  ours_us: number;
  theirs_us: number | null;
  /** theirs/ours: above 1, ours is faster. */
  ratio: number | null;
}

export interface Refusal {
  operator: string;
  /** The first of the nodes that are alike. */
  node: string;
  nodes: number;
  ours_us: number;
  reason: string;
}

/** One model of a node, as measured; times are of one run. */
export interface NodeTimes {
  operator: string;
  /** The first of the nodes that are alike. */
  node: string;
  nodes: number;
  /** Types as `float32[1,8]`; of inputs that are known beforehand with `known ` in front. */
  inputs: string[];
  outputs: string[];
  ours_us: number;
  theirs_us: number | null;
}

export interface ModelOps {
  model: string;
  rows: OpRow[];
  measured: NodeTimes[];
  refused: Refusal[];
  left_out: LeftOut;
}

export interface OpsResult {
  backend: 'wasm';
  /** Theirs; the core has one. */
  threads: number;
  stack: string;
  adapter: string;
  against: string | null;
  /** Microseconds of a run of one node on one element: what is in the time of every node. */
  call: { ours_us: number; theirs_us: number | null };
  models: ModelOps[];
  /** The rows of all models together. */
  total: OpRow[];
}

interface Measured {
  one: NodeModel;
  report: BenchReport;
}

/** The fastest comparison first, so that what to look at stands last. */
function sorted(rows: OpRow[]): OpRow[] {
  const rank = (row: OpRow): number => row.ratio ?? 1 / row.ours_us;
  return rows.sort((a, b) => rank(b) - rank(a));
}

function summed(operator: string, parts: readonly Omit<OpRow, 'operator' | 'ratio'>[]): OpRow {
  const total = (of: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((sum, part) => sum + of(part), 0);
  const ours = total((part) => part.ours_us);
  const both = parts.every((part) => part.theirs_us !== null);
  const theirs = both ? total((part) => part.theirs_us ?? 0) : null;
  return {
    operator,
    nodes: total((part) => part.nodes),
    distinct: total((part) => part.distinct),
    ours_us: round(ours),
    theirs_us: theirs === null ? null : round(theirs),
    ratio: theirs === null ? null : round(theirs / ours),
  };
}

function byOperator(parts: readonly Omit<OpRow, 'ratio'>[]): OpRow[] {
  const operators = [...new Set(parts.map((part) => part.operator))];
  return sorted(
    operators.map((operator) =>
      summed(
        operator,
        parts.filter((part) => part.operator === operator),
      ),
    ),
  );
}

function rowsOf(measured: readonly Measured[]): Pick<ModelOps, 'rows' | 'measured' | 'refused'> {
  const ran = measured.filter(({ report }) => report.refused === undefined);
  const rows = byOperator(
    ran.map(({ one: { operator, nodes }, report: { ours_ms, theirs_ms } }) => ({
      operator,
      nodes,
      distinct: 1,
      ours_us: 1000 * ours_ms * nodes,
      theirs_us: theirs_ms === null ? null : 1000 * theirs_ms * nodes,
    })),
  );
  const times = ran.map(({ one, report: { ours_ms, theirs_ms } }) => ({
    operator: one.operator,
    node: one.label,
    nodes: one.nodes,
    inputs: one.inputs,
    outputs: one.outputs,
    ours_us: round(1000 * ours_ms),
    theirs_us: theirs_ms === null ? null : round(1000 * theirs_ms),
  }));
  const refused = measured.flatMap(({ one: { operator, label, nodes }, report }) => {
    if (report.refused === undefined) return [];
    const ours_us = round(1000 * report.ours_ms * nodes);
    return [{ operator, node: label, nodes, ours_us, reason: report.refused }];
  });
  return { rows, measured: times, refused };
}

const opsetOf = (graph: Graph, node: Node): number => graph.opsets.get(node.domain) ?? 0;

/** The models of a model's nodes, with the values that they have for these inputs. */
async function splitModel(
  path: string,
  feeds: FeedFile[],
  folder: string,
): Promise<ReturnType<typeof nodeModels> & { values: Map<string, Tensor> }> {
  const graph = readModel(new Uint8Array(readFileSync(path)));
  const copy = join(folder, 'all_outputs.onnx');
  writeFileSync(copy, writeModel(withAllOutputs(graph)));
  const operators = graph.nodes.map((node) => {
    return { domain: node.domain, type: node.opType, opset: opsetOf(graph, node) };
  });
  const report = await runJobHere('nodes_job', { model: copy, feeds, operators });
  const { values: computed, onHost } = report as NodesReport;
  const values = new Map(graph.initializers);
  for (const { name, dtype, dims, path: file } of feeds) {
    values.set(
      name,
      Tensor.ofBytes(dtype as Tensor['dtype'], new Uint8Array(readFileSync(file)), dims),
    );
  }
  for (const { name, value } of computed) {
    const data = fromWire(value, Tensor);
    if (data instanceof Tensor) values.set(name, data);
  }
  return { ...nodeModels(graph, values, (node) => onHost[node.index] === true), values };
}

/** Measures one model of a node, whose files lie in `folder`. */
async function measureNode(
  ask: Ask,
  label: string,
  graph: Graph,
  values: ReadonlyMap<string, Tensor>,
  folder: string,
  budgetMs: number,
): Promise<BenchReport> {
  mkdirSync(folder, { recursive: true });
  const model = join(folder, 'node.onnx');
  writeFileSync(model, writeModel(graph));
  const tensors = graph.inputs.flatMap(({ name }): [string, Tensor][] => {
    const tensor = values.get(name);
    return tensor === undefined ? [] : [[name, tensor]];
  });
  const feeds = writeFeeds(Object.fromEntries(tensors), folder);
  return (await ask(label, { model, feeds, budgetMs, mayRefuse: true })) as BenchReport;
}

/** A node with next to no work: Neg of one element. */
async function measureCall(ask: Ask, folder: string): Promise<BenchReport> {
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [1] });
  const neg = { index: 0, name: '', domain: '', opType: 'Neg', attributes: new Map() };
  const graph: Graph = {
    name: 'call',
    nodes: [{ ...neg, inputs: ['x'], outputs: ['y'] }],
    inputs: [info('x')],
    outputs: [info('y')],
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
  const values = new Map([['x', new Tensor('float32', [1], [1])]]);
  return measureNode(ask, 'call', graph, values, folder, 500);
}

async function measureModel(
  { file, feeds, index }: ModelAtWork,
  ask: Ask,
  { seconds }: BenchOptions,
  folder: string,
): Promise<{ ops: ModelOps; call: BenchReport }> {
  const own = join(folder, `nodes_${index}`);
  mkdirSync(own);
  const { models, leftOut, values } = await splitModel(file.path, feeds, own);
  // One folder for all: their files are not needed again, and activations are large.
  const work = join(own, 'node');
  const measured: Measured[] = [];
  for (const one of models) {
    const name = `${file.name}: ${one.operator} '${one.label}'`;
    const budgetMs = (1000 * seconds) / models.length;
    const report = await measureNode(ask, name, one.graph, values, work, budgetMs);
    measured.push({ one, report });
  }
  // Last, when both sides are warm.
  const call = await measureCall(ask, work);
  return { ops: { model: file.name, ...rowsOf(measured), left_out: leftOut }, call };
}

export async function measureOps(bench: Bench): Promise<OpsResult> {
  const { options, folder } = bench;
  const { stack, results } = await onStack(bench, (at, ask) =>
    measureModel(at, ask, options, folder),
  );
  const models = results.map(({ ops }) => ops);
  const call = results.at(-1)?.call;
  return {
    backend: 'wasm',
    threads: options.threads,
    stack: stackTitle(stack),
    adapter: stack.adapter,
    against: call?.theirs ?? null,
    call: {
      ours_us: round(1000 * (call?.ours_ms ?? Number.NaN)),
      theirs_us: typeof call?.theirs_ms === 'number' ? round(1000 * call.theirs_ms) : null,
    },
    models,
    total: byOperator(models.flatMap(({ rows }) => rows)),
  };
}

function opTable(rows: readonly OpRow[], against: boolean): string {
  const titles = ['operator', 'nodes', 'distinct', 'ours, µs'];
  const cells = rows.map(({ operator, nodes, distinct, ours_us, theirs_us, ratio }) => [
    operator,
    String(nodes),
    String(distinct),
    ours_us.toFixed(1),
    ...(theirs_us === null ? [] : [theirs_us.toFixed(1)]),
    ...(ratio === null ? [] : [ratio.toFixed(2)]),
  ]);
  return table([against ? [...titles, 'theirs, µs', 'ratio'] : titles, ...cells]);
}

const kWhy: Readonly<Record<keyof LeftOut, string>> = {
  control: 'with graphs of their own',
  inner: 'in those graphs',
  known: 'known beforehand',
  host: 'on the host',
  kinds: 'of other values than numbers',
};

function leftOutText(leftOut: LeftOut): string {
  const keys = Object.keys(kWhy) as (keyof LeftOut)[];
  const parts = keys.filter((key) => leftOut[key] > 0).map((key) => `${leftOut[key]} ${kWhy[key]}`);
  return parts.length === 0 ? '' : `\nnodes left out: ${parts.join(', ')}`;
}

function modelText({ model, rows, refused, left_out }: ModelOps, against: boolean): string {
  const refusals = refused.map(
    ({ operator, node, nodes, ours_us, reason }) =>
      `\nrefused by onnxruntime-web: ${operator} '${node}', ${nodes} such, ours ${ours_us.toFixed(1)} µs: ${reason}`,
  );
  return `${model}\n${opTable(rows, against)}${refusals.join('')}${leftOutText(left_out)}`;
}

export function opsText(result: OpsResult): string {
  const { against, call, models, total } = result;
  const theirs = call.theirs_us === null ? '' : `, theirs ${call.theirs_us.toFixed(1)} µs`;
  const head = `${headOf(result, result)}\na run of one node on one element: ours ${call.ours_us.toFixed(1)} µs${theirs}`;
  const tables = models.map((one) => modelText(one, against !== null));
  if (models.length > 1) tables.push(`all models\n${opTable(total, against !== null)}`);
  return [head, ...tables].join('\n\n');
}
