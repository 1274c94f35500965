// `isobit conformance` on a tree that this file writes: a case of two data sets, one that fails, one that is not
// supported, broken ones, and ones whose values ONNX leaves open. By the built program, as its users meet it.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConformanceDocument } from '../../src/cli/conformance.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { registry } from '../../src/ops/index.ts';
import { writeModel, writeTensor } from '../../src/onnx/writer.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-conformance');
const folder = mkdtempSync(join(tmpdir(), 'isobit-conformance-'));
const LIMIT = 120_000;

const info = (name: string, dims = [2]): ValueInfo => ({ name, dtype: 'float32', dims });
const floats = (...values: number[]): Tensor => new Tensor('float32', values, [values.length]);

function node(
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: [string, Attribute][] = [],
): Omit<Node, 'index'> {
  return { name: opType, domain: '', opType, inputs, outputs, attributes: new Map(attributes) };
}

function graph(nodes: Omit<Node, 'index'>[], outputs: ValueInfo[] = [info('y')]): Graph {
  return {
    name: 'case',
    nodes: nodes.map((one, index) => ({ ...one, index })),
    inputs: [info('x')],
    outputs,
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}

/** A case: a model, and for each data set its inputs and outputs by number. */
function write(id: string, model: Graph | Uint8Array, sets: [Tensor[], Tensor[]][]): void {
  const path = join(folder, id);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'model.onnx'), model instanceof Uint8Array ? model : writeModel(model));
  sets.forEach(([inputs, outputs], i) => {
    const set = join(path, `test_data_set_${i}`);
    mkdirSync(set);
    for (const [kind, tensors] of Object.entries({ input: inputs, output: outputs })) {
      // The names in such files mean nothing.
      tensors.forEach((one, k) =>
        writeFileSync(join(set, `${kind}_${k}.pb`), writeTensor('any', one)),
      );
    }
  });
}

const abs = graph([node('Abs', ['x'], ['y'])]);
const uniform = (y: ValueInfo): Graph =>
  graph([node('RandomUniformLike', ['x'], ['r']), node('Abs', ['r'], ['y'])], [y]);
// Shape and type are those of the input, whatever is drawn.
const shapeOfDrawn = graph(
  [node('RandomUniformLike', ['x'], ['r']), node('Shape', ['r'], ['y'])],
  [{ name: 'y', dtype: 'int64', dims: [1] }],
);

beforeAll(async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  await build({ ...options, configFile: join(root, 'vite.config.ts') });
  await build({ ...options, configFile: join(root, 'vite.cli.config.ts') });
  write('good/abs', abs, [
    [[floats(-1, 2)], [floats(1, 2)]],
    [[floats(3, -4)], [floats(3, -4 * -1.0005)]],
  ]);
  write('bad/value', abs, [
    [[floats(-1, 2)], [floats(1, 2)]],
    [[floats(-1, 2)], [floats(1, 2.01)]],
  ]);
  write('bad/shape', abs, [[[floats(-1, 2)], [floats(1, 2, 3)]]]);
  write('bad/feeds', abs, [[[floats(-1, 2, 3)], [floats(1, 2, 3)]]]);
  write('bad/few', abs, [[[], [floats(1, 2)]]]);
  write('bad/model', new Uint8Array([8, 8, 58, 200, 1]), [[[floats(1)], [floats(1)]]]);
  write('unknown', graph([node('Frobnicate', ['x'], ['y'])]), [[[floats(1, 2)], [floats(1, 2)]]]);
  write('open/uniform', uniform(info('y')), [[[floats(-1, 2)], [floats(0.1, 0.2)]]]);
  write('open/wrong_shape', uniform(info('y')), [[[floats(-1, 2)], [floats(0.1, 0.2, 0.3)]]]);
  write('open/shape_only', shapeOfDrawn, [[[floats(-1, 2)], [new Tensor('int64', [2], [1])]]]);
  // No case: nothing to compare with.
  write('no_case', abs, []);
}, LIMIT);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function conformance(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(outDir, 'cli.js'), 'conformance', ...args],
      { maxBuffer: 1e8 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test('every case is judged by its own files', { timeout: LIMIT }, async () => {
  const { code, out } = await conformance(folder, '--json');
  const document = JSON.parse(out) as ConformanceDocument;
  const status = Object.fromEntries(document.cases.map((one) => [one.id, one.status]));
  const reason = Object.fromEntries(document.cases.map((one) => [one.id, one.reason]));
  expect(status).toMatchObject({
    'good/abs': 'passed',
    'bad/value': 'failed',
    'bad/shape': 'failed',
    'bad/feeds': 'failed',
    'bad/few': 'failed',
    'bad/model': 'failed',
    unknown: 'failed',
    'open/wrong_shape': 'failed',
  });
  expect(status['no_case']).toBeUndefined();
  expect(reason['bad/value']).toMatch(/^data set 1: y: element 1: expected 2.0/);
  expect(reason['bad/shape']).toBe('y: expected float32 [3], got float32 [2].');
  expect(reason['bad/feeds']).toMatch(/^RangeError: run: feed 'x'/);
  expect(reason['bad/few']).toMatch(/^RangeError: input_0.pb: no such file/);
  expect(reason['bad/model']).toMatch(/^ModelError: model/);
  expect(reason['unknown']).toMatch(/^UnsupportedOpError: Frobnicate/);
  expect(code).toBe(1);
  const count = (wanted: string) => document.cases.filter((one) => one.status === wanted).length;
  const { passed, failed, skipped } = document;
  expect([passed, failed, skipped]).toEqual(['passed', 'failed', 'skipped'].map(count));
});

// While no operator draws, such cases are only unsupported.
const drawing = registry.ranges('', 'RandomUniformLike').length > 0;
test.runIf(drawing)(
  'values that ONNX leaves open are not compared, shapes are',
  { timeout: LIMIT },
  async () => {
    const { out } = await conformance(folder, '--filter', 'open/', '--json');
    const document = JSON.parse(out) as ConformanceDocument;
    expect(document.cases.map((one) => `${one.id} ${one.status}`)).toEqual([
      'open/shape_only passed',
      'open/uniform skipped',
      'open/wrong_shape failed',
    ]);
  },
);

test('the text names operators, failures and the counts', { timeout: LIMIT }, async () => {
  const good = await conformance(folder, '--filter', 'good');
  expect(good.code).toBe(0);
  const lines = good.out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^operator +passed +failed +skipped$/);
  expect(lines[1]).toMatch(/^Abs +1 +0 +0$/);
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  const bad = await conformance(folder, '--filter', 'bad/value');
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(/^bad\/value: data set 1: y: element 1/m);
  const none = await conformance(folder, '--filter', 'there is no such case');
  expect(none.code).toBe(2);
  expect(none.err).toMatch(/no case/);
});

test('a stack gives the digests of this process', { timeout: LIMIT }, async () => {
  const digests = async (...args: string[]): Promise<unknown> => {
    const { out } = await conformance(folder, '--filter', 'good', '--json', ...args);
    return (JSON.parse(out) as ConformanceDocument).cases;
  };
  const here = await digests();
  expect(here).toMatchObject([
    { status: 'passed', digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
  ]);
  expect(await digests('--stack', 'E')).toEqual(here);
});
