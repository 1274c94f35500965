// `isobit compare` finds the node: a fault planted in one weight of the guest's copy of a model is named as what that node
// introduces, and no other node is; a model that is not touched is within the tolerance. On models beside the repository in
// onnxruntime-web on WASM, and on a small one in every guest. What a report holds, and what is left out of it, with reasons.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compare, compareCommand, toleranceOf } from '../../src/cli/compare.ts';
import type { CompareOptions } from '../../src/cli/compare.ts';
import { comparePage } from '../../src/cli/compare_page.ts';
import type { CompareDocument } from '../../src/cli/compare_report.ts';
import { compareText } from '../../src/cli/compare_text.ts';
import { GUESTS } from '../../src/cli/guests.ts';
import { runHere } from '../../src/cli/here.ts';
import { readWhole } from '../../src/cli/node_files.ts';
import { loadDataSet } from '../../src/cli/inputs.ts';
import { chooseInputs } from '../../src/cli/feed_files.ts';
import { resolveModel, writeFeeds } from '../../src/cli/model_files.ts';
import { ReferenceValues } from '../../src/cli/reference_values.ts';
import { findOrtNode } from '../../src/cli/stacks/locate.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { sortTopologically } from '../../src/graph/sort.ts';
import type { RunReport } from '../../src/jobs/model_job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { mixedModel } from '../harness/mixed_model.ts';

