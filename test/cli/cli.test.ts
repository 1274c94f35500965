// The command line as its users meet it: the built program, its exit codes, and the one JSON document on stdout. On a
// small model of its own, on stacks that are processes; whether real models agree everywhere is test/models' question.

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpRow, OpsResult } from '../../src/cli/bench_ops.ts';
import type { ProfileDocument } from '../../src/cli/profile.ts';
import type { StackRow } from '../../src/cli/stacks_command.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel, writeTensor } from '../../src/onnx/writer.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-cli');
const folder = mkdtempSync(join(tmpdir(), 'isobit-cli-'));
const model = join(folder, 'chain/model.onnx');
const set = join(folder, 'chain/test_data_set_0');
const LIMIT = 120_000;

function node(index: number, opType: string, inputs: string[], output: string): Node {
  const shared = { name: `n${index}`, domain: '', attributes: new Map() };
  return { ...shared, index, opType, inputs, outputs: [output] };
}

/** y = exp((a + b) * a) over four elements; `last` replaces Exp. */
function chain(last: string): Uint8Array {
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [4] });
  return writeModel({
    name: 'chain',
    nodes: [
      node(0, 'Add', ['a', 'b'], 's'),
      node(1, 'Mul', ['s', 'a'], 'p'),
      node(2, last, ['p'], 'y'),
    ],
    inputs: [info('a'), info('b')],
    outputs: [info('y')],
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  });
}

/** 35 nodes of an operator that does not exist. */
function many(): Uint8Array {
  const nodes = Array.from({ length: 35 }, (_, i) => node(i, 'Frobnicate', ['a'], `y${i}`));
  return writeModel({
    name: 'many',
    nodes,
    inputs: [{ name: 'a', dtype: 'float32', dims: [4] }],
    outputs: [{ name: 'y0', dtype: 'float32', dims: [4] }],
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  });
}

/** One operator that ONNX has and one that only this library has. */
function own(): Uint8Array {
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [4] });
  return writeModel({
    name: 'own',
    nodes: [
      node(0, 'Neg', ['a'], 'b'),
      node(1, 'Neg', ['b'], 'c'),
      { ...node(2, 'Erfc', ['c'], 'y'), domain: 'isobit' },
    ],
    inputs: [info('a')],
    outputs: [info('y')],
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([
      ['', 17],
      ['isobit', 1],
    ]),
  });
}

beforeAll(async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  await build({ ...options, configFile: join(root, 'vite.config.ts') });
  await build({ ...options, configFile: join(root, 'vite.cli.config.ts') });
  mkdirSync(set, { recursive: true });
  writeFileSync(model, chain('Exp'));
  writeFileSync(join(folder, 'unknown.onnx'), chain('Frobnicate'));
  writeFileSync(join(folder, 'truncated.onnx'), chain('Exp').slice(0, 60));
  writeFileSync(join(folder, 'text.onnx'), 'This is not a model.\n');
  writeFileSync(join(folder, 'empty.onnx'), '');
  writeFileSync(join(folder, 'many.onnx'), many());
  writeFileSync(join(folder, 'own.onnx'), own());
  writeFileSync(join(folder, 'text.pb'), 'This is not a tensor.\n');
  writeFileSync(
    join(folder, 'five.pb'),
    writeTensor('a', new Tensor('float32', [1, 2, 3, 4, 5], [5])),
  );
  const tensor = (values: number[]) => new Tensor('float32', values, [4]);
  const pb = (file: string, name: string, values: number[]) =>
    writeFileSync(join(set, file), writeTensor(name, tensor(values)));
  pb('input_0.pb', 'a', [0, 1, 2, -1]);
  pb('input_1.pb', 'b', [1, 0, 0, 0.5]);
  pb('output_0.pb', 'y', [1, Math.E, Math.exp(4), Math.exp(0.5)]);
}, LIMIT);
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function isobitWith(variables: Record<string, string>, args: string[]): Promise<Ended> {
  return new Promise((ended) => {
    const env = { ...process.env, ...variables };
    const line = [join(outDir, 'cli.js'), ...args];
    execFile(process.execPath, line, { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      ended({ code, stdout, stderr });
    });
  });
}

