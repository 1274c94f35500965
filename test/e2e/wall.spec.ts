// The wall in both browsers: its rows are the repository's files, this device is measured on the spot and offered as a file,
// a link and a pull request, a link from elsewhere is a row or refused with the reason, and a digest that differs is seen.
import { readdirSync, readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { canonicalText, type Json } from '../../src/evidence/canonical.ts';
import type { DeviceReport } from '../../src/index.ts';
import type * as Library from '../../src/index.ts';
import { lowContrast } from './contrast.ts';
import { expect, expected, test } from './fixtures.ts';

// The built library: Playwright does not read the schema that the sources import. `npm run build` makes it.
const built = new URL('../../dist/index.js', import.meta.url).href;
const { readDeviceReport } = (await import(built)) as typeof Library;

const folder = new URL('../../wall/reports/', import.meta.url);
const committed = await Promise.all(
  readdirSync(folder).map((name) => readDeviceReport(readFileSync(new URL(name, folder), 'utf8'))),
);

/** As many runs as the reports hold. */
const runs = committed.reduce((sum, { models }) => sum + models.length, 0);

/** A link's fragment, made as its format is described and not by the page's own code. */
const fragmentOf = (report: DeviceReport): string =>
  `#report=${deflateSync(canonicalText(report as unknown as Json)).toString('base64url')}`;

/** The names of the files of these browsers on this machine. */
const FILES = {
  chromium: 'google-swiftshader-chromium-linux-x86-64.json',
  firefox: 'unnamed-gpu-firefox-linux-x86-64.json',
  webkit: '',
} as const;

const rows = (page: Page) =>
  page.locator('table.wall tbody tr:not(.more)').filter({ has: page.locator('button') });
const tagged = (page: Page) => page.locator('tr.tagged');

async function openWall(page: Page, fragment = ''): Promise<void> {
  await page.goto(`./wall/${fragment}`);
  await expect(page.locator('#verdict')).not.toHaveAttribute('data-state', 'busy');
}

async function measure(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Measure this device' }).click();
  await expect(page.locator('#offers')).toBeVisible({ timeout: 100_000 });
}

/** The report that the page offers, as a file's text. */
function offered(page: Page): Promise<string> {
  return page.locator('#file').evaluate(async (link: HTMLAnchorElement) => {
    return (await fetch(link.href)).text();
  });
}

/** Another device's report, with what is to be wrong with it. */
function foreign(
  change: (report: DeviceReport) => DeviceReport = (report) => report,
): DeviceReport {
  const [first] = committed.filter(({ gate }) => gate !== null);
  if (first === undefined) throw new Error('there is no report of a GPU');
  const browser = { name: 'Elsewhere', version: '7' };
  const models = first.models.slice(0, 1);
  return change({ ...first, models, claims: { ...first.claims, browser } });
}

test('every report of the repository is a row with the committed digest', async ({ page }) => {
  await openWall(page);
  await expect(rows(page)).toHaveCount(committed.length);
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'same');
  await expect(page.locator('#verdict-text')).toHaveText(
    `one digest: ${runs} runs, ${committed.length} reports`,
  );
  await expect(page.locator('#refusals')).toBeHidden();
  await expect(page.locator('#expected')).toHaveText(expected.batch);
  await expect(page.locator('.run.same')).toHaveCount(runs);
  for (const { claims } of committed) {
    const name = `${claims.browser.name} ${claims.browser.version}`;
    await expect(page.getByRole('rowheader', { name }).first()).toBeVisible();
  }
});

test('the keyboard opens what a report says', async ({ page }) => {
  await openWall(page);
  const button = page.getByRole('button', { name: /^Details of Deno, mesa/ });
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  const details = page.locator('tr.more:visible .details');
  await expect(details.locator('.digest')).toHaveText(expected.batch);
  await expect(details).toContainText('rounding ok 1024 words');
  await expect(details).toContainText('maxStorageBuffersPerShaderStage');
  await page.keyboard.press('Enter');
  await expect(page.locator('tr.more:visible')).toHaveCount(0);
});

