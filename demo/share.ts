// A picture in an address: what one device drew and its digest, after the `#`, so that another device can run the
// same pixels and compare. Nothing is sent to a server; browsers keep what follows the `#` to themselves.
import { SIDE } from './rasterise.ts';

export interface Shared {
  /** 784 grey bytes. */
  readonly pixels: Uint8Array;
  /** The digest that the other device got. */
  readonly digest: string;
}

export function fragmentOf({ pixels, digest }: Shared): string {
  const base64 = btoa(String.fromCharCode(...pixels));
  // The alphabet of addresses: RFC 4648, section 5.
  const text = base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `#picture=${text}&digest=${digest}`;
}

/** What a fragment holds; undefined for any other fragment. */
export function readFragment(fragment: string): Shared | undefined {
  const match = /^#picture=([\w-]+)&digest=([0-9a-f]{64})$/.exec(fragment);
  if (match === null) return undefined;
  const [, text = '', digest = ''] = match;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const pixels = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return pixels.length === SIDE * SIDE ? { pixels, digest } : undefined;
  } catch {
    return undefined;
  }
}
