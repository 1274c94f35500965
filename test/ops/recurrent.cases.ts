// RNN, GRU and LSTM: by hand with weights that make every step exact, every activation, directions, layouts, lengths,
// initial states, peepholes, clip, the flags, special words; and the same sequence elsewhere: alone or in a batch, at once or
// in two parts, forward or turned round.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseInput,
  type OpCase,
  type Same,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

type Data = readonly number[] | Float32Array;
const f32 = (dims: readonly number[], data: Data, constant = false): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
  ...(constant ? { constant } : {}),
});
const i32 = (...data: number[]): CaseInput => ({ dtype: 'int32', dims: [data.length], data });
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

type Kind = 'RNN' | 'GRU' | 'LSTM';
const GATES: Readonly<Record<Kind, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

function one(
  id: string,
  group: OpCase['group'],
  opType: Kind,
  inputs: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>>,
  extra: { expected?: readonly Tensor[]; same?: Same; opset?: number; outputs?: number } = {},
): OpCase {
  const { opset = 22, outputs = opType === 'LSTM' ? 3 : 2, ...rest } = extra;
  const spec = { opType, opset, attributes, inputs, outputs };
  return nodeCase(`recurrent/${opType} ${id}`, group, spec, rest);
}

const linear = { strings: ['Affine'] };
const affine2 = { strings: ['Affine', 'Affine'] };
const affine3 = { strings: ['Affine', 'Affine', 'Affine'] };
const x3 = f32([3, 1, 1], [1, 2, 4]);
const defined: OpCase[] = [
  // H' = x + 2 H + 1.
  one(
    'by hand',
    'defined',
    'RNN',
    [x3, f32([1, 1, 1], [1]), f32([1, 1, 1], [2]), f32([1, 2], [0.5, 0.5])],
    { hidden_size: 1, activations: linear },
    { expected: [of([3, 1, 1, 1], 2, 7, 19), of([1, 1, 1], 19)] },
  ),
  one(
    'reverse,lengths',
    'defined',
    'RNN',
    [
      f32([2, 2, 1], [1, 10, 2, 20]),
      f32([1, 1, 1], [1]),
      f32([1, 1, 1], [2]),
      undefined,
      i32(1, 2),
      f32([1, 2, 1], [5, 0]),
    ],
    { hidden_size: 1, activations: linear, direction: 'reverse' },
    { expected: [of([2, 1, 2, 1], 11, 50, 0, 20), of([1, 2, 1], 11, 50)] },
  ),
  one(
    'bidirectional,layout=1',
    'defined',
    'RNN',
    [f32([1, 2, 1], [1, 2]), f32([2, 1, 1], [1, 1]), f32([2, 1, 1], [1, 2])],
    {
      hidden_size: 1,
      activations: affine2,
      direction: 'bidirectional',
      layout: 1,
      activation_alpha: { floats: [1, 2] },
    },
    // Backward: 2 · 2 = 4, then 2 · (1 + 2 · 4) = 18.
    { expected: [of([1, 2, 2, 1], 1, 18, 3, 4), of([1, 2, 1], 3, 18)] },
  ),
  // z = 0.5, r = 2, candidate x + r · h: from H = 4: 0.5 · (2 + 2 · 4 · 3) + 0.5 · 4 = 15.
  one(
    'by hand',
    'defined',
    'GRU',
    [
      f32([1, 1, 1], [2]),
      f32([1, 3, 1], [0, 0, 1]),
      f32([1, 3, 1], [0, 0, 3]),
      f32([1, 6], [0.5, 2, 0, 0, 0, 1]),
      undefined,
      f32([1, 1, 1], [4]),
    ],
    { hidden_size: 1, activations: affine2 },
    // (r · H) · R + Rb = 25.
    { expected: [of([1, 1, 1, 1], 15.5), of([1, 1, 1], 15.5)] },
  ),
  one(
    'linear_before_reset',
    'defined',
    'GRU',
    [
      f32([1, 1, 1], [2]),
      f32([1, 3, 1], [0, 0, 1]),
      f32([1, 3, 1], [0, 0, 3]),
      f32([1, 6], [0.5, 2, 0, 0, 0, 1]),
      undefined,
      f32([1, 1, 1], [4]),
    ],
    { hidden_size: 1, activations: affine2, linear_before_reset: 1 },
    // r · (H · R + Rb) = 26.
    { expected: [of([1, 1, 1, 1], 16), of([1, 1, 1], 16)] },
  ),
  // i = x, o = 2 x, F = 3 x, n = 4 x; from C = 1 with x = 1: C = 3 + 4 = 7, H = 14.
  one(
    'by hand',
    'defined',
    'LSTM',
    [
      f32([1, 1, 1], [1]),
      f32([1, 4, 1], [1, 2, 3, 4]),
      f32([1, 4, 1], [0, 0, 0, 0]),
      undefined,
      undefined,
      undefined,
      f32([1, 1, 1], [1]),
    ],
    { hidden_size: 1, activations: affine3 },
    { expected: [of([1, 1, 1, 1], 14), of([1, 1, 1], 14), of([1, 1, 1], 7)] },
  ),
  // Peepholes: i = 1 + C = 2, F = 3 + 3 C = 6, C' = 6 + 8 = 14, o = 2 + 2 · 14 = 30; clipped at 10 each.
  one(
    'peepholes,clip',
    'defined',
    'LSTM',
    [
      f32([1, 1, 1], [1]),
      f32([1, 4, 1], [1, 2, 3, 4]),
      f32([1, 4, 1], [0, 0, 0, 0]),
      undefined,
      undefined,
      undefined,
      f32([1, 1, 1], [1]),
      f32([1, 3], [1, 2, 3]),
    ],
    { hidden_size: 1, activations: affine3, clip: { float: 10 } },
    { expected: [of([1, 1, 1, 1], 100), of([1, 1, 1], 100), of([1, 1, 1], 14)] },
  ),
  one(
    'input_forget',
    'defined',
    'LSTM',
    [
      f32([1, 1, 1], [1]),
      f32([1, 4, 1], [0.25, 2, 3, 4]),
      f32([1, 4, 1], [0, 0, 0, 0]),
      undefined,
      undefined,
      undefined,
      f32([1, 1, 1], [4]),
    ],
    { hidden_size: 1, activations: affine3, input_forget: 1 },
    { expected: [of([1, 1, 1, 1], 8), of([1, 1, 1], 8), of([1, 1, 1], 4)] },
  ),
  one(
    'no steps',
    'defined',
    'LSTM',
    [
      f32([0, 2, 1], []),
      f32([1, 4, 1], [1, 2, 3, 4]),
      f32([1, 4, 1], [1, 2, 3, 4]),
      undefined,
      undefined,
      f32([1, 2, 1], [5, 6]),
    ],
    { hidden_size: 1 },
    { expected: [of([0, 1, 2, 1]), of([1, 2, 1], 5, 6), of([1, 2, 1], 0, 0)] },
  ),
  one(
    'opset=1',
    'defined',
    'RNN',
    [x3, f32([1, 1, 1], [1]), f32([1, 1, 1], [0])],
    { hidden_size: 1, activations: linear, output_sequence: 1 },
    { opset: 1, expected: [of([3, 1, 1, 1], 1, 2, 4), of([1, 1, 1], 4)] },
  ),
];

