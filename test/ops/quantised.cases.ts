// Products whose operands are dequantised (V8): MatMul, Gemm and Conv between DequantizeLinear and QuantizeLinear, scales of
// one tensor and of lines, with the dequantised values read by others too, and next to them what is not such a product:
// one side float, blocks, another axis, 16 bits, a node between, too many terms. QLinearMatMul is the same graph.
import { Tensor } from '../../src/core/tensor.ts';
import type { DType } from '../../src/core/dtype.ts';
import type { Attribute, Node } from '../../src/graph/graph.ts';
import type { OpCase } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type NodeText = readonly [
  op: string,
  inputs: string,
  output: string,
  attributes?: Readonly<Record<string, number | readonly number[]>>,
];
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 256],
  int8: [-128, 128],
  uint4: [0, 16],
  int4: [-8, 8],
  uint2: [0, 4],
  int2: [-2, 2],
};
const bytes = (dtype: DType, dims: readonly number[], seed: number): Tensor =>
  new Tensor(
    dtype,
    integers(seed, size(dims), ...(RANGES[dtype] ?? ([-9999, 9999] as const))),
    dims,
  );
const scales = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): Tensor =>
  new Tensor(
    'float32',
    floats(seed, size(dims), kind).map((x) => (kind === 'normal' ? Math.abs(x) / 64 : x)),
    dims,
  );

/** Inputs `x…` are fed, `c…` are constants; outputs are named by the last argument. */
function graph(
  name: string,
  group: OpCase['group'],
  nodes: readonly NodeText[],
  tensors: Readonly<Record<string, Tensor>>,
  outputs: readonly string[] = ['y0'],
  extra: Pick<OpCase, 'expected' | 'same'> = {},
): OpCase {
  const list = Object.entries(tensors);
  const feeds = new Map(list.filter(([key]) => key.startsWith('x')));
  return {
    id: `quantised/${name}`,
    group,
    graph: {
      name,
      nodes: nodes.map(([opType, inputs, output, attributes = {}], index): Node => ({
        index,
        name: output,
        domain: '',
        opType,
        inputs: inputs.split(' ').map((input) => (input === '-' ? '' : input)),
        outputs: [output],
        attributes: new Map(
          Object.entries(attributes).map(([key, value]): [string, Attribute] => [
            key,
            typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value },
          ]),
        ),
      })),
      inputs: [...feeds].map(([key, { dtype, dims }]) => ({ name: key, dtype, dims })),
      outputs: outputs.map((key) => ({ name: key })),
      initializers: new Map(list.filter(([key]) => key.startsWith('c'))),
      valueInfo: new Map(),
      opsets: new Map([['', 21]]),
    },
    feeds,
    ...extra,
  };
}

const EVERY = ['y0', 'a', 'b'];
/** a = DequantizeLinear(x), b = DequantizeLinear(c), y0 = op(a, b). */
function pair(
  name: string,
  group: OpCase['group'],
  op: string,
  { x, xs, xz, c, cs, cz, bias }: Readonly<Record<string, Tensor>>,
  attributes: NonNullable<NodeText[3]> = {},
  axes: { a?: number; b?: number } = {},
  outputs: readonly string[] = ['y0'],
  extra: Pick<OpCase, 'expected' | 'same'> = {},
): OpCase {
  const tensors = Object.fromEntries(
    Object.entries({ x, cxs: xs, cxz: xz, c, cs, cz, cbias: bias }).filter(
      (entry): entry is [string, Tensor] => entry[1] !== undefined,
    ),
  );
  return graph(
    name,
    group,
    [
      ['DequantizeLinear', `x cxs${xz === undefined ? '' : ' cxz'}`, 'a', { axis: axes.a ?? 0 }],
      ['DequantizeLinear', `c cs${cz === undefined ? '' : ' cz'}`, 'b', { axis: axes.b ?? 0 }],
      [op, `a b${bias === undefined ? '' : ' cbias'}`, 'y0', attributes],
    ],
    tensors,
    outputs,
    extra,
  );
}

