// The parts of the wall's page that need no page: what a report's row says, links there and back, pull requests, and what a
// user agent tells. The page itself is clicked through by test/e2e/wall.spec.ts.
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { browserName, environmentOf } from '../../demo/environment.ts';
import { readReportFragment, reportFragment } from '../../demo/wall/link.ts';
import { githubOf, pullRequestOf } from '../../demo/wall/pull_request.ts';
import {
  gpuName,
  grouped,
  rowOf,
  runText,
  summaryOf,
  type WallExpected,
} from '../../demo/wall/rows.ts';
import {
  DeviceReportError,
  deviceReportText,
  readDeviceReport,
} from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/index.ts';
import { exampleReport } from '../harness/device_reports.ts';

const good = exampleReport();
const [first] = good.models;
if (first === undefined) throw new Error('the example has no run');
const expected: WallExpected = {
  ...{ name: 'digits', contract: good.contract },
  ...{ model: first.model, inputs: first.inputs, digest: '2'.repeat(64) },
};
const withRun = (change: object): DeviceReport => ({
  ...good,
  models: [{ ...first, ...change }],
});

describe('a row', () => {
  test('says what the report says', () => {
    const row = rowOf(good, expected);
    expect(row.group).toBe('google');
    expect(row.runs.map(runText)).toEqual([
      `digits on WebAssembly: same, under 1 ms; ${'2'.repeat(64)}`,
      `digits on WebGPU: same, 1.5 ms; ${'2'.repeat(64)}; a note`,
    ]);
    expect(row.gate).toBe('full, 0 of 1 findings differ, 13 ms');
    expect(row.cases).toBe('2 of 2 on WebAssembly, 1 of 2 on WebGPU as expected');
    expect(gpuName(good)).toBe('google swiftshader: SwiftShader driver 5.0.0 (software)');
  });

  test.each([
    ['same', withRun({})],
    ['differs', withRun({ digest: '6'.repeat(64) })],
    ['failed', withRun({ digest: null, ms: null, error: 'no device' })],
    ['other', withRun({ model: '7'.repeat(64) })],
    ['other', withRun({ inputs: [{ ...first.inputs[0], digest: '7'.repeat(64) }] })],
    ['other', withRun({ inputs: [] })],
    ['other', { ...withRun({}), contract: { id: 'isobit', version: 999 } }],
  ] as const)('%s', (state, report) => {
    expect(readDeviceReport(deviceReportText(report))).toEqual(report);
    expect(rowOf(report, expected).runs.map((run) => run.state)).toEqual([state]);
  });

  test('of a device without a GPU says why', () => {
    const { gpu: _, ...claims } = good.claims;
    const report = { ...good, claims, gate: null, withoutGate: 'no WebGPU' };
    const row = rowOf(report, expected);
    expect([row.group, row.gate]).toEqual(['WebAssembly, no GPU', 'no WebGPU']);
  });
});

describe('rows', () => {
  const named = (vendor: string | undefined, browser: string): DeviceReport => {
    const { gpu: _, ...claims } = good.claims;
    const gpu =
      vendor === undefined ? {} : { gpu: { vendor, architecture: '', name: '', software: false } };
    return { ...good, claims: { ...claims, ...gpu, browser: { name: browser, version: '1' } } };
  };

  test('are grouped by vendor, those without a GPU last', () => {
    const reports = [
      named(undefined, 'Chrome'),
      named('nvidia', 'Firefox'),
      named('amd', 'Chrome'),
      named('nvidia', 'Chrome'),
    ];
    const rows = reports.map((report) => rowOf(report, expected));
    const groups = grouped(rows).map(([group, all]) => [
      group,
      ...all.map(({ report }) => report.claims.browser.name),
    ]);
    expect(groups).toEqual([
      ['amd', 'Chrome'],
      ['nvidia', 'Chrome', 'Firefox'],
      ['WebAssembly, no GPU', 'Chrome'],
    ]);
  });

  test('are one digest, or not', () => {
    const of = (...reports: DeviceReport[]) =>
      summaryOf(reports.map((report) => rowOf(report, expected)));
    expect(of(good, good)).toEqual({ state: 'same', text: 'one digest: 4 runs, 2 reports' });
    expect(of(good, withRun({ digest: '6'.repeat(64) }))).toEqual({
      ...{ state: 'differs', text: 'different: 1 of 3 runs, 2 reports' },
    });
    expect(of(withRun({ digest: null, ms: null, error: 'no' }))).toMatchObject({
      state: 'partial',
    });
    expect(of(withRun({ model: '7'.repeat(64) }))).toMatchObject({ state: 'partial' });
    expect(of()).toMatchObject({ state: 'partial' });
  });
});

