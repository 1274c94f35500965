// Real browsers over the protocols of remote ones, all on this machine: Chromium and Firefox at Playwright servers, Chromium
// behind chromedriver. On WASM and WebGPU they give the reference's digest; one whose browser dies in the middle of a run
// is tried once more and then reported. What needs no browser is test/cli/connect.test.ts.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BrowserServer } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { remotesOf } from '../../src/cli/connect/options.ts';
import { remoteColumns } from '../../src/cli/connect/run_remotes.ts';
import { matrixGood, matrixText } from '../../src/cli/matrix.ts';
import type { MatrixStack } from '../../src/cli/matrix.ts';
import { matrixOfModels } from '../../src/cli/matrix_command.ts';
import { loadPlaywright } from '../../src/cli/stacks/browser_stack.ts';
import {
  findChromium,
  findFirefox,
  findLavapipe,
  findPackage,
} from '../../src/cli/stacks/locate.ts';
import { serveFiles } from '../../src/cli/stacks/server.ts';
import { readDeviceReport } from '../../src/evidence/device_report.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const model = join(root, 'demo/public/digits.onnx');
const bundle = join(root, 'test/stacks/jobs/signal_job.mjs');
const host = join(root, 'src/cli/stacks/host.mjs');
const LIMIT = 120_000;
const chromium = findChromium() ?? 'chromium';
const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--no-first-run',
];
const CAPABILITIES = JSON.stringify({
  browserName: 'chrome',
  'goog:chromeOptions': { binary: chromium, args: ARGUMENTS },
});
const env = { ...process.env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? tmpdir() };

const children: ChildProcess[] = [];
const launched: BrowserServer[] = [];

