// Operators that choose by position (V1): Trilu keeps a triangle, OneHot marks an index.
import { dtypeInfo, type DType } from '../core/dtype.ts';
import { paramFields, type Kernel, type OpDef, type ShapeContext } from '../core/op.ts';
import { clampedNumber, formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import oneHotShader from '../../shaders/ops/one_hot.wgsl';
import triluShader from '../../shaders/ops/trilu.wgsl';
import { emitCast } from './cast.ts';
import { INTEGERS, isFloat, isFloat16 } from './element_types.ts';
import { gridOf } from './grid.ts';
import { knownIntegers } from './known.ts';
import { sameDtype } from './reshape.ts';
import { log2OfBytes } from './strided_copy.ts';

export const trilu: Kernel = {
  name: 'trilu',
  params: paramFields('n', 'rows', 'columns', 'per_element', 'unit_shift', 'upper', 'k', 'pad0'),
  shader: triluShader,
};
export const oneHot: Kernel = {
  name: 'one_hot',
  params: paramFields('n', 'depth', 'inner', 'bytes_shift', 'index_kind', 'pad0', 'pad1', 'pad2'),
  shader: oneHotShader,
};

export const Trilu: OpDef = {
  type: 'Trilu',
  opsets: [14, 27],
  inputs: [1, 2],
  attributes: { upper: { kind: 'int' } },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    if (dims.length < 2) {
      throw new RangeError(
        `Trilu: expected at least 2 axes, got ${formatShape(dims)}. Reshape the input.`,
      );
    }
    return [dims];
  },
  lower(node) {
    const [input, out] = [node.input(0), node.output(0)];
    const [rows = 1, columns = 1] = out.dims.slice(-2);
    const k = node.optional(1) === undefined ? 0 : (knownIntegers(node, 1, 'k')[0] ?? 0);
    const { bytes } = dtypeInfo(out.dtype);
    const perElement = bytes === 8 ? 2 : 1;
    const n = sizeOf(out.dims) * perElement;
    out.canonical = input.canonical;
    node.emit(trilu, {
      params: {
        n,
        rows,
        columns,
        per_element: perElement,
        unit_shift: Math.min(2, log2OfBytes(bytes)),
        upper: node.int('upper', 1) === 0 ? 0 : 1,
        // Beyond the matrix on either side, every k means the same.
        k: Math.min(Math.max(k, -rows - 1), columns + 1),
        pad0: 0,
      },
      inputs: [input],
      outputs: [out],
      units: sizeOf(out.dims) / columns,
      unitCost: columns,
      grid: gridOf(Math.ceil((sizeOf(out.dims) * bytes) / 4)),
    });
  },
};

const INDEX_KINDS: readonly DType[] = ['int32', 'int64', 'float32']; // the codes of the C twin

function depthOf(node: ShapeContext): { depth: number; axis: number } {
  const value = node.known(1, 'depth')[0] ?? 0;
  const depth = typeof value === 'bigint' ? clampedNumber(value) : Math.trunc(value);
  if (depth < 1)
    throw new RangeError(`OneHot: depth: expected at least 1, got ${depth}. Correct it.`);
  return {
    depth,
    axis: normalizeAxis('OneHot', node.int('axis', -1), node.input(0).dims.length + 1),
  };
}

export const OneHot: OpDef = {
  type: 'OneHot',
  opsets: [9, 27],
  inputs: [3, 3],
  attributes: { axis: { kind: 'int' } },
  dtypes(node) {
    const [indices, values] = [node.dtypeOf(0), node.dtypeOf(2)];
    const isNumber = indices !== undefined && (isFloat(indices) || INTEGERS.includes(indices));
    if (!isNumber || values === undefined) {
      throw new TypeError(
        `OneHot: indices: expected floats or integers, got ${indices ?? 'nothing'}. Cast them.`,
      );
    }
    const depth = node.dtypeOf(1);
    if (depth === undefined || isFloat16(depth)) {
      throw new TypeError(
        `OneHot: depth: expected an integer, got ${depth ?? 'nothing'}. Cast it.`,
      );
    }
    return [values];
  },
  infer(node) {
    const { depth, axis } = depthOf(node);
    const { dims } = node.input(0);
    if (sizeOf(node.input(2).dims) !== 2) {
      throw new RangeError(
        `OneHot: values: expected [off, on], got shape ${formatShape(node.input(2).dims)}. Give two.`,
      );
    }
    return [[...dims.slice(0, axis), depth, ...dims.slice(axis)]];
  },
  lower(node) {
    const [values, out] = [node.input(2), node.output(0)];
    let indices = node.input(0);
    if (!INDEX_KINDS.includes(indices.dtype)) {
      // Truncated, as the kernel does with float32.
      const cast = node.temp('int64', indices.dims);
      emitCast(node, cast, indices);
      indices = cast;
    }
    const { depth, axis } = depthOf(node);
    const inner = sizeOf(indices.dims.slice(axis));
    const { bytes } = dtypeInfo(out.dtype);
    const n = sizeOf(out.dims);
    out.canonical = values.canonical;
    node.emit(oneHot, {
      params: {
        n,
        depth,
        inner,
        bytes_shift: log2OfBytes(bytes),
        index_kind: INDEX_KINDS.indexOf(indices.dtype),
        pad0: 0,
        pad1: 0,
        pad2: 0,
      },
      inputs: [indices, values],
      outputs: [out],
      units: n / Math.max(1, inner),
      unitCost: inner * 4,
      grid: gridOf(Math.ceil((n * bytes) / 4)),
    });
  },
};
