// "Verify this device" in both browsers: the cases come out green on both paths, the report can be copied, a run can be
// stopped, and a wrong digest is found. All cases on all stacks are test/stacks/cases.test.ts's matter; here a few of
// every family run through the page. VERIFY=all runs all of them here too.
import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, openDemo, test } from './fixtures.ts';

/** Families whose cases are few and quick on software GPUs. */
const SUBSET = [
  'softmax/',
  'pad/',
  'mask/op=Trilu',
  'mat_mul/op=Gemm',
  'conv/by=hand',
  'elementwise/op=Sqrt',
];
const query = process.env['VERIFY'] === 'all' ? '' : `?cases=${SUBSET.join()}`;

test('every family of the subset has cases', () => {
  const folder = new URL('../golden/', import.meta.url);
  const ids = readdirSync(folder).flatMap((name) =>
    Object.keys(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object),
  );
  expect(SUBSET.filter((family) => !ids.some((id) => id.startsWith(family)))).toEqual([]);
});

const report = (page: Page): Promise<string> => page.locator('#report').innerText();

async function verify(page: Page, timeout: number): Promise<void> {
  await page.getByRole('button', { name: 'Verify this device' }).click();
  await expect(page.locator('#verify-report')).toBeVisible({ timeout });
}

test('all cases give the repository’s digests', async ({ page, browserName }) => {
  test.setTimeout(600_000);
  await openDemo(page, query);
  await verify(page, 580_000);
  const text = await report(page);
  await expect(page.locator('#verify-text'), text).toHaveText(/^identical: all \d+ cases/);
  await expect(page.locator('#verify-verdict')).toHaveAttribute('data-state', 'same');
  await expect(page.locator('#failing li')).toHaveCount(0);
  expect(text).toContain('failing   none');
  expect(text).toMatch(browserName === 'firefox' ? /browser +Firefox \d/ : /browser +Chromium \d/);
  expect(text).toMatch(/adapter +\S/);
  const cases = Number(/^cases +(\d+)$/m.exec(text)?.[1]);
  expect(cases).toBeGreaterThan(20);
  expect(text).toMatch(new RegExp(`^wasm +${cases} of ${cases} as expected$`, 'm'));
  expect(text).toMatch(new RegExp(`^webgpu +${cases} of ${cases} as expected`, 'm'));
  expect(text).not.toContain('no digest');
  console.log(text.replace(/^agent.*\n/m, ''));

  // The clipboard's own text, pasted where it can be read.
  await page.getByRole('button', { name: 'Copy report' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await page.evaluate(() => {
    const area = document.createElement('textarea');
    area.id = 'pasted';
    document.body.append(area);
    area.focus();
  });
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.locator('#pasted')).toHaveValue(/^isobit device report\n/);
  expect((await page.locator('#pasted').inputValue()).trim()).toBe(text.trim());
});

test('stops when asked, and the page stays usable meanwhile', async ({ page }) => {
  await openDemo(page);
  await page.getByRole('button', { name: 'Verify this device' }).click();
  await expect(page.locator('#verify-at')).toHaveText(/^[1-9]\d* of \d+ cases/);
  await page.getByRole('button', { name: 'Digit 8' }).click();
  await expect(page.locator('#reads')).toHaveText('It reads a 8');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#verify-report')).toBeVisible();
  expect(await report(page)).toContain('ended     stopped by the visitor');
  await expect(page.locator('#verify-text')).toHaveText(/^(not complete: stopped by|different)/);
  await expect(page.getByRole('button', { name: 'Verify this device' })).toBeEnabled();
});

/** From the moment it is called, nothing that the GPU computed arrives. */
const silenceGpu = (page: Page): Promise<void> =>
  page.evaluate(() => {
    GPUBuffer.prototype.mapAsync = () => new Promise(() => undefined);
  });

test('stops when asked where the GPU does not answer', async ({ page }) => {
  await openDemo(page, query);
  await silenceGpu(page);
  await page.getByRole('button', { name: 'Verify this device' }).click();
  await expect(page.locator('#verify-at')).toHaveText(/^1 of \d+ cases/);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#verify-report')).toBeVisible();
  expect(await report(page)).toContain('ended     stopped by the visitor');
  await expect(page.getByRole('button', { name: 'Verify this device' })).toBeEnabled();
});

test('a case that the GPU does not answer fails, and the next runs', async ({ page }) => {
  await openDemo(page, '?cases=softmax/');
  await page.clock.install();
  await silenceGpu(page);
  await page.getByRole('button', { name: 'Verify this device' }).click();
  await expect(page.locator('#verify-at')).toHaveText(/^1 of \d+ cases/);
  await page.clock.fastForward(60_000);
  await page.clock.fastForward(1000);
  await expect(page.locator('#verify-at')).toHaveText(/^2 of \d+ cases, 1 differ/);
});

test('a browser that gives no adapter is not waited for', async ({ page }) => {
  await openDemo(page, '?cases=softmax/');
  await page.clock.install();
  await page.evaluate(() => {
    GPU.prototype.requestAdapter = () => new Promise(() => undefined);
  });
  await page.getByRole('button', { name: 'Verify this device' }).click();
  await expect(async () => {
    await page.clock.fastForward(30_000);
    const text = page.locator('#verify-text');
    await expect(text).toHaveText(/^WebAssembly only: all \d+ cases/, { timeout: 1000 });
  }).toPass();
  expect(await report(page)).toMatch(/adapter +none: no answer in 30 s/);
});

test('an address that selects nothing is not a success', async ({ page }) => {
  await openDemo(page, '?cases=nothing/');
  await verify(page, 30_000);
  await expect(page.locator('#verify-text')).toHaveText(/^not complete: no case has such an id/);
  await expect(page.locator('#verify-verdict')).toHaveAttribute('data-state', 'partial');
});

test('nothing of the cases is loaded before the button is pressed', async ({ page }) => {
  const loaded: string[] = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  await openDemo(page);
  expect(loaded.filter((path) => /verify|cases/.test(path))).toEqual([]);
});

test('a wrong digest is found and named', async ({ page }) => {
  // One character of one golden digest in the built page.
  const [chunk = ''] = readdirSync(new URL('../../build/demo/assets/', import.meta.url)).filter(
    (name) => name.startsWith('cases-'),
  );
  let changed = 0;
  await page.route(`**/${chunk}`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      /(["'`]softmax\/[^"'`]+["'`]:["'`])([0-9a-f])/,
      (_, head: string, digit: string) => {
        changed += 1;
        return `${head}${digit === '0' ? '1' : '0'}`;
      },
    );
    await route.fulfill({ response, body });
  });
  await openDemo(page, '?cases=softmax/');
  await verify(page, 60_000);
  expect(changed).toBe(1);
  await expect(page.locator('#verify-verdict')).toHaveAttribute('data-state', 'differs');
  await expect(page.locator('#failing li')).toHaveCount(2);
  await expect(page.locator('#failing li').first()).toHaveText(/^wasm softmax\//);
  await expect(page.locator('#failing li').last()).toHaveText(/^webgpu softmax\//);
  expect(await report(page)).toContain('failing   2');
});
