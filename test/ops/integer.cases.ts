// Integer products and convolutions: by hand, wrapping sums, odd numbers of terms, zero points of one tensor, rows, columns
// and filters, all signs; what QLinearMatMul, QLinearConv and com.microsoft's products make of the sums.
import { Tensor } from '../../src/core/tensor.ts';
import type { DType } from '../../src/core/dtype.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
type Byte = 'uint8' | 'int8';
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const given = (dtype: DType, dims: readonly number[], data: CaseInput['data']): CaseInput => ({
  dtype,
  dims,
  data,
});
const bytes = (dtype: Byte, dims: readonly number[], seed: number): CaseInput =>
  given(
    dtype,
    dims,
    integers(seed, size(dims), dtype === 'int8' ? -128 : 0, dtype === 'int8' ? 128 : 256),
  );
const constant = (input: CaseInput): CaseInput => ({ ...input, constant: true });
const scales = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput =>
  given(
    'float32',
    dims,
    floats(seed, size(dims), kind).map((x) => (kind === 'normal' ? Math.abs(x) / 64 : x)),
  );
const SIGNS: readonly (readonly [Byte, Byte])[] = [
  ['uint8', 'int8'],
  ['int8', 'uint8'],
  ['uint8', 'uint8'],
  ['int8', 'int8'],
];

function one(
  opType: string,
  name: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  extra: Parameters<typeof nodeCase>[3] = {},
): OpCase {
  const domain = MICROSOFT.has(opType) ? 'com.microsoft' : '';
  return nodeCase(
    `integer/${opType},${name}`,
    group,
    { opType, domain, opset: domain === '' ? 21 : 1, attributes, inputs },
    extra,
  );
}
const MICROSOFT = new Set(['MatMulIntegerToFloat', 'DynamicQuantizeMatMul', 'QGemm']);

const defined: OpCase[] = [
  one(
    'MatMulInteger',
    'by=hand',
    'defined',
    [
      given('uint8', [2, 3], [11, 7, 3, 10, 6, 2]),
      given('uint8', [3, 2], [1, 4, 2, 5, 3, 6]),
      given('uint8', [1], [12]),
      given('uint8', [], [0]),
    ],
    {},
    { expected: [new Tensor('int32', [-38, -83, -44, -98], [2, 2])] },
  ),
  one(
    'ConvInteger',
    'by=hand',
    'defined',
    [
      given('uint8', [1, 1, 3, 3], [2, 3, 4, 5, 6, 7, 8, 9, 10]),
      given('uint8', [1, 1, 2, 2], [1, 1, 1, 1]),
      given('uint8', [], [1]),
    ],
    { pads: [1, 1, 1, 1] },
    {
      expected: [
        new Tensor('int32', [1, 3, 5, 3, 5, 12, 16, 9, 11, 24, 28, 15, 7, 15, 17, 9], [1, 1, 4, 4]),
      ],
    },
  ),
  one(
    'QLinearMatMul',
    'by=hand',
    'defined',
    [
      given('uint8', [2, 4], [208, 236, 0, 238, 3, 214, 255, 29]),
      given('float32', [1], [0.0066]),
      given('uint8', [1], [113]),
      given('uint8', [4, 3], [152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247]),
      given('float32', [1], [0.00705]),
      given('uint8', [1], [114]),
      given('float32', [1], [0.0107]),
      given('uint8', [1], [118]),
    ],
    {},
    { expected: [new Tensor('uint8', [168, 115, 255, 1, 66, 151], [2, 3])] },
  ),
  one(
    'QLinearConv',
    'by=hand',
    'defined',
    [
      given('uint8', [1, 1, 1, 4], [0, 10, 20, 200]),
      given('float32', [], [0.5]),
      given('uint8', [], [10]),
      given('int8', [1, 1, 1, 2], [2, -1]),
      given('float32', [1], [2]),
      given('int8', [1], [0]),
      given('float32', [], [4]),
      given('uint8', [], [100]),
      given('int32', [1], [2]),
    ],
    {},
    // sums -20, -10, -170; with the bias -18, -8, -168; a quarter of it -4.5 (tie), -2, -42
    { expected: [new Tensor('uint8', [96, 98, 58], [1, 1, 1, 3])] },
  ),
  one(
    'MatMulIntegerToFloat',
    'by=hand',
    'defined',
    [
      given('uint8', [1, 2], [3, 5]),
      given('int8', [2, 2], [1, -2, 3, 4]),
      given('float32', [], [0.5]),
      given('float32', [2], [2, 4]),
      given('uint8', [], [1]),
      given('int8', [2], [0, 1]),
      given('float32', [2], [100, -1]),
    ],
    {},
    { expected: [new Tensor('float32', [114, 11], [1, 2])] },
  ),
  one(
    'DynamicQuantizeMatMul',
    'by=hand',
    'defined',
    [
      given('float32', [1, 2], [0, 255]),
      given('uint8', [2, 1], [3, 5]),
      given('float32', [], [0.5]),
      given('uint8', [], [1]),
    ],
    {},
    { expected: [new Tensor('float32', [510], [1, 1])] },
  ),
  one(
    'QGemm',
    'by=hand',
    'defined',
    [
      given('uint8', [1, 2], [3, 5]),
      given('float32', [], [0.5]),
      given('uint8', [], [1]),
      given('int8', [2, 2], [1, 3, -2, 4]),
      given('float32', [], [2]),
      given('int8', [], [0]),
      given('int32', [2], [10, -1]),
    ],
    { transB: 1, alpha: { float: 0.5 } },
    { expected: [new Tensor('float32', [12, 5.5], [1, 2])] },
  ),
];