const isobit = (...args: string[]): Promise<Ended> => isobitWith({}, args);

async function isobitJson(...args: string[]): Promise<{ code: number; document: unknown }> {
  const { code, stdout } = await isobit(...args, '--json');
  return { code, document: JSON.parse(stdout) };
}

test('run prints digests that do not change, and compares expected outputs', async () => {
  const { code, document } = await isobitJson('run', model, '--backend', 'wasm', '--inputs', set);
  expect(code).toBe(0);
  const { contract, backend, outputs, digest, expected } = document as {
    contract: string;
    backend: string;
    outputs: { name: string; dtype: string; shape: number[]; digest: string }[];
    digest: string;
    expected: { within: boolean };
  };
  expect({ contract, backend, expected }).toMatchObject({
    contract: 'isobit 1',
    backend: 'wasm',
    expected: { within: true, rtol: 1e-3, atol: 1e-5 },
  });
  expect(outputs).toMatchObject([{ name: 'y', dtype: 'float32', shape: [4] }]);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const again = await isobitJson('run', model, '--backend', 'wasm', '--inputs', set);
  expect(again.document).toMatchObject({ digest });
  const args = ['run', model, '--backend', 'wasm', '--inputs', set, '--threads', '2'];
  // Too little work for a second one.
  expect((await isobitJson(...args)).document).toMatchObject({ digest, threads: 1 });
});

test('run fails with 1 when an expected output is not met', async () => {
  const wrong = join(folder, 'wrong');
  mkdirSync(wrong);
  for (const file of ['input_0.pb', 'input_1.pb']) copyFileSync(join(set, file), join(wrong, file));
  const values = new Tensor('float32', [1, 2, 3, 4], [4]);
  writeFileSync(join(wrong, 'output_0.pb'), writeTensor('y', values));
  const { code, stdout } = await isobit('run', model, '--backend', 'wasm', '--inputs', wrong);
  expect(code).toBe(1);
  expect(stdout).toContain('NOT within');
  expect(stdout).toMatch(/y: element 1: expected 2 within/);
});

test('random inputs depend on the seed; auto says what it took', async () => {
  const of = async (seed: string) => {
    const { document } = await isobitJson('run', model, '--seed', seed);
    return document as { digest: string; notes: string[] };
  };
  const [a, b, c] = [await of('1'), await of('1'), await of('2')];
  expect(a.digest).toBe(b.digest);
  expect(a.digest).not.toBe(c.digest);
  expect(a.notes.join()).toMatch(/auto: took/);
});

test('run on WebGPU gives the digest of WASM', { timeout: LIMIT }, async () => {
  const wasm = await isobitJson('run', model, '--backend', 'wasm');
  const gpu = await isobitJson('run', model, '--backend', 'webgpu', '--stack', 'E');
  const { digest } = wasm.document as { digest: string };
  expect(gpu.document).toMatchObject({ backend: 'webgpu', digest });
});

test('profile measures every step, and writes a trace', { timeout: LIMIT }, async () => {
  const trace = join(folder, 'trace.json');
  const args = ['profile', model, '--runs', '3'];
  for (const more of [[], ['--stack', 'E']]) {
    const { code, stdout } = await isobit(...args, '--json', '--trace', trace, ...more);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as ProfileDocument;
    // The three nodes are one kernel.
    expect(document.steps.map(({ kernel, nodes, where }) => [kernel, nodes, where])).toEqual([
      ['elementwise', ["Add 'n0'", "Mul 'n1'", "Exp 'n2'"], document.backend],
    ]);
    expect(document.steps_ms).toBeGreaterThan(0);
    expect(document.run_ms).toBeGreaterThan(0);
    expect(document.operators).toMatchObject([{ operator: 'Add Mul Exp', steps: 1 }]);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as {
      traceEvents: { ph: string; name: string; dur?: number }[];
    };
    const events = traceEvents.filter(({ ph }) => ph === 'X');
    expect(events.map(({ name }) => name)).toEqual(['elementwise']);
    expect(events[0]?.dur).toBeGreaterThan(0);
  }
  const { stdout } = await isobit(...args);
  expect(stdout).toMatch(
    /1 steps of [\d.]+ ms in all; [\d.]+ ms a run that is not profiled; medians of 3/,
  );
  expect(stdout).toMatch(/100\.0 % +elementwise +wasm +Add 'n0' and 2 more/);
});

