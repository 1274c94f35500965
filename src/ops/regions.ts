// RoiAlign, MaxRoiPool and Det: operators of few models, with kernels of their own. RoiAlign runs on both machines, the others
// on the reference, which a run on a GPU says.
//   RoiAlign: V2 operations throughout; samples are added from left to right, `max` takes the greatest of their weighted parts
//   MaxRoiPool: exact, bins by integers      Det: elimination with partial pivoting
import { wordOfF32 } from '../core/bits.ts';
import { NEWEST_OPSET, paramFields } from '../core/op.ts';
import type { Kernel, NodeContext, OpDef } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import roiAlignShader from '../../shaders/ops/roi_align.wgsl';
import { gridOf } from './grid.ts';

export const roiAlign: Kernel = {
  name: 'roi_align',
  params: paramFields(
    'batch',
    'channels',
    'height',
    'width',
    'out_height',
    'out_width',
    'ratio',
    'is_max',
    'half_pixel',
    'scale',
    'n',
    'pad0',
  ),
  shader: roiAlignShader,
};
export const maxRoiPool: Kernel = {
  name: 'max_roi_pool',
  params: paramFields(
    'batch',
    'channels',
    'height',
    'width',
    'out_height',
    'out_width',
    'scale',
    'pad0',
  ),
};
export const det: Kernel = {
  name: 'det',
  params: paramFields('size', 'pad0', 'pad1', 'pad2'),
};

function checkFloats(node: NodeContext, inputs: readonly number[]): ['float32'] {
  for (const i of inputs) {
    const dtype = node.dtypeOf(i);
    if (dtype !== 'float32') {
      throw new TypeError(
        `${node.opType}: input ${i}: expected float32, got ${dtype ?? 'nothing'}. Cast it to float32.`,
      );
    }
  }
  return ['float32'];
}

function checkImages(
  op: string,
  x: readonly number[],
  regions: readonly number[],
  fields: number,
): void {
  if (x.length !== 4 || (x[2] ?? 0) < 1 || (x[3] ?? 0) < 1) {
    throw new RangeError(
      `${op}: X: expected [N, C, H, W] with at least one element a channel, got ${formatShape(x)}. Reshape it.`,
    );
  }
  if (regions.length !== 2 || regions[1] !== fields) {
    throw new RangeError(
      `${op}: rois: expected [regions, ${fields}], got ${formatShape(regions)}. Reshape them.`,
    );
  }
}

/** Along an axis of a bin. */
const MOST_SAMPLES = 1024;

