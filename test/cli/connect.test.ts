// Remote browsers as the matrix sees them, at an endpoint without a browser: what is repeated and what is not, that
// sessions are always closed, how many there are at once, that no credential is printed, and who can read the files that
// this machine serves. Real browsers are test/stacks/connect.test.ts.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseRemote, redactor } from '../../src/cli/connect/address.ts';
import { exposureOf, remotesOf } from '../../src/cli/connect/options.ts';
import { pooled } from '../../src/cli/connect/pool.ts';
import { browserOf } from '../../src/cli/connect/playwright_server.ts';
import { remoteColumns } from '../../src/cli/connect/run_remotes.ts';
import type { RemoteOptions } from '../../src/cli/connect/run_remotes.ts';
import { SELENIUM } from '../../src/cli/connect/webdriver.ts';
import { matrixGood, matrixRow, matrixRows, matrixText } from '../../src/cli/matrix.ts';
import type { MatrixStack } from '../../src/cli/matrix.ts';
import { PLAYWRIGHT } from '../../src/cli/stacks/catalog.ts';
import * as locate from '../../src/cli/stacks/locate.ts';
import { serveFiles } from '../../src/cli/stacks/server.ts';
import { fakeWebDriver } from '../harness/fake_webdriver.ts';
import type { FakeOptions, FakeWebDriver } from '../harness/fake_webdriver.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const digits = join(root, 'demo/public/digits.onnx');
const one = 'a'.repeat(64);
const two = 'b'.repeat(64);

let fakes: FakeWebDriver[] = [];
async function fake(options: FakeOptions): Promise<FakeWebDriver> {
  const made = await fakeWebDriver(options);
  fakes.push(made);
  return made;
}
afterEach(async () => {
  for (const made of fakes) await made.close();
  fakes = [];
});

const good = (): { digest: string } => ({ digest: one });

async function columnsOf(
  connect: string[],
  names: string[],
  options: Partial<RemoteOptions> = {},
  capabilities: string[] = [],
): Promise<MatrixStack[][]> {
  const models = names.map((name) => ({ name, job: {} }));
  return remoteColumns(remotesOf({ connect, capabilities }), models, {
    bundle: '/job.mjs',
    page: { address: 'http://127.0.0.1:1/', isLoopback: true, timeoutMs: 20_000 },
    parallel: 4,
    retries: 1,
    ...options,
  });
}

