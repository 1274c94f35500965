// Traces from elsewhere: taken only if they are as their schema says and their root is that of what they say, so that a file
// that was cut, re-ordered or edited is refused before anything is concluded from it. A trace says nothing about who made
// it, and a lie with a root of its own is one that comparing finds.
import { bytesToHex } from '@noble/hashes/utils.js';
import { DocumentForm } from './document.ts';
import { treeOf } from './trace.ts';
import schema from './trace.schema.json';
import type { Trace } from './trace_types.ts';

/** A text longer than this is no trace. */
const MOST_CHARACTERS = 1 << 28;

/** A trace that cannot be taken, and why. */
export class TraceError extends TypeError {
  override name = 'TraceError';
}

const form = new DocumentForm(
  schema,
  MOST_CHARACTERS,
  (why, cause) => new TraceError(`no trace: ${why}`, { cause }),
);

/** @throws TraceError saying what is wrong with the document */
export function checkedTrace(document: unknown): Trace {
  form.check(document);
  const trace = document as Trace;
  const root = form.tried('', () => bytesToHex(treeOf(trace).head()));
  if (root !== trace.root) {
    throw new TraceError(
      `no trace: its root is not that of what it says: expected ${root}, got ${trace.root}.`,
    );
  }
  return trace;
}

/** @throws TraceError as checkedTrace, and for a text that is no JSON or too large */
export const readTrace = (text: string): Trace => checkedTrace(form.parse(text));
