// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear: ties, saturation, special words, scales of one tensor, an axis
// or blocks that do and do not divide it, other float and integer types, zero and infinite scales; a row elsewhere.
import { Tensor } from '../../src/core/tensor.ts';
import type { DType } from '../../src/core/dtype.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const inf = Infinity;
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const given = (dtype: DType, dims: readonly number[], data: CaseInput['data']): CaseInput => ({
  dtype,
  dims,
  data,
});
const words = (dims: readonly number[], seed: number, kind: FloatKind): CaseInput =>
  given('float32', dims, floats(seed, size(dims), kind));
const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 256],
  int8: [-128, 128],
  uint16: [0, 65536],
  int16: [-32768, 32768],
  int32: [-2147483648, 2147483648],
  uint4: [0, 16],
  int4: [-8, 8],
  uint2: [0, 4],
  int2: [-2, 2],
};
const whole = (dtype: DType, dims: readonly number[], seed: number): CaseInput =>
  given(dtype, dims, integers(seed, size(dims), ...(RANGES[dtype] ?? [0, 1])));
/** Scales between 2^-8 and 4. */
const scales = (dims: readonly number[], seed: number): CaseInput =>
  given('float32', dims, floats(seed, size(dims), 'normal').map(Math.abs));

function quantize(
  name: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  expected?: Tensor,
  opset = 23,
  opType = 'QuantizeLinear',
  domain = '',
): OpCase {
  const id = `quantize/${domain}${opType},${name}`;
  return nodeCase(
    id,
    group,
    { opType, domain, opset: domain === '' ? opset : 1, attributes, inputs },
    expected === undefined ? {} : { expected: [expected] },
  );
}
const dequantize = (
  name: string,
  group: OpCase['group'],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Attributes = {},
  expected?: Tensor,
  opset = 23,
): OpCase => quantize(name, group, inputs, attributes, expected, opset, 'DequantizeLinear');
const microsoft = (opType: string, group: OpCase['group']): OpCase =>
  quantize(
    group,
    group,
    opType === 'QuantizeLinear'
      ? [
          words([3, 20], 1, group === 'edges' ? 'special' : 'normal'),
          scales([3], 2),
          whole('uint16', [3], 3),
        ]
      : [
          whole('int16', [3, 20], 1),
          group === 'edges' ? given('float32', [3], [inf, NaN, -0]) : words([3], 2, 'normal'),
          whole('int16', [3], 3),
        ],
    { axis: 0 },
    undefined,
    1,
    opType,
    'com.microsoft',
  );

const TIES = [0, 2, 3, 1000, -254, -1000, 1, 5, 7, -1, -3, NaN, inf, -inf, -0, 1e-45];
const HALF = given('float32', [], [2]);

const defined: OpCase[] = [
  quantize(
    'ties',
    'defined',
    [given('float32', [16], TIES), HALF, given('uint8', [], [128])],
    {},
    new Tensor(
      'uint8',
      [128, 129, 130, 255, 1, 0, 128, 130, 132, 128, 126, 128, 255, 0, 128, 128],
      [16],
    ),
  ),
  quantize(
    'ties,type=int8,zero=none',
    'defined',
    [given('float32', [16], TIES), HALF],
    { output_dtype: 3 },
    new Tensor('int8', [0, 1, 2, 127, -127, -128, 0, 2, 4, 0, -2, 0, 127, -128, 0, 0], [16]),
  ),
  dequantize(
    'by=hand',
    'defined',
    [
      given('uint8', [2, 2], [0, 3, 128, 255]),
      given('float32', [2], [2, 0.5]),
      given('uint8', [2], [128, 3]),
    ],
    { axis: 0 },
    new Tensor('float32', [-256, -250, 62.5, 126], [2, 2]),
  ),
  dequantize(
    'by=hand,type=int32',
    'defined',
    [given('int32', [3], [1, -16777217, 2147483647]), given('float32', [], [1])],
    {},
    new Tensor('float32', [1, -16777216, 2147483648], [3]),
    10,
  ),
  nodeCase(
    'quantize/DynamicQuantizeLinear,by=hand',
    'defined',
    {
      opType: 'DynamicQuantizeLinear',
      inputs: [given('float32', [6], [0, 2, -3, -2.5, 1.34, 0.5])],
      outputs: 3,
    },
    {
      expected: [
        new Tensor('uint8', [153, 255, 0, 26, 221, 179], [6]),
        new Tensor('float32', [Math.fround(5 / 255)], []),
        new Tensor('uint8', [153], []),
      ],
    },
  ),
  microsoft('QuantizeLinear', 'defined'),
  microsoft('DequantizeLinear', 'defined'),
];

const dynamic = (name: string, group: OpCase['group'], x: CaseInput): OpCase =>
  nodeCase(`quantize/DynamicQuantizeLinear,${name}`, group, {
    opType: 'DynamicQuantizeLinear',
    inputs: [x],
    outputs: 3,
  });

