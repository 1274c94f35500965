// A bundle for device farms, from the command to the file of its report: written, served by a plain static server below some
// path, opened in Chromium, run on WASM and WebGPU, and posted across origins to the collector; digests are the reference's and
// the repository's. A doctored digest is reported as differing, and the collector takes reports and nothing else.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCollector } from '../../src/cli/farm/collector.ts';
import type { BundleDocument } from '../../src/cli/farm/form.ts';
import type { FarmVerdict } from '../../src/cli/farm/judge.ts';
import { loadPlaywright } from '../../src/cli/stacks/browser_stack.ts';
import { findChromium } from '../../src/cli/stacks/locate.ts';
import { pathBelow, sendFile } from '../../src/cli/stacks/server.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { deviceReportText, readDeviceReport } from '../../src/evidence/device_report.ts';
import { exampleReport } from '../harness/device_reports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'dist/cli.js');
const digits = join(root, 'demo/public/digits.onnx');
const work = mkdtempSync(join(tmpdir(), 'isobit-farm-'));
const bundle = join(work, 'bundle');
const reports = join(work, 'reports');
const LIMIT = 120_000;

/** One that waits for reports where it was to refuse is ended, and has no status. */
const isobit = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], {
    ...{ cwd: root, encoding: 'utf8', timeout: LIMIT / 2 },
  });

/** A plain static server of a folder below a path. */
async function served(folder: string, path: string): Promise<[string, Server]> {
  const real = realpathSync(folder);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const inside = decodeURIComponent(pathname.replace(path, ''));
    const found = pathname.startsWith(path) ? pathBelow(join(real, inside), [real]) : undefined;
    void Promise.resolve(found)
      .catch(() => undefined)
      .then((file) => sendFile(response, file));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return [`http://127.0.0.1:${address.port}${path}`, server];
}

const children: ChildProcess[] = [];
let browser: Browser;
let address = '';

