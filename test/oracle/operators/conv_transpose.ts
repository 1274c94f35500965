// ConvTranspose: for each output element the input positions that reach it, ascending, and the V4 sum over them.
import * as f from '../float.ts';
import {
  at,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  sizeOf,
  stringOf,
  tensorOf,
  flatOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

interface Meeting {
  readonly position: number;
  readonly tap: number;
}

/** For each output position of an axis: what reaches it, input positions ascending, those outside too. */
function meetings(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  begin: number,
  out: number,
): Meeting[][] {
  return Array.from({ length: out }, (_, o) => {
    const list: Meeting[] = [];
    for (let tap = kernel - 1; tap >= 0; tap -= 1) {
      const distance = o + begin - tap * dilation;
      if (distance % stride === 0) list.push({ position: distance / stride, tap });
    }
    if (list.some(({ position }, i) => i > 0 && position <= at(list, i - 1).position)) {
      throw new RangeError('positions do not ascend.');
    }
    return list.map(({ position, tap }) => ({
      position: position >= 0 && position < size ? position : -1,
      tap,
    }));
  });
}

function convTranspose(node: OracleNode): OracleTensor[] {
  const [input, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const [x, w] = [wordsOf(input), wordsOf(weight)];
  const group = intOf(node, 'group', 1);
  const [batch = 0, channels = 0, ...sizes] = input.dims;
  const [, each = 0, ...kernel] = weight.dims;
  const rank = sizes.length;
  const strides = intsOf(node, 'strides') ?? sizes.map(() => 1);
  const dilations = intsOf(node, 'dilations') ?? sizes.map(() => 1);
  const extra = intsOf(node, 'output_padding') ?? sizes.map(() => 0);
  const pads = intsOf(node, 'pads') ?? [...sizes, ...sizes].map(() => 0);
  const auto = stringOf(node, 'auto_pad', 'NOTSET');
  const wanted = intsOf(node, 'output_shape')?.slice(-rank);
  const axes = sizes.map((size, i) => {
    const [stride, dilation, taps] = [at(strides, i), at(dilations, i), at(kernel, i)];
    const whole = stride * (size - 1) + at(extra, i) + (taps - 1) * dilation + 1;
    if (wanted !== undefined || auto.startsWith('SAME')) {
      const out = wanted === undefined ? size * stride : at(wanted, i);
      const total = Math.max(whole - out, 0);
      const less = Math.floor(total / 2);
      return meetings(
        size,
        taps,
        stride,
        dilation,
        auto === 'SAME_UPPER' ? less : total - less,
        out,
      );
    }
    const [before, after] = auto === 'VALID' ? [0, 0] : [at(pads, i), at(pads, rank + i)];
    return meetings(size, taps, stride, dilation, before, whole - before - after);
  });
  const outs = axes.map((axis) => axis.length);
  const depth = channels / group;
  const data: number[] = [];
  for (const [n, map] of indicesOf([batch, each * group]) as Generator<[number, number]>) {
    const of = Math.floor(map / each);
    for (const index of indicesOf(outs)) {
      const lists = axes.map((axis, i) => at(axis, at(index, i)));
      const products: number[] = [];
      for (let channel = of * depth; channel < (of + 1) * depth; channel += 1) {
        for (const which of indicesOf(lists.map((list) => list.length))) {
          const met = lists.map((list, i) => at(list, at(which, i)));
          if (met.some(({ position }) => position < 0)) products.push(f.kZero);
          else {
            const place = flatOf(
              met.map(({ position }) => position),
              sizes,
            );
            const tap = flatOf(
              met.map(({ tap: one }) => one),
              kernel,
            );
            products.push(
              f.summedProduct(
                at(x, (n * channels + channel) * sizeOf(sizes) + place),
                at(w, (channel * each + (map % each)) * sizeOf(kernel) + tap),
              ),
            );
          }
        }
      }
      const sum = f.sumProducts(products);
      data.push(bias === undefined ? sum : f.add(sum, at(wordsOf(bias), map)));
    }
  }
  return [tensorOf('float32', [batch, each * group, ...outs], data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  ConvTranspose: convTranspose,
};
