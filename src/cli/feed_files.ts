// Which inputs a model on the command line is run with: files that were named, a folder of ONNX's backend tests, or
// seeded random ones, in that order; and the same inputs as plain files for jobs on other stacks. It reads the model's
// inputs and runs nothing.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeedFile } from '../jobs/job.ts';
import { Weights } from '../core/weight.ts';
import type { Graph } from '../graph/graph.ts';
import { readModel } from '../onnx/model.ts';
import { loadDataSet, loadTensorFile } from './inputs.ts';
import type { Feeds } from './inputs.ts';
import { inputsBeside, writeFeeds } from './model_files.ts';
import type { ModelFile } from './model_files.ts';
import { UsageError } from './output.ts';
import { randomFeeds } from './random.ts';

export interface InputChoice {
  /** A folder with input_0.pb …; its output_0.pb … are the expected outputs. */
  inputs?: string;
  /** NAME=FILE; these come before the folder's. */
  input: string[];
  seed: number;
  /** Take test_data_set_0 beside the model when no folder is given. */
  beside?: boolean;
}

export interface ChosenInputs {
  feeds: Feeds;
  /** The expected outputs of the folder; empty where it has none. */
  expected: Feeds;
  /** The folder, where one was used. */
  folder: string | undefined;
}

async function namedFeeds(graph: Graph, input: string[]): Promise<Feeds> {
  const feeds: Feeds = {};
  for (const argument of input) {
    // Names of inputs may hold an equals sign, paths hardly do: the last one divides.
    const at = argument.lastIndexOf('=');
    if (at <= 0) throw new UsageError(`--input: expected NAME=FILE, got ${argument}.`);
    const name = argument.slice(0, at);
    const spec = graph.inputs.find((info) => info.name === name);
    if (spec === undefined) {
      const names = graph.inputs.map((info) => info.name).join(', ');
      throw new UsageError(`--input: no such input: expected one of ${names}, got ${name}.`);
    }
    feeds[name] = await loadTensorFile(argument.slice(at + 1), spec);
  }
  return feeds;
}

/**
 * The inputs of a model.
 *
 * @throws UsageError For a wrong NAME=FILE; ModelError for a file that is no model; RangeError for wrong inputs.
 */
export async function chooseInputs(file: ModelFile, choice: InputChoice): Promise<ChosenInputs> {
  const graph = readModel(readFileSync(file.path), new Weights());
  const named = await namedFeeds(graph, choice.input);
  const rest = graph.inputs.filter((info) => named[info.name] === undefined);
  const folder = choice.inputs ?? (choice.beside === true ? inputsBeside(file) : undefined);
  if (folder !== undefined && (rest.length > 0 || graph.inputs.length === 0)) {
    const { feeds, expected } = await loadDataSet(folder, graph);
    // Other inputs than the folder's have other outputs.
    const isWhole = Object.keys(named).length === 0;
    return { feeds: { ...feeds, ...named }, expected: isWhole ? expected : {}, folder };
  }
  const random = randomFeeds(graph.inputs, choice.seed);
  return { feeds: { ...random, ...named }, expected: {}, folder: undefined };
}

/** The inputs as files in a folder of their own below `folder`, which jobs on all stacks can read. */
export async function feedFiles(
  file: ModelFile,
  choice: InputChoice,
  folder: string,
  index: number,
): Promise<FeedFile[]> {
  const { feeds } = await chooseInputs(file, { beside: true, ...choice });
  const own = join(folder, String(index));
  mkdirSync(own);
  return writeFeeds(feeds, own);
}

/** The model's file and those beside it that hold its weights: what a machine needs to load it. */
export function filesOfModel(file: ModelFile): string[] {
  const weights = new Weights();
  readModel(readFileSync(file.path), weights);
  const beside = weights.list.flatMap((weight) => weight.file?.location ?? []);
  return [file.path, ...[...new Set(beside)].map((location) => join(file.folder, location))];
}
