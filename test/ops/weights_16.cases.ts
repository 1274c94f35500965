// Products and convolutions with constant 16-bit weights, which WebGPU reads as they lie, two a word (V9): every form of the
// product, with odd sizes and odd steps from matrix to matrix, so that elements lie in either half of a word; weights that
// are subnormal, infinite or NaN; weights that others read too, that Cast widens, or that are on the left.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers } from '../harness/prng.ts';
import { edgesOf, inputOfType, randomOf } from '../harness/typed_data.ts';

type Kind = 'plain' | 'subnormal' | 'edges' | 'random';
const HALVES: readonly DType[] = ['float16', 'bfloat16'];
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Bits of numbers between 2^-6 and 2^2 in magnitude, of all significands. */
function plain(dtype: DType, seed: number, n: number): Uint16Array {
  const [bias, bits] = dtype === 'float16' ? [15, 10] : [127, 7];
  const all = integers(seed, n, 0, 0x10000);
  return Uint16Array.from(all, (word) => {
    const exponent = bias - 6 + ((word >>> bits) & 7);
    return (word & 0x8000) | (exponent << bits) | (word & ((1 << bits) - 1));
  });
}

/** Both signs, zero among them: of float16 every number that is no normal one. */
function subnormal(dtype: DType, seed: number, n: number): Uint16Array {
  const mask = dtype === 'float16' ? 0x83ff : 0x807f;
  return Uint16Array.from(integers(seed, n, 0, 0x10000), (word) => word & mask);
}

function bits(dtype: DType, kind: Kind, seed: number, n: number): Uint16Array {
  if (kind === 'plain') return plain(dtype, seed, n);
  if (kind === 'subnormal') return subnormal(dtype, seed, n);
  if (kind === 'random') return randomOf(dtype, seed, n) as Uint16Array;
  // Few of them, so that most sums are finite.
  const edges = edgesOf(dtype) as Uint16Array;
  const mostly = plain(dtype, seed, n);
  return mostly.map((word, i) => (i % 7 === 3 ? (edges[i % edges.length] ?? word) : word));
}

interface Spec {
  readonly name: string;
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];
  /** Which inputs are constants. */
  readonly constants: readonly number[];
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
}

