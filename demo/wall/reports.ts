// The wall's own reports: every file of wall/reports, built into the page as it lies in the repository and read as any
// other text; and what each is compared with.
import { readDeviceReport } from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/index.ts';
import expected from '../../wall/expected.json';
import type { WallExpected } from './rows.ts';

const texts = import.meta.glob<string>('../../wall/reports/*.json', {
  eager: true,
  query: '?raw',
  import: 'default',
});

/** What every device must give. */
export const EXPECTED: WallExpected = expected;

/** The reports, and those files that are none, each with the reason. */
export function committedReports(): {
  readonly reports: readonly DeviceReport[];
  readonly refused: readonly string[];
} {
  const reports: DeviceReport[] = [];
  const refused: string[] = [];
  for (const [path, text] of Object.entries(texts)) {
    try {
      reports.push(readDeviceReport(text));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      refused.push(`${path.replace(/^.*\//, '')}: ${why}`);
    }
  }
  return { reports, refused };
}