test('check compares every node', { timeout: LIMIT }, async () => {
  const { code, document } = await isobitJson('check', model, '--stack', 'C');
  expect(code).toBe(0);
  expect(document).toMatchObject({ model: 'chain', identical: true, values: 3, elements: 12 });
});

test('matrix gives one digest on the stacks asked for', { timeout: LIMIT }, async () => {
  const ids = ['wasm-node', 'wasm-bun', 'D', 'E'];
  const { code, document } = await isobitJson('matrix', model, '--stacks', ids.join());
  expect(code).toBe(0);
  const { identical, digest, stacks } = document as {
    identical: boolean;
    digest: string;
    stacks: { id: string; digest: string }[];
  };
  expect(identical).toBe(true);
  expect(stacks.map((stack) => [stack.id, stack.digest])).toEqual(ids.map((id) => [id, digest]));
});

test('bench measures both sides on the same inputs', { timeout: LIMIT }, async () => {
  const against = ['--against', 'onnxruntime-web', '--seconds', '1'];
  const { code, document } = await isobitJson('bench', model, ...against);
  expect(code).toBe(0);
  const { rows, geomean } = document as {
    rows: { model: string; ours_ms: number; theirs_ms: number; ratio: number }[];
    geomean: number;
  };
  expect(rows.map((row) => row.model)).toEqual(['chain']);
  const [row] = rows;
  expect(row?.ours_ms).toBeGreaterThan(0);
  expect(row?.theirs_ms).toBeGreaterThan(0);
  expect(geomean).toBe(row?.ratio);
});

test('compare says whether another runtime agrees', { timeout: LIMIT }, async () => {
  const args = ['compare', model, '--with', 'onnxruntime-web:wasm'];
  const { code, document } = await isobitJson(...args);
  expect(code).toBe(0);
  expect(document).toMatchObject({ model: 'chain', within: true, compared: { values: 3 } });
  const edited = join(folder, 'edited.onnx');
  writeFileSync(edited, chain('Neg'));
  const other = await isobit(...args, '--guest-model', edited);
  expect(other.code).toBe(1);
  expect(other.stdout).toContain("introduces more than the tolerance: Exp 'n2' (node 2)");
  expect(other.stdout).toContain('computed by Neg');
  expect((await isobit('compare', model)).code).toBe(2);
});

test('bench --ops measures the nodes of models, alike ones once', { timeout: LIMIT }, async () => {
  const digits = join(root, 'demo/public/digits.onnx');
  const against = ['--ops', '--against', 'onnxruntime-web', '--seconds', '1'];
  const { code, document } = await isobitJson(
    'bench',
    digits,
    join(folder, 'own.onnx'),
    ...against,
  );
  expect(code).toBe(0);
  const { against: other, call, models, total } = document as OpsResult;
  expect(other).toMatch(/^onnxruntime-web \d/);
  expect(Math.min(call.ours_us, call.theirs_us ?? 0)).toBeGreaterThan(0);
  expect(models.map((one) => one.model)).toEqual(['digits', 'own']);
  const counts = (rows: OpRow[]) =>
    rows.map(({ operator, nodes, distinct }) => `${operator} ${nodes} ${distinct}`).sort();
  const [first, second] = models;
  const ofDigits = ['Conv 2 2', 'Flatten 1 1', 'Gemm 1 1', 'MaxPool 2 2', 'Relu 2 2'];
  expect(counts(first?.rows ?? [])).toEqual(ofDigits);
  expect(first?.left_out).toEqual({ control: 0, inner: 0, known: 0, host: 0, kinds: 0 });
  expect(first?.refused).toEqual([]);
  expect(first?.measured.map((one) => one.nodes)).toEqual(Array.from({ length: 8 }, () => 1));
  expect(first?.measured[0]).toMatchObject({
    operator: 'Conv',
    inputs: ['float32[1,1,28,28]', 'known float32[8,1,5,5]', 'known float32[8]'],
    outputs: ['float32[1,8,24,24]'],
  });
  expect(counts(second?.rows ?? [])).toEqual(['Neg 2 1']);
  expect(second?.refused).toMatchObject([{ operator: 'isobit.Erfc', node: 'n2', nodes: 1 }]);
  expect(second?.refused[0]?.reason).toMatch(/Erfc|isobit/);
  expect(counts(total)).toEqual([...ofDigits, 'Neg 2 1'].sort());
  for (const rows of [total, ...models.map((one) => one.rows)]) {
    for (const { ours_us, theirs_us, ratio } of rows) {
      expect(ours_us).toBeGreaterThan(0);
      expect(theirs_us).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo((theirs_us ?? 0) / ours_us, 1);
    }
    const ratios = rows.map((row) => row.ratio ?? 0);
    expect(ratios).toEqual(ratios.toSorted((a, b) => b - a));
  }
});