const tensor = (dtype: DType, dims: readonly number[], data: readonly number[]): Tensor =>
  new Tensor(dtype, data, dims);

const defined: OpCase[] = [
  // The sum 3 · 2^24 + 1 is exact before it is rounded: the sum of rounded products 0.1 · 0.1 · … would not be.
  pair(
    'MatMul,by=hand',
    'defined',
    'MatMul',
    {
      x: tensor('int8', [1, 3], [100, -50, 7]),
      xs: tensor('float32', [], [0.1]),
      c: tensor('int8', [3, 1], [3, 5, 11]),
      cs: tensor('float32', [], [0.1]),
    },
    {},
    {},
    ['y0'],
    {
      expected: new Map([
        [
          'y0',
          tensor(
            'float32',
            [1, 1],
            [Math.fround(127 * Math.fround(Math.fround(0.1) * Math.fround(0.1)))],
          ),
        ],
      ]),
    },
  ),
  pair(
    'Conv,by=hand',
    'defined',
    'Conv',
    {
      x: tensor('uint8', [1, 1, 3], [10, 12, 14]),
      xs: tensor('float32', [], [0.5]),
      xz: tensor('uint8', [], [10]),
      c: tensor('int8', [1, 1, 2], [3, -5]),
      cs: tensor('float32', [1], [0.25]),
      bias: tensor('float32', [1], [100]),
    },
    { pads: [1, 0] },
    {},
    EVERY,
    {
      // differences 0 2 4; with padding in front: 0, -10, -14; times 0.125
      expected: new Map([['y0', tensor('float32', [1, 1, 3], [100, 98.75, 98.25])]]),
    },
  ),
  pair(
    'Gemm,by=hand',
    'defined',
    'Gemm',
    {
      x: tensor('uint8', [1, 2], [3, 5]),
      xs: tensor('float32', [], [0.5]),
      c: tensor('int8', [2, 2], [1, 3, -2, 4]),
      cs: tensor('float32', [2], [2, 4]),
      bias: tensor('float32', [2], [1, -1]),
    },
    { transB: 1 },
    { b: 0 },
    ['y0'],
    {
      expected: new Map([['y0', tensor('float32', [1, 2], [19, 27])]]),
    },
  ),
];

