// Bytes as base64 (RFC 4648, section 4), for texts that carry values and for files within files, and back: what is no such text
// gives nothing. Engines of 2025 decode by themselves, which code that has not run before cannot do as fast.

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // Arguments of one call are limited in number; 32 Ki are safe on every engine.
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
}

/** Undefined for what is no base64. */
export function fromBase64(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== 'string') return undefined;
  const native = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  try {
    if (native.fromBase64 !== undefined) return native.fromBase64(text);
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
