// Good models to make hostile ones of: every operator case that is small, random graphs, and files.
import type { Tensor } from '../../src/core/tensor.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { randomGraph } from '../harness/random_graph.ts';
import { caseFiles } from '../ops/index.ts';

export interface Sample {
  readonly name: string;
  readonly model: Uint8Array;
  readonly feeds: ReadonlyMap<string, Tensor>;
}

/** Larger models take long, and their weights are most of what would be changed. */
const MOST_BYTES = 8192;
const RANDOM_GRAPHS = 200;

const bytesOf = (tensors: Iterable<Tensor>): number =>
  [...tensors].reduce(
    (sum, one) => sum + (one.dtype === 'string' ? one.size : one.bytes().length),
    0,
  );

/** @param files models on disk, and their names */
export function corpus(files: readonly { name: string; model: Uint8Array }[] = []): Sample[] {
  const samples: Sample[] = [];
  for (const [stem, cases] of caseFiles) {
    for (const { id, graph, feeds } of cases) {
      if (bytesOf([...feeds.values(), ...graph.initializers.values()]) > MOST_BYTES) continue;
      samples.push({ name: `${stem}: ${id}`, model: writeModel(graph), feeds });
    }
  }
  for (let seed = 0; seed < RANDOM_GRAPHS; seed += 1) {
    const { graph, feeds } = randomGraph(seed);
    if (bytesOf(feeds.values()) > 4 * MOST_BYTES) continue;
    samples.push({ name: `random graph ${seed}`, model: writeModel(graph), feeds });
  }
  for (const { name, model } of files) {
    if (model.length <= 4 * MOST_BYTES) samples.push({ name, model, feeds: new Map() });
  }
  return samples;
}