const edges: OpCase[] = [
  pair(
    'MatMul,special scales',
    'edges',
    'MatMul',
    {
      x: bytes('uint8', [3, 5], 1),
      xs: tensor('float32', [], [1.5]),
      c: bytes('int8', [5, 66], 2),
      cs: scales([66], 3, 'special'),
    },
    {},
    { b: 1 },
    EVERY,
  ),
  pair(
    'MatMul,rows',
    'edges',
    'MatMul',
    {
      x: bytes('uint8', [2, 33, 5], 1),
      xs: scales([33], 3, 'special'),
      xz: bytes('uint8', [33], 4),
      c: bytes('int8', [5, 6], 2),
      cs: scales([6], 5),
      cz: bytes('int8', [6], 6),
    },
    {},
    { a: 1, b: 1 },
  ),
  // Not along lines: the inner axis, the batch.
  pair(
    'MatMul,inner axis',
    'edges',
    'MatMul',
    {
      x: bytes('uint8', [4, 5], 1),
      xs: scales([5], 3),
      c: bytes('int8', [5, 6], 2),
      cs: scales([6], 5),
    },
    {},
    { a: 1, b: 1 },
    EVERY,
  ),
  pair(
    'MatMul,batch axis',
    'edges',
    'MatMul',
    {
      x: bytes('uint8', [2, 4, 5], 1),
      xs: scales([2], 3),
      c: bytes('int8', [5, 6], 2),
      cs: scales([], 5),
    },
    {},
    { a: 0 },
  ),
  pair('MatMul,vectors', 'edges', 'MatMul', {
    x: bytes('uint8', [70], 1),
    xs: scales([], 3),
    c: bytes('int8', [70], 2),
    cs: scales([], 5),
  }),
  pair('MatMul,vector scales', 'edges', 'MatMul', {
    x: bytes('uint8', [7], 1),
    xs: scales([7], 3),
    c: bytes('int8', [7, 2], 2),
    cs: scales([], 5),
  }),
  pair('MatMul,16 bits', 'edges', 'MatMul', {
    x: bytes('int16', [4, 5], 1),
    xs: scales([], 3),
    c: bytes('int8', [5, 6], 2),
    cs: scales([], 5),
  }),
  ...[32768, 32769].map((terms) =>
    pair(`MatMul,terms=${terms}`, 'edges', 'MatMul', {
      x: new Tensor('uint8', new Uint8Array(terms).fill(255), [1, terms]),
      xs: tensor('float32', [], [0.1]),
      c: new Tensor('uint8', new Uint8Array(terms).fill(255), [terms, 1]),
      cs: tensor('float32', [], [0.3]),
    }),
  ),
  pair(
    'Conv,channels of x',
    'edges',
    'Conv',
    {
      x: bytes('uint8', [1, 3, 6], 1),
      xs: scales([3], 3),
      c: bytes('int8', [4, 3, 2], 2),
      cs: scales([4], 5),
    },
    {},
    { a: 1 },
  ),
  pair(
    'Conv,channels of w',
    'edges',
    'Conv',
    {
      x: bytes('uint8', [1, 3, 6], 1),
      xs: scales([], 3),
      c: bytes('int8', [4, 3, 2], 2),
      cs: scales([3], 5),
    },
    {},
    { b: 1 },
  ),
  pair(
    'Gemm,special scales',
    'edges',
    'Gemm',
    {
      x: bytes('int8', [3, 5], 1),
      xs: tensor('float32', [], [-3]),
      c: bytes('int8', [5, 66], 2),
      cs: scales([66], 3, 'special'),
      cz: bytes('int8', [66], 4),
      bias: scales([66], 5, 'special'),
    },
    {},
    { b: 1 },
  ),
  // The same value through another node is a float like any other.
  graph(
    'MatMul,node between',
    'edges',
    [
      ['DequantizeLinear', 'x cs', 'a'],
      ['DequantizeLinear', 'c cs', 'b'],
      ['Identity', 'b', 'same'],
      ['MatMul', 'a same', 'y0'],
      ['MatMul', 'a b', 'y1'],
    ],
    { x: bytes('int8', [3, 70], 1), c: bytes('int8', [70, 4], 2), cs: scales([], 3) },
    ['y0', 'y1'],
  ),
  graph(
    'MatMul,blocks',
    'edges',
    [
      ['DequantizeLinear', 'x cone', 'a'],
      ['DequantizeLinear', 'c cs', 'b', { axis: 0, block_size: 35 }],
      ['MatMul', 'a b', 'y0'],
    ],
    {
      x: bytes('int8', [3, 70], 1),
      cone: scales([], 4),
      c: bytes('int8', [70, 4], 2),
      cs: scales([2, 4], 3),
    },
  ),
  graph(
    'MatMul,one side',
    'edges',
    [
      ['DequantizeLinear', 'c cs', 'b'],
      ['MatMul', 'x b', 'y0'],
    ],
    {
      x: new Tensor('float32', floats(1, 210, 'special'), [3, 70]),
      c: bytes('int8', [70, 4], 2),
      cs: scales([], 3),
    },
  ),
];

const CONVOLUTIONS: readonly (readonly [
  readonly number[],
  readonly number[],
  NonNullable<NodeText[3]>,
])[] = [
  [[1, 3, 12, 20], [6, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  [[2, 8, 16, 16], [8, 1, 3, 3], { group: 8, pads: [1, 1, 1, 1] }],
  [[1, 8, 9, 17], [8, 1, 3, 3], { group: 8, strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 5, 7, 8], [9, 5, 1, 1], {}],
  [[3, 2, 8, 8], [5, 2, 8, 8], {}],
  [[2, 3, 40], [4, 3, 5], { pads: [2, 2] }],
];
const PRODUCTS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [5, 7],
    [7, 9],
  ],
  [
    [1, 64],
    [64, 33],
  ],
  [
    [66, 130],
    [130, 21],
  ],
  [
    [2, 3, 4, 16],
    [16, 8],
  ],
  [
    [2, 1, 3, 5],
    [3, 5, 4],
  ],
];

