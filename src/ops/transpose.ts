// Operators that place every element by a fixed step through the input (V1): Transpose, Expand, Tile,
// DepthToSpace, SpaceToDepth.
import type { OpDef, ShapeContext } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import { broadcastStrides } from '../core/chain.ts';
import { knownIntegers, normalizeAxes } from './known.ts';
import { sameDtype } from './reshape.ts';
import { emitStridedCopy } from './strided_copy.ts';

function permutation(node: ShapeContext): number[] {
  const rank = node.input(0).dims.length;
  const perm = node.ints(
    'perm',
    Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
  );
  if (perm.length !== rank) {
    throw new RangeError(
      `Transpose: perm: expected ${rank} axes as the input has, got [${perm.join(', ')}]. Correct perm.`,
    );
  }
  return normalizeAxes('Transpose', perm, rank);
}

export const Transpose: OpDef = {
  type: 'Transpose',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: { perm: { kind: 'ints' } },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    return [permutation(node).map((axis) => dims[axis] ?? 1)];
  },
  lower(node) {
    const strides = stridesOf(node.input(0).dims);
    emitStridedCopy(node, node.output(0), node.input(0), {
      dims: node.output(0).dims,
      strides: permutation(node).map((axis) => strides[axis] ?? 0),
      offset: 0,
    });
  },
};

export const Expand: OpDef = {
  type: 'Expand',
  opsets: [8, 27],
  inputs: [2, 2],
  attributes: {},
  dtypes: sameDtype,
  infer: (node) => [broadcastShapes('Expand', node.input(0).dims, knownIntegers(node, 1, 'shape'))],
  lower(node) {
    const { dims } = node.output(0);
    emitStridedCopy(node, node.output(0), node.input(0), {
      dims,
      strides: broadcastStrides(node.input(0).dims, dims),
      offset: 0,
    });
  },
};

function repeatsOf(node: ShapeContext): number[] {
  const { dims } = node.input(0);
  const repeats = knownIntegers(node, 1, 'repeats');
  if (repeats.length !== dims.length || repeats.some((repeat) => repeat < 0)) {
    throw new RangeError(
      `Tile: repeats: expected ${dims.length} counts of at least 0, got [${repeats.join(', ')}]. Give one for each axis.`,
    );
  }
  return repeats;
}

export const Tile: OpDef = {
  type: 'Tile',
  opsets: [6, 27],
  inputs: [2, 2],
  attributes: {},
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    return [repeatsOf(node).map((repeat, axis) => repeat * (dims[axis] ?? 1))];
  },
  lower(node) {
    const input = node.input(0);
    const strides = stridesOf(input.dims);
    const repeats = repeatsOf(node);
    emitStridedCopy(node, node.output(0), input, {
      dims: repeats.flatMap((repeat, axis) => [repeat, input.dims[axis] ?? 1]),
      strides: repeats.flatMap((_, axis) => [0, strides[axis] ?? 0]),
      offset: 0,
    });
  },
};

/** [n, c, h, w] and the block size. */
function imageOf(node: ShapeContext): [number, number, number, number, number] {
  const { dims } = node.input(0);
  const block = node.int('blocksize');
  const [n, c, h, w] = dims;
  if (
    n === undefined ||
    c === undefined ||
    h === undefined ||
    w === undefined ||
    dims.length !== 4
  ) {
    throw new RangeError(
      `${node.opType}: expected an input [n, c, h, w], got ${formatShape(dims)}. Reshape it.`,
    );
  }
  if (block < 1) {
    throw new RangeError(
      `${node.opType}: blocksize: expected at least 1, got ${block}. Correct it.`,
    );
  }
  return [n, c, h, w, block];
}

export const DepthToSpace: OpDef = {
  type: 'DepthToSpace',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: {
    blocksize: { kind: 'int' },
    mode: { kind: 'string', oneOf: ['DCR', 'CRD'] },
  },
  dtypes: sameDtype,
  infer(node) {
    const [n, c, h, w, block] = imageOf(node);
    if (c % (block * block) !== 0) {
      throw new RangeError(
        `DepthToSpace: channels: expected a multiple of ${block * block}, got ${c}. Correct blocksize.`,
      );
    }
    return [[n, c / (block * block), h * block, w * block]];
  },
  lower(node) {
    const [n, c, h, w, block] = imageOf(node);
    const depth = c / (block * block);
    const plane = h * w;
    // DCR: input channel (row in block, column in block, channel); CRD: (channel, row, column).
    const [channel, row, column] =
      node.string('mode', 'DCR') === 'DCR'
        ? [plane, plane * depth * block, plane * depth]
        : [plane * block * block, plane * block, plane];
    emitStridedCopy(node, node.output(0), node.input(0), {
      dims: [n, depth, h, block, w, block],
      strides: [c * plane, channel, w, row, 1, column],
      offset: 0,
    });
  },
};

export const SpaceToDepth: OpDef = {
  type: 'SpaceToDepth',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: { blocksize: { kind: 'int' } },
  dtypes: sameDtype,
  infer(node) {
    const [n, c, h, w, block] = imageOf(node);
    if (h % block !== 0 || w % block !== 0) {
      throw new RangeError(
        `SpaceToDepth: expected height and width divisible by ${block}, got ${h} and ${w}. Pad the input.`,
      );
    }
    return [[n, c * block * block, h / block, w / block]];
  },
  lower(node) {
    const [n, c, h, w, block] = imageOf(node);
    emitStridedCopy(node, node.output(0), node.input(0), {
      dims: [n, block, block, c, h / block, w / block],
      strides: [sizeOf([c, h, w]), w, 1, h * w, w * block, block],
      offset: 0,
    });
  },
};
