// A model as a graph of nodes over named values, after ONNX but free of its file format. No operator is known here.
// What makes a graph runnable is checked by sort.ts.

import type { DataType } from '../core/data.ts';
import type { DType } from '../core/dtype.ts';
import type { Tensor } from '../core/tensor.ts';

/** A dimension: its size, the name of a size that is known when the model runs, or unknown. */
export type Dim = number | string | undefined;

/**
 * What a model says of an input or output.
 *
 * @example
 * ```ts
 * import { load, type ValueInfo } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const describe = ({ name, dtype, dims }: ValueInfo) => `${name} ${dtype} [${dims?.join(', ')}]`;
 * console.log(model.inputs.map(describe).join()); // image float32 [N, 1, 28, 28]
 * model.dispose();
 * ```
 */
export interface ValueInfo {
  /** The name that feeds and outputs go by. */
  readonly name: string;
  /** The element type. Undefined where the file does not say, or where it is no tensor of a type that can be held. */
  readonly dtype?: DType | undefined;
  /**
   * The shape: a name or undefined where a size is free; equal names are equal sizes. Undefined if even the rank is
   * unknown.
   */
  readonly dims?: readonly Dim[] | undefined;
  /** The type of a value that is no tensor, where the file says it and it can be held. */
  readonly type?: DataType | undefined;
  /** The ONNX type as text where it is not a tensor of a DType: `sequence(float32)`, `tensor(float8e5m2)` … */
  readonly otherType?: string | undefined;
}

export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  /** A type; undefined within it where the file leaves it open, or it is none that can be held. */
  | { readonly type: 'type'; readonly value: DataType | undefined }
  /** A kind that is not held (lists of sparse tensors or types): its ONNX name. `reference` only within a function's body. */
  | { readonly type: 'other'; readonly value: string; readonly reference?: string };

export interface Node {
  /** Position in `Graph.nodes`. */
  readonly index: number;
  /** May be empty: use `nodeLabel` in messages. */
  readonly name: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly opType: string;
  /** Value names; '' is an optional input that is absent. */
  readonly inputs: readonly string[];
  /** Value names; '' is an optional output that is not wanted. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** What a caller must feed: graph inputs that no initializer fills. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** What the file tells about values, inputs and outputs included. */
  readonly valueInfo: ReadonlyMap<string, ValueInfo>;
  /** Domain to opset version; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** An operator's name: `Type`, or `domain:Type` outside ai.onnx. */
export const nameOf = (domain: string, type: string): string =>
  domain === '' ? type : `${domain}:${type}`;

/** A node's name for messages: its own, or `#index`. */
export function nodeLabel(node: Pick<Node, 'name' | 'index'>): string {
  return node.name === '' ? `#${node.index}` : node.name;
}

/** A node with its operator, for messages: `Conv 'name'`. */
export const nodeTitle = (node: Pick<Node, 'name' | 'index' | 'opType'>): string =>
  `${node.opType} '${nodeLabel(node)}'`;

/** The graphs that a node carries: branches of If, bodies of Loop and Scan. */
export function subgraphsOf(node: Node): readonly Graph[] {
  return [...node.attributes.values()].flatMap((attribute) =>
    attribute.type === 'graph'
      ? [attribute.value]
      : attribute.type === 'graphs'
        ? attribute.value
        : [],
  );
}
