// The demo, clicked through: bundled digits give the repository's digests on both paths, a drawing gives the picture
// that its strokes define and the same bits on both, and the page notices when something differs.
import { normalise } from '../../demo/preprocess.ts';
import { rasterise } from '../../demo/rasterise.ts';
import { readFragment } from '../../demo/share.ts';
import { PAD, pointAt, segmentsOf } from '../../demo/strokes.ts';
import {
  bundled,
  digestOn,
  draw,
  expect,
  expected,
  IDENTICAL,
  openDemo,
  test,
} from './fixtures.ts';

const SEVEN = [
  [
    [0.3, 0.2],
    [0.5, 0.2],
    [0.7, 0.2],
    [0.58, 0.5],
    [0.45, 0.8],
  ],
] as const;

test('every bundled digit gives the repository’s digest and words on both paths', async ({
  page,
}) => {
  await openDemo(page);
  for (const { label, digest, words } of expected.pictures) {
    await page.getByRole('button', { name: `Digit ${label}` }).click();
    await expect(digestOn(page, 'expected')).toHaveText(digest);
    await expect(digestOn(page, 'wasm')).toHaveText(digest);
    await expect(digestOn(page, 'webgpu')).toHaveText(digest);
    await expect(page.locator('#verdict-text')).toHaveText(IDENTICAL);
    await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'same');
    await expect(page.locator('#reads')).toHaveText(`It reads a ${label}`);
    const rows = page.locator('#word-rows tr');
    await expect(rows).toHaveCount(10);
    for (const backend of [0, 1, 2]) {
      const column = rows.locator(`td:nth-of-type(${backend + 2})`);
      await expect(column).toHaveText(words);
    }
  }
  await expect(page.locator('.logits li')).toHaveCount(10);
  await expect(page.locator('.path.wasm .time')).toHaveText(/ ms$/);
  await expect(page.locator('.path.webgpu .time')).toHaveText(/ ms$/);
});

test('a drawing is the picture of its strokes, with the same bits on both paths', async ({
  page,
}) => {
  await openDemo(page);
  const box = await page.locator('#pad').boundingBox();
  const [stroke = []] = await draw(page, SEVEN);
  await expect(page.locator('#reads')).toHaveText('It reads a 7');
  await expect(page.locator('#verdict-text')).toHaveText(IDENTICAL);
  await expect(page.locator('.path.expected')).toContainText('no digest for your own drawing');
  const digest = (await digestOn(page, 'wasm').textContent()) ?? '';
  await expect(digestOn(page, 'webgpu')).toHaveText(digest);
  expect(expected.pictures.map((one) => one.digest)).not.toContain(digest);

  // What the page made of the pointer's path, read from the link, against the same path here.
  await page.evaluate(() => {
    navigator.clipboard.writeText = (text) => {
      document.body.dataset['copied'] = text;
      return Promise.resolve();
    };
  });
  await page.getByRole('button', { name: 'Copy link' }).click();
  const link = (await page.locator('body').getAttribute('data-copied')) ?? '';
  const shared = readFragment(new URL(link).hash);
  expect(shared?.digest).toBe(digest);
  const points = stroke.map(([x, y]) => pointAt(x, y, box?.width ?? 0, box?.height ?? 0));
  const picture = normalise(rasterise(segmentsOf([points]), PAD, 1), PAD);
  expect([...(shared?.pixels ?? [])]).toEqual([...picture]);

  // Another visit with that link gets the same digest and says whose it is compared with.
  await page.goto('about:blank');
  await openDemo(page, new URL(link).hash);
  await expect(page.locator('.path.expected')).toContainText('From the other device');
  await expect(digestOn(page, 'wasm')).toHaveText(digest);
  await expect(page.locator('#verdict-text')).toHaveText(IDENTICAL);
  const forged = new URL(link).hash.replace(/digest=./, (text) =>
    text.endsWith('0') ? 'digest=1' : 'digest=0',
  );
  await page.evaluate((hash) => (location.hash = hash), forged);
  await expect(page.locator('#verdict-text')).toHaveText(
    'different: not the digest of the other device',
  );
});

test('undo and clear take the drawing back', async ({ page }) => {
  await openDemo(page);
  const undo = page.getByRole('button', { name: 'Undo' });
  const clear = page.getByRole('button', { name: 'Clear' });
  await expect(undo).toBeDisabled();
  await draw(page, SEVEN);
  await expect(page.locator('#reads')).toHaveText('It reads a 7');
  const seven = (await digestOn(page, 'wasm').textContent()) ?? '';
  await draw(page, [
    [
      [0.4, 0.5],
      [0.7, 0.5],
    ],
  ]);
  await expect(digestOn(page, 'wasm')).not.toHaveText(seven);
  await undo.click();
  await expect(digestOn(page, 'wasm')).toHaveText(seven);
  await clear.click();
  await expect(undo).toBeDisabled();
  await expect(page.locator('#reads')).toHaveText('');
  await expect(page.locator('#hint')).toBeVisible();
  await expect(page.locator('#verdict-text')).toHaveText(IDENTICAL);
});

test('the keyboard reaches a digit and the words', async ({ page }) => {
  await openDemo(page);
  await page.getByRole('button', { name: 'Digit 4' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('#reads')).toHaveText('It reads a 5');
  await expect(page.getByRole('button', { name: 'Digit 5' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await page.locator('#words summary').focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#word-rows tr').first()).toBeVisible();
});

test('without WebGPU the page says so and shows WebAssembly', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });
  });
  await openDemo(page);
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'partial');
  await expect(page.locator('#verdict-text')).toHaveText(
    'WebAssembly only, and the digest of the repository. This browser has no WebGPU.',
  );
  await expect(digestOn(page, 'wasm')).toHaveText(expected.pictures[3]?.digest ?? '');
  await expect(page.locator('.path.webgpu')).toContainText('This browser has no WebGPU.');
});

test('a digest other than the repository’s is a difference', async ({ page }) => {
  const wrong = structuredClone(expected);
  const digit = wrong.pictures[3];
  if (digit !== undefined)
    digit.digest = digit.digest.replace(/^./, (c) => (c === '0' ? '1' : '0'));
  await page.route('**/expected.json', (route) => route.fulfill({ json: wrong }));
  await openDemo(page);
  await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'differs');
  await expect(page.locator('#verdict-text')).toHaveText(
    'different: not the digest of the repository',
  );
});

test('fits a phone of 360 pixels', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openDemo(page);
  await page.locator('#words summary').click();
  await page.locator('#findings summary').click();
  for (const width of [360, 412, 819, 820]) {
    await page.setViewportSize({ width, height: 740 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, `at ${width}`).toBeLessThanOrEqual(0);
  }
});

test('the model is the one that was trained', async ({ request }) => {
  const response = await request.get('./digits.onnx');
  expect((await response.body()).length).toBe(bundled.model.bytes);
});