interface Shape {
  readonly op: Kind;
  readonly steps: number;
  readonly batch: number;
  readonly input: number;
  readonly hidden: number;
  readonly direction?: string;
  readonly layout?: number;
  readonly lengths?: readonly number[];
  readonly with?: string; // b, h, c, p: inputs that are there
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
}
const SHAPES: readonly Shape[] = [
  { op: 'RNN', steps: 3, batch: 2, input: 3, hidden: 4, with: 'bh' },
  {
    op: 'RNN',
    steps: 2,
    batch: 3,
    input: 70,
    hidden: 5,
    direction: 'bidirectional',
    lengths: [2, 0, 1],
    with: 'h',
  },
  { op: 'GRU', steps: 3, batch: 1, input: 2, hidden: 3, with: 'b' },
  {
    op: 'GRU',
    steps: 2,
    batch: 2,
    input: 3,
    hidden: 66,
    direction: 'reverse',
    with: 'bh',
    attributes: { linear_before_reset: 1 },
  },
  {
    op: 'GRU',
    steps: 3,
    batch: 2,
    input: 3,
    hidden: 4,
    direction: 'bidirectional',
    layout: 1,
    lengths: [3, 2],
    with: 'bh',
    attributes: { clip: { float: 0.75 } },
  },
  { op: 'LSTM', steps: 1, batch: 1, input: 5, hidden: 65, with: 'bhc' },
  {
    op: 'LSTM',
    steps: 3,
    batch: 2,
    input: 3,
    hidden: 4,
    direction: 'bidirectional',
    lengths: [1, 3],
    with: 'bhcp',
  },
  {
    op: 'LSTM',
    steps: 2,
    batch: 2,
    input: 2,
    hidden: 3,
    layout: 1,
    direction: 'reverse',
    with: 'hc',
    attributes: { input_forget: 1, clip: { float: 1.5 } },
  },
  // Longer than what is a chain on a GPU.
  { op: 'GRU', steps: 70, batch: 2, input: 2, hidden: 3, lengths: [70, 66], with: 'bh' },
];
const ALL = [
  ['Relu', 'Tanh', 'Sigmoid'],
  ['affine', 'LeakyRelu', 'ThresholdedRelu'],
  ['ScaledTanh', 'HardSigmoid', 'Elu'],
  ['Softsign', 'softplus', 'relu'],
];

