// Pooling over one to three spatial axes of [N, C, …]: MaxPool, AveragePool, LpPool, and the global forms, which are
// reductions.
//   MaxPool: exact; NaN wins; taps outside the input are absent.   Indices: the first of equals in window order.
//   AveragePool: V4 sum of the taps in (depth, row, column) order, those outside +0, divided by their count.
//   LpPool: (sum of |x|^p)^(1/p), sum as above; p = 1 takes no power, p = 2 is x·x and the square root.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type {
  AttributeSpec,
  Kernel,
  LowerContext,
  NodeContext,
  OpDef,
  ShapeContext,
} from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { emitChain, mapped, type ChainBuilder } from './chain_builder.ts';
import { epilogueChain } from './chain_wgsl.ts';
import { windowAxes, type Axis } from './window.ts';
import { gridOf } from './grid.ts';
import { emitMean, emitReduce } from './reduction.ts';
import poolShader from '../../shaders/ops/pool.wgsl';

const GEOMETRY = [
  'in_dims[4]',
  'out_dims[4]',
  'kernel[4]',
  'strides[4]',
  'dilations[4]',
  'pads[4]',
];

export const pool: Kernel = {
  name: 'pool',
  params: paramFields('rows', 'block', 'op', 'count_pad', ...GEOMETRY, 'ends[4]'),
  shader: epilogueChain(poolShader),
  chain: 'epilogue',
};
/** MaxPool with indices, and of 8-bit integers: on the reference only. */
export const maxPoolIndices: Kernel = {
  name: 'max_pool_indices',
  params: paramFields('n', 'type_code', 'column_major', 'pad0', ...GEOMETRY),
};

// The codes of wasm/fold.h, wasm/ops/pool.c and wasm/order.h.
const kPool = { sum: 0, max: 3, average: 5 } as const;
const kTypeCode: Partial<Record<DType, number>> = { float32: 8, int8: 0, uint8: 4 };

const UNIT_TAPS = 1 << 15;
const OUTPUTS = 4; // of an invocation, in shaders/ops/pool.wgsl

const kWindow: Readonly<Record<string, AttributeSpec>> = {
  kernel_shape: { kind: 'ints' },
  strides: { kind: 'ints' },
  dilations: { kind: 'ints' },
  pads: { kind: 'ints' },
  auto_pad: { kind: 'string', oneOf: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] },
  ceil_mode: { kind: 'int' },
};

function spatialOf(node: ShapeContext): readonly number[] {
  const { dims } = node.input(0);
  if (dims.length < 3 || dims.length > 5) {
    throw new RangeError(
      `${node.opType}: expected [N, C] and one to three spatial axes, got ${formatShape(dims)}.`,
    );
  }
  return dims.slice(2);
}

function axesOf(node: ShapeContext): Axis[] {
  const spatial = spatialOf(node);
  const kernel = node.ints('kernel_shape');
  if (kernel.length !== spatial.length || kernel.some((size) => size < 1)) {
    throw new RangeError(
      `${node.opType}: kernel_shape: expected ${spatial.length} sizes of at least 1, got [${kernel.join(', ')}].`,
    );
  }
  return windowAxes(node, spatial, kernel);
}

const outDims = (node: ShapeContext): readonly number[] => [
  ...node.input(0).dims.slice(0, 2),
  ...axesOf(node).map((axis) => axis.out),
];

/** The fields of the geometry, in three dimensions. */
function geometry(axes: readonly Axis[]): Record<string, number[]> {
  const plain: Axis = { size: 1, out: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 };
  const all = [...Array.from({ length: 3 - axes.length }, () => plain), ...axes];
  return {
    in_dims: all.map((axis) => axis.size),
    out_dims: all.map((axis) => axis.out),
    kernel: all.map((axis) => axis.kernel),
    strides: all.map((axis) => axis.stride),
    dilations: all.map((axis) => axis.dilation),
    pads: all.map((axis) => axis.begin),
    ends: all.map((axis) => axis.size + axis.end),
  };
}

function emitPool(
  node: LowerContext,
  op: keyof typeof kPool,
  out: Value,
  x: Value,
  axes: readonly Axis[],
  countPad = false,
): void {
  const width = axes.at(-1)?.out ?? 1;
  const taps = axes.reduce((product, axis) => product * axis.kernel, 1);
  const rows = sizeOf(out.dims) / Math.max(1, width);
  const block = Math.max(1, Math.min(rows, Math.floor(UNIT_TAPS / (width * taps))));
  node.emit(pool, {
    params: {
      rows,
      block,
      op: kPool[op],
      count_pad: countPad ? 1 : 0,
      ...geometry(axes),
    },
    inputs: [x],
    outputs: [out],
    units: Math.ceil(rows / block),
    unitCost: block * width * taps,
    grid: gridOf(Math.ceil((rows * width) / OUTPUTS)),
    constants: { OP: kPool[op] },
  });
  out.canonical = true;
}

/** Emits `out` = sums of `x`, [N, C, n], over `size` channels around each, as LRN counts them. */
export function emitWindowSum(node: LowerContext, out: Value, x: Value, size: number): void {
  const [, channels = 1, n = 1] = x.dims;
  const over: Axis = {
    size: channels,
    out: channels,
    kernel: size,
    stride: 1,
    dilation: 1,
    begin: Math.floor((size - 1) / 2),
    end: Math.ceil((size - 1) / 2),
  };
  const along: Axis = { size: n, out: n, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 };
  emitPool(node, 'sum', out, x, [over, along]);
}

