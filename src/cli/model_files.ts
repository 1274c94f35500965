// A model on the command line: its file, its name, the inputs beside it, and its feeds as plain files that jobs on any
// stack can read. It decodes no model and no picture: see inputs.ts and random.ts.

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Tensor } from '../core/tensor.ts';
import type { FeedFile } from '../jobs/job.ts';
import { UsageError } from './output.ts';

export interface ModelFile {
  /** The absolute path of the file. */
  path: string;
  /** The folder it lies in. */
  folder: string;
  /** The file's stem, or its folder's name where the file is called model.onnx. */
  name: string;
}

/**
 * A MODEL argument: a file, or a folder with a model.onnx.
 *
 * @throws UsageError When there is no such file.
 */
export function resolveModel(argument: string): ModelFile {
  const given = resolve(argument);
  if (!existsSync(given)) {
    throw new UsageError(`model: no such file: expected a .onnx file, got ${argument}.`);
  }
  const path = statSync(given).isDirectory() ? join(given, 'model.onnx') : given;
  if (!existsSync(path)) {
    throw new UsageError(`model: no model.onnx in the folder: got ${argument}. Name the file.`);
  }
  const folder = dirname(path);
  const stem = basename(path).replace(/\.(onnx|ort|pb)$/, '');
  return { path, folder, name: stem === 'model' ? basename(folder) : stem };
}

/** The folder `test_data_set_0` beside a model, where there is one. */
export function inputsBeside(model: ModelFile): string | undefined {
  const folder = join(model.folder, 'test_data_set_0');
  return existsSync(folder) ? folder : undefined;
}

/** A new folder for feeds that is removed by `remove`, and at the latest when this process ends. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'isobit-'));
  const remove = (): void => {
    process.removeListener('exit', remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return { path, remove };
}

/**
 * Writes each feed's elements into `folder` as little-endian bytes without header.
 *
 * @throws UsageError For string tensors, which have no such form.
 */
export function writeFeeds(feeds: Readonly<Record<string, Tensor>>, folder: string): FeedFile[] {
  return Object.entries(feeds).map(([name, tensor], i) => {
    if (tensor.dtype === 'string') {
      throw new UsageError(`input ${name}: dtype string cannot be sent to other stacks.`);
    }
    const path = join(folder, `feed_${i}.bin`);
    writeFileSync(path, tensor.bytes());
    return { name, dtype: tensor.dtype, dims: [...tensor.dims], path };
  });
}
