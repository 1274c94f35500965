// A fuzzer of receipts and traces: changes of bytes, of members and of values, of good ones, signed and not. A receipt that is accepted
// must have every proved field as it was, and if it is signed every field. The run itself is not done: its trace is known.
// Promises: the same seed is the same receipts.
import type { Receipt, Trace } from '../../src/index.ts';
import { canonicalText, type Json } from '../../src/evidence/canonical.ts';
import { readTrace, TraceError } from '../../src/evidence/read_trace.ts';
import { leavesOf, TRACE_FORMAT } from '../../src/evidence/trace.ts';
import { verified } from '../../src/evidence/verify.ts';
import { Prng } from '../harness/prng.ts';
import type { ReceiptVector } from '../harness/receipt_vectors.ts';

export interface ReceiptFuzzReport {
  readonly accepted: number;
  readonly refused: number;
  /** Texts that were accepted and must not be, or that ended in an error. */
  readonly wrong: readonly string[];
}

/** What a run that is as the receipt says would give; names of nodes and their values are not compared. */
const traceOf = ({ contract, model, seed, inputs, outputs, trace }: Receipt): Trace => ({
  ...{ format: TRACE_FORMAT, contract, model, inputs, nodes: [], outputs, root: trace },
  ...(seed === undefined ? {} : { seed }),
});

type Mutable = Json[] | { [key: string]: Json };
const isObject = (value: Json): value is Json & Mutable =>
  typeof value === 'object' && value !== null;

/** Every container within a document, itself first. */
function containers(document: Json): Mutable[] {
  if (!isObject(document)) return [];
  return [document, ...Object.values(document).flatMap((one) => containers(one as Json))];
}

const STRANGE: readonly Json[] = [
  ...[null, true, 0, -1, 0.5, 1e21, '', 'isobit', [], {}, '0'.repeat(64), 'f'.repeat(128)],
  ...[{ id: 'isobit', version: 1 }, 'Ed25519', 'isobit-receipt/1', 'webgpu', 2 ** 53],
];

function changedDigit(random: Prng, text: string): string {
  if (text === '') return 'x';
  const at = random.below(text.length);
  const digit = '0123456789abcdef'[random.below(16)] ?? '0';
  return text.slice(0, at) + digit + text.slice(at + 1);
}

/** Changes a value, a name, or where a member is. */
function changeMember(random: Prng, document: Json): void {
  const all = containers(document);
  const of = all[random.below(all.length)];
  if (of === undefined) return;
  const keys = Object.keys(of);
  const key = keys[random.below(Math.max(1, keys.length))] ?? 'added';
  const members = of as { [key: string]: Json };
  const value = members[key];
  switch (random.below(6)) {
    case 0:
      members[key] = STRANGE[random.below(STRANGE.length)] ?? null;
      break;
    case 1:
      if (typeof value === 'string') members[key] = changedDigit(random, value);
      if (typeof value === 'number') members[key] = value + 1 - random.below(3);
      break;
    case 2:
      if (Array.isArray(of)) of.splice(random.below(of.length + 1), 1);
      else delete members[key];
      break;
    case 3:
      if (Array.isArray(of)) of.push(structuredClone(of[0] ?? null));
      else members[`${key}${random.below(3)}`] = STRANGE[random.below(STRANGE.length)] ?? null;
      break;
    case 4: {
      const other = all[random.below(all.length)] as { [key: string]: Json } | undefined;
      const from = Object.values(other ?? {});
      members[key] = structuredClone(from[random.below(Math.max(1, from.length))] ?? null);
      break;
    }
    default: {
      const claims = (document as { claims?: { [key: string]: Json } }).claims;
      if (isObject(claims ?? null)) Object.assign(claims ?? {}, { userAgent: `${random.word()}` });
    }
  }
}

/** Changes what stands there. */
function changeText(random: Prng, text: string): string {
  const at = random.below(text.length + 1);
  const length = random.below(40);
  const from = random.below(text.length + 1);
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(from, from + length) + text.slice(at);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.below(65536)) + text.slice(at);
    default:
      return JSON.stringify(JSON.parse(text), null, random.below(3));
  }
}

function changed(random: Prng, text: string): string {
  let result = text;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    if (random.below(3) === 0) return changeText(random, result);
    const document = JSON.parse(result) as Json;
    changeMember(random, document);
    result = random.below(20) === 0 ? JSON.stringify(document) : canonicalText(document);
  }
  return result;
}

/** Whether a receipt says of what is proved, or signed, what the original says. */
function isAsItWas(text: string, original: Receipt): boolean {
  const receipt = JSON.parse(text) as Receipt;
  const of = ({ claims, signature, ...proved }: Receipt): string =>
    canonicalText({
      proved,
      ...(receipt.signature === undefined ? {} : { claims, signature }),
    } as unknown as Json);
  return of(receipt) === of(original);
}

/** Changes good receipts `count` times, and says what became of each. */
export async function fuzzReceipts(
  vectors: readonly ReceiptVector[],
  { seed, count, onProgress }: { seed: number; count: number; onProgress?: (done: number) => void },
): Promise<ReceiptFuzzReport> {
  const good = vectors.filter((one) => one.valid);
  const random = new Prng(seed);
  const wrong: string[] = [];
  let accepted = 0;
  for (let i = 0; i < count; i += 1) {
    const { text: from = '' } = good[i % good.length] ?? {};
    const original = JSON.parse(from) as Receipt;
    const text = changed(random, from);
    try {
      const { valid } = await verified(text, () => Promise.resolve(traceOf(original)));
      if (valid) accepted += 1;
      if (valid && !isAsItWas(text, original)) wrong.push(text);
    } catch (error) {
      wrong.push(`${String(error)}: ${text}`);
    }
    onProgress?.(i + 1);
  }
  return { accepted, refused: count - accepted, wrong };
}

/** Changes the text of a trace `count` times: what is read must say what the original says, but for names of nodes. */
export function fuzzTraces(
  from: string,
  { seed, count }: { seed: number; count: number },
): ReceiptFuzzReport {
  const random = new Prng(seed);
  const said = (text: string): string => canonicalText(leavesOf(readTrace(text)));
  const original = said(from);
  const wrong: string[] = [];
  let accepted = 0;
  for (let i = 0; i < count; i += 1) {
    const text = changed(random, from);
    try {
      if (said(text) !== original) wrong.push(text);
      accepted += 1;
    } catch (error) {
      if (!(error instanceof TraceError)) wrong.push(`${String(error)}: ${text}`);
    }
  }
  return { accepted, refused: count - accepted, wrong };
}
