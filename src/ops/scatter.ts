// ScatterND and ScatterElements. Without a reduction, bits are copied (V1) and the last update in index order wins
// (V11): one kernel finds the winner of every slot, another copies. With a reduction, updates are applied one
// after the other in index order, on the reference only. Updates with an index outside the tensor are dropped
// where it is computed, and refused where it is known while planning.
import { dtypeInfo, type DType } from '../core/dtype.ts';
import {
  paramFields,
  type Kernel,
  type LowerContext,
  type NodeContext,
  type OpDef,
  type ShapeContext,
} from '../core/op.ts';
import { formatShape, normalizeAxis, sameShape, sizeOf, stridesOf } from '../core/shape.ts';
import scatterOrderShader from '../../shaders/ops/scatter_order.wgsl';
import scatterSelectShader from '../../shaders/ops/scatter_select.wgsl';
import { checkIndices, checkRank, indexedDtypes, ownStrides } from './gather.ts';
import { gridOf } from './grid.ts';
import { COPY_RANK } from './strided_copy.ts';

const PLACES = [
  `dims[${COPY_RANK}]`,
  `strides[${COPY_RANK}]`,
  `tuple_dims[${COPY_RANK}]`,
  `tuple_strides[${COPY_RANK}]`,
];

export const scatterOrder: Kernel = {
  name: 'scatter_order',
  params: paramFields(
    'slots',
    'count',
    'tuple',
    'index_bytes',
    'rank',
    'pad0',
    'pad1',
    'pad2',
    ...PLACES,
  ),
  shader: scatterOrderShader,
};
export const scatterSelect: Kernel = {
  name: 'scatter_select',
  params: paramFields('n', 'inner', 'unit_shift', 'pad0'),
  shader: scatterSelectShader,
};
export const scatterReduce: Kernel = {
  name: 'scatter_reduce',
  params: paramFields(
    'slots',
    'count',
    'tuple',
    'index_bytes',
    'rank',
    'inner',
    'reduction',
    'type',
    ...PLACES,
  ),
};

const REDUCTIONS = ['add', 'mul', 'min', 'max'];
const REDUCED: readonly DType[] = ['float32', 'int32', 'int64'];

function dtypes(node: NodeContext): DType[] {
  const [data] = indexedDtypes(node);
  if (data === undefined || data !== node.dtypeOf(2)) {
    throw new TypeError(
      `${node.opType}: updates: expected ${data ?? 'a tensor'} as the data, got ${node.dtypeOf(2) ?? 'nothing'}. Cast them.`,
    );
  }
  if (node.string('reduction', 'none') !== 'none' && !REDUCED.includes(data)) {
    throw new TypeError(
      `${node.opType}: reduction: expected ${REDUCED.join(', ')}, got ${data}. Cast the data.`,
    );
  }
  return [data];
}

interface Places {
  /** The updates' own positions, in slots (ScatterElements). */
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  /** The indexed axes, in slots. */
  readonly tuple_dims: readonly number[];
  readonly tuple_strides: readonly number[];
  readonly count: number;
  /** Elements a slot. */
  readonly inner: number;
}

