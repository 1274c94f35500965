// The types of one run: what it is asked for, what it gives, and what it says of how it ran. Not here: a model and what
// loading takes (model.ts).
import type { Data } from './core/data.ts';
import type { Tensor } from './core/tensor.ts';
import type { ValueSink } from './evidence/bundle_types.ts';
import type { Trace } from './evidence/trace_types.ts';

/**
 * The two machines a model runs on: `wasm`, the reference, and `webgpu`, which gives the same bits.
 *
 * @example
 * ```ts
 * import type { Backend } from 'isobit';
 *
 * const backend: Backend = new URLSearchParams('?gpu').has('gpu') ? 'webgpu' : 'wasm';
 * console.log(backend); // webgpu
 * ```
 */
export type Backend = 'wasm' | 'webgpu';

/**
 * What one run is asked for. No option changes a bit of an output.
 *
 * @example
 * ```ts
 * import { load, Tensor, type RunOptions } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const options: RunOptions = { backend: 'wasm', signal: AbortSignal.timeout(60_000) };
 * console.log((await model.run({ image }, options)).outputs['logits']?.size); // 10
 * model.dispose();
 * ```
 */
export interface RunOptions {
  /** `auto` (the default) takes a hardware GPU where there is one, else the reference; never a software adapter. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Names of the outputs to compute; all if not given. */
  readonly outputs?: readonly string[] | undefined;
  /** Stops the run within 50 ms of work on the reference, between submissions on a GPU. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Outputs that stay where they are computed, in GPU buffers or the memory of the core: `true` for all, or names. They are
   * fed back from there, not through JavaScript; `await tensor.read()` copies one out, and `data` throws, as does the
   * `digest` of the run. Whoever keeps one disposes of it: until then the memory of the core, weights and all, stays too.
   * Constants, and what operators of the host give, are in arrays even so.
   */
  readonly keepOnDevice?: boolean | readonly string[] | undefined;
  /**
   * Rows of nodes that the reference recomputes while a GPU runs (B8), before the outputs are delivered: `'off'`, how
   * many in this run, or, if not given, as many as fit in 2 % of the time, amortised. The first audited run of a model
   * recomputes at least one of every node. Where a row differs its kernel goes one rung down the ladder (B7): from floats
   * to integers, from there to the reference; and the run is repeated.
   */
  readonly audit?: number | 'off' | undefined;
  /** What random operators draw from, 0 if not given: the same seed gives the same numbers, on every device (V10). */
  readonly seed?: number | undefined;
  /**
   * Gives the digest of every node's outputs too, and a Merkle root over them (`RunResult.trace`); slower, since nothing is
   * fused, and it takes the memory of all values at once.
   */
  readonly trace?: boolean | undefined;
  /** Gives a receipt of the run too (`RunResult.receipt`), and the trace that it holds the root of. */
  readonly receipt?: boolean | undefined;
  /**
   * Takes the values of a traced run, to be kept as a `TraceBundle`: each that differs once, as its digest and the bytes whose
   * SHA-256 that is. The run waits for what it returns, so that only one value at a time need be in memory twice. It asks
   * for a trace. Not with a model in a worker.
   */
  readonly onValue?: ValueSink | undefined;
  /**
   * Runs one node of the model's own graph instead of the model: its position in a trace. Then the feeds are what
   * `Model.nodes` says that it is computed from, and the outputs are the values that it gives, by name; a trace of it has
   * the nodes that ran within it.
   */
  readonly node?: string | undefined;
  /** Executes step by step and says what each took; slower, since nothing overlaps. A signal stops it between plans. */
  readonly profile?: boolean | undefined;
}

/**
 * What one step of a profiled run took. A step is one kernel, which may compute several nodes, or a node on the host.
 *
 * @example
 * ```ts
 * import { load, Tensor, type ProfileStep } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { profile = [] } = await model.run({ image }, { backend: 'wasm', profile: true });
 * const slowest = (steps: readonly ProfileStep[]) => Math.max(...steps.map((step) => step.milliseconds));
 * console.log(profile.length > 0, slowest(profile) > 0); // true true
 * model.dispose();
 * ```
 */
export interface ProfileStep {
  /** The kernel's name; `host` where the node is a function on the host. */
  readonly kernel: string;
  /** The nodes that it computes, as `Conv 'name'`. */
  readonly nodes: readonly string[];
  /** Where it ran: `wasm` within a run on WebGPU is the reference. */
  readonly where: Backend | 'host';
  /** Milliseconds from the run's beginning. */
  readonly begin: number;
  /** How long it took, in milliseconds; on WebGPU with its submission, until the device had finished it. */
  readonly milliseconds: number;
  /** Milliseconds of the steps within it, for a node on the host that runs graphs. */
  readonly nested: number;
}

/**
 * Something a run did otherwise than a reader would assume. The bits are the same with and without it.
 *
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { notes } = await model.run({ image });
 * console.log(notes[0]?.kind); // auto
 * model.dispose();
 * ```
 */
