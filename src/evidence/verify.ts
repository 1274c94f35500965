// Verifying a receipt: read it, check its signature, run the model again and compare every field that a run decides. A
// receipt made on one backend verifies on the other, since the bits are the same. What it says about its device is passed
// on as a claim. Not here: the run itself (whoever calls does it).
import { contract } from '../core/digest.ts';
import { isSignatureRight, readReceipt, ReceiptError } from './receipt.ts';
import type { Receipt, Verification } from './receipt_types.ts';
import { describeValue } from './trace.ts';
import type { Trace, TracedValue } from './trace_types.ts';

function compareValues(
  kind: string,
  claimed: readonly TracedValue[],
  computed: readonly TracedValue[],
  other: string,
): string[] {
  const names = (values: readonly TracedValue[]): string => values.map(({ name }) => name).join();
  if (names(claimed) !== names(computed)) {
    return [`${kind}s: the receipt has ${names(claimed)}, ${other} ${names(computed)}.`];
  }
  return claimed.flatMap((one, i) => {
    const got = computed[i];
    if (got === undefined) return [];
    if (describeValue(one) !== describeValue(got)) {
      return [
        `${kind} '${one.name}': the receipt has ${describeValue(one)}, ${other} ${describeValue(got)}.`,
      ];
    }
    if (one.digest === got.digest) return [];
    return [`${kind} '${one.name}': the receipt has digest ${one.digest}, ${other} ${got.digest}.`];
  });
}

/** Every field that a run decides; a sentence for each that differs. `other` is what the trace is of. */
export function compareWithRun(receipt: Receipt, trace: Trace, other = 'the run'): string[] {
  const reasons: string[] = [];
  const one = (what: string, claimed: unknown, computed: unknown): void => {
    if (claimed === computed) return;
    reasons.push(`${what}: the receipt has ${String(claimed)}, ${other} ${String(computed)}.`);
  };
  one('model', receipt.model, trace.model);
  one('seed', receipt.seed, trace.seed);
  reasons.push(...compareValues('input', receipt.inputs, trace.inputs, other));
  reasons.push(...compareValues('output', receipt.outputs, trace.outputs, other));
  // The root is over all of these: alone it says that a node within the run gave something else.
  if (reasons.length === 0) one('trace', receipt.trace, trace.root);
  return reasons;
}

/** A receipt that is well-formed, of this contract and rightly signed, where it is; or why it is not taken. */
export async function takenReceipt(
  text: string,
): Promise<
  { receipt: Receipt; refused?: undefined } | { receipt?: undefined; refused: Verification }
> {
  let receipt: Receipt;
  try {
    receipt = readReceipt(text);
  } catch (error) {
    if (error instanceof ReceiptError) {
      return { refused: { valid: false, reasons: [error.message] } };
    }
    throw error;
  }
  const { claims } = receipt;
  const refused = (reason: string) => ({ refused: { valid: false, reasons: [reason], claims } });
  const { version } = receipt.contract;
  if (version !== contract.version) {
    return refused(
      `contract version: the receipt has ${version}, this library keeps ${contract.version}: it cannot compute those bits.`,
    );
  }
  if ((await isSignatureRight(receipt)) === false) {
    return refused('signature: it is not that of its key over this receipt.');
  }
  return { receipt };
}

/**
 * @param run gives the trace of the run that the receipt is of, for its outputs and seed
 * @throws what `run` throws
 */
export async function verified(
  text: string,
  run: (receipt: Receipt) => Promise<Trace>,
): Promise<Verification> {
  const taken = await takenReceipt(text);
  if (taken.refused !== undefined) return taken.refused;
  const { receipt } = taken;
  const { claims, signature } = receipt;
  const reasons = compareWithRun(receipt, await run(receipt));
  return {
    ...{ valid: reasons.length === 0, reasons, claims },
    ...(signature === undefined ? {} : { signer: signature.publicKey }),
  };
}
