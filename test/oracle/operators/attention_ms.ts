// MultiHeadAttention, Attention, QAttention and GroupQueryAttention of com.microsoft, as docs/NUMERICS.md writes them, row by row.
import * as f from '../float.ts';
import {
  attend,
  behind,
  capped,
  headsOf3,
  headsOf4,
  inverseRootOf,
  mapRows,
  softmax,
  tensorOfHeads,
  tensorOfRows,
  type Heads,
} from '../heads.ts';
import { wrapped } from '../integer.ts';
import {
  at,
  broadcastTo,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { COMPUTED, wide, wideMoving } from '../wide.ts';
import { cacheRow, turn, unturned } from './rotary.ts';

/** f32(-10000). */
const kFilter = f.wordOfInteger(-10000n);

const scaleOf = (node: OracleNode, size: number): number => {
  const given = floatOf(node, 'scale', f.kZero);
  return f.read(given) === f.kZero ? inverseRootOf(size) : given;
};

/** The padding term of entry b, row i, key j. */
function paddingOf(node: OracleNode, mask: OracleTensor | undefined, batch: number) {
  if (mask === undefined) return undefined;
  const filter = floatOf(node, 'mask_filter_value', kFilter);
  const words = mask.data.map(Number);
  const [, second = 0, third = 0] = mask.dims;
  return (b: number, i: number, j: number): number => {
    let isSeen: boolean;
    if (mask.dims.length === 1) {
      isSeen = j < at(words, b);
      if (words.length === 2 * batch) isSeen = isSeen && j >= at(words, batch + b);
    } else if (mask.dims.length === 2) isSeen = at(words, b * second + j) > 0;
    else isSeen = at(words, (b * second + i) * third + j) > 0;
    return isSeen ? f.kZero : f.read(filter);
  };
}

function run(
  node: OracleNode,
  q: Heads,
  k: Heads,
  v: Heads,
  mask: OracleTensor | undefined,
  bias: OracleTensor | undefined,
): OracleTensor {
  const scale = scaleOf(node, q.size);
  const padding = paddingOf(node, mask, q.batch);
  const extra = bias && broadcastTo(bias, [q.batch, q.heads, q.rows, k.rows]).map(Number);
  const isCausal = intOf(node, 'unidirectional', 0) !== 0;
  return tensorOfRows(
    attend(q, k, v, (dots, b, h, i) =>
      dots.map((dot, j) => {
        if (isCausal && j > i + k.rows - q.rows) return f.kMinusInfinity;
        let u = f.multiply(dot, scale);
        if (extra) u = f.add(u, at(extra, ((b * q.heads + h) * q.rows + i) * k.rows + j));
        return padding ? f.add(u, padding(b, i, j)) : u;
      }),
    ),
  );
}

/** Part `k` of a packed tensor [batch, rows, heads, parts, size]. */
function unpacked(x: OracleTensor, k: number): Heads {
  const [batch, rows, heads, parts, size] = [0, 1, 2, 3, 4].map((axis) => at(x.dims, axis)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const words = wordsOf(x);
  return {
    batch,
    heads,
    rows,
    size,
    row: (b, h, i) => {
      const from = (((b * rows + i) * heads + h) * parts + k) * size;
      return words.slice(from, from + size);
    },
  };
}

/** Heads plus their part of a bias vector, from `start` on. */
function biased(x: Heads, bias: OracleTensor | undefined, start: number): Heads {
  if (bias === undefined) return x;
  const words = wordsOf(bias);
  return mapRows(x, (row, _, h) =>
    row.map((word, d) => f.add(word, at(words, start + h * x.size + d))),
  );
}

const optionalHeads = (node: OracleNode, i: number): Heads | undefined =>
  node.inputs[i] && headsOf4(inputOf(node, i));

function multiHead(node: OracleNode): OracleTensor[] {
  const heads = intOf(node, 'num_heads', 1);
  const [x, key] = [inputOf(node, 0), node.inputs[1]];
  const bias = node.inputs[3];
  let [q, k, v]: Heads[] = [];
  if (x.dims.length === 5) [q, k, v] = [unpacked(x, 0), unpacked(x, 1), unpacked(x, 2)];
  else {
    q = headsOf3(x, heads);
    const own = inputOf(node, 1);
    if (key?.dims.length === 5) [k, v] = [unpacked(own, 0), unpacked(own, 1)];
    else if (key?.dims.length === 4) [k, v] = [headsOf4(own), headsOf4(inputOf(node, 2))];
    else [k, v] = [headsOf3(own, heads), headsOf3(inputOf(node, 2), heads)];
  }
  if (q === undefined || k === undefined || v === undefined) throw new RangeError('no heads.');
  const hidden = heads * q.size;
  q = biased(q, bias, 0);
  // Keys and values that come as heads have their biases already.
  if (key?.dims.length !== 4) [k, v] = [biased(k, bias, hidden), biased(v, bias, 2 * hidden)];
  k = behind(optionalHeads(node, 6), k);
  v = behind(optionalHeads(node, 7), v);
  return [run(node, q, k, v, node.inputs[4], node.inputs[5]), tensorOfHeads(k), tensorOfHeads(v)];
}

/** Entry [b, row, column] of the projections, biases included. */
type Projection = (b: number, i: number, c: number) => number;

function projectedAttention(
  node: OracleNode,
  project: Projection,
  hiddenSizes: readonly number[],
  { mask, past, bias }: Record<'mask' | 'past' | 'bias', OracleTensor | undefined>,
): OracleTensor[] {
  const heads = intOf(node, 'num_heads', 1);
  const [batch, rows] = inputOf(node, 0).dims as [number, number];
  const projected = (from: number, hidden: number): Heads => {
    const data: number[] = [];
    for (const [b, i] of indicesOf([batch, rows]) as Generator<[number, number]>) {
      for (let c = from; c < from + hidden; c += 1) data.push(project(b, i, c));
    }
    return headsOf3(tensorOf('float32', [batch, rows, hidden], data), heads);
  };
  const [hq = 0, hk = 0, hv = 0] = hiddenSizes;
  const [q, ownK, ownV] = [projected(0, hq), projected(hq, hk), projected(hq + hk, hv)];
  const half = (i: number): Heads | undefined => {
    if (past === undefined) return undefined;
    const size = past.data.length / 2;
    const words = wordsOf(past).slice(i * size, (i + 1) * size);
    return headsOf4(tensorOf('float32', past.dims.slice(1), words));
  };
  const [k, v] = [behind(half(0), ownK), behind(half(1), ownV)];
  const y = run(node, q, k, v, mask, bias);
  if (node.outputs < 2) return [y];
  const [first, second] = [tensorOfHeads(k), tensorOfHeads(v)];
  return [y, tensorOf('float32', [2, ...first.dims], [...first.data, ...second.data])];
}

const thirds = (width: number): number[] => [width / 3, width / 3, width / 3];

function attention(node: OracleNode): OracleTensor[] {
  const [x, w, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const width = at(w.dims, 1);
  const rows = headsOf3(x, 1);
  const weights = wordsOf(w);
  const project: Projection = (b, i, c) => {
    const row = rows.row(b, 0, i);
    const dot = f.dot(
      row,
      row.map((_, k) => at(weights, k * width + c)),
    );
    return bias === undefined ? dot : f.add(dot, at(wordsOf(bias), c));
  };
  return projectedAttention(node, project, intsOf(node, 'qkv_hidden_sizes') ?? thirds(width), {
    mask: node.inputs[3],
    past: node.inputs[4],
    bias: node.inputs[5],
  });
}

function quantisedAttention(node: OracleNode): OracleTensor[] {
  const [x, w] = [inputOf(node, 0), inputOf(node, 1)];
  const [, rows = 0, depth = 0] = x.dims;
  const width = at(w.dims, 1);
  const [bias, [xScale = 0], wScales] = [2, 3, 4].map((i) => wordsOf(inputOf(node, i))) as [
    number[],
    number[],
    number[],
  ];
  const zeroOf = (i: number, c: number): bigint => {
    const zeros = node.inputs[i]?.data ?? [0];
    return BigInt(at(zeros, zeros.length === 1 ? 0 : c));
  };
  const project: Projection = (b, i, c) => {
    let sum = 0n;
    for (let k = 0; k < depth; k += 1) {
      const p = BigInt(at(x.data, (b * rows + i) * depth + k)) - zeroOf(6, 0);
      sum += p * (BigInt(at(w.data, k * width + c)) - zeroOf(7, c));
    }
    const scale = f.multiply(xScale, at(wScales, wScales.length === 1 ? 0 : c));
    const product = f.multiply(f.wordOfInteger(BigInt(wrapped('int32', sum))), scale);
    return f.add(product, at(bias, c));
  };
  return projectedAttention(node, project, thirds(width), {
    mask: node.inputs[5],
    past: node.inputs[8],
    bias: undefined,
  });
}

/** A row divided by its root mean square, times the weights. */
function normed(node: OracleNode, row: readonly number[], weight: OracleTensor): number[] {
  const epsilon = floatOf(node, 'qk_norm_epsilon', f.roundRational(1n, 1000000n));
  const squares = f.sumTree(row.map((word) => f.multiply(word, word)));
  const mean = f.divide(squares, f.wordOfInteger(BigInt(row.length)));
  const inv = f.divide(f.kOne, f.sqrt(f.add(mean, epsilon)));
  return row.map((word, d) => f.multiply(f.multiply(word, inv), at(wordsOf(weight), d)));
}

/** Queries, and keys and values with those of the past before them. */
function groupQueryHeads(node: OracleNode, norm = normed, turned = turn) {
  const [heads, shared] = [intOf(node, 'num_heads', 1), intOf(node, 'kv_num_heads', 1)];
  const x = inputOf(node, 0);
  const isPacked = node.inputs[1] === undefined;
  const all = headsOf3(x, isPacked ? heads + 2 * shared : heads);
  const some = (from: number, count: number): Heads => ({
    ...all,
    heads: count,
    row: (b, h, i) => all.row(b, from + h, i),
  });
  let q = isPacked ? some(0, heads) : all;
  let k = isPacked ? some(heads, shared) : headsOf3(inputOf(node, 1), shared);
  const v = isPacked ? some(heads + shared, shared) : headsOf3(inputOf(node, 2), shared);
  const total = Number(at(inputOf(node, 6).data, 0));
  const lengths = inputOf(node, 5).data.map(Number);
  // Rows before this run.
  const filled = lengths.map((length) =>
    q.rows === total ? 0 : Math.min(Math.max(length, q.rows - 1), total - 1) + 1 - q.rows,
  );
  const normedRows = (y: Heads, weight: OracleTensor | undefined): Heads =>
    weight === undefined ? y : mapRows(y, (row) => norm(node, row, weight));
  [q, k] = [normedRows(q, node.inputs[14]), normedRows(k, node.inputs[15])];
  if (intOf(node, 'do_rotary', 0) !== 0) {
    const [cos, sin] = [inputOf(node, 7), inputOf(node, 8)];
    const half = at(cos.dims, 1);
    const given = node.inputs[9]?.data.map(BigInt);
    const isInterleaved = intOf(node, 'rotary_interleaved', 0) !== 0;
    const rows = q.rows;
    const rotate = (y: Heads): Heads =>
      mapRows(y, (row, b, _, i) => {
        const place = given === undefined ? BigInt(at(filled, b) + i) : at(given, b * rows + i);
        return turned(row, cacheRow(cos, place, half), cacheRow(sin, place, half), isInterleaved);
      });
    [q, k] = [rotate(q), rotate(k)];
  }
  const present = (own: Heads, past: Heads | undefined): Heads => ({
    ...own,
    rows: Math.max(past?.rows ?? 0, total),
    row: (b, h, i) => {
      const n = at(filled, b);
      if (i >= n && i < n + own.rows) return own.row(b, h, i - n);
      if (i < n && past !== undefined && i < past.rows) return past.row(b, h, i);
      return new Array<number>(own.size).fill(f.kZero);
    },
  });
  const [keys, values] = [present(k, optionalHeads(node, 3)), present(v, optionalHeads(node, 4))];
  return { q, keys, values, heads, total, lengths, filled };
}

function groupQuery(node: OracleNode): OracleTensor[] {
  const { q, keys, values, heads, total, lengths, filled } = groupQueryHeads(node);
  const scale = scaleOf(node, q.size);
  const cap = floatOf(node, 'softcap', f.kZero);
  const isCapped = f.compare(cap, f.kZero) === 1;
  const bias = node.inputs[10];
  const extra = bias && broadcastTo(bias, [q.batch, heads, q.rows, total]).map(Number);
  const window = intOf(node, 'local_window_size', -1);
  const isCausal = intOf(node, 'causal', 1) !== 0;
  const sinks = node.inputs[11] && wordsOf(node.inputs[11]);
  const hasSink = sinks !== undefined || intOf(node, 'smooth_softmax', 0) === 1;
  const y = attend(
    q,
    { ...keys, rows: total },
    { ...values, rows: total },
    (dots, b, h, i) =>
      dots.map((dot, j) => {
        const place = at(filled, b) + i;
        const isSeen = isCausal
          ? j <= place && (window <= 0 || place - j < window)
          : j <= at(lengths, b);
        if (!isSeen) return f.kMinusInfinity;
        const s = f.multiply(dot, scale);
        const t = isCapped ? capped(s, cap) : s;
        return extra ? f.add(t, at(extra, ((b * heads + h) * q.rows + i) * total + j)) : t;
      }),
    (row, h) =>
      hasSink
        ? softmax([sinks === undefined ? f.kZero : at(sinks, h), ...row]).slice(1)
        : softmax(row),
  );
  return [tensorOfRows(y), tensorOfHeads(keys), tensorOfHeads(values)];
}

/** Caches that are 16-bit floats are moved: but for the keys that norms and turns make. */
function movedCaches(node: OracleNode): OracleTensor[] {
  const norm: typeof normed = (_, row) => row.map(() => COMPUTED);
  const { q, keys, values } = groupQueryHeads(node, norm, unturned);
  const y = tensorOfRows(mapRows(q, (row) => row.map(() => COMPUTED)));
  return [y, tensorOfHeads(keys), tensorOfHeads(values)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  'com.microsoft:Attention': wide(attention),
  'com.microsoft:GroupQueryAttention': wideMoving(groupQuery, movedCaches),
  'com.microsoft:MultiHeadAttention': wide(multiHead),
  'com.microsoft:QAttention': wide(quantisedAttention, 2),
};