test(
  'bench --ops prints a table a model, and what is left out and refused',
  {
    timeout: LIMIT,
  },
  async () => {
    const args = ['--ops', '--against', 'onnxruntime-web', '--seconds', '1'];
    const { code, stdout } = await isobit('bench', join(folder, 'own.onnx'), ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^wasm, 1 thread, .*\na run of one node on one element: ours [\d.]+ µs, /,
    );
    expect(stdout).toMatch(
      /\nown\noperator +nodes +distinct +ours, µs +theirs, µs +ratio\nNeg +2 +1 /,
    );
    expect(stdout).toMatch(
      /refused by onnxruntime-web: isobit\.Erfc 'n2', 1 such, ours [\d.]+ µs: \S/,
    );
  },
);

test('bench --audit measures runs with and without their audit', { timeout: LIMIT }, async () => {
  const options = ['--audit', '--backend', 'webgpu', '--stack', 'E', '--seconds', '1'];
  const { code, document } = await isobitJson('bench', model, ...options);
  expect(code).toBe(0);
  const { rows } = document as { rows: { model: string; ratio: number; runs: number }[] };
  expect(rows.map((row) => row.model)).toEqual(['chain']);
  expect(rows[0]?.runs).toBeGreaterThanOrEqual(3);
  expect(rows[0]?.ratio).toBeGreaterThan(0);
});

test('stacks gives the verdict of the gate on every GPU', { timeout: LIMIT }, async () => {
  const { code, document } = await isobitJson('stacks');
  expect(code).toBe(0);
  const { stacks } = document as { stacks: StackRow[] };
  for (const { id, backend, found, probe, probeError } of stacks) {
    expect(probeError, id).toBeUndefined();
    if (backend === 'wasm' || !found) {
      expect(probe, id).toBeUndefined();
      continue;
    }
    expect(probe?.findings.filter((one) => one.outcome === 'differs')).toEqual([]);
    expect(probe?.verdict, id).toBe('full');
    expect(probe?.findings.map((one) => one.name)).toContain('rounding');
    expect(probe?.milliseconds).toBeGreaterThan(0);
  }
  const probed = stacks.filter(({ probe }) => probe !== undefined).map(({ id }) => id);
  expect(probed).toEqual(expect.arrayContaining(['A', 'B', 'C', 'D', 'E']));
});

test('stacks says why a stack does not start', { timeout: LIMIT }, async () => {
  const broken = join(folder, 'broken.sh');
  writeFileSync(broken, '#!/bin/sh\necho no such luck >&2\nexit 7\n', { mode: 0o755 });
  const { code, stdout } = await isobitWith({ ISOBIT_DENO: broken }, ['stacks']);
  expect(code).toBe(0);
  const block = /^C {13}webgpu - .*\n(?: {14}.*\n?)+/m.exec(stdout)?.[0] ?? '';
  expect(block).toMatch(/exit code 7.\n {14}no such luck\n {14}to install: npm install deno/);
  expect(stdout).toMatch(/^E {13}webgpu full .*\n(?: {14}.*\n)* {14}gate: \d+ findings, none/m);
  expect(stdout).toMatch(/^wasm-node {5}wasm {11}V8 /m);
});

