// The errors a caller may react to. TypeError (wrong kind) and RangeError (wrong value) serve for arguments; the
// classes here carry fields, so that nobody has to read the text: what is wrong with a model, or with a device.

/** One thing that is wrong with a model, and what to do about it. */
export interface Problem {
  /** The node's name, or `#index` if it has none. */
  readonly node?: string | undefined;
  readonly opType?: string | undefined;
  /** The operator's domain; '' is ai.onnx. */
  readonly domain?: string | undefined;
  /** What is wrong: expected X, got Y. Ends with a full stop. */
  readonly message: string;
  /** What to do. Ends with a full stop; empty if there is nothing to advise. */
  readonly remedy: string;
}

/** One problem as one line: `Conv 'conv1': message remedy`. */
export function formatProblem(problem: Problem): string {
  const { node, opType, domain, message, remedy } = problem;
  const op = opType === undefined ? '' : domain ? `${domain}.${opType}` : opType;
  const where = [op, node === undefined ? '' : `'${node}'`].filter((part) => part !== '').join(' ');
  return [where === '' ? message : `${where}: ${message}`, remedy]
    .filter((part) => part !== '')
    .join(' ');
}

/** A file that is no valid model, or a graph that cannot be run. Lists everything that is wrong with it at once. */
export class ModelError extends Error {
  override readonly name: string = 'ModelError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    const lines = problems.map(formatProblem);
    super(
      lines.length === 1
        ? lines[0]
        : `${lines.length} problems:\n${lines.map((line) => `- ${line}`).join('\n')}`,
      options,
    );
    this.problems = problems;
  }
}

/** The model is valid, but uses operators, attribute values, opsets or types that are not implemented. */
export class UnsupportedOpError extends ModelError {
  override readonly name: string = 'UnsupportedOpError';
}

/** A GPU that is not there, was lost, ran out of memory, or refused a command. */
export class DeviceError extends Error {
  override readonly name: string = 'DeviceError';
  /** The adapter's name as the browser tells it, where one was found. */
  readonly adapter: string | undefined;
  /** What was being done: 'adapter', 'device', 'pipeline', 'allocate', 'run', 'read' … */
  readonly stage: string;

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
