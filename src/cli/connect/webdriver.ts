// A browser behind a W3C WebDriver endpoint: a driver program such as chromedriver, Selenium Grid, a device farm. Driven by
// selenium-webdriver, an optional package that is imported only here. Jobs are started in the page and asked for again and
// again, in requests of their own, so that no proxy on the way has to keep one open as long as a run takes. It promises
// that a session that is gone ends the open request with an error. What a page prints is not seen: WebDriver has no way.

import { createRequire } from 'node:module';
import { findPackage } from '../stacks/locate.ts';
import type { HostReply, OpenReport } from '../stacks/types.ts';
import { hostLimit, UNREACHED } from './remote.ts';
import type { Remote, RemoteBrowser, RemotePage, RemoteSession } from './remote.ts';

/** The version that this is tested with. */
export const SELENIUM = 'selenium-webdriver@4.49.0';

/** How long to wait before a job's answer is asked for again, in ms: the first waits are short, for small models. */
const FIRST_WAIT = 25;
const LONGEST_WAIT = 1000;

// The package brings no types; these are what is used of it.
interface Capabilities {
  get(name: string): unknown;
}
interface Driver {
  get(url: string): Promise<void>;
  getCapabilities(): Promise<Capabilities>;
  manage(): { setTimeouts(limits: { script: number; pageLoad: number }): Promise<void> };
  executeScript(script: string, ...values: unknown[]): Promise<unknown>;
  quit(): Promise<void>;
}
interface Selenium {
  Capabilities: new (values: object) => object;
  WebDriver: { createSession(executor: object, capabilities: object): Driver };
}
interface SeleniumHttp {
  HttpClient: new (url: string) => object;
  Executor: new (client: Promise<object>) => object;
}

function loadSelenium(): Selenium & SeleniumHttp {
  const main = findPackage('selenium-webdriver');
  const http = findPackage('selenium-webdriver/http');
  if (main === undefined || http === undefined) {
    throw new Error(`selenium-webdriver is not installed. Install it: npm install ${SELENIUM}`);
  }
  const require = createRequire(import.meta.url);
  // Not its Builder, whose endpoint an environment variable replaces without a word.
  return { ...(require(main) as Selenium), ...(require(http) as SeleniumHttp) };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' && value !== '' ? value : 'unknown';

const said = (error: unknown): string => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  // Drivers add their own stack traces.
  return message.split(/\n\s*(?:\(Session info|#0 |Build info)/)[0]?.trim() ?? message;
};

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits, longer each time, until `look` finds something. */
async function poll<T>(look: () => Promise<T | null>): Promise<T> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const found = await look();
    if (found !== null) return found;
    await sleep(wait);
  }
}

async function openHost(driver: Driver, page: RemotePage): Promise<void> {
  const { address, timeoutMs } = page;
  await driver.manage().setTimeouts({ script: timeoutMs, pageLoad: timeoutMs });
  try {
    await driver.get(address);
    const deadline = Date.now() + hostLimit(page);
    await poll(async () => {
      const ready = await driver.executeScript('return globalThis.isobitHost !== undefined');
      if (ready === true) return true;
      if (Date.now() < deadline) return null;
      throw new Error('the page there is not this one');
    });
  } catch (e) {
    throw new Error(`the browser does not open ${address}: ${said(e)}. ${UNREACHED}`, { cause: e });
  }
}

/** Calls a function of the host in the page and waits for what it answers. */
async function askHost(
  driver: Driver,
  name: 'open' | 'run',
  values: unknown[],
): Promise<HostReply> {
  await driver.executeScript(
    `globalThis.isobitAnswer = null;
     globalThis.isobitHost[arguments[0]](...arguments[1]).then((text) => { globalThis.isobitAnswer = text; });`,
    name,
    values,
  );
  const text = await poll(async () => {
    const answer = await driver.executeScript('return globalThis.isobitAnswer');
    if (typeof answer === 'string') return answer;
    if (answer === null) return null;
    // A page that was loaded anew has no such name.
    throw new Error('the page is another than the job was started in');
  });
  return JSON.parse(text) as HostReply;
}

async function browserOf(driver: Driver): Promise<RemoteBrowser> {
  const capabilities = await driver.getCapabilities();
  const of = (name: string): string => textOf(capabilities.get(name));
  return { name: of('browserName'), version: of('browserVersion'), platform: of('platformName') };
}

/**
 * Creates a session and opens the page.
 *
 * @throws Error When the endpoint cannot be reached, refuses the session, or the browser does not reach the page.
 */
export async function connectWebDriver(remote: Remote, page: RemotePage): Promise<RemoteSession> {
  const { Capabilities, WebDriver, HttpClient, Executor } = loadSelenium();
  const executor = new Executor(Promise.resolve(new HttpClient(remote.address.url)));
  const driver = WebDriver.createSession(executor, new Capabilities(remote.capabilities));
  const browser = await browserOf(driver).catch((e: unknown) => {
    throw new Error(`no session: ${said(e)}`, { cause: e });
  });
  let died: string | undefined;
  const ask = async (name: 'open' | 'run', values: unknown[]): Promise<HostReply> => {
    try {
      return await askHost(driver, name, values);
    } catch (e) {
      died ??= `the session ended: ${said(e)}`;
      return { error: { name: 'StackError', message: died } };
    }
  };
  const close = async (): Promise<void> => driver.quit();
  try {
    await openHost(driver, page);
  } catch (e) {
    await close().catch(() => undefined);
    throw e;
  }
  return {
    browser,
    page: {
      open: async (gpu) => (await ask('open', [{ gpu }])) as OpenReport,
      run: (bundle, job) => ask('run', [bundle, JSON.stringify(job)]),
      alive: () => died === undefined,
    },
    close,
  };
}
