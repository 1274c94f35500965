// com.microsoft's operators between quantised tensors, and weights of a few bits: by hand, special scales, absent zero
// points, both byte types, blocks that do not divide, all widths; a row among others.
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
const words = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput =>
  given('float32', dims, floats(seed, size(dims), kind));
const scale = (seed: number): CaseInput =>
  given(
    'float32',
    [],
    floats(seed, 1, 'normal').map((x) => Math.abs(x) / 8),
  );

function one(
  opType: string,
  name: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  extra: Parameters<typeof nodeCase>[3] = {},
): OpCase {
  return nodeCase(
    `qlinear/${opType},${name}`,
    group,
    { opType, domain: 'com.microsoft', attributes, inputs },
    extra,
  );
}

interface Shape {
  readonly op: string;
  /** Shapes of the quantised operands. */
  readonly operands: readonly (readonly number[])[];
  readonly attributes?: Attributes;
}
const SHAPES: readonly Shape[] = [
  {
    op: 'QLinearAdd',
    operands: [
      [2, 3, 8],
      [3, 1],
    ],
  },
  {
    op: 'QLinearMul',
    operands: [
      [2, 3, 8],
      [1, 8],
    ],
  },
  { op: 'QLinearSigmoid', operands: [[3, 30]] },
  { op: 'QLinearLeakyRelu', operands: [[3, 30]], attributes: { alpha: { float: 0.2 } } },
  { op: 'QLinearSoftmax', operands: [[2, 5, 7]], attributes: { axis: 1, opset: 11 } },
  { op: 'QLinearSoftmax', operands: [[2, 5, 7]], attributes: { axis: 1, opset: 13 } },
  { op: 'QLinearGlobalAveragePool', operands: [[2, 3, 5, 6]] },
  { op: 'QLinearGlobalAveragePool', operands: [[2, 5, 6, 3]], attributes: { channels_last: 1 } },
  {
    op: 'QLinearAveragePool',
    operands: [[2, 3, 7, 6]],
    attributes: { kernel_shape: [3, 2], pads: [1, 1, 1, 0], strides: [2, 1], count_include_pad: 1 },
  },
  {
    op: 'QLinearAveragePool',
    operands: [[2, 7, 6, 3]],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, channels_last: 1 },
  },
];

/** A tensor, its scale and its zero point. */
const triple = (dtype: Byte, dims: readonly number[], seed: number): CaseInput[] => [
  bytes(dtype, dims, seed),
  scale(seed + 1),
  bytes(dtype, [], seed + 2),
];

const common = (group: OpCase['group']): OpCase[] =>
  (['uint8', 'int8'] as const).flatMap((dtype, k) => [
    ...SHAPES.map(({ op, operands, attributes = {} }, i) =>
      one(
        op,
        `${dtype},${operands.map((dims) => dims.join('x')).join()},${JSON.stringify(attributes)},group=${group}`,
        group,
        [
          ...operands.flatMap((dims, j) => triple(dtype, dims, 10 * i + 3 * j + k)),
          ...(group === 'edges'
            ? [given('float32', [], [(i + k) % 2 === 0 ? Infinity : NaN])]
            : [scale(99 + i), bytes(dtype, [], 98)]),
        ],
        attributes,
      ),
    ),
    one(
      'QLinearConcat',
      `${dtype},group=${group}`,
      group,
      [
        group === 'edges' ? given('float32', [], [NaN]) : scale(1),
        bytes(dtype, [], 2),
        ...triple(dtype, [2, 3, 4], 3),
        ...triple(dtype, [2, 1, 4], 6),
        ...triple(dtype, [2, 2, 4], 9),
      ],
      { axis: 1 },
    ),
    one('QLinearWhere', `${dtype},group=${group}`, group, [
      given('bool', [2, 1, 4], integers(k, 8, 0, 2)),
      ...triple(dtype, [2, 3, 4], 3),
      ...triple(dtype, [3, 1], 6),
      group === 'edges' ? given('float32', [], [Infinity]) : scale(9),
      bytes(dtype, [], 10),
    ]),
  ]);

