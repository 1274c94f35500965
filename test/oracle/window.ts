// The geometry of pooling and convolution windows, from ONNX's attributes: how many windows an axis has, and which
// taps of a window lie inside the input. No arithmetic on elements is here.
import { at, indicesOf, intOf, intsOf, stringOf } from './node.ts';
import type { OracleNode } from './types.ts';

/** One spatial axis. */
export interface WindowAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly out: number;
}

/** The axes of a node's windows over `sizes`; the kernel is the attribute kernel_shape or what is given. */
export function windowAxes(
  node: OracleNode,
  sizes: readonly number[],
  kernelShape: readonly number[] = intsOf(node, 'kernel_shape') ?? [],
): WindowAxis[] {
  const strides = intsOf(node, 'strides') ?? sizes.map(() => 1);
  const dilations = intsOf(node, 'dilations') ?? sizes.map(() => 1);
  const pads = intsOf(node, 'pads') ?? [...sizes, ...sizes].map(() => 0);
  const autoPad = stringOf(node, 'auto_pad', 'NOTSET');
  const ceilMode = intOf(node, 'ceil_mode', 0) !== 0;
  return sizes.map((size, axis) => {
    const [kernel, stride, dilation] = [
      at(kernelShape, axis),
      at(strides, axis),
      at(dilations, axis),
    ];
    const reach = (kernel - 1) * dilation + 1;
    const common = { size, kernel, stride, dilation };
    if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
      const out = Math.ceil(size / stride);
      const total = Math.max(0, (out - 1) * stride + reach - size);
      const less = Math.floor(total / 2);
      return autoPad === 'SAME_UPPER'
        ? { ...common, before: less, after: total - less, out }
        : { ...common, before: total - less, after: less, out };
    }
    const [before, after] =
      autoPad === 'VALID' ? [0, 0] : [at(pads, axis), at(pads, axis + sizes.length)];
    const free = size + before + after - reach;
    let out = Math.floor(free / stride) + 1;
    // One more window, unless it starts in the padding behind the input.
    if (ceilMode && autoPad !== 'VALID' && free % stride !== 0 && out * stride < size + before) {
      out += 1;
    }
    return { ...common, before, after, out: Math.max(0, out) };
  });
}

/**
 * The taps of the window at output index `index`, the last axis fastest: each tap's place in the input, undefined
 * outside, and whether it lies within the padded input.
 */
export function tapsOf(
  axes: readonly WindowAxis[],
  index: readonly number[],
): { place: number[] | undefined; padded: boolean }[] {
  return [...indicesOf(axes.map((axis) => axis.kernel))].map((tap) => {
    const place = axes.map(
      (axis, k) => at(index, k) * axis.stride + at(tap, k) * axis.dilation - axis.before,
    );
    return {
      place: axes.every((axis, k) => at(place, k) >= 0 && at(place, k) < axis.size)
        ? place
        : undefined,
      padded: axes.every((axis, k) => at(place, k) < axis.size + axis.after),
    };
  });
}
