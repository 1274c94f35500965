// What a session asks of a backend: prepare a plan once, run it with feeds, read values. Backends execute
// dispatches; they know neither operators nor ONNX. The reference backend is also the Evaluator that folds
// constants and recomputes what a GPU kernel could not represent.
import type { Tensor } from '../core/tensor.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names of outputs that stay where the backend computes them. */
  readonly keepOnDevice?: ReadonlySet<string> | undefined;
  /** Draws for the gates of new pipelines on a GPU (B7), a number in [0, 1); none is run if absent. */
  readonly gate?: ((this: void) => number) | undefined;
  /** How a run on a GPU is audited (B8); not at all if absent. */
  readonly audit?: AuditOptions | undefined;
  /** Execute and time the steps one by one. */
  readonly profile?: boolean | undefined;
}

/** What one step of a plan took, in milliseconds of `performance.now()`. */
export interface StepTime {
  readonly kernel: string;
  /** Indices of the graph nodes that the step computes. */
  readonly nodes: readonly number[];
  readonly backend: 'wasm' | 'webgpu';
  readonly begin: number;
  readonly milliseconds: number;
}

export interface AuditOptions {
  /** Rows (work units) to recompute in this run; as many as their share of the time allows if absent. */
  readonly rows?: number | undefined;
  /** A number in [0, 1): which rows; it decides no bit of a result. */
  random(this: void): number;
}

/** What a run did otherwise than asked, and why. */
export interface RunNote {
  /**
   * 'reference': the kernel has no WebGPU twin, or its pipeline has no rung left; 'recomputed': it met values that it
   * cannot represent; 'audit': its output was not the reference's; 'rung': a rung other than `full`.
   */
  readonly kind: 'reference' | 'recomputed' | 'audit' | 'rung';
  readonly kernel: string;
  /** Indices of the graph nodes that the dispatch computes. */
  readonly nodes: readonly number[];
  /** True for a kernel that failed on every rung on this device. */
  readonly disabled?: boolean;
  /** Of kind 'rung': which, and whether all pipelines of the device are on it, or those that failed higher up. */
  readonly rung?: { readonly is: 'light' | 'full' | 'soft'; readonly of: 'device' | 'pipeline' };
  /** Of an audit: what was seen. */
  readonly fault?: AuditFault;
}

/** An element that the GPU computed otherwise than the reference, from the same inputs. */
export interface AuditFault {
  /** By the pipeline's gate, from drawn words, or by the audit of a run. */
  readonly seen: 'gate' | 'run';
  /** The rung of the ladder that it was on, and the next one, which it is on now. */
  readonly rung: 'light' | 'full' | 'soft';
  readonly next: 'full' | 'soft' | 'light' | 'reference';
  /** Values of the pipeline-overridable constants. */
  readonly constants: Readonly<Record<string, number>>;
  readonly unit: number;
  /** Which output of the kernel, its name in the graph where it has one, and the flat index of the element in it. */
  readonly output: number;
  readonly name: string;
  readonly index: number;
  /** Bits as hex: the reference's and the GPU's. */
  readonly expected: string;
  readonly got: string;
  /** How many elements of the unit differ. */
  readonly differing: number;
}

export interface RunResult {
  readonly outputs: Map<string, Tensor>;
  readonly notes: readonly RunNote[];
  /** What gates of pipelines took, in a run that came to some. */
  readonly gate?: GateCost;
  /** Where it was asked for. */
  readonly steps?: readonly StepTime[];
}

export interface GateCost {
  /** How many were compared. */
  readonly pipelines: number;
  /** How many could not be. */
  readonly skipped: number;
  readonly milliseconds: number;
}

/** A plan made ready on one backend. */
export interface Executable {
  run(feeds: ReadonlyMap<string, Tensor>, options: RunOptions): Promise<RunResult>;
  dispose(): void;
}
