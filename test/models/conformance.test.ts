// ONNX's backend tests on the reference, each judged by its own files: what does not pass is listed in
// test/golden/conformance.json with its reason's beginning, and the digests of what passes are committed there
// (`npm run golden -- conformance` rewrites it). docs/OPERATORS.md counts by it. The cases lie beside the repository;
// where they are absent this file says so, and fails under CI.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { countsByOperator, runCases } from '../../src/cli/conformance.ts';
import type { SetReport } from '../../src/jobs/conformance_job.ts';
import { run } from '../../src/jobs/conformance_job.ts';
import type { ConformanceGolden } from '../harness/conformance_golden.ts';

const folder = resolve(import.meta.dirname, '../../../shared/onnx-node-tests');
const here = existsSync(folder);
if (!here) console.log(`conformance: ${folder} is absent, its cases are not run`);
test('the cases are there in CI', () => expect(here || process.env['CI'] === undefined).toBe(true));

const path = new URL('../golden/conformance.json', import.meta.url);
const update = ['all', 'conformance'].includes(process.env['UPDATE_GOLDEN'] ?? '');

describe.runIf(here)('ONNX backend tests', () => {
  test('pass but for those listed, with the committed digests', { timeout: 600_000 }, async () => {
    const { cases } = await runCases([folder], { backend: 'wasm', json: true }, async () => ({
      run: async (job) =>
        (await run(job, {
          gpu: undefined,
          readFile: async (file) => new Uint8Array(await readFile(file)),
          url: (file) => pathToFileURL(file).href,
          log: () => undefined,
        })) as SetReport[],
      close: async () => undefined,
    }));
    const found: ConformanceGolden = {
      operators: Object.fromEntries(
        [...countsByOperator(cases)].map(([name, { passed, failed, skipped }]) => [
          name,
          [passed, passed + failed + skipped],
        ]),
      ),
      others: Object.fromEntries(
        cases
          .filter(({ status }) => status !== 'passed')
          .map(({ id, status, reason = '' }) => [id, `${status}: ${reason.slice(0, 60)}`]),
      ),
      digests: Object.fromEntries(
        cases
          .filter(({ status }) => status === 'passed')
          .map(({ id, digest = '' }) => [id, digest.slice(0, 16)]),
      ),
    };
    if (update) writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);
    expect(found).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });
});
