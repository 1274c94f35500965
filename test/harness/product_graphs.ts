// Graphs of one product or convolution each, of sizes that models have, which together use every shader of summed products
// (V4) in every form that shapes choose: for measurements. What they compute is tested elsewhere.
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { f32, graphOf } from './graphs.ts';
import { floats, Prng } from './prng.ts';

const ints = (...value: number[]): Attribute => ({ type: 'ints', value });
const int = (value: number): Attribute => ({ type: 'int', value });

/** Y = A · B, both fed. */
const product = (a: readonly number[], b: readonly number[]): Graph =>
  graphOf(
    [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
    [f32('a', ...a), f32('b', ...b)],
    ['y'],
  );

interface ConvText {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly stride?: number;
  readonly pad?: number;
  readonly group?: number;
}

function convolution({ x, w, stride = 1, pad = 0, group = 1 }: ConvText): Graph {
  const attributes = {
    strides: ints(stride, stride),
    pads: ints(pad, pad, pad, pad),
    group: int(group),
  };
  return graphOf(
    [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes }],
    [f32('x', ...x), f32('w', ...w)],
    ['y'],
  );
}

/** Weights of 4 bits in blocks of 32, products in floats. */
function nBits(m: number, k: number, n: number): Graph {
  const random = new Prng(7);
  const packed = Uint8Array.from({ length: (n * k) / 2 }, () => random.word() & 255);
  const graph = graphOf(
    [
      {
        ...{ op: 'MatMulNBits', inputs: ['a', 'q', 's'], outputs: ['y'] },
        attributes: { K: int(k), N: int(n), bits: int(4), block_size: int(32) },
      },
    ],
    [f32('a', m, k)],
    ['y'],
    {
      q: new Tensor('uint8', packed, [n, k / 32, 16]),
      s: new Tensor('float32', floats(8, (n * k) / 32), [(n * k) / 32]),
    },
  );
  const nodes = graph.nodes.map((node) => ({ ...node, domain: 'com.microsoft' }));
  return { ...graph, nodes, opsets: new Map([...graph.opsets, ['com.microsoft', 1]]) };
}

export const PRODUCT_GRAPHS: ReadonlyMap<string, Graph> = new Map([
  ['MatMul 512 x 512 x 512', product([512, 512], [512, 512])],
  ['MatMul 9 of 128 x 64 x 128', product([9, 128, 64], [9, 64, 128])],
  ['MatMul 64 x 4608 x 128', product([64, 4608], [4608, 128])],
  ['MatMul 4 x 576 x 1536', product([4, 576], [576, 1536])],
  ['MatMul 1 x 576 x 1536', product([1, 576], [576, 1536])],
  ['MatMul 2 x 2048 x 64', product([2, 2048], [2048, 64])],
  ['MatMulNBits 64 x 576 x 1536', nBits(64, 576, 1536)],
  ['Conv 1 x 1, 64 to 128, 56 x 56', convolution({ x: [1, 64, 56, 56], w: [128, 64, 1, 1] })],
  ['Conv 3 x 3, 64 to 64, 56 x 56', convolution({ x: [1, 64, 56, 56], w: [64, 64, 3, 3], pad: 1 })],
  [
    'Conv 7 x 7 by 2, 3 to 64, 112 x 112',
    convolution({ x: [1, 3, 112, 112], w: [64, 3, 7, 7], stride: 2, pad: 3 }),
  ],
  ['Conv 3 x 3, 32 to 4, 56 x 56', convolution({ x: [1, 32, 56, 56], w: [4, 32, 3, 3] })],
  [
    'Conv 3 x 3, 64 depthwise, 56 x 56',
    convolution({ x: [1, 64, 56, 56], w: [64, 1, 3, 3], pad: 1, group: 64 }),
  ],
  [
    'Conv 5 x 5 by 2, 64 depthwise, 56 x 56',
    convolution({ x: [1, 64, 56, 56], w: [64, 1, 5, 5], stride: 2, pad: 2, group: 64 }),
  ],
]);

/** Products and convolutions of few and of many rows, columns and terms: sizes that choose different tiles. */
export const TILE_GRAPHS: ReadonlyMap<string, Graph> = new Map([
  ['64 x 64 x 64', product([64, 64], [64, 64])],
  ['128 x 128 x 128', product([128, 128], [128, 128])],
  ['256 x 256 x 256', product([256, 256], [256, 256])],
  ['512 x 512 x 512', product([512, 512], [512, 512])],
  ['64 x 576 x 1536', product([64, 576], [576, 1536])],
  ['8 x 576 x 576', product([8, 576], [576, 576])],
  ['4 x 576 x 1536', product([4, 576], [576, 1536])],
  ['2 x 2048 x 64', product([2, 2048], [2048, 64])],
  ['1 x 576 x 1536', product([1, 576], [576, 1536])],
  ['1 x 64 x 512', product([1, 64], [64, 512])],
  ['1 x 172 x 64', product([1, 172], [172, 64])],
  ['1 x 64 x 64', product([1, 64], [64, 64])],
  ['9 of 128 x 64 x 128', product([9, 128, 64], [9, 64, 128])],
  ['8 of 1 x 64 x 128', product([8, 1, 64], [8, 64, 128])],
  ['8 of 1 x 8 x 16', product([8, 1, 8], [8, 8, 16])],
  ['8 of 1 x 16 x 8', product([8, 1, 16], [8, 16, 8])],
  ['Conv 1 x 1, 64 to 128, 56 x 56', convolution({ x: [1, 64, 56, 56], w: [128, 64, 1, 1] })],
  ['Conv 1 x 1, 16 to 24, 40 x 30', convolution({ x: [1, 16, 40, 30], w: [24, 16, 1, 1] })],
  ['Conv 3 x 3, 64 to 64, 56 x 56', convolution({ x: [1, 64, 56, 56], w: [64, 64, 3, 3], pad: 1 })],
  ['Conv 3 x 3, 64 to 64, 14 x 14', convolution({ x: [1, 64, 14, 14], w: [64, 64, 3, 3], pad: 1 })],
  ['Conv 3 x 3, 16 to 16, 40 x 30', convolution({ x: [1, 16, 40, 30], w: [16, 16, 3, 3], pad: 1 })],
  ['Conv 3 x 3, 32 to 4, 56 x 56', convolution({ x: [1, 32, 56, 56], w: [4, 32, 3, 3] })],
]);
