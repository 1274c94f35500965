// What a session asks of a backend: prepare a plan once, run it with feeds, read values. Backends execute
// dispatches; they know neither operators nor ONNX. The reference backend is also the Evaluator that folds
// constants and recomputes what a GPU kernel could not represent.
import type { Tensor } from '../core/tensor.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names of outputs that stay on the device. */
  readonly keepOnDevice?: ReadonlySet<string> | undefined;
}

/** One dispatch that a run executed elsewhere than asked, and why. */
export interface RunNote {
  /** 'reference': the kernel has no WebGPU twin; 'recomputed': it met values that it cannot represent. */
  readonly kind: 'reference' | 'recomputed';
  readonly kernel: string;
  /** Indices of the graph nodes that the dispatch computes. */
  readonly nodes: readonly number[];
}

export interface RunResult {
  readonly outputs: Map<string, Tensor>;
  readonly notes: readonly RunNote[];
}

/** A plan made ready on one backend. */
export interface Executable {
  run(feeds: ReadonlyMap<string, Tensor>, options: RunOptions): Promise<RunResult>;
  dispose(): void;
}
