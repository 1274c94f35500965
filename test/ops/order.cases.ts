// ArgMax, ArgMin, TopK and CumSum: ties, NaN and zeros by hand, integers, axes, directions.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, integers } from '../harness/prng.ts';

type Attributes = Readonly<Record<string, CaseAttribute>>;
const f32 = (dims: readonly number[], data: readonly number[] | Float32Array): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const number = (value: number): CaseInput => ({
  dtype: 'int64',
  dims: [1],
  data: [BigInt(value)],
  constant: true,
});
const floatsOf = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('float32', list, dims);
const indices = (dims: readonly number[], ...list: number[]): Tensor =>
  new Tensor('int64', list.map(BigInt), dims);

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  inputs: readonly CaseInput[],
  attributes: Attributes = {},
  expected?: readonly Tensor[],
): OpCase {
  const outputs = opType === 'TopK' ? 2 : 1;
  const spec = { opType, opset: 13, attributes, inputs, outputs };
  return nodeCase(`order/${opType} ${id}`, group, spec, expected === undefined ? {} : { expected });
}

const ties = f32([2, 4], [1, 3, 3, 2, -1, -5, 0, -5]);
const last = { axis: 1, keepdims: 0 };
const defined: OpCase[] = [
  one('ties', 'defined', 'ArgMax', [ties], last, [indices([2], 1, 2)]),
  one('ties,last', 'defined', 'ArgMax', [ties], { ...last, select_last_index: 1 }, [
    indices([2], 2, 2),
  ]),
  one('ties', 'defined', 'ArgMin', [ties], last, [indices([2], 0, 1)]),
  one('ties,last', 'defined', 'ArgMin', [ties], { ...last, select_last_index: 1 }, [
    indices([2], 0, 3),
  ]),
  one('columns', 'defined', 'ArgMax', [ties], {}, [indices([1, 4], 0, 0, 0, 0)]),
  one('largest', 'defined', 'TopK', [ties, number(3)], {}, [
    floatsOf([2, 3], 3, 3, 2, 0, -1, -5),
    indices([2, 3], 1, 2, 3, 2, 0, 1),
  ]),
  one('smallest', 'defined', 'TopK', [ties, number(2)], { largest: 0 }, [
    floatsOf([2, 2], 1, 2, -5, -5),
    indices([2, 2], 0, 3, 1, 3),
  ]),
  one('columns', 'defined', 'TopK', [ties, number(1)], { axis: 0 }, [
    floatsOf([1, 4], 1, 3, 3, 2),
    indices([1, 4], 0, 0, 0, 0),
  ]),
  ...(['', 'exclusive', 'reverse', 'exclusive,reverse'] as const).map((id, i) =>
    one(
      `1 to 4 ${id}`,
      'defined',
      'CumSum',
      [f32([4], [1, 2, 3, 4]), number(0)],
      { exclusive: i % 2, reverse: i >> 1 },
      [
        floatsOf(
          [4],
          ...([
            [1, 3, 6, 10],
            [0, 1, 3, 6],
            [10, 9, 7, 4],
            [9, 7, 4, 0],
          ][i] ?? []),
        ),
      ],
    ),
  ),
  // Term by term: 2^24 swallows each 1.
  one('order', 'defined', 'CumSum', [f32([4], [16777216, 1, 1, 1]), number(-1)], {}, [
    floatsOf([4], 16777216, 16777216, 16777216, 16777216),
  ]),
  one(
    'dtype=int64',
    'defined',
    'CumSum',
    [{ dtype: 'int64', dims: [2, 2], data: [1n, 2n, 3n, -4n] }, number(0)],
    {},
    [new Tensor('int64', [1n, 2n, 4n, -2n], [2, 2])],
  ),
];

const odd = f32([3, 4], [NaN, Infinity, NaN, 1, -Infinity, NaN, -0, 0, 1e-45, -0, 0, -1e-45]);
const edges: OpCase[] = [
  one('data=odd', 'edges', 'ArgMax', [odd], last, [indices([3], 0, 1, 0)]),
  one('data=odd', 'edges', 'ArgMin', [odd], last, [indices([3], 0, 1, 0)]),
  one('data=odd', 'edges', 'TopK', [odd, number(4)], {}),
  one('data=odd,smallest', 'edges', 'TopK', [odd, number(4)], { largest: 0 }),
  one('k=0', 'edges', 'TopK', [ties, number(0)], {}),
  one('data=special', 'edges', 'ArgMax', [f32([5, 40], floats(1, 200, 'special'))], last),
  one('data=special', 'edges', 'ArgMin', [f32([5, 40], floats(2, 200, 'special'))], last),
  one('data=special', 'edges', 'TopK', [f32([5, 40], floats(3, 200, 'special')), number(9)], {}),
  one('data=special', 'edges', 'CumSum', [f32([40, 5], floats(4, 200, 'special')), number(0)], {}),
  one('data=subnormal', 'edges', 'CumSum', [f32([5, 40], floats(5, 200, 'subnormal')), number(1)], {
    reverse: 1,
  }),
];

const dims = [3, 17, 5];
const ints = (dtype: 'int32' | 'int64' | 'uint8' | 'int8', seed: number): CaseInput => {
  const low = dtype === 'uint8' ? 0 : -100;
  const data = integers(seed, 255, low, low + 227);
  return { dtype, dims, data: dtype === 'int64' ? data.map(BigInt) : data };
};
const random: OpCase[] = [0, 1, 2].flatMap((axis) => [
  ...['ArgMax', 'ArgMin'].flatMap((opType) => [
    one(`axis=${axis}`, 'random', opType, [f32(dims, floats(axis, 255))], { axis }),
    one(`axis=${axis},dtype=int32`, 'random', opType, [ints('int32', axis)], {
      axis,
      select_last_index: 1,
    }),
    one(`axis=${axis},dtype=uint8`, 'random', opType, [ints('uint8', axis)], { axis }),
  ]),
  one(`axis=${axis}`, 'random', 'TopK', [f32(dims, floats(axis, 255)), number(3)], { axis }),
  one(`axis=${axis},dtype=int64`, 'random', 'TopK', [ints('int64', axis), number(2)], {
    axis,
    largest: 0,
  }),
  one(`axis=${axis},dtype=int8`, 'random', 'TopK', [ints('int8', axis), number(3)], { axis }),
  one(`axis=${axis}`, 'random', 'CumSum', [f32(dims, floats(axis, 255, 'wide')), number(axis)], {
    exclusive: axis & 1,
  }),
  one(`axis=${axis},dtype=int32`, 'random', 'CumSum', [ints('int32', axis), number(axis)], {
    reverse: axis & 1,
  }),
]);

// The first best of ten rows in a batch is the first best of each alone.
const rows = floats(50, 1000);
const invariance: OpCase[] = ['ArgMax', 'ArgMin'].flatMap((opType) => {
  const key = `order/${opType} rows`;
  const spec = (
    data: Float32Array,
  ): { opType: string; opset: number; attributes: Attributes; inputs: CaseInput[] } => ({
    opType,
    opset: 13,
    attributes: { axis: 1 },
    inputs: [f32([data.length / 100, 100], data)],
  });
  return [
    nodeCase(`order/${opType} rows=10`, 'invariance', spec(rows), {
      same: { key, from: 7, to: 8 },
    }),
    nodeCase(`order/${opType} rows=1`, 'invariance', spec(rows.slice(700, 800)), { same: { key } }),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
