// What a receipt is, and what verifying one gives. Types only; receipt.ts and verify.ts make them.
import type { TracedValue } from './trace_types.ts';

/**
 * What nothing proves: where a run says that it was done. Whoever verifies a receipt computes the same bits elsewhere, so
 * these are claims; a signature says who claims them.
 *
 * @example
 * ```ts
 * import { load, Tensor, type Claims, type Receipt } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { receipt = '' } = await model.run({ image }, { backend: 'wasm', receipt: true });
 * const claims: Claims = (JSON.parse(receipt) as Receipt).claims;
 * console.log(claims.backend, Object.keys(claims.core)); // wasm [ 'core', 'functions', 'other', 'quantised', 'sequences' ]
 * model.dispose();
 * ```
 */
export interface Claims {
  /** The version of this library. */
  readonly library: string;
  /** SHA-256 of each module of the reference that the library holds, as `sha256sum` gives it for the files. */
  readonly core: Readonly<Record<string, string>>;
  /** The backend that ran. */
  readonly backend: 'wasm' | 'webgpu';
  /** The GPU that ran, as it names itself. */
  readonly adapter?: string;
  /** The browser or runtime, as it names itself. */
  readonly userAgent?: string;
}

/**
 * A receipt, as it is after `JSON.parse`: what a run computed, from what, by digests. All but `claims` and `signature` can
 * be proved by running the model again. As text it is canonical JSON (RFC 8785); `isobit/receipt.schema.json` is its schema.
 *
 * @example
 * ```ts
 * import { load, Tensor, type Receipt } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { receipt = '' } = await model.run({ image }, { receipt: true });
 * const { format, contract, outputs }: Receipt = JSON.parse(receipt);
 * console.log(format, contract.id, outputs[0]?.name); // isobit-receipt/1 isobit logits
 * model.dispose();
 * ```
 */
export interface Receipt {
  /** The version of this form. */
  readonly format: 'isobit-receipt/1';
  /** The bit contract that was kept. */
  readonly contract: { readonly id: string; readonly version: number };
  /** The digest of graph and weights, as in Trace. */
  readonly model: string;
  /** The seed, where a random operator ran. */
  readonly seed?: number;
  /** In graph order. */
  readonly inputs: readonly TracedValue[];
  /** In graph order; those that the run was asked for. */
  readonly outputs: readonly TracedValue[];
  /** The root of the run's trace. */
  readonly trace: string;
  /** What nothing proves. */
  readonly claims: Claims;
  /** Who says all of this, where somebody does. */
  readonly signature?: {
    readonly algorithm: 'Ed25519';
    /** 32 bytes, as 64 hex digits. */
    readonly publicKey: string;
    /** 64 bytes, as 128 hex digits: of the canonical JSON of the receipt without this member. */
    readonly value: string;
  };
}

/**
 * What verifying a receipt gives.
 *
 * @example
 * ```ts
 * import { load, Tensor, verifyReceipt, type Verification } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { receipt = '' } = await model.run({ image }, { receipt: true });
 * const other = new Tensor('float32', new Float32Array(784).fill(1), [1, 1, 28, 28]);
 * const { valid, reasons }: Verification = await verifyReceipt(receipt, model, { image: other });
 * console.log(valid, reasons[0]?.slice(0, 14)); // false input 'image':
 * model.dispose();
 * ```
 */
export interface Verification {
  /** True if the receipt is well-formed, its signature right where it has one, and every field but its claims computed again. */
  readonly valid: boolean;
  /** Why it is not, a sentence each; empty if it is. */
  readonly reasons: readonly string[];
  /** The public key of the signature, where there is one that is right; whose it is, nobody says here. */
  readonly signer?: string;
  /** What nothing proves, where the receipt could be read. */
  readonly claims?: Claims;
}
