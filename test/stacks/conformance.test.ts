// `isobit conformance --backend webgpu`: ONNX's backend tests on WebGPU stacks pass where the reference passes and have its
// digests (test/golden/conformance.json). Stack E runs an even share of them; STACKS=A,B,C,D,E FULL=1 runs all. The cases
// lie beside the repository; where they are absent this file says so, and fails under CI.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRunner, runCases } from '../../src/cli/conformance.ts';
import { readConformanceGolden } from '../harness/conformance_golden.ts';
import { thinned } from '../harness/thinned.ts';

const folder = resolve(import.meta.dirname, '../../../shared/onnx-node-tests');
const here = existsSync(folder);
if (!here) console.log(`conformance: ${folder} is absent, its cases are not run on stacks`);
test('the cases are there in CI', () => expect(here || process.env['CI'] === undefined).toBe(true));

const MOST = 400;
const stacks = process.env['STACKS']?.split(',') ?? ['E'];
const isFull = process.env['FULL'] !== undefined;

describe.runIf(here).each(stacks)('stack %s', (stack) => {
  test('passes the cases with the digests of the reference', { timeout: 1_200_000 }, async () => {
    const options = { backend: 'webgpu', stack, json: true } as const;
    const { cases } = await runCases([folder], options, openRunner, (all) =>
      isFull ? all : thinned(all, MOST),
    );
    const golden = readConformanceGolden();
    const known = (id: string): string =>
      golden.digests[id] ?? golden.others[id]?.slice(0, 6) ?? '';
    const found = cases.map(({ id, status, digest = '' }) => [
      id,
      status === 'passed' ? digest.slice(0, 16) : status.slice(0, 6),
    ]);
    expect(found).toEqual(cases.map(({ id }) => [id, known(id)]));
  });
});
