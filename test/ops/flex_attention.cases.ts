// FlexAttention of ai.onnx.preview without graphs: by hand, groups of heads, special words, the same row in another place. With
// graphs: test/unit/flex_attention.test.ts.
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
const sizeOf = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);
function one(
  id: string,
  group: OpCase['group'],
  inputs: readonly CaseInput[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const spec = { opType: 'FlexAttention', domain: 'ai.onnx.preview', attributes, inputs };
  return nodeCase(`flex_attention/FlexAttention ${id}`, group, spec, extra);
}
const build = (group: OpCase['group'], kind: FloatKind, seed: number): OpCase[] => {
  let next = seed;
  const f = (...dims: number[]): CaseInput => f32(dims, floats(next++, sizeOf(dims), kind));
  return [
    one(`groups,data=${kind}`, group, [f(2, 4, 3, 5), f(2, 2, 6, 5), f(2, 2, 6, 3)]),
    one(`scale,data=${kind}`, group, [f(1, 1, 2, 70), f(1, 1, 66, 70), f(1, 1, 66, 2)], {
      scale: { float: 0.3 },
    }),
  ];
};
const [q, k, v] = [floats(1, 8), floats(2, 24), floats(3, 24)];
const key = 'flex_attention/FlexAttention row';

export const cases: OpCase[] = [
  one(
    'equal weights',
    'defined',
    [f32([1, 1, 1, 1], [0]), f32([1, 1, 2, 1], [1, 2]), f32([1, 1, 2, 1], [4, 8])],
    {},
    { expected: [new Tensor('float32', [6], [1, 1, 1, 1])] },
  ),
  ...build('edges', 'special', 100),
  ...build('edges', 'subnormal', 200),
  ...build('random', 'normal', 300),
  one(
    'alone',
    'invariance',
    [f32([1, 1, 1, 4], q.slice(4)), f32([1, 1, 6, 4], k), f32([1, 1, 6, 4], v)],
    {},
    { same: { key } },
  ),
  one(
    'second row',
    'invariance',
    [f32([1, 1, 2, 4], q), f32([1, 1, 6, 4], k), f32([1, 1, 6, 4], v)],
    {},
    {
      same: { key, from: 4 },
    },
  ),
];
