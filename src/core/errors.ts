// The errors a caller may react to. TypeError (wrong kind) and RangeError (wrong value) serve for arguments; the
// classes here carry fields, so that nobody has to read the text: what is wrong with a model, or with a device.

/**
 * One thing that is wrong with a model, and what to do about it.
 *
 * @example
 * ```ts
 * import { load, ModelError, type Problem } from 'isobit';
 *
 * const problems: readonly Problem[] = await load(new TextEncoder().encode('no model')).then(
 *   () => [],
 *   (error: unknown) => (error instanceof ModelError ? error.problems : []),
 * );
 * console.log(problems.length); // 1
 * ```
 */
export interface Problem {
  /** The node's name, or `#index` if it has none. */
  readonly node?: string | undefined;
  /** The node's operator, where a node is to blame. */
  readonly opType?: string | undefined;
  /** The operator's domain; '' is ai.onnx. */
  readonly domain?: string | undefined;
  /** What is wrong: expected X, got Y. Ends with a full stop. */
  readonly message: string;
  /** What to do. Ends with a full stop; empty if there is nothing to advise. */
  readonly remedy: string;
}

// Nodes named for a problem that many of them share.
const NAMED_NODES = 3;

/**
 * Problems as lines, those that say the same of the same operator as one: `Conv 'a', 'b', 'c' and 32 more: message
 * remedy`.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const { domain, opType, message, remedy } = problem;
    const key = JSON.stringify([domain, opType, message, remedy]);
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  const lines = [...groups.values()].map(formatGroup);
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) return only;
  return `${problems.length} problems:\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function formatGroup(group: readonly Problem[]): string {
  const [{ domain, opType, message, remedy } = { message: '', remedy: '' } as Problem] = group;
  const op = opType === undefined ? '' : domain ? `${domain}.${opType}` : opType;
  const nodes = group.flatMap(({ node }) => (node === undefined ? [] : [`'${node}'`]));
  const more = nodes.length - NAMED_NODES;
  const names = nodes.slice(0, NAMED_NODES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const where = [op, names].filter((part) => part !== '').join(' ');
  return [where === '' ? message : `${where}: ${message}`, remedy]
    .filter((part) => part !== '')
    .join(' ');
}

/**
 * A file that is no valid model, or a graph that cannot be run. Lists everything that is wrong with it at once.
 *
 * @example
 * ```ts
 * import { load, ModelError } from 'isobit';
 *
 * try {
 *   await load(new TextEncoder().encode('<!doctype html>'));
 * } catch (error) {
 *   console.log(error instanceof ModelError, error instanceof TypeError); // true false
 * }
 * ```
 */
export class ModelError extends Error {
  /** 'ModelError'. */
  override readonly name: string = 'ModelError';
  /** What is wrong, at least one entry. */
  readonly problems: readonly Problem[];

  /** @param problems what is wrong; the message lists all of it, nodes with the same problem in one line */
  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(formatProblems(problems), options);
    this.problems = problems;
  }
}

/**
 * The model is valid, but uses operators, attribute values, opsets or types that are not implemented.
 * `problems` has one entry for each, with node, operator and remedy.
 *
 * @example
 * ```ts
 * import { UnsupportedOpError } from 'isobit';
 *
 * const message = 'operator is not implemented.';
 * const error = new UnsupportedOpError([
 *   { node: 'n1', opType: 'Loop', message, remedy: 'Export it unrolled.' },
 * ]);
 * console.log(error.message); // Loop 'n1': operator is not implemented. Export it unrolled.
 * ```
 */
export class UnsupportedOpError extends ModelError {
  /** 'UnsupportedOpError'. */
  override readonly name: string = 'UnsupportedOpError';
}

/**
 * A GPU that is not there, was lost, ran out of memory, or refused a command. The run it rejects gave no result;
 * the next run asks for a new device.
 *
 * @example
 * ```ts
 * import { DeviceError, load, Tensor } from 'isobit';
 *
 * // A GPU object of a machine that has no adapter.
 * const gpu = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
 * const model = await load('/digits.onnx', { gpu });
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * try {
 *   await model.run({ image }, { backend: 'webgpu' });
 * } catch (error) {
 *   if (error instanceof DeviceError) console.log(error.stage); // adapter
 * }
 * model.dispose();
 * ```
 */
export class DeviceError extends Error {
  /** 'DeviceError'. */
  override readonly name: string = 'DeviceError';
  /** The adapter's name as the browser tells it, where one was found. */
  readonly adapter: string | undefined;
  /** What was being done: 'adapter', 'device', 'pipeline', 'allocate', 'run', 'read' … */
  readonly stage: string;

  /** @param fields what was being done, on which adapter, and the browser's own error */
  constructor(
    message: string,
    fields: { stage: string; adapter?: string | undefined; cause?: unknown },
  ) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.stage = fields.stage;
    this.adapter = fields.adapter;
  }
}

/** What a run that was stopped by its signal rejects with: the signal's own reason, else an AbortError. */
export function abortReason(signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  return new DOMException('The run was aborted.', 'AbortError');
}

/** Throws the signal's reason if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}
