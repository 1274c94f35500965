// `--random-seed`: what a model draws is a part of its trace and its receipt, which are verified and bisected with the seed
// that they carry. dist/ must be built. That other seeds give other numbers, the same everywhere: test/unit/random.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bytesToHex } from '@noble/hashes/utils.js';
import { bisect } from '../../src/cli/bisect.ts';
import { runModel } from '../../src/cli/model_run.ts';
import { treeOf } from '../../src/evidence/trace.ts';
import type { Trace, Verification } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { f32, graphOf } from '../harness/graphs.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-random-'));
afterAll(() => rmSync(folder, { recursive: true }));
const model = join(folder, 'noise.onnx');
writeFileSync(
  model,
  writeModel(
    graphOf(
      [
        { op: 'RandomNormalLike', inputs: ['x'], outputs: ['noise'] },
        { op: 'Add', inputs: ['x', 'noise'], outputs: ['y'] },
      ],
      [f32('x', 4, 4)],
      ['y'],
    ),
  ),
);
const where = (randomSeed: number) => ({
  ...{ input: [], seed: 0, backend: 'wasm' as const, randomSeed },
});
const traceWith = async (seed: number): Promise<Trace> =>
  (await runModel(model, where(seed), { kind: 'trace' })) as Trace;

test('a receipt is verified with its own seed', async () => {
  const [three, four] = [await traceWith(3), await traceWith(4)];
  expect([three.seed, four.seed]).toEqual([3, 4]);
  expect(three.outputs[0]?.digest).not.toBe(four.outputs[0]?.digest);
  const receipt = (await runModel(model, where(3), { kind: 'receipt' })) as string;
  expect(JSON.parse(receipt)).toMatchObject({ seed: 3, trace: three.root });
  const other = { kind: 'verify', receipt } as const;
  const found = (await runModel(model, where(0), other)) as Verification;
  expect(found).toMatchObject({ valid: true, reasons: [] });
});

test('traces are bisected with their seed', async () => {
  const trace = await traceWith(3);
  const lie = structuredClone(trace) as Trace & { root: string };
  Object.assign(lie.nodes[1]?.outputs[0] ?? {}, { digest: '0'.repeat(64) });
  lie.root = bytesToHex(treeOf(lie).head());
  const save = (name: string, value: Trace): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const output = join(folder, 'node');
  const options = { model, output, input: [], seed: 0, json: false };
  const found = await bisect(save('a.json', trace), save('b.json', lie), options);
  expect(found).toMatchObject({ difference: { operator: 'Add' }, right: 'a' });
  const another = save('c.json', await traceWith(4));
  expect(await bisect(save('a.json', trace), another, options)).toMatchObject({
    difference: { what: 'seed' },
  });
});