// Operands of no size, or of any: the steps are total.
const strange: OpCase[] = [0, -1, 1e-40, 3e38, Infinity, NaN].flatMap((x) =>
  (['QLinearAdd', 'QLinearMul', 'QLinearSigmoid', 'QLinearSoftmax'] as const).map((op) =>
    one(
      op,
      `scale of x=${x}`,
      'edges',
      [
        bytes('int8', [3, 9], 1),
        given('float32', [], [x]),
        undefined,
        ...(op === 'QLinearAdd' || op === 'QLinearMul'
          ? [bytes('int8', [9], 2), scale(3), undefined]
          : []),
        scale(4),
      ],
      op === 'QLinearSoftmax' ? { opset: 13 } : {},
    ),
  ),
);

const byHand: OpCase[] = [
  one(
    'QLinearAdd',
    'by=hand',
    'defined',
    [
      given('uint8', [4], [0, 10, 200, 255]),
      given('float32', [], [0.5]),
      given('uint8', [], [10]),
      given('uint8', [1], [20]),
      given('float32', [], [2]),
      given('uint8', [], [15]),
      given('float32', [], [1]),
      given('uint8', [], [3]),
    ],
    {},
    { expected: [new Tensor('uint8', [8, 13, 108, 135], [4])] },
  ),
  // Two columns of one block of 16: nibbles 0..15 less 8, times 0.5; and 1s less a zero point of 3, times 2.
  one(
    'MatMulNBits',
    'by=hand',
    'defined',
    [
      given(
        'float32',
        [1, 16],
        Array.from({ length: 16 }, (_, i) => i),
      ),
      given(
        'uint8',
        [2, 1, 8],
        [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, ...Array<number>(8).fill(0x11)],
      ),
      given('float32', [2], [0.5, 2]),
      given('uint8', [2], [8, 3]),
      undefined,
      given('float32', [2], [1, -1]),
    ],
    { K: 16, N: 2, block_size: 16 },
    { expected: [new Tensor('float32', [141, -481], [1, 2])] },
  ),
  one(
    'GatherBlockQuantized',
    'by=hand',
    'defined',
    [
      given('uint8', [2, 8], [...Array<number>(8).fill(0x21), ...Array<number>(8).fill(0x98)]),
      given('int64', [1], [1n]),
      given('float32', [2, 1], [1, 0.5]),
    ],
    { block_size: 16 },
    {
      expected: [
        new Tensor(
          'float32',
          Array.from({ length: 16 }, (_, i) => (i % 2) * 0.5),
          [1, 16],
        ),
      ],
    },
  ),
];

interface Weights {
  readonly k: number;
  readonly n: number;
  readonly bits: number;
  readonly block: number;
}
const WEIGHTS: readonly Weights[] = [
  { k: 64, n: 9, bits: 4, block: 32 },
  { k: 40, n: 5, bits: 4, block: 16 },
  { k: 130, n: 8, bits: 2, block: 32 },
  { k: 96, n: 7, bits: 8, block: 64 },
  { k: 20, n: 3, bits: 4, block: 128 },
];
type Zeros = 'none' | 'uint8' | 'float32';

/** Inputs of MatMulNBits for activations of a shape. */
function product(
  a: CaseInput,
  { k, n, bits, block }: Weights,
  zeros: Zeros,
  seed: number,
): (CaseInput | undefined)[] {
  const blocks = Math.ceil(k / block);
  return [
    a,
    { ...bytes('uint8', [n, blocks, (block * bits) / 8], seed), constant: true },
    { ...words([n, blocks], seed + 1), constant: true },
    zeros === 'none'
      ? undefined
      : zeros === 'uint8'
        ? { ...bytes('uint8', [n * Math.ceil((blocks * bits) / 8)], seed + 2), constant: true }
        : words([n, blocks], seed + 2),
  ];
}
const attributesOf = ({ k, n, bits, block }: Weights, level = 0): Attributes => ({
  K: k,
  N: n,
  bits,
  block_size: block,
  accuracy_level: level,
});

