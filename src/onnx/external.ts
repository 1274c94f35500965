// Data of tensors that lies in other files: the entries of `external_data`, checked before any file is touched. A path
// must stay in the model's folder, whatever it is written like. It reads no file: that is the loader's work.

import type { FileRange } from '../core/weight.ts';
import type { Message } from './proto.ts';

/** A StringStringEntryProto, added to the others. */
export function readEntries(message: Message, entries: Map<string, string>): void {
  let key = '';
  let value = '';
  while (message.next()) {
    if (message.field === 1) key = message.string('key');
    else if (message.field === 2) value = message.string('value');
    else message.skip();
  }
  entries.set(key, value);
}

/**
 * A relative path below a folder, with `.` and `..` resolved; undefined for what is absolute, has a scheme or a drive,
 * leaves the folder, or names no file. Backslashes divide too, since some systems take them so.
 */
export function normalPath(path: string): string | undefined {
  if (path === '' || path.includes('\0') || /^[/\\]|^[a-z][a-z0-9+.-]*:/i.test(path))
    return undefined;
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? undefined : parts.join('/');
}

function integerOf(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Where a tensor of `bytes` bytes lies; what is wrong with the entries, as text, where something is. */
export function fileRangeOf(
  entries: ReadonlyMap<string, string>,
  bytes: number,
): FileRange | string {
  const path = entries.get('location');
  if (path === undefined) return 'expected a location, got none';
  const location = normalPath(path);
  if (location === undefined) {
    return `expected a relative path that stays in the model's folder, got '${path}'`;
  }
  const offset = integerOf(entries.get('offset') ?? '0');
  const length = integerOf(entries.get('length') ?? String(bytes));
  if (offset === undefined)
    return `expected an offset of 0..2^53-1, got '${entries.get('offset')}'`;
  if (length !== bytes)
    return `expected a length of ${bytes} bytes, got '${entries.get('length')}'`;
  if (!Number.isSafeInteger(offset + bytes))
    return `expected an end below 2^53, got ${offset} + ${bytes}`;
  const checksum = entries.get('checksum')?.toLowerCase();
  if (checksum !== undefined && !/^[0-9a-f]{40}$/.test(checksum)) {
    return `expected a checksum of 40 hex digits (SHA-1), got '${checksum}'`;
  }
  return { location, offset, length, checksum };
}