const matMul = (
  name: string,
  a: readonly number[],
  b: readonly number[],
  ...constants: number[]
): Spec => ({
  name,
  op: 'MatMul',
  shapes: [a, b],
  constants: constants.length === 0 ? [1] : constants,
});
const gemm = (name: string, transA: number, transB: number): Spec => ({
  name,
  op: 'Gemm',
  shapes: [transA === 0 ? [5, 33] : [33, 5], transB === 0 ? [33, 7] : [7, 33], [7]],
  constants: [1, 2],
  attributes: { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } },
});
/** Whose columns are moved next to each other. */
const gemmPairs = (rows: number): Spec => ({
  ...{ name: `transB, pairs, ${rows} rows`, op: 'Gemm', attributes: { transB: 1 } },
  ...{ shapes: [[rows, 33], [14, 33], [14]], constants: [1, 2] },
});
const conv = (
  name: string,
  x: readonly number[],
  w: readonly number[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
): Spec => ({ name, op: 'Conv', shapes: [x, w, [w[0] ?? 0]], constants: [1, 2], attributes });

const SPECS: readonly Spec[] = [
  matMul('8 rows', [9, 67], [67, 5]),
  matMul('8 rows, 3 levels', [5, 4101], [4101, 3]),
  matMul('4 rows', [3, 65], [65, 7]),
  matMul('one element', [1, 1], [1, 1]),
  matMul('thin', [1, 131], [131, 9]),
  matMul('thin, 3 rows', [3, 261], [261, 5]),
  matMul('thin, 2 levels', [1, 4101], [4101, 3]),
  matMul('vector on the left', [35], [35, 3]),
  matMul('vector on the right', [7, 35], [35]),
  matMul('both vectors', [33], [33]),
  matMul('one column', [5, 33], [33, 1]),
  matMul('batch of odd matrices', [2, 1, 4, 5], [3, 5, 3]),
  matMul('one matrix for a batch', [3, 2, 5], [5, 7]),
  matMul('batch of rows', [3, 1, 5], [3, 5, 3]),
  matMul('constant on the left', [7, 33], [33, 5], 0),
  matMul('constant on the left, one column', [7, 33], [33, 1], 0),
  matMul('both constant', [5, 33], [33, 7], 0, 1),
  // Two columns a word.
  matMul('8 rows, pairs', [9, 67], [67, 18]),
  matMul('4 rows, pairs', [3, 65], [65, 10]),
  matMul('thin, pairs', [1, 131], [131, 22]),
  matMul('thin, 3 rows, pairs', [3, 261], [261, 6]),
  matMul('batch, pairs', [2, 1, 4, 5], [3, 5, 6]),
  matMul('vector on the right, pairs', [8, 35], [35], 0),
  matMul('many rows', [17, 130], [130, 127]),
  matMul('many rows, batch', [2, 17, 65], [2, 65, 128]),
  matMul('many rows, both constant', [17, 130], [130, 128], 0, 1),
  gemm('plain', 0, 0),
  {
    name: 'many rows, transB',
    op: 'Gemm',
    shapes: [
      [33, 130],
      [128, 130],
    ],
    constants: [1],
    attributes: { transB: 1 },
  },
  gemm('transB', 0, 1),
  gemm('transA', 1, 0),
  ...[1, 4, 6].map(gemmPairs),
  gemm('transA, transB', 1, 1),
  conv('1 x 1', [2, 5, 3, 3], [7, 5, 1, 1]),
  conv('1 x 1, groups', [2, 6, 3, 3], [10, 3, 1, 1], { group: 2 }),
  conv('3 x 3', [1, 3, 7, 5], [9, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv('3 x 3, 3 filters', [1, 3, 7, 5], [3, 3, 3, 3]),
  conv('depthwise', [2, 5, 7, 9], [5, 1, 3, 3], { group: 5, pads: [1, 1, 1, 1] }),
  conv('depthwise, 5 x 5', [1, 3, 7, 19], [3, 1, 5, 5], { group: 3, pads: [2, 2, 2, 2] }),
  conv('1 axis', [2, 3, 9], [5, 3, 3]),
  conv('whole input', [2, 3, 3, 3], [5, 3, 3, 3]),
  // On the left two terms a word, where they are even in number.
  matMul('constant on the left, pairs', [9, 66], [66, 5], 0),
  matMul('constant on the left, 3 rows', [3, 67], [67, 5], 0),
  matMul('constant on the left, thin', [1, 131], [131, 9], 0),
  matMul('constant on the left, batch of odd matrices', [3, 3, 5], [3, 5, 4], 0),
  conv('1 x 1, pairs', [2, 6, 3, 3], [9, 6, 1, 1]),
  conv('1 x 1, 3 filters, pairs, 2 levels', [1, 66, 5, 3], [3, 66, 1, 1]),
  conv('1 x 1, one filter', [2, 7, 3, 3], [1, 7, 1, 1]),
  conv('1 x 1, groups, pairs', [2, 8, 3, 3], [10, 4, 1, 1], { group: 2 }),
  conv('1 x 1, groups, one position', [2, 6, 1, 1], [10, 3, 1, 1], { group: 2 }),
  conv('3 x 3, pairs', [1, 4, 7, 5], [9, 4, 3, 3], { pads: [1, 1, 1, 1] }),
  conv('3 x 3, 3 filters, pairs', [1, 2, 7, 5], [3, 2, 3, 3]),
  conv('3 x 3, groups', [2, 8, 5, 5], [10, 4, 3, 3], { group: 2, strides: [2, 1] }),
  conv('3 axes, groups, pairs, 2 levels', [1, 8, 3, 4, 4], [6, 4, 3, 3, 2], { group: 2 }),
  conv('depthwise, 2 x 4', [1, 3, 4, 6], [3, 1, 2, 4], { group: 3 }),
  conv('depthwise, 2 levels', [1, 3, 10, 13], [3, 1, 9, 9], { group: 3 }),
  conv('one filter a group', [1, 4, 5, 7], [2, 2, 3, 3], { group: 2, dilations: [1, 2] }),
  {
    name: '2 phases an axis',
    op: 'ConvTranspose',
    shapes: [[1, 4, 4, 5], [4, 3, 3, 3], [3]],
    constants: [1, 2],
    attributes: { strides: [2, 2] },
  },
];

function one(spec: Spec, dtype: DType, kind: Kind, group: OpCase['group'], seed: number): OpCase {
  const { op: opType, name, shapes, constants, attributes = {} } = spec;
  const inputs = shapes.map((dims, i): CaseInput => {
    const isWeight = constants.includes(i);
    const data = bits(dtype, isWeight ? kind : 'plain', seed + i, size(dims));
    return { ...inputOfType(dtype, data, dims), constant: isWeight };
  });
  const id = `weights_16/op=${opType},form=${name},dtype=${dtype},data=${kind}`;
  return nodeCase(id, group, { opType, opset: 17, attributes, inputs });
}

type NodeText = readonly [op: string, inputs: string, output: string, to?: number];
const ONNX = { float32: 1, float16: 10 };

/** Inputs `x…` are fed, `c…` are constants. */
function graphCase(
  name: string,
  nodes: readonly NodeText[],
  tensors: Readonly<Record<string, Tensor>>,
  outputs: readonly string[] = ['y0'],
): OpCase {
  const list = Object.entries(tensors);
  const feeds = new Map(list.filter(([key]) => key.startsWith('x')));
  const graph: Graph = {
    name,
    nodes: nodes.map(([opType, inputs, output, to], index): Node => ({
      index,
      name: output,
      domain: '',
      opType,
      inputs: inputs.split(' '),
      outputs: [output],
      attributes: new Map<string, Attribute>(
        to === undefined ? [] : [['to', { type: 'int', value: to }]],
      ),
    })),
    inputs: [...feeds].map(([key, { dtype, dims }]) => ({ name: key, dtype, dims })),
    outputs: outputs.map((key) => ({ name: key })),
    initializers: new Map(list.filter(([key]) => key.startsWith('c'))),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
  return { id: `weights_16/graph=${name}`, group: 'random', graph, feeds };
}

const half = (dims: readonly number[], seed: number, kind: Kind = 'plain'): Tensor =>
  new Tensor('float16', bits('float16', kind, seed, size(dims)), dims);
const word = (dims: readonly number[], seed: number): Tensor =>
  new Tensor('float32', floats(seed, size(dims), 'normal'), dims);

const GRAPHS: readonly OpCase[] = [
  graphCase(
    'Cast, MatMul',
    [
      ['Cast', 'c', 'w', ONNX.float32],
      ['MatMul', 'x w', 'y0'],
    ],
    { x: word([5, 33], 1), c: half([33, 7], 2) },
  ),
  graphCase(
    'Cast, MatMul; the cast one is an output',
    [
      ['Cast', 'c', 'y1', ONNX.float32],
      ['MatMul', 'x y1', 'y0'],
    ],
    { x: word([1, 33], 3), c: half([33, 7], 4, 'edges') },
    ['y0', 'y1'],
  ),
  graphCase(
    'Cast, Reshape, MatMul, Add',
    [
      ['Cast', 'c', 'w', ONNX.float32],
      ['Reshape', 'w cshape', 'v'],
      ['MatMul', 'x v', 'p'],
      ['Add', 'p cb', 'q'],
      ['Relu', 'q', 'y0'],
    ],
    {
      x: word([9, 11], 5),
      c: half([7, 11], 6),
      cshape: new Tensor('int64', [11n, 7n], [2]),
      cb: word([7], 7),
    },
  ),
  graphCase(
    'weights that a product and a sum read',
    [
      ['MatMul', 'x c', 'p'],
      ['Add', 'p c', 'y0'],
    ],
    { x: half([5, 5], 8), c: half([5, 5], 9, 'edges') },
  ),
  graphCase(
    'Transpose, MatMul, twice the same weights',
    [
      ['Transpose', 'c', 't'],
      ['MatMul', 'x c', 'p'],
      ['MatMul', 'p t', 'y0'],
    ],
    { x: half([3, 7], 10), c: half([7, 5], 11) },
  ),
  graphCase(
    'Cast, Conv, Add, Relu',
    [
      ['Cast', 'c', 'w', ONNX.float32],
      ['Conv', 'x w', 'p'],
      ['Add', 'p cb', 'q'],
      ['Relu', 'q', 'y0'],
    ],
    { x: word([1, 4, 7, 5], 14), c: half([6, 4, 3, 3], 15), cb: word([5, 3], 16) },
  ),
  graphCase(
    'Cast, Transpose, Conv',
    [
      ['Cast', 'c', 'w', ONNX.float32],
      ['Transpose', 'w', 't'],
      ['Conv', 'x t', 'y0'],
    ],
    { x: word([1, 4, 7, 5], 17), c: half([3, 3, 4, 5], 18, 'edges') },
  ),
  graphCase(
    'weights that a convolution and a sum read',
    [
      ['Conv', 'x c', 'p'],
      ['Add', 'p c', 'y0'],
    ],
    { x: half([1, 1, 5, 5], 19), c: half([3, 1, 3, 3], 20, 'edges') },
  ),
  graphCase(
    'computed halves, not weights',
    [
      ['Relu', 'xb', 'b'],
      ['MatMul', 'x b', 'y0'],
    ],
    { x: half([3, 7], 12), xb: half([7, 5], 13) },
  ),
];

// Every number that a product takes without its flag (B6), times 1: what it is widened to.
const all = (dtype: DType): Uint16Array => {
  const end = dtype === 'float16' ? 0x7c00 : 0x5880; // 2^50
  return Uint16Array.from({ length: 2 * end }, (_, i) => (i >> 1) | ((i & 1) << 15));
};
const EVERY = HALVES.flatMap((dtype) =>
  [1, 2, 5].map((rows) =>
    graphCase(
      `every ${dtype}, rows=${rows}`,
      [
        ['Cast', 'c', 'w', ONNX.float32],
        ['MatMul', 'x w', 'y0'],
      ],
      {
        x: new Tensor(
          'float32',
          Array.from({ length: rows }, () => 1),
          [rows, 1],
        ),
        c: new Tensor(dtype, all(dtype), [1, all(dtype).length]),
      },
    ),
  ),
);

// The same in convolutions, two a filter, which meet 1 and 0 in turns; one filter a group too.
const EVERY_FILTER = HALVES.flatMap((dtype) => {
  const filters = all(dtype).length / 2;
  return [1, filters].map((group) => {
    const x = Float32Array.from({ length: 4 * group }, (_, i) => 1 - (i & 1));
    return nodeCase(`weights_16/op=Conv,every=${dtype},depthwise=${group > 1}`, 'random', {
      opType: 'Conv',
      opset: 17,
      attributes: { group },
      inputs: [
        inputOfType('float32', x, [1, group, 1, 4]),
        { ...inputOfType(dtype, all(dtype), [filters, 1, 1, 2]), constant: true },
      ],
    });
  });
});

const wide = (dtype: DType): number[] =>
  Array.from({ length: 3 }, () => (dtype === 'float16' ? 0x7bff : 0x4780));

export const cases: readonly OpCase[] = [
  // 65504 times the least numbers, 2^-24 and 3 · 2^-24, in either half of a word: the sum 4 · 65504 · 2^-24, as float32.
  graphCaseExpected(),
  ...HALVES.map((dtype) =>
    nodeCase(
      `weights_16/op=MatMul,form=infinity,dtype=${dtype}`,
      'defined',
      {
        opType: 'MatMul',
        opset: 17,
        inputs: [
          { dtype, dims: [1, 3], data: wide(dtype) },
          { dtype, dims: [3, 1], data: [0x8001, infinityOf(dtype), 0x0001], constant: true },
        ],
      },
      { expected: [new Tensor(dtype, [infinityOf(dtype)], [1, 1])] },
    ),
  ),
  ...SPECS.flatMap((spec) =>
    HALVES.flatMap((dtype) => [
      one(spec, dtype, 'subnormal', 'edges', 5),
      one(spec, dtype, 'edges', 'edges', 15),
    ]),
  ),
  ...SPECS.flatMap((spec) =>
    HALVES.flatMap((dtype) => [
      one(spec, dtype, 'plain', 'random', 25),
      one(spec, dtype, 'random', 'random', 35),
    ]),
  ),
  ...GRAPHS,
  ...EVERY,
  ...EVERY_FILTER,
  // A row's bits are its own, whichever form of the product computes it, and whether weights are constant.
  ...[1, 3, 4, 9].flatMap((rows) =>
    [true, false].map((constant) =>
      nodeCase(
        `weights_16/op=MatMul,rows=${rows},constant=${constant}`,
        'invariance',
        {
          opType: 'MatMul',
          opset: 17,
          inputs: [
            inputOfType('float16', plain('float16', 41, 9 * 261).slice(0, rows * 261), [rows, 261]),
            { ...inputOfType('float16', plain('float16', 42, 261 * 5), [261, 5]), constant },
          ],
        },
        { same: { key: 'weights_16/MatMul', from: 0, to: 5 } },
      ),
    ),
  ),
];

function infinityOf(dtype: DType): number {
  return dtype === 'float16' ? 0x7c00 : 0x7f80;
}

function graphCaseExpected(): OpCase {
  const sum = 4 * 65504 * 2 ** -24;
  return {
    ...graphCase(
      'the least halves',
      [
        ['Cast', 'c', 'w', ONNX.float32],
        ['MatMul', 'x w', 'y0'],
      ],
      {
        x: new Tensor('float32', [65504, 65504], [1, 2]),
        c: new Tensor('float16', [0x0001, 0x8003, 0x0003, 0x8001], [2, 2]),
      },
    ),
    group: 'defined',
    expected: new Map([['y0', new Tensor('float32', [sum, -sum], [1, 2])]]),
  };
}