test.each([
  ['no command', [], ''],
  ['an unknown command', ['frob'], "unknown command 'frob'"],
  ['an unknown option', ['run', model, '--frob'], "unknown option '--frob'"],
  ['a wrong seed', ['run', model, '--seed', '-1'], 'expected an integer of at least 0'],
  ['an unknown stack', ['matrix', model, '--stacks', 'Q'], 'expected some of wasm-node'],
  ['a stack of another backend', ['bench', model, '--stack', 'E'], 'expected a stack for wasm'],
  [
    'an audit of the reference',
    ['bench', model, '--audit'],
    'expected --backend webgpu and no --against',
  ],
  [
    'nodes on WebGPU',
    ['bench', model, '--ops', '--backend', 'webgpu'],
    '--ops: expected --backend wasm',
  ],
  ['inputs for two models', ['matrix', model, model, '--inputs', set], 'expected one model, got 2'],
  ['no such file', ['run', join(folder, 'none.onnx')], 'no such file'],
  ['an unknown input', ['run', model, '--input', 'q=x.pb'], 'expected one of a, b, got q'],
  ['a missing input file', ['run', model, '--input', 'a=none.pb'], 'none.pb'],
  ['a folder without a model', ['run', folder], 'no model.onnx in the folder'],
  ['a damaged input', ['run', model, '--input', `a=${folder}/text.pb`], 'text.pb: '],
  ['an input of another shape', ['run', model, '--input', `a=${folder}/five.pb`], 'got [5]'],
])('%s ends with 2 and says so', async (_, args, text) => {
  const plain = await isobit(...args);
  expect(plain.code).toBe(2);
  expect(plain.stdout).toBe('');
  expect(plain.stderr).toContain(text);
  expect(plain.stderr).not.toMatch(/\n\s+at /);
  if (args.length === 0) return;
  const { code, document } = await isobitJson(...args);
  expect(code).toBe(2);
  expect(document).toMatchObject({ error: { message: expect.any(String) } });
});

test.each([
  ['empty.onnx', 'ModelError', /the file is empty: expected an ONNX model\. Get the file again\./],
  ['text.onnx', 'ModelError', /the file is text: .*got 'This is not a model\.'\. Check that/],
  ['truncated.onnx', 'ModelError', /cut short: expected \d+ bytes, got \d+\. .*get it again\./],
  ['unknown.onnx', 'UnsupportedOpError', /Frobnicate 'n2': operator is not implemented\. Export/],
])(
  '%s: every command names the file, what is wrong and what to do, before any stack starts',
  async (name, kind, text) => {
    const path = join(folder, name);
    for (const command of ['run', 'check', 'matrix', 'bench']) {
      const { code, stdout, stderr } = await isobit(command, path, '--json');
      expect(code, command).toBe(2);
      const { error } = JSON.parse(stdout) as {
        error: { name: string; message: string; problems: unknown[] };
      };
      expect(error.name, command).toBe(kind);
      expect(error.message, command).toMatch(text);
      expect(error.problems.length, command).toBe(1);
      expect(stderr, command).toBe(`isobit: ${error.message}\n`);
      expect(error.message.startsWith(`${path}: `), command).toBe(true);
    }
  },
);

test('nodes with the same problem stand in one line; --json lists them all', async () => {
  const { stdout, stderr } = await isobit('run', join(folder, 'many.onnx'), '--json');
  const { error } = JSON.parse(stdout) as { error: { problems: { node: string }[] } };
  expect(error.problems.map((one) => one.node)).toEqual(
    Array.from({ length: 35 }, (_, i) => `n${i}`),
  );
  expect(stderr).toMatch(
    /many\.onnx: Frobnicate 'n0', 'n1', 'n2' and 32 more: operator is not implemented\. [^\n]*\n$/,
  );
});

test('help and version end with 0', async () => {
  expect(await isobit('--help')).toMatchObject({ code: 0, stderr: '' });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(await isobit('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