const lastIsNaN = (n: number): Float32Array => {
  const x = Float32Array.from(floats(1, n, 'normal'));
  x[n - 1] = NaN;
  return x;
};

const NARROW = ['uint4', 'int4', 'uint2', 'int2'] as const;
const SMALL = ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz'] as const;
const patterns = (dtype: DType, n: number): CaseInput =>
  given(
    dtype,
    [n],
    Array.from({ length: n }, (_, i) => i),
  );

const edges: OpCase[] = [
  ...NARROW.flatMap((dtype) => [
    quantize(`special,type=${dtype}`, 'edges', [
      words([70], 1, 'special'),
      given('float32', [], [3]),
      whole(dtype, [], 2),
    ]),
    dequantize(
      `type=${dtype}`,
      'edges',
      [whole(dtype, [3, 7], 1), given('float32', [3], [0.1, -3, inf]), whole(dtype, [3], 2)],
      { axis: 0 },
    ),
  ]),
  ...[...SMALL, 'float4e2m1' as const].flatMap((dtype, i) => [
    ...[0, 1].map((saturate) =>
      quantize(
        `special,type=${dtype},saturate=${saturate}`,
        'edges',
        [words([200], i, 'special'), given('float32', [], [3]), given(dtype, [], [0])],
        { saturate },
      ),
    ),
    quantize(
      `normal,type=${dtype}`,
      'edges',
      [words([5, 60], i, 'normal'), scales([5], 2), given(dtype, [5], [0, 0, 0, 0, 0])],
      { axis: 0, saturate: i % 2, precision: i % 2 === 0 ? 10 : 0 },
    ),
    dequantize(`type=${dtype}`, 'edges', [
      patterns(dtype, dtype === 'float4e2m1' ? 16 : 256),
      given('float32', [], [1.7]),
      given(dtype, [], [0]),
    ]),
  ]),
  ...(['uint8', 'int8', 'uint16', 'int16'] as const).map((dtype) =>
    quantize(`special,type=${dtype}`, 'edges', [
      words([70], 1, 'special'),
      given('float32', [], [3]),
      whole(dtype, [], 2),
    ]),
  ),
  ...[0, -0, 1e-40, inf, NaN, -0.5, 3e38, 1e-37].map((scale) =>
    quantize(`special,scale=${Object.is(scale, -0) ? '-0' : scale}`, 'edges', [
      words([70], 1, 'special'),
      given('float32', [], [scale]),
      given('int8', [], [-7]),
    ]),
  ),
  quantize('halves', 'edges', [
    given(
      'float32',
      [1200],
      Array.from({ length: 1200 }, (_, i) => (i - 600) / 4),
    ),
    given('float32', [], [0.5]),
    given('uint8', [], [3]),
  ]),
  quantize('empty', 'edges', [words([0, 3], 1, 'normal'), scales([3], 2), whole('int8', [3], 1)]),
  quantize('scalar', 'edges', [words([], 1, 'normal'), scales([], 2), whole('int8', [1], 1)]),
  quantize('x=int32', 'edges', [whole('int32', [40], 1), given('float32', [], [16777216])]),
  quantize('x=float16,scale=float16', 'edges', [
    given('float16', [300], integers(1, 300, 0, 65536)),
    given('float16', [], [0x3400]),
    given('int8', [], [5]),
  ]),
  quantize(
    'precision=float16',
    'edges',
    [words([300], 1, 'normal'), given('float32', [], [0.01])],
    {
      precision: 10,
    },
  ),
  quantize(
    'precision=bfloat16',
    'edges',
    [words([300], 1, 'special'), given('float32', [], [0.01])],
    {
      precision: 16,
    },
  ),
  dequantize(
    'special,scale',
    'edges',
    [whole('int8', [33, 4], 1), words([33], 2, 'special'), whole('int8', [33], 3)],
    { axis: 0 },
  ),
  ...(['uint8', 'int8', 'uint16', 'int16', 'int32'] as const).map((dtype) =>
    dequantize(`type=${dtype}`, 'edges', [
      whole(dtype, [50], 1),
      given('float32', [1], [0.1]),
      whole(dtype, [1], 2),
    ]),
  ),
  dequantize('scale=float16', 'edges', [
    whole('uint8', [50], 1),
    given('float16', [], [0x2e66]),
    whole('uint8', [], 2),
  ]),
  dequantize('output=float16', 'edges', [whole('int16', [90], 1), given('float32', [], [3.7])], {
    output_dtype: 10,
  }),
  dynamic('special', 'edges', words([70], 1, 'special')),
  dynamic('zeros', 'edges', given('float32', [3], [0, -0, 1e-45])),
  dynamic('one sign', 'edges', given('float32', [4], [3, 1, 2, 0.001])),
  dynamic('other sign', 'edges', given('float32', [1], [-3])),
  dynamic('infinite', 'edges', given('float32', [3], [1, inf, -2])),
  dynamic('huge', 'edges', given('float32', [3], [3e38, -3e38, 1])),
  dynamic('too small for a scale', 'edges', given('float32', [3], [1e-36, 0, -1e-36])),
  dynamic('empty', 'edges', given('float32', [0], [])),
  microsoft('QuantizeLinear', 'edges'),
  microsoft('DequantizeLinear', 'edges'),
];