describe('repetitions', () => {
  test('a session that is lost is opened anew, once, and the row says so', async () => {
    const { url, sessions } = await fake({ answer: (job) => (job === 1 ? 'lost' : good()) });
    const [wasm, webgpu] = await columnsOf([url], ['m', 'n']);
    expect(wasm?.map(({ digest, attempts }) => [digest, attempts])).toEqual([
      [one, 1],
      [one, 2],
    ]);
    expect(webgpu?.map(({ missing }) => missing)).toEqual([true, true]);
    expect(sessions).toMatchObject({ created: 2, open: 0 });
    const row = matrixRow('n', [wasm?.[1] ?? []].flat());
    expect(matrixText(row)).toMatch(/remote-1\/wasm .*fake 1 on none \(2 attempts\)/);
  });

  test('one that is lost again and again is reported, and the next model is tried all the same', async () => {
    const { url, sessions } = await fake({ answer: (job) => (job < 2 ? 'lost' : good()) });
    const [wasm] = await columnsOf([url], ['m', 'n']);
    expect(wasm?.[0]).toMatchObject({ digest: null, attempts: 2 });
    expect(wasm?.[0]?.error).toMatch(/the session ended: .*the browser is gone/);
    expect(wasm?.[1]).toMatchObject({ digest: one, attempts: 1 });
    expect(sessions).toMatchObject({ created: 3, open: 0 });
  });

  test('a digest that differs and an error of a job are never asked for twice', async () => {
    const { url, sessions } = await fake({
      answer: (job) => (job === 0 ? { digest: two } : { error: 'the job fails' }),
    });
    const [wasm] = await columnsOf([url], ['m', 'n'], { retries: 3 });
    expect(wasm).toMatchObject([
      { digest: two, attempts: 1 },
      { digest: null, error: 'the job fails', attempts: 1 },
    ]);
    expect(sessions).toMatchObject({ created: 1, deleted: 1, open: 0 });
    const local: MatrixStack = {
      id: 'wasm-node',
      engine: 'V8',
      adapter: 'none',
      backend: 'wasm',
      digest: one,
      ms: 1,
    };
    const rows = matrixRows([{ name: 'm', job: {} }], [[local], wasm ?? []]);
    expect(matrixGood(rows, false)).toBe(false);
    expect(rows.map(matrixText).join()).toContain('XX  remote-1/wasm');
  });

  test('a run that takes too long ends at the limit, is not repeated, and its session is closed', async () => {
    const { url, sessions } = await fake({ answer: (job) => (job === 0 ? 'hang' : good()) });
    const page = { address: 'http://127.0.0.1:1/', isLoopback: true, timeoutMs: 1500 };
    const [wasm] = await columnsOf([url], ['m', 'n'], { page });
    expect(wasm?.[0]).toMatchObject({ digest: null, attempts: 1 });
    expect(wasm?.[0]?.error).toContain('job: time limit: expected at most 1500 ms');
    expect(wasm?.[1]).toMatchObject({ digest: one });
    expect(sessions).toMatchObject({ created: 2, deleted: 2, open: 0 });
  });

  test('an endpoint that is not there is asked again once, and not for each model', async () => {
    const [wasm, webgpu] = await columnsOf(['http://127.0.0.1:1/wd/hub'], ['m', 'n']);
    expect([wasm, webgpu].flat().map((cell) => cell?.attempts)).toEqual([2, 0, 0, 0]);
    for (const cell of [wasm, webgpu].flat()) {
      expect(cell?.error).toMatch(/^http:\/\/127\.0\.0\.1:1: no session: .*ECONNREFUSED/);
    }
    const [playwright] = await columnsOf(['ws://127.0.0.1:1/'], ['m'], { retries: 0 });
    expect(playwright?.[0]?.error).toMatch(/^ws:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
  });
});

test('a list of capabilities is a browser each, so many at a time, with those capabilities', async () => {
  const { url, sessions, asked } = await fake({ answer: good, hasGpu: true });
  const list = JSON.stringify(['a', 'b', 'c', 'd', 'e'].map((browserName) => ({ browserName })));
  const columns = await columnsOf([url], ['m'], { parallel: 2 }, [list]);
  expect(columns.flat().map(({ id, digest }) => [id, digest])).toEqual(
    [1, 2, 3, 4, 5].flatMap((n) => [
      [`remote-${n}/wasm`, one],
      [`remote-${n}/webgpu`, one],
    ]),
  );
  expect(sessions).toEqual({ open: 0, most: 2, created: 5, deleted: 5 });
  const names = asked.map((body) => /"browserName":"(.)"/.exec(body)?.[1] ?? '');
  expect(names.toSorted((x, y) => x.localeCompare(y))).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('work in a pool keeps its order', async () => {
  const waits = [30, 1, 20, 5];
  const work = (ms: number, i: number) =>
    new Promise<number>((done) => setTimeout(() => done(i), ms));
  expect(await pooled(waits, 3, work)).toEqual([0, 1, 2, 3]);
});

describe('credentials', () => {
  const secrets = ['jane@doe', 'jane%40doe', 's3cr3t/pass', 's3cr3t%2Fpass', 'tok-1234567'];
  const address = 'http://jane%40doe:s3cr3t%2Fpass@127.0.0.1:1/wd?key=tok-1234567';

  test('are nowhere in what an address is shown as, and taken out of every text', () => {
    const remote = parseRemote(address);
    expect(remote.shown).toBe('http://127.0.0.1:1');
    const redact = redactor(remote, { 'farm:options': { accessKey: 'k-99999', build: 'plain' } });
    const basic = Buffer.from('jane@doe:s3cr3t/pass').toString('base64');
    const text = redact([address, ...secrets, basic, 'k-99999', 'plain'].join(' '));
    for (const secret of [...secrets, basic, 'k-99999']) expect(text).not.toContain(secret);
    expect(text).toContain('plain');
    // The path of a launched server is all that guards it.
    const server = parseRemote('ws://host:1/0123456789abcdef0123?browser=firefox');
    expect(server.shown).toBe('ws://host:1');
    expect(redactor(server)('ws://host:1/0123456789abcdef0123 firefox')).toBe(
      'ws://host:1/*** firefox',
    );
  });

  test('the token of this machine’s page is in no error, which says what to do', async () => {
    const { url, sessions } = await fake({ answer: good, unreachable: true });
    const page = { address: 'http://10.0.0.1:1/t0k3n/', isLoopback: false, timeoutMs: 20_000 };
    const [wasm] = await columnsOf([url], ['m'], { page, retries: 0 });
    expect(wasm?.[0]?.error).toMatch(
      /does not open http:\/\/10\.0\.0\.1:1\/: .*REFUSED.*--listen HOST:PORT/,
    );
    expect(wasm?.[0]?.error).not.toContain('t0k3n');
    expect(sessions).toMatchObject({ created: 1, deleted: 1, open: 0 });
  });

  test('are not in errors about the address itself', () => {
    for (const wrong of ['ftp://jane:hidden@host', 'jane:hidden@host', 'http://jane:hidden@']) {
      expect(() => parseRemote(wrong), wrong).toThrow(/expected/);
      try {
        parseRemote(wrong);
      } catch (e) {
        expect(String(e)).not.toContain('hidden');
      }
    }
  });
});

describe('the command', () => {
  const outDir = join(root, 'build/test-connect');
  const folder = mkdtempSync(join(tmpdir(), 'isobit-connect-'));
  beforeAll(async () => {
    await build({
      configFile: join(root, 'vite.cli.config.ts'),
      root,
      logLevel: 'error',
      build: { outDir },
    });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));
  const args = (...more: string[]): string[] => [
    join(outDir, 'cli.js'),
    'matrix',
    digits,
    '--stacks',
    'none',
    ...more,
  ];

  test('prints no credential, whatever the other side says', { timeout: 60_000 }, async () => {
    const { url, asked } = await fake({ answer: good, refuse: true });
    const capabilities = join(folder, 'capabilities.json');
    const access = { 'farm:options': { userName: 'farm-user', accessKey: 'farm-key' } };
    writeFileSync(capabilities, JSON.stringify({ browserName: 'chrome', ...access }));
    const named = url.replace('http://', 'http://jane:s3cr3t-pass@');
    const both = [named, '--capabilities', capabilities, '--retries', '0'];
    const { stdout, stderr, code } = await new Promise<{
      stdout: string;
      stderr: string;
      code: unknown;
    }>((ended) => {
      execFile(process.execPath, args('--json', '--connect', ...both), (error, out, err) =>
        ended({ code: error?.code ?? 0, stdout: out, stderr: err }),
      );
    });
    expect(code).toBe(1);
    expect(asked.length).toBe(1);
    expect(asked[0]).toContain('farm-key');
    const { stacks } = JSON.parse(stdout) as { stacks: MatrixStack[] };
    expect(stacks.map(({ id }) => id)).toEqual(['wasm-node', 'remote-1/wasm', 'remote-1/webgpu']);
    // It was told, and it is the other side's whole answer but for what is secret.
    expect(stacks[1]?.error).toMatch(/Unauthorized: .*browserName.*chrome/s);
    const basic = Buffer.from('jane:s3cr3t-pass').toString('base64');
    for (const secret of ['jane', 's3cr3t-pass', basic, 'farm-user', 'farm-key']) {
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  test('closes its sessions when it is interrupted', { timeout: 60_000 }, async () => {
    let begun: () => void = () => undefined;
    const started = new Promise<void>((start) => (begun = start));
    const { url, sessions } = await fake({ answer: () => 'hang', onJob: () => begun() });
    const child = spawn(process.execPath, args('--connect', url), { stdio: 'ignore' });
    const ended = new Promise<number | null>((end) => child.on('exit', (code) => end(code)));
    await started;
    expect(sessions.open).toBe(1);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(sessions).toMatchObject({ created: 1, deleted: 1, open: 0 });
  });
});

test('without its package a protocol is an error that says what to install, the same as the page of documents', async () => {
  const find = vi.spyOn(locate, 'findPackage').mockReturnValue(undefined);
  try {
    const columns = await columnsOf(['http://127.0.0.1:1/', 'ws://127.0.0.1:1/'], ['m'], {
      retries: 0,
    });
    const errors = columns.map(([cell]) => cell?.error ?? '');
    expect(errors[0]).toContain(
      `selenium-webdriver is not installed. Install it: npm install ${SELENIUM}`,
    );
    expect(errors[2]).toContain(
      `Playwright is not installed. Install it: npm install ${PLAYWRIGHT}`,
    );
  } finally {
    find.mockRestore();
  }
  const text = readFileSync(join(root, 'docs/DEVICES.md'), 'utf8');
  expect(text).toContain(`npm install ${SELENIUM}`);
  expect(text).toContain(`npm install ${PLAYWRIGHT}`);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  expect(SELENIUM).toBe(`selenium-webdriver@${devDependencies['selenium-webdriver']}`);
});

test('an address that is no WebDriver endpoint is said', async () => {
  const host = join(root, 'src/cli/stacks/host.mjs');
  const server = await serveFiles(host, []);
  try {
    const [wasm] = await columnsOf([server.page], ['m'], { retries: 0 });
    expect(wasm?.[0]?.error).toMatch(/^http:\/\/127\.0\.0\.1:\d+: no session: \S/);
  } finally {
    await server.close();
  }
});

describe('the options', () => {
  test('what is no address, no browser, no capabilities, no interface is said', () => {
    const listen = (text: string, publicUrl?: string) => () =>
      exposureOf({ listen: text, ...(publicUrl === undefined ? {} : { publicUrl }) });
    expect(listen('10.0.0.5:8080')()).toEqual({ host: '10.0.0.5', port: 8080 });
    expect(listen('[::1]')()).toEqual({ host: '::1', port: 0 });
    expect(listen('0.0.0.0:8080', 'https://t.example/')()).toEqual({
      host: '0.0.0.0',
      port: 8080,
      publicUrl: 'https://t.example/',
    });
    expect(exposureOf({})).toBeUndefined();
    expect(listen('0.0.0.0:80')).toThrow(/every interface: expected --public-url/);
    expect(listen('[::]:80')).toThrow(/every interface: expected --public-url/);
    for (const wrong of ['host:99999', 'host:', 'a:b:c', '[host]:1', '']) {
      expect(listen(wrong), wrong).toThrow(/--listen: expected HOST or HOST:PORT/);
    }
    expect(listen('h:1', 'ws://h')).toThrow(/--public-url: expected http/);
    expect(() => exposureOf({ publicUrl: 'https://t.example' })).toThrow(/expected --listen/);
    const remotes = (connect: string[], capabilities: string[]) => () =>
      remotesOf({ connect, capabilities });
    expect(remotes(['ws://h/'], ['{}'])).toThrow(/expected a WebDriver endpoint/);
    expect(remotes(['http://h/'], ['[]'])).toThrow(/expected a JSON object of capabilities/);
    expect(remotes(['http://h/'], ['{"a": secret}'])).toThrow(/expected JSON, got something else/);
    expect(remotes(['http://h/'], ['/no/such/file'])).toThrow(/no such file/);
    expect(remotes(['ws://h/?browser=opera'], [])).toThrow(/expected one of chromium, firefox/);
    expect(browserOf('ws://h/')).toBe('chromium');
    expect(browserOf('wss://h/x?browser=firefox')).toBe('firefox');
  });
});

test('what others can reach answers to its token only, and gives only what it was given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isobit-served-'));
  const [given, beside] = [join(folder, 'given.bin'), join(folder, 'beside.bin')];
  writeFileSync(given, 'given');
  writeFileSync(beside, 'beside');
  const host = join(root, 'src/cli/stacks/host.mjs');
  const server = await serveFiles(host, [given], { host: '127.0.0.1', port: 0 });
  const again = await serveFiles(host, [given], {
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'https://tunnel.example/',
  });
  try {
    const { origin, pathname } = new URL(server.page);
    expect(pathname).toMatch(/^\/[0-9a-f]{32}\/$/);
    expect(again.page).toMatch(/^https:\/\/tunnel\.example\/[0-9a-f]{32}\/$/);
    expect(new URL(again.page).pathname).not.toBe(pathname);
    const status = async (url: string): Promise<number> => (await fetch(url)).status;
    expect(await (await fetch(server.page)).text()).toContain('src="host.mjs"');
    expect(await status(`${server.page}host.mjs`)).toBe(200);
    expect(await (await fetch(`${server.page}files${given}`)).text()).toBe('given');
    const wrong = pathname.replace(/[0-9a-f]/g, (digit) => (digit === '0' ? '1' : '0'));
    for (const path of ['/', '/host.mjs', `/files${given}`, wrong, `${wrong}files${given}`]) {
      expect(await status(origin + path), path).toBe(404);
    }
    expect(await status(origin + pathname.slice(0, -2))).toBe(404);
    expect(await status(`${server.page}files${beside}`)).toBe(404);
    expect(await status(`${server.page}files${given}/../beside.bin`)).toBe(404);
  } finally {
    await server.close();
    await again.close();
    rmSync(folder, { recursive: true });
  }
});
