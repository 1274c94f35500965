// The names of browser, engine, system and processor as far as they tell them, for a person who reads a report. Nothing
// depends on them.

interface Brand {
  readonly brand: string;
  readonly version: string;
}

/** What Chromium's `navigator.userAgentData` says at once, and what of it when asked. */
export interface BrandData {
  readonly brands: readonly Brand[];
  readonly platform: string;
}

interface MoreData {
  readonly fullVersionList?: readonly Brand[];
  readonly architecture?: string;
  readonly bitness?: string;
}

interface AgentData extends BrandData {
  getHighEntropyValues(hints: readonly string[]): Promise<MoreData>;
}

/** Where a page runs; what is not told is not there. */
export interface Environment {
  readonly browser: { readonly name: string; readonly version: string } | undefined;
  readonly engine: 'V8' | 'SpiderMonkey' | 'JavaScriptCore' | undefined;
  readonly system: string | undefined;
  readonly processor: string | undefined;
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

/** The product among brands: they hold a made-up one ("Not:A-Brand") and the engine's too. */
function productOf(brands: readonly Brand[] = []): Brand | undefined {
  const real = brands.filter(({ brand }) => !/not.?a.?brand/i.test(brand));
  return real.find(({ brand }) => brand !== 'Chromium') ?? real[0];
}

function engineOf(agent: string, system: string | undefined): Environment['engine'] {
  // On iOS every browser is WebKit.
  if (system === 'iOS') return 'JavaScriptCore';
  if (/\bFirefox\//.test(agent)) return 'SpiderMonkey';
  if (/\b(?:Headless)?Chrome\//.test(agent)) return 'V8';
  return /AppleWebKit/.test(agent) ? 'JavaScriptCore' : undefined;
}

function processorOf(agent: string, { architecture, bitness }: MoreData): string | undefined {
  if (architecture === 'x86') return bitness === '32' ? 'x86' : 'x86-64';
  if (architecture === 'arm') return bitness === '32' ? 'arm' : 'arm64';
  // Macs say Intel on every processor, and phones say nothing that holds.
  if (/Mac OS X|Android/.test(agent)) return undefined;
  if (/aarch64|arm64/i.test(agent)) return 'arm64';
  return /x86_64|x64|WOW64/.test(agent) ? 'x86-64' : undefined;
}

/** What the user agent's text says, and the brands where there are any. */
export function environmentOf(agent: string, data?: BrandData, more: MoreData = {}): Environment {
  const found = BROWSERS.map(([name, pattern]) => [name, pattern.exec(agent)?.[1]] as const).find(
    ([, version]) => version !== undefined,
  );
  const product = productOf(more.fullVersionList) ?? productOf(data?.brands);
  const browser =
    product !== undefined
      ? { name: product.brand, version: product.version }
      : found === undefined
        ? undefined
        : { name: found[0], version: found[1] ?? '' };
  const system = data?.platform || SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0];
  const processor = processorOf(agent, more);
  return { browser, engine: engineOf(agent, system), system, processor };
}

/** `Firefox 153.0 on Linux`. */
export function browserName(agent: string, data?: BrandData): string {
  const { browser, system } = environmentOf(agent, data);
  const name = browser === undefined ? 'unknown browser' : `${browser.name} ${browser.version}`;
  return system === undefined ? name : `${name} on ${system}`;
}

const agentData = (): AgentData | undefined =>
  (navigator as { userAgentData?: AgentData }).userAgentData;

export function thisBrowser(): string {
  return browserName(navigator.userAgent, agentData());
}

/** This page's environment, with what browsers tell only when asked. */
export async function thisEnvironment(): Promise<Environment> {
  const data = agentData();
  const hints = ['fullVersionList', 'architecture', 'bitness'];
  const more = await data?.getHighEntropyValues(hints);
  return environmentOf(navigator.userAgent, data, more);
}