const random: OpCase[] = [
  ...(['uint4', 'int4', 'uint2', 'int2'] as const).map((dtype, seed) =>
    pair(
      `MatMul,weights=${dtype}`,
      'random',
      'MatMul',
      {
        x: bytes(seed % 2 === 0 ? 'int8' : 'uint8', [5, 33], seed),
        xs: scales([], 1),
        c: bytes(dtype, [33, 9], 3),
        cs: scales([9], 4),
        cz: bytes(dtype, [9], 5),
      },
      {},
      { b: 1 },
      EVERY,
    ),
  ),
  pair(
    'Conv,weights=int4',
    'random',
    'Conv',
    {
      x: bytes('uint8', [1, 3, 6, 7], 1),
      xs: scales([], 2),
      xz: bytes('uint8', [], 3),
      c: bytes('int4', [5, 3, 3, 3], 4),
      cs: scales([5], 5),
    },
    { pads: [1, 1, 1, 1] },
  ),
  // What short texts of the steps behind a convolution leave to the others: special factors and summands, large sums.
  ...(
    [
      [[66, 4, 3, 3], 1],
      [[66, 4, 1, 1], 1],
      [[66, 1, 3, 3], 66],
    ] as const
  ).map(([dims, group]) =>
    pair(
      `Conv,special scales,w=${dims.join('x')}`,
      'random',
      'Conv',
      {
        x: bytes('uint8', [1, group === 1 ? 4 : 66, 5, 6], 1),
        xs: tensor('float32', [], [1.5]),
        xz: bytes('uint8', [], 3),
        c: bytes('int8', dims, 4),
        cs: scales([66], 3, 'special'),
        bias: scales([66], 5, 'special'),
      },
      { group },
    ),
  ),
  ...[1, 3].map((kernel) =>
    pair(`Conv,large sums,kernel=${kernel}`, 'random', 'Conv', {
      x: new Tensor('uint8', new Uint8Array(600 * 20).fill(255), [1, 600, 4, 5]),
      xs: tensor('float32', [], [3]),
      c: new Tensor('int8', new Int8Array(5 * 600 * kernel * kernel).fill(-127), [
        5,
        600,
        kernel,
        kernel,
      ]),
      cs: scales([5], 5),
    }),
  ),
  // Blocks of rows: the window of all channels does not fit.
  ...[1, 2].map((stride) =>
    pair(
      `Conv,rows in blocks,stride=${stride}`,
      'random',
      'Conv',
      {
        x: bytes('uint8', [1, 8, 66, 70], 1),
        xs: scales([], 2),
        xz: bytes('uint8', [], 3),
        c: bytes('int8', [2, 8, 3, 3], 4),
        cs: scales([2], 5),
      },
      { pads: [1, 1, 1, 1], strides: [stride, stride] },
    ),
  ),
  ...PRODUCTS.flatMap(([a, b], seed) =>
    [0, 1, 2].map((lines) => {
      const [rows, columns] = [a.at(-2) ?? 1, b.at(-1) ?? 1];
      const own = lines > 1 ? [rows] : [];
      const other = lines > 0 ? [columns] : [];
      return pair(
        `MatMul,a=${a.join('x')},b=${b.join('x')},lines=${lines}`,
        'random',
        'MatMul',
        {
          x: bytes(seed % 2 === 0 ? 'uint8' : 'int8', a, seed),
          xs: scales(own, 1),
          xz: bytes(seed % 2 === 0 ? 'uint8' : 'int8', own, 2),
          c: bytes('int8', b, 3),
          cs: scales(other, 4),
          ...(lines === 1 ? {} : { cz: bytes('int8', other, 5) }),
        },
        {},
        { a: a.length - 2, b: b.length - 1 },
        lines === 1 ? EVERY : ['y0'],
      );
    }),
  ),
  ...[0, 1, 2, 3].map((flags) =>
    pair(
      `Gemm,transA=${flags & 1},transB=${flags >> 1}`,
      'random',
      'Gemm',
      {
        x: bytes('uint8', (flags & 1) === 1 ? [21, 6] : [6, 21], flags),
        xs: scales(flags === 3 ? [6] : [], 1),
        c: bytes('int8', flags >> 1 === 1 ? [10, 21] : [21, 10], 3),
        cs: scales([10], 4),
        cz: bytes('int8', [10], 5),
        bias: scales([10], 6),
      },
      { transA: flags & 1, transB: flags >> 1 },
      { a: flags & 1, b: flags >> 1 === 1 ? 0 : 1 },
    ),
  ),
  ...CONVOLUTIONS.flatMap(([x, w, attributes], seed) =>
    [0, 1].map((many) => {
      const filters = w[0] ?? 1;
      return pair(
        `Conv,x=${x.join('x')},w=${w.join('x')},${JSON.stringify(attributes)},filters=${many}`,
        'random',
        'Conv',
        {
          x: bytes('uint8', x, seed),
          xs: scales([], 1),
          xz: bytes('uint8', [], 2),
          c: bytes('int8', w, 3),
          cs: scales(many === 1 ? [filters] : [], 4),
          ...(many === 1 ? { bias: scales([filters], 6) } : { cz: bytes('int8', [], 5) }),
        },
        attributes,
        { b: 0 },
        many === 1 ? EVERY : ['y0'],
      );
    }),
  ),
  // Quantised again, and the int32 bias of exporters.
  graph(
    'Conv,Relu,QuantizeLinear',
    'random',
    [
      ['DequantizeLinear', 'x cxs cxz', 'a'],
      ['DequantizeLinear', 'c cs', 'b', { axis: 0 }],
      ['DequantizeLinear', 'cbias cbs', 'bias', { axis: 0 }],
      ['Conv', 'a b bias', 'sum', { pads: [1, 1, 1, 1] }],
      ['Relu', 'sum', 'relu'],
      ['QuantizeLinear', 'relu cys cyz', 'y0'],
      ['DequantizeLinear', 'y0 cys cyz', 'y1'],
    ],
    {
      x: bytes('uint8', [2, 3, 9, 10], 1),
      cxs: scales([], 2),
      cxz: bytes('uint8', [], 3),
      c: bytes('int8', [5, 3, 3, 3], 4),
      cs: scales([5], 5),
      cbias: bytes('int32', [5], 6),
      cbs: scales([5], 7),
      cys: tensor('float32', [], [1.5]),
      cyz: tensor('uint8', [], [20]),
    },
    ['y0', 'y1'],
  ),
];

