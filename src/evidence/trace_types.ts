// What a trace is: the digests of a run's values, node by node. Types only; trace.ts makes them.

/**
 * A value of a traced run.
 *
 * @example
 * ```ts
 * import { load, Tensor, type TracedValue } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * const [logits]: readonly TracedValue[] = trace?.outputs ?? [];
 * console.log(logits?.name, logits?.type, logits?.dims); // logits float32 [ 1, 10 ]
 * model.dispose();
 * ```
 */
export interface TracedValue {
  /** Its name in the graph. */
  readonly name: string;
  /** The element type of a tensor; `sequence`, or `nothing` for an optional that is empty. */
  readonly type: string;
  /** The shape of a tensor. */
  readonly dims?: readonly number[];
  /** As `digestOf` gives it (V12). */
  readonly digest: string;
}

/**
 * A node of a traced run, with what it gave.
 *
 * @example
 * ```ts
 * import { load, Tensor, type TracedNode } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * const nodes: readonly TracedNode[] = trace?.nodes ?? [];
 * console.log(nodes[0]?.path, nodes[0]?.operator, nodes.length > 5); // 0 Conv true
 * model.dispose();
 * ```
 */
export interface TracedNode {
  /**
   * Its position in the graph; of a node within one that carries graphs, behind that one's: `7/body[2]/0` is the first node of
   * the graph `body` of node 7 in its third run.
   */
  readonly path: string;
  /** Its name, which may be empty and is in no digest. */
  readonly name: string;
  /** `Type`, or `domain:Type` outside ai.onnx. */
  readonly operator: string;
  /** In order; null for one that is not named, or that the run did not come to. */
  readonly outputs: readonly (TracedValue | null)[];
}

/**
 * What every node of a run gave, by digests, and the root of a Merkle tree (RFC 9162, SHA-256) over contract, model, seed,
 * inputs, nodes and outputs. For one contract version, model, feeds and seed it is the same on every device and however
 * the run was fused or split.
 *
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * console.log(trace?.format, trace?.root.length); // isobit-trace/1 64
 * model.dispose();
 * ```
 */
export interface Trace {
  /** The version of this form. */
  readonly format: 'isobit-trace/1';
  /** The bit contract that was kept. */
  readonly contract: { readonly id: string; readonly version: number };
  /** The digest of graph and weights, however the file stores them; names of nodes are not in it. */
  readonly model: string;
  /** The seed, where a random operator ran. */
  readonly seed?: number;
  /** In graph order. */
  readonly inputs: readonly TracedValue[];
  /** In the file's order; what ran within a node stands before it. */
  readonly nodes: readonly TracedNode[];
  /** In graph order. */
  readonly outputs: readonly TracedValue[];
  /** 64 hex digits over all of the above, but names of nodes and of what they gave. */
  readonly root: string;
}

/**
 * Where two traces part first.
 *
 * @example
 * ```ts
 * import { compareTraces, load, Tensor, type TraceDifference } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * if (trace === undefined) throw new Error('no trace');
 * const found: TraceDifference | undefined = await compareTraces(trace, trace);
 * console.log(found); // undefined
 * model.dispose();
 * ```
 */
export interface TraceDifference {
  /**
   * `node`: a node that read equal values gave others; `order`: other nodes ran, since a graph ran more often or another branch
   * did; else what the traces are of: contract, model, seed, an input, or an output that was asked for.
   */
  readonly what: 'contract' | 'model' | 'seed' | 'input' | 'node' | 'order' | 'output' | 'run';
  /** The node's position, as in TracedNode; empty where it is no node. */
  readonly path: string;
  /** Its operator; empty where it is no node. */
  readonly operator: string;
  /** Its name, which may be empty. */
  readonly node: string;
  /** The outputs that differ, with both digests; null where one side has none. */
  readonly outputs: readonly {
    readonly index: number;
    readonly name: string;
    readonly a: string | null;
    readonly b: string | null;
  }[];
}

/**
 * What carries texts between two parties: a MessagePort, a WebSocket, a worker, in a line or two.
 *
 * @example
 * ```ts
 * import type { TraceChannel } from 'isobit';
 *
 * const channelOf = (port: MessagePort): TraceChannel => ({
 *   send: (text) => port.postMessage(text),
 *   listen(hear) {
 *     const onMessage = ({ data }: MessageEvent): void => hear(String(data));
 *     port.addEventListener('message', onMessage);
 *     port.start();
 *     return () => port.removeEventListener('message', onMessage);
 *   },
 * });
 * console.log(typeof channelOf); // function
 * ```
 */
export interface TraceChannel {
  /** Sends a text to the other party. */
  send(text: string): void;
  /** Calls `hear` with each text that comes, until what it gives is called. */
  listen(hear: (text: string) => void): () => void;
}
