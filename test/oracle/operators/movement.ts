// Operators that give each output element the bits of one input element, or a constant (V1): the source is a function
// of the index alone.
import { broadcastAt, elementAt, listInput, tensorBy, zeroOf } from '../layout.ts';
import { at, axisOf, broadcastDims, floatOf, inputOf, intOf, intsOf, stringOf } from '../node.ts';
import { converted } from './cast.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

function transpose(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const perm = intsOf(node, 'perm') ?? x.dims.map((_, axis) => x.dims.length - 1 - axis);
  const dims = perm.map((axis) => at(x.dims, axis));
  return [
    tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        x.dims.map((_, axis) => at(index, perm.indexOf(axis))),
      ),
    ),
  ];
}

function slice(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const starts = listInput(node, 1) ?? intsOf(node, 'starts') ?? [];
  const ends = listInput(node, 2) ?? intsOf(node, 'ends') ?? [];
  const axes = listInput(node, 3) ?? intsOf(node, 'axes') ?? starts.map((_, i) => i);
  const steps = listInput(node, 4) ?? starts.map(() => 1);
  const first = x.dims.map(() => 0);
  const step = x.dims.map(() => 1);
  const dims = [...x.dims];
  axes.forEach((given, i) => {
    const axis = axisOf(given, x.dims.length);
    const n = at(x.dims, axis);
    const by = at(steps, i);
    // A position counts from the end if negative, then is clamped to where a walk in this direction can stand.
    const [low, high] = by > 0 ? [0, n] : [-1, n - 1];
    const clamp = (value: number): number =>
      Math.min(high, Math.max(low, value < 0 ? value + n : value));
    const from = clamp(at(starts, i));
    first[axis] = from;
    step[axis] = by;
    dims[axis] = Math.max(0, Math.ceil((clamp(at(ends, i)) - from) / by));
  });
  return [
    tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        index.map((i, axis) => at(first, axis) + i * at(step, axis)),
      ),
    ),
  ];
}

function split(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axis = axisOf(intOf(node, 'axis', 0), x.dims.length);
  const n = at(x.dims, axis);
  const piece = Math.ceil(n / intOf(node, 'num_outputs', node.outputs));
  const sizes =
    listInput(node, 1) ??
    intsOf(node, 'split') ??
    Array.from({ length: node.outputs }, (_, i) => Math.max(0, Math.min(piece, n - i * piece)));
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    const dims = x.dims.map((dim, k) => (k === axis ? size : dim));
    return tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        index.map((i, k) => (k === axis ? from + i : i)),
      ),
    );
  });
}

function concat(node: OracleNode): OracleTensor[] {
  const list = node.inputs.map((_, i) => inputOf(node, i));
  const first = at(list, 0);
  const axis = axisOf(intOf(node, 'axis', 1), first.dims.length);
  const dims = [...first.dims];
  dims[axis] = list.reduce((sum, x) => sum + at(x.dims, axis), 0);
  return [
    tensorBy(first.dtype, dims, (index) => {
      let place = at(index, axis);
      let k = 0;
      while (place >= at(at(list, k).dims, axis)) {
        place -= at(at(list, k).dims, axis);
        k += 1;
      }
      return elementAt(
        at(list, k),
        index.map((i, other) => (other === axis ? place : i)),
      );
    }),
  ];
}

function expand(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const dims = broadcastDims([x.dims, listInput(node, 1) ?? []]);
  return [tensorBy(x.dtype, dims, (index) => broadcastAt(x, index))];
}

function tile(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const repeats = listInput(node, 1) ?? [];
  const dims = x.dims.map((dim, axis) => dim * at(repeats, axis));
  return [
    tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        index.map((i, axis) => i % at(x.dims, axis)),
      ),
    ),
  ];
}

/** Where the element at place `x` of the endless axis comes from; undefined is the constant. */
function padded(mode: string, x: number, n: number): number | undefined {
  if (x >= 0 && x < n) return x;
  switch (mode) {
    case 'constant':
      return undefined;
    case 'edge':
      return x < 0 ? 0 : n - 1;
    case 'wrap':
      return ((x % n) + n) % n;
    case 'reflect': {
      if (n === 1) return 0;
      // The axis followed by its inner elements backwards is one period.
      const period = 2 * n - 2;
      const place = ((x % period) + period) % period;
      return place < n ? place : period - place;
    }
    default:
      throw new RangeError(`oracle: Pad: unknown mode ${mode}.`);
  }
}