test('this device is measured, and is a row, a file, a link and a pull request', async ({
  page,
  browserName,
}) => {
  await openWall(page);
  await measure(page);
  await expect(page.locator('#measure-verdict')).toHaveAttribute('data-state', 'same');
  await expect(page.locator('#measure-text')).toHaveText('one digest: 2 runs, 1 report');
  await expect(tagged(page)).toHaveCount(1);
  await expect(tagged(page).locator('.tag')).toHaveText('this device');
  await expect(tagged(page).locator('.run.same')).toHaveCount(2);
  await expect(rows(page)).toHaveCount(committed.length + 1);

  const text = await offered(page);
  const report = await readDeviceReport(text);
  expect(report.models.map(({ backend, digest }) => [backend, digest])).toEqual([
    ['wasm', expected.batch],
    ['webgpu', expected.batch],
  ]);
  expect(report).toMatchObject({ rung: 'full', cases: null, gate: { verdict: 'full' } });
  expect(report.gate?.limits['maxBufferSize']).toBeGreaterThan(0);
  expect(report.claims).toMatchObject({
    browser: { name: browserName === 'firefox' ? 'Firefox' : 'Chromium' },
    engine: browserName === 'firefox' ? 'SpiderMonkey' : 'V8',
    system: 'Linux',
  });
  await expect(page.locator('#file')).toHaveAttribute('download', FILES[browserName]);
  // Firefox's protocol tells of no downloads; what the link holds was read above.
  if (browserName === 'chromium') {
    const link = page.getByRole('link', { name: 'Download the report' });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe(FILES[browserName]);
    expect(readFileSync(await download.path(), 'utf8')).toBe(text);
  }
  await expect(page.locator('#file-place')).toHaveText(`wall/reports/${FILES[browserName]}`);
  await expect(page.locator('#pull-request')).toContainText(`digits on WebGPU: same`);
  await expect(page.locator('#github')).toBeHidden();

  // The clipboard's own text, pasted where it can be read.
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await page.evaluate(() => {
    const area = document.createElement('textarea');
    area.id = 'pasted';
    document.body.append(area);
    area.focus();
  });
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.locator('#pasted')).toHaveValue(/\/wall\/#report=[\w-]+$/);
  const address = await page.locator('#pasted').inputValue();
  await page.goto('about:blank');
  await page.goto(address);
  await expect(tagged(page).locator('.tag')).toHaveText('from the link');
  await expect(tagged(page).locator('.run.same')).toHaveCount(2);
});

test('operator cases are run where asked for', async ({ page }) => {
  await page.goto('./wall/?cases=elementwise/op=Sqrt');
  await page.getByRole('checkbox', { name: /operator cases/ }).check();
  await measure(page);
  const { cases } = await readDeviceReport(await offered(page));
  expect(cases?.wasm?.ran).toBeGreaterThan(1);
  expect(cases?.wasm).toMatchObject({ good: cases?.wasm?.ran, failures: [] });
  expect(cases?.webgpu).toMatchObject({ ran: cases?.wasm?.ran, good: cases?.wasm?.ran });
  await expect(tagged(page)).toContainText(`${cases?.wasm?.ran ?? 0} on WebGPU as expected`);
});

test('measuring is stopped when asked', async ({ page }) => {
  await openWall(page);
  await page.getByRole('checkbox', { name: /operator cases/ }).check();
  await page.getByRole('button', { name: 'Measure this device' }).click();
  await expect(page.locator('#measure-at')).toHaveText(/^operator cases: \d+ of \d+$/, {
    timeout: 100_000,
  });
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#measure-text')).toHaveText('stopped by the visitor');
  await expect(page.locator('#offers')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Measure this device' })).toBeEnabled();
});

test('without WebGPU a device is measured all the same, and says so', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });
  });
  await openWall(page);
  await measure(page);
  const report = await readDeviceReport(await offered(page));
  expect(report).toMatchObject({ gate: null, withoutGate: 'This browser has no WebGPU.' });
  expect(report.models.map(({ backend }) => backend)).toEqual(['wasm']);
  await expect(page.locator('#measure-text')).toContainText('This browser has no WebGPU.');
});

test('a report with another digest is marked as differing', async ({ page }) => {
  const doctored = foreign((report) => ({
    ...report,
    models: report.models.map((run) => ({ ...run, digest: `0${run.digest?.slice(1) ?? ''}` })),
  }));
  await openWall(page, fragmentOf(doctored));
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'differs');
  await expect(page.locator('#verdict-text')).toHaveText(/^different: 1 of \d+ runs/);
  await expect(tagged(page)).toHaveClass(/differs/);
  await expect(tagged(page).locator('.run')).toContainText('≠ differs');
  await expect(page.locator('.run.differs')).toHaveCount(1);
});

test('links come and go with the address, and a bad one is refused with the reason', async ({
  page,
}) => {
  const fragment = fragmentOf(foreign());
  await openWall(page);
  const follow = (to: string) => page.evaluate((hash) => (location.hash = hash), to);
  await follow(fragment);
  await expect(page.getByRole('rowheader', { name: 'Elsewhere 7' })).toBeVisible();
  await follow(fragment.slice(0, -20));
  await expect(page.locator('#refusals li')).toHaveText(
    /^not shown: link: cut short or changed: .*Copy the whole address again\.$/,
  );
  await expect(tagged(page)).toHaveCount(0);
  await follow('');
  await expect(page.locator('#refusals')).toBeHidden();
  await expect(rows(page)).toHaveCount(committed.length);
});

test('the demo and the wall lead to each other', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('link', { name: 'The wall of devices' }).click();
  await expect(page).toHaveURL(/\/wall\/$/);
  await expect(rows(page)).toHaveCount(committed.length);
  await page.getByRole('link', { name: 'Draw a digit' }).click();
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'same');
});

test('text is readable, and nothing is wider than a phone', async ({ page, browserName }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openWall(page, fragmentOf(foreign()));
  await page.getByRole('button', { name: /^Details of Elsewhere/ }).click();
  expect(await lowContrast(page)).toEqual([]);
  // Of Firefox's own theme: test/e2e/theme.spec.ts. The colours are the demo's.
  if (browserName === 'chromium') {
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await lowContrast(page)).toEqual([]);
  }
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(390);
});