const nBits: OpCase[] = WEIGHTS.flatMap((weights, seed) =>
  (['none', 'uint8', 'float32'] as const).flatMap((zeros) =>
    [0, 4].flatMap((level) =>
      [
        [1, weights.k],
        [2, 3, weights.k],
      ].map((dims) =>
        one(
          'MatMulNBits',
          `a=${dims.join('x')},bits=${weights.bits},block=${weights.block},zeros=${zeros},level=${level}`,
          'random',
          [
            ...product(words(dims, seed), weights, zeros, 5 * seed),
            ...(dims.length > 2 ? [undefined, words([weights.n], 9)] : []),
          ],
          attributesOf(weights, level),
        ),
      ),
    ),
  ),
);

// Weights that are fed: the reference makes floats of them a panel at a time.
const fed: OpCase[] = WEIGHTS.flatMap((weights, seed) =>
  (['none', 'uint8'] as const).flatMap((zeros) =>
    [
      [1, weights.k],
      [70, weights.k],
    ].map((dims) =>
      one(
        'MatMulNBits',
        `weights fed,a=${dims.join('x')},bits=${weights.bits},block=${weights.block},zeros=${zeros}`,
        'random',
        product(words(dims, seed), weights, zeros, 5 * seed).map(
          (input) => input && { ...input, constant: false },
        ),
        attributesOf(weights),
      ),
    ),
  ),
);
const fedSpecial: OpCase[] = (['special', 'wide', 'subnormal'] as const).map((kind) => {
  const inputs = product(words([3, 70], 1, kind), { k: 70, n: 5, bits: 4, block: 32 }, 'none', 2);
  inputs[2] = words([5, 3], 3, kind);
  return one(
    'MatMulNBits',
    `weights fed,data=${kind}`,
    'edges',
    inputs.map((input) => input && { ...input, constant: false }),
    attributesOf({ k: 70, n: 5, bits: 4, block: 32 }),
  );
});

const nBitsEdges: OpCase[] = [0, 4].flatMap((level) =>
  (['special', 'wide', 'subnormal'] as const).map((kind) => {
    const weights = { k: 70, n: 5, bits: 4, block: 32 };
    const inputs = product(words([3, 70], 1, kind), weights, 'uint8', 2);
    inputs[2] = words([5, 3], 3, kind);
    return one(
      'MatMulNBits',
      `data=${kind},level=${level}`,
      'edges',
      inputs,
      attributesOf(weights, level),
    );
  }),
);
const permuted: OpCase = one(
  'MatMulNBits',
  'g_idx',
  'random',
  [
    ...product(words([2, 64], 1), { k: 64, n: 5, bits: 4, block: 32 }, 'uint8', 2),
    given('int32', [64], integers(3, 64, 0, 2)),
  ],
  attributesOf({ k: 64, n: 5, bits: 4, block: 32 }),
);

const gathers: OpCase[] = [4, 8].flatMap((bits) =>
  [false, true].flatMap((zeros) =>
    [16, 32].map((block_size) => {
      const [rows, width] = [11, 48];
      const blocks = Math.ceil(width / block_size);
      return one(
        'GatherBlockQuantized',
        `bits=${bits},block=${block_size},zeros=${zeros ? 1 : 0}`,
        'random',
        [
          { ...bytes('uint8', [rows, (width * bits) / 8], bits), constant: true },
          given('int64', [2, 3], [0n, 10n, -1n, 3n, 3n, 7n]),
          words([rows, blocks], 2),
          ...(zeros ? [bytes('uint8', [rows, Math.ceil((blocks * bits) / 8)], 3)] : []),
        ],
        { bits, block_size, gather_axis: 0, quantize_axis: 1 },
      );
    }),
  ),
);
const gatherEdges: OpCase[] = [
  one(
    'GatherBlockQuantized',
    'special scales, indices outside',
    'edges',
    [
      bytes('uint8', [33, 8], 1),
      given('int32', [36], [...Array.from({ length: 33 }, (_, i) => i), 33, -34, 2147483647]),
      words([33, 1], 2, 'special'),
    ],
    { block_size: 16 },
  ),
];