function pad(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const pads = listInput(node, 1) ?? intsOf(node, 'pads') ?? [];
  const axes = (listInput(node, 3) ?? x.dims.map((_, i) => i)).map((axis) =>
    axisOf(axis, x.dims.length),
  );
  const before = x.dims.map(() => 0);
  const dims = [...x.dims];
  axes.forEach((axis, i) => {
    before[axis] = at(pads, i);
    dims[axis] = at(dims, axis) + at(pads, i) + at(pads, i + axes.length);
  });
  const value =
    node.opset < 11 ? floatOf(node, 'value', 0) : at(node.inputs[2]?.data ?? [zeroOf(x.dtype)], 0);
  const mode = stringOf(node, 'mode', 'constant');
  return [
    tensorBy(x.dtype, dims, (index) => {
      const from: number[] = [];
      for (const [axis, i] of index.entries()) {
        const place = padded(mode, i - at(before, axis), at(x.dims, axis));
        if (place === undefined) return value;
        from.push(place);
      }
      return elementAt(x, from);
    }),
  ];
}

/** Depth first (DCR): channel = (row, column, own channel); CRD: (own channel, row, column). */
function depthToSpace(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const b = intOf(node, 'blocksize', 1);
  const [n = 0, c = 0, h = 0, w = 0] = x.dims;
  const depth = c / (b * b);
  const columnFirst = stringOf(node, 'mode', 'DCR') === 'CRD';
  return [
    tensorBy(x.dtype, [n, depth, h * b, w * b], ([i = 0, k = 0, y = 0, z = 0]) => {
      const [row, column] = [y % b, z % b];
      const channel = columnFirst
        ? k * b * b + row * b + column
        : row * b * depth + column * depth + k;
      return elementAt(x, [i, channel, (y - row) / b, (z - column) / b]);
    }),
  ];
}

function spaceToDepth(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const b = intOf(node, 'blocksize', 1);
  const [n = 0, c = 0, h = 0, w = 0] = x.dims;
  return [
    tensorBy(x.dtype, [n, c * b * b, h / b, w / b], ([i = 0, k = 0, y = 0, z = 0]) => {
      const block = Math.floor(k / c);
      return elementAt(x, [i, k % c, y * b + Math.floor(block / b), z * b + (block % b)]);
    }),
  ];
}

function trilu(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const k = at(listInput(node, 1) ?? [0], 0);
  const upper = intOf(node, 'upper', 1) !== 0;
  return [
    tensorBy(x.dtype, x.dims, (index) => {
      const [row = 0, column = 0] = index.slice(-2);
      const kept = upper ? column - row >= k : column - row <= k;
      return kept ? elementAt(x, index) : zeroOf(x.dtype);
    }),
  ];
}

function where(node: OracleNode): OracleTensor[] {
  const [condition, x, y] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const dims = broadcastDims([condition.dims, x.dims, y.dims]);
  return [
    tensorBy(x.dtype, dims, (index) =>
      broadcastAt(broadcastAt(condition, index) === 0 ? y : x, index),
    ),
  ];
}

function oneHot(node: OracleNode): OracleTensor[] {
  const [given, values] = [inputOf(node, 0), inputOf(node, 2)];
  const other = given.dtype.includes('float') && given.dtype !== 'float32';
  const indices = other ? converted(given, 'int64') : given;
  const depth = at(listInput(node, 1) ?? [], 0);
  const rank = indices.dims.length + 1;
  const axis = axisOf(intOf(node, 'axis', -1), rank);
  const dims = [...indices.dims.slice(0, axis), depth, ...indices.dims.slice(axis)];
  return [
    tensorBy(values.dtype, dims, (index) => {
      const found = elementAt(indices, [...index.slice(0, axis), ...index.slice(axis + 1)]);
      const place =
        indices.dtype === 'float32' ? truncated(Number(found)) : BigInt.asIntN(64, BigInt(found));
      const own = BigInt(at(index, axis));
      const marked = place === own || place + BigInt(depth) === own;
      return at(values.data, marked ? 1 : 0);
    }),
  ];
}

/** The f32 of a word, cut off towards zero; NaN is 0, an infinity is as far outside as can be. */
function truncated(word: number): bigint {
  const exponent = (word >>> 23) & 255;
  const fraction = BigInt(word & 0x7fffff);
  if (exponent === 255 && fraction !== 0n) return 0n;
  if (exponent < 127) return 0n;
  const magnitude = ((fraction | 0x800000n) << BigInt(exponent - 127)) >> 23n;
  return word >>> 31 === 1 ? -magnitude : magnitude;
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Transpose: transpose,
  DynamicSlice: slice,
  Slice: slice,
  Split: split,
  Concat: concat,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  Where: where,
  OneHot: oneHot,
};
