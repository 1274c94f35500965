// Gather, GatherND and GatherElements (V1). An index counts from the end if negative; one outside -size..size-1
// gives zero bits where it is computed, and is refused where it is known while planning.
import { dtypeInfo, type DType } from '../core/dtype.ts';
import {
  paramFields,
  type Kernel,
  type LowerContext,
  type NodeContext,
  type OpDef,
  type ShapeContext,
} from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, normalizeAxis, sizeOf, stridesOf } from '../core/shape.ts';
import gatherElementsShader from '../../shaders/ops/gather_elements.wgsl';
import gatherSlicesShader from '../../shaders/ops/gather_slices.wgsl';
import { gridOf } from './grid.ts';
import { COPY_RANK, log2OfBytes } from './strided_copy.ts';

export const gatherSlices: Kernel = {
  name: 'gather_slices',
  params: paramFields(
    'n',
    'count',
    'tuple',
    'index_bytes',
    'index_batch',
    'data_batch',
    'inner',
    'unit_shift',
    `dims[${COPY_RANK}]`,
    `strides[${COPY_RANK}]`,
  ),
  shader: gatherSlicesShader,
};

export const gatherElements: Kernel = {
  name: 'gather_elements',
  params: paramFields(
    'n',
    'rank',
    'bytes_shift',
    'index_bytes',
    'axis_dim',
    'axis_stride',
    'pad0',
    'pad1',
    `dims[${COPY_RANK}]`,
    `strides[${COPY_RANK}]`,
  ),
  shader: gatherElementsShader,
};

/** The data's dtype, and indices of int64 or int32 as input `i`. */
export function indexedDtypes(node: NodeContext, i = 1): DType[] {
  const [data, indices] = [node.dtypeOf(0), node.dtypeOf(i)];
  if (data === undefined || (indices !== 'int64' && indices !== 'int32')) {
    throw new TypeError(
      `${node.opType}: indices: expected int64 or int32, got ${indices ?? 'nothing'}. Cast them to int64.`,
    );
  }
  return [data];
}

/** Refuses known indices outside their axis; `sizes` repeat along the last axis of the indices. */
export function checkIndices(node: ShapeContext, i: number, sizes: readonly number[]): void {
  const indices = node.constant(i);
  if (indices === undefined) return;
  for (let k = 0; k < indices.length; k += 1) {
    const size = sizes[k % sizes.length] ?? 0;
    const index = Number(indices[k]);
    if (index < -size || index >= size) {
      throw new RangeError(
        `${node.opType}: index out of range: expected ${-size}..${size - 1}, got ${index}. Correct the indices.`,
      );
    }
  }
}

/** Checks that a list fits the arrays of the kernels' Params. */
export function checkRank(op: string, what: string, rank: number): void {
  if (rank > COPY_RANK) {
    throw new RangeError(
      `${op}: ${what}: expected at most ${COPY_RANK}, got ${rank}. Reshape the input.`,
    );
  }
}

interface Slices {
  readonly batches: number;
  readonly count: number;
  /** Indices from one batch to the next; 0 if all share them. */
  readonly indexBatch: number;
  /** Sizes and element strides of the indexed axes. */
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly dataBatch: number;
  readonly inner: number;
}

function emitSlices(node: LowerContext, slices: Slices): void {
  const [data, indices, out] = [node.input(0), node.input(1), node.output(0)];
  if (sizeOf(data.dims) === 0 && sizeOf(out.dims) > 0) {
    throw new RangeError(
      `${node.opType}: expected data to gather from, got shape ${formatShape(data.dims)}. Feed elements.`,
    );
  }
  checkIndices(node, 1, slices.dims);
  checkRank(node.opType, 'indexed axes', slices.dims.length);
  const { bytes } = dtypeInfo(out.dtype);
  const innerBytes = slices.inner * bytes;
  // Slices that are whole words move as words.
  const shift = [2, 1].find((log2) => innerBytes % 2 ** log2 === 0) ?? 0;
  const units = (elements: number): number => (elements * bytes) / 2 ** shift;
  out.canonical = data.canonical; // zero bits are canonical
  node.emit(gatherSlices, {
    params: {
      n: units(sizeOf(out.dims)),
      count: slices.count,
      tuple: slices.dims.length,
      index_bytes: dtypeInfo(indices.dtype).bytes,
      index_batch: slices.indexBatch,
      data_batch: units(slices.dataBatch),
      inner: units(slices.inner),
      unit_shift: shift,
      dims: slices.dims,
      strides: slices.strides.map(units),
    },
    inputs: [data, indices],
    outputs: [out],
    units: slices.batches * slices.count,
    unitCost: units(slices.inner),
    grid: gridOf(Math.ceil((sizeOf(out.dims) * bytes) / 4)),
  });
}

