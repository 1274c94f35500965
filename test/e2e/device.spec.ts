// The row of the visitor's GPU: the gate's verdict on the browsers' own devices, on one whose compiler is at fault
// (planted in the texts on their way to it), and where there is none.
import type { Page } from '@playwright/test';
import { expect, openDemo, test } from './fixtures.ts';

const verdict = (page: Page) => page.locator('#device-verdict');

/** From now on the page's GPU compiles `replace` where a shader says `find`. */
async function plant(page: Page, find: string, replace: string): Promise<void> {
  await page.addInitScript(
    ([from, to]) => {
      // The blank page before the demo is not secure, and has none.
      if (!('GPUDevice' in globalThis)) return;
      const device = GPUDevice.prototype;
      const compile = Reflect.get(device, 'createShaderModule') as GPUDevice['createShaderModule'];
      device.createShaderModule = function (descriptor) {
        return compile.call(this, { ...descriptor, code: descriptor.code.replaceAll(from, to) });
      };
    },
    [find, replace] as const,
  );
}

test('the verdict is shown, and the keyboard opens the findings', async ({ page }) => {
  await openDemo(page);
  await expect(verdict(page)).toHaveText('full: it computes as the library needs it');
  await expect(verdict(page)).toHaveAttribute('data-state', 'same');
  const about = (await page.locator('#device-about').textContent()) ?? '';
  const [, count] = /^\S.* · 0 of (\d+) findings differ · \d+ ms$/.exec(about) ?? [];
  expect(Number(count), about).toBeGreaterThan(20);
  const rows = page.locator('#finding-rows tr');
  await expect(rows).toHaveCount(Number(count));
  await expect(rows.first()).toBeHidden();
  await page.locator('#findings summary').focus();
  await page.keyboard.press('Enter');
  await expect(rows.first()).toBeVisible();
  await expect(page.getByRole('row', { name: /^rounding ok \d+ words$/ })).toBeVisible();
});

test('a GPU whose products are rounded wrongly is reduced, with the same bits', async ({
  page,
}) => {
  await plant(
    page,
    'return bar_bits(bitcast<f32>(a) * bitcast<f32>(b));',
    'return bar_bits(bitcast<f32>(a) * bitcast<f32>(b)) & 0xfffffffeu;',
  );
  await openDemo(page);
  await expect(page.locator('#device-text')).toHaveText(/^reduced: its floats differ/);
  await expect(verdict(page)).toHaveAttribute('data-state', 'partial');
  await expect(page.locator('#device-about')).toHaveText(/ · [1-9]\d* of \d+ findings differ · /);
  await expect(page.locator('#finding-rows tr.differs').first()).toBeVisible();
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'same');
});

test('a GPU that loses the upper half of loads is refused', async ({ page }) => {
  await plant(page, 'put(v.x);', 'put(v.x & 0xffffu);');
  await openDemo(page);
  await expect(page.locator('#device-text')).toHaveText(/^refused: /);
  await expect(verdict(page)).toHaveAttribute('data-state', 'differs');
  await expect(page.getByRole('row', { name: /^loads differs / })).toBeVisible();
  await expect(page.locator('.path.webgpu')).toContainText('does not compute as WGSL demands');
});

test('without WebGPU the row says so', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });
  });
  await openDemo(page);
  await expect(verdict(page)).toHaveText('no verdict: This browser has no WebGPU.');
  await expect(verdict(page)).toHaveAttribute('data-state', 'partial');
  await expect(page.locator('#findings')).toBeHidden();
});
