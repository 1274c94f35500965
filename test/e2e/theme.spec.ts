// Dark and light: the page follows the visitor's preference, and text stays readable in both (contrast of 4.5 after
// WCAG 2.2, 1.4.3, measured on the colours that the browser computed).
import type { Page } from '@playwright/test';
import { lowContrast } from './contrast.ts';
import { expect, openDemo, test } from './fixtures.ts';

const lightness = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const [r = 0, g = 0, b = 0] = (
      getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []
    ).map(Number);
    return (r + g + b) / 765;
  });

for (const theme of ['light', 'dark'] as const) {
  test(`${theme}: the page follows, and its text is readable`, async ({
    page,
    browserName,
    browser,
    playwright,
    baseURL,
    launchOptions,
  }) => {
    let shown = page;
    let own: typeof browser | undefined;
    if (browserName === 'chromium') await page.emulateMedia({ colorScheme: theme });
    else {
      // Firefox's protocol has no command for the theme; a preference of its own decides.
      own = await playwright.firefox.launch({
        ...launchOptions,
        channel: 'moz-firefox',
        firefoxUserPrefs: {
          ...launchOptions.firefoxUserPrefs,
          'layout.css.prefers-color-scheme.content-override': theme === 'dark' ? 0 : 1,
        },
      });
      const context = await own.newContext({
        baseURL: baseURL ?? '',
        colorScheme: null,
        reducedMotion: null,
        forcedColors: null,
        contrast: null,
      });
      shown = await context.newPage();
    }
    try {
      await openDemo(shown);
      await shown.locator('#words summary').click();
      await shown.locator('#findings summary').click();
      if (theme === 'dark') expect(await lightness(shown)).toBeLessThan(0.2);
      else expect(await lightness(shown)).toBeGreaterThan(0.9);
      expect(await lowContrast(shown)).toEqual([]);
    } finally {
      await own?.close();
    }
  });
}
