// Convolution on WebGPU (V3, V4, V5): the input where it lies, one tap a term, without packing or copies.
// The list of taps is made here, once a shape. Three forms: a product of matrices where the kernel is 1 x 1; one filter
// at a time where a group has one (depthwise); else blocks of filters by positions. No bit depends on the choice, which
// is made from shapes alone. Constant weights of 16-bit floats are read as they lie (stored.ts). Not here: what Conv
// means (conv.ts), the kernels of the reference (conv.c).
import type { Dispatch, Kernel, LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { epilogueChain } from './chain_wgsl.ts';
import { gridOf } from './grid.ts';
import { blockGrid, blockShader, emitStrided } from './mat_mul_strided.ts';
import { storedOf } from './stored.ts';
import { isPlain, type Axis } from './window.ts';
import direct from '../../shaders/ops/conv_direct.wgsl';
import block from '../../shaders/ops/conv_taps.wgsl';

// Params 7 to 9 are the sizes of the output: a row of it, to the chain, is all positions of one filter.
const positionsOf = ({ params }: Dispatch): number =>
  (params[7] ?? 0) * (params[8] ?? 0) * (params[9] ?? 0);
const directShader = epilogueChain(direct, positionsOf);
const shaders = {
  4: epilogueChain(blockShader(block, 4), positionsOf),
  8: epilogueChain(blockShader(block, 8), positionsOf),
};

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
    'dilation_depth',
    'dilation_height',
    'dilation_width',
    'kernel_depth',
    'kernel_height',
    'kernel_width',
    'images',
    'y_shift',
    'z_shift',
    'row_bits',
    'w_stored',
    'pad0',
  ),
  shader: (dispatch: Dispatch) =>
    'AXES' in dispatch.constants
      ? shaders[(dispatch.params[2] ?? 0) > 4 ? 8 : 4](dispatch)
      : directShader(dispatch),
  chain: 'epilogue',
};

const bitsOf = (n: number): number => Math.max(1, 32 - Math.clz32(n));

/** For each term in index order (V5): the offset from the window's corner, then its z, y and x in one word. */
function tapsOf(
  channels: number,
  [z, y, x]: readonly [Axis, Axis, Axis],
): { taps: Uint32Array; yShift: number; zShift: number } {
  const reach = (axis: Axis): number => (axis.kernel - 1) * axis.dilation;
  const yShift = bitsOf(reach(x));
  const zShift = yShift + bitsOf(reach(y));
  if (zShift + bitsOf(reach(z)) > 32) {
    throw new RangeError(
      `Conv: kernel too large: expected a kernel and dilations that reach over less than 2^32 positions, got ${reach(z) + 1} x ${reach(y) + 1} x ${reach(x) + 1}.`,
    );
  }
  const taps = new Uint32Array(2 * channels * z.kernel * y.kernel * x.kernel);
  let at = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let kz = 0; kz < z.kernel; kz += 1) {
      for (let ky = 0; ky < y.kernel; ky += 1) {
        for (let kx = 0; kx < x.kernel; kx += 1) {
          const [dz, dy, dx] = [kz * z.dilation, ky * y.dilation, kx * x.dilation];
          taps[at] = ((c * z.size + dz) * y.size + dy) * x.size + dx;
          taps[at + 1] = dz * 2 ** zShift + dy * 2 ** yShift + dx;
          at += 2;
        }
      }
    }
  }
  return { taps, yShift, zShift };
}

/** The innermost axes along which a window may leave the input. */
function paddedAxes(axes: readonly Axis[]): number {
  const leaves = (a: Axis): boolean =>
    a.begin > 0 || (a.out - 1) * a.stride + (a.kernel - 1) * a.dilation >= a.size + a.begin;
  const outermost = axes.findIndex(leaves);
  return outermost < 0 ? 0 : axes.length - outermost;
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
  const images = batch * groups;
  const lines = depth.out * height.out;
  const positions = lines * width.out;
  if (axes.every(isPlain)) {
    // One term a channel: the product of the weights with the positions of each image.
    const size = channels * positions;
    emitStrided(
      node,
      to,
      [groups, batch],
      { value: w, rowStride: channels, columnStride: 1, strides: [filters * channels, 0] },
      { value: x, rowStride: positions, columnStride: 1, strides: [size, groups * size] },
      { m: filters, n: positions, k: channels },
    );
    return;
  }
  const { taps, yShift, zShift } = tapsOf(channels, axes);
  const shape = blockGrid(images, filters, positions, terms, node.tiles);
  const isDirect = filters === 1;
  // Blocks read 16-bit weights in pairs of terms. An odd number, mostly of a first layer, has few weights: they are float32.
  const weights = isDirect || terms % 2 === 0 ? storedOf(w) : { value: w, stored: 0 };
  // Outputs of a row that one invocation computes: eight where they are not mostly past the end of the row.
  const run = Math.ceil(width.out / 8) * 8 <= Math.ceil(width.out / 4) * 4 + width.out / 8 ? 8 : 4;
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
      dilation_depth: depth.dilation,
      dilation_height: height.dilation,
      dilation_width: width.dilation,
      kernel_depth: depth.kernel,
      kernel_height: height.kernel,
      kernel_width: width.kernel,
      images,
      y_shift: yShift,
      z_shift: zShift,
      row_bits: shape.rowBits,
      w_stored: weights.stored,
      pad0: 0,
    },
    inputs: [x, weights.value, node.constantValue('uint32', [terms, 2], taps)],
    outputs: [to],
    units: images * filters * lines,
    unitCost: 4 * width.out * terms,
    grid: isDirect ? gridOf(images * filters * lines * Math.ceil(width.out / run)) : shape.grid,
    constants: {
      LEVELS: shape.levels,
      ...(weights.stored === 0 ? {} : { W_STORED: weights.stored }),
      ...(isDirect
        ? {
            WIDE: run === 8 ? 1 : 0,
            SLIDES: width.stride === 1 && width.dilation === 1 ? 1 : 0,
            UNROLLED: width.kernel === 3 || width.kernel === 5 ? width.kernel : 0,
          }
        : { AXES: paddedAxes(axes) }),
    },
  });
}
