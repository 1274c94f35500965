// What a caller does with device reports: read one. What that takes is loaded when it is first done.
import type { DeviceReport } from './evidence/device_report_types.ts';

/**
 * Reads a device report, as `isobit matrix --report` and the demo's wall write them, from a text that anybody may have written.
 *
 * @param text canonical JSON, and at most one line feed after it
 * @returns the report: as its schema says, and not contradicting itself; whether it is true, nobody says here
 * @throws TypeError for what is no text; Error named DeviceReportError with the reason why it is no device report
 * @example
 * ```ts
 * import { readDeviceReport } from 'isobit';
 *
 * await readDeviceReport('{"format":').catch((error: Error) => console.log(error.message.slice(0, 23))); // device report: no JSON:
 * ```
 */
export async function readDeviceReport(text: string): Promise<DeviceReport> {
  if (typeof text !== 'string') {
    throw new TypeError(
      `readDeviceReport: expected the report as text, got ${typeof text}. Pass the file's text.`,
    );
  }
  const reader = await import('./evidence/device_report.ts');
  return reader.readDeviceReport(text);
}
