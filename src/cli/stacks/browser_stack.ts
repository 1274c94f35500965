// A stack that is a browser: Chromium or Firefox, driven by Playwright, with one blank page that runs host.mjs from a
// loopback server. It promises that a crashed page or a closed browser ends the open request with an error. Playwright
// is an optional package, imported only here; it drives the system's own browsers and downloads none.

import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserType, Page } from 'playwright-core';
import { PLAYWRIGHT } from './catalog.ts';
import type { Start } from './catalog.ts';
import { findChromium, findFirefox, findLavapipe, findPackage } from './locate.ts';
import type { Connection, HostReply, OpenReport } from './types.ts';
import { serveFiles } from './server.ts';

type BrowserStart = Extract<Start, { kind: 'browser' }>;

interface Playwright {
  chromium: BrowserType;
  firefox: BrowserType;
}

async function loadPlaywright(): Promise<Playwright> {
  const path = findPackage('playwright-core');
  if (path === undefined) {
    throw new Error(`Playwright is not installed. Install it: npm install ${PLAYWRIGHT}`);
  }
  const module = (await import(pathToFileURL(path).href)) as { default: Playwright };
  return module.default;
}

/** A copy of this process's environment with `extra`, in Playwright's type. */
function environment(extra: Record<string, string | undefined>): Record<string, string> {
  const merged = { ...process.env, ...extra };
  const entries = Object.entries(merged).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}

async function launch(start: BrowserStart): Promise<Browser> {
  const { chromium, firefox } = await loadPlaywright();
  const XDG_RUNTIME_DIR = process.env['XDG_RUNTIME_DIR'] ?? tmpdir();
  if (start.browser === 'chromium') {
    return chromium.launch({
      executablePath: findChromium() ?? 'chromium',
      args: [
        '--headless=new',
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--disable-background-networking',
        '--no-first-run',
      ],
      env: environment({ XDG_RUNTIME_DIR }),
    });
  }
  return firefox.launch({
    channel: 'moz-firefox',
    executablePath: findFirefox() ?? 'firefox',
    firefoxUserPrefs: {
      'dom.webgpu.enabled': true,
      'gfx.webgpu.ignore-blocklist': true,
      // A long job is not a hung page.
      'dom.max_script_run_time': 0,
    },
    env: environment({ XDG_RUNTIME_DIR, VK_ICD_FILENAMES: findLavapipe() }),
  });
}

async function newPage(browser: Browser, start: BrowserStart): Promise<Page> {
  // Firefox's own protocol lacks the commands behind these four settings.
  const unset = { colorScheme: null, reducedMotion: null, forcedColors: null, contrast: null };
  const context = await browser.newContext(start.browser === 'firefox' ? unset : {});
  return context.newPage();
}

interface PageHost {
  isobitHost?: {
    open(options: object): Promise<string>;
    run(bundle: string, job: string): Promise<string>;
  };
}

/** Starts the server, the browser and the page. Throws when one of them does not start. */
export async function connectBrowser(
  start: BrowserStart,
  hostScript: string,
  roots: string[],
  log: (line: string) => void,
): Promise<Connection> {
  const server = await serveFiles(hostScript, roots);
  let browser: Browser | undefined;
  try {
    browser = await launch(start);
    const page = await newPage(browser, start);
    return await connectPage(start, server, browser, page, log);
  } catch (e) {
    await browser?.close();
    await server.close();
    throw e;
  }
}

async function connectPage(
  start: BrowserStart,
  server: { origin: string; close(): Promise<void> },
  browser: Browser,
  page: Page,
  log: (line: string) => void,
): Promise<Connection> {
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
    page.on('crash', () => die(`${start.browser}: the page crashed.`));
    page.on('close', () => die(`${start.browser}: the page was closed.`));
    browser.on('disconnected', () => die(`${start.browser}: the browser ended.`));
  });

  const ask = async (question: Promise<string>): Promise<HostReply> => {
    const answer = question.then(
      (text) => JSON.parse(text) as HostReply,
      (e: unknown) => ({ error: { name: 'StackError', message: String(e) } }),
    );
    return Promise.race([answer, death]);
  };

  // A second reading of the page, when the first navigation is aborted, would hide a crash: one attempt only.
  await page.goto(`${server.origin}/`);
  await page.waitForFunction(() => (globalThis as PageHost).isobitHost !== undefined);
  const close = async (): Promise<void> => {
    await browser.close().catch(() => undefined);
    await server.close();
  };
  return {
    open: async () => {
      const options = { gpu: start.gpu };
      const reply = await ask(
        page.evaluate(async (o) => {
          const host = (globalThis as PageHost).isobitHost;
          return host === undefined ? '{}' : host.open(o);
        }, options),
      );
      const report = reply as OpenReport;
      if (report.result !== undefined) report.result.versions[start.browser] = browser.version();
      return report;
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
    stop: close,
    kill: close,
  };
}
