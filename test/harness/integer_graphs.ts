// Graphs of one exact integer product or convolution each (V8), of sizes that models have, for measurements: activations are
// uint8 with a zero point, weights int8 without one, constant. What they compute is tested elsewhere.
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { graphOf } from './graphs.ts';
import { integers } from './prng.ts';

const ints = (...value: number[]): Attribute => ({ type: 'ints', value });
const bytes = (...dims: number[]): Tensor => {
  const n = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor('int8', Int8Array.from(integers(n, n, -127, 128)), dims);
};
const ZERO = new Tensor('uint8', Uint8Array.of(117), []);

const product = (m: number, k: number, n: number): Graph =>
  graphOf(
    [{ op: 'MatMulInteger', inputs: ['a', 'b', 'zero'], outputs: ['y'] }],
    [{ name: 'a', dtype: 'uint8', dims: [m, k] }],
    ['y'],
    { b: bytes(k, n), zero: ZERO },
  );

/** Of `side` x `side` positions. */
function convolution(
  side: number,
  channels: number,
  filters: number,
  kernel: number,
  { stride = 1, group = 1 }: { stride?: number; group?: number } = {},
): Graph {
  const pad = (kernel - 1) / 2;
  const attributes: Readonly<Record<string, Attribute>> = {
    strides: ints(stride, stride),
    pads: ints(pad, pad, pad, pad),
    group: { type: 'int', value: group },
  };
  return graphOf(
    [{ op: 'ConvInteger', inputs: ['x', 'w', 'zero'], outputs: ['y'], attributes }],
    [{ name: 'x', dtype: 'uint8', dims: [1, channels, side, side] }],
    ['y'],
    { w: bytes(filters, channels / group, kernel, kernel), zero: ZERO },
  );
}

export const INTEGER_GRAPHS: ReadonlyMap<string, Graph> = new Map([
  ['MatMulInteger 128 x 576 x 1536', product(128, 576, 1536)],
  ['MatMulInteger 16 x 576 x 576', product(16, 576, 576)],
  ['MatMulInteger 1 x 576 x 1536', product(1, 576, 1536)],
  ['ConvInteger 1 x 1, 64 to 128, 56 x 56', convolution(56, 64, 128, 1)],
  ['ConvInteger 1 x 1, 128 to 128, 14 x 14', convolution(14, 128, 128, 1)],
  ['ConvInteger 3 x 3, 64 to 64, 56 x 56', convolution(56, 64, 64, 3)],
  ['ConvInteger 3 x 3 by 2, 32 to 64, 56 x 56', convolution(56, 32, 64, 3, { stride: 2 })],
  ['ConvInteger 5 x 5, 32 to 32, 28 x 28', convolution(28, 32, 32, 5)],
  ['ConvInteger 3 x 3, 64 depthwise, 56 x 56', convolution(56, 64, 64, 3, { group: 64 })],
]);
