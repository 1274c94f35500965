// Activations that are formulas of other steps: their attributes and defaults, thresholds, special words.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const float = (x: number): CaseAttribute => ({ float: Math.fround(x) });

interface Activation {
  readonly op: string;
  readonly opset: number;
  readonly attributes?: Attributes;
  /** Words in, words out. */
  readonly defined: readonly (readonly [number, number])[];
}

const [ONE, TWO, HALF, ZERO] = [0x3f800000, 0x40000000, 0x3f000000, 0];
const [INF, MINUS, NAN] = [0x7f800000, 0xff800000, 0x7fc00000];

const ACTIVATIONS: readonly Activation[] = [
  {
    op: 'Elu',
    opset: 6,
    defined: [
      [TWO, TWO],
      [0x80000000, ZERO],
      [MINUS, 0xbf800000],
      [INF, INF],
    ],
  },
  {
    op: 'Elu',
    opset: 1,
    attributes: { alpha: float(2) },
    defined: [
      [MINUS, 0xc0000000],
      [NAN, NAN],
    ],
  },
  {
    op: 'Celu',
    opset: 12,
    attributes: { alpha: float(2) },
    defined: [
      [TWO, TWO],
      [MINUS, 0xc0000000],
    ],
  },
  {
    op: 'Selu',
    opset: 6,
    defined: [
      [ONE, 0x3f867d5f],
      [ZERO, ZERO],
      [INF, INF],
    ],
  },
  { op: 'Selu', opset: 1, defined: [[ONE, 0x3f867d56]] },
  {
    op: 'HardSigmoid',
    opset: 6,
    defined: [
      [ZERO, HALF],
      [INF, ONE],
      [MINUS, ZERO],
      [NAN, NAN],
    ],
  },
  {
    op: 'HardSigmoid',
    opset: 22,
    attributes: { alpha: float(0.5), beta: float(0.25) },
    defined: [[ONE, 0x3f400000]],
  },
  {
    op: 'HardSwish',
    opset: 14,
    defined: [
      [ZERO, ZERO],
      [INF, INF],
      [MINUS, NAN],
      [0x40400000, 0x40400000],
    ],
  },
  {
    op: 'Swish',
    opset: 24,
    defined: [
      [ZERO, ZERO],
      [INF, INF],
      [MINUS, NAN],
    ],
  },
  { op: 'Swish', opset: 24, attributes: { alpha: float(0) }, defined: [[TWO, ONE]] },
  {
    op: 'Mish',
    opset: 18,
    defined: [
      [ZERO, ZERO],
      [INF, INF],
      [MINUS, NAN],
    ],
  },
  {
    op: 'Softsign',
    opset: 1,
    defined: [
      [ONE, HALF],
      [0xbf800000, 0xbf000000],
      [INF, NAN],
    ],
  },
  {
    op: 'ThresholdedRelu',
    opset: 10,
    defined: [
      [ONE, ZERO],
      [TWO, TWO],
      [NAN, ZERO],
      [INF, INF],
    ],
  },
  {
    op: 'ThresholdedRelu',
    opset: 1,
    attributes: { alpha: float(-1) },
    defined: [[0xbf000000, 0xbf000000]],
  },
  {
    op: 'Shrink',
    opset: 9,
    defined: [
      [HALF, ZERO],
      [ONE, ONE],
      [0xbf800000, 0xbf800000],
      [NAN, ZERO],
    ],
  },
  {
    op: 'Shrink',
    opset: 9,
    attributes: { lambd: float(1.5), bias: float(1.5) },
    defined: [
      [TWO, HALF],
      [0xc0000000, 0xbf000000],
      [ONE, ZERO],
    ],
  },
  {
    op: 'Gelu',
    opset: 20,
    defined: [
      [ZERO, ZERO],
      [INF, INF],
      [MINUS, NAN],
    ],
  },
  {
    op: 'Gelu',
    opset: 20,
    attributes: { approximate: 'tanh' },
    defined: [
      [ZERO, ZERO],
      [INF, INF],
    ],
  },
  {
    op: 'LeakyRelu',
    opset: 1,
    attributes: { alpha: float(0.5) },
    defined: [[0xbf800000, 0xbf000000]],
  },
];

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

function textOf({ op, opset, attributes = {} }: Activation): string {
  const list = Object.entries(attributes).map(
    ([name, value]) =>
      `,${name}=${typeof value === 'string' ? value : JSON.stringify(Object.values(value)[0])}`,
  );
  return `activation/op=${op},opset=${opset}${list.join('')}`;
}

function withData(
  one: Activation,
  group: OpCase['group'],
  id: string,
  data: Float32Array,
  extra = {},
): OpCase {
  const { op: opType, opset, attributes = {} } = one;
  return nodeCase(
    `${textOf(one)},${id}`,
    group,
    { opType, opset, attributes, inputs: [{ dtype: 'float32', dims: [data.length], data }] },
    extra,
  );
}

// Not by way of numbers: engines keep what they like of a NaN.
const ofWords = (words: readonly number[]): Float32Array =>
  new Float32Array(Uint32Array.from(words).buffer);
const wordsResult = (words: readonly number[]): Tensor =>
  new Tensor('float32', new Float32Array(Uint32Array.from(words).buffer), [words.length]);

const alone = floats(41, 300);
const other = floats(42, 77, 'wide');

export const cases: readonly OpCase[] = [
  ...ACTIVATIONS.map((one) =>
    withData(one, 'defined', 'data=words', ofWords(one.defined.map(([x]) => x)), {
      expected: [wordsResult(one.defined.map(([, y]) => y))],
    }),
  ),
  ...ACTIVATIONS.flatMap((one) => [
    withData(one, 'edges', 'data=special', floats(43, 97, 'special')),
    withData(one, 'edges', 'data=empty', new Float32Array(0)),
    withData(one, 'edges', 'data=one', Float32Array.of(-0.75)),
  ]),
  ...ACTIVATIONS.flatMap((one, i) =>
    KINDS.map((kind) =>
      withData(one, 'random', `data=${kind},seed=${50 + i}`, floats(50 + i, 517, kind)),
    ),
  ),
  ...ACTIVATIONS.flatMap((one) => [
    withData(one, 'invariance', 'before=0', alone, { same: { key: textOf(one), to: 300 } }),
    withData(one, 'invariance', 'before=77', Float32Array.from([...other, ...alone]), {
      same: { key: textOf(one), from: 77, to: 377 },
    }),
  ]),
  nodeCase(
    'activation/op=PRelu,opset=6,slope=channels',
    'defined',
    {
      opType: 'PRelu',
      opset: 6,
      inputs: [
        { dtype: 'float32', dims: [1, 2, 2], data: [-1, 1, -2, 2] },
        { dtype: 'float32', dims: [2], data: [0.5, 4] },
      ],
    },
    { expected: [new Tensor('float32', [-0.5, 1, -8, 2], [1, 2, 2])] },
  ),
];