export const RoiAlign: OpDef = {
  type: 'RoiAlign',
  opsets: [10, NEWEST_OPSET],
  inputs: [3, 3],
  attributes: {
    coordinate_transformation_mode: { kind: 'string', oneOf: ['half_pixel', 'output_half_pixel'] },
    mode: { kind: 'string', oneOf: ['avg', 'max'] },
    output_height: { kind: 'int' },
    output_width: { kind: 'int' },
    sampling_ratio: { kind: 'int' },
    spatial_scale: { kind: 'float' },
  },
  dtypes(node) {
    if (node.dtypeOf(2) !== 'int64') {
      throw new TypeError(
        `RoiAlign: batch_indices: expected int64, got ${node.dtypeOf(2) ?? 'nothing'}. Cast them.`,
      );
    }
    return checkFloats(node, [0, 1]);
  },
  infer(node) {
    const [x, regions, batches] = [0, 1, 2].map((i) => node.input(i).dims);
    checkImages('RoiAlign', x ?? [], regions ?? [], 4);
    const [height, width] = [node.int('output_height', 1), node.int('output_width', 1)];
    if (batches?.join() !== String(regions?.[0]) || height < 1 || width < 1) {
      throw new RangeError(
        `RoiAlign: expected one batch index a region and an output of at least 1 x 1, got ${formatShape(batches ?? [])} and ${height} x ${width}. Correct them.`,
      );
    }
    // A bin's samples are one step of a run: more could not be interrupted.
    if (node.int('sampling_ratio', 0) < 0 || node.int('sampling_ratio', 0) > MOST_SAMPLES) {
      throw new RangeError(
        `RoiAlign: sampling_ratio: expected 0..${MOST_SAMPLES}, got ${node.int('sampling_ratio')}. Correct it.`,
      );
    }
    return [[regions?.[0] ?? 0, x?.[1] ?? 0, height, width]];
  },
  lower(node) {
    const [x, regions, batches, out] = [
      node.input(0),
      node.input(1),
      node.input(2),
      node.output(0),
    ];
    const [batch = 0, channels = 0, height = 0, width = 0] = x.dims;
    const [count = 0, , outHeight = 1, outWidth = 1] = out.dims;
    const mode = node.string(
      'coordinate_transformation_mode',
      node.opset < 16 ? 'output_half_pixel' : 'half_pixel',
    );
    const ratio = node.int('sampling_ratio', 0);
    node.emit(roiAlign, {
      params: {
        batch,
        channels,
        height,
        width,
        out_height: outHeight,
        out_width: outWidth,
        ratio,
        is_max: node.string('mode', 'avg') === 'max' ? 1 : 0,
        half_pixel: mode === 'half_pixel' ? 1 : 0,
        scale: wordOfF32(Math.fround(node.float('spatial_scale', 1))),
        n: sizeOf(out.dims),
        pad0: 0,
      },
      inputs: [x, regions, batches],
      outputs: [out],
      units: count * channels,
      unitCost: 16 * outHeight * outWidth * Math.max(4, ratio * ratio),
      grid: gridOf(sizeOf(out.dims)),
    });
    out.canonical = true;
  },
};

export const MaxRoiPool: OpDef = {
  type: 'MaxRoiPool',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: { pooled_shape: { kind: 'ints' }, spatial_scale: { kind: 'float' } },
  dtypes: (node) => checkFloats(node, [0, 1]),
  infer(node) {
    const [x, regions] = [node.input(0).dims, node.input(1).dims];
    checkImages('MaxRoiPool', x, regions, 5);
    const shape = node.ints('pooled_shape');
    if (shape.length !== 2 || shape.some((size) => size < 1)) {
      throw new RangeError(
        `MaxRoiPool: pooled_shape: expected two sizes of at least 1, got ${formatShape(shape)}. Correct it.`,
      );
    }
    return [[regions[0] ?? 0, x[1] ?? 0, ...shape]];
  },
  lower(node) {
    const [x, regions, out] = [node.input(0), node.input(1), node.output(0)];
    const [batch = 0, channels = 0, height = 0, width = 0] = x.dims;
    const [count = 0, , outHeight = 1, outWidth = 1] = out.dims;
    node.emit(maxRoiPool, {
      params: {
        batch,
        channels,
        height,
        width,
        out_height: outHeight,
        out_width: outWidth,
        scale: wordOfF32(Math.fround(node.float('spatial_scale', 1))),
        pad0: 0,
      },
      inputs: [x, regions],
      outputs: [out],
      units: count * channels,
      unitCost: height * width,
    });
    out.canonical = true;
  },
};

export const Det: OpDef = {
  type: 'Det',
  opsets: [11, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {},
  dtypes: (node) => checkFloats(node, [0]),
  infer(node) {
    const { dims } = node.input(0);
    if (dims.length < 2 || dims.at(-1) !== dims.at(-2)) {
      throw new RangeError(
        `Det: expected square matrices, got ${formatShape(dims)}. Reshape the input.`,
      );
    }
    return [dims.slice(0, -2)];
  },
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    const size = x.dims.at(-1) ?? 0;
    const units = sizeOf(out.dims);
    if (size === 0 && units > 0) {
      const ones = node.constantValue('float32', out.dims, new Float32Array(units).fill(1));
      node.alias(out, ones);
      return;
    }
    node.emit(det, {
      params: { size, pad0: 0, pad1: 0, pad2: 0 },
      inputs: [x],
      outputs: [out],
      units,
      unitCost: Math.max(4, size ** 3),
      scratch: 4 * size * size,
    });
    out.canonical = true;
  },
};
