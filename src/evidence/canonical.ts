// Canonical JSON (RFC 8785): the one text of a document, so that a digest or signature of it means something. What JSON
// cannot hold has no such text and is refused.
import canonicalize from 'canonicalize';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** What JSON holds. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * The canonical text of a document; members that are undefined are not there.
 *
 * @throws TypeError for what has none: NaN, infinities, lone surrogates
 */
export function canonicalText(document: Json): string {
  try {
    const text = canonicalize(document);
    if (text !== undefined) return text;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`canonical JSON: ${why}.`, { cause: error });
  }
  throw new TypeError('canonical JSON: expected a document, got undefined.');
}

/** The text in UTF-8, as it is hashed. @throws as canonicalText */
export const canonicalBytes = (document: Json): Uint8Array => utf8ToBytes(canonicalText(document));
