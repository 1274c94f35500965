// Values written by hand, one small node an operator, for operators whose own case file has none in its group `defined`:
// exact results, limits at infinities, and what a NaN does. Its other three groups repeat one of them in other places.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { int64s } from '../harness/movement.ts';
import { floats } from '../harness/prng.ts';

const input = (dtype: DType, dims: readonly number[], data: readonly number[]): CaseInput => ({
  dtype,
  dims,
  data: dtype === 'int64' ? data.map(BigInt) : data,
});
const f32 = (...data: number[]): CaseInput => input('float32', [data.length], data);
const bool = (...data: number[]): CaseInput => input('bool', [data.length], data);
const floatsOf = (...data: number[]): Tensor => new Tensor('float32', data, [data.length]);
const boolsOf = (...data: number[]): Tensor => new Tensor('bool', data, [data.length]);

function defined(
  opType: string,
  inputs: readonly CaseInput[],
  expected: Tensor,
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  opset = 17,
): OpCase {
  return nodeCase(
    `every_operator_defined/op=${opType}`,
    'defined',
    { opType, opset, attributes, inputs },
    { expected: [expected] },
  );
}

const inf = Infinity;
const UNARY: readonly (readonly [string, number[], number[]])[] = [
  ['Ceil', [1.2, -1.2, -0.5, 2, -inf], [2, -1, 0, 2, -inf]],
  ['Erf', [0, inf, -inf, NaN], [0, 1, -1, NaN]],
  ['Exp', [0, -inf, inf, NaN], [1, 0, inf, NaN]],
  ['Floor', [1.2, -1.2, 0.5, 2, -inf], [1, -2, 0, 2, -inf]],
  ['Log', [1, 0, -0, inf, -1], [0, -inf, -inf, inf, NaN]],
  ['Reciprocal', [2, 0, -0, -4, -inf], [0.5, inf, inf, -0.25, 0]],
  ['Round', [0.5, 1.5, 2.5, -0.5, -1.5], [0, 2, 2, 0, -2]],
  ['Sigmoid', [0, inf, -inf, NaN], [0.5, 1, 0, NaN]],
  ['Sign', [3, -2, -0, NaN, -inf], [1, -1, 0, NaN, -1]],
  ['Tanh', [0, inf, -inf, NaN], [0, 1, -1, NaN]],
];
const BINARY: readonly (readonly [string, number[], number[], number[]])[] = [
  ['Max', [1, 5, NaN, -0], [3, 2, 1, 0], [3, 5, NaN, 0]],
  ['Min', [1, 5, NaN, -inf], [3, 2, 1, 0], [1, 2, NaN, -inf]],
  ['Mul', [3, 0, -2, inf], [-2, inf, 2 ** -120, -1], [-6, NaN, -(2 ** -119), -inf]],
  ['PRelu', [-2, 3, -inf, NaN], [0.5, 2, -1, 1], [-1, 3, inf, NaN]],
  ['Pow', [2, 3, 4, 0], [3, 2, 0.5, 0], [8, 9, 2, 1]],
  ['Sub', [3, inf, 1, 2 ** -119], [5, inf, -inf, 2 ** -119], [-2, NaN, inf, 0]],
];
const COMPARISONS: readonly (readonly [string, number[]])[] = [
  ['Equal', [0, 1, 0, 0, 1]],
  ['Greater', [0, 0, 1, 0, 0]],
  ['GreaterOrEqual', [0, 1, 1, 0, 1]],
  ['Less', [1, 0, 0, 0, 0]],
  ['LessOrEqual', [1, 1, 0, 0, 1]],
];
const LOGIC: readonly (readonly [string, number[]])[] = [
  ['And', [0, 0, 0, 1]],
  ['Or', [0, 1, 1, 1]],
  ['Xor', [0, 1, 1, 0]],
];

const one = [1, 2, 3, 4, 5, 6, 7, 8];

/** Sigmoid of the same words, alone and behind others. */
const row = floats(7, 9);
const shifted = new Float32Array(30);
shifted.set(row, 11);
const sigmoid = (id: string, group: OpCase['group'], data: Float32Array): OpCase =>
  nodeCase(`every_operator_defined/op=Sigmoid,${id}`, group, {
    opType: 'Sigmoid',
    inputs: [{ dtype: 'float32', dims: [data.length], data }],
  });
const key = 'every_operator_defined/Sigmoid';

