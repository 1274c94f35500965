// A browser at a Playwright server: `npx playwright run-server`, or what browserType.launchServer() started. A server
// that launches the browser for this connection is asked to route the browser's loopback to this machine, so that the
// page needs no network of its own; a browser that was launched before cannot do so, and reaches what its machine
// reaches. Which browser is launched stands in the URL, as Playwright's server reads it: ws://HOST:PORT/?browser=firefox.

import type { Browser, BrowserType } from 'playwright-core';
import { UsageError } from '../output.ts';
import { loadPlaywright } from '../stacks/browser_stack.ts';
import { newPage, openPage } from '../stacks/playwright_page.ts';
import { hostLimit, UNREACHED } from './remote.ts';
import type { Remote, RemotePage, RemoteSession } from './remote.ts';

const BROWSERS = ['chromium', 'firefox', 'webkit'] as const;

/** The browser that a URL names; Chromium where it names none. @throws UsageError for one that Playwright lacks */
export function browserOf(url: string): (typeof BROWSERS)[number] {
  const asked = new URL(url).searchParams.get('browser') ?? 'chromium';
  const known = BROWSERS.find((name) => name === asked);
  if (known !== undefined) return known;
  throw new UsageError(`--connect: browser: expected one of ${BROWSERS.join(', ')}, got ${asked}.`);
}

/** What Playwright says, without its log of the connection; of two versions that do not match, how to mend it. */
function said(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const there = /server version: v([\d.]+)/.exec(text)?.[1];
  const here = /client version: v([\d.]+)/.exec(text)?.[1];
  if (there !== undefined && here !== undefined) {
    const versions = `expected Playwright ${here} at the server, as here, got ${there}`;
    return `the versions differ: ${versions}. Install the same: npm install playwright-core@${there} here, or ${here} there.`;
  }
  return text.split('\nCall log:')[0]?.trim() ?? text;
}

async function connect(type: BrowserType, url: string, page: RemotePage): Promise<Browser> {
  const timeout = page.timeoutMs;
  try {
    return await type.connect(
      url,
      page.isLoopback ? { timeout, exposeNetwork: '<loopback>' } : { timeout },
    );
  } catch (e) {
    throw new Error(said(e), { cause: e });
  }
}

/**
 * Connects and opens the page.
 *
 * @throws Error When the server cannot be reached, is of another version, has no such browser, or the browser does not
 * reach the page.
 */
export async function connectPlaywright(
  { address }: Remote,
  page: RemotePage,
  log: (line: string) => void,
): Promise<RemoteSession> {
  const name = browserOf(address.url);
  const browser = await connect((await loadPlaywright())[name], address.url, page);
  const close = async (): Promise<void> => browser.close();
  try {
    const own = await newPage(browser, true);
    own.setDefaultNavigationTimeout(page.timeoutMs);
    own.setDefaultTimeout(hostLimit(page));
    const host = await openPage('browser', page.address, browser, own, log).catch((e: unknown) => {
      throw new Error(`the browser does not open ${page.address}: ${said(e)} ${UNREACHED}`, {
        cause: e,
      });
    });
    const agent = await own.evaluate(() => {
      const { userAgent, platform } = navigator;
      // Not in every browser, and not in the types.
      const data =
        'userAgentData' in navigator ? (navigator.userAgentData as { platform?: string }) : {};
      return { userAgent, platform: data.platform ?? platform };
    });
    // A server that launched its browser before gives that one, whatever the URL says.
    const actual = /Firefox\//.test(agent.userAgent)
      ? 'firefox'
      : name === 'firefox'
        ? 'chromium'
        : name;
    return {
      browser: { name: actual, version: browser.version(), platform: agent.platform },
      page: host,
      close,
    };
  } catch (e) {
    await close().catch(() => undefined);
    throw e;
  }
}
