// Operators that compare or accumulate along one axis: ArgMax, ArgMin, TopK, CumSum, CumProd.
//   ArgMax, ArgMin: the first of equals (select_last_index: the last); a NaN is taken before every number.
//   TopK: best first whatever `sorted` says, ties by lower index, NaN above +infinity; values are copied as bits.
//   CumSum, CumProd: term by term, every f32 sum or product a V2 operation; float64 on the reference (V9).
// Comparisons read canonically: -0 equals +0, and so does everything under 2^-120.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { Kernel, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { paramFields } from '../core/op.ts';
import { normalizeAxis, sizeOf } from '../core/shape.ts';
import { gridOf } from './grid.ts';
import { knownIntegers } from './known.ts';
import argMaxShader from '../../shaders/ops/arg_max.wgsl';
import cumSumShader from '../../shaders/ops/cum_sum.wgsl';

export const argMax: Kernel = {
  name: 'arg_max',
  params: paramFields('outer', 'count', 'inner', 'type_code', 'smallest', 'last', 'pad0', 'pad1'),
  shader: argMaxShader,
};
export const topK: Kernel = {
  name: 'top_k',
  params: paramFields('outer', 'count', 'inner', 'type_code', 'k', 'smallest', 'pad0', 'pad1'),
};
export const cumSum: Kernel = {
  name: 'cum_sum',
  params: paramFields(
    'outer',
    'count',
    'inner',
    'type_code',
    'exclusive',
    'reverse',
    'product',
    'pad0',
  ),
  shader: cumSumShader,
};

// The codes of wasm/order.h.
const kTypeCode: Partial<Record<DType, number>> = {
  int8: 0,
  int16: 1,
  int32: 2,
  int64: 3,
  uint8: 4,
  uint16: 5,
  uint32: 6,
  uint64: 7,
  float32: 8,
  float64: 9,
};
const kSummed: readonly DType[] = ['float32', 'float64', 'int32', 'uint32', 'int64', 'uint64'];
const ENTRY_BYTES = 16; // struct Entry of wasm/ops/top_k.c

/** Elements of 1, 2 and 8 bytes are left to the reference. */
function onReference(kernel: Kernel, dtype: DType): Kernel {
  const is32 = dtype === 'float32' || dtype === 'int32' || dtype === 'uint32';
  return is32 ? kernel : { name: kernel.name, params: kernel.params };
}

function check(node: NodeContext, dtypes: readonly DType[]): DType {
  const dtype = node.dtypeOf(0);
  if (dtype === undefined || !dtypes.includes(dtype)) {
    throw new TypeError(
      `${node.opType}: expected ${dtypes.join(' or ')}, got ${dtype ?? 'nothing'}.`,
    );
  }
  return dtype;
}

interface Rows {
  readonly axis: number;
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

function rowsOf(node: ShapeContext, axisGiven: number): Rows {
  const { dims } = node.input(0);
  const axis = normalizeAxis(node.opType, axisGiven, dims.length);
  return {
    axis,
    outer: sizeOf(dims.slice(0, axis)),
    count: dims[axis] ?? 1,
    inner: sizeOf(dims.slice(axis + 1)),
  };
}

function argOp(type: string, smallest: 0 | 1): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 1],
    attributes: {
      axis: { kind: 'int' },
      keepdims: { kind: 'int' },
      select_last_index: { kind: 'int' },
    },
    dtypes(node) {
      check(node, Object.keys(kTypeCode) as DType[]);
      return ['int64'];
    },
    infer(node) {
      const { dims } = node.input(0);
      const { axis, count, outer, inner } = rowsOf(node, node.int('axis', 0));
      if (count === 0 && outer * inner > 0) {
        throw new RangeError(`${type}: expected at least one element on axis ${axis}, got none.`);
      }
      if (node.int('keepdims', 1) === 0) return [dims.filter((_, i) => i !== axis)];
      return [dims.map((size, i) => (i === axis ? 1 : size))];
    },
    lower(node) {
      const x = node.input(0);
      const { outer, count, inner } = rowsOf(node, node.int('axis', 0));
      node.emit(onReference(argMax, x.dtype), {
        params: {
          outer,
          count,
          inner,
          type_code: kTypeCode[x.dtype] ?? 8,
          smallest,
          last: node.int('select_last_index', 0) !== 0 ? 1 : 0,
          pad0: 0,
          pad1: 0,
        },
        inputs: [x],
        outputs: [node.output(0)],
        units: outer * inner,
        unitCost: 4 * count,
        grid: gridOf(outer * inner),
      });
    },
  };
}

