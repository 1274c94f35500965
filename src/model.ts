// The types of the public API: what loading takes, what a model does, what a run and a check give. A session
// (session.ts) and a model in a worker (worker/remote.ts) both are Models.
import type { Tensor } from './core/tensor.ts';
import type { Feeds } from './feeds.ts';
import type { ValueInfo } from './graph/graph.ts';

export type Backend = 'wasm' | 'webgpu';

export interface ModelOptions {
  /** The caller's own device; it is used as it is and never destroyed. */
  readonly device?: GPUDevice | undefined;
  /** Where adapters come from; `navigator.gpu` if not given (Node: `create([])` of the webgpu package). */
  readonly gpu?: GPU | undefined;
  readonly adapterOptions?: GPURequestAdapterOptions | undefined;
}

export interface RunOptions {
  /** `auto` (the default) takes a hardware GPU where there is one, else the reference. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Names of the outputs to compute; all if not given. */
  readonly outputs?: readonly string[] | undefined;
  /** Stops the run within 50 ms of work on the reference, between submissions on a GPU. */
  readonly signal?: AbortSignal | undefined;
  /** Outputs that stay on the device: `true` for all, or names. They can be fed back. */
  readonly keepOnDevice?: boolean | readonly string[] | undefined;
}

/** Something a run did otherwise than a reader would assume. */
export interface Note {
  /** `auto`: what `auto` took; `reference`: a node without a GPU kernel; `recomputed`: one that met values its kernel cannot represent. */
  readonly kind: 'auto' | 'reference' | 'recomputed';
  readonly message: string;
  readonly nodes: readonly string[];
}

export interface RunResult {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** SHA-256 over contract version and outputs in graph order (V12); computed when first read. */
  readonly digest: string;
  readonly backend: Backend;
  /** The GPU that ran, where one did. */
  readonly adapter?: string;
  readonly notes: readonly Note[];
}

/** A loaded model. Runs queue; `dispose` frees what it holds once they are done. */
export interface Model {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs the model once.
   *
   * @param feeds a tensor for every input, by name
   * @returns the outputs, on every device the same bits (contract version in `contract`)
   * @throws TypeError or RangeError for feeds that do not fit; DeviceError if the GPU fails; the signal's reason
   */
  run(feeds: Feeds, options?: RunOptions): Promise<RunResult>;
  /**
   * Runs both backends node by node, unfused, and compares every node's outputs as words.
   *
   * @returns what differs, in node order: the first entry is where the paths part
   */
  check(feeds: Feeds, options?: { signal?: AbortSignal | undefined }): Promise<CheckReport>;
  dispose(): void;
}

/** The first element at which a node's outputs differ. */
export interface Difference {
  readonly node: string;
  readonly opType: string;
  readonly output: string;
  /** Flat index of the element, and how many elements differ in all. */
  readonly index: number;
  readonly differing: number;
  readonly size: number;
  /** The words, as hex. */
  readonly wasm: string;
  readonly webgpu: string;
}

export interface CheckReport {
  readonly identical: boolean;
  readonly adapter: string;
  /** Node outputs compared, and their elements. */
  readonly values: number;
  readonly elements: number;
  /** In node order: the first is where the paths part. */
  readonly differences: readonly Difference[];
  readonly notes: readonly Note[];
}

export interface Progress {
  readonly stage: 'download' | 'parse' | 'ready';
  /** Bytes so far, and in all where that is known. */
  readonly loaded: number;
  readonly total?: number;
}

export interface LoadOptions extends ModelOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Runs everything in a worker, so that the page stays responsive: `true` makes one, or give one that runs
   * `isobit/worker`. The options `device` and `gpu` cannot go with it.
   */
  readonly worker?: boolean | Worker | undefined;
}
