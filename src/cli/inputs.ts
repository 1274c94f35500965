// Inputs from files, for the command line: a tensor from a .pb, .npy, .png or .jpg file, and the folders of ONNX's
// backend tests (`input_0.pb` …, `output_0.pb` …). Only Node. Whether a tensor fits the model is checked when it runs.

import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ModelError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { ValueInfo } from '../graph/graph.ts';
import { readTensor } from '../onnx/tensor.ts';
import { placePicture, readJpeg, readPng, type PixelScale } from './image.ts';
import { readNpy } from './npy.ts';

export interface InputOptions {
  /** For pictures in float32 inputs: 'unit' (default) gives 0..1, 'raw' gives 0..255. */
  readonly scale?: PixelScale | undefined;
}

/** Tensors by the names of graph inputs or outputs, in graph order. */
export type Feeds = Record<string, Tensor>;

/**
 * The tensor in a file, by its ending.
 *
 * @param spec the input that it is for: decides layout and dtype of a picture
 * @throws RangeError or ModelError for a file that cannot be used, with its path in front; Node's own error if it
 * cannot be read
 */
export async function loadTensorFile(
  path: string,
  spec: ValueInfo,
  options: InputOptions = {},
): Promise<Tensor> {
  const read = readerOf(path, spec, options);
  const bytes = await readFile(path);
  try {
    return read(bytes);
  } catch (error) {
    throw located(path, error);
  }
}

function readerOf(
  path: string,
  spec: ValueInfo,
  { scale }: InputOptions,
): (bytes: Uint8Array) => Tensor {
  const ending = extname(path).toLowerCase();
  switch (ending) {
    case '.pb':
      return (bytes) => readTensor(bytes).tensor;
    case '.npy':
      return readNpy;
    case '.png':
      return (bytes) => placePicture(readPng(bytes), spec, scale);
    case '.jpg':
    case '.jpeg':
      return (bytes) => placePicture(readJpeg(bytes), spec, scale);
    default:
      throw new RangeError(
        `input '${spec.name}': unknown kind of file: expected .pb, .npy, .png or .jpg, got '${path}'. Convert it.`,
      );
  }
}

/**
 * A folder of ONNX's backend tests: `input_i.pb` is the i-th graph input, `output_i.pb` the i-th graph output. There
 * must be every input; of the outputs, those that are there are returned.
 *
 * @throws RangeError if files are missing, too many, or named for another input; as loadTensorFile for each file
 */
export async function loadDataSet(
  folder: string,
  graph: { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] },
): Promise<{ feeds: Feeds; expected: Feeds }> {
  const files = await readdir(folder);
  const feeds = await load('input', graph.inputs);
  const missing = graph.inputs.filter((input) => feeds[input.name] === undefined);
  if (missing.length > 0) {
    throw new RangeError(
      `${folder}: inputs missing: expected ${graph.inputs.length} files input_0.pb …, got ${Object.keys(feeds).length}; ` +
        `none for ${missing.map((input) => `'${input.name}'`).join(', ')}.`,
    );
  }
  return { feeds, expected: await load('output', graph.outputs) };

  async function load(kind: 'input' | 'output', specs: readonly ValueInfo[]): Promise<Feeds> {
    const names = new Set(specs.map((spec) => spec.name));
    const found: Feeds = {};
    const indices = files
      .map((file) => new RegExp(`^${kind}_(\\d+)\\.pb$`).exec(file)?.[1])
      .filter((index) => index !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const index of indices) {
      const path = join(folder, `${kind}_${index}.pb`);
      const spec = specs[index];
      if (spec === undefined) {
        throw new RangeError(
          `${path}: no such ${kind}: expected at most ${specs.length} for this model. Remove the file.`,
        );
      }
      const { name, tensor } = await readFile(path).then((bytes) => {
        try {
          return readTensor(bytes);
        } catch (error) {
          throw located(path, error);
        }
      });
      // Old test files carry other names, or none; the name of another input means that the order is wrong.
      if (name !== spec.name && names.has(name)) {
        throw new RangeError(
          `${path}: wrong order: expected a tensor for ${kind} '${spec.name}', got one named '${name}'. Rename the files.`,
        );
      }
      found[spec.name] = tensor;
    }
    return found;
  }
}

/** An error with the file's path in front of its text; the class stays. */
function located(path: string, error: unknown): unknown {
  if (error instanceof ModelError) {
    const Class = error.constructor as typeof ModelError;
    return new Class(
      error.problems.map((problem) => ({ ...problem, message: `${path}: ${problem.message}` })),
      { cause: error },
    );
  }
  if (error instanceof RangeError)
    return new RangeError(`${path}: ${error.message}`, { cause: error });
  if (error instanceof TypeError)
    return new TypeError(`${path}: ${error.message}`, { cause: error });
  return error;
}
