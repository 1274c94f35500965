// Cases in the form of ONNX's backend tests: a folder with model.onnx and test_data_set_*/input_i.pb, output_i.pb, found in
// any tree of folders, and their values read. Files are numbered in graph order, initializers left out; the names that
// the tensors in them carry mean nothing. It runs nothing and compares nothing.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { Data } from '../core/data.ts';
import type { Graph, ValueInfo } from '../graph/graph.ts';
import { dataKindOf, readData } from '../onnx/data.ts';
import { UsageError } from './output.ts';

export interface CaseFolder {
  /** The path below the folder that was named; with that folder's name in front where several were. */
  id: string;
  folder: string;
  model: string;
  /** The folders test_data_set_0 …, by number. */
  sets: string[];
}

export interface DataSet {
  feeds: Record<string, Data>;
  /** By name; only those that have a file. */
  expected: ReadonlyMap<string, Data>;
}

const numberIn = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0);

/** The files or folders of a pattern with one number, in its order. */
function numbered(names: readonly string[], pattern: RegExp): string[] {
  return names.filter((name) => pattern.test(name)).sort((a, b) => numberIn(a) - numberIn(b));
}

function walk(folder: string, seen: Set<string>, found: (folder: string, names: string[]) => void) {
  const real = realpathSync(folder);
  if (seen.has(real)) return; // a link to a folder above it
  seen.add(real);
  const names = readdirSync(folder).sort();
  found(folder, names);
  for (const name of names) {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) walk(path, seen, found);
  }
}

/**
 * Every case below these folders, each once.
 *
 * @throws UsageError Where one is no folder.
 */
export function findCases(folders: readonly string[]): CaseFolder[] {
  const cases: CaseFolder[] = [];
  const seen = new Set<string>();
  for (const given of folders) {
    const top = resolve(given);
    if (statSync(top, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new UsageError(`conformance: no such folder: got ${given}.`);
    }
    walk(top, seen, (folder, names) => {
      const sets = numbered(names, /^test_data_set_\d+$/).map((name) => join(folder, name));
      if (!names.includes('model.onnx') || sets.length === 0) return;
      const below = relative(top, folder).split(sep).join('/');
      const parts = folders.length > 1 || below === '' ? [basename(top), below] : [below];
      const id = parts.filter((part) => part !== '').join('/');
      cases.push({ id, folder, model: join(folder, 'model.onnx'), sets });
    });
  }
  return cases;
}

function readFiles(
  folder: string,
  kind: 'input' | 'output',
  specs: readonly ValueInfo[],
): Map<string, Data> {
  const values = new Map<string, Data>();
  for (const file of numbered(readdirSync(folder), new RegExp(`^${kind}_\\d+\\.pb$`))) {
    const spec = specs[numberIn(file)];
    if (spec === undefined) {
      throw new RangeError(`${file}: expected at most ${specs.length} files for this model.`);
    }
    try {
      values.set(spec.name, readData(readFileSync(join(folder, file)), dataKindOf(spec)));
    } catch (e) {
      const { name, message } = e instanceof Error ? e : new Error(String(e));
      throw Object.assign(new Error(`${file}: ${message}`, { cause: e }), { name });
    }
  }
  return values;
}

/**
 * The values of one data set.
 *
 * @throws RangeError If there is no output, or a file too few or too many; the reader's error for a file, with its name.
 */
export function readDataSet(folder: string, graph: Graph): DataSet {
  const inputs = readFiles(folder, 'input', graph.inputs);
  const missing = graph.inputs.findIndex((info) => !inputs.has(info.name));
  if (missing >= 0) {
    throw new RangeError(`input_${missing}.pb: no such file: expected ${graph.inputs.length}.`);
  }
  const expected = readFiles(folder, 'output', graph.outputs);
  if (expected.size === 0) throw new RangeError('output_0.pb: no such file.');
  return { feeds: Object.fromEntries(inputs), expected };
}
