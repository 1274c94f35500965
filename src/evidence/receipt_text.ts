// The text of a receipt that a traced run gives: canonical JSON. It is apart from reading one (receipt.ts), since a run, perhaps
// in a worker, needs no schema and nothing that checks one.
import { canonicalText, type Json } from './canonical.ts';
import type { Claims, Receipt } from './receipt_types.ts';
import type { Trace } from './trace_types.ts';

/** The text of a receipt. */
export const textOf = (receipt: Receipt): string => canonicalText(receipt as unknown as Json);

/** The text of the receipt that a traced run gives. */
export function receiptOf(trace: Trace, claims: Claims): string {
  const { contract, model, seed, inputs, outputs, root } = trace;
  const receipt: Receipt = {
    ...{ format: 'isobit-receipt/1', contract, model, inputs, outputs, trace: root, claims },
    ...(seed === undefined ? {} : { seed }),
  };
  return textOf(receipt);
}
