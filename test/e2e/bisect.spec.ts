// "Find the first difference" on the page: this device's trace is saved, is identical with itself, and a lie planted in it is
// found at its node and element, whoever's file it is; what is no trace is said to be none.
import { bytesToHex } from '@noble/hashes/utils.js';
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { treeOf } from '../../src/evidence/trace.ts';
import type { Trace } from '../../src/index.ts';
import { expect, openDemo, test } from './fixtures.ts';

interface Saved {
  readonly picture: string;
  readonly trace: Trace;
  readonly values: Readonly<Record<string, string>>;
}

const verdict = (page: Page) => page.locator('#bisect-verdict');

/** As a paste does it, at once: typed, such a text takes minutes. */
const paste = (page: Page, text: string): Promise<void> =>
  page.getByLabel('Or paste it').evaluate((area, all) => {
    (area as HTMLTextAreaElement).value = all;
    area.dispatchEvent(new Event('input'));
  }, text);

/** Opens the panel and reads what it offers to save. */
async function saved(page: Page): Promise<Saved> {
  await page.getByRole('button', { name: 'Trace this device' }).click();
  await expect(verdict(page)).toHaveText(
    /^traced on (the GPU|WebAssembly): \d+ nodes, root [0-9a-f]{16}…$/,
  );
  const link = page.getByRole('link', { name: 'Save this device’s trace' });
  await expect(link).toHaveAttribute('download', 'isobit.trace.json');
  const text = await link.evaluate(async (one) =>
    (await fetch((one as HTMLAnchorElement).href)).text(),
  );
  return JSON.parse(text) as Saved;
}

/** The same with another lowest bit of the last element that node `at` gave, and a root of its own. */
function lied({ trace, values, ...rest }: Saved, at: number) {
  const value = trace.nodes[at]?.outputs[0];
  if (value === null || value === undefined) throw new Error('no output');
  const bytes = Buffer.from(values[value.digest] ?? '', 'base64');
  const word = (): string =>
    `0x${bytes
      .readUInt32LE(bytes.length - 4)
      .toString(16)
      .padStart(8, '0')}`;
  const honest = word();
  bytes[bytes.length - 4] = (bytes[bytes.length - 4] ?? 0) ^ 1;
  const digest = createHash('sha256').update(bytes).digest('hex');
  const nodes = trace.nodes.map((node, i) =>
    i === at ? { ...node, outputs: [{ ...value, digest }] } : node,
  );
  const changed = { ...trace, nodes };
  return {
    ...{ honest, lied: word(), name: value.name, operator: trace.nodes[at]?.operator },
    index: (value.dims ?? []).reduce((product, dim) => product * dim, 1) - 1,
    file: {
      ...rest,
      trace: { ...changed, root: bytesToHex(treeOf(changed).head()) },
      values: { ...values, [digest]: bytes.toString('base64') },
    },
  };
}

test('a device’s trace is saved, compared, and a lie in it is found', async ({ page }) => {
  await openDemo(page);
  await page.getByRole('button', { name: 'Digit 7' }).click();
  await expect(page.locator('#reads')).toHaveText('It reads a 7');
  const own = await saved(page);
  await paste(page, JSON.stringify(own));
  const n = own.trace.nodes.length;
  await expect(verdict(page)).toHaveText(`identical: all ${n} nodes gave the same bits`);
  await expect(verdict(page)).toHaveAttribute('data-state', 'same');

  // Another picture is shown meanwhile: the file's is what is traced.
  await page.getByRole('button', { name: 'Digit 2' }).click();
  const lie = lied(own, 2);
  const buffer = Buffer.from(JSON.stringify(lie.file));
  await page
    .getByLabel('Another device’s trace')
    .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer });
  const found = new RegExp(
    `^first difference: ${lie.operator} .*\\(node 2\\): this device is right, the other is not\\. Element ${lie.index} of '.*': expected ${lie.honest}, this device ${lie.honest}, the other ${lie.lied}$`,
  );
  await expect(verdict(page)).toHaveText(found);
  await expect(verdict(page)).toHaveAttribute('data-state', 'differs');

  // A trace alone has no values, and is of the picture that is shown now.
  await paste(page, JSON.stringify(own.trace));
  await expect(verdict(page)).toHaveText('not of the same run: the input is another');
  await page.getByRole('button', { name: 'Digit 7' }).click();
  await expect(page.locator('#reads')).toHaveText('It reads a 7');
  await paste(page, JSON.stringify(lie.file.trace));
  await expect(verdict(page)).toHaveText(
    /\(node 2\): this device is right.*does not have the values$/,
  );

  // On a phone too.
  await page.setViewportSize({ width: 360, height: 740 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);

  await paste(page, '{"format":"isobit-demo-trace/1"');
  await expect(verdict(page)).toHaveText(/^not JSON: expected what this page/);
  await paste(page, '{}');
  await expect(verdict(page)).toHaveText(/^no trace: not as its schema says/);
});
