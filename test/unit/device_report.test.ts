// Device reports: a good one is read and written as the same text; whatever else a text is, it is refused with the reason;
// files have names that versions do not change.
import { readFileSync } from 'node:fs';
import { Validator, type Schema } from '@cfworker/json-schema';
import { describe, expect, test } from 'vitest';
import { canonicalText, type Json } from '../../src/evidence/canonical.ts';
import {
  briefText,
  DeviceReportError,
  deviceReportText,
  fileNameOf,
  readDeviceReport,
  rungOf,
} from '../../src/evidence/device_report.ts';
import type { DeviceReport } from '../../src/evidence/device_report_types.ts';
import * as isobit from '../../src/index.ts';
import { exampleReport } from '../harness/device_reports.ts';

const good = exampleReport();
const textOf = (change: object): string => canonicalText({ ...good, ...change } as unknown as Json);
const [run] = good.models;

describe('reading', () => {
  test('a good report, with and without a line feed, gives what was written', async () => {
    const text = deviceReportText(good);
    expect(readDeviceReport(text)).toEqual(good);
    expect(readDeviceReport(`${text}\n`)).toEqual(good);
    expect(await isobit.readDeviceReport(text)).toEqual(good);
  });

  test('is what any validator says of the schema that the package exports', () => {
    const root = new URL('../../', import.meta.url);
    const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
    const { exports } = read('package.json') as { exports: Record<string, string> };
    const schema = read(exports['./device_report.schema.json'] ?? '') as Schema;
    const validator = new Validator(schema, '2020-12', false);
    expect(validator.validate(good).valid).toBe(true);
    expect(validator.validate({ ...good, more: 1 }).valid).toBe(false);
  });

  const tally = { ran: 2, good: 1, byReference: 0, failures: [] };
  const bad: [string, string, RegExp][] = [
    ['no JSON', '{"format"', /^device report: no JSON: /],
    ['too large', ' '.repeat((1 << 20) + 1), /^device report: too large: expected at most 1048576/],
    ['white space', JSON.stringify(good, null, 1), /not canonical: expected the text of RFC 8785/],
    ['two line feeds', `${deviceReportText(good)}\n\n`, /not canonical/],
    ['half a character', '{"format":"\\ud800"}', /not canonical: canonical JSON: /],
    ['no document', 'null', /not as its schema says/],
    ['another format', textOf({ format: 'isobit-device/2' }), /schema says: #\/format/],
    ['another contract', textOf({ contract: { id: 'other', version: 1 } }), /#\/contract\/id/],
    ['an unknown member', textOf({ more: 1 }), /schema says: #\/more: /],
    [
      'an unknown member within',
      textOf({ claims: { ...good.claims, owner: 'x' } }),
      /#\/claims\/owner/,
    ],
    ['no member', textOf({ rung: undefined }), /schema says: #: .*rung/],
    ['no model', textOf({ models: [] }), /#\/models/],
    ['no digest', textOf({ models: [{ ...run, digest: 'x' }] }), /#\/models\/0\/digest/],
    ['a long text', textOf({ library: 'x'.repeat(1001) }), /#\/library/],
    ['no day', textOf({ date: '2026-02-30' }), /date: expected a day of the calendar/],
    [
      'a gate and none',
      textOf({ withoutGate: 'no GPU' }),
      /withoutGate: expected a reason exactly/,
    ],
    ['no gate, no reason', textOf({ gate: null, rung: 'reference' }), /withoutGate: .* got none/],
    ['another rung', textOf({ rung: 'soft' }), /rung: expected full after .* full, got soft/],
    ['a run twice', textOf({ models: [run, run] }), /digits on wasm: expected one run, got two/],
    [
      'digest and error',
      textOf({ models: [{ ...run, error: 'x' }] }),
      /expected a digest or an error, got both/,
    ],
    [
      'neither',
      textOf({ models: [{ ...run, digest: null, ms: null }] }),
      /expected a digest or an error, got neither/,
    ],
    ['no time', textOf({ models: [{ ...run, ms: null }] }), /ms: expected a time exactly/],
    [
      'uncounted',
      textOf({ cases: { wasm: tally } }),
      /failures: expected 1, since 1 of 2 are good/,
    ],
    [
      'better than all',
      textOf({ cases: { webgpu: { ...tally, good: 3 } } }),
      /webgpu: good: expected at most the 2 that ran, got 3/,
    ],
  ];
  test.each(bad)('refuses: %s', async (_, text, reason) => {
    expect(() => readDeviceReport(text)).toThrow(DeviceReportError);
    expect(() => readDeviceReport(text)).toThrow(reason);
    await expect(isobit.readDeviceReport(text)).rejects.toThrow(reason);
  });

  test('takes nothing but text', async () => {
    await expect(Reflect.apply(isobit.readDeviceReport, undefined, [good])).rejects.toThrow(
      TypeError,
    );
  });
});

describe('writing', () => {
  test('refuses what reading would', () => {
    expect(() => deviceReportText({ ...good, rung: 'soft' })).toThrow(DeviceReportError);
    expect(() => deviceReportText({ ...good, seconds: Number.NaN })).toThrow(DeviceReportError);
  });

  test('rungs follow from verdicts', () => {
    const rungs = (['full', 'reduced', 'refused'] as const).map((verdict) => rungOf({ verdict }));
    expect([...rungs, rungOf(null)]).toEqual(['full', 'soft', 'reference', 'reference']);
  });

  test('long texts are cut, not within a character', () => {
    expect(briefText('x')).toBe('x');
    expect(briefText('x'.repeat(1001))).toBe(`${'x'.repeat(999)}…`);
    expect(briefText(`${'x'.repeat(998)}😀😀`)).toBe(`${'x'.repeat(998)}…`);
  });
});

describe('names of files', () => {
  const named = (claims: object): string =>
    fileNameOf({ ...good, claims: { ...good.claims, ...claims } } satisfies DeviceReport);

  test('say what it is, and no version', () => {
    expect(fileNameOf(good)).toBe('google-swiftshader-chrome-linux-x86-64.json');
    expect(named({ browser: { name: 'Chrome', version: '999.1' } })).toBe(fileNameOf(good));
    expect(named({ gpu: undefined })).toBe('wasm-chrome-linux-x86-64.json');
  });

  test('take what a GPU says of itself', () => {
    const gpu = { vendor: '', architecture: '', name: 'llvmpipe (LLVM 15.0.6, 256 bits)' };
    expect(named({ gpu })).toBe('llvmpipe-chrome-linux-x86-64.json');
    expect(named({ gpu: { ...gpu, name: '' } })).toBe('unnamed-gpu-chrome-linux-x86-64.json');
    expect(named({ gpu: { ...gpu, name: '../../etc/passwd' } })).toBe(
      'etc-passwd-chrome-linux-x86-64.json',
    );
  });
});