const BLOCKS: readonly (readonly [readonly number[], readonly number[], number, number])[] = [
  [[2, 12, 5], [2, 3, 5], 1, 4],
  [[2, 11, 5], [2, 3, 5], 1, 4],
  [[7, 33], [7, 3], -1, 16],
  [[6, 4, 3], [2, 4, 3], 0, 3],
  [[3, 5], [3, 1], 1, 8],
];
const AXES: readonly (readonly [readonly number[], number])[] = [
  [[2, 3, 4, 5], 1],
  [[2, 3, 4, 5], -1],
  [[300, 3], 0],
  [[5, 1, 7], 1],
];

const random: OpCase[] = [
  ...(['uint8', 'int8', 'uint16', 'int16'] as const).flatMap((dtype, seed) => [
    ...AXES.flatMap(([dims, axis]) => {
      const n = [dims.at(axis) ?? 1];
      const name = `type=${dtype},x=${dims.join('x')},axis=${axis}`;
      return [
        quantize(name, 'random', [words(dims, seed, 'normal'), scales(n, 2), whole(dtype, n, 3)], {
          axis,
        }),
        dequantize(name, 'random', [whole(dtype, dims, seed), scales(n, 2), whole(dtype, n, 3)], {
          axis,
        }),
      ];
    }),
    ...BLOCKS.flatMap(([dims, n, axis, block_size]) => {
      const name = `type=${dtype},x=${dims.join('x')},axis=${axis},block=${block_size}`;
      const attributes = { axis, block_size };
      return [
        quantize(
          name,
          'random',
          [words(dims, seed, 'normal'), scales(n, 2), whole(dtype, n, 3)],
          attributes,
        ),
        dequantize(
          name,
          'random',
          [whole(dtype, dims, seed), scales(n, 2), whole(dtype, n, 3)],
          attributes,
        ),
      ];
    }),
  ]),
  quantize('wide', 'random', [
    words([700], 1, 'wide'),
    given('float32', [], [1.5]),
    whole('int8', [], 2),
  ]),
  dynamic('normal', 'random', words([7, 90], 1, 'normal')),
  dynamic('wide', 'random', words([1030], 1, 'wide')),
  dynamic('integer', 'random', words([3, 4, 5], 1, 'integer')),
  // Several blocks, the last of one element, and one that is not a number there.
  dynamic('blocks', 'random', words([4097], 1, 'normal')),
  dynamic('blocks, wide', 'random', words([3, 4099], 1, 'wide')),
  dynamic('blocks, NaN', 'random', given('float32', [8193], lastIsNaN(8193))),
  microsoft('QuantizeLinear', 'random'),
  microsoft('DequantizeLinear', 'random'),
];

// A row alone and among others.
const row = floats(7, 37, 'normal');
const bytes = integers(8, 37, 0, 256);
const invariance: OpCase[] = [0, 1, 2].flatMap((before) => {
  const rows = before + 2;
  const x = floats(20 + before, rows * 37, 'normal');
  x.set(row, before * 37);
  const q = integers(30 + before, rows * 37, 0, 256);
  q.splice(before * 37, 37, ...bytes);
  const same = { from: before * 37, to: (before + 1) * 37 };
  const common = [given('float32', [], [0.013]), given('uint8', [], [77])];
  const one = (opType: string, domain: string, from: CaseInput): OpCase =>
    nodeCase(
      `quantize/${domain}${opType},row=${before},of=${rows}`,
      'invariance',
      { opType, domain, opset: domain === '' ? 21 : 1, inputs: [from, ...common] },
      { same: { key: `${domain}${opType}`, ...same } },
    );
  return ['', 'com.microsoft'].flatMap((domain) => [
    one('QuantizeLinear', domain, given('float32', [rows, 37], x)),
    one('DequantizeLinear', domain, given('uint8', [rows, 37], q)),
  ]);
});
// The range is the same, whatever else is in it.
const range: OpCase[] = [0, 1].map((more) => {
  const x = new Float32Array(37 * (more + 1));
  x.set(row, 0);
  return nodeCase(
    `quantize/DynamicQuantizeLinear,rows=${more + 1}`,
    'invariance',
    { opType: 'DynamicQuantizeLinear', inputs: [given('float32', [more + 1, 37], x)], outputs: 3 },
    { same: { key: 'dynamic', from: 0, to: 37 } },
  );
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance, ...range];
