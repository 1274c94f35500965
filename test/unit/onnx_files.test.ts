// Real files: the models and the ONNX backend tests of `../shared`, all of them. Only reading is tested here, and that
// what is not supported is refused as such. Where the folder is absent one line says so; in CI that is a failure.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ModelError, UnsupportedOpError } from '../../src/core/errors.ts';
import { subgraphsOf, type Graph } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/model.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { writeModel, writeTensor } from '../../src/onnx/writer.ts';
import { loadDataSet } from '../../src/cli/inputs.ts';

const shared = join(import.meta.dirname, '../../../shared');
const models = join(shared, 'models');
const cases = join(shared, 'onnx-node-tests');
const present = existsSync(models) && existsSync(cases);

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function countOps(graph: Graph, counts: Record<string, number> = {}): Record<string, number> {
  for (const node of graph.nodes) {
    const op = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    counts[op] = (counts[op] ?? 0) + 1;
    for (const inner of subgraphsOf(node)) countOps(inner, counts);
  }
  return counts;
}

interface Case {
  ops: Record<string, number>;
  opset: Record<string, number>;
  inputs: { name: string; kind: string }[];
  features: string[];
}

if (!present) {
  console.log(`onnx_files: ${shared} is absent: real models are not read. Needed in CI.`);
  test('the shared files are there in CI', () => expect(process.env['CI'] ?? '').toBe(''));
}

describe.runIf(present)('shared files', () => {
  const names = present
    ? readdirSync(models).filter((name) => existsSync(join(models, name, 'model.onnx')))
    : [];

  test('there are 13 models', () => expect(names).toHaveLength(13));

  test.each(names)('%s: read, counted, written, read again, data sets fit', async (name) => {
    const graph = readModel(readFileSync(join(models, name, 'model.onnx')));
    const meta = JSON.parse(readFileSync(join(models, name, 'meta.json'), 'utf8')) as {
      ops?: Record<string, number>;
    };
    if (meta.ops !== undefined) expect(countOps(graph)).toEqual(meta.ops);
    const file = writeModel(graph);
    expect(Buffer.compare(writeModel(readModel(file)), file)).toBe(0);
    const sets = readdirSync(join(models, name)).filter((set) => set.startsWith('test_data_set_'));
    expect(sets.length).toBeGreaterThan(0);
    for (const set of sets) {
      const { feeds, expected } = await loadDataSet(join(models, name, set), graph);
      expect(Object.keys(feeds)).toEqual(graph.inputs.map((input) => input.name));
      expect(Object.keys(expected)).toEqual(graph.outputs.map((output) => output.name));
      for (const { name: input, dtype, dims } of graph.inputs) {
        const feed = feeds[input];
        expect(feed?.dtype).toBe(dtype);
        expect(feed?.dims.length).toBe(dims?.length);
        dims?.forEach((dim, axis) => {
          if (typeof dim === 'number') expect(feed?.dims[axis]).toBe(dim);
        });
      }
    }
  });

  test('every model of the backend tests is read, and is what the index says', () => {
    const index = JSON.parse(readFileSync(join(cases, 'index.json'), 'utf8')) as {
      cases: Record<string, Case>;
    };
    let read = 0;
    for (const [id, entry] of Object.entries(index.cases)) {
      const graph = readModel(readFileSync(join(cases, id, 'model.onnx')));
      expect(countOps(graph), id).toEqual(entry.ops);
      for (const [domain, version] of Object.entries(entry.opset)) {
        expect(graph.opsets.get(domain === 'ai.onnx' ? '' : domain), id).toBe(version);
      }
      expect(
        graph.inputs.map((input) => input.name),
        id,
      ).toEqual(entry.inputs.map((input) => input.name));
      read++;
    }
    expect(read).toBe(1636);
  }, 60_000);

  test('the light models are read', () => {
    const files = filesUnder(join(cases, 'light'), '.onnx');
    expect(files).toHaveLength(5);
    for (const file of files) {
      const graph = readModel(readFileSync(file));
      // IR version 3: weights are listed among the inputs, but only the picture must be fed.
      expect(graph.inputs).toHaveLength(1);
    }
  });

  test('every tensor file is read and survives a round trip, or is refused for its type', () => {
    let read = 0;
    const refused: Record<string, number> = {};
    for (const path of filesUnder(cases, '.pb')) {
      const bytes = readFileSync(path);
      try {
        const { name, tensor } = readTensor(bytes);
        const again = readTensor(writeTensor(name, tensor));
        expect([again.name, again.tensor.dtype, again.tensor.dims]).toEqual([
          name,
          tensor.dtype,
          tensor.dims,
        ]);
        if (tensor.dtype === 'string') expect(again.tensor.data).toEqual(tensor.data);
        else expect(Buffer.compare(again.tensor.bytes(), tensor.bytes()), path).toBe(0);
        read++;
      } catch (error) {
        expect(error, relative(cases, path)).toBeInstanceOf(ModelError);
        const type = /element type (\w+) is not supported/.exec(String(error))?.[1];
        expect(type === undefined || error instanceof UnsupportedOpError).toBe(true);
        // Files of sequences and optionals are other messages than TensorProto.
        const kind = type ?? 'sequence or optional';
        refused[kind] = (refused[kind] ?? 0) + 1;
      }
    }
    expect(read).toBeGreaterThan(5000);
    expect(Object.keys(refused)).toEqual(['sequence or optional']);
    expect(refused['sequence or optional']).toBeLessThan(60);
  }, 60_000);
});
