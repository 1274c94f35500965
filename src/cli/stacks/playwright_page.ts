// A page that Playwright holds and that runs host.mjs: of a browser of this machine or of one at the other end of a
// connection. It promises that a crashed page or a browser that is gone ends the open request with an error, which
// carries what the page printed last. It starts and closes no browser.

import type { Browser, Page } from 'playwright-core';
import type { HostReply, OpenReport, PageHandle } from './types.ts';

interface PageHost {
  isobitHost?: {
    open(options: object): Promise<string>;
    run(bundle: string, job: string): Promise<string>;
  };
}

/** A page in a context of its own; `plain` leaves unset what stock Firefox has no commands for. */
export async function newPage(browser: Browser, plain: boolean): Promise<Page> {
  const unset = { colorScheme: null, reducedMotion: null, forcedColors: null, contrast: null };
  const context = await browser.newContext(plain ? unset : {});
  return context.newPage();
}

/**
 * Opens the host's page.
 *
 * @param name What error texts call the browser.
 * @throws Error When the page cannot be reached or holds no host.
 */
export async function openPage(
  name: string,
  address: string,
  browser: Browser,
  page: Page,
  log: (line: string) => void,
): Promise<PageHandle> {
  const printed: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (text.startsWith('isobit: ')) log(text.slice('isobit: '.length));
    else printed.push(text);
    if (printed.length > 20) printed.shift();
  });
  page.on('pageerror', (e) => printed.push(String(e)));

  let died: string | undefined;
  const death = new Promise<HostReply>((dead) => {
    const die = (why: string): void => {
      died ??= why;
      const text = [died, ...printed].join('\n');
      dead({ error: { name: 'StackError', message: text } });
    };
    page.on('crash', () => die(`${name}: the page crashed.`));
    page.on('close', () => die(`${name}: the page was closed.`));
    browser.on('disconnected', () => die(`${name}: the browser ended.`));
  });

  const ask = async (question: Promise<string>): Promise<HostReply> => {
    const answer = question.then(
      (text) => JSON.parse(text) as HostReply,
      (e: unknown) => ({ error: { name: 'StackError', message: String(e) } }),
    );
    return Promise.race([answer, death]);
  };

  // A second reading of the page, when the first navigation is aborted, would hide a crash: one attempt only.
  await page.goto(address);
  await page.waitForFunction(() => (globalThis as PageHost).isobitHost !== undefined);
  return {
    open: async (gpu) => {
      const reply = await ask(
        page.evaluate(
          async (o) => {
            const host = (globalThis as PageHost).isobitHost;
            return host === undefined ? '{}' : host.open(o);
          },
          { gpu },
        ),
      );
      return reply as OpenReport;
    },
    run: (bundle, job) =>
      ask(
        page.evaluate(
          async ([b, j]) => {
            const host = (globalThis as PageHost).isobitHost;
            return host === undefined ? '{}' : host.run(b, j);
          },
          [bundle, JSON.stringify(job)] as const,
        ),
      ),
    alive: () => died === undefined,
  };
}
