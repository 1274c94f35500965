// Convolution on WebGPU (V3, V4, V5): the input where it lies, one tap a term, without packing or copies.
// The list of taps is made here, once a shape. Tiles or one output at a time, and the tile's shape, are chosen from
// shapes alone; no bit depends on them. Not here: what Conv means (conv.ts), the kernels of the reference (conv.c).
import type { Dispatch, Kernel, LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { epilogueChain } from './chain_wgsl.ts';
import type { Axis } from './window.ts';
import { gridOf } from './grid.ts';
import { tileShape } from './mat_mul_strided.ts';
import direct from '../../shaders/ops/conv_direct.wgsl';
import tile from '../../shaders/ops/conv_taps.wgsl';

const directShader = epilogueChain(direct);
const tileShader = epilogueChain(tile);

export const convTaps: Kernel = {
  name: 'conv_taps',
  params: paramFields(
    'groups',
    'channels',
    'filters',
    'terms',
    'depth',
    'height',
    'width',
    'out_depth',
    'out_height',
    'out_width',
    'stride_depth',
    'stride_height',
    'stride_width',
    'pad_front',
    'pad_top',
    'pad_left',
    'images',
    'pad0',
    'pad1',
    'pad2',
  ),
  shader: (dispatch: Dispatch) =>
    'ROW_BITS' in dispatch.constants ? tileShader(dispatch) : directShader(dispatch),
  chain: 'epilogue',
};

/** Offset from the window's corner and its z, y and x, for each term in index order (V5). */
function tapsOf(channels: number, [z, y, x]: readonly [Axis, Axis, Axis]): Uint32Array {
  const taps = new Uint32Array(4 * channels * z.kernel * y.kernel * x.kernel);
  let at = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let kz = 0; kz < z.kernel; kz += 1) {
      for (let ky = 0; ky < y.kernel; ky += 1) {
        for (let kx = 0; kx < x.kernel; kx += 1) {
          const [dz, dy, dx] = [kz * z.dilation, ky * y.dilation, kx * x.dilation];
          taps.set([((c * z.size + dz) * y.size + dy) * x.size + dx, dz, dy, dx], at);
          at += 4;
        }
      }
    }
  }
  return taps;
}

/** Emits `to` = the convolution of `x` with `w` over three axes, `images` of `batch * groups`, without bias. */
export function emitConvTaps(
  node: LowerContext,
  to: Value,
  x: Value,
  w: Value,
  axes: readonly [Axis, Axis, Axis],
  sizes: { batch: number; groups: number; channels: number; filters: number },
): void {
  const { batch, groups, channels, filters } = sizes;
  const [depth, height, width] = axes;
  const terms = channels * depth.kernel * height.kernel * width.kernel;
  const taps = node.constantValue('uint32', [terms, 4], tapsOf(channels, axes));
  const images = batch * groups;
  const lines = depth.out * height.out;
  const positions = lines * width.out;
  const shape = tileShape(filters, positions);
  const computed = shape.tilesDown * shape.tilesAcross * 1024;
  const isDirect = filters < 4 || computed > 4 * filters * positions;
  to.canonical = true;
  node.emit(convTaps, {
    params: {
      groups,
      channels,
      filters,
      terms,
      depth: depth.size,
      height: height.size,
      width: width.size,
      out_depth: depth.out,
      out_height: height.out,
      out_width: width.out,
      stride_depth: depth.stride,
      stride_height: height.stride,
      stride_width: width.stride,
      pad_front: depth.begin,
      pad_top: height.begin,
      pad_left: width.begin,
      images,
      pad0: 0,
      pad1: 0,
      pad2: 0,
    },
    inputs: [x, w, taps],
    outputs: [to],
    units: images * filters * lines,
    unitCost: 4 * width.out * terms,
    grid: isDirect
      ? gridOf(images * filters * lines * Math.ceil(width.out / 4))
      : [shape.tilesAcross, shape.tilesDown, images],
    constants: isDirect ? {} : { ROW_BITS: shape.rowBits, COLUMN_BITS: shape.columnBits },
  });
}
