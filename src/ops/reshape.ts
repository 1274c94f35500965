// Operators that rename a shape: the output holds the input's bytes, nothing is copied (V1).
import { dtypeInfo, typedArrayOf, type DType } from '../core/dtype.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { formatShape, normalizeAxis, sizeOf } from '../core/shape.ts';
import { integersOf, normalizeAxes } from './known.ts';
import { emitDropout } from './drawn.ts';

export function sameDtype(node: NodeContext): DType[] {
  const dtype = node.dtypeOf(0);
  if (dtype === undefined)
    throw new TypeError(`${node.opType}: input 0 is missing: expected a tensor. Connect one.`);
  return [dtype];
}

const rename = (node: LowerContext): void => {
  node.alias(node.output(0), node.input(0));
};

/** 0 copies the input's dimension unless `allowzero`; one -1 takes what is left. */
function reshaped(node: ShapeContext): number[] {
  const { dims } = node.input(0);
  const wanted = integersOf(node, 1, 'shape');
  if (wanted === undefined)
    throw new TypeError('Reshape: shape is missing: expected input 1. Connect it.');
  const keepsZero = node.int('allowzero', 0) !== 0;
  const shape = wanted.map((dim, axis) => {
    if (dim !== 0 || keepsZero) return dim;
    const own = dims[axis];
    if (own === undefined) {
      throw new RangeError(
        `Reshape: shape ${formatShape(wanted)} copies axis ${axis}: expected an input of rank ${axis + 1} or more, got ${formatShape(dims)}. Write the size.`,
      );
    }
    return own;
  });
  const free = shape.indexOf(-1);
  const size = sizeOf(dims);
  if (free >= 0) {
    const rest = shape.reduce((product, dim, axis) => (axis === free ? product : product * dim), 1);
    shape[free] = rest === 0 ? 0 : size / rest;
  }
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0) || sizeOf(shape) !== size) {
    throw new RangeError(
      `Reshape: shape does not fit: expected ${size} elements as in ${formatShape(dims)}, got ${formatShape(wanted)}. Correct the shape.`,
    );
  }
  return shape;
}

export const Reshape: OpDef = {
  type: 'Reshape',
  opsets: [5, 27],
  inputs: [2, 2],
  attributes: { allowzero: { kind: 'int' } },
  dtypes: sameDtype,
  infer: (node) => [reshaped(node)],
  lower: rename,
};

export const Flatten: OpDef = {
  type: 'Flatten',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: { axis: { kind: 'int' } },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    const given = node.int('axis', 1);
    const axis = given === dims.length ? given : normalizeAxis('Flatten', given, dims.length);
    return [[sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis))]];
  },
  lower: rename,
};

/** Axes are an input since opset 13; without axes every dimension of 1 goes. */
export const Squeeze: OpDef = {
  type: 'Squeeze',
  opsets: [1, 27],
  inputs: [1, 2],
  attributes: { axes: { kind: 'ints' } },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    const given = integersOf(node, 1, 'axes');
    if (given === undefined) return [dims.filter((dim) => dim !== 1)];
    const axes = normalizeAxes('Squeeze', given, dims.length);
    for (const axis of axes) {
      if (dims[axis] !== 1) {
        throw new RangeError(
          `Squeeze: axis ${axis} cannot go: expected size 1, got ${formatShape(dims)}. Remove it from axes.`,
        );
      }
    }
    return [dims.filter((_, axis) => !axes.includes(axis))];
  },
  lower: rename,
};

export const Unsqueeze: OpDef = {
  type: 'Unsqueeze',
  opsets: [1, 27],
  inputs: [1, 2],
  attributes: { axes: { kind: 'ints' } },
  dtypes: sameDtype,
  infer(node) {
    const { dims } = node.input(0);
    const given = integersOf(node, 1, 'axes');
    if (given === undefined)
      throw new TypeError('Unsqueeze: axes are missing: expected input 1. Connect it.');
    const rank = dims.length + given.length;
    const axes = normalizeAxes('Unsqueeze', given, rank);
    const rest = [...dims];
    return [
      Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1))),
    ];
  },
  lower: rename,
};

export const Identity: OpDef = {
  type: 'Identity',
  opsets: [1, 27],
  inputs: [1, 1],
  attributes: {},
  dtypes: sameDtype,
  infer: (node) => [node.input(0).dims],
  lower: rename,
};

/** Whether the node drops anything: since opset 12 it may be told to, before opset 7 not to; between it is for inference. */
function isTraining(node: ShapeContext): boolean {
  if (node.opset < 7) return node.int('is_test', 0) === 0;
  return node.optional(2) !== undefined && Number(node.known(2, 'training_mode')[0]) !== 0;
}

/** For inference the output is the input, and the mask is true everywhere (1 before opset 10). */
export const Dropout: OpDef = {
  type: 'Dropout',
  opsets: [1, 27],
  inputs: [1, 3],
  attributes: {
    consumed_inputs: { kind: 'ints' },
    is_test: { kind: 'int' },
    ratio: { kind: 'float' },
    seed: { kind: 'int' },
  },
  dtypes(node) {
    const [dtype = 'float32'] = sameDtype(node);
    return [dtype, node.opset < 10 ? dtype : 'bool'];
  },
  infer(node) {
    if (isTraining(node) && node.dtypeOf(0) !== 'float32') {
      throw new TypeError(
        `Dropout: training: expected float32, got ${node.dtypeOf(0) ?? 'nothing'}. Cast the input.`,
      );
    }
    const ratio = node.optional(1);
    if (ratio !== undefined && (ratio.dtype !== 'float32' || sizeOf(ratio.dims) !== 1)) {
      throw new TypeError(
        `Dropout: ratio: expected one float32, got ${ratio.dtype} ${formatShape(ratio.dims)}. Cast it.`,
      );
    }
    const { dims } = node.input(0);
    return [dims, dims];
  },
  lower(node) {
    if (isTraining(node)) {
      const given = Math.fround(node.float('ratio', 0.5));
      const half = node.constantValue('float32', [], Float32Array.of(given));
      const ratio = node.temp('float32', []);
      node.alias(ratio, node.optional(1) ?? half);
      const [out, mask] = [0, 1].map((i) => (node.wants(i) ? node.output(i) : undefined));
      const kept = mask?.dtype === 'float32' ? node.temp('bool', mask.dims) : mask;
      emitDropout(node, node.input(0), ratio, out, kept);
      if (mask !== undefined && kept !== undefined && kept !== mask) {
        node.call('Cast', [kept], { attributes: { to: 1 }, to: mask });
      }
      return;
    }
    if (node.wants(0)) rename(node);
    if (!node.wants(1)) return;
    const { dtype, dims } = node.output(1);
    if (dtype !== 'bool' && dtype !== 'float32') {
      throw new TypeError(
        `Dropout: mask: expected float32 or bool, got ${dtype}. Convert the model to opset 12.`,
      );
    }
    const n = sizeOf(dims);
    const ones = typedArrayOf(dtype, new ArrayBuffer(n * dtypeInfo(dtype).bytes), 0, n);
    if (ones instanceof Float32Array || ones instanceof Uint8Array) ones.fill(1);
    node.alias(node.output(1), node.constantValue(dtype, dims, ones));
  },
};