describe('a link', () => {
  test('gives back the report that it was made of', async () => {
    const fragment = await reportFragment(good);
    expect(fragment).toMatch(/^#report=[\w-]+$/);
    expect(fragment.length).toBeLessThan(1500);
    expect(await readReportFragment(fragment)).toEqual(good);
  });

  test('of another kind is none', async () => {
    expect(await readReportFragment('')).toBeUndefined();
    expect(await readReportFragment('#picture=abc')).toBeUndefined();
  });

  test('that was cut is refused, wherever', async () => {
    const fragment = await reportFragment(good);
    for (let length = '#report='.length; length < fragment.length; length += 37) {
      await expect(readReportFragment(fragment.slice(0, length))).rejects.toThrow(
        DeviceReportError,
      );
    }
  });

  test('with one character changed is refused, or still a report', async () => {
    const fragment = await reportFragment(good);
    let refusals = 0;
    for (let at = '#report='.length; at < fragment.length; at += 11) {
      const changed = `${fragment.slice(0, at)}${fragment[at] === 'A' ? 'B' : 'A'}${fragment.slice(at + 1)}`;
      try {
        await readReportFragment(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(DeviceReportError);
        refusals += 1;
      }
    }
    // What deflate's checksum guards.
    expect(refusals).toBeGreaterThan((fragment.length / 11) * 0.9);
  });

  const fragmentOf = (text: string): string => `#report=${deflateSync(text).toString('base64url')}`;
  test.each([
    ['other characters', '#report=a b', 'expected letters, digits'],
    ['nothing', '#report=', 'expected letters, digits'],
    ['no deflate', '#report=AAAA', 'cut short or changed'],
    ['too long', `#report=${'A'.repeat(1 << 16)}`, 'too long: expected at most 65536'],
    ['a bomb', fragmentOf('0'.repeat(1 << 24)), 'expected at most 1048576 bytes, got more'],
    ['no report', fragmentOf('{}'), 'not as its schema says'],
    ['no JSON', fragmentOf('{'), 'no JSON'],
  ])('with %s is refused', async (_, fragment, reason) => {
    await expect(readReportFragment(fragment)).rejects.toThrow(reason);
    await expect(readReportFragment(fragment)).rejects.toThrow(DeviceReportError);
  });

  test('is not made of a report that no address holds', async () => {
    const failures = Array.from({ length: 100 }, (_, i) => ({
      id: `case ${i} ${noise(i, 900)}`,
      ...{ expected: noise(i + 100, 64), got: noise(i + 200, 900) },
    }));
    const cases = { wasm: { ran: 100, good: 0, byReference: 0, failures } };
    await expect(reportFragment({ ...good, cases })).rejects.toThrow(
      /^link: the report is too large: expected at most 65536 characters, got \d+\. Send its file\.$/,
    );
  });
});

/** Text that does not deflate well. */
function noise(seed: number, length: number): string {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  }).join('');
}