/** Inputs of QLinearMatMul. */
const qLinear = (
  a: CaseInput,
  b: CaseInput,
  scale: (i: number) => CaseInput,
  zero: (i: number) => CaseInput,
): CaseInput[] => [a, scale(0), zero(0), b, scale(1), zero(1), scale(2), zero(2)];
const scalar = (dtype: Byte, seed: number): CaseInput => bytes(dtype, [], seed);

const edges: OpCase[] = [
  // 2^31 and beyond: 255 · 255 · 40000.
  ...[33000, 40000, 70001].map((terms) =>
    one('MatMulInteger', `wraps,terms=${terms}`, 'edges', [
      given('uint8', [1, terms], new Uint8Array(terms).fill(255)),
      given('uint8', [terms, 2], new Uint8Array(2 * terms).fill(255)),
    ]),
  ),
  one('MatMulInteger', 'ends', 'edges', [
    given('int8', [2, 3], [-128, -128, -128, 127, 127, 127]),
    given('int8', [3, 2], [-128, 127, -128, 127, -128, 127]),
    given('int8', [], [127]),
    given('int8', [], [127]),
  ]),
  one('MatMulInteger', 'no terms', 'edges', [bytes('uint8', [2, 0], 1), bytes('uint8', [0, 3], 1)]),
  one('MatMulInteger', 'no rows', 'edges', [bytes('uint8', [0, 4], 1), bytes('uint8', [4, 3], 1)]),
  one('MatMulInteger', 'vectors', 'edges', [bytes('uint8', [7], 1), bytes('int8', [7], 2)]),
  one(
    'ConvInteger',
    'outside',
    'edges',
    [
      bytes('uint8', [1, 1, 2, 2], 1),
      bytes('uint8', [1, 1, 3, 3], 2),
      given('uint8', [], [200]),
      given('uint8', [1], [50]),
    ],
    { pads: [2, 2, 2, 2] },
  ),
  one(
    'ConvInteger',
    'dilations',
    'edges',
    [bytes('int8', [1, 2, 1, 30], 1), bytes('int8', [3, 2, 1, 4], 2)],
    {
      dilations: [1, 3],
      strides: [1, 2],
      pads: [0, 4, 0, 5],
    },
  ),
  ...(['QLinearMatMul'] as const).map((op) =>
    one(op, 'special scales', 'edges', [
      bytes('uint8', [33, 5], 1),
      scales([33], 2, 'special'),
      bytes('uint8', [33], 3),
      bytes('int8', [5, 40], 4),
      scales([40], 5, 'special'),
      bytes('int8', [40], 6),
      scales([33], 7, 'special'),
      bytes('int8', [33], 8),
    ]),
  ),
  one(
    'QLinearMatMul',
    'vectors',
    'edges',
    qLinear(
      bytes('uint8', [9], 1),
      bytes('int8', [9, 4], 2),
      (i) => scales([1], i),
      (i) => bytes(i === 1 ? 'int8' : 'uint8', [1], i),
    ),
  ),
  one('QLinearMatMul', 'scales of matrices', 'edges', [
    bytes('uint8', [2, 3, 5], 1),
    scales([2, 3, 1], 2),
    bytes('uint8', [2, 3, 1], 3),
    bytes('int8', [2, 5, 4], 4),
    scales([2, 1, 4], 5),
    bytes('int8', [2, 1, 4], 6),
    scales([1], 7),
    bytes('int8', [1], 8),
  ]),
  one('QLinearConv', 'special scales', 'edges', [
    bytes('uint8', [1, 1, 2, 9], 1),
    given('float32', [], [1.5]),
    bytes('uint8', [], 3),
    bytes('uint8', [33, 1, 1, 2], 4),
    scales([33], 5, 'special'),
    bytes('uint8', [33], 6),
    given('float32', [], [0.75]),
    bytes('uint8', [], 8),
    given('int32', [33], integers(9, 33, -2147483648, 2147483648)),
  ]),
  one('MatMulIntegerToFloat', 'special scales', 'edges', [
    bytes('uint8', [2, 5], 1),
    bytes('int8', [5, 40], 4),
    given('float32', [], [3]),
    scales([40], 5, 'special'),
    undefined,
    undefined,
    scales([40], 9, 'special'),
  ]),
  one('DynamicQuantizeMatMul', 'special', 'edges', [
    given('float32', [3, 33], floats(1, 99, 'special')),
    bytes('int8', [33, 4], 2),
    scales([4], 3),
  ]),
  one('DynamicQuantizeMatMul', 'special scales', 'edges', [
    given('float32', [3, 5], floats(1, 15, 'normal')),
    bytes('int8', [5, 40], 2),
    scales([40], 3, 'special'),
    bytes('int8', [40], 4),
    scales([40], 5, 'special'),
  ]),
  one('QGemm', 'special scales', 'edges', [
    bytes('uint8', [2, 5], 1),
    given('float32', [], [3]),
    scalar('uint8', 2),
    bytes('int8', [5, 40], 4),
    scales([40], 5, 'special'),
    bytes('int8', [40], 6),
    given('int32', [40], integers(9, 40, -2147483648, 2147483648)),
    given('float32', [], [0.5]),
    scalar('uint8', 3),
  ]),
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
  [
    [4, 1],
    [1, 600],
  ],
  [[12], [2, 12, 3]],
];
const CONVOLUTIONS: readonly (readonly [readonly number[], readonly number[], Attributes])[] = [
  [[1, 3, 12, 20], [6, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  [[2, 4, 9, 33], [5, 4, 3, 2], { strides: [2, 2], pads: [1, 1, 0, 0] }],
  [[2, 8, 16, 16], [8, 1, 3, 3], { group: 8, pads: [1, 1, 1, 1] }],
  [[1, 8, 17, 16], [8, 1, 3, 3], { group: 8, strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[1, 5, 7, 8], [9, 5, 1, 1], {}],
  [[1, 4, 6, 6], [6, 2, 3, 3], { group: 2, auto_pad: 'SAME_LOWER' }],
  [[3, 2, 8, 8], [5, 2, 8, 8], {}],
  [[2, 6, 8, 8], [6, 1, 8, 8], { group: 6 }],
  [[2, 3, 40], [4, 3, 5], { pads: [2, 2] }],
  [[1, 2, 4, 5, 6], [3, 2, 2, 3, 2], { dilations: [1, 2, 3] }],
  [[1, 2, 20, 20], [3, 2, 3, 3], { strides: [3, 3], dilations: [2, 2] }],
  // Rows of taps that begin before the input and end behind it, in words of four elements.
  [[1, 6, 9, 13], [6, 1, 3, 3], { group: 6, strides: [1, 2], pads: [3, 5, 3, 6] }],
  [[2, 6, 5, 10], [6, 1, 3, 3], { group: 6, pads: [1, 6, 1, 1] }],
  [[1, 6, 8, 10], [12, 1, 3, 3], { group: 6, strides: [2, 1], pads: [1, 1, 1, 1] }],
  [[2, 2, 7, 11], [2, 1, 3, 5], { group: 2, pads: [1, 2, 1, 2] }],
  // So many positions that an invocation computes eight filters.
  [[1, 3, 64, 65], [9, 3, 1, 1], {}],
  [[1, 4, 64, 64], [9, 4, 1, 1], {}],
];

const random: OpCase[] = [
  ...PRODUCTS.flatMap(([a, b], i) =>
    SIGNS.flatMap(([left, right], j) => {
      const seed = 10 * i + j;
      const name = `a=${left}[${a.join('x')}],b=${right}[${b.join('x')}]`;
      const x = bytes(left, a, seed);
      const y = j % 2 === 0 ? constant(bytes(right, b, seed + 1)) : bytes(right, b, seed + 1);
      const columns = b.at(-1) ?? 1;
      const rows = a.at(-2) ?? 1;
      const many = j > 1;
      const zeros = [
        bytes(left, many && a.length > 1 ? [rows] : [], seed + 2),
        bytes(right, many ? [columns] : [], seed + 3),
      ] as const;
      return [
        one('MatMulInteger', name, 'random', [x, y, ...zeros]),
        one('MatMulInteger', `${name},zeros=none`, 'random', [x, y]),
        one('QLinearMatMul', name, 'random', [
          x,
          scales(zeros[0].dims, seed + 4),
          zeros[0],
          y,
          scales(zeros[1].dims, seed + 5),
          zeros[1],
          given('float32', [], [2.5]),
          bytes(left, [], seed + 6),
        ]),
        one('MatMulIntegerToFloat', name, 'random', [
          x,
          y,
          scales([], seed + 4),
          scales(zeros[1].dims, seed + 5),
          scalar(left, seed),
          zeros[1],
          ...(many ? [scales([columns], seed + 7)] : []),
        ]),
        one('DynamicQuantizeMatMul', name, 'random', [
          given('float32', a, floats(seed, size(a), 'normal')),
          y,
          scales(zeros[1].dims, seed + 5),
          zeros[1],
          ...(many ? [scales([columns], seed + 7)] : []),
        ]),
      ];
    }),
  ),
  ...[0, 1, 2, 3].map((flags) =>
    one(
      'QGemm',
      `transA=${flags & 1},transB=${flags >> 1}`,
      'random',
      [
        bytes('uint8', (flags & 1) === 1 ? [21, 6] : [6, 21], flags),
        scales([], 1),
        scalar('uint8', 2),
        bytes('int8', flags >> 1 === 1 ? [10, 21] : [21, 10], 3),
        scales([10], 4),
        bytes('int8', [10], 5),
        ...(flags === 0 ? [] : [given('int32', [6, 10], integers(6, 60, -9999, 9999))]),
        ...(flags < 2 ? [] : [given('float32', [], [0.7]), scalar('uint8', 7)]),
      ],
      { transA: flags & 1, transB: flags >> 1, alpha: { float: flags === 1 ? 1 : 1.3 } },
    ),
  ),
  ...CONVOLUTIONS.flatMap(([x, w, attributes], i) => {
    const [left = 'uint8', right = 'int8'] = SIGNS[i % 4] ?? [];
    const filters = w[0] ?? 1;
    const name = `x=${left}[${x.join('x')}],w=${right}[${w.join('x')}],${JSON.stringify(attributes)}`;
    const image = bytes(left, x, i);
    const weights = constant(bytes(right, w, i + 1));
    const zeros = [scalar(left, i + 2), bytes(right, i % 2 === 0 ? [filters] : [], i + 3)] as const;
    return [
      one('ConvInteger', name, 'random', [image, weights, ...zeros], attributes),
      one('ConvInteger', `${name},zeros=none`, 'random', [image, weights], attributes),
      one(
        'QLinearConv',
        name,
        'random',
        [
          image,
          scales([], i + 4),
          zeros[0],
          weights,
          scales(zeros[1].dims, i + 5),
          zeros[1],
          given('float32', [], [1.25]),
          scalar(left, i + 6),
          ...(i % 3 === 0 ? [] : [given('int32', [filters], integers(i, filters, -9999, 9999))]),
        ],
        attributes,
      ),
    ];
  }),
];

// A row of the left operand, an image of a batch: the same among others.
const row = integers(77, 19, 0, 256);
const image = integers(78, 2 * 5 * 6, 0, 256);
const floatRow = floats(79, 19, 'normal').map((x) => Math.max(-3, Math.min(3, x)));
const invariance: OpCase[] = [0, 1, 2].flatMap((before) => {
  const rows = before + 1 + (before & 1);
  const a = integers(before, rows * 19, 0, 256);
  a.splice(before * 19, 19, ...row);
  const x = integers(before, rows * 60, 0, 256);
  x.splice(before * 60, 60, ...image);
  const f = floats(before + 50, rows * 19, 'normal').map((y) => Math.max(-3, Math.min(3, y)));
  f.set(floatRow, before * 19);
  // The range is that of all rows: both ends are in each.
  for (let i = 0; i < rows; i += 1) f.set([3, -3], i * 19);
  const left = given('uint8', [rows, 19], a);
  const right = bytes('int8', [19, 11], 80);
  const same = (
    key: string,
    width: number,
  ): { same: { key: string; from: number; to: number } } => ({
    same: { key, from: before * width, to: (before + 1) * width },
  });
  const name = `row=${before},of=${rows}`;
  const z = [scalar('uint8', 81), scalar('int8', 82)] as const;
  const s = scales([], 83);
  const y = [given('float32', [], [1.5]), scalar('uint8', 84)] as const;
  const weights = bytes('int8', [3, 2, 3, 3], 85);
  const images = given('uint8', [rows, 2, 5, 6], x);
  return [
    one('MatMulInteger', name, 'invariance', [left, right, ...z], {}, same('product', 11)),
    one(
      'QLinearMatMul',
      name,
      'invariance',
      [left, s, z[0], right, s, z[1], ...y],
      {},
      same('qproduct', 11),
    ),
    one(
      'MatMulIntegerToFloat',
      name,
      'invariance',
      [left, right, s, s, ...z],
      {},
      same('float', 11),
    ),
    one('QGemm', name, 'invariance', [left, s, z[0], right, s, z[1]], {}, same('gemm', 11)),
    one(
      'DynamicQuantizeMatMul',
      name,
      'invariance',
      [given('float32', [rows, 19], f), right, s, z[1]],
      {},
      same('dynamic', 11),
    ),
    one('ConvInteger', name, 'invariance', [images, weights, ...z], {}, same('conv', 36)),
    one(
      'QLinearConv',
      name,
      'invariance',
      [images, s, z[0], weights, s, z[1], ...y],
      {},
      same('qconv', 36),
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
