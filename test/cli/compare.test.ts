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
import { writeFeeds } from '../../src/cli/model_files.ts';
import { findOrtNode } from '../../src/cli/stacks/locate.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { sortTopologically } from '../../src/graph/sort.ts';
import type { RunReport } from '../../src/jobs/model_job.ts';
import { writeModel } from '../../src/onnx/writer.ts';

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
  ...{ with: 'onnxruntime-web:wasm', guestOptimised: false, input: [], seed: 3, json: false },
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
