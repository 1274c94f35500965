// Operators of two operands before opset 7: equal shapes, or `broadcast` with the second operand aligned at `axis`; Max, Min, Sum
// and Mean before opset 8.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type OpCase } from '../harness/cases.ts';
import { floats, integers } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const OPS = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Less', 'Greater'];

const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

function one(
  op: string,
  opset: number,
  id: string,
  group: OpCase['group'],
  shapes: readonly (readonly number[])[],
  attributes: Attributes,
  seed: number,
): OpCase {
  const kind = group === 'edges' ? 'special' : 'normal';
  return nodeCase(`legacy_broadcast/op=${op},opset=${opset},${id}`, group, {
    opType: op,
    opset,
    attributes,
    inputs: shapes.map((dims, i) => ({
      dtype: 'float32',
      dims,
      data: floats(seed + i, size(dims), kind),
    })),
  });
}

export const cases: readonly OpCase[] = [
  nodeCase(
    'legacy_broadcast/op=Add,axis=1',
    'defined',
    {
      opType: 'Add',
      opset: 6,
      attributes: { broadcast: 1, axis: 1 },
      inputs: [
        { dtype: 'float32', dims: [1, 2, 2], data: [1, 2, 3, 4] },
        { dtype: 'float32', dims: [2], data: [10, 20] },
      ],
    },
    { expected: [new Tensor('float32', [11, 12, 23, 24], [1, 2, 2])] },
  ),
  nodeCase(
    'legacy_broadcast/op=Or,axis=0',
    'defined',
    {
      opType: 'Or',
      opset: 1,
      attributes: { broadcast: 1, axis: 0 },
      inputs: [
        { dtype: 'bool', dims: [2, 2], data: [0, 0, 0, 1] },
        { dtype: 'bool', dims: [2], data: [1, 0] },
      ],
    },
    { expected: [new Tensor('bool', [1, 1, 0, 1], [2, 2])] },
  ),
  ...OPS.flatMap((op, i) => [
    one(
      op,
      6,
      'equal',
      'edges',
      [
        [2, 3],
        [2, 3],
      ],
      {},
      i,
    ),
    one(
      op,
      1,
      'suffix',
      'edges',
      [
        [2, 3, 4],
        [3, 4],
      ],
      { broadcast: 1 },
      20 + i,
    ),
    one(
      op,
      6,
      'axis=0',
      'random',
      [
        [2, 3, 4],
        [2, 3],
      ],
      { broadcast: 1, axis: 0 },
      40 + i,
    ),
    one(op, 6, 'axis=-2', 'random', [[2, 3, 4], [3]], { broadcast: 1, axis: -2 }, 60 + i),
    one(op, 6, 'scalar', 'edges', [[2, 3], []], { broadcast: 1 }, 80 + i),
  ]),
  ...['Max', 'Min', 'Sum', 'Mean'].flatMap((op, i) => [
    one(
      op,
      1,
      'three',
      'random',
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      {},
      100 + i,
    ),
    one(op, 6, 'one', 'edges', [[7]], {}, 110 + i),
  ]),
  ...[[4, 5], [5], [4, 1]].map((dims, i) =>
    nodeCase(`legacy_broadcast/op=Gemm,opset=6,c=${dims.join('x')}`, 'random', {
      opType: 'Gemm',
      opset: 6,
      attributes: i === 0 ? {} : { broadcast: 1 },
      inputs: [[4, 3], [3, 5], dims].map((shape, k) => ({
        dtype: 'float32',
        dims: shape,
        data: floats(120 + k, size(shape)),
      })),
    }),
  ),
  ...[6, 7].map((opset) =>
    nodeCase(
      `legacy_broadcast/op=Mul,opset=${opset},same`,
      'invariance',
      {
        opType: 'Mul',
        opset,
        attributes: opset === 6 ? { broadcast: 1 } : {},
        inputs: [
          { dtype: 'int32', dims: [4, 5], data: integers(1, 20, -99, 99) },
          { dtype: 'int32', dims: [5], data: integers(2, 5, -99, 99) },
        ],
      },
      { same: { key: 'legacy_broadcast/Mul' } },
    ),
  ),
];
