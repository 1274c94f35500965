// `isobit receipt MODEL`: one run and its receipt, signed where a key is given. `isobit verify RECEIPT MODEL`: the run once
// more, here or on a stack, and whether the receipt is true: exit code 0 if it is, 1 if not. Neither needs a network.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Verification } from '../index.ts';
import { signReceipt } from '../receipt.ts';
import { runModel, type WhereOptions } from './model_run.ts';
import { EXIT, printResult, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';

export interface ReceiptCommandOptions extends WhereOptions {
  /** A file to write the receipt to. */
  output?: string;
  /** A file with an Ed25519 private key, PKCS #8 as PEM. */
  key?: string;
}

export interface VerifyCommandOptions extends WhereOptions {
  json: boolean;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${what}: ${why}. Give the path of a file.`);
  }
}

async function keysOf(path: string): Promise<CryptoKeyPair> {
  const pem = readText(path, 'key');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `key: ${path}: ${why}. Make one with: openssl genpkey -algorithm ed25519 -out key.pem`,
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new UsageError(
      `key: ${path}: expected an Ed25519 key, got ${key.asymmetricKeyType}. Make one with: openssl genpkey -algorithm ed25519 -out key.pem`,
    );
  }
  const imported = (one: KeyObject, use: 'sign' | 'verify'): Promise<CryptoKey> =>
    crypto.subtle.importKey('jwk', one.export({ format: 'jwk' }), 'Ed25519', true, [use]);
  return {
    privateKey: await imported(key, 'sign'),
    publicKey: await imported(createPublicKey(key), 'verify'),
  };
}

/** The command `receipt`. */
export async function receiptCommand(
  model: string,
  options: ReceiptCommandOptions,
): Promise<ExitCode> {
  const keys = options.key === undefined ? undefined : await keysOf(options.key);
  const text = (await runModel(model, options, { kind: 'receipt' })) as string;
  const receipt = keys === undefined ? text : await signReceipt(text, keys);
  if (options.output === undefined) process.stdout.write(receipt);
  else writeFileSync(options.output, receipt);
  return EXIT.good;
}

function verificationText({ valid, reasons, signer, claims }: Verification): string {
  const lines = [valid ? 'TRUE: every field but the claims was computed again' : 'NOT TRUE'];
  lines.push(...reasons.map((reason) => `  ${reason}`));
  if (signer !== undefined) lines.push(`signed with key ${signer}; whose it is, nobody says here`);
  if (claims !== undefined) {
    const { library, backend, adapter, userAgent } = claims;
    const where = [backend, adapter, userAgent].filter((one) => one !== undefined).join(', ');
    lines.push(`claimed, and not proved: isobit ${library} on ${where}`);
  }
  return lines.join('\n');
}

/** The command `verify`. */
export async function verifyCommand(
  path: string,
  model: string,
  options: VerifyCommandOptions,
): Promise<ExitCode> {
  const receipt = readText(path, 'receipt');
  const found = (await runModel(model, options, { kind: 'verify', receipt })) as Verification;
  printResult(options.json, found, verificationText(found));
  return found.valid ? EXIT.good : EXIT.failed;
}