export interface Note {
  /**
   * `auto`: what `auto` took; `reference`: a node without a GPU kernel; `recomputed`: one that met values its kernel
   * cannot represent; `audit`: a kernel gave other bits than the reference (see `audit`), or a run could not be audited;
   * `rung`: nodes that ran on another rung of the ladder than `full` (B7), since the device or their kernel failed there:
   * once a run for each reason; `threads`: fewer threads than asked for, since memory cannot be shared here.
   */
  readonly kind: 'auto' | 'reference' | 'recomputed' | 'audit' | 'rung' | 'threads';
  /** One sentence for people. */
  readonly message: string;
  /** The nodes it is about, as `Conv 'name'`; empty for `auto`. */
  readonly nodes: readonly string[];
  /** What an audit saw, where it saw a fault. */
  readonly audit?: AuditEvent;
}

/**
 * A fault that an audit found: a kernel of this device gave other bits than the reference, from the same inputs. It is
 * reported once, by the run that found it; the kernel went one rung down and that run was repeated, so its outputs are
 * right. This is what a bug report needs: please send it.
 *
 * @example
 * ```ts
 * import { load, Tensor, type AuditEvent } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { notes } = await model.run({ image }, { audit: 100 });
 * const events: AuditEvent[] = notes.flatMap((note) => note.audit ?? []);
 * console.log(events.length); // 0
 * model.dispose();
 * ```
 */
export interface AuditEvent {
  /** The package's version. */
  readonly version: string;
  /** The contract's id and version. */
  readonly contract: string;
  /** The GPU, as it names itself. */
  readonly adapter: string;
  /** What the adapter says field by field, where it does. */
  readonly adapterInfo?: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
  };
  /** The browser, where there is one. */
  readonly userAgent?: string;
  /** The kernel: its shader's name. */
  readonly kernel: string;
  /** In a run, or before it, by the gate of the kernel's pipeline (B7): then index and bits are of drawn words. */
  readonly seen: 'gate' | 'run';
  /** The rung of the ladder (B7) that it was on: `full` is usual, `soft` computes floats in integers. */
  readonly rung: 'light' | 'full' | 'soft';
  /** Where it is executed from now on. */
  readonly next: 'light' | 'full' | 'soft' | 'reference';
  /** The pipeline's constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** The nodes that the kernel computed, as `Conv 'name'`. */
  readonly nodes: readonly string[];
  /** The work unit (row) that was recomputed. */
  readonly unit: number;
  /** Which output of the kernel. */
  readonly output: number;
  /** The output's name in the graph; empty for an intermediate result. */
  readonly name: string;
  /** Flat index of the first element that differs. */
  readonly index: number;
  /** The reference's bits of that element, as hex. */
  readonly expected: string;
  /** The GPU's bits of that element, as hex. */
  readonly got: string;
  /** How many elements of the row differ. */
  readonly differing: number;
}

/**
 * What a run gives. For one contract version and equal feeds, `outputs` and `digest` are the same on every device.
 *
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { outputs, digest } = await model.run({ image });
 * console.log(Object.keys(outputs), digest.length); // [ 'logits' ] 64
 * model.dispose();
 * ```
 */
export interface RunResult {
  /**
   * The outputs that are tensors, by name, in graph order; they belong to the caller and outlive the model, except those
   * kept on a GPU or in a worker.
   */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** All outputs: sequences and optionals too. */
  readonly values: Readonly<Record<string, Data>>;
  /**
   * SHA-256 over contract version and outputs in graph order (V12), 64 hex digits; computed when first read.
   *
   * @throws TypeError if an output stayed where it was computed (`keepOnDevice`)
   */
  readonly digest: string;
  /** The seed, where a random operator ran: then it is part of the digest. */
  readonly seed?: number;
  /** The backend that ran. */
  readonly backend: Backend;
  /** The GPU that ran, where one did. */
  readonly adapter?: string;
  /** On `wasm`: how many threads there were to take part. */
  readonly threads?: number;
  /**
   * What the gates of new pipelines took, in a run on WebGPU that came to some: before a pipeline's first result it is run
   * over drawn words and compared with the reference (B7). `skipped` counts those that were too large, that read integers
   * which take too long to compute beforehand, or whose flag was raised; audits look at them.
   */
  readonly gate?: {
    readonly pipelines: number;
    readonly skipped: number;
    readonly milliseconds: number;
  };
  /** What the run did otherwise than asked, and what `auto` took. */
  readonly notes: readonly Note[];
  /** The steps in the order in which they began, where `profile` was asked for. */
  readonly profile?: readonly ProfileStep[];
  /** The digests of all values, where `trace` was asked for; the same on every device. */
  readonly trace?: Trace;
  /**
   * The receipt, where one was asked for: canonical JSON, to be kept as it is (`Receipt`, once parsed). Whoever has the
   * model and the inputs can verify it with `verifyReceipt`, on any device.
   */
  readonly receipt?: string;
}
