// What planning gives: the dispatches of a model for one set of feed shapes, and the values they read and write.
// Either backend executes it. Types only; planner.ts makes plans.
import type { Constant } from '../core/constant.ts';
import type { DType } from '../core/dtype.ts';
import type { Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** A dispatch and the graph nodes it computes (several once fused). */
export interface Step {
  readonly dispatch: Dispatch;
  readonly nodes: readonly number[];
}

export interface PlanOptions {
  readonly target: 'wasm' | 'webgpu';
  /** Names of the graph outputs that are computed. */
  readonly outputs: readonly string[];
  /** Names of further values to be kept readable (the checker keeps all). */
  readonly keep?: ReadonlySet<string> | 'all';
  /** Join element-wise dispatches and epilogues; off while single nodes are compared. */
  readonly fuse: boolean;
}

/** Everything a backend needs to execute a model for one set of shapes. */
export interface Plan {
  readonly target: 'wasm' | 'webgpu';
  readonly steps: readonly Step[];
  readonly feeds: ReadonlyMap<string, Value>;
  /** The wanted outputs, in the order asked for, then what is kept, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The value whose storage `value` shares; itself if it has its own. */
  root(value: Value): Value;
  /** The contents of a value known while planning. */
  constant(value: Value): Constant | undefined;
  /** Releases what only this plan holds. */
  release(): void;
}

/** Whether two plans' feeds have the same shapes, as a cache key. */
export function signatureOf(feeds: ReadonlyMap<string, TensorType>): string {
  return [...feeds].map(([name, type]) => `${name}:${type.dtype}[${type.dims.join()}]`).join(';');
}