/** Starts a program and waits for a line of its output, of which it returns what the pattern's group holds. */
function started(
  program: string,
  args: string[],
  pattern: RegExp,
): Promise<[ChildProcess, string]> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((found, failed) => {
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`${program}: exit code ${String(code)}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const text = pattern.exec(line)?.[1];
      if (text !== undefined) found([child, text]);
    });
  });
}

async function chromedriver(): Promise<[ChildProcess, string]> {
  const pattern = /started successfully on port (\d+)/;
  const [child, port] = await started('/usr/bin/chromedriver', ['--port=0'], pattern);
  return [child, `http://127.0.0.1:${port}`];
}

/** `npx playwright run-server`, and the query that has it start the system's Chromium. */
async function playwrightServer(): Promise<string> {
  const program = join(findPackage('playwright/package.json') ?? '', '../cli.js');
  const args = [program, 'run-server', '--host', '127.0.0.1', '--port', '0', '--unsafe'];
  const [, address] = await started(process.execPath, args, /Listening on (ws:\S+)/);
  const options = { executablePath: chromium, args: ARGUMENTS };
  return `${address}?browser=chromium&launch-options=${encodeURIComponent(JSON.stringify(options))}`;
}

async function launchedServer(browser: 'chromium' | 'firefox'): Promise<BrowserServer> {
  const playwright = await loadPlaywright();
  const server =
    browser === 'chromium'
      ? await playwright.chromium.launchServer({ executablePath: chromium, args: ARGUMENTS })
      : await playwright.firefox.launchServer({
          channel: 'moz-firefox',
          executablePath: findFirefox() ?? 'firefox',
          firefoxUserPrefs: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
          env: { ...env, VK_ICD_FILENAMES: findLavapipe() },
        });
  launched.push(server);
  return server;
}

const CHOICE = {
  input: [],
  seed: 0,
  stacks: ['wasm-node'],
  timeout: 60,
  capabilities: [CAPABILITIES],
  parallel: 4,
  retries: 0,
};

let driver: ChildProcess;
let webdriver = '';
beforeAll(async () => {
  [driver, webdriver] = await chromedriver();
}, LIMIT);
afterAll(async () => {
  for (const server of launched) await server.kill();
  for (const child of children) child.kill();
}, LIMIT);

test(
  'Chromium and Firefox at Playwright servers and Chromium behind chromedriver: one digest',
  async () => {
    const firefox = await launchedServer('firefox');
    const connect = [
      await playwrightServer(),
      `${firefox.wsEndpoint()}?browser=firefox`,
      webdriver,
    ];
    const rows = await matrixOfModels([model], { ...CHOICE, connect });
    const [row] = rows;
    if (row === undefined) throw new Error('the matrix has no row');
    console.log(matrixText(row));
    const cells = row.stacks.map(({ id, engine, digest, error, attempts, remote }) => {
      return [id, engine, digest, error, attempts, remote?.browser];
    });
    const of = (id: string, engine: string, browser: string) =>
      ['wasm', 'webgpu'].map((backend) => [
        `${id}/${backend}`,
        engine,
        row.digest,
        undefined,
        1,
        browser,
      ]);
    expect(cells).toEqual([
      ['wasm-node', 'V8', row.digest, undefined, undefined, undefined],
      ...of('remote-1', 'V8', 'chromium'),
      ...of('remote-2', 'SpiderMonkey', 'firefox'),
      ...of('remote-3', 'V8', 'chrome'),
    ]);
    expect(row.stacks[1]?.remote?.version).toMatch(/^\d+\./);
    expect(row.stacks[3]?.remote?.platform).toMatch(/Linux/);
    expect(row.stacks[6]?.adapter).toContain('swiftshader');
    expect(matrixGood(rows, true)).toBe(true);
  },
  LIMIT,
);

test(
  'through a token, two sessions of one driver, with a device report each; one without WebGPU says so',
  async () => {
    const bare = {
      browserName: 'chrome',
      'goog:chromeOptions': { binary: chromium, args: ARGUMENTS.slice(0, 2) },
    };
    const options = {
      ...CHOICE,
      connect: [webdriver],
      capabilities: [CAPABILITIES, JSON.stringify(bare)],
    };
    const report = mkdtempSync(join(tmpdir(), 'isobit-reports-'));
    const rows = await matrixOfModels([model], { ...options, listen: '127.0.0.1', report });
    const [row] = rows;
    expect(row?.stacks.map(({ digest }) => digest === row.digest)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(row?.stacks[4]).toMatchObject({ id: 'remote-2/webgpu', missing: true });
    expect(row?.stacks[4]?.error).toMatch(/^No WebGPU there: /);
    expect(matrixGood(rows, false)).toBe(true);
    expect(matrixGood(rows, true)).toBe(false);
    const reports = new Map(
      readdirSync(report).map((name) => {
        return [name, readDeviceReport(readFileSync(join(report, name), 'utf8'))];
      }),
    );
    rmSync(report, { recursive: true });
    const summary = (name: string) => {
      const { claims, gate, withoutGate, models } = reports.get(name) ?? {};
      const runs = models?.map((run) => [run.backend, run.digest === row?.digest]);
      return [claims?.browser.name, claims?.gpu?.vendor, gate?.verdict, withoutGate, runs];
    };
    expect(reports.size).toBe(3); // one of wasm-node
    const both = [
      ['wasm', true],
      ['webgpu', true],
    ];
    expect(summary('google-swiftshader-chrome-linux.json')).toEqual([
      ...['Chrome', 'google', 'full', undefined, both],
    ]);
    expect(summary('wasm-chrome-linux.json')).toEqual([
      ...['Chrome', undefined, undefined, expect.stringContaining('adapter'), [['wasm', true]]],
    ]);
  },
  LIMIT,
);

/** The browser that a driver has started: its child process. */
function childOf(parent: number): number {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(fields[1]) === parent) return Number(name);
    } catch {
      // A process that has ended meanwhile.
    }
  }
  throw new Error(`no child of ${parent}`);
}