// An image of a batch, a row among others.
const image = integers(78, 60, 0, 256);
const invariance: OpCase[] = [0, 1, 2].flatMap((before) => {
  const batch = before + 1 + (before & 1);
  const data = integers(before, batch * 60, 0, 256);
  data.splice(before * 60, 60, ...image);
  const common = { xs: scales([], 1), xz: bytes('uint8', [], 2), cs: scales([], 4) };
  const same = (key: string, width: number): Pick<OpCase, 'same'> => ({
    same: { key, from: before * width, to: (before + 1) * width },
  });
  return [
    pair(
      `Conv,image=${before},of=${batch}`,
      'invariance',
      'Conv',
      { ...common, x: tensor('uint8', [batch, 2, 5, 6], data), c: bytes('int8', [3, 2, 3, 3], 3) },
      {},
      {},
      before === 1 ? EVERY : ['y0'],
      same('conv', 36),
    ),
    ...(['MatMul', 'Gemm'] as const).map((op) =>
      pair(
        `${op},row=${before},of=${batch}`,
        'invariance',
        op,
        { ...common, x: tensor('uint8', [batch, 60], data), c: bytes('int8', [60, 7], 3) },
        {},
        {},
        before === 1 ? EVERY : ['y0'],
        same(op, 7),
      ),
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