function floatOnly(node: NodeContext): DType[] {
  const dtype = node.dtypeOf(0);
  if (dtype !== 'float32') {
    throw new TypeError(`${node.opType}: expected float32, got ${dtype ?? 'nothing'}.`);
  }
  return [dtype];
}

export const MaxPool: OpDef = {
  type: 'MaxPool',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { ...kWindow, storage_order: { kind: 'int', oneOf: [0, 1] } },
  dtypes(node) {
    const dtype = node.dtypeOf(0);
    if (dtype === undefined || kTypeCode[dtype] === undefined) {
      throw new TypeError(
        `MaxPool: expected ${Object.keys(kTypeCode).join(' or ')}, got ${dtype ?? 'nothing'}.`,
      );
    }
    return [dtype, 'int64'];
  },
  infer: (node) => [outDims(node), outDims(node)],
  lower(node) {
    const x = node.input(0);
    if (x.dtype === 'float32' && !node.wants(1)) {
      emitPool(node, 'max', node.output(0), x, axesOf(node));
      return;
    }
    const dims = outDims(node);
    const out = node.wants(0) ? node.output(0) : node.temp(x.dtype, dims);
    const indices = node.wants(1) ? node.output(1) : node.temp('int64', dims);
    const { ends: _, ...fields } = geometry(axesOf(node));
    const n = sizeOf(dims);
    const taps = node.ints('kernel_shape').reduce((product, size) => product * size, 1);
    node.emit(maxPoolIndices, {
      params: {
        n,
        type_code: kTypeCode[x.dtype] ?? 8,
        column_major: node.int('storage_order', 0),
        pad0: 0,
        ...fields,
      },
      inputs: [x],
      outputs: [out, indices],
      units: n,
      unitCost: 4 * taps,
    });
    out.canonical = x.dtype === 'float32';
  },
};

export const AveragePool: OpDef = {
  type: 'AveragePool',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { ...kWindow, count_include_pad: { kind: 'int' } },
  dtypes: floatOnly,
  infer: (node) => [outDims(node)],
  lower(node) {
    const countPad = node.int('count_include_pad', 0) !== 0;
    emitPool(node, 'average', node.output(0), node.input(0), axesOf(node), countPad);
  },
};

/** |x|^p as a step of a chain. */
function power(c: ChainBuilder, x: number, p: number): number {
  if (p === 2) return c.op('mul_f32', x, x);
  const magnitude = c.op('abs_f32', x);
  return p === 1 ? magnitude : c.op('pow_f32', magnitude, c.scalar(p));
}

/** Emits `out` = sum^(1/p); 1/p is rounded to f32. */
function emitRoot(node: LowerContext, out: Value, sum: Value, p: number): void {
  if (p === 1) node.alias(out, sum);
  else if (p === 2) emitChain(node, out, (c) => c.op('sqrt_f32', c.f32(sum)));
  else emitChain(node, out, (c) => c.op('pow_f32', c.f32(sum), c.scalar(Math.fround(1 / p))));
}

function normOf(node: NodeContext): number {
  const p = node.int('p', 2);
  if (p < 1) throw new RangeError(`${node.opType}: p: expected at least 1, got ${p}.`);
  return p;
}

export const LpPool: OpDef = {
  type: 'LpPool',
  opsets: [2, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { ...kWindow, p: { kind: 'int' } },
  dtypes: floatOnly,
  infer: (node) => [outDims(node)],
  lower(node) {
    const [x, out, p] = [node.input(0), node.output(0), normOf(node)];
    const terms = mapped(node, x.dims, (c) => power(c, c.f32(x), p));
    const sum = node.temp('float32', out.dims);
    emitPool(node, 'sum', sum, terms, axesOf(node));
    emitRoot(node, out, sum, p);
  },
};

function global(
  type: string,
  lower: (node: LowerContext, out: Value, x: Value, axes: readonly number[]) => void,
  attributes: Readonly<Record<string, AttributeSpec>> = {},
): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 1],
    attributes,
    dtypes: floatOnly,
    infer(node) {
      const { dims } = node.input(0);
      if (dims.length < 3) {
        throw new RangeError(
          `${type}: expected [N, C] and spatial axes, got ${formatShape(dims)}.`,
        );
      }
      return [dims.map((size, axis) => (axis < 2 ? size : 1))];
    },
    lower(node) {
      const x = node.input(0);
      lower(node, node.output(0), x, x.dims.map((_, axis) => axis).slice(2));
    },
  };
}

export const GlobalAveragePool = global('GlobalAveragePool', emitMean);
export const GlobalMaxPool = global('GlobalMaxPool', (node, out, x, axes) =>
  emitReduce(node, 'max', out, x, axes),
);
export const GlobalLpPool = global(
  'GlobalLpPool',
  (node, out, x, axes) => {
    const p = normOf(node);
    const terms = mapped(node, x.dims, (c) => power(c, c.f32(x), p));
    const sum = node.temp('float32', out.dims);
    emitReduce(node, 'sum', sum, terms, axes);
    emitRoot(node, out, sum, p);
  },
  { p: { kind: 'int' } },
);
