// Traces from elsewhere: taken only if they are as their schema says and their root is that of what they say, so that a file
// that was cut, re-ordered or edited is refused before anything is concluded from it. A trace says nothing about who made
// it, and a lie with a root of its own is one that comparing finds.
import { Validator, type Schema } from '@cfworker/json-schema';
import { bytesToHex } from '@noble/hashes/utils.js';
import { treeOf } from './trace.ts';
import schema from './trace.schema.json';
import type { Trace } from './trace_types.ts';

/** A text longer than this is no trace. */
const MOST_CHARACTERS = 1 << 28;

const validator = new Validator(schema as Schema, '2020-12', true);

/** A trace that cannot be taken, and why. */
export class TraceError extends TypeError {
  override name = 'TraceError';
}

/** @throws TraceError saying what is wrong with the document */
export function checkedTrace(document: unknown): Trace {
  const { valid, errors } = tried(() => validator.validate(document));
  if (!valid) {
    const last = errors.at(-1);
    throw new TraceError(
      `no trace: not as its schema says: ${last?.instanceLocation ?? '#'}: ${last?.error ?? 'invalid'}`,
    );
  }
  const trace = document as Trace;
  const root = tried(() => bytesToHex(treeOf(trace).head()));
  if (root !== trace.root) {
    throw new TraceError(
      `no trace: its root is not that of what it says: expected ${root}, got ${trace.root}.`,
    );
  }
  return trace;
}

/** What fails here fails for half a character in a name, which has no UTF-8. */
function tried<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TraceError(`no trace: ${why}`, { cause: error });
  }
}

/** @throws TraceError as checkedTrace, and for a text that is no JSON or too large */
export function readTrace(text: string): Trace {
  if (text.length > MOST_CHARACTERS) {
    throw new TraceError(
      `no trace: too large: expected at most ${MOST_CHARACTERS} characters, got ${text.length}.`,
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TraceError(`no trace: no JSON: ${why}.`, { cause: error });
  }
  return checkedTrace(document);
}
