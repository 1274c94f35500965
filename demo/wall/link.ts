// A device report in an address: its text, deflated, in the alphabet of addresses, after the `#`. Browsers keep what follows
// the `#` to themselves, so that nothing is sent to a server. What is read may come from anybody: it is bounded before it
// is inflated and while it is, and refused with a reason.
import {
  DeviceReportError,
  deviceReportText,
  readDeviceReport,
} from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/index.ts';

const HEAD = '#report=';

/** Browsers take addresses of this length, if not all messengers. */
const MOST_CHARACTERS = 1 << 16;
/** As long as a report's text may be. */
const MOST_BYTES = 1 << 20;

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      throw new RangeError(`expected at most ${MOST_BYTES} bytes, got more`);
    }
    parts.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  // RFC 4648, section 5.
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * The fragment of an address that holds a report.
 *
 * @throws RangeError for a report that no address holds, as it may be with many failing cases: send its file
 */
export async function reportFragment(report: DeviceReport): Promise<string> {
  const text = new TextEncoder().encode(deviceReportText(report));
  const fragment = `${HEAD}${toBase64(await through(text, new CompressionStream('deflate')))}`;
  if (fragment.length <= MOST_CHARACTERS) return fragment;
  throw new RangeError(
    `link: the report is too large: expected at most ${MOST_CHARACTERS} characters, got ${fragment.length}. Send its file.`,
  );
}

const refused = (why: string, cause?: unknown): DeviceReportError =>
  new DeviceReportError(`link: ${why}. Copy the whole address again.`, { cause });

/**
 * The report in a fragment; undefined for any other fragment.
 *
 * @throws DeviceReportError for one that was cut or changed, or holds no device report, with the reason
 */
export async function readReportFragment(fragment: string): Promise<DeviceReport | undefined> {
  if (!fragment.startsWith(HEAD)) return undefined;
  if (fragment.length > MOST_CHARACTERS) {
    throw refused(
      `too long: expected at most ${MOST_CHARACTERS} characters, got ${fragment.length}`,
    );
  }
  const text = fragment.slice(HEAD.length);
  if (!/^[\w-]+$/.test(text)) {
    throw refused('expected letters, digits, - and _ only, got another character');
  }
  let report: string;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const deflated = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const inflated = await through(deflated, new DecompressionStream('deflate'));
    report = new TextDecoder('utf-8', { fatal: true }).decode(inflated);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refused(`cut short or changed: ${why}`, error);
  }
  return readDeviceReport(report);
}