/** y = x * w, with w in a file in a folder beside the model, and something beside it that is nobody's business. */
function writeSplit(folder: string): string {
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [4, 4] });
  const w = new Tensor(
    'float32',
    Float32Array.from({ length: 16 }, (_, i) => i / 7),
    [4, 4],
  );
  const attributes = new Map();
  const product = { index: 0, name: '', domain: '', opType: 'MatMul', attributes };
  const graph = {
    name: 'split',
    nodes: [{ ...product, inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [info('x')],
    outputs: [info('y')],
    initializers: new Map([['w', w]]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
  mkdirSync(join(folder, 'its weights'), { recursive: true });
  const entries = new Map([['w', { location: 'its weights/w #1.bin', offset: '0' }]]);
  writeFileSync(join(folder, 'split.onnx'), writeModel(graph, entries));
  writeFileSync(join(folder, 'its weights/w #1.bin'), w.bytes());
  writeFileSync(join(folder, 'its weights/private.txt'), 'private');
  return join(folder, 'split.onnx');
}
let server: Server;
beforeAll(async () => {
  const split = writeSplit(join(work, 'split'));
  const written = isobit('matrix', digits, split, '--bundle', bundle, '--json');
  if (written.status !== 0) throw new Error(written.stderr);
  const { chromium } = await loadPlaywright();
  browser = await chromium.launch({
    executablePath: findChromium() ?? 'chromium',
    args: [
      ...['--headless=new', '--no-sandbox', '--enable-unsafe-webgpu'],
      ...['--use-webgpu-adapter=swiftshader', '--disable-background-networking'],
    ],
    env: { ...process.env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? tmpdir() },
  });
  [address, server] = await served(bundle, '/some/deep path/'.replace(' ', '%20'));
}, LIMIT);
afterAll(async () => {
  for (const child of children) child.kill();
  await browser.close();
  server.close();
  rmSync(work, { recursive: true });
}, LIMIT);

const bundleText = (): string => readFileSync(join(bundle, 'bundle.json'), 'utf8');

/** Opens the page and waits for its end. */
async function opened(query: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(LIMIT);
  await page.goto(`${address}index.html?${query}`);
  await page.waitForFunction(() => document.title !== 'isobit: runs');
  return page;
}

const textOf = (page: Page, id: string): Promise<string> =>
  page.evaluate((name) => document.getElementById(name)?.textContent ?? '', id);

/** `isobit collect`, and the address that it prints. */
async function collecting(...args: string[]): Promise<[string, Promise<number | null>]> {
  const child = spawn(process.execPath, [program, 'collect', reports, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const ended = new Promise<number | null>((end) => child.on('exit', (code) => end(code)));
  const line = await new Promise<string>((found) => {
    createInterface({ input: child.stdout }).once('line', found);
  });
  return [line, ended];
}

test(
  'a bundle is run where it is served, and its report is collected',
  async () => {
    const { models } = JSON.parse(bundleText()) as BundleDocument;
    const [line, ended] = await collecting('--count', '1');
    const report = /^\?report=(http:\S+)$/.exec(line)?.[1] ?? '';
    const page = await opened(`cases=softmax/&report=${encodeURIComponent(report)}`);
    expect(await page.title()).toBe('isobit: identical');
    const name = await textOf(page, 'sent');
    expect(name).toMatch(/^Report sent: .*\.json$/);
    expect(await ended).toBe(0);
    const [file = ''] = readdirSync(reports);
    expect(name).toContain(file);
    const collected = readDeviceReport(readFileSync(join(reports, file), 'utf8'));
    expect(deviceReportText(collected)).toBe(await textOf(page, 'report'));
    const [digest, splitDigest] = models.map((model) => model.digest);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const reference = JSON.parse(isobit('run', digits, '--backend', 'wasm', '--json').stdout) as {
      digest: string;
    };
    expect(digest).toBe(reference.digest);
    expect(collected.models.map((run) => [run.backend, run.digest])).toEqual([
      ['wasm', digest],
      ['webgpu', digest],
      ['wasm', splitDigest],
      ['webgpu', splitDigest],
    ]);
    const files = readdirSync(join(bundle, 'models/1'), { recursive: true, encoding: 'utf8' });
    expect(files.sort()).toEqual(['its weights', 'its weights/w #1.bin', 'split.onnx']);
    const { wasm, webgpu } = collected.cases ?? {};
    expect(wasm?.ran).toBeGreaterThan(20);
    expect(wasm).toMatchObject({ good: wasm?.ran, failures: [] });
    expect(webgpu).toMatchObject({ ran: wasm?.ran, good: wasm?.ran, failures: [] });
    expect(collected.claims.gpu).toMatchObject({ vendor: 'google', architecture: 'swiftshader' });
    await page.close();
  },
  LIMIT,
);

test(
  'a digest that differs is reported, by the page and by the collector that serves it',
  async () => {
    const before = bundleText();
    const { models } = JSON.parse(before) as BundleDocument;
    const count = existsSync(reports) ? readdirSync(reports).length : 0;
    const wrong = before.replace(/"digest": "[0-9a-f]{4}/, '"digest": "0000');
    expect(wrong).not.toBe(before);
    writeFileSync(join(bundle, 'bundle.json'), wrong);
    try {
      const [line, ended] = await collecting('--count', '1', '--serve', bundle);
      const url = /^page (http:\S+)$/.exec(line)?.[1] ?? '';
      const page = await browser.newPage();
      await page.goto(`${url}&cases=none`);
      await page.waitForFunction(() => document.title !== 'isobit: runs', undefined, {
        timeout: LIMIT,
      });
      expect(await page.title()).toBe('isobit: differs');
      const verdict = JSON.parse(await textOf(page, 'verdict')) as FarmVerdict;
      expect(
        verdict.runs.map((run) => [run.backend, run.verdict, run.expected.slice(0, 4)]),
      ).toEqual([
        ['wasm', 'differs', '0000'],
        ['webgpu', 'differs', '0000'],
        ...['wasm', 'webgpu'].map((backend) => [
          backend,
          'identical',
          models[1]?.digest.slice(0, 4),
        ]),
      ]);
      expect(await textOf(page, 'runs')).toContain('expected 0000');
      expect(await ended).toBe(1);
      expect(readdirSync(reports).length).toBe(count + 1);
      await page.close();
    } finally {
      writeFileSync(join(bundle, 'bundle.json'), before);
    }
  },
  LIMIT,
);

test(
  'a report that cannot be sent, and a bundle that cannot be read, are said in the page',
  async () => {
    const page = await opened('cases=none&report=http://127.0.0.1:1/');
    expect(await textOf(page, 'sent')).toMatch(/^Report NOT sent to http:\/\/127\.0\.0\.1:1\/: /);
    expect(await page.title()).toBe('isobit: identical');
    await page.close();
    const before = bundleText();
    writeFileSync(
      join(bundle, 'bundle.json'),
      before.replace('isobit-bundle/1', 'isobit-bundle/9'),
    );
    try {
      const broken = await opened('cases=none');
      expect(await broken.title()).toBe('isobit: failed');
      expect(await textOf(broken, 'state')).toContain(
        'expected isobit-bundle/1, got isobit-bundle/9',
      );
      await broken.close();
    } finally {
      writeFileSync(join(bundle, 'bundle.json'), before);
    }
  },
  LIMIT,
);

test('a folder with something in it, and other options beside it, are bad usage', () => {
  const full = isobit('matrix', digits, '--bundle', bundle);
  expect(full.status).toBe(2);
  expect(full.stderr).toMatch(/--bundle: expected a new or an empty folder, got \d+ entries/);
  const both = isobit('matrix', digits, '--bundle', join(work, 'b'), '--connect', 'ws://h');
  expect(both.status).toBe(2);
  const none = isobit('collect', join(work, 'r'), '--serve', work);
  expect(none.status).toBe(2);
  expect(none.stderr).toContain('without bundle.json');
});

test.each([
  ['{"format":"isobit-bundle/2"}', 'expected isobit-bundle/1, got isobit-bundle/2'],
  ['null', 'expected isobit-bundle/1, got undefined'],
  ['{', '--serve: '],
])('a bundle.json of %s is bad usage', (document, message) => {
  const folder = join(work, 'other');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bundle.json'), document);
  const { status, stderr } = isobit('collect', join(work, 'r'), '--serve', folder);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

describe('the collector', () => {
  const folder = join(work, 'collected');
  const text = deviceReportText(exampleReport());
  const files: string[] = [];
  let url = '';
  let close: () => Promise<void>;
  beforeAll(async () => {
    const collector = await startCollector({
      folder,
      bundle,
      onReport: (_, file) => files.push(file),
    });
    url = collector.report;
    close = () => collector.close();
  });
  afterAll(() => close());

  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    to = url,
  ): Promise<[number, string]> => {
    const response = await fetch(to, { method: 'POST', body });
    return [response.status, await response.text()];
  };

  test('takes a report, and never in the place of another', async () => {
    expect(await post(text)).toEqual([201, expect.stringMatching(/^[a-z0-9-]+\.json$/)]);
    const [status, second] = await post(`${text}\n`);
    expect([status, second]).toEqual([201, files[0]?.replace('.json', '-2.json')]);
    expect(readdirSync(folder).sort()).toEqual([...files].sort());
    for (const file of files) {
      expect(readFileSync(join(folder, file), 'utf8')).toBe(`${text}\n`);
    }
  });

  test('takes nothing else', async () => {
    const count = readdirSync(folder).length;
    expect(await post('{}')).toEqual([400, expect.stringContaining('device report: ')]);
    expect(await post('no JSON')).toEqual([400, expect.stringContaining('device report: ')]);
    expect((await post(text.replace('"date"', '"data"')))[0]).toBe(400);
    expect(await post(new Uint8Array([0xff, 0xfe]))).toEqual([
      400,
      expect.stringContaining('UTF-8'),
    ]);
    const [status, why] = await post('x'.repeat((1 << 20) + 1));
    expect([status, why]).toEqual([413, expect.stringContaining('at most 1048576 bytes')]);
    const { origin, pathname } = new URL(url);
    expect((await post(text, `${origin}/report`))[0]).toBe(404);
    const wrong = pathname.replace(/[0-9a-f](?=\/report)/, (digit) => (digit === '0' ? '1' : '0'));
    expect((await post(text, origin + wrong))[0]).toBe(404);
    expect((await fetch(url)).status).toBe(405);
    expect(readdirSync(folder).length).toBe(count);
  });

  test('lets pages of other origins post, and serves the bundle and nothing beside it', async () => {
    const asked = await fetch(url, { method: 'OPTIONS' });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-headers')).toBe('Content-Type');
    const page = url.replace(/report$/, 'page/');
    expect((await fetch(page)).headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${page}bundle.json`)).status).toBe(200);
    expect((await fetch(`${page}..%2Fcollected%2F${files[0]}`)).status).toBe(404);
    symlinkSync(join(folder, files[0] ?? ''), join(bundle, 'link.json'));
    expect((await fetch(`${page}link.json`)).status).toBe(404);
  });
});
