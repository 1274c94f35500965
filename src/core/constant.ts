// A tensor whose contents are known while planning: an initialiser, or what constant folding computed.
// Constants are shared between plans; whoever made one releases it. Not here: who folds (a backend does).
import type { DType } from './dtype.ts';
import type { Dispatch } from './op.ts';
import type { Tensor } from './tensor.ts';

export interface Constant {
  readonly dtype: DType;
  readonly byteLength: number;
  /** The contents, little-endian; valid until the next dispatch is evaluated. */
  bytes(): Uint8Array;
  /** Frees memory held outside the JavaScript heap. The constant is not used afterwards. */
  release(): void;
}

/** A constant in the JavaScript heap. */
export class HostConstant implements Constant {
  readonly dtype: DType;
  readonly #bytes: Uint8Array;

  constructor(dtype: DType, bytes: Uint8Array) {
    this.dtype = dtype;
    this.#bytes = bytes;
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  release(): void {}
}

/** Executes a dispatch now, on known contents. The reference backend is one. */
export interface Evaluator {
  /** Bytes that it has for values in all: no value can be larger. Without it there is no limit. */
  readonly memoryLimit?: number;
  /** One constant for each output of the dispatch. `inputs` are in the order of `inputsOf(dispatch)`. */
  evaluate(dispatch: Dispatch, inputs: readonly Constant[]): Constant[];
  /** A tensor that lies where dispatches are evaluated, as a constant; undefined for any other. */
  constantOf?(tensor: Tensor): Constant | undefined;
  /** The outputs of this dispatch stay as long as the model: inputs that they replace need not. */
  keepsFolded?(dispatch: Dispatch, inputs: readonly Constant[], outputs: readonly Constant[]): void;
}
