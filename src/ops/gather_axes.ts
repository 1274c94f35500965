// Movement with one table of input positions for each axis: padding, and resizing by nearest.
// out[i, j, …] = in[t0[i], t1[j], …], or the fill value where a table says -1 (V1: bits are copied).
import { dtypeInfo, type TypedArray } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import shader from '../../shaders/ops/gather_axes.wgsl';
import { gridOf } from './grid.ts';
import { COPY_RANK, log2OfBytes } from './strided_copy.ts';

export const gatherAxes: Kernel = {
  name: 'gather_axes',
  params: paramFields(
    'n',
    'rank',
    'unit_shift',
    'run_begin',
    'run_end',
    'fill_low',
    'fill_high',
    'pad0',
    `dims[${COPY_RANK}]`,
    `starts[${COPY_RANK}]`,
  ),
  shader,
};

// Neighbouring tables are merged into one of at most this size where that makes longer runs, …
const MERGED = 65536;
// … and always where the inner one is shorter than this, so that rows are worth their start.
const SHORT = 32;

type Table = Int32Array;

/** Whether the table is start, start + 1, start + 2 …, without the fill value. */
function isConsecutive(table: Table): boolean {
  return (
    (table[0] ?? -1) >= 0 && table.every((entry, i) => i === 0 || entry === (table[i - 1] ?? 0) + 1)
  );
}

/** Both tables as one, over the pairs of their indices. */
function product(outer: Table, inner: Table): Table {
  const table = new Int32Array(outer.length * inner.length);
  let at = 0;
  for (const a of outer) {
    for (const b of inner) {
      table[at] = a < 0 || b < 0 ? -1 : a + b;
      at += 1;
    }
  }
  return table;
}

function merged(tables: readonly Table[]): Table[] {
  const out: Table[] = [];
  for (const table of tables.toReversed()) {
    const inner = out.at(-1);
    const size = table.length * (inner?.length ?? 0);
    if (inner !== undefined && size <= MERGED && (isConsecutive(inner) || inner.length < SHORT)) {
      out[out.length - 1] = product(table, inner);
    } else {
      out.push(table);
    }
  }
  return out.reverse();
}

/** The longest consecutive stretch of the table, [begin, end). */
function longestRun(table: Table): [number, number] {
  let best: [number, number] = [0, 0];
  for (let begin = 0; begin < table.length;) {
    let end = begin + 1;
    while (
      end < table.length &&
      (table[end] ?? -1) === (table[end - 1] ?? 0) + 1 &&
      (table[begin] ?? -1) >= 0
    )
      end += 1;
    if ((table[begin] ?? -1) >= 0 && end - begin > best[1] - best[0]) best = [begin, end];
    begin = end;
  }
  return best;
}

/** One element as the two words of 8 bytes that repeat it. */
function fillWords(element: TypedArray | undefined): [number, number] {
  const words = new Uint32Array(2);
  if (element !== undefined) {
    const bytes = new Uint8Array(element.buffer, element.byteOffset, element.BYTES_PER_ELEMENT);
    new Uint8Array(words.buffer).forEach((_, i, all) => {
      all[i] = bytes[i % bytes.length] ?? 0;
    });
  }
  return [words[0] ?? 0, words[1] ?? 0];
}

/**
 * Emits the gather. `tables` has, for each axis of `out`, the input index of every output index, or -1.
 * `fill` is a typed array of one element of the dtype; zero bits if it is not given.
 */
export function emitGatherAxes(
  node: LowerContext,
  out: Value,
  input: Value,
  tables: readonly ArrayLike<number>[],
  fill?: TypedArray,
): void {
  const { bytes } = dtypeInfo(out.dtype);
  const strides = stridesOf(input.dims);
  const [low, high] = fillWords(fill);
  const words = bytes / 4 > 1 ? 2 : 1;
  const offsets = tables.map((table, axis) => {
    const stride = (strides[axis] ?? 0) * words;
    // A loop: `from` takes ten times as long, and tables of audio have a hundred thousand entries.
    const own = new Int32Array(table.length);
    for (let i = 0; i < own.length; i += 1) {
      const index = table[i] ?? 0;
      own[i] = index < 0 ? -1 : index * stride;
    }
    return own;
  });
  if (words === 2) offsets.push(Int32Array.of(0, 1));
  const list = merged(offsets.filter((table) => table.length !== 1 || table[0] !== 0));
  if (list.length === 0) list.push(Int32Array.of(0));
  const last = list.at(-1) ?? Int32Array.of(0);
  const isWhole = list.length === 1 && isConsecutive(last) && last[0] === 0;
  if (isWhole && sizeOf(out.dims) > 0 && sizeOf(input.dims) === sizeOf(out.dims)) {
    node.alias(out, input);
    return;
  }
  if (list.length > COPY_RANK) {
    throw new RangeError(
      `${node.opType}: too many axes: expected at most ${COPY_RANK} after merging, got ${list.length}. Use several nodes.`,
    );
  }
  const fillIsCanonical = out.dtype === 'float32' && low === 0;
  out.canonical =
    input.canonical && (fillIsCanonical || list.every((table) => !table.includes(-1)));
  const all = new Int32Array(list.reduce((sum, table) => sum + table.length, 0));
  const starts: number[] = [];
  let at = 0;
  for (const table of list) {
    starts.push(at);
    all.set(table, at);
    at += table.length;
  }
  const n = sizeOf(out.dims) * words;
  const shift = Math.min(2, log2OfBytes(bytes));
  const [runBegin, runEnd] = longestRun(last);
  node.emit(gatherAxes, {
    params: {
      n,
      rank: list.length,
      unit_shift: shift,
      run_begin: runBegin,
      run_end: runEnd,
      fill_low: low,
      fill_high: high,
      pad0: 0,
      dims: list.map((table) => table.length),
      starts,
    },
    inputs: [input, node.constantValue('int32', [all.length], all)],
    outputs: [out],
    units: n / last.length,
    unitCost: last.length,
    grid: gridOf(Math.ceil(n / (shift === 1 ? 2 : 4))),
    constants: { RANK: list.length, UNIT_SHIFT: shift, IS_SHORT: last.length < 3 ? 1 : 0 },
  });
}
