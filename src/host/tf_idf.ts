// TfIdfVectorizer: how often each n-gram of a pool occurs in a row, or its weight. Counts are exact integers; a weight times
// a count is one V2 product.
import type { HostOp } from '../core/host_op.ts';
import { NEWEST_OPSET, type NodeContext } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { canonical, multiply } from './f32.ts';

interface Grams {
  /** The output column of an n-gram, by its items. */
  readonly columns: ReadonlyMap<string, number>;
  readonly width: number;
  /** Of columns, the weights that are given. */
  readonly weights: ReadonlyMap<number, number>;
}

/** The output takes at most 1 GiB. */
const MOST_ELEMENTS = 2 ** 28;

const keyOf = (items: readonly string[]): string => JSON.stringify(items);

function gramsOf(node: NodeContext, pool: readonly string[]): Grams {
  const starts = node.ints('ngram_counts');
  const indexes = node.ints('ngram_indexes');
  const given = node.floats('weights', []);
  const columns = new Map<string, number>();
  const weights = new Map<number, number>();
  const wrong = indexes.find((column) => column < 0 || column >= MOST_ELEMENTS);
  if (wrong !== undefined) {
    throw new RangeError(
      `TfIdfVectorizer: ngram_indexes: expected columns from 0 to ${MOST_ELEMENTS - 1}, got ${wrong}.`,
    );
  }
  const width = indexes.reduce((most, column) => Math.max(most, column + 1), 0);
  let id = 0;
  starts.forEach((start, i) => {
    const length = i + 1;
    const end = starts[i + 1] ?? pool.length;
    if (start < 0 || start > end || (end - start) % length !== 0 || end > pool.length) {
      throw new RangeError(
        `TfIdfVectorizer: ngram_counts: expected ${length}-grams from ${start} to ${end} of a pool of ${pool.length}.`,
      );
    }
    for (let at = start; at < end; at += length) {
      const column = indexes[id];
      if (column === undefined) {
        throw new RangeError(`TfIdfVectorizer: ngram_indexes: expected a column for n-gram ${id}.`);
      }
      columns.set(keyOf(pool.slice(at, at + length)), column);
      const weight = given[id];
      if (weight !== undefined) weights.set(column, weight);
      id += 1;
    }
  });
  return { columns, width, weights };
}

export const TfIdfVectorizer: HostOp = {
  type: 'TfIdfVectorizer',
  opsets: [9, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {
    max_gram_length: { kind: 'int' },
    max_skip_count: { kind: 'int' },
    min_gram_length: { kind: 'int' },
    mode: { kind: 'string', oneOf: ['TF', 'IDF', 'TFIDF'] },
    ngram_counts: { kind: 'ints' },
    ngram_indexes: { kind: 'ints' },
    pool_int64s: { kind: 'ints' },
    pool_strings: { kind: 'strings' },
    weights: { kind: 'floats' },
  },
  types(node) {
    const dtype = node.dtypeOf(0) ?? '';
    const isText = node.has('pool_strings');
    const expected = isText ? ['string'] : ['int32', 'int64'];
    if (expected.includes(dtype)) return [{ kind: 'tensor', dtype: 'float32' }];
    throw new TypeError(`TfIdfVectorizer: expected ${expected.join(' or ')}, got ${dtype}.`);
  },
  run(node) {
    const tensor = node.tensorAt(0);
    const { dims } = tensor;
    if (dims.length > 2) {
      throw new RangeError(`TfIdfVectorizer: expected [C] or [N, C], got ${formatShape(dims)}.`);
    }
    const items: string[] = [];
    for (const item of tensor.data) items.push(String(item));
    const pool = node.has('pool_strings')
      ? node.strings('pool_strings')
      : node.ints('pool_int64s').map(String);
    const grams = gramsOf(node, pool);
    const mode = node.string('mode');
    const rows = dims.length === 2 ? (dims[0] ?? 0) : 1;
    const length = dims.at(-1) ?? 1;
    if (rows * grams.width > MOST_ELEMENTS) {
      throw new RangeError(
        `TfIdfVectorizer: output: expected at most ${MOST_ELEMENTS} elements, got ${rows} rows of ${grams.width}.`,
      );
    }
    const out = new Float32Array(rows * grams.width);
    for (let row = 0; row < rows; row += 1) {
      const counts = countsOf(items.slice(row * length, (row + 1) * length), grams, {
        least: node.int('min_gram_length'),
        most: node.int('max_gram_length'),
        skips: node.int('max_skip_count'),
      });
      // A weight that is not finite is none times 0 either.
      const written =
        mode === 'TFIDF' ? [...counts.keys(), ...grams.weights.keys()] : counts.keys();
      for (const column of written) {
        const [count, weight] = [counts.get(column) ?? 0, grams.weights.get(column) ?? 1];
        const value =
          mode === 'TF' ? count : mode === 'IDF' ? canonical(weight) : multiply(count, weight);
        out[row * grams.width + column] = value;
      }
    }
    return [new Tensor('float32', out, dims.length === 2 ? [rows, grams.width] : [grams.width])];
  },
};

/** How often each column's n-gram occurs, its items `1 … skips + 1` apart. One item alone has no distance: it counts once. */
function countsOf(
  row: readonly string[],
  { columns }: Grams,
  { least, most, skips }: { least: number; most: number; skips: number },
): Map<number, number> {
  const counts = new Map<number, number>();
  // Items that are further apart, and n-grams that are longer, than the row do not occur.
  const furthest = Math.min(skips + 1, Math.max(1, row.length - 1));
  for (let distance = 1; distance <= furthest; distance += 1) {
    const longest = Math.min(most, Math.ceil(row.length / distance));
    for (let length = Math.max(least, distance === 1 ? 1 : 2); length <= longest; length += 1) {
      for (let at = 0; at + (length - 1) * distance < row.length; at += 1) {
        const gram = Array.from({ length }, (_, i) => row[at + i * distance] ?? '');
        const column = columns.get(keyOf(gram));
        if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
      }
    }
  }
  return counts;
}
