// Cast, CastLike and BitCast between all numeric types: edges and random elements of every pair, and hand-written ties of the
// narrow floats, with and without saturation.
import { dtypeInfo, kDTypes, type DType, type TypedArray } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseGroup, type OpCase } from '../harness/cases.ts';
import { edgesOf, inputOfType, randomOf } from '../harness/typed_data.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const TYPES = kDTypes.filter((dtype) => dtype !== 'string');
const FLOATS8: readonly DType[] = [
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
];

function cast(
  id: string,
  group: CaseGroup,
  from: DType,
  to: DType,
  data: TypedArray,
  attributes: Attributes = {},
  extra: Parameters<typeof nodeCase>[3] = {},
): OpCase {
  return nodeCase(
    `cast/from=${from},to=${to},${id}`,
    group,
    {
      opType: 'Cast',
      opset: 25,
      attributes: { to: dtypeInfo(to).onnx, ...attributes },
      inputs: [inputOfType(from, data)],
    },
    extra,
  );
}

const f32 = (...words: number[]): Float32Array => new Float32Array(Uint32Array.from(words).buffer);
const gives = (dtype: DType, data: readonly number[]): Parameters<typeof nodeCase>[3] => ({
  expected: [new Tensor(dtype, data, [data.length])],
});

// e4m3fn: 1 + 1/16 is a tie, to even; one word more; 1 + 3/16 a tie, up; 448, 464 (a tie, past the end), 1e6; -2^-10, half of
// the least subnormal number; NaN.
const E4M3 = f32(
  0x3f800000,
  0x3f880000,
  0x3f880001,
  0x3f980000,
  0x43e00000,
  0x43e80000,
  0x49742400,
  0xba800000,
  0x7fc00000,
);
// 1 + 1/8 a tie, 57344, 61440 (a tie, past the end), infinity.
const E5M2 = f32(0x3f900000, 0x47600000, 0x47700000, 0x7f800000, 0xff800000, 0x7fc00000);

const defined: OpCase[] = [
  cast(
    'ties',
    'defined',
    'float32',
    'float8e4m3fn',
    E4M3,
    {},
    gives('float8e4m3fn', [0x38, 0x38, 0x39, 0x3a, 0x7e, 0x7e, 0x7e, 0, 0x7f]),
  ),
  cast(
    'ties,saturate=0',
    'defined',
    'float32',
    'float8e4m3fn',
    E4M3,
    { saturate: 0 },
    gives('float8e4m3fn', [0x38, 0x38, 0x39, 0x3a, 0x7e, 0x7e, 0x7f, 0, 0x7f]),
  ),
  cast(
    'ties',
    'defined',
    'float32',
    'float8e5m2',
    E5M2,
    {},
    gives('float8e5m2', [0x3c, 0x7b, 0x7b, 0x7b, 0xfb, 0x7e]),
  ),
  cast(
    'ties,saturate=0',
    'defined',
    'float32',
    'float8e5m2',
    E5M2,
    { saturate: 0 },
    gives('float8e5m2', [0x3c, 0x7b, 0x7c, 0x7c, 0xfc, 0x7e]),
  ),
  cast(
    'ties',
    'defined',
    'float32',
    'float4e2m1',
    Float32Array.of(0.25, 0.26, 0.75, 2.5, 5, 5.1, 100, -0.1, NaN),
    {},
    gives('float4e2m1', [0, 1, 2, 4, 6, 7, 7, 0, 0]),
  ),
  ...(
    [
      ['up', [127, 128, 128, 255, 0, 254]],
      ['nearest', [127, 127, 128, 255, 0, 254]],
      ['down', [127, 127, 127, 255, 0, 254]],
    ] as const
  ).map(([mode, expected]) =>
    cast(
      `ties,mode=${mode}`,
      'defined',
      'float32',
      'float8e8m0',
      Float32Array.of(1, 1.25, 1.5, Infinity, 0, 3e38),
      { round_mode: mode },
      gives('float8e8m0', expected),
    ),
  ),
  cast(
    'wraps',
    'defined',
    'float32',
    'int4',
    Float32Array.of(-9, -8, 7, 8, 2.9, NaN, 1e10),
    {},
    gives('int4', [7, -8, 7, -8, 2, 0, -1]),
  ),
  cast(
    'saturates',
    'defined',
    'float32',
    'int8',
    Float32Array.of(-129, 127.9, 128, NaN, -0.9),
    {},
    gives('int8', [-128, 127, 127, 0, 0]),
  ),
  cast(
    'saturates',
    'defined',
    'float64',
    'uint64',
    Float64Array.of(-1, 3.9, 1e30),
    {},
    { expected: [new Tensor('uint64', [0n, 3n, 18446744073709551615n], [3])] },
  ),
  nodeCase(
    'cast/op=CastLike',
    'defined',
    {
      opType: 'CastLike',
      opset: 15,
      inputs: [
        { dtype: 'float32', dims: [3], data: [1.5, -2, 300] },
        { dtype: 'uint8', dims: [0], data: [] },
      ],
    },
    gives('uint8', [1, 0, 255]),
  ),
  nodeCase(
    'cast/op=BitCast,from=float32,to=int32',
    'defined',
    {
      opType: 'BitCast',
      opset: 26,
      attributes: { to: 6 },
      inputs: [{ dtype: 'float32', dims: [2], data: [1, -0] }],
    },
    gives('int32', [0x3f800000, -0x80000000]),
  ),
  nodeCase(
    'cast/opset=1',
    'defined',
    {
      opType: 'Cast',
      opset: 1,
      attributes: { to: 'INT32' },
      inputs: [{ dtype: 'float32', dims: [2], data: [1.5, -2] }],
    },
    gives('int32', [1, -2]),
  ),
];

