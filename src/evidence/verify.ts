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
): string[] {
  const names = (values: readonly TracedValue[]): string => values.map(({ name }) => name).join();
  if (names(claimed) !== names(computed)) {
    return [`${kind}s: the receipt has ${names(claimed)}, the run ${names(computed)}.`];
  }
  return claimed.flatMap((one, i) => {
    const other = computed[i];
    if (other === undefined) return [];
    if (describeValue(one) !== describeValue(other)) {
      return [
        `${kind} '${one.name}': the receipt has ${describeValue(one)}, the run ${describeValue(other)}.`,
      ];
    }
    if (one.digest === other.digest) return [];
    return [
      `${kind} '${one.name}': the receipt has digest ${one.digest}, the run ${other.digest}.`,
    ];
  });
}

/** Every field that a run decides; a sentence for each that differs. */
export function compareWithRun(receipt: Receipt, trace: Trace): string[] {
  const reasons: string[] = [];
  const one = (what: string, claimed: unknown, computed: unknown): void => {
    if (claimed === computed) return;
    reasons.push(`${what}: the receipt has ${String(claimed)}, the run ${String(computed)}.`);
  };
  one('model', receipt.model, trace.model);
  one('seed', receipt.seed, trace.seed);
  reasons.push(...compareValues('input', receipt.inputs, trace.inputs));
  reasons.push(...compareValues('output', receipt.outputs, trace.outputs));
  // The root is over all of these: alone it says that a node within the run gave something else.
  if (reasons.length === 0) one('trace', receipt.trace, trace.root);
  return reasons;
}

/**
 * @param run gives the trace of the run that the receipt is of, for its outputs and seed
 * @throws what `run` throws
 */
export async function verified(
  text: string,
  run: (receipt: Receipt) => Promise<Trace>,
): Promise<Verification> {
  let receipt: Receipt;
  try {
    receipt = readReceipt(text);
  } catch (error) {
    if (error instanceof ReceiptError) return { valid: false, reasons: [error.message] };
    throw error;
  }
  const { claims, signature } = receipt;
  const refused = (reason: string): Verification => ({ valid: false, reasons: [reason], claims });
  const { version } = receipt.contract;
  if (version !== contract.version) {
    return refused(
      `contract version: the receipt has ${version}, this library keeps ${contract.version}: it cannot compute those bits.`,
    );
  }
  if ((await isSignatureRight(receipt)) === false) {
    return refused('signature: it is not that of its key over this receipt.');
  }
  const reasons = compareWithRun(receipt, await run(receipt));
  return {
    ...{ valid: reasons.length === 0, reasons, claims },
    ...(signature === undefined ? {} : { signer: signature.publicKey }),
  };
}
