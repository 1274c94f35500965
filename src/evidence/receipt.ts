// Receipts: read from text, signed. The text is canonical JSON and nothing else is taken: not another
// order of members, not white space, not a member twice. Reading one says whether it is well-formed; whether it is true is
// for verify.ts. The signature is Ed25519 (RFC 8032) over the canonical text without the member `signature`.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { canonicalBytes, canonicalText, type Json } from './canonical.ts';
import { DocumentForm } from './document.ts';
import schema from './receipt.schema.json';
import { textOf } from './receipt_text.ts';
import type { Receipt } from './receipt_types.ts';

/** A text longer than this is no receipt. */
const MOST_CHARACTERS = 1 << 20;

/** A receipt that cannot be taken, and why. */
export class ReceiptError extends Error {
  override name = 'ReceiptError';
}

const form = new DocumentForm(
  schema,
  MOST_CHARACTERS,
  (why, cause) => new ReceiptError(why, { cause }),
);

/** @throws ReceiptError saying what is wrong with the text */
export function readReceipt(text: string): Receipt {
  const document = form.parse(text);
  // First: what has no canonical text is nothing to look into.
  if (form.tried('not canonical: ', () => canonicalText(document)) !== text) {
    throw new ReceiptError(
      'not canonical: expected the text of RFC 8785 (members in order, no white space, none twice), got another of the same document.',
    );
  }
  form.check(document);
  return document as unknown as Receipt;
}

/** The bytes that are signed. */
function signedBytes(receipt: Receipt): Uint8Array<ArrayBuffer> {
  const { signature: _, ...rest } = receipt;
  return new Uint8Array(canonicalBytes(rest as unknown as Json));
}

/** @throws ReceiptError for a text that is no receipt, or one that is signed already; what WebCrypto does for other keys */
export async function signedReceipt(text: string, keys: CryptoKeyPair): Promise<string> {
  const receipt = readReceipt(text);
  if (receipt.signature !== undefined) {
    throw new ReceiptError('it is signed already: expected a receipt without a signature.');
  }
  const { subtle } = globalThis.crypto;
  const publicKey = new Uint8Array(await subtle.exportKey('raw', keys.publicKey));
  const value = await subtle.sign('Ed25519', keys.privateKey, signedBytes(receipt));
  return textOf({
    ...receipt,
    signature: {
      algorithm: 'Ed25519',
      publicKey: bytesToHex(publicKey),
      value: bytesToHex(new Uint8Array(value)),
    },
  });
}

/** Whether a receipt's signature is that of its key over its text; undefined without one. */
export async function isSignatureRight(receipt: Receipt): Promise<boolean | undefined> {
  const { signature } = receipt;
  if (signature === undefined) return undefined;
  const { subtle } = globalThis.crypto;
  try {
    const raw = new Uint8Array(hexToBytes(signature.publicKey));
    const key = await subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    const value = new Uint8Array(hexToBytes(signature.value));
    return await subtle.verify('Ed25519', key, value, signedBytes(receipt));
  } catch (error) {
    // Bytes that are no point of the curve are no key.
    if (error instanceof DOMException && error.name === 'DataError') return false;
    throw error;
  }
}