const LIMIT = 240_000;
const folder = mkdtempSync(join(tmpdir(), 'isobit-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));
const digits = fileURLToPath(new URL('../../demo/public/digits.onnx', import.meta.url));
const models = resolve(import.meta.dirname, '../../../shared/models');
const here = existsSync(models);
if (!here) console.log(`compare: ${models} is absent, its models are not compared`);
test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

const options = (more: Partial<CompareOptions>): CompareOptions => ({
  ...{
    with: 'onnxruntime-web:wasm',
    guestOptimised: false,
    branches: false,
    input: [],
    seed: 3,
    json: false,
  },
  ...more,
});

/** A node with weights of its own that nothing else reads: the one that stands nearest to the middle. */
function middleNode(graph: Graph): { node: Node; weight: string } {
  const readers = (name: string) => graph.nodes.filter((node) => node.inputs.includes(name)).length;
  const found = graph.nodes.flatMap((node) => {
    const weight = node.inputs.find((name) => {
      const tensor = graph.initializers.get(name);
      const isNumeric = tensor !== undefined && /^(float32|u?int8)$/.test(tensor.dtype);
      return isNumeric && tensor.size > 16 && readers(name) === 1;
    });
    return weight === undefined ? [] : [{ node, weight }];
  });
  const middle = found[found.length >> 1];
  if (middle === undefined) throw new Error('no node has weights.');
  return middle;
}

/** A copy of the model's file with one weight changed in one element. */
function withFault(path: string, name: string): { file: string; node: Node; weight: string } {
  const graph = sortTopologically(readWhole(path));
  const { node, weight } = middleNode(graph);
  const tensor = graph.initializers.get(weight);
  if (tensor === undefined) throw new Error(`no weight ${weight}.`);
  const data = tensor.data.slice();
  if (!(data instanceof Float32Array || data instanceof Int8Array || data instanceof Uint8Array)) {
    throw new TypeError(`weight ${weight}: unexpected ${tensor.dtype}.`);
  }
  const at = data.length >> 1;
  data[at] = data instanceof Float32Array ? (data[at] ?? 0) + 2 : (data[at] ?? 0) ^ 0x40;
  const initializers = new Map(graph.initializers);
  initializers.set(weight, new Tensor(tensor.dtype, data, tensor.dims));
  const file = join(folder, `${name}.onnx`);
  writeFileSync(file, writeModel({ ...graph, initializers }));
  return { file, node, weight };
}

const beyondAlone = ({ nodes }: CompareDocument): number[] =>
  nodes.flatMap(({ index, introduced }) => (introduced?.within === false ? [index] : []));

/** The fault is named, at its node and nowhere else. */
function expectNamed(document: CompareDocument, { node, weight }: { node: Node; weight: string }) {
  expect(document.within).toBe(false);
  expect(beyondAlone(document)).toEqual([node.index]);
  expect(document.first).toEqual({ introduced: node.index, accumulated: node.index });
  expect(document.ranking[0]).toBe(node.index);
  expect(document.nodes[node.index]?.differs).toEqual([`weights '${weight}'`]);
  expect(document.operators[0]).toMatchObject({ operator: node.opType, beyond: 1 });
}

describe.runIf(here).each(['mnist-cnn', 'dtln-2', 'stories260k-int8', 'micro-kws-qdq'])(
  '%s in onnxruntime-web on WASM',
  (name) => {
    const path = join(models, name);

    test('is within the tolerance, node by node', { timeout: LIMIT }, async () => {
      const document = await compare(path, options({}));
      expect(beyondAlone(document)).toEqual([]);
      expect(document.left_out).toEqual({ values: [], nodes: [], inner: 0 });
      expect(document.compared.nodes).toBe(document.nodes.length);
    });

    test('a fault in a weight of the guest is named', { timeout: LIMIT }, async () => {
      const fault = withFault(join(path, 'model.onnx'), name);
      const output = join(folder, `${name}_node`);
      const document = await compare(path, options({ guestModel: fault.file, output }));
      expectNamed(document, fault);
      expect(document.written).toEqual({ folder: output, node: fault.node.index });
    });
  },
);

const mixed = join(folder, 'mixed.onnx');
writeFileSync(mixed, writeModel(mixedModel()));

describe('a model with values of every kind', () => {
  const guests = GUESTS.filter((name) => name !== 'onnxruntime-web:webgpu');

  test('onnxruntime-node is there in CI', () =>
    expect(findOrtNode() !== undefined || process.env['CI'] === undefined).toBe(true));

  for (const name of guests) {
    if (name === 'onnxruntime-node' && findOrtNode() === undefined) {
      console.log('compare: onnxruntime-node is absent: node scripts/install_stacks.mjs');
      continue;
    }
    test(`in ${name}: what is compared, and why the rest is not`, { timeout: LIMIT }, async () => {
      const document = await compare(mixed, options({ with: name }));
      expect(document.within, compareText(document)).toBe(true);
      const left = Object.fromEntries(
        document.left_out.values.map(({ value, reason }) => [value, reason]),
      );
      expect(left).toEqual({
        list: 'it is no tensor: sequence',
        drawn: 'it depends on numbers that an operator draws by chance',
        drawn_abs: 'it depends on numbers that an operator draws by chance',
        unused: 'no output of the model needs it, so it is not computed',
      });
      expect(document.left_out.inner).toBe(4);
      const dtypes = document.nodes.flatMap(({ values }) =>
        values.flatMap(({ accumulated }) => accumulated?.distances?.dtype ?? []),
      );
      expect(new Set(dtypes)).toEqual(
        new Set(['float32', 'float16', 'float64', 'int64', 'bool', 'string']),
      );
      const alone = Object.fromEntries(
        document.left_out.nodes.map(({ operator, reason }) => [operator, reason]),
      );
      expect(alone).toEqual({
        Neg: 'it gives no tensor, or none that the model needs',
        RandomNormalLike: 'it draws numbers by chance',
        SequenceConstruct: 'it gives no tensor, or none that the model needs',
      });
      // A sequence is no file: what makes it is run too.
      const at = document.nodes.find(({ operator }) => operator === 'SequenceAt');
      expect(at?.by).toEqual(['SequenceConstruct', 'SequenceAt']);
      expect(at?.differs).toBeUndefined();
      const abs = document.nodes.find(({ operator }) => operator === 'Abs');
      expect(abs?.introduced?.within).toBe(true);
      const text = compareText(document);
      expect(text).toContain('4 nodes in graphs of If, Loop or Scan');
      expect(text).toContain("value not compared: 'list': it is no tensor: sequence");
    });

    test(`in ${name}: a fault is named, and written`, { timeout: LIMIT }, async () => {
      const guestModel = join(folder, 'mixed_fault.onnx');
      writeFileSync(guestModel, writeModel(mixedModel(1.01)));
      const output = join(folder, 'mixed_node');
      const document = await compare(mixed, options({ with: name, guestModel, output }));
      // Every reader of the weights introduces it: Mul, and both branches of If; Greater sees no change.
      expect(beyondAlone(document)).toEqual([0, 16]);
      expect(document.first.introduced).toBe(0);
      expect(document.nodes[0]?.differs).toEqual(["weights 'w'"]);
      expect(document.outputs_beyond).not.toEqual([]);
      // The guest's node with our input: run by the reference, it does not give our output.
      const graph = readWhole(join(output, 'model.onnx'));
      const set = await loadDataSet(join(output, 'test_data_set_0'), graph);
      expect(graph.nodes.map(({ opType }) => opType)).toEqual(['Mul']);
      const feeds = writeFeeds(set.feeds, folder);
      const job = { kind: 'run', model: join(output, 'model.onnx'), feeds, data: true } as const;
      const [got] = ((await runHere(job)) as RunReport).outputs;
      const bytes = Buffer.from(set.expected['p']?.bytes() ?? []);
      expect(Buffer.from(got?.data ?? '', 'base64').equals(bytes)).toBe(false);
      expect(got?.shape).toEqual(set.expected['p']?.dims);
    });
  }

  test(
    'a converted file is compared by names, over the nodes between',
    { timeout: LIMIT },
    async () => {
      const graph = mixedModel();
      const [mul, ...rest] = graph.nodes;
      if (mul === undefined) throw new Error('no node.');
      const turned = { ...mul, opType: 'Neg', inputs: ['w'], outputs: ['minus'], name: 'added' };
      const product = { ...mul, inputs: ['x', 'minus'] };
      const guestModel = join(folder, 'mixed_between.onnx');
      writeFileSync(guestModel, writeModel({ ...graph, nodes: [turned, product, ...rest] }));
      const document = await compare(mixed, options({ guestModel }));
      expect(document.first.introduced).toBe(0);
      expect(document.nodes[0]).toMatchObject({
        by: ['Neg', 'Mul'],
        differs: ['computed by Neg, Mul'],
      });
    },
  );

  test('--branches looks into an If', { timeout: LIMIT }, async () => {
    const guestModel = join(folder, 'mixed_branches.onnx');
    writeFileSync(guestModel, writeModel(mixedModel(1.01)));
    const document = await compare(mixed, options({ guestModel, branches: true }));
    const named = document.nodes.filter(({ introduced }) => introduced?.within === false);
    expect(named.map(({ operator }) => operator)).toEqual(['Mul', 'Add']);
    expect(named[1]).toMatchObject({ node: 'branch/Add_1', differs: ["weights 'w'"] });
    expect(document.left_out.inner).toBe(0);
  });

  test('--guest-optimised compares outputs only', { timeout: LIMIT }, async () => {
    const document = await compare(mixed, options({ guestOptimised: true }));
    expect(document.compared).toMatchObject({ nodes: 0, values: 6 });
    expect(document.ranking).toEqual([]);
    const reasons = document.left_out.values.map(({ reason }) => reason);
    expect(reasons).toContain('only outputs are compared with --guest-optimised');
  });

  test('--ulp 0 wants every bit, and the command fails', { timeout: LIMIT }, async () => {
    const html = join(folder, 'report.html');
    const args = { ulp: 0, html, json: true };
    const document = await compare(digits, options(args));
    expect(document.within).toBe(false);
    expect(document.nodes[document.first.introduced ?? 0]?.operator).toBe('Conv');
    expect(await compareCommand(digits, options(args))).toBe(1);
    const page = readFileSync(html, 'utf8');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/<script|https?:|src=/);
  });
});

test('values that are written in groups are those that are written at once', async () => {
  const graph = sortTopologically(readWhole(digits));
  const file = resolveModel(digits);
  const feeds = writeFeeds((await chooseInputs(file, { input: [], seed: 3 })).feeds, folder);
  const written = async (limit: number): Promise<Map<string, string>> => {
    const to = mkdtempSync(join(folder, 'values-'));
    const ours = await ReferenceValues.of(file, graph, feeds, to);
    const groups = ours.groups(limit);
    expect(groups.length).toBe(limit === 1 ? ours.values.length : 1);
    const files = [];
    for (const group of groups) files.push(...(await ours.write(group)));
    return new Map(files.map(({ name, path }) => [name, readFileSync(path, 'base64')]));
  };
  const [apart, together] = [await written(1), await written(2 ** 30)];
  expect(new Set(apart.values()).size).toBeGreaterThan(4);
  expect(apart).toEqual(together);
});

describe('refusals', () => {
  test.each([
    [{ with: 'onnxruntime-node', stack: 'A' }, '--stack: onnxruntime-node: expected wasm-node'],
    [{ with: 'onnxruntime-web:webgpu', stack: 'E' }, 'expected A or B'],
    [{ with: 'onnxruntime-web:wasm', stack: 'A' }, 'expected a stack for wasm'],
    [{ guestModel: mixed }, "--guest-model: its input 'x' is none of the model"],
    [{ guestOptimised: true, output: folder }, '--output: expected no --guest-optimised'],
  ] as const)('%o', { timeout: LIMIT }, async (more, message) => {
    await expect(compare(digits, options(more))).rejects.toThrow(message);
  });
});

test('a runtime that is not installed is named, with what to install', async () => {
  const before = process.env['ISOBIT_ORT_NODE'];
  process.env['ISOBIT_ORT_NODE'] = join(folder, 'nowhere');
  try {
    await expect(compare(digits, options({ with: 'onnxruntime-node' }))).rejects.toThrow(
      /onnxruntime-node is not installed: .*ISOBIT_ORT_NODE.* npm install onnxruntime-node@/,
    );
  } finally {
    if (before === undefined) delete process.env['ISOBIT_ORT_NODE'];
    else process.env['ISOBIT_ORT_NODE'] = before;
  }
});

test('a tolerance of ulps alone is the only limit', () => {
  expect(toleranceOf({})).toEqual({ rtol: 1e-3, atol: 1e-5, ulp: 1 });
  expect(toleranceOf({ ulp: 4 })).toEqual({ rtol: 0, atol: 0, ulp: 4 });
  expect(toleranceOf({ ulp: 4, atol: 1 })).toEqual({ rtol: 1e-3, atol: 1, ulp: 4 });
  expect(toleranceOf({ rtol: 0, atol: 0 })).toEqual({ rtol: 0, atol: 0, ulp: 1 });
});

test('a page holds names as text', { timeout: LIMIT }, async () => {
  const graph = mixedModel();
  const name = `<img src=x onerror="alert('1')">`;
  const nodes = graph.nodes.map((node, i) => ({ ...node, name: `${name}${i}` }));
  const model = join(folder, 'names.onnx');
  writeFileSync(model, writeModel({ ...graph, nodes }));
  const page = comparePage(await compare(model, options({})));
  expect(page).not.toContain('<img');
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;');
});

test('docs/COMPARE.md prints what the command prints', { timeout: LIMIT }, async () => {
  const graph = readWhole(digits);
  const weight = graph.initializers.get('conv2.weight');
  const data = Float32Array.from(weight?.numbers() ?? []);
  data[0] = (data[0] ?? 0) + 0.25;
  const edited = new Tensor('float32', data, weight?.dims ?? []);
  const guestModel = join(folder, 'edited.onnx');
  const initializers = new Map([...graph.initializers, ['conv2.weight', edited] as const]);
  writeFileSync(guestModel, writeModel({ ...graph, initializers }));
  const output = join(folder, 'wrong');
  const document = await compare(digits, options({ seed: 0, guestModel, output }));
  const text = compareText(document).replace(guestModel, 'edited.onnx').replace(output, 'wrong');
  const file = fileURLToPath(new URL('../../docs/COMPARE.md', import.meta.url));
  const said = readFileSync(file, 'utf8');
  const begin = said.indexOf('digits in onnxruntime-web:wasm');
  if (process.env['UPDATE_DOCS'] === '1') {
    const end = said.indexOf('\n```', begin);
    writeFileSync(file, `${said.slice(0, begin)}${text}${said.slice(end)}`);
    return;
  }
  expect(said.slice(begin, said.indexOf('\n```', begin))).toBe(text);
});