export const cases: OpCase[] = [
  ...UNARY.map(([op, x, y]) => defined(op, [f32(...x)], floatsOf(...y))),
  ...BINARY.map(([op, a, b, y]) => defined(op, [f32(...a), f32(...b)], floatsOf(...y))),
  // -0 is 0, and everything under 2^-120 too.
  ...COMPARISONS.map(([op, y]) =>
    defined(op, [f32(1, 2, 3, NaN, -0), f32(2, 2, 2, 2, 2 ** -121)], boolsOf(...y)),
  ),
  ...LOGIC.map(([op, y]) => defined(op, [bool(0, 0, 1, 1), bool(0, 1, 0, 1)], boolsOf(...y))),
  defined('Not', [bool(0, 1)], boolsOf(1, 0)),
  defined('IsNaN', [f32(NaN, 1, inf)], boolsOf(1, 0, 0)),
  defined('LeakyRelu', [f32(-2, 3, NaN)], floatsOf(-1, 3, NaN), { alpha: { float: 0.5 } }),
  defined('Sum', [f32(2 ** 24), f32(1), f32(1)], floatsOf(2 ** 24)),
  defined(
    'Mod',
    [input('int32', [4], [7, -7, 7, -7]), input('int32', [4], [3, 3, -3, -3])],
    new Tensor('int32', [1, 2, -2, -1], [4]),
  ),
  defined(
    'DepthToSpace',
    [input('float32', [1, 8, 1, 1], one)],
    new Tensor('float32', [1, 3, 5, 7, 2, 4, 6, 8], [1, 2, 2, 2]),
    { blocksize: 2 },
  ),
  defined(
    'SpaceToDepth',
    [input('float32', [1, 2, 2, 2], one)],
    new Tensor('float32', [1, 5, 2, 6, 3, 7, 4, 8], [1, 8, 1, 1]),
    { blocksize: 2 },
  ),
  defined(
    'Expand',
    [input('float32', [2, 1], [1, 2]), int64s(2, 2)],
    new Tensor('float32', [1, 1, 2, 2], [2, 2]),
  ),
  defined(
    'GatherElements',
    [input('float32', [2, 2], [1, 2, 3, 4]), input('int64', [2, 2], [0, 0, 1, -2])],
    new Tensor('float32', [1, 1, 4, 3], [2, 2]),
    { axis: 1 },
  ),
  defined(
    'GatherND',
    [input('float32', [2, 2], [1, 2, 3, 4]), input('int64', [2, 2], [0, 0, 1, -1])],
    new Tensor('float32', [1, 4], [2]),
  ),
  defined('ReduceLogSum', [f32(0.25, 0.5, 0.25)], floatsOf(0), { axes: [0] }, 13),
  defined('ReduceLogSumExp', [f32(5, -inf)], floatsOf(5), { axes: [0] }, 13),
  defined(
    'SimplifiedLayerNormalization',
    [input('float32', [1, 2], [2, -2]), f32(1, 3)],
    new Tensor('float32', [1, -3], [1, 2]),
    { epsilon: { float: 0 } },
  ),
  defined('Tile', [f32(1, 2), int64s(3)], floatsOf(1, 2, 1, 2, 1, 2)),
  defined(
    'Trilu',
    [input('float32', [2, 2], [1, 2, 3, 4])],
    new Tensor('float32', [1, 2, 0, 4], [2, 2]),
  ),
  // Window 0 reaches over both elements.
  nodeCase(
    'every_operator_defined/op=MaxPool,no tap inside',
    'defined',
    {
      opType: 'MaxPool',
      attributes: { kernel_shape: [2], dilations: [3], pads: [1, 2] },
      inputs: [input('float32', [1, 1, 2], [5, 6])],
      outputs: 2,
    },
    {
      expected: [
        new Tensor('float32', [-inf, 5], [1, 1, 2]),
        new Tensor('int64', [-1n, 0n], [1, 1, 2]),
      ],
    },
  ),
  ...(['reflect', 'wrap'] as const).map((mode) =>
    nodeCase(
      `every_operator_defined/op=Pad,mode=${mode},cut`,
      'defined',
      { opType: 'Pad', opset: 19, attributes: { mode }, inputs: [f32(1, 2, 3), int64s(-2, 3)] },
      { expected: [mode === 'wrap' ? floatsOf(3, 1, 2, 3) : floatsOf(3, 2, 1, 2)] },
    ),
  ),
  sigmoid('data=special', 'edges', floats(8, 40, 'special')),
  sigmoid('data=normal', 'random', floats(9, 40)),
  { ...sigmoid('alone', 'invariance', row), same: { key } },
  { ...sigmoid('behind', 'invariance', shifted), same: { key, from: 11, to: 20 } },
];
