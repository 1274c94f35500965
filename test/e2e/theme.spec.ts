// Dark and light: the page follows the visitor's preference, and text stays readable in both (contrast of 4.5 after
// WCAG 2.2, 1.4.3, measured on the colours that the browser computed).
import type { Page } from '@playwright/test';
import { expect, openDemo, test } from './fixtures.ts';

/** Contrast of every kind of text against the nearest opaque ground, as `selector: ratio`, those below 4.5. */
function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r = 0, g = 0, b = 0]: number[]): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const ground = (from: Element | null): number[] => {
      for (let at = from; at !== null; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor);
        if ((color[3] ?? 1) === 1) return color;
      }
      return [255, 255, 255];
    };
    const low: string[] = [];
    const selectors =
      'h1, h2, h3, .quiet, .intro p, .label, .legend, .reads, .value, .digest, button:not(:disabled), .verdict p, summary, th, td, td code, .mark';
    for (const element of document.querySelectorAll<HTMLElement>(selectors)) {
      const a = luminance(parse(getComputedStyle(element).color));
      const b = luminance(ground(element));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) low.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
    }
    return [...new Set(low)];
  });
}

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