describe('a browser that dies in the middle of a run', () => {
  const digest = 'a'.repeat(64);

  /** Runs the job at an address; `kill` is called while the n-th run is at work, and answers whether it let it live. */
  async function runDying(
    connect: string,
    kill: (run: number) => Promise<boolean>,
  ): Promise<MatrixStack | undefined> {
    let runs = 0;
    const signal = createServer((_, response) => {
      const run = runs;
      runs += 1;
      const headers = { 'Access-Control-Allow-Origin': '*' };
      kill(run).then(
        (lives) => (lives ? response.writeHead(200, headers).end() : undefined),
        (e: unknown) => response.writeHead(200, headers).end(String(e)),
      );
    });
    await new Promise<void>((listening) => signal.listen(0, '127.0.0.1', listening));
    const address = signal.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const server = await serveFiles(host, [bundle]);
    try {
      const capabilities = connect.startsWith('http') ? [CAPABILITIES] : [];
      const job = { signal: `http://127.0.0.1:${port}/`, digest };
      const columns = await remoteColumns(
        remotesOf({ connect: [connect], capabilities }),
        [{ name: 'm', job }],
        {
          bundle,
          page: { address: server.page, isLoopback: true, timeoutMs: 60_000 },
          parallel: 1,
          retries: 1,
        },
      );
      return columns[0]?.[0];
    } finally {
      await server.close();
      signal.closeAllConnections();
      signal.close();
    }
  }

  test('is tried once more, and the row says so', { timeout: LIMIT }, async () => {
    const cell = await runDying(webdriver, async (run) => {
      if (run === 0) process.kill(childOf(driver.pid ?? 0), 'SIGKILL');
      return run > 0;
    });
    expect(cell).toMatchObject({ digest, attempts: 2 });
    expect(cell?.error).toBeUndefined();
  });

  test('is reported when it dies again', { timeout: LIMIT }, async () => {
    const cell = await runDying(webdriver, async () => {
      process.kill(childOf(driver.pid ?? 0), 'SIGKILL');
      return false;
    });
    expect(cell).toMatchObject({ digest: null, attempts: 2 });
    expect(cell?.error).toMatch(/the session ended: /);
  });

  test('is reported when a launched server went with it', { timeout: LIMIT }, async () => {
    const server = await launchedServer('chromium');
    const endpoint = server.wsEndpoint();
    const cell = await runDying(endpoint, async () => {
      await server.kill();
      return false;
    });
    expect(cell).toMatchObject({ digest: null, attempts: 2 });
    // Refused, or closed under its hands while the server ends.
    expect(cell?.error).toMatch(/^ws:\/\/127\.0\.0\.1:\d+: \S/);
    // The path is all that guards such a server.
    expect(JSON.stringify(cell)).not.toContain(new URL(endpoint).pathname.slice(1));
  });
});

test(
  'a page that is not this one, and a server of another version, are said',
  { timeout: LIMIT },
  async () => {
    const server = await launchedServer('chromium');
    const refuse = createServer((_, response) => void response.writeHead(200).end('another'));
    refuse.on('upgrade', (_, socket) => {
      const box =
        'Playwright version mismatch:\n  - server version: v1.59\n  - client version: v1.60\n';
      socket.end(`HTTP/1.1 428 Precondition Required\r\n\r\n${box}`);
    });
    await new Promise<void>((listening) => refuse.listen(0, '127.0.0.1', listening));
    const bound = refuse.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    try {
      const address = `http://127.0.0.1:${port}/`;
      const page = { address, isLoopback: true, timeoutMs: 60_000, hostMs: 500 };
      const connect = [server.wsEndpoint(), webdriver, `ws://127.0.0.1:${port}/`];
      const columns = await remoteColumns(
        remotesOf({ connect, capabilities: [CAPABILITIES] }),
        [{ name: 'm', job: {} }],
        { bundle, page, parallel: 3, retries: 0 },
      );
      const errors = columns.map(([cell]) => cell?.error ?? '');
      expect(errors[0]).toMatch(
        /the browser does not open http:.* On another machine\? .*--listen/s,
      );
      expect(errors[2]).toMatch(/the page there is not this one.*--listen/s);
      expect(errors[4]).toMatch(
        /the versions differ: expected Playwright 1\.60 at the server, as here, got 1\.59/,
      );
    } finally {
      refuse.close();
    }
  },
);
