// Movement whose every output axis is a fixed step through the input: transposing, slicing, repeating, expanding.
// Promises: bits are copied (V1); a copy that moves nothing becomes an alias. Axes that move together are
// merged, narrow elements are moved as wider units where everything is aligned, 8-byte elements as two words.
import { dtypeInfo } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf, stridesOf } from '../core/shape.ts';
import shader from '../../shaders/ops/strided_copy.wgsl';
import { emitCast } from './cast.ts';
import { gridOf } from './grid.ts';

/** Most axes of a movement kernel, after merging (COPY_RANK of wasm/copy.h). */
export const COPY_RANK = 8;

/** The exponent of an element's size, a power of two. */
export function log2OfBytes(bytes: number): number {
  return 31 - Math.clz32(bytes);
}

export const stridedCopy: Kernel = {
  name: 'strided_copy',
  params: paramFields(
    'n',
    'rank',
    'unit_shift',
    'offset',
    'chunk',
    'tile_axis',
    'pad0',
    'pad1',
    `dims[${COPY_RANK}]`,
    `strides[${COPY_RANK}]`,
  ),
  shader,
};

// Units of the last axis that one WASM work unit copies, and indices of the tiled axis (TILE of the C twin).
const CHUNK = 16384;
const TILE = 16;

/** out[i, j, …] = in[offset + i·strides[0] + j·strides[1] …], in elements; `dims` are out's, in any grouping. */
export interface StridedView {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The whole of a tensor. */
export function viewOf(value: Value): StridedView {
  return { dims: value.dims, strides: stridesOf(value.dims), offset: 0 };
}

/** Without axes of size 1, and with neighbours that step as one merged. At least one axis is left. */
function merged({ dims, strides, offset }: StridedView): {
  dims: number[];
  strides: number[];
  offset: number;
} {
  const out = { dims: [] as number[], strides: [] as number[], offset };
  dims.forEach((dim, axis) => {
    if (dim === 1) return;
    const stride = strides[axis] ?? 0;
    const last = out.dims.length - 1;
    if (last >= 0 && out.strides[last] === stride * dim) {
      out.dims[last] = (out.dims[last] ?? 1) * dim;
      out.strides[last] = stride;
    } else {
      out.dims.push(dim);
      out.strides.push(stride);
    }
  });
  if (out.dims.length === 0) {
    out.dims.push(1);
    out.strides.push(1);
  }
  return out;
}

/** Whether the view is the input itself, element for element. */
function isWhole(view: StridedView, input: Value): boolean {
  const { dims, strides, offset } = merged(view);
  return offset === 0 && dims.length === 1 && strides[0] === 1 && dims[0] === sizeOf(input.dims);
}

/** Emits the copy, or an alias where it moves nothing. */
export function emitStridedCopy(
  node: LowerContext,
  out: Value,
  input: Value,
  view: StridedView,
): void {
  out.canonical = input.canonical;
  if (sizeOf(out.dims) > 0 && isWhole(view, input)) {
    node.alias(out, input);
    return;
  }
  if (input.halves !== undefined && input.dtype === out.dtype) {
    // Moved as they lie, then widened where somebody asks: who reads halves still can.
    const halves = node.temp(input.halves.dtype, out.dims);
    emitStridedCopy(node, halves, input.halves, view);
    emitCast(node, out, halves);
    return;
  }
  const { dims, strides, offset, shift } = inUnits(view, dtypeInfo(out.dtype).bytes);
  if (dims.length > COPY_RANK) {
    throw new RangeError(
      `${node.opType}: too many axes: expected at most ${COPY_RANK} after merging, got ${dims.length}. Use several nodes.`,
    );
  }
  const n = sizeOf(dims);
  const last = dims.at(-1) ?? 1;
  const unitStride = strides.indexOf(1);
  const isTiled =
    shift === 2 &&
    strides.at(-1) !== 1 &&
    strides.at(-1) !== 0 &&
    unitStride >= 0 &&
    (dims[unitStride] ?? 0) >= 4;
  const rows = dims[unitStride] ?? 1;
  const units = isTiled
    ? (n / (rows * last)) * Math.ceil(rows / TILE)
    : (n / last) * Math.ceil(last / CHUNK);
  node.emit(stridedCopy, {
    params: {
      n,
      rank: dims.length,
      unit_shift: shift,
      offset,
      chunk: CHUNK,
      tile_axis: isTiled ? unitStride : dims.length,
      pad0: 0,
      pad1: 0,
      dims,
      strides,
    },
    inputs: [input],
    outputs: [out],
    units,
    unitCost: n / Math.max(1, units),
    grid: gridOf(Math.ceil(n / (shift === 1 ? 2 : 4))),
    constants: { RANK: dims.length, UNIT_SHIFT: shift, IS_SHORT: last < 3 ? 1 : 0 },
  });
}

/** The view in units of 1, 2 or 4 bytes (`shift` is the log2), as wide as alignment allows. */
function inUnits(view: StridedView, bytes: number): ReturnType<typeof merged> & { shift: number } {
  const units = Math.max(1, bytes / 4);
  let wide = merged(view);
  if (units === 2) {
    wide = merged({
      dims: [...wide.dims, 2],
      strides: [...wide.strides.map((stride) => stride * 2), 1],
      offset: wide.offset * 2,
    });
  }
  let shift = Math.min(2, log2OfBytes(bytes));
  for (; shift < 2; shift += 1) {
    const { dims, strides, offset } = wide;
    const inner = dims.length - 1;
    const isEven = (x: number): boolean => x % 2 === 0;
    if (strides[inner] !== 1 || !isEven(dims[inner] ?? 1) || !isEven(offset)) break;
    if (!strides.every((stride, axis) => axis === inner || isEven(stride))) break;
    wide = {
      dims: dims.map((dim, axis) => (axis === inner ? dim / 2 : dim)),
      strides: strides.map((stride, axis) => (axis === inner ? 1 : stride / 2)),
      offset: offset / 2,
    };
  }
  return { ...wide, shift };
}
