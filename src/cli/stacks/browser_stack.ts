// A stack that is a browser of this machine: Chromium or Firefox, driven by Playwright, with one blank page that runs
// host.mjs from a loopback server. Playwright is an optional package, imported only here; it drives the system's own
// browsers and downloads none. What it does with a page is playwright_page.ts.

import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserType } from 'playwright-core';
import { PLAYWRIGHT } from './catalog.ts';
import type { Start } from './catalog.ts';
import { findChromium, findFirefox, findLavapipe, findPackage } from './locate.ts';
import { newPage, openPage } from './playwright_page.ts';
import { serveFiles } from './server.ts';
import type { Connection } from './types.ts';

type BrowserStart = Extract<Start, { kind: 'browser' }>;

export interface Playwright {
  chromium: BrowserType;
  firefox: BrowserType;
  webkit: BrowserType;
}

/** @throws Error When it is not installed; the text says how to. */
export async function loadPlaywright(): Promise<Playwright> {
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
    // Firefox's own protocol lacks the commands behind some settings of a page.
    const page = await newPage(browser, start.browser === 'firefox');
    const host = await openPage(start.browser, server.page, browser, page, log);
    const own = browser;
    const close = async (): Promise<void> => {
      await own.close().catch(() => undefined);
      await server.close();
    };
    return {
      open: async () => {
        const report = await host.open(start.gpu);
        if (report.result !== undefined) report.result.versions[start.browser] = own.version();
        return report;
      },
      run: (bundle, job) => host.run(bundle, job),
      alive: () => host.alive(),
      stop: close,
      kill: close,
    };
  } catch (e) {
    await browser?.close();
    await server.close();
    throw e;
  }
}
