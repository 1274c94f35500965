// com.microsoft's GatherBlockQuantized: Gather of weights of 4 or 8 bits with a scale for each block of an axis, and only what
// was gathered is made floats: (q - zero point) * scale, rounded once. Not here: the arithmetic (quantize.ts).
import type { OpDef, ShapeContext } from '../core/op.ts';
import { formatShape, normalizeAxis } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { expectFloats } from './integer.ts';
import { middle, unpacked } from './n_bits.ts';
import { only } from './wide.ts';
import { emitBlocks } from './quantize.ts';

interface Gathering {
  readonly bits: number;
  readonly block: number;
  readonly gatherAxis: number;
  readonly axis: number;
  /** The shape of the data, unpacked. */
  readonly dims: readonly number[];
}

function gatheringOf(node: ShapeContext): Gathering {
  const data = node.input(0);
  const bits = data.dtype === 'uint8' ? node.int('bits', 4) : 8;
  const rank = data.dims.length;
  const dims = data.dims.map((dim, i) => (i === rank - 1 ? (dim * 8) / bits : dim));
  const gatherAxis = normalizeAxis(node.opType, node.int('gather_axis', 0), rank);
  const axis = normalizeAxis(node.opType, node.int('quantize_axis', 1), rank);
  const block = node.int('block_size', 128);
  if (gatherAxis === axis || (bits < 8 && axis !== rank - 1)) {
    throw new RangeError(
      `GatherBlockQuantized: expected a gather_axis that is not the quantize_axis, which is the last one for packed bytes, got ${gatherAxis} and ${axis} of ${rank}.`,
    );
  }
  if (block < 16 || (block & (block - 1)) !== 0) {
    throw new RangeError(
      `GatherBlockQuantized: block_size: expected 16 or a greater power of two, got ${block}.`,
    );
  }
  return { bits, block, gatherAxis, axis, dims };
}

/** Gather, then (q − zero point) · scale of what was gathered. */
export const GatherBlockQuantized: OpDef = {
  type: 'GatherBlockQuantized',
  domain: 'com.microsoft',
  opsets: [1, 1],
  inputs: [3, 4],
  attributes: {
    bits: { kind: 'int', oneOf: [4, 8] },
    block_size: { kind: 'int' },
    gather_axis: { kind: 'int' },
    quantize_axis: { kind: 'int' },
  },
  dtypes(node) {
    const [data, zeros] = [node.dtypeOf(0), node.dtypeOf(3)];
    if (data !== 'uint8' && data !== 'int4' && data !== 'uint4') {
      throw new TypeError(
        `GatherBlockQuantized: input 0: expected uint8, int4 or uint4, got ${data ?? 'nothing'}.`,
      );
    }
    if (zeros !== undefined && zeros !== data) {
      throw new TypeError(`GatherBlockQuantized: zero_points: expected ${data}, got ${zeros}.`);
    }
    expectFloats(node, [2]);
    return [node.dtypeOf(2) ?? 'float32'];
  },
  infer(node) {
    const { gatherAxis, axis, block, dims } = gatheringOf(node);
    const blocks = dims.map((dim, i) => (i === axis ? Math.ceil(dim / block) : dim));
    const scales = node.input(2).dims;
    if (scales.join() !== blocks.join()) {
      throw new RangeError(
        `GatherBlockQuantized: scales: expected shape ${formatShape(blocks)}, got ${formatShape(scales)}.`,
      );
    }
    return [[...dims.slice(0, gatherAxis), ...node.input(1).dims, ...dims.slice(gatherAxis + 1)]];
  },
  lower(node) {
    const { bits, block, gatherAxis, axis } = gatheringOf(node);
    const [data, indices, out] = [node.input(0), node.input(1), node.output(0)];
    const gathered = (value: Value): Value =>
      only(node.call('Gather', [value, indices], { attributes: { axis: gatherAxis } }), 'Gather');
    // The axis of blocks, where the gathered one is before it and has become those of the indices.
    const at = axis > gatherAxis ? axis + indices.dims.length - 1 : axis;
    const scales = gathered(node.input(2));
    const zeros = node.optional(3);
    const zero =
      zeros !== undefined
        ? unpacked(node, gathered(zeros), scales.dims, bits)
        : data.dtype === 'uint8'
          ? middle(node, bits)
          : node.constantValue(data.dtype, [], new Uint8Array(1));
    const quantised = unpacked(node, gathered(data), out.dims, bits);
    emitBlocks(node, out, quantised, scales, zero, at, block);
  },
};
