// `isobit matrix --report FOLDER` on two stacks that are processes, one of them with WebGPU: a file each, named after what it
// is, that the reader takes, with the gate's report and the committed digest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { remoteClaimsOf } from '../../src/cli/device_reports.ts';
import { fileNameOf, readDeviceReport } from '../../src/evidence/device_report.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'isobit-reports-'));
const model = join(root, 'demo/public/digits.onnx');
const { batch } = JSON.parse(readFileSync(join(root, 'demo/public/expected.json'), 'utf8')) as {
  batch: string;
};

const isobit = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });

const to = join(folder, 'new/reports');
beforeAll(() => {
  const input = ['--input', `image=${join(root, 'wall/digits.npy')}`];
  const { status, stderr } = isobit(
    ...['matrix', model, ...input, '--stacks', 'wasm-node,E', '--report', to],
  );
  if (status !== 0) throw new Error(stderr);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('there is a report of each stack, which is what its name says', () => {
  const reports = readdirSync(to).map((name) => {
    const report = readDeviceReport(readFileSync(join(to, name), 'utf8'));
    expect(fileNameOf(report)).toBe(name);
    return report;
  });
  const byStack = new Map(reports.map((report) => [report.claims.stack, report]));
  expect(new Set(byStack.keys())).toEqual(new Set(['E', 'wasm-node']));
  const [wasm, gpu] = [byStack.get('wasm-node'), byStack.get('E')];
  for (const [report, backend] of [
    [wasm, 'wasm'],
    [gpu, 'webgpu'],
  ] as const) {
    expect(report?.models).toMatchObject([
      { name: 'digits', backend, digest: batch, inputs: [{ name: 'image', type: 'float32' }] },
    ]);
    expect(report?.models[0]?.ms).toBeGreaterThan(0);
    expect(report?.claims.browser).toEqual({ name: 'Node', version: process.versions.node });
  }
  expect(wasm).toMatchObject({ gate: null, rung: 'reference' });
  expect(wasm?.claims.gpu).toBeUndefined();
  expect(gpu).toMatchObject({ rung: 'full', gate: { verdict: 'full' } });
  expect(gpu?.claims.gpu).toMatchObject({ vendor: 'google', software: true });
  expect(gpu?.gate?.findings.length).toBeGreaterThan(20);
  expect(gpu?.gate?.limits['maxBufferSize']).toBeGreaterThan(0);
});

test('a folder that cannot be, and two models of one name, are bad usage', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const stacks = ['--stacks', 'wasm-node'];
  const blocked = isobit('matrix', model, ...stacks, '--report', join(file, 'below'));
  expect(blocked.status).toBe(2);
  expect(blocked.stderr).toContain('--report: ENOTDIR');
  const twice = isobit('matrix', model, model, ...stacks, '--report', join(folder, 'twice'));
  expect(twice.status).toBe(2);
  expect(twice.stderr).toContain('two models are called digits');
});

test('what a remote browser says of itself becomes claims', () => {
  const claims = (name: string, platform: string) =>
    remoteClaimsOf({ browser: { name, version: '1', platform }, engine: 'V8', adapter: undefined });
  expect(claims('chrome', 'linux')).toEqual({
    ...{ browser: { name: 'Chrome', version: '1' }, engine: 'V8', system: 'Linux' },
  });
  const of = (platform: string) => {
    const { system, processor } = claims('x', platform);
    return [system, processor];
  };
  expect(of('Linux x86_64')).toEqual(['Linux', 'x86-64']);
  expect(of('Linux aarch64')).toEqual(['Linux', 'arm64']);
  expect(of('Linux armv8l (Android 14)')).toEqual(['Android', undefined]);
  expect(of('Win32')).toEqual(['Windows', undefined]);
  expect(of('MacIntel')).toEqual(['macOS', undefined]);
  expect(of('darwin')).toEqual(['macOS', undefined]);
  expect(of('iPhone')).toEqual(['iOS', undefined]);
  expect(of('PlayStation')).toEqual(['PlayStation', undefined]);
});
