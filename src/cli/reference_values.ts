// The reference's values of a run, each in a file of its own: what a guest's values are compared with, and what its single
// nodes are fed. The run is repeated for a group of values at a time, so that what is in memory at once is bounded; on
// disk there are all of them. Which values there are, and how large, the trace of the run tells beforehand.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dtypeInfo, isDType } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Trace, TracedValue } from '../index.ts';
import type { FeedFile } from '../jobs/job.ts';
import type { NodesReport } from '../jobs/nodes_job.ts';
import type { Wire } from '../jobs/wire.ts';
import { writeModel } from '../onnx/writer.ts';
import { runHere, runJobHere } from './here.ts';
import type { ModelFile } from './model_files.ts';
import { present } from './node_models.ts';

/** A value that a node of the model's own graph gives. */
export interface NodeValue {
  name: string;
  node: Node;
}

/** A value that is not compared, and why. */
export interface LeftOutValue extends NodeValue {
  reason: string;
}

/** Bytes of values that are in memory at once, of each side. */
export const GROUP_BYTES = 128 * 2 ** 20;

const sizeOf = ({ type, dims = [] }: TracedValue): number =>
  dims.reduce((product, dim) => product * dim, isDType(type) ? dtypeInfo(type).bytes : 1);

/** Values in groups that follow one another, each of at most `limit` bytes or of one value. */
export function inGroups<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  limit: number,
): T[][] {
  const groups: T[][] = [];
  let left = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    const last = groups.at(-1);
    if (last !== undefined && bytes <= left) {
      last.push(item);
      left -= bytes;
    } else {
      groups.push([item]);
      left = limit - bytes;
    }
  }
  return groups;
}

/** The values of one run of a model. */
export class ReferenceValues {
  /** In the file's order. */
  readonly values: readonly NodeValue[];
  readonly leftOut: readonly LeftOutValue[];
  readonly #graph: Graph;
  readonly #feeds: readonly FeedFile[];
  readonly #folder: string;
  readonly #bytes: ReadonlyMap<string, number>;
  readonly #files = new Map<string, FeedFile>();

  private constructor(graph: Graph, feeds: readonly FeedFile[], folder: string, trace: Trace) {
    this.#graph = graph;
    this.#feeds = feeds;
    this.#folder = folder;
    for (const feed of feeds) this.#files.set(feed.name, feed);
    const values: NodeValue[] = [];
    const leftOut: LeftOutValue[] = [];
    const bytes = new Map<string, number>();
    const traced = new Map(trace.nodes.map((node) => [node.path, node.outputs]));
    for (const node of graph.nodes) {
      const outputs = traced.get(String(node.index)) ?? [];
      node.outputs.forEach((name, i) => {
        const value = outputs[i] ?? undefined;
        if (name === '') return;
        const without = (reason: string) => leftOut.push({ name, node, reason });
        if (value === undefined) without('no output of the model needs it, so it is not computed');
        else if (value.dims === undefined) without(`it is no tensor: ${value.type}`);
        else {
          values.push({ name, node });
          bytes.set(name, sizeOf(value));
        }
      });
    }
    this.values = values;
    this.leftOut = leftOut;
    this.#bytes = bytes;
  }

  /**
   * Runs the model once, for what values there are.
   *
   * @param graph The model's graph, sorted.
   * @param folder A folder for the files.
   */
  static async of(
    file: ModelFile,
    graph: Graph,
    feeds: FeedFile[],
    folder: string,
  ): Promise<ReferenceValues> {
    const trace = await runHere({ kind: 'trace', model: file.path, feeds });
    return new ReferenceValues(graph, feeds, folder, trace as Trace);
  }

  /** The values in groups that fit in memory. @param limit Bytes of a group that has several values. */
  groups(limit = GROUP_BYTES): NodeValue[][] {
    return inGroups(this.values, ({ name }) => this.#bytes.get(name) ?? 0, limit);
  }

  /** Computes these values, and writes them. */
  async write(values: readonly NodeValue[]): Promise<FeedFile[]> {
    const model = join(this.#folder, 'values.onnx');
    const names = values.map(({ name }) => name);
    const outputs = names.map((name) => this.#graph.valueInfo.get(name) ?? { name });
    writeFileSync(model, writeModel({ ...this.#graph, outputs }));
    const job = { model, feeds: this.#feeds, operators: [] };
    const report = (await runJobHere('nodes_job', job)) as NodesReport;
    return report.values.flatMap(({ name, value }) => {
      const file = this.#writeOne(name, value);
      return file === undefined ? [] : [file];
    });
  }

  #writeOne(name: string, value: Wire): FeedFile | undefined {
    if (value === null || 'sequence' in value) return undefined;
    const path = join(this.#folder, `value_${this.#files.size}.bin`);
    const isText = 'strings' in value;
    writeFileSync(path, isText ? JSON.stringify(value.strings) : Buffer.from(value.data, 'base64'));
    const file = { name, dtype: value.dtype, dims: value.dims, path };
    this.#files.set(name, file);
    return file;
  }

  /** The file of an input or of a value that was written. */
  file(name: string): FeedFile | undefined {
    return this.#files.get(name);
  }

  /** An input, an initializer or a value that was written. */
  tensor(name: string): Tensor | undefined {
    const known = this.#graph.initializers.get(name);
    const file = this.#files.get(name);
    if (known !== undefined || file === undefined || !isDType(file.dtype)) return known;
    const bytes = new Uint8Array(readFileSync(file.path));
    if (file.dtype !== 'string') return Tensor.ofBytes(file.dtype, bytes, file.dims);
    return new Tensor('string', JSON.parse(new TextDecoder().decode(bytes)), file.dims);
  }
}

/** The values that a node gives, as far as they are named. */
export const outputsOf = (node: Node): string[] => present(node.outputs);
