// What a bundle is, what a model says of its nodes, and what checking and settling single nodes gives. Types only.
import type { Data } from '../core/data.ts';
import type { Claims } from './receipt_types.ts';
import type { Trace, TraceDifference, TracedValue } from './trace_types.ts';

/**
 * Takes a value of a run: its digest and the bytes whose SHA-256 that is, which stay as they are.
 *
 * @example
 * ```ts
 * import { load, Tensor, type ValueSink } from 'isobit';
 *
 * const sizes: number[] = [];
 * const onValue: ValueSink = (_digest, bytes) => void sizes.push(bytes.length);
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * await model.run({ image }, { onValue });
 * console.log(sizes.length > 5); // true
 * model.dispose();
 * ```
 */
export type ValueSink = (digest: string, bytes: Uint8Array) => void | Promise<void>;

/**
 * A traced run with its values, so that single nodes of it can be executed again: the trace, and the bytes of each value by its
 * digest, as `onValue` gave them. Nobody need believe them: their SHA-256 is the digest, and the trace's root is over these.
 *
 * @example
 * ```ts
 * import { load, Tensor, type TraceBundle } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace } = await model.run({ image }, { onValue: (digest, bytes) => void values.set(digest, bytes) });
 * if (trace === undefined) throw new Error('no trace');
 * const bundle: TraceBundle = { trace, value: (digest) => values.get(digest) };
 * console.log(bundle.value(trace.inputs[0]?.digest ?? '') !== undefined); // true
 * model.dispose();
 * ```
 */
export interface TraceBundle {
  /** The trace of the run. */
  readonly trace: Trace;
  /** The bytes whose SHA-256 is the digest; undefined where they are not there. */
  value(digest: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/**
 * A node of a model's own graph.
 *
 * @example
 * ```ts
 * import { load, type ModelNode } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const [first]: readonly ModelNode[] = await model.nodes();
 * console.log(first?.path, first?.operator, first?.inputs); // 0 Conv [ 'image' ]
 * model.dispose();
 * ```
 */
export interface ModelNode {
  /** Its position, as in a trace. */
  readonly path: string;
  /** Its name, which may be empty. */
  readonly name: string;
  /** `Type`, or `domain:Type` outside ai.onnx. */
  readonly operator: string;
  /** The names of the values that it reads, graphs that it carries included, without those that the model holds. */
  readonly reads: readonly string[];
  /**
   * The names of the values that it is computed from, without those that the model holds. Where it reads two values that
   * DequantizeLinear nodes give, what those read stands here instead: a product of the two is a function of that (V8).
   */
  readonly inputs: readonly string[];
  /** The names of the values that it gives; empty where one is not wanted. */
  readonly outputs: readonly string[];
}

/**
 * What the reference gives for one node.
 *
 * @example
 * ```ts
 * import { load, settle, Tensor, type SettledNode } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { operator, outputs }: SettledNode = await settle(model, '0', { image });
 * console.log(operator, outputs[0]?.type, outputs[0]?.digest.length); // Conv float32 64
 * model.dispose();
 * ```
 */
export interface SettledNode {
  /** Its position, as in a trace. */
  readonly path: string;
  /** Its operator. */
  readonly operator: string;
  /** The digest of the model that it is of, as in Trace. */
  readonly model: string;
  /** What it was given, in the order of ModelNode. */
  readonly inputs: readonly TracedValue[];
  /** In order, with the values themselves; null for one that is not named. */
  readonly outputs: readonly ((TracedValue & { readonly value: Data }) | null)[];
}

/**
 * Two runs that part, and who is right where they do: the reference executed the node from what it read in both.
 *
 * @example
 * ```ts
 * import { settleTraces, load, Tensor, type Settlement } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace } = await model.run({ image }, { onValue: (digest, bytes) => void values.set(digest, bytes) });
 * if (trace === undefined) throw new Error('no trace');
 * const own = { trace, value: (digest: string) => values.get(digest) };
 * const found: Settlement | undefined = await settleTraces(model, own, own);
 * console.log(found); // undefined
 * model.dispose();
 * ```
 */
export interface Settlement {
  /** Where they part first. */
  readonly difference: TraceDifference;
  /** Whose outputs of that node are the reference's; only where the difference is a node's. */
  readonly right?: 'a' | 'b' | 'neither';
  /** The reference's digests of the node's outputs, in order; only where the difference is a node's. */
  readonly expected?: readonly (string | null)[];
  /** The first element that is not the reference's, where both have tensors of the reference's type and shape there. */
  readonly element?: {
    /** The name of the output. */
    readonly output: string;
    /** Flat index of the element. */
    readonly index: number;
    /** The reference's bits, as hex; of a string its JSON. */
    readonly expected: string;
    /** The bits of `a`. */
    readonly a: string;
    /** The bits of `b`. */
    readonly b: string;
  };
  /** Why there is no element: who did not show the tensor that its digest is of. */
  readonly withheld?: string;
}

/**
 * What checking a share of a run's nodes gives.
 *
 * @example
 * ```ts
 * import { load, spotCheck, Tensor, type SpotCheck } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace, receipt = '' } = await model.run(
 *   { image },
 *   { receipt: true, onValue: (digest, bytes) => void values.set(digest, bytes) },
 * );
 * if (trace === undefined) throw new Error('no trace');
 * const bundle = { trace, value: (digest: string) => values.get(digest) };
 * const { valid, nodes, hidden }: SpotCheck = await spotCheck(receipt, model, { image }, bundle, 2);
 * console.log(valid, hidden === (nodes - 2) / nodes); // true true
 * model.dispose();
 * ```
 */
export interface SpotCheck {
  /** True if nothing that was looked at is wrong; what that is worth, `hidden` says. */
  readonly valid: boolean;
  /** What is wrong, a sentence each. */
  readonly reasons: readonly string[];
  /** How many nodes the draw was from: all of the model's own graph that the receipt's outputs depend on. */
  readonly nodes: number;
  /** The nodes that were drawn and executed again, with what ran within them; empty where something else was wrong before. */
  readonly checked: readonly string[];
  /** `random`: by the verifier, afterwards; `seed`: from a seed, which whoever made the bundle may have known. */
  readonly drawn: 'random' | 'seed';
  /**
   * The probability, over the random choice of nodes alone, that a run of which exactly one node is wrong is found valid:
   * (n - K) / n. With m wrong nodes it is the product of (n - K - i) / (n - i) for i from 0 to m - 1.
   */
  readonly hidden: number;
  /** The public key of the receipt's signature, where there is one that is right. */
  readonly signer?: string;
  /** What nothing proves, where the receipt could be read. */
  readonly claims?: Claims;
}
