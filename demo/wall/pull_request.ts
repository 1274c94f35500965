// A report as a pull request: its title, its text, where the file goes, and, where the repository has an address on GitHub,
// the page there that makes the file. Plain data in, text out.
import { deviceReportText, fileNameOf } from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/index.ts';
import { gpuName, runText, type Row } from './rows.ts';

/** The folder of the repository that the wall reads. */
export const FOLDER = 'wall/reports';

/** GitHub refuses longer addresses. */
const MOST_CHARACTERS = 8000;

export interface PullRequest {
  readonly path: string;
  readonly title: string;
  readonly body: string;
  /** Title, path and body, to copy at once. */
  readonly text: string;
  /** GitHub's page that makes the file; absent where there is no such repository, or the report is too long for it. */
  readonly address?: string;
}

/** `https://github.com/owner/name` of package.json's `repository`; undefined for anything else. */
export function githubOf(repository: unknown): string | undefined {
  if (typeof repository !== 'string') return undefined;
  const match = /^(?:git\+)?https:\/\/github\.com\/([\w.-]+)\/([\w.-]+?)(?:\.git)?$/.exec(
    repository,
  );
  return match === null ? undefined : `https://github.com/${match[1] ?? ''}/${match[2] ?? ''}`;
}

/** @param repository as package.json has it */
export function pullRequestOf(report: DeviceReport, row: Row, repository?: string): PullRequest {
  const { claims, rung, contract, library, date } = report;
  const { name, version } = claims.browser;
  const path = `${FOLDER}/${fileNameOf(report)}`;
  const title = `Wall: ${gpuName(report)}, ${name} ${version}, ${claims.system}`;
  const body = [
    `Adds \`${path}\`: a device report of isobit ${library}, contract ${contract.id} ${contract.version}, measured on ${date} by the wall's own page.`,
    '',
    ...row.runs.map((run) => `- ${runText(run)}`),
    `- gate: ${row.gate}`,
    `- rung: ${rung}`,
    `- operator cases: ${row.cases}`,
    '',
    'What the file says of browser, system and GPU is what the browser says of them; nothing proves it.',
  ].join('\n');
  const text = `${title}\n\n${body}\n`;
  const home = githubOf(repository);
  if (home === undefined) return { path, title, body, text };
  const query = new URLSearchParams({ filename: path, value: `${deviceReportText(report)}\n` });
  const address = `${home}/new/main?${query.toString()}`;
  return { path, title, body, text, ...(address.length > MOST_CHARACTERS ? {} : { address }) };
}
