// Concat (V1): one dispatch copies every input into its place. More inputs than a dispatch can bind are joined in
// groups first.
import { dtypeInfo } from '../core/dtype.ts';
import {
  paramFields,
  type Kernel,
  type LowerContext,
  type OpDef,
  type ShapeContext,
} from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import shader from '../../shaders/ops/concat.wgsl';
import { gridOf } from './grid.ts';
import { sameDtype } from './reshape.ts';

const INPUTS = 32; // CONCAT_INPUTS of the C twin
// Rows of fewer bytes are work units of the WASM twin, longer ones are divided by input.
const SHORT_ROW = 512;
const WEBGPU_INPUTS = 6; // in0 … in5 of the WebGPU twin: eight buffers with status and output

export const concat: Kernel = {
  name: 'concat',
  params: paramFields(
    'n',
    'inputs',
    'unit_shift',
    'row',
    'parts',
    'pad0',
    'pad1',
    'pad2',
    `widths[${INPUTS}]`,
  ),
  shader,
};

function axisOf(node: ShapeContext): number {
  return normalizeAxis('Concat', node.int('axis'), node.input(0).dims.length);
}

/** Emits `out = ` the inputs side by side on `axis`; `out` has their joint shape. */
export function emitConcat(
  node: LowerContext,
  out: Value,
  inputs: readonly Value[],
  axis: number,
): void {
  // An empty input adds nothing (the key/value cache of a first step).
  const parts = inputs.filter((value) => sizeOf(value.dims) > 0);
  const [first] = parts;
  if (first !== undefined && parts.length === 1) {
    node.alias(out, first);
    return;
  }
  const most = node.target === 'webgpu' ? WEBGPU_INPUTS : INPUTS;
  if (parts.length > most) {
    const groups: Value[] = [];
    for (let i = 0; i < parts.length; i += most) {
      const group = parts.slice(i, i + most);
      const size = group.reduce((sum, value) => sum + (value.dims[axis] ?? 0), 0);
      const dims = out.dims.map((dim, k) => (k === axis ? size : dim));
      const joined = node.temp(out.dtype, dims);
      emitConcat(node, joined, group, axis);
      groups.push(joined);
    }
    emitConcat(node, out, groups, axis);
    return;
  }
  const { bytes } = dtypeInfo(out.dtype);
  const widthBytes = parts.map((value) => sizeOf(value.dims.slice(axis)) * bytes);
  const shift = [2, 1].find((log2) => widthBytes.every((width) => width % 2 ** log2 === 0)) ?? 0;
  const widths = widthBytes.map((width) => width / 2 ** shift);
  const row = widths.reduce((sum, width) => sum + width, 0);
  const n = (sizeOf(out.dims) * bytes) / 2 ** shift;
  const rows = sizeOf(out.dims.slice(0, axis));
  const perRow = row * 2 ** shift < SHORT_ROW ? 1 : parts.length;
  const units = rows * perRow;
  out.canonical = parts.length > 0 && parts.every((value) => value.canonical);
  // Invocations of four words for the widest input.
  const [across, down] = gridOf(Math.ceil((rows * Math.max(0, ...widths)) / 4));
  node.emit(concat, {
    params: {
      n,
      inputs: parts.length,
      unit_shift: shift,
      row,
      parts: perRow,
      pad0: 0,
      pad1: 0,
      pad2: 0,
      widths,
    },
    // Every binding of the WebGPU twin needs a buffer; what repeats is not read.
    inputs:
      node.target === 'webgpu' && first !== undefined
        ? [...parts, ...Array.from({ length: WEBGPU_INPUTS - parts.length }, () => first)]
        : parts,
    outputs: [out],
    units,
    unitCost: n / Math.max(1, units),
    grid: shift === 2 ? [across, down, parts.length] : gridOf(Math.ceil((n * 2 ** shift) / 4)),
    constants: { INPUTS: parts.length, UNIT_SHIFT: shift },
  });
}

export const Concat: OpDef = {
  type: 'Concat',
  opsets: [4, 27],
  inputs: [1, 2147483647],
  attributes: { axis: { kind: 'int' } },
  dtypes(node) {
    for (let i = 1; i < node.inputCount; i += 1) {
      if (node.dtypeOf(i) !== node.dtypeOf(0)) {
        throw new TypeError(
          `Concat: input ${i}: expected ${node.dtypeOf(0) ?? 'a tensor'} as input 0, got ${node.dtypeOf(i) ?? 'nothing'}. Cast it.`,
        );
      }
    }
    return sameDtype(node);
  },
  infer(node) {
    const axis = axisOf(node);
    const { dims } = node.input(0);
    let size = 0;
    for (let i = 0; i < node.inputCount; i += 1) {
      const other = node.input(i).dims;
      if (other.length !== dims.length || !other.every((dim, k) => k === axis || dim === dims[k])) {
        throw new RangeError(
          `Concat: input ${i}: expected ${formatShape(dims)} except on axis ${axis}, got ${formatShape(other)}. Reshape it.`,
        );
      }
      size += other[axis] ?? 0;
    }
    return [dims.map((dim, k) => (k === axis ? size : dim))];
  },
  lower(node) {
    const inputs = Array.from({ length: node.inputCount }, (_, i) => node.input(i));
    emitConcat(node, node.output(0), inputs, axisOf(node));
  },
};