// A row among others.
const row = integers(77, 12, 0, 256);
const floatRow = floats(79, 64, 'normal');
const invariance: OpCase[] = [0, 1, 2].flatMap((before) => {
  const rows = before + 1 + (before & 1);
  const data = integers(before, rows * 12, 0, 256);
  data.splice(before * 12, 12, ...row);
  const x = (dims: readonly number[]): CaseInput[] => [
    given('uint8', [rows, ...dims], data),
    scale(1),
    given('uint8', [], [100]),
  ];
  const y = [scale(2), given('uint8', [], [9])];
  const name = `row=${before},of=${rows}`;
  const same = (
    key: string,
    width: number,
  ): { same: { key: string; from: number; to: number } } => ({
    same: { key, from: before * width, to: (before + 1) * width },
  });
  const row1 = [bytes('uint8', [12], 3), scale(4), given('uint8', [], [50])];
  const f = floats(before + 50, rows * 64, 'normal');
  f.set(floatRow, before * 64);
  const weights = { k: 64, n: 6, bits: 4, block: 32 };
  const indices = integers(before, rows, 0, 5).map(BigInt);
  indices[before] = 3n;
  return [
    one('QLinearAdd', name, 'invariance', [...x([12]), ...row1, ...y], {}, same('add', 12)),
    one('QLinearMul', name, 'invariance', [...x([12]), ...row1, ...y], {}, same('mul', 12)),
    one('QLinearSigmoid', name, 'invariance', [...x([12]), ...y], {}, same('sigmoid', 12)),
    one('QLinearLeakyRelu', name, 'invariance', [...x([12]), ...y], {}, same('leaky', 12)),
    one(
      'QLinearSoftmax',
      name,
      'invariance',
      [...x([12]), ...y],
      { opset: 13 },
      same('softmax', 12),
    ),
    one(
      'QLinearGlobalAveragePool',
      name,
      'invariance',
      [...x([3, 2, 2]), ...y],
      {},
      same('global', 3),
    ),
    one(
      'QLinearAveragePool',
      name,
      'invariance',
      [...x([1, 3, 4]), ...y],
      { kernel_shape: [2, 2] },
      same('pool', 6),
    ),
    one(
      'QLinearConcat',
      name,
      'invariance',
      [...y, ...x([12]), ...triple('uint8', [1, 12], 5)],
      { axis: 0 },
      same('concat', 12),
    ),
    one(
      'QLinearWhere',
      name,
      'invariance',
      [given('bool', [12], integers(1, 12, 0, 2)), ...x([12]), ...row1, ...y],
      {},
      same('where', 12),
    ),
    ...[0, 4].map((level) =>
      one(
        'MatMulNBits',
        `${name},level=${level}`,
        'invariance',
        product(given('float32', [rows, 64], f), weights, 'uint8', 7),
        attributesOf(weights, level),
        same(`bits${level}`, 6),
      ),
    ),
    one(
      'GatherBlockQuantized',
      name,
      'invariance',
      [bytes('uint8', [5, 16], 1), given('int64', [rows], indices), words([5, 2], 2)],
      { block_size: 16 },
      same('gather', 32),
    ),
  ];
});

export const cases: OpCase[] = [
  ...byHand,
  ...strange,
  ...common('defined'),
  ...common('edges'),
  ...common('random'),
  ...nBits,
  permuted,
  ...fed,
  ...fedSpecial,
  ...nBitsEdges,
  ...gathers,
  ...gatherEdges,
  ...invariance,
];
