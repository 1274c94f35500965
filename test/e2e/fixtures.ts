// What all page tests share: a page whose console, exceptions and requests are watched (an error, a warning or a
// request to another origin fails the test), and readers of what the demo shows.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test as base, type Locator, type Page } from '@playwright/test';
import type { Bundled, Expected } from '../../demo/bundled.ts';
import { serveFiles, type FileServer } from '../../src/cli/stacks/server.ts';

const folder = new URL('../../demo/public/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
export const bundled = read('digits.json') as Bundled;
export const expected = read('expected.json') as Expected;

/** Watches a page from now on. @returns what was wrong so far, which may still grow */
export function watch(page: Page, origin: string): string[] {
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(`exception: ${String(error)}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) wrong.push(`request to ${url}`);
  });
  return wrong;
}

export const test = base.extend({
  page: async ({ page, baseURL }, use) => {
    const wrong = watch(page, baseURL ?? '');
    await use(page);
    expect(wrong, 'console, exceptions, requests').toEqual([]);
  },
});

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const dist = path('../../dist');
const demo = path('../../demo/public');

/** Where `served` has the built library and the demo's model. */
export const ADDRESSES = {
  library: `/files${dist}/index.js`,
  model: `/files${demo}/digits.onnx`,
} as const;

/** Tests of the built library without any bundler: a blank page that a server of each worker has, see ADDRESSES. */
export const served = test.extend<object, { server: FileServer }>({
  server: [
    // Playwright reads the names of the fixtures that it needs from the pattern, here none.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      if (!existsSync(`${dist}/index.js`)) throw new Error('dist/ is missing: npm run build');
      const server = await serveFiles(path('../../src/cli/stacks/host.mjs'), [dist, demo]);
      await use(server);
      await server.close();
    },
    { scope: 'worker' },
  ],
});

export { expect };

export const IDENTICAL = 'identical: 10 of 10 logits, bit for bit';

/** Opens the demo and waits for its first verdict. */
export async function openDemo(page: Page, address = ''): Promise<void> {
  await page.goto(`./${address}`);
  await expect(page.locator('#verdict')).not.toHaveAttribute('data-state', 'busy');
  await settled(page);
}

/** The digest that the page shows for a path. */
export function digestOn(page: Page, path: 'wasm' | 'webgpu' | 'expected'): Locator {
  return page.locator(`.path.${path} .digest`);
}

/** Waits until the page shows the outcome of what was drawn or picked last. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('#paths')).toHaveAttribute('aria-busy', 'false');
}

/** Draws lines through points given as shares of the pad; each list is a stroke. @returns the positions that were used */
export async function draw(
  page: Page,
  strokes: readonly (readonly (readonly [number, number])[])[],
): Promise<[number, number][][]> {
  const box = await page.locator('#pad').boundingBox();
  if (box === null) throw new Error('the pad is not visible');
  const used: [number, number][][] = [];
  for (const stroke of strokes) {
    const positions: [number, number][] = [];
    for (const [i, [x, y]] of stroke.entries()) {
      // Whole pixels: Firefox gives no others.
      const at: [number, number] = [
        Math.round(box.x + x * box.width),
        Math.round(box.y + y * box.height),
      ];
      await page.mouse.move(...at);
      if (i === 0) await page.mouse.down();
      positions.push([at[0] - box.x, at[1] - box.y]);
    }
    await page.mouse.up();
    used.push(positions);
  }
  await settled(page);
  return used;
}
