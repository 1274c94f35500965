// `isobit matrix`: the same job on every stack of this machine, one after the other, and the digests side by side. It
// promises that a stack that crashes, hangs or is not installed is a row with the reason, never the end of the table,
// and that `identical` is true only when every stack that is here gave the reference's digest.

import { contract } from '../core/digest.ts';
import { table } from './output.ts';
import { STACKS } from './stacks/catalog.ts';
import type { StackSpec } from './stacks/catalog.ts';
import { openStack } from './stacks/runner.ts';
import type { JobReply, Stack } from './stacks/types.ts';

export interface MatrixStack {
  id: string;
  engine: string;
  adapter: string;
  backend: string;
  digest: string | null;
  /** Milliseconds of the run, without starting the stack and loading the model. */
  ms: number | null;
  /** What ran otherwise than asked. */
  notes?: string[];
  error?: string;
  /** The stack is not installed, or the remote browser has no WebGPU; `error` says why. */
  missing?: true;
  /** Of a remote browser: what it is, by its own words, and where, without credentials. */
  remote?: { url: string; browser: string; version: string; platform: string };
  /** Of a remote browser: how often it was tried. More than once only after a transport failure or a crash. */
  attempts?: number;
}

export interface MatrixRow {
  model: string;
  contract: string;
  /** The digest that all agree on, else the reference's (the first stack's), else null. */
  digest: string | null;
  identical: boolean;
  stacks: MatrixStack[];
}

/** One model of the matrix: the job without its backend, which the stack decides. */
export interface MatrixModel {
  name: string;
  job: Record<string, unknown>;
}

export interface MatrixOptions {
  bundle: string;
  roots: string[];
  /** Ids of the stacks to run; all when not given. */
  stacks?: string[];
  timeoutMs?: number;
  onStart?: (stackId: string, model: string) => void;
  onDone?: (stackId: string, model: string) => void;
  /** Asks a stack for more, before its models run. */
  onOpen?: (spec: StackSpec, stack: Stack) => Promise<void>;
}

/** What the job of a matrix returns. */
interface MatrixResult {
  digest: string;
  ms: number;
  notes?: string[];
}

function isMatrixResult(value: unknown): value is MatrixResult {
  if (typeof value !== 'object' || value === null) return false;
  return 'digest' in value && typeof value.digest === 'string' && 'ms' in value;
}

/** What every cell of a stack or a remote browser begins with. */
export type CellHead = Pick<MatrixStack, 'id' | 'engine' | 'adapter' | 'backend'>;

/** The cell of a job's reply. */
export function cellOf(head: CellHead, reply: JobReply): MatrixStack {
  if (reply.error !== undefined) {
    return { ...head, digest: null, ms: null, error: reply.error.message };
  }
  if (!isMatrixResult(reply.result)) {
    return { ...head, digest: null, ms: null, error: 'The job returned no digest.' };
  }
  const { digest, ms, notes = [] } = reply.result;
  const cell = { ...head, digest, ms: Number(ms.toFixed(3)) };
  return notes.length === 0 ? cell : { ...cell, notes };
}