export const Gather: OpDef = {
  type: 'Gather',
  opsets: [1, 27],
  inputs: [2, 2],
  attributes: { axis: { kind: 'int' } },
  dtypes: (node) => indexedDtypes(node),
  infer(node) {
    const { dims } = node.input(0);
    const axis = normalizeAxis('Gather', node.int('axis', 0), dims.length);
    return [[...dims.slice(0, axis), ...node.input(1).dims, ...dims.slice(axis + 1)]];
  },
  lower(node) {
    const { dims } = node.input(0);
    const axis = normalizeAxis('Gather', node.int('axis', 0), dims.length);
    const inner = sizeOf(dims.slice(axis + 1));
    emitSlices(node, {
      batches: sizeOf(dims.slice(0, axis)),
      count: sizeOf(node.input(1).dims),
      indexBatch: 0,
      dims: [dims[axis] ?? 0],
      strides: [inner],
      dataBatch: (dims[axis] ?? 0) * inner,
      inner,
    });
  },
};

/** Batch axes and the length of an index tuple. */
function tuplesOf(node: ShapeContext): { batch: number; tuple: number } {
  const [data, indices] = [node.input(0).dims, node.input(1).dims];
  const batch = node.int('batch_dims', 0);
  const tuple = indices.at(-1);
  const fits =
    tuple !== undefined &&
    tuple >= 1 &&
    batch >= 0 &&
    batch < indices.length &&
    batch + tuple <= data.length &&
    data.slice(0, batch).every((dim, axis) => dim === indices[axis]);
  if (!fits) {
    throw new RangeError(
      `GatherND: indices do not fit: expected the batch axes and tuples of at most ${data.length - batch} for data ${formatShape(data)}, got ${formatShape(indices)} with batch_dims ${batch}. Correct the indices.`,
    );
  }
  return { batch, tuple };
}

export const GatherND: OpDef = {
  type: 'GatherND',
  opsets: [11, 27],
  inputs: [2, 2],
  attributes: { batch_dims: { kind: 'int' } },
  dtypes: (node) => indexedDtypes(node),
  infer(node) {
    const { batch, tuple } = tuplesOf(node);
    return [[...node.input(1).dims.slice(0, -1), ...node.input(0).dims.slice(batch + tuple)]];
  },
  lower(node) {
    const [data, indices] = [node.input(0).dims, node.input(1).dims];
    const { batch, tuple } = tuplesOf(node);
    const count = sizeOf(indices.slice(batch, -1));
    const strides = stridesOf(data);
    emitSlices(node, {
      batches: sizeOf(data.slice(0, batch)),
      count,
      indexBatch: count * tuple,
      dims: data.slice(batch, batch + tuple),
      strides: strides.slice(batch, batch + tuple),
      dataBatch: sizeOf(data.slice(batch)),
      inner: sizeOf(data.slice(batch + tuple)),
    });
  },
};

/** Strides of `data` for positions in a tensor of the indices' shape, 0 on the indexed axis. */
export function ownStrides(data: Value, axis: number): number[] {
  return stridesOf(data.dims).map((stride, k) => (k === axis ? 0 : stride));
}

export const GatherElements: OpDef = {
  type: 'GatherElements',
  opsets: [11, 27],
  inputs: [2, 2],
  attributes: { axis: { kind: 'int' } },
  dtypes: (node) => indexedDtypes(node),
  infer(node) {
    const [data, indices] = [node.input(0).dims, node.input(1).dims];
    const axis = normalizeAxis('GatherElements', node.int('axis', 0), data.length);
    const fits =
      indices.length === data.length &&
      indices.every((dim, k) => k === axis || dim <= (data[k] ?? 0));
    if (!fits) {
      throw new RangeError(
        `GatherElements: indices do not fit: expected at most ${formatShape(data)} except on axis ${axis}, got ${formatShape(indices)}. Correct the indices.`,
      );
    }
    return [indices];
  },
  lower(node) {
    const [data, indices, out] = [node.input(0), node.input(1), node.output(0)];
    const axis = normalizeAxis('GatherElements', node.int('axis', 0), data.dims.length);
    const size = data.dims[axis] ?? 0;
    checkIndices(node, 1, [size]);
    checkRank('GatherElements', 'axes', out.dims.length);
    const { bytes } = dtypeInfo(out.dtype);
    const n = sizeOf(out.dims);
    const last = out.dims.at(-1) ?? 1;
    out.canonical = data.canonical;
    node.emit(gatherElements, {
      params: {
        n,
        rank: out.dims.length,
        bytes_shift: log2OfBytes(bytes),
        index_bytes: dtypeInfo(indices.dtype).bytes,
        axis_dim: size,
        axis_stride: stridesOf(data.dims)[axis] ?? 1,
        pad0: 0,
        pad1: 0,
        dims: out.dims,
        strides: ownStrides(data, axis),
      },
      inputs: [data, indices],
      outputs: [out],
      units: n / Math.max(1, last),
      unitCost: last * 4,
      grid: gridOf(Math.ceil((n * bytes) / 4)),
    });
  },
};
