// Col2Im, CenterCropPad, ReverseSequence and MaxUnpool, an output element at a time.
import * as f from '../float.ts';
import { elementAt, listInput, tensorBy, zeroOf } from '../layout.ts';
import {
  at,
  axisOf,
  flatOf,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  sizeOf,
  tensorOf,
  wordsOf,
} from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { tapsOf, windowAxes } from '../window.ts';

function col2im(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const [image, block] = [listInput(node, 1) ?? [], listInput(node, 2) ?? []];
  const [batch = 0, columns = 0, total = 0] = x.dims;
  const axes = windowAxes(node, image, block);
  const counts = axes.map((axis) => axis.out);
  const taps = sizeOf(block);
  const channels = columns / taps;
  // For each element of the image, for each tap: the block that has it there.
  const terms = Array.from({ length: sizeOf(image) }, () =>
    Array.from<number | undefined>({ length: taps }),
  );
  for (const index of indicesOf(counts)) {
    tapsOf(axes, index).forEach(({ place }, tap) => {
      if (place !== undefined) at(terms, flatOf(place, image))[tap] = flatOf(index, counts);
    });
  }
  const data: number[] = [];
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (const list of terms) {
      const found = list.map((which, tap) =>
        which === undefined ? f.kZero : at(words, (plane * taps + tap) * total + which),
      );
      data.push(f.sumTree(found));
    }
  }
  return [tensorOf('float32', [batch, channels, ...image], data)];
}

function centerCropPad(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const wanted = listInput(node, 1) ?? [];
  const axes = (intsOf(node, 'axes') ?? x.dims.map((_, i) => i)).map((axis) =>
    axisOf(axis, x.dims.length),
  );
  const dims = x.dims.map((size, axis) =>
    axes.includes(axis) ? at(wanted, axes.indexOf(axis)) : size,
  );
  return [
    tensorBy(x.dtype, dims, (index) => {
      const from = index.map((i, axis) => {
        const more = at(x.dims, axis) - at(dims, axis);
        return i + (more >= 0 ? Math.floor(more / 2) : -Math.floor(-more / 2));
      });
      const inside = from.every((i, axis) => i >= 0 && i < at(x.dims, axis));
      return inside ? elementAt(x, from) : zeroOf(x.dtype);
    }),
  ];
}

function reverseSequence(node: OracleNode): OracleTensor[] {
  const [x, lengths] = [inputOf(node, 0), inputOf(node, 1)];
  const [batch, time] = [intOf(node, 'batch_axis', 1), intOf(node, 'time_axis', 0)];
  const steps = BigInt(at(x.dims, time));
  return [
    tensorBy(x.dtype, x.dims, (index) => {
      const given = BigInt(at(lengths.data, at(index, batch)));
      const length = given > steps ? steps : given;
      const t = BigInt(at(index, time));
      const from = t < length ? length - 1n - t : t;
      return elementAt(
        x,
        index.map((i, axis) => (axis === time ? Number(from) : i)),
      );
    }),
  ];
}

function maxUnpool(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const spatial = x.dims.slice(2);
  const kernel = intsOf(node, 'kernel_shape') ?? [];
  const strides = intsOf(node, 'strides') ?? spatial.map(() => 1);
  const pads = intsOf(node, 'pads') ?? [...spatial, ...spatial].map(() => 0);
  const own = [
    ...x.dims.slice(0, 2),
    ...spatial.map(
      (size, i) =>
        (size - 1) * at(strides, i) + at(kernel, i) - at(pads, i) - at(pads, i + spatial.length),
    ),
  ];
  const total = sizeOf(own);
  const data = Array.from<number | bigint>({ length: total }).fill(zeroOf(x.dtype));
  indices.data.forEach((element, i) => {
    const index = Number(element) < 0 ? Number(element) + total : Number(element);
    if (index >= 0 && index < total) data[index] = at(x.data, i);
  });
  const inner = tensorOf(x.dtype, own, data);
  const wanted = listInput(node, 2);
  if (wanted === undefined) return [inner];
  const dims = wanted.length === spatial.length ? [...x.dims.slice(0, 2), ...wanted] : wanted;
  return [
    tensorBy(x.dtype, dims, (index) =>
      index.every((i, axis) => i < at(own, axis)) ? elementAt(inner, index) : zeroOf(x.dtype),
    ),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  CenterCropPad: centerCropPad,
  Col2Im: col2im,
  MaxUnpool: maxUnpool,
  ReverseSequence: reverseSequence,
};
