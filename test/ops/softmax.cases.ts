// Softmax, LogSoftmax and Hardmax: by hand, infinite and NaN rows, short and long rows, other axes, old opsets.
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type OpCase, type Same } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const inf = Infinity;

function one(
  id: string,
  group: OpCase['group'],
  opType: string,
  dims: readonly number[],
  data: readonly number[] | Float32Array,
  attributes: Readonly<Record<string, number>> = {},
  opset = 13,
  expected?: readonly number[],
  same?: Same,
): OpCase {
  return nodeCase(
    `softmax/${opType} ${id}`,
    group,
    { opType, opset, attributes, inputs: [{ dtype: 'float32', dims, data }] },
    {
      ...(expected === undefined ? {} : { expected: [new Tensor('float32', expected, dims)] }),
      ...(same === undefined ? {} : { same }),
    },
  );
}

const defined: OpCase[] = [
  one('equal', 'defined', 'Softmax', [1, 4], [7, 7, 7, 7], {}, 13, [0.25, 0.25, 0.25, 0.25]),
  one('pair', 'defined', 'Softmax', [2, 2], [0, -inf, 3, 3], {}, 13, [1, 0, 0.5, 0.5]),
  one('column', 'defined', 'Softmax', [2, 2], [1, 5, 1, -inf], { axis: 0 }, 13, [0.5, 1, 0.5, 0]),
  // Before opset 13 the axes from `axis` on are one row.
  one('opset=11', 'defined', 'Softmax', [1, 2, 2], [1, 1, 1, 1], {}, 11, [0.25, 0.25, 0.25, 0.25]),
  one('equal', 'defined', 'LogSoftmax', [1, 1], [123], {}, 13, [0]),
  one(
    'ties',
    'defined',
    'Hardmax',
    [3, 3],
    [1, 3, 3, NaN, inf, NaN, -0, 0, -1],
    {},
    13,
    [0, 1, 0, 1, 0, 0, 1, 0, 0],
  ),
  one('column', 'defined', 'Hardmax', [2, 2], [1, 5, 2, 5], { axis: 0 }, 13, [0, 1, 1, 0]),
];

const rows = [
  ...[inf, 1, 2, 3],
  ...[-inf, -inf, -inf, -inf],
  ...[NaN, 1, 2, 3],
  ...[-inf, 1, -inf, 3],
  ...[3e38, -3e38, 0, 1],
  ...[inf, -inf, inf, NaN],
  ...[0, -0, 1e-45, -1e-45],
  ...[-80, -85, 0, -90],
];
const edges: OpCase[] = ['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((opType) => [
  one('data=special rows', 'edges', opType, [8, 4], rows),
  one('data=special columns', 'edges', opType, [8, 4], rows, { axis: 0 }),
  one('data=special pairs', 'edges', opType, [16, 2], rows),
  one('data=special', 'edges', opType, [5, 21], floats(3, 105, 'special')),
  one('data=subnormal', 'edges', opType, [3, 33], floats(4, 99, 'subnormal')),
  one('size=1', 'edges', opType, [3, 1], floats(5, 3)),
]);

const SHAPES: readonly (readonly [readonly number[], number])[] = [
  [[7, 2], 1],
  [[2, 37], 0],
  [[5, 3], 1],
  [[9, 64], -1],
  [[6, 65], -1],
  [[1, 1025], -1],
  [[2, 4100], -1],
  [[2, 19, 1], 1],
  [[2, 19, 7], 1],
  [[67, 30], 0],
  [[3, 5, 66], 1],
];
const random: OpCase[] = SHAPES.flatMap(([dims, axis], seed) =>
  ['Softmax', 'LogSoftmax', 'Hardmax'].map((opType, i) => {
    const kind: FloatKind = (seed + i) % 3 === 2 ? 'wide' : 'normal';
    const data = floats(
      seed,
      dims.reduce((product, size) => product * size, 1),
      kind,
    );
    return one(`dims=${dims.join('x')},axis=${axis},data=${kind}`, 'random', opType, dims, data, {
      axis,
    });
  }),
);
random.push(
  one('opset=11,axis=2', 'random', 'Softmax', [2, 3, 4, 5], floats(31, 120), { axis: 2 }, 11),
);

// The same 200 terms as a row, as a column, by the older definition, and second in a batch of three.
const row = floats(77, 200);
const batch = Float32Array.from({ length: 600 }, (_, i) =>
  Math.floor(i / 200) === 1 ? (row[i % 200] ?? 0) : i % 7,
);
const key = 'softmax/Softmax layout';
const shape = [1, 200, 1];
const invariance: OpCase[] = [
  one('layout=row', 'invariance', 'Softmax', shape, row, { axis: 1 }, 13, undefined, { key }),
  one('layout=last', 'invariance', 'Softmax', [1, 200], row, {}, 13, undefined, { key }),
  one('layout=flattened', 'invariance', 'Softmax', shape, row, { axis: 1 }, 11, undefined, { key }),
  one('layout=after 0', 'invariance', 'Softmax', shape, row, { axis: 0 }, 7, undefined, { key }),
  one('layout=rows', 'invariance', 'Softmax', [3, 200], batch, {}, 13, undefined, {
    key,
    from: 200,
    to: 400,
  }),
];

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
