// Windows that slide over the spatial axes of a tensor: sizes and padding as ONNX defines them for Conv and pooling,
// and the same window over fewer, longer axes. Shapes only.
import type { NodeContext } from '../core/op.ts';

/** One spatial axis of a window over a tensor. */
export interface Axis {
  size: number;
  out: number;
  kernel: number;
  stride: number;
  dilation: number;
  begin: number; // padding before the first element
  end: number; // and behind the last
}

/** The spatial axes of a convolution or pooling window, padding and output sizes as ONNX defines them. */
export function windowAxes(
  node: NodeContext,
  spatial: readonly number[],
  kernel: readonly number[],
): Axis[] {
  const rank = spatial.length;
  const strides = node.ints('strides', Array.from<number>({ length: rank }).fill(1));
  const dilations = node.ints('dilations', Array.from<number>({ length: rank }).fill(1));
  const pads = node.ints('pads', Array.from<number>({ length: 2 * rank }).fill(0));
  const auto = node.string('auto_pad', 'NOTSET');
  if (strides.length !== rank || dilations.length !== rank || pads.length !== 2 * rank) {
    throw new RangeError(
      `${node.opType}: expected ${rank} strides and dilations and ${2 * rank} pads, got ${strides.length}, ${dilations.length} and ${pads.length}.`,
    );
  }
  if ([...strides, ...dilations].some((one) => one < 1) || pads.some((one) => one < 0)) {
    throw new RangeError(
      `${node.opType}: expected strides and dilations of at least 1 and pads of at least 0, got ${strides.join()}, ${dilations.join()} and ${pads.join()}.`,
    );
  }
  return spatial.map((size, i): Axis => {
    const [stride, dilation, taps] = [strides[i] ?? 1, dilations[i] ?? 1, kernel[i] ?? 1];
    const reach = (taps - 1) * dilation + 1;
    let begin = pads[i] ?? 0;
    let end = pads[rank + i] ?? 0;
    if (auto === 'VALID') [begin, end] = [0, 0];
    else if (auto !== 'NOTSET') {
      const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
      begin = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      end = total - begin;
    }
    const whole = (size + begin + end - reach) / stride;
    let out = Math.floor(whole) + 1;
    // Pooling may round up; a window that would start in the padding behind the input is left out.
    if (auto === 'NOTSET' && node.int('ceil_mode', 0) !== 0) {
      out = Math.ceil(whole) + 1;
      if ((out - 1) * stride >= size + begin) out -= 1;
    }
    if (out < 1) {
      throw new RangeError(
        `${node.opType}: kernel larger than its input: expected at least ${reach} elements on spatial axis ${i}, got ${size} and ${begin + end} of padding.`,
      );
    }
    return { size, out, kernel: taps, stride, dilation, begin, end };
  });
}

export const single: Axis = {
  size: 1,
  out: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  begin: 0,
  end: 0,
};
export const isPlain = (a: Axis): boolean =>
  a.kernel === 1 && a.stride === 1 && a.begin === 0 && a.out === a.size;
export const isTrivial = (a: Axis): boolean =>
  a.size === 1 && a.kernel === 1 && a.out === 1 && a.begin === 0;

/** Three axes with the same memory and taps: long rows are what the kernel is fast on. */
export function normalAxes(axes: readonly Axis[]): readonly [Axis, Axis, Axis] {
  const list = axes.filter((axis) => !isTrivial(axis)).map((axis) => ({ ...axis }));
  for (let i = list.length - 1; i > 0; i -= 1) {
    const [outer, inner] = [list[i - 1], list[i]];
    if (outer && inner && isPlain(outer) && isPlain(inner)) {
      list.splice(i - 1, 2, {
        ...single,
        size: outer.size * inner.size,
        out: outer.out * inner.out,
      });
    }
  }
  while (list.length < 3) list.unshift({ ...single });
  const [z = single, y = single, x = single] = list;
  return [z, y, x];
}

/** Elements from a window's first tap to its last. */
export const reachOf = (axis: Axis): number => (axis.kernel - 1) * axis.dilation;