function emitScatter(node: LowerContext, places: Places): void {
  const [data, indices, updates, out] = [
    node.input(0),
    node.input(1),
    node.input(2),
    node.output(0),
  ];
  const { count, inner, ...lists } = places;
  checkIndices(node, 1, places.tuple_dims);
  checkRank(node.opType, 'axes', Math.max(places.dims.length, places.tuple_dims.length));
  if (count === 0 || sizeOf(data.dims) === 0) {
    node.alias(out, data);
    return;
  }
  const { bytes } = dtypeInfo(data.dtype);
  const slots = sizeOf(data.dims) / inner;
  const common = {
    slots,
    count,
    tuple: places.tuple_dims.length,
    index_bytes: dtypeInfo(indices.dtype).bytes,
    rank: places.dims.length,
    ...lists,
  };
  const reduction = node.string('reduction', 'none');
  if (reduction !== 'none') {
    out.canonical = data.dtype === 'float32';
    node.emit(scatterReduce, {
      params: {
        ...common,
        inner,
        reduction: REDUCTIONS.indexOf(reduction),
        type: REDUCED.indexOf(data.dtype),
      },
      inputs: [data, indices, updates],
      outputs: [out],
      unitCost: (slots + count) * inner,
    });
    return;
  }
  const winner = node.temp('int32', [slots]);
  node.emit(scatterOrder, {
    params: { ...common, pad0: 0, pad1: 0, pad2: 0 },
    inputs: [indices],
    outputs: [winner],
    unitCost: slots + count,
  });
  const shift = [2, 1].find((log2) => (inner * bytes) % 2 ** log2 === 0) ?? 0;
  out.canonical = data.canonical && updates.canonical;
  node.emit(scatterSelect, {
    params: {
      n: (sizeOf(out.dims) * bytes) / 2 ** shift,
      inner: (inner * bytes) / 2 ** shift,
      unit_shift: shift,
      pad0: 0,
    },
    inputs: [data, winner, updates],
    outputs: [out],
    units: slots,
    unitCost: inner,
    grid: gridOf(Math.ceil((sizeOf(out.dims) * bytes) / 4)),
  });
}

/** The length of an index tuple. */
function tupleOf(node: ShapeContext): number {
  const [data, indices, updates] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
  const tuple = indices.at(-1);
  if (
    tuple === undefined ||
    tuple < 1 ||
    tuple > data.length ||
    !sameShape(updates, [...indices.slice(0, -1), ...data.slice(tuple)])
  ) {
    throw new RangeError(
      `ScatterND: shapes do not fit: expected tuples of at most ${data.length} and updates of their slices, got data ${formatShape(data)}, indices ${formatShape(indices)}, updates ${formatShape(updates)}. Correct them.`,
    );
  }
  return tuple;
}

const reduction = { kind: 'string', oneOf: ['none', ...REDUCTIONS] } as const;

export const ScatterND: OpDef = {
  type: 'ScatterND',
  opsets: [11, 27],
  inputs: [3, 3],
  attributes: { reduction },
  dtypes,
  infer(node) {
    tupleOf(node);
    return [node.input(0).dims];
  },
  lower(node) {
    const { dims } = node.input(0);
    const tuple = tupleOf(node);
    const inner = sizeOf(dims.slice(tuple));
    emitScatter(node, {
      dims: [],
      strides: [],
      tuple_dims: dims.slice(0, tuple),
      tuple_strides: stridesOf(dims.slice(0, tuple)),
      count: sizeOf(node.input(1).dims.slice(0, -1)),
      inner,
    });
  },
};

function elements(type: string, last: number): OpDef {
  return {
    type,
    opsets: [9, last],
    inputs: [3, 3],
    attributes: { axis: { kind: 'int' }, reduction },
    dtypes,
    infer(node) {
      const [data, indices, updates] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
      const axis = normalizeAxis(type, node.int('axis', 0), data.length);
      const fits =
        indices.length === data.length &&
        sameShape(indices, updates) &&
        indices.every((dim, k) => k === axis || dim <= (data[k] ?? 0));
      if (!fits) {
        throw new RangeError(
          `${type}: shapes do not fit: expected indices and updates of one shape, at most ${formatShape(data)} except on axis ${axis}, got ${formatShape(indices)} and ${formatShape(updates)}. Correct them.`,
        );
      }
      return [data];
    },
    lower(node) {
      const data = node.input(0);
      const axis = normalizeAxis(type, node.int('axis', 0), data.dims.length);
      emitScatter(node, {
        dims: node.input(1).dims,
        strides: ownStrides(data, axis),
        tuple_dims: [data.dims[axis] ?? 0],
        tuple_strides: [stridesOf(data.dims)[axis] ?? 1],
        count: sizeOf(node.input(1).dims),
        inner: 1,
      });
    },
  };
}

export const ScatterElements = elements('ScatterElements', 27);
/** The name of ScatterElements before opset 11. */
export const Scatter = elements('Scatter', 10);
