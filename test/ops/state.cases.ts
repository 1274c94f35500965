// LinearAttention, CausalConvWithState and TensorScatter: by hand, every rule and form, special words; and states handed on: a
// sequence at once, in two runs, in a batch.
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
const f32 = (dims: readonly number[], data: Data): CaseInput => ({ dtype: 'float32', dims, data });
const i64 = (...data: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [data.length],
  data: data.map(BigInt),
});
const of = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);

function one(
  id: string,
  group: OpCase['group'],
  [domain, opType, outputs]: readonly [string, string, number],
  inputs: readonly (CaseInput | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const opset = domain === '' ? 27 : 1;
  const spec = { opType, domain, opset, attributes, inputs, outputs };
  return nodeCase(`state/${domain}:${opType} ${id}`, group, spec, extra);
}
const SCATTER = ['', 'TensorScatter', 1] as const;
const both = (opType: string): (readonly [string, string, number])[] => [
  ['', opType, 2],
  ['com.microsoft', opType, 2],
];
const LINEAR = both('LinearAttention');
const CONV = both('CausalConvWithState');
const one1 = { q_num_heads: 1, kv_num_heads: 1, scale: { float: 1 } };
const column = (...data: number[]): CaseInput => f32([1, data.length, 1], data);

const defined: OpCase[] = [
  ...LINEAR.flatMap((op) => [
    // S = 2 · 3 = 6, then 6 + 4 · 5 = 26.
    one(
      'linear',
      'defined',
      op,
      [column(1, 2), column(2, 4), column(3, 5)],
      { ...one1, update_rule: 'linear' },
      {
        expected: [of([1, 2, 1], 6, 52), of([1, 1, 1, 1], 26)],
      },
    ),
    // δ = 0.5 · (3 − 2 · 1) = 0.5, S = 1 + 2 · 0.5 = 2.
    one(
      'gated delta',
      'defined',
      op,
      [column(1), column(2), column(3), f32([1, 1, 1, 1], [1]), column(0), column(0.5)],
      one1,
      { expected: [of([1, 1, 1], 2), of([1, 1, 1, 1], 2)] },
    ),
  ]),
  ...CONV.flatMap((op) => [
    one(
      'by hand',
      'defined',
      op,
      [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [10, 1]), f32([1], [100]), f32([1, 1, 1], [5])],
      {},
      {
        expected: [of([1, 1, 3], 151, 112, 123), of([1, 1, 1], 3)],
      },
    ),
    one(
      'silu',
      'defined',
      op,
      [f32([1, 1, 2], [0, 200]), f32([1, 1, 1], [1])],
      { activation: 'silu' },
      {
        expected: [of([1, 1, 2], 0, 200), of([1, 1, 0])],
      },
    ),
  ]),
  one(
    'dilated',
    'defined',
    ['com.microsoft', 'CausalConvWithState', 2],
    [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [10, 1])],
    { dilation: 2 },
    { expected: [of([1, 1, 3], 1, 2, 13), of([1, 1, 2], 2, 3)] },
  ),
  one(
    'past the end',
    'defined',
    SCATTER,
    [
      f32([3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      f32([3, 2, 1], [10, 20, 30, 40, 50, 60]),
      i64(1, 2, -1),
    ],
    {},
    { expected: [of([3, 3, 1], 1, 10, 20, 4, 5, 30, 60, 8, 9)] },
  ),
  one(
    'circular',
    'defined',
    SCATTER,
    [
      f32([3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      f32([3, 2, 1], [10, 20, 30, 40, 50, 60]),
      i64(2, 4, -1),
    ],
    { mode: 'circular' },
    { expected: [of([3, 3, 1], 20, 2, 10, 4, 30, 40, 60, 8, 50)] },
  ),
];

function build(group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] {
  let next = seed;
  const f = (...dims: number[]): CaseInput => f32(dims, floats(next++, sizeOf(dims), kind));
  const out: OpCase[] = [];
  for (const op of LINEAR) {
    const add = (
      id: string,
      attributes: Readonly<Record<string, CaseAttribute>>,
      ...inputs: (CaseInput | undefined)[]
    ): void => {
      out.push(one(`${id},data=${kind}`, group, op, inputs, attributes));
    };
    const heads = { q_num_heads: 4, kv_num_heads: 2 };
    add(
      'linear',
      { ...heads, update_rule: 'linear' },
      f(2, 3, 12),
      f(2, 3, 6),
      f(2, 3, 8),
      f(2, 2, 3, 4),
    );
    add(
      'gated',
      { ...heads, update_rule: 'gated', scale: { float: 0.3 } },
      f(1, 3, 12),
      f(1, 3, 6),
      f(1, 3, 8),
      undefined,
      f(1, 3, 2),
    );
    add(
      'delta',
      { q_num_heads: 1, kv_num_heads: 1, update_rule: 'delta' },
      f(1, 2, 66),
      f(1, 2, 66),
      f(1, 2, 3),
      undefined,
      undefined,
      f(1, 2, 1),
    );
    add(
      'gated delta',
      heads,
      f(2, 3, 12),
      f(2, 3, 6),
      f(2, 3, 8),
      f(2, 2, 3, 4),
      f(2, 3, 6),
      f(2, 3, 2),
    );
  }
  for (const op of CONV) {
    out.push(
      one(`plain,data=${kind}`, group, op, [f(2, 3, 5), f(3, 1, 4), f(3), f(2, 3, 3)]),
      one(`swish,data=${kind}`, group, op, [f(2, 3, 2), f(3, 1, 4)], { activation: 'swish' }),
    );
  }
  out.push(
    one(`axis 1,data=${kind}`, group, SCATTER, [f(2, 5, 2, 3), f(2, 3, 2, 3), i64(1, 4)], {
      axis: 1,
    }),
    one(`circular,data=${kind}`, group, SCATTER, [f(2, 2, 4, 3), f(2, 2, 3, 3), i64(3, 1)], {
      mode: 'circular',
    }),
    one(`no indices,data=${kind}`, group, SCATTER, [f(2, 4, 3), f(2, 3, 3)]),
  );
  return out;
}
const edges: OpCase[] = [...build('edges', 'special', 100), ...build('edges', 'subnormal', 300)];
const half = (dims: readonly number[], seed: number): CaseInput => ({
  dtype: 'float16',
  dims,
  data: Uint16Array.from({ length: sizeOf(dims) }, (_, i) => 0x3000 + ((i * 977 + seed) % 0x1000)),
});
const random: OpCase[] = [
  ...build('random', 'normal', 500),
  one(
    'float16',
    'random',
    ['', 'CausalConvWithState', 2],
    [half([1, 2, 3], 1), half([2, 1, 2], 2)],
    {
      activation: 'silu',
    },
  ),
];

// The last of six rows, in one run and behind a state; and in a batch.
const [q, k, v, g] = [floats(1, 24), floats(2, 24), floats(3, 12), floats(4, 6)];
const linear = { q_num_heads: 2, kv_num_heads: 2, update_rule: 'gated' };
const rows = (data: Float32Array, width: number, from: number, to: number): CaseInput =>
  f32([1, to - from, width], data.slice(from * width, to * width));
const doubled = (data: Float32Array, width: number): CaseInput =>
  f32([2, 6, width], [...floats(9, 6 * width), ...data]);
const gates = (from: number, to: number): CaseInput =>
  f32(
    [1, to - from, 2],
    [...g.slice(from, to)].flatMap((x) => [-Math.abs(x), -Math.abs(x)]),
  );
const conv = [f32([2, 1, 3], floats(20, 6)), f32([2], floats(21, 2))];
const signal = floats(22, 12);
const invariance: OpCase[] = [
  ...LINEAR.flatMap((op) => {
    const key = `state/${op[0]}:LinearAttention row`;
    return [
      one(
        'alone',
        'invariance',
        op,
        [rows(q, 4, 0, 6), rows(k, 4, 0, 6), rows(v, 2, 0, 6), undefined, gates(0, 6)],
        linear,
        {
          same: { key, from: 10 },
        },
      ),
      one(
        'second of two',
        'invariance',
        op,
        [
          doubled(q, 4),
          doubled(k, 4),
          doubled(v, 2),
          undefined,
          f32([2, 6, 2], [...g, ...g, ...[...g].flatMap((x) => [-Math.abs(x), -Math.abs(x)])]),
        ],
        linear,
        { same: { key, from: 22 } },
      ),
    ];
  }),
  ...CONV.flatMap((op) => {
    const key = `state/${op[0]}:CausalConvWithState column`;
    return [
      one(
        'whole',
        'invariance',
        op,
        [f32([1, 2, 6], signal), ...conv],
        {},
        { same: { key, from: 11 } },
      ),
      one(
        'behind a state',
        'invariance',
        op,
        [
          f32([1, 2, 2], [...signal.slice(4, 6), ...signal.slice(10)]),
          ...conv,
          f32([1, 2, 2], [...signal.slice(2, 4), ...signal.slice(8, 10)]),
        ],
        {},
        { same: { key, from: 3 } },
      ),
    ];
  }),
  ...['linear', 'circular'].map((mode) =>
    one(
      `mode=${mode}`,
      'invariance',
      SCATTER,
      [f32([1, 6, 2], signal), f32([1, 2, 2], q.slice(0, 4)), i64(1)],
      { mode },
      {
        same: { key: 'state/TensorScatter inside' },
      },
    ),
  ),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
