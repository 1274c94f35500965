// The names of browser and system as far as they tell them, for a person who reads a report. Nothing depends on them.

interface BrandData {
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  readonly platform: string;
}

const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /\bEdg(?:A|iOS)?\/([\d.]+)/],
  ['Opera', /\bOPR\/([\d.]+)/],
  ['Samsung Internet', /\bSamsungBrowser\/([\d.]+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/([\d.]+)/],
  ['Chrome', /\b(?:Chrome|HeadlessChrome|CriOS)\/([\d.]+)/],
  ['Safari', /\bVersion\/([\d.]+).*Safari/],
];

const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad|iPod/],
  ['ChromeOS', /CrOS/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['Linux', /Linux/],
];

/** `Firefox 153.0 on Linux`. */
export function browserName(agent: string, data?: BrandData): string {
  // Brands hold a made-up one ("Not:A-Brand") and the engine's; the product is neither, where there is one.
  const real = (data?.brands ?? []).filter(({ brand }) => !/not.?a.?brand/i.test(brand));
  const product = real.find(({ brand }) => brand !== 'Chromium') ?? real[0];
  const found = BROWSERS.map(([name, pattern]) => [name, pattern.exec(agent)?.[1]] as const).find(
    ([, version]) => version !== undefined,
  );
  const browser =
    product !== undefined
      ? `${product.brand} ${product.version}`
      : found !== undefined
        ? `${found[0]} ${found[1] ?? ''}`
        : 'unknown browser';
  const system = data?.platform || SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0];
  return system === undefined ? browser : `${browser} on ${system}`;
}

export function thisBrowser(): string {
  const { userAgent } = navigator;
  const data = (navigator as { userAgentData?: BrandData }).userAgentData;
  return browserName(userAgent, data);
}