/** One stack's cells, in the order of `models`. */
async function runStack(
  spec: StackSpec,
  models: MatrixModel[],
  options: MatrixOptions,
): Promise<MatrixStack[]> {
  const { id, engine, backend } = spec;
  const absent = spec.find();
  const fill = (error: string, missing: boolean): MatrixStack[] =>
    models.map(() => {
      const cell = { id, engine, adapter: 'unknown', backend, digest: null, ms: null, error };
      return missing ? { ...cell, missing: true } : cell;
    });
  if (absent !== undefined) {
    return fill(`Not installed: ${absent}. To install: ${spec.needs}.`, true);
  }
  const { bundle, roots, timeoutMs } = options;
  let stack: Stack;
  try {
    stack = await openStack(id, {
      bundle,
      roots,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  } catch (e) {
    // A graphics card that is not there shows itself only here.
    return fill(e instanceof Error ? e.message : String(e), spec.optional);
  }
  const cells: MatrixStack[] = [];
  try {
    await options.onOpen?.(spec, stack);
    for (const model of models) {
      options.onStart?.(id, model.name);
      const { adapter } = stack;
      const head = { id, engine, adapter, backend };
      cells.push(cellOf(head, await stack.run({ ...model.job, backend })));
      options.onDone?.(id, model.name);
    }
  } finally {
    await stack.close();
  }
  return cells;
}

/** Puts the cells of one model together. */
export function matrixRow(model: string, stacks: MatrixStack[]): MatrixRow {
  const present = stacks.filter((stack) => stack.missing !== true);
  const digest = present.find((stack) => stack.digest !== null)?.digest ?? null;
  const identical =
    digest !== null && present.every((s) => s.digest === digest && s.error === undefined);
  return { model, contract: `${contract.id} ${contract.version}`, digest, identical, stacks };
}

/** The stacks that a matrix runs on, in its order. */
export function matrixStacks(ids: string[] | undefined): StackSpec[] {
  return STACKS.filter((spec) => ids === undefined || ids.includes(spec.id));
}

/**
 * Runs every model on every stack of this machine, sequentially: two stacks at once would share the processor. One list
 * for each stack, its cells in the order of the models.
 */
export async function stackColumns(
  models: MatrixModel[],
  options: MatrixOptions,
): Promise<MatrixStack[][]> {
  const columns: MatrixStack[][] = [];
  for (const spec of matrixStacks(options.stacks)) {
    columns.push(await runStack(spec, models, options));
  }
  return columns;
}

/** The rows of columns, which hold a cell for each model. */
export function matrixRows(models: MatrixModel[], columns: MatrixStack[][]): MatrixRow[] {
  return models.map((model, i) => {
    const cells = columns.flatMap((column) => column[i] ?? []);
    return matrixRow(model.name, cells);
  });
}

/** The matrix of the stacks of this machine. */
export async function runMatrix(
  models: MatrixModel[],
  options: MatrixOptions,
): Promise<MatrixRow[]> {
  return matrixRows(models, await stackColumns(models, options));
}

/** True unless a digest differs or a stack failed; with `requireAll`, also unless a stack is missing. */
export function matrixGood(rows: MatrixRow[], requireAll: boolean): boolean {
  const optional = new Set(STACKS.filter((spec) => spec.optional).map((spec) => spec.id));
  const complete = (row: MatrixRow): boolean =>
    row.stacks.every((stack) => stack.missing !== true || optional.has(stack.id));
  return rows.every((row) => row.identical && (!requireAll || complete(row)));
}

/** The beginning of an error text, on one line; the JSON document has all of it. */
function brief(error: string): string {
  const lines = error.split('\n').map((line) => line.trim());
  const text = lines.filter((line) => line !== '').join(' ');
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Where a cell was computed, as far as it says more than the stack's id. */
function placeOf({ adapter, remote }: MatrixStack): string {
  const name = adapter === 'none' || adapter === 'unknown' ? [] : [adapter];
  if (remote === undefined) return name.join('');
  const { browser, version, platform } = remote;
  return [`${browser} ${version} on ${platform}`, ...name].join(', ');
}

/** A row as text: one line a stack. */
export function matrixText(row: MatrixRow): string {
  const cells = row.stacks.map((stack) => {
    const { id, backend, engine, digest, ms, error } = stack;
    const mark = digest === null ? '--' : digest === row.digest ? '==' : 'XX';
    const shown = digest === null ? '' : `${digest.slice(0, 16)}…`;
    const time = ms === null ? '' : `${ms.toFixed(1)} ms`;
    const told = error === undefined ? placeOf(stack) : brief(error);
    const { attempts = 1 } = stack;
    const note = attempts > 1 ? `${told} (${attempts} attempts)`.trim() : told;
    return [mark, id, backend, engine, shown, time, note];
  });
  const ran = row.stacks.filter((stack) => stack.digest !== null).length;
  const verdict = row.identical ? `identical on ${ran} stacks` : 'NOT IDENTICAL';
  return `${row.model}: ${verdict}, contract ${row.contract}\n${row.digest ?? 'no digest'}\n${table(cells)}`;
}