const bitWidth = (dtype: DType): number =>
  dtypeInfo(dtype).packedBits ?? 8 * dtypeInfo(dtype).bytes;
const bitCasts = (group: CaseGroup, seed?: number): OpCase[] =>
  TYPES.flatMap((from) =>
    TYPES.filter((to) => bitWidth(to) === bitWidth(from) && (to !== 'bool' || from === 'bool')).map(
      (to) =>
        nodeCase(`cast/op=BitCast,from=${from},to=${to},data=${seed ?? 'edges'}`, group, {
          opType: 'BitCast',
          opset: 26,
          attributes: { to: dtypeInfo(to).onnx },
          inputs: [
            inputOfType(from, seed === undefined ? edgesOf(from) : randomOf(from, seed, 33)),
          ],
        }),
    ),
  );

const likes = (
  group: CaseGroup,
  n: number,
  data: TypedArray = randomOf('float32', 5, n),
): OpCase[] =>
  (['float16', 'float64', 'uint2', 'float8e5m2'] as const).map((to, i) =>
    nodeCase(`cast/op=CastLike,to=${to},n=${n}`, group, {
      opType: 'CastLike',
      opset: 25,
      attributes: { saturate: i % 2 },
      inputs: [inputOfType('float32', data), inputOfType(to, randomOf(to, 6, 2))],
    }),
  );

/** The same elements alone and behind others. */
const places = (opType: string, to: DType, attributes: Attributes): OpCase[] =>
  [0, 5].map((before) => {
    const own = randomOf('float32', 8, 21);
    const data = Float32Array.from([...randomOf('float32', 9, before), ...own].map(Number));
    return nodeCase(
      `cast/op=${opType},to=${to},before=${before}`,
      'invariance',
      {
        opType,
        opset: 26,
        attributes,
        inputs: [
          inputOfType('float32', data),
          ...(opType === 'CastLike' ? [inputOfType(to, edgesOf(to))] : []),
        ],
      },
      { same: { key: `cast/${opType}-${to}`, from: before, to: before + 21 } },
    );
  });

export const cases: readonly OpCase[] = [
  ...defined,
  ...TYPES.flatMap((from) =>
    TYPES.map((to) => cast('data=edges', 'edges', from, to, edgesOf(from))),
  ),
  ...FLOATS8.flatMap((to) =>
    (['float32', 'float16', 'bfloat16', 'float64', 'int32'] as const).map((from) =>
      cast('data=edges,saturate=0', 'edges', from, to, edgesOf(from), { saturate: 0 }),
    ),
  ),
  ...['up', 'down', 'nearest'].flatMap((mode) =>
    [0, 1].map((saturate) =>
      cast(
        `data=edges,mode=${mode},saturate=${saturate}`,
        'edges',
        'float32',
        'float8e8m0',
        edgesOf('float32'),
        { round_mode: mode, saturate },
      ),
    ),
  ),
  ...bitCasts('edges'),
  ...likes('edges', 0),
  ...likes('edges', 32, edgesOf('float32')),
  ...TYPES.flatMap((from, i) =>
    TYPES.filter((_, k) => (i + k) % 5 === 0).map((to) =>
      cast('data=random', 'random', from, to, randomOf(from, 3, 131)),
    ),
  ),
  ...bitCasts('random', 7).filter((_, i) => i % 7 === 0),
  ...likes('random', 77),
  ...places('Cast', 'int8', { to: 3 }),
  ...places('Cast', 'float8e4m3fn', { to: 17 }),
  ...places('CastLike', 'bfloat16', {}),
  ...places('BitCast', 'uint32', { to: 12 }),
];
