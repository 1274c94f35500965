// `isobit receipt MODEL`: one run and its receipt, signed where a key is given. `isobit verify RECEIPT MODEL`: the run once
// more, here or on a stack, and whether the receipt is true: exit code 0 if it is, 1 if not. With --spot K of its nodes are
// executed again, from a bundle, instead of the model. Neither needs a network.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SpotCheck, Verification } from '../index.ts';
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
  /** How many nodes are executed again, instead of the model. */
  spot?: number;
  /** A folder that `isobit trace --bundle` wrote. */
  bundle?: string;
  /** Draws the nodes from this. */
  spotSeed?: number;
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

function verificationText(
  { valid, reasons, signer, claims }: Verification,
  good = ['TRUE: every field but the claims was computed again'],
): string {
  const lines = valid ? [...good] : ['NOT TRUE'];
  lines.push(...reasons.map((reason) => `  ${reason}`));
  if (signer !== undefined) lines.push(`signed with key ${signer}; whose it is, nobody says here`);
  if (claims !== undefined) {
    const { library, backend, adapter, userAgent } = claims;
    const where = [backend, adapter, userAgent].filter((one) => one !== undefined).join(', ');
    lines.push(`claimed, and not proved: isobit ${library} on ${where}`);
  }
  return lines.join('\n');
}

/** What a check of some nodes says, and what it does not. */
function spotText(found: SpotCheck): string {
  const { nodes, checked, drawn, hidden } = found;
  const count = checked.length;
  const all = count === nodes;
  const good = [
    `NOTHING WRONG in ${count} of ${nodes} nodes, executed again by the reference: ${checked.join(' ')}`,
    all
      ? 'every node was: the outputs are those of the model'
      : `had exactly one of the ${nodes} nodes been wrong, this would say so all the same with probability (${nodes} - ${count})/${nodes} = ${hidden.toPrecision(3)}, over the draw of nodes alone; with m wrong nodes it is the product of (${nodes - count} - i)/(${nodes} - i), i from 0 to m - 1`,
  ];
  if (drawn === 'seed' && !all) {
    good.push(
      'the nodes were drawn from --spot-seed: that holds only if nobody knew it who made the bundle',
    );
  }
  return verificationText(found, good);
}

async function spotCommand(
  receipt: string,
  model: string,
  options: VerifyCommandOptions,
): Promise<ExitCode> {
  const { spot, bundle, spotSeed, backend, stack } = options;
  if (spot === undefined || bundle === undefined) {
    const got = spot === undefined ? 'no --spot' : 'no --bundle';
    throw new UsageError(
      `verify: expected --spot K and --bundle FOLDER together, got ${got}. \`isobit trace --bundle\` writes one.`,
    );
  }
  if (backend === 'webgpu' || stack !== undefined) {
    throw new UsageError(
      'verify: --spot: nodes are executed by the reference: expected no --backend webgpu and no --stack.',
    );
  }
  const folder = resolve(bundle);
  if (!existsSync(join(folder, 'trace.json'))) {
    throw new UsageError(
      `verify: --bundle: no trace.json in ${bundle}. Give a folder that \`isobit trace --bundle\` wrote.`,
    );
  }
  const drawing = { count: spot, ...(spotSeed === undefined ? {} : { seed: spotSeed }) };
  const job = { kind: 'spot', receipt, bundle: folder, spot: drawing } as const;
  const found = (await runModel(model, options, job)) as SpotCheck;
  printResult(options.json, found, spotText(found));
  return found.valid ? EXIT.good : EXIT.failed;
}

/** The command `verify`. */
export async function verifyCommand(
  path: string,
  model: string,
  options: VerifyCommandOptions,
): Promise<ExitCode> {
  const receipt = readText(path, 'receipt');
  const { spot, bundle, spotSeed } = options;
  if ((spot ?? bundle ?? spotSeed) !== undefined) return spotCommand(receipt, model, options);
  const found = (await runModel(model, options, { kind: 'verify', receipt })) as Verification;
  printResult(options.json, found, verificationText(found));
  return found.valid ? EXIT.good : EXIT.failed;
}
