// `isobit conformance DIR…`: runs cases in the form of ONNX's backend tests and compares their outputs, by the tolerance of
// a meta.json or ONNX's own. Which cases pass is nowhere written down: a case is judged by its files alone. Values that
// ONNX leaves open are not compared, their shape and type are; such a case counts as skipped. One that breaks, whatever
// breaks in it, has failed, and the rest goes on.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Data } from '../core/data.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { Weights } from '../core/weight.ts';
import { subgraphsOf, type Graph } from '../graph/graph.ts';
import type { ConformanceJob, SetReport } from '../jobs/conformance_job.ts';
import { fromWire, toWire } from '../jobs/wire.ts';
import { readModel } from '../onnx/model.ts';
import { jobBundle } from './bundles.ts';
import { findCases, readDataSet } from './conformance_cases.ts';
import type { CaseFolder, DataSet } from './conformance_cases.ts';
import { openGpuStack } from './gpu_stack.ts';
import { runJobHere } from './here.ts';
import { openOutputs } from './open_outputs.ts';
import { EXIT, printResult, table, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import { compareOutput, toleranceOf } from './tolerance.ts';
import type { Tolerance } from './tolerance.ts';

export interface ConformanceOptions {
  backend: 'wasm' | 'webgpu';
  /** The id of a WebGPU stack. */
  stack?: string;
  /** Only cases whose id holds this text. */
  filter?: string;
  json: boolean;
}

type Status = 'passed' | 'failed' | 'skipped';

export interface CaseResult {
  id: string;
  status: Status;
  /** Why it did not pass, in one line. */
  reason?: string;
  /** That of the run; of several data sets, SHA-256 over the text of their digests. */
  digest?: string;
  /** What occurs in its file, bodies of control flow included; none where the file could not be read. */
  operators: string[];
}

export interface ConformanceDocument {
  passed: number;
  failed: number;
  skipped: number;
  cases: CaseResult[];
}

/** ONNX's own, for its backend tests. */
const ONNX_TOLERANCE: Tolerance = { rtol: 1e-3, atol: 1e-7 };

type RunJob = (job: ConformanceJob) => Promise<SetReport[]>;

export interface Runner {
  readonly run: RunJob;
  readonly close: () => Promise<void>;
}

/** The error in one line: its name, and the first of its lines that says something. */
function oneLine(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const [first = '', second] = message.split('\n').filter((line) => line.trim() !== '');
  const text = second !== undefined && first.endsWith(' problems:') ? `${first} ${second}` : first;
  return `${name}: ${text}`;
}

function operatorsOf(graph: Graph, into: Set<string>): void {
  for (const node of graph.nodes) {
    into.add(node.domain === '' ? node.opType : `${node.domain}.${node.opType}`);
    for (const body of subgraphsOf(node)) operatorsOf(body, into);
  }
}

const kindOf = (data: Data): string =>
  data === null ? 'nothing' : data instanceof Tensor ? 'a tensor' : 'a sequence';

/** What is wrong with one output; undefined if nothing is. */
function difference(
  name: string,
  got: Data,
  want: Data,
  tolerance: Tolerance | 'open',
): string | undefined {
  if (want instanceof Tensor && got instanceof Tensor) {
    if (tolerance !== 'open') {
      const { error } = compareOutput(name, got, want, tolerance);
      return error === undefined ? undefined : `${name}: ${error}`;
    }
    const [a, b] = [got, want].map((one) => `${one.dtype} ${formatShape(one.dims)}`);
    return a === b ? undefined : `${name}: expected ${b}, got ${a}.`;
  }
  if (want === null && got === null) return undefined;
  if (want === null || got === null || want instanceof Tensor || got instanceof Tensor) {
    return `${name}: expected ${kindOf(want)}, got ${kindOf(got)}.`;
  }
  if (want.length !== got.length) {
    return `${name}: expected a sequence of ${want.length}, got one of ${got.length}.`;
  }
  for (const [i, item] of want.entries()) {
    const wrong = difference(`${name}[${i}]`, got[i] ?? null, item, tolerance);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function judgeSet(
  report: SetReport,
  { expected }: DataSet,
  open: ReadonlySet<string>,
  tolerance: Tolerance,
): string | undefined {
  if (report.error !== undefined) return oneLine(Object.assign(new Error(), report.error));
  const got = new Map(report.outputs.map(({ name, value }) => [name, fromWire(value, Tensor)]));
  for (const [name, want] of expected) {
    const value = got.get(name);
    if (value === undefined) return `${name}: expected an output, got none.`;
    const wrong = difference(name, value, want, open.has(name) ? 'open' : tolerance);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function digestOfSets(reports: readonly SetReport[]): string | undefined {
  const digests = reports.flatMap((report) => (report.error === undefined ? report.digest : []));
  if (digests.length < reports.length) return undefined;
  const [only] = digests;
  if (digests.length === 1) return only;
  return createHash('sha256').update(digests.join('\n')).digest('hex');
}

/** Runs one case. */
async function runCase(
  one: CaseFolder,
  backend: ConformanceJob['backend'],
  run: RunJob,
): Promise<CaseResult> {
  const { id } = one;
  const found = new Set<string>();
  let operators: string[] = [];
  try {
    const graph = readModel(readFileSync(one.model), new Weights());
    operatorsOf(graph, found);
    operators = [...found].sort();
    const sets = one.sets.map((folder) => readDataSet(folder, graph));
    const reports = await run({
      model: one.model,
      sets: sets.map(({ feeds }) =>
        Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toWire(value)])),
      ),
      backend,
    });
    const digest = digestOfSets(reports);
    const known = { ...(digest === undefined ? {} : { digest }), operators };
    let isOpen = false;
    for (const [i, set] of sets.entries()) {
      const report = reports[i];
      if (report === undefined) throw new Error(`${reports.length} of ${sets.length} sets ran`);
      const open = openOutputs(graph, set.feeds);
      if (open.size > 0) isOpen = true;
      const tolerance = toleranceOf(one.sets[i] ?? one.folder, ONNX_TOLERANCE);
      const wrong = judgeSet(report, set, open, tolerance);
      if (wrong === undefined) continue;
      const reason = sets.length > 1 ? `data set ${i}: ${wrong}` : wrong;
      return { id, status: 'failed', reason, ...known };
    }
    if (isOpen) return { id, status: 'skipped', reason: 'ONNX leaves the values open.', operators };
    return { id, status: 'passed', ...known };
  } catch (error) {
    return { id, status: 'failed', reason: oneLine(error), operators };
  }
}

/** What executes the jobs: this process, or one stack that stays open. */
export async function openRunner(options: ConformanceOptions, roots: string[]): Promise<Runner> {
  if (options.backend === 'wasm' && options.stack === undefined) {
    return {
      run: async (job) => (await runJobHere('conformance_job', job)) as SetReport[],
      close: async () => undefined,
    };
  }
  const { bundle, root } = jobBundle('conformance_job');
  const only = options.stack === undefined ? undefined : [options.stack];
  const stack = await openGpuStack({ bundle, roots: [root, ...roots] }, only);
  return {
    run: async (job) => {
      const reply = await stack.run(job);
      if (reply.error !== undefined) throw Object.assign(new Error(), reply.error);
      return reply.result as SetReport[];
    },
    close: () => stack.close(),
  };
}

/** Of one operator: the cases that it occurs in, by status. */
export interface OperatorRow {
  passed: number;
  failed: number;
  skipped: number;
}

/** The counts of each operator, by name. */
export function countsByOperator(cases: readonly CaseResult[]): Map<string, OperatorRow> {
  const rows = new Map<string, OperatorRow>();
  for (const { operators, status } of cases) {
    for (const name of operators.length === 0 ? ['(not read)'] : operators) {
      const row = rows.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
      row[status] += 1;
      rows.set(name, row);
    }
  }
  return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the command prints with --json: the cases below folders, or those of them that `select` takes, one by one. */
export async function runCases(
  folders: string[],
  options: ConformanceOptions,
  open: (options: ConformanceOptions, roots: string[]) => Promise<Runner> = openRunner,
  select: (cases: CaseFolder[]) => CaseFolder[] = (cases) => cases,
): Promise<ConformanceDocument> {
  const { filter = '' } = options;
  const found = select(findCases(folders).filter(({ id }) => id.includes(filter)));
  if (found.length === 0) {
    const which = filter === '' ? '' : ` whose path holds '${filter}'`;
    throw new UsageError(
      `conformance: no case${which}: expected folders with model.onnx and test_data_set_0.`,
    );
  }
  const backend = options.stack === undefined ? options.backend : 'webgpu';
  const runner = await open(
    options,
    folders.map((folder) => resolve(folder)),
  );
  const progress = startProgress(found.length);
  const document: ConformanceDocument = { passed: 0, failed: 0, skipped: 0, cases: [] };
  try {
    for (const one of found) {
      progress.at(one.id);
      const result = await runCase(one, backend, runner.run);
      document[result.status] += 1;
      document.cases.push(result);
      progress.done();
    }
  } finally {
    progress.stop();
    await runner.close();
  }
  return document;
}

function conformanceText({ passed, failed, skipped, cases }: ConformanceDocument): string {
  const rows = [...countsByOperator(cases)].map(([name, row]) => [
    name,
    ...[row.passed, row.failed, row.skipped].map(String),
  ]);
  const lines = [table([['operator', 'passed', 'failed', 'skipped'], ...rows])];
  const failures = cases.filter(({ status }) => status === 'failed');
  if (failures.length > 0) lines.push('');
  lines.push(...failures.map(({ id, reason = '' }) => `${id}: ${reason}`));
  lines.push('', `${passed} passed, ${failed} failed, ${skipped} skipped`);
  return lines.join('\n');
}

/** The command. */
export async function conformanceCommand(
  folders: string[],
  options: ConformanceOptions,
): Promise<ExitCode> {
  const document = await runCases(folders, options);
  printResult(options.json, document, conformanceText(document));
  return document.failed === 0 ? EXIT.good : EXIT.failed;
}
