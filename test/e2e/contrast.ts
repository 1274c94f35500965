// Text that is hard to read on a page: contrast after WCAG 2.2, 1.4.3, of the colours that the browser computed.
import type { Page } from '@playwright/test';

/** Contrast of every kind of text against the nearest opaque ground, as `selector: ratio`, those below 4.5. */
export function lowContrast(page: Page): Promise<string[]> {
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
      'h1, h2, h3, h4, a, li, li b, label, .quiet, .intro p, .label, .legend, .reads, .value, .digest, button:not(:disabled), .verdict p, .run span, .tag, summary, th, td, td code, pre, .mark';
    for (const element of document.querySelectorAll<HTMLElement>(selectors)) {
      const a = luminance(parse(getComputedStyle(element).color));
      const b = luminance(ground(element));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) low.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
    }
    return [...new Set(low)];
  });
}