export const ArgMax = argOp('ArgMax', 0);
export const ArgMin = argOp('ArgMin', 1);

/** k is an input since opset 10. */
function wantedOf(node: ShapeContext): number {
  const k = node.opset >= 10 ? (knownIntegers(node, 1, 'K')[0] ?? -1) : node.int('k');
  const { axis, count } = rowsOf(node, node.int('axis', -1));
  if (!(k >= 0 && k <= count)) {
    throw new RangeError(`TopK: k: expected 0 to ${count}, the size of axis ${axis}, got ${k}.`);
  }
  return k;
}

export const TopK: OpDef = {
  type: 'TopK',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 2],
  attributes: {
    axis: { kind: 'int' },
    k: { kind: 'int' },
    largest: { kind: 'int' },
    sorted: { kind: 'int' },
  },
  dtypes: (node) => [check(node, Object.keys(kTypeCode) as DType[]), 'int64'],
  infer(node) {
    const k = wantedOf(node);
    const { axis } = rowsOf(node, node.int('axis', -1));
    const dims = node.input(0).dims.map((size, i) => (i === axis ? k : size));
    return [dims, dims];
  },
  lower(node) {
    const x = node.input(0);
    const k = wantedOf(node);
    const { axis, outer, count, inner } = rowsOf(node, node.int('axis', -1));
    const dims = x.dims.map((size, i) => (i === axis ? k : size));
    const values = node.wants(0) ? node.output(0) : node.temp(x.dtype, dims);
    const indices = node.wants(1) ? node.output(1) : node.temp('int64', dims);
    node.emit(topK, {
      params: {
        outer,
        count,
        inner,
        type_code: kTypeCode[x.dtype] ?? 8,
        k,
        smallest: node.int('largest', 1) !== 0 ? 0 : 1,
        pad0: 0,
        pad1: 0,
      },
      inputs: [x],
      outputs: [values, indices],
      units: outer * inner,
      unitCost: count * Math.max(4, 32 - Math.clz32(k)),
      scratch: ENTRY_BYTES * k,
    });
    values.canonical = x.canonical;
  },
};

function cumulative(type: string, since: number, product: 0 | 1): OpDef {
  return {
    type,
    opsets: [since, NEWEST_OPSET],
    inputs: [2, 2],
    attributes: { exclusive: { kind: 'int' }, reverse: { kind: 'int' } },
    dtypes: (node) => [check(node, kSummed)],
    infer: (node) => [node.input(0).dims],
    lower(node) {
      const [x, out] = [node.input(0), node.output(0)];
      const { outer, count, inner } = rowsOf(node, knownIntegers(node, 1, 'axis')[0] ?? 0);
      node.emit(onReference(cumSum, x.dtype), {
        params: {
          outer,
          count,
          inner,
          type_code: kTypeCode[x.dtype] ?? 9,
          exclusive: node.int('exclusive', 0) !== 0 ? 1 : 0,
          reverse: node.int('reverse', 0) !== 0 ? 1 : 0,
          product,
          pad0: 0,
        },
        inputs: [x],
        outputs: [out],
        units: outer * inner,
        unitCost: 4 * count,
        grid: gridOf(outer * inner),
      });
      out.canonical = x.dtype === 'float32';
    },
  };
}

export const CumSum = cumulative('CumSum', 11, 0);
export const CumProd = cumulative('CumProd', 26, 1);
