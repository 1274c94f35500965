// What a caller does with receipts: sign one, verify one. What that takes is loaded when it is first done.
import type { Verification } from './evidence/receipt_types.ts';
import type { Feeds } from './feeds.ts';
import type { Model } from './model.ts';
import type { RunOptions } from './run_types.ts';

/**
 * Runs the model again and says whether a receipt is true: its form, its signature, and every field but its claims.
 *
 * It runs on whichever backend is asked for, which need not be the receipt's: the bits are the same. A receipt that is not
 * true, of another contract version or damaged is an answer with reasons, not an error.
 *
 * @param text the receipt, as `RunResult.receipt` gave it
 * @param feeds the inputs, as for `run`; the receipt has only their digests
 * @throws as `run`, for feeds that do not fit or a device that fails
 * @example
 * ```ts
 * import { load, Tensor, verifyReceipt } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { receipt = '' } = await model.run({ image }, { receipt: true });
 * const { valid } = await verifyReceipt(receipt, model, { image }, { backend: 'wasm' });
 * console.log(valid); // true
 * model.dispose();
 * ```
 */
export async function verifyReceipt(
  text: string,
  model: Pick<Model, 'run' | 'outputs'>,
  feeds: Feeds,
  options: Pick<RunOptions, 'backend' | 'signal'> = {},
): Promise<Verification> {
  if (typeof text !== 'string') {
    throw new TypeError(
      `verifyReceipt: expected the receipt as text, got ${typeof text}. Pass it as it was made.`,
    );
  }
  const { verified } = await import('./evidence/verify.ts');
  return verified(text, async ({ outputs, seed }) => {
    const known = new Set(model.outputs.map(({ name }) => name));
    const names = outputs.map(({ name }) => name).filter((name) => known.has(name));
    const result = await model.run(feeds, { ...options, outputs: names, seed, trace: true });
    if (result.trace === undefined) throw new TypeError('verifyReceipt: the model gave no trace.');
    return result.trace;
  });
}

/**
 * The receipt with an Ed25519 signature (RFC 8032), over all of it, claims too.
 *
 * @param text a receipt without a signature
 * @param keys of WebCrypto's Ed25519; the public one must be extractable
 * @throws Error named ReceiptError for a text that is no receipt or is signed already; what WebCrypto throws where it has
 * no Ed25519 or the keys are others
 * @example
 * ```ts
 * import { load, signReceipt, Tensor, verifyReceipt } from 'isobit';
 *
 * const keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { receipt = '' } = await model.run({ image }, { receipt: true });
 * const signed = await signReceipt(receipt, keys as CryptoKeyPair);
 * console.log((await verifyReceipt(signed, model, { image })).signer?.length); // 64
 * model.dispose();
 * ```
 */
export async function signReceipt(text: string, keys: CryptoKeyPair): Promise<string> {
  const { signedReceipt } = await import('./evidence/receipt.ts');
  return signedReceipt(text, keys);
}