describe('a pull request', () => {
  const row = rowOf(good, expected);

  test('says what is added, where, and what it claims', () => {
    const { title, body, path, text, address } = pullRequestOf(good, row);
    expect(title).toBe(
      'Wall: google swiftshader: SwiftShader driver 5.0.0 (software), Chrome 140.0.0, Linux',
    );
    expect(path).toBe('wall/reports/google-swiftshader-chrome-linux-x86-64.json');
    expect(text).toBe(`${title}\n\n${body}\n`);
    expect(body).toContain(`Adds \`${path}\``);
    expect(body).toContain(`- digits on WebGPU: same, 1.5 ms; ${'2'.repeat(64)}; a note`);
    expect(body).toContain('nothing proves it');
    expect(address).toBeUndefined();
  });

  test('has an address where the repository has one on GitHub', () => {
    const { address = '' } = pullRequestOf(good, row, 'git+https://github.com/owner/name.git');
    const url = new URL(address);
    expect(`${url.origin}${url.pathname}`).toBe('https://github.com/owner/name/new/main');
    expect(url.searchParams.get('filename')).toBe(
      'wall/reports/google-swiftshader-chrome-linux-x86-64.json',
    );
    expect(readDeviceReport(url.searchParams.get('value') ?? '')).toEqual(good);
    for (const other of ['https://example.com/a/b', 'github:a/b', 7, null, undefined]) {
      expect(githubOf(other)).toBeUndefined();
    }
  });

  test('has none that is longer than GitHub takes', () => {
    const failures = Array.from({ length: 40 }, (_, i) => ({
      ...{ id: `case ${i}`, expected: '8'.repeat(64), got: '9'.repeat(64) },
    }));
    const cases = { wasm: { ran: 40, good: 0, byReference: 0, failures } };
    const { address } = pullRequestOf({ ...good, cases }, row, 'https://github.com/owner/name');
    expect(address).toBeUndefined();
  });
});

describe('measuring', () => {
  const demo = new URL('../../demo/', import.meta.url);
  const read = (url: URL): string => readFileSync(url, 'utf8');

  test('touches no page: nothing that it imports of the demo does', () => {
    const seen = new Map<string, string>();
    const visit = (url: URL): void => {
      if (seen.has(url.href) || !url.href.startsWith(demo.href)) return;
      const text = read(url);
      seen.set(url.href, text);
      for (const [, path = ''] of text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)) {
        visit(new URL(path, url));
      }
    };
    visit(new URL('measure.ts', demo));
    expect(seen.size).toBeGreaterThan(4);
    const touching = [...seen].filter(([, text]) => /\bdocument\b|\bbyId\b/.test(text));
    expect(touching.map(([path]) => path)).toEqual([]);
  });

  test('notes the limits that stacks are asked for', () => {
    const limits = (url: URL): string | undefined =>
      /const LIMITS = \[([^\]]*)\]/.exec(read(url))?.[1]?.replace(/\s+/g, ' ');
    const ofStacks = limits(new URL('../../src/cli/stacks/host.mjs', import.meta.url));
    expect(ofStacks).toContain('maxBufferSize');
    expect(limits(new URL('measure.ts', demo))).toBe(ofStacks);
  });
});

describe('a user agent', () => {
  const LINUX_FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
  const MAC_SAFARI =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15';
  const PHONE_CHROME =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1';
  const CHROME =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  const brands = [
    { brand: 'Not:A-Brand', version: '24' },
    { brand: 'Chromium', version: '140' },
    { brand: 'Google Chrome', version: '140' },
  ];

  test.each([
    [LINUX_FIREFOX, 'Firefox 153.0', 'SpiderMonkey', 'Linux', 'x86-64'],
    [MAC_SAFARI, 'Safari 18.1', 'JavaScriptCore', 'macOS', undefined],
    [PHONE_CHROME, 'Chrome 140.0.0.0', 'JavaScriptCore', 'iOS', undefined],
    [CHROME, 'Chrome 140.0.0.0', 'V8', 'Windows', 'x86-64'],
    ['curl', 'undefined', undefined, undefined, undefined],
  ])('%s', (agent, browser, engine, system, processor) => {
    const found = environmentOf(agent);
    const name =
      found.browser === undefined ? 'undefined' : `${found.browser.name} ${found.browser.version}`;
    expect([name, found.engine, found.system, found.processor]).toEqual([
      ...[browser, engine, system, processor],
    ]);
  });

  test('says more where the browser does', () => {
    const more = {
      fullVersionList: brands.map((one) => ({ ...one, version: '140.0.7339.80' })),
      ...{ architecture: 'arm', bitness: '64' },
    };
    expect(environmentOf(CHROME, { brands, platform: 'macOS' }, more)).toEqual({
      browser: { name: 'Google Chrome', version: '140.0.7339.80' },
      ...{ engine: 'V8', system: 'macOS', processor: 'arm64' },
    });
    expect(browserName(CHROME, { brands, platform: 'macOS' })).toBe('Google Chrome 140 on macOS');
  });
});
