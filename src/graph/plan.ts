// What planning gives: the dispatches of a model for one set of feed shapes, and the values they read and write.
// Either backend executes it; planner.ts makes plans. Here are their types, and what feeds are told apart by.
import type { Constant } from '../core/constant.ts';
import type { DType } from '../core/dtype.ts';
import type { Dispatch } from '../core/op.ts';
import { sameNumbers, sameShape } from '../core/shape.ts';
import type { Tiles } from '../core/tiles.ts';
import type { Value } from '../core/value.ts';
import type { Node } from './graph.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** A feed of a plan: its type and, where the plan is for these very contents, its bytes. */
export interface FeedType extends TensorType {
  readonly contents?: Uint8Array;
}

/** A dispatch and the graph nodes it computes (several once fused). */
export interface Step {
  readonly dispatch: Dispatch;
  readonly nodes: readonly number[];
}

export interface PlanOptions {
  readonly target: 'wasm' | 'webgpu';
  /** Of the device that the plan is for; those of a graphics card if not given. */
  readonly tiles?: Tiles | undefined;
  /** Names of the graph outputs that are computed. */
  readonly outputs: readonly string[];
  /** Names of further values to be kept readable (the checker keeps all). */
  readonly keep?: ReadonlySet<string> | 'all';
  /** The nodes to plan, those that outputs do not depend on left out; all if not given. */
  readonly nodes?: readonly Node[];
  /** Share what repeats, join element-wise dispatches and epilogues; off while single nodes are compared. */
  readonly fuse: boolean;
  /** Lower the graph that a node carries in its place where what is known decides which; true if not given. */
  readonly inline?: boolean;
}

/** Everything a backend needs to execute a model for one set of shapes. */
export interface Plan {
  readonly target: 'wasm' | 'webgpu';
  readonly steps: readonly Step[];
  readonly feeds: ReadonlyMap<string, Value>;
  /** Nodes that could not be planned yet: they run on the host, depend on such, or need contents. In order. */
  readonly deferred: readonly Node[];
  /** Planned nodes that are to be planned once more, before the deferred ones, which do not wait for them. */
  readonly replayed: readonly Node[];
  /** The values whose contents they need, by name, and what to say if nobody can give them. */
  readonly contents: ReadonlyMap<string, TypeError>;
  /** The wanted outputs, in the order asked for, then what deferred nodes read and what is kept, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The same for plans whose steps have the same operands and outputs, by ids: their values live alike. */
  readonly structure: object;
  /** The value of an id. */
  value(id: number): Value;
  /** The value whose storage `value` shares; itself if it has its own. */
  root(value: Value): Value;
  /** The contents of a value known while planning. */
  constant(value: Value): Constant | undefined;
  /** Releases what only this plan holds. */
  release(): void;
}

/** Whether feeds, in this order, have the same shapes, and the same contents where these matter. */
export function isSignature(
  a: ReadonlyMap<string, FeedType>,
  b: ReadonlyMap<string, FeedType>,
): boolean {
  if (a.size !== b.size) return false;
  const others = b.entries();
  for (const [name, { dtype, dims, contents }] of a) {
    const [key, other] = others.next().value ?? ['', undefined];
    if (key !== name || other?.dtype !== dtype || !sameShape(dims, other.dims)) return false;
    if (contents === other.contents) continue;
    if (!contents || !other.contents || !sameNumbers(contents, other.contents)) return false;
  }
  return true;
}

/** The same for two plans that are kept, as a cache key. */
export function signatureOf(feeds: ReadonlyMap<string, FeedType>): string {
  return [...feeds]
    .map(([name, { dtype, dims, contents }]) => {
      const bytes = contents === undefined ? '' : `=${contents.join()}`;
      return `${name}:${dtype}[${dims.join()}]${bytes}`;
    })
    .join(';');
}
