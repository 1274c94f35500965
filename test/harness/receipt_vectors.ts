// Test vectors for receipts (docs/receipts/vectors.json): of the digits model on an image of zeros, one good, one signed, and
// others that must be refused, each with the beginning of the reason. Made by `UPDATE_DOCS=1 vitest run
// test/unit/receipt.test.ts` from a run, and only read otherwise. The signing key is that of RFC 8032, section 7.1, test 1,
// which everybody knows.
import { readFileSync } from 'node:fs';
import { signedReceipt } from '../../src/evidence/receipt.ts';
import type { Receipt } from '../../src/index.ts';
import { canonicalText, type Json } from '../../src/evidence/canonical.ts';

export interface ReceiptVector {
  readonly name: string;
  readonly text: string;
  readonly valid: boolean;
  /** What the first reason begins with. */
  readonly reason?: string;
}

const path = new URL('../../docs/receipts/vectors.json', import.meta.url);
export const VECTORS_PATH = path;

export const readVectors = (): readonly ReceiptVector[] =>
  (JSON.parse(readFileSync(path, 'utf8')) as { vectors: ReceiptVector[] }).vectors;

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
/** RFC 8032, 7.1, test 1. */
export async function knownKeys(): Promise<CryptoKeyPair> {
  const x = base64url('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const d = base64url('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const common = { kty: 'OKP', crv: 'Ed25519', x };
  const { subtle } = globalThis.crypto;
  return {
    privateKey: await subtle.importKey('jwk', { ...common, d }, 'Ed25519', false, ['sign']),
    publicKey: await subtle.importKey('jwk', common, 'Ed25519', true, ['verify']),
  };
}

const parsed = (text: string): Receipt => JSON.parse(text) as Receipt;
const textOf = (receipt: object): string => canonicalText(receipt as Json);
const turned = (digest: string): string => (digest.startsWith('0') ? '1' : '0') + digest.slice(1);

/** All vectors, of a receipt that is good. */
export async function makeVectors(good: string): Promise<ReceiptVector[]> {
  const signed = await signedReceipt(good, await knownKeys());
  const receipt = parsed(good);
  const { signature } = parsed(signed);
  const [input] = receipt.inputs;
  const [output] = receipt.outputs;
  if (input === undefined || output === undefined || signature === undefined) {
    throw new Error('the receipt has no input, output or signature');
  }
  const bad = (name: string, text: string, reason: string): ReceiptVector => ({
    ...{ name, text, valid: false, reason },
  });
  const other = (name: string, change: object, reason: string): ReceiptVector =>
    bad(name, textOf({ ...receipt, ...change }), reason);
  const { claims, ...proved } = receipt;
  return [
    { name: 'good', text: good, valid: true },
    { name: 'signed', text: signed, valid: true },
    {
      name: 'other claims, which nothing proves',
      text: textOf({ ...receipt, claims: { ...claims, backend: 'webgpu', adapter: 'a claim' } }),
      valid: true,
    },
    other('another output', { outputs: [{ ...output, digest: turned(output.digest) }] }, 'output '),
    other('another input', { inputs: [{ ...input, digest: turned(input.digest) }] }, 'input '),
    other('another shape', { inputs: [{ ...input, dims: [1, 784] }] }, 'input '),
    other('another name', { outputs: [{ ...output, name: 'scores' }] }, 'outputs: '),
    other('no output', { outputs: [] }, 'trace: '),
    other('another model', { model: turned(receipt.model) }, 'model: '),
    other('another trace', { trace: turned(receipt.trace) }, 'trace: '),
    other('a seed that was not used', { seed: 0 }, 'seed: '),
    other(
      'another contract version',
      { contract: { id: 'isobit', version: 2 } },
      'contract version: ',
    ),
    other(
      'another contract',
      { contract: { id: 'other', version: 1 } },
      'not as its schema says: ',
    ),
    other('another format', { format: 'isobit-receipt/2' }, 'not as its schema says: '),
    other('a member more', { note: 'hello' }, 'not as its schema says: '),
    other('capital digits', { model: receipt.model.toUpperCase() }, 'not as its schema says: '),
    bad('no claims', textOf(proved), 'not as its schema says: '),
    bad('cut off', good.slice(0, -20), 'no JSON: '),
    bad('empty', '', 'no JSON: '),
    bad('white space behind it', `${good}\n`, 'not canonical: '),
    bad('members in another order', JSON.stringify({ ...proved, claims }), 'not canonical: '),
    bad(
      'a member twice',
      good.replace('"format":', `"format":"isobit-receipt/1","format":`),
      'not canonical: ',
    ),
    bad(
      'a number in another form',
      good.replace('"version":1', '"version":1.0'),
      'not canonical: ',
    ),
    bad(
      'an escape that needs none',
      good.replace('"format"', String.raw`"\u0066ormat"`),
      'not canonical: ',
    ),
    bad('half a character', good.replace('"library":"', String.raw`$&\ud800`), 'not canonical: '),
    bad('nested deeply', `${'['.repeat(9000)}${']'.repeat(9000)}`, 'not '),
    bad(
      'a claim changed under its signature',
      textOf({ ...parsed(signed), claims: { ...claims, backend: 'webgpu' } }),
      'signature: ',
    ),
    bad(
      'a signature changed',
      textOf({ ...receipt, signature: { ...signature, value: turned(signature.value) } }),
      'signature: ',
    ),
    bad(
      'a key that is none',
      textOf({ ...receipt, signature: { ...signature, publicKey: 'f'.repeat(64) } }),
      'signature: ',
    ),
    bad(
      'another algorithm',
      textOf({ ...receipt, signature: { ...signature, algorithm: 'Ed448' } }),
      'not as its schema says: ',
    ),
  ];
}
