// Nodes taken out of a model: as a model of their own, and that as a folder in the form of ONNX's backend tests
// (model.onnx, test_data_set_0 with input_0.pb …, output_0.pb …), which other runtimes and `isobit check` take. Nothing is
// run here, and where the tensors come from is the caller's question.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '../core/tensor.ts';
import { Weights } from '../core/weight.ts';
import type { Graph, Node, ValueInfo } from '../graph/graph.ts';
import { valuesRead } from '../graph/sort.ts';
import { readModel } from '../onnx/model.ts';
import { writeModel, writeTensor } from '../onnx/writer.ts';
import { UsageError } from './output.ts';

/**
 * A model with its weights in its own file: only such can be taken apart here.
 *
 * @throws UsageError where they lie in other files, ModelError for a file that is no model
 */
export function readWhole(path: string): Graph {
  const weights = new Weights();
  const graph = readModel(readFileSync(path), weights);
  if (weights.externalBytes === 0) return graph;
  throw new UsageError(
    `${path}: its weights lie in other files, expected them in this one. Save the model as one file to get the node.`,
  );
}

/** What a model of some nodes is made of. */
export interface Parts {
  /** In an order in which they can be executed. */
  nodes: readonly Node[];
  outputs: readonly string[];
  /** What of the values that they read is known beforehand; the rest are inputs. */
  initializers: ReadonlyMap<string, Tensor>;
  opsets: ReadonlyMap<string, number>;
  infoOf: (name: string) => ValueInfo;
}

/** The nodes as a model of their own. What graphs within them read from outside counts as read. */
export function modelOf({ nodes, outputs, initializers, opsets, infoOf }: Parts): Graph {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const read = [...new Set(nodes.flatMap((node) => [...valuesRead(node)]))].filter(
    (name) => !made.has(name),
  );
  return {
    name: nodes.map((node) => node.opType).join('_'),
    nodes: nodes.map((node, index) => ({ ...node, index })),
    inputs: read.filter((name) => !initializers.has(name)).map(infoOf),
    outputs: outputs.map(infoOf),
    initializers,
    valueInfo: new Map(),
    opsets,
  };
}

/** Writes a model with its inputs and expected outputs into a folder, which is made. */
export function writeTestFolder(
  model: Graph,
  tensorOf: (name: string) => Tensor,
  folder: string,
): void {
  const set = join(folder, 'test_data_set_0');
  mkdirSync(set, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), writeModel(model));
  const write = (kind: string, infos: readonly ValueInfo[]): void =>
    infos.forEach(({ name }, i) =>
      writeFileSync(join(set, `${kind}_${i}.pb`), writeTensor(name, tensorOf(name))),
    );
  write('input', model.inputs);
  write('output', model.outputs);
}