function inputsOf(shape: Shape, kind: FloatKind, seed: number): (CaseInput | undefined)[] {
  const { op, steps, batch, input, hidden, layout = 0, lengths } = shape;
  const directions = shape.direction === 'bidirectional' ? 2 : 1;
  const rows = GATES[op] * hidden;
  const has = (letter: string): boolean => shape.with?.includes(letter) ?? false;
  let next = seed;
  const tensor = (...dims: number[]): CaseInput =>
    f32(dims, floats(next++, sizeOf(dims), kind), seed % 2 === 0 && dims[0] === directions);
  const state = (): CaseInput =>
    layout === 1 ? tensor(batch, directions, hidden) : tensor(directions, batch, hidden);
  const list = [
    layout === 1 ? tensor(batch, steps, input) : tensor(steps, batch, input),
    tensor(directions, rows, input),
    tensor(directions, rows, hidden),
    has('b') ? tensor(directions, 2 * rows) : undefined,
    lengths === undefined ? undefined : i32(...lengths),
    has('h') ? state() : undefined,
    has('c') ? state() : undefined,
    has('p') ? tensor(directions, 3 * hidden) : undefined,
  ];
  return op === 'LSTM' ? list : list.slice(0, 6);
}

const build = (group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] =>
  SHAPES.map((shape, i) => {
    const { op, hidden, direction = 'forward', layout = 0, attributes = {} } = shape;
    return one(`case=${i},data=${kind}`, group, op, inputsOf(shape, kind, seed + 20 * i), {
      hidden_size: hidden,
      direction,
      layout,
      ...attributes,
    });
  });

/** Every activation in every place. */
const activations = (group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] =>
  ALL.map((names, i) =>
    one(
      `activations=${names.join('+')},data=${kind}`,
      group,
      'LSTM',
      inputsOf(
        { op: 'LSTM', steps: 2, batch: 2, input: 2, hidden: 6, with: 'bhcp' },
        kind,
        seed + 20 * i,
      ),
      {
        hidden_size: 6,
        activations: { strings: names },
        activation_alpha: { floats: [0.5, 0.25] },
        activation_beta: { floats: [0.125] },
      },
    ),
  );

const edges: OpCase[] = [
  ...build('edges', 'special', 9000),
  ...build('edges', 'subnormal', 9301),
  ...activations('edges', 'special', 9600),
];
const random: OpCase[] = [
  ...build('random', 'normal', 9900),
  ...activations('random', 'normal', 10_200),
];

// The same sequence alone and third of a batch; in one run and from the states in the middle; as its own mirror image.
const [steps, input, hidden] = [5, 3, 7];
const sequence = floats(77, steps * input);
const inBatch = Float32Array.from({ length: steps * 3 * input }, (_, k) => {
  const [t, b, j] = [Math.floor(k / (3 * input)), Math.floor(k / input) % 3, k % input];
  return b === 2 ? (sequence[t * input + j] ?? 0) : ((k * 7) % 5) - 2;
});
const mirrored = Float32Array.from(
  { length: steps * input },
  (_, k) => sequence[(steps - 1 - Math.floor(k / input)) * input + (k % input)] ?? 0,
);
const invariance: OpCase[] = (['RNN', 'GRU', 'LSTM'] as const).flatMap((op) => {
  const rows = GATES[op] * hidden;
  const weights = [
    f32([1, rows, input], floats(1, rows * input)),
    f32([1, rows, hidden], floats(2, rows * hidden)),
    f32([1, 2 * rows], floats(3, 2 * rows)),
  ];
  const key = `recurrent/${op} last`;
  const last = { from: (steps - 1) * hidden, to: steps * hidden };
  const attributes = { hidden_size: hidden };
  return [
    one('alone', 'invariance', op, [f32([steps, 1, input], sequence), ...weights], attributes, {
      same: { key, ...last },
    }),
    one('in a batch', 'invariance', op, [f32([steps, 3, input], inBatch), ...weights], attributes, {
      same: { key, from: (steps * 3 - 1) * hidden, to: steps * 3 * hidden },
    }),
    one(
      'padded',
      'invariance',
      op,
      [f32([steps + 2, 1, input], [...sequence, 1, 2, 3, 4, 5, 6]), ...weights, i32(steps)],
      attributes,
      { same: { key, ...last } },
    ),
    one(
      'mirrored',
      'invariance',
      op,
      [f32([steps, 1, input], mirrored), ...weights],
      { ...attributes, direction: 'reverse' },
      { same: { key, from: 0, to: hidden } },
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
