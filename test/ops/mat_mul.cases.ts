// MatMul and Gemm: by hand, sizes around every tile and around the groups of 64, operands at the flush limit and not
// finite, broadcast batches, transposed operands, vectors, fused epilogues; the same row in other batches.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Node } from '../../src/graph/graph.ts';
import { nodeCase, type CaseAttribute, type CaseInput, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const sizeOf = (dims: readonly number[]): number => dims.reduce((n, dim) => n * dim, 1);
const given = (dims: readonly number[], data: Float32Array | readonly number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const repeat = (n: number, value: number): number[] => Array.from({ length: n }, () => value);
const words = (...list: number[]): number[] => list.map(f32OfWord);
const filled = (dims: readonly number[], seed: number, kind: FloatKind): CaseInput =>
  given(dims, floats(seed, sizeOf(dims), kind));

function matMul(
  group: OpCase['group'],
  a: readonly number[],
  b: readonly number[],
  kind: FloatKind = 'normal',
  seed = 1,
  constant = false,
): OpCase {
  const id = `mat_mul/op=MatMul,a=${a.join('x')},b=${b.join('x')},data=${kind},seed=${seed}${constant ? ',b=constant' : ''}`;
  return nodeCase(id, group, {
    opType: 'MatMul',
    inputs: [filled(a, seed, kind), { ...filled(b, seed + 1000, kind), constant }],
  });
}

function gemm(
  group: OpCase['group'],
  a: readonly number[],
  b: readonly number[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
  c?: readonly number[],
  kind: FloatKind = 'normal',
  seed = 1,
): OpCase {
  const text = Object.entries(attributes).map(
    ([name, value]) => `,${name}=${JSON.stringify(value)}`,
  );
  return nodeCase(
    `mat_mul/op=Gemm,a=${a.join('x')},b=${b.join('x')},c=${c?.join('x') ?? 'none'}${text.join('')},data=${kind},seed=${seed}`,
    group,
    {
      opType: 'Gemm',
      attributes,
      inputs: [
        filled(a, seed, kind),
        filled(b, seed + 1000, kind),
        ...(c === undefined ? [] : [filled(c, seed + 2000, kind)]),
      ],
    },
  );
}

const defined: OpCase[] = [
  nodeCase(
    'mat_mul/op=MatMul,by=hand',
    'defined',
    { opType: 'MatMul', inputs: [given([2, 2], [1, 2, 3, 4]), given([2, 2], [5, 6, 7, 8])] },
    { expected: [new Tensor('float32', [19, 22, 43, 50], [2, 2])] },
  ),
  nodeCase(
    'mat_mul/op=MatMul,data=flush-limit',
    'defined',
    {
      opType: 'MatMul',
      // 2^-51 is an operand, its neighbour below is +0; 2^60 times it would not be small.
      inputs: [
        given([4, 1], words(0x26000000, 0x25ffffff, 0xa5ffffff, 0x80000000)),
        given([1, 1], words(0x5d800000)),
      ],
    },
    { expected: [new Tensor('float32', [512, 0, 0, 0], [4, 1])] },
  ),
  // The same where a GPU kernel may: operands stay under 2^50. One column, then rows and columns enough for a tile.
  ...[1, 5].map((n) =>
    nodeCase(
      `mat_mul/op=MatMul,data=flush-limit,n=${n}`,
      'defined',
      {
        opType: 'MatMul',
        inputs: [
          given([5, 1], words(0x26000000, 0x25ffffff, 0xa5ffffff, 0x80000000, 0xa6000000)),
          given([1, n], repeat(n, 2 ** 40)),
        ],
      },
      {
        expected: [
          new Tensor(
            'float32',
            [2 ** -11, 0, 0, 0, -(2 ** -11)].flatMap((value) => repeat(n, value)),
            [5, n],
          ),
        ],
      },
    ),
  ),
  // Sums that cancel to 2^-125, which is +0, and to 2^-120, which stays.
  ...[1, 5].map((n) =>
    nodeCase(
      `mat_mul/op=MatMul,data=cancelling,n=${n}`,
      'defined',
      {
        opType: 'MatMul',
        inputs: [
          given(
            [4, 2],
            words(
              ...[0x26000001, 0x26000000, 0x26000020, 0x26000000],
              ...[0x26000000, 0x26000001, 0x26000000, 0x26000020],
            ),
          ),
          given([2, n], [...repeat(n, 2 ** -51), ...repeat(n, -(2 ** -51))]),
        ],
      },
      {
        expected: [
          new Tensor(
            'float32',
            [0, 2 ** -120, 0, -(2 ** -120)].flatMap((value) => repeat(n, value)),
            [4, n],
          ),
        ],
      },
    ),
  ),
  nodeCase(
    'mat_mul/op=MatMul,data=overflow',
    'defined',
    {
      opType: 'MatMul',
      // Both products overflow before they are added.
      inputs: [given([1, 2], [3e38, 3e38]), given([2, 2], [3e38, 1, -3e38, 1])],
    },
    { expected: [new Tensor('float32', [NaN, Infinity], [1, 2])] },
  ),
  nodeCase(
    'mat_mul/op=MatMul,data=order',
    'defined',
    {
      opType: 'MatMul',
      // 1 is lost against 2^24 when it is added to it, and kept when it starts the next group of 64.
      inputs: [
        given([2, 66], [16777216, 1, 1, ...repeat(63, 0), 16777216, ...repeat(63, 0), 1, 1]),
        given([66, 1], repeat(66, 1)),
      ],
    },
    { expected: [new Tensor('float32', [16777216, 16777218], [2, 1])] },
  ),
  nodeCase(
    'mat_mul/op=MatMul,data=not-finite',
    'defined',
    {
      opType: 'MatMul',
      inputs: [
        given([5, 2], [Infinity, 1, Infinity, -Infinity, NaN, 0, Infinity, 0, 3e38, 3e38]),
        given([2, 1], [1, 1]),
      ],
    },
    { expected: [new Tensor('float32', [Infinity, NaN, NaN, Infinity, Infinity], [5, 1])] },
  ),
  nodeCase(
    'mat_mul/op=MatMul,data=infinity-times-zero',
    'defined',
    { opType: 'MatMul', inputs: [given([1, 2], [Infinity, 1]), given([2, 2], [0, 1, 1, 1])] },
    { expected: [new Tensor('float32', [NaN, Infinity], [1, 2])] },
  ),
  nodeCase(
    'mat_mul/op=MatMul,k=0',
    'defined',
    { opType: 'MatMul', inputs: [given([2, 0], []), given([0, 3], [])] },
    { expected: [new Tensor('float32', [0, 0, 0, 0, 0, 0], [2, 3])] },
  ),
  nodeCase(
    'mat_mul/op=Gemm,by=hand',
    'defined',
    {
      opType: 'Gemm',
      attributes: { alpha: { float: 2 }, beta: { float: 0.5 }, transB: 1 },
      inputs: [
        given([2, 2], [1, 2, 3, 4]),
        given([2, 2], [5, 7, 6, 8]),
        given([2], [2, -Infinity]),
      ],
    },
    { expected: [new Tensor('float32', [39, -Infinity, 87, -Infinity], [2, 2])] },
  ),
];

const edges: OpCase[] = [
  // Terms around 16 (what a tile loads at once), 64 and 64 * 64.
  ...[1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000].map((k) =>
    matMul('edges', [5, k], [k, 7], 'normal', k),
  ),
  ...[4095, 4096, 4097, 8193].map((k) => matMul('edges', [4, k], [k, 5], 'normal', k)),
  ...[1, 2, 3].flatMap((m) =>
    [1, 63, 64, 65, 4097].map((k) => matMul('edges', [m, k], [k, 70], 'wide', k)),
  ),
  // Rows and columns around the tiles of the WebGPU kernel and the strips and panels of the reference.
  ...[1, 3, 4, 5, 8, 9, 31, 32, 33, 65].map((m) => matMul('edges', [m, 20], [20, 33], 'wide', m)),
  ...[1, 2, 3, 4, 7, 8, 9, 31, 33, 64, 65, 129].map((n) =>
    matMul('edges', [9, 70], [70, n], 'wide', n),
  ),
  ...(['special', 'subnormal'] as const).flatMap((kind) => [
    matMul('edges', [7, 70], [70, 9], kind),
    matMul('edges', [1, 150], [150, 9], kind),
  ]),
  // Few rows, whose right operand is packed on the way, over several blocks of columns.
  ...[1, 2, 3, 4].flatMap((m) => [
    matMul('edges', [m, 37], [37, 530], 'wide', m),
    gemm('edges', [m, 37], [530, 37], { transB: 1 }, [530], 'wide', m),
  ]),
  matMul('edges', [2, 3, 20], [2, 20, 530], 'wide'),
  matMul('edges', [2, 3000], [3000, 70], 'wide'),
  matMul('edges', [66], [66]),
  matMul('edges', [66], [66, 5]),
  matMul('edges', [5, 66], [66]),
  matMul('edges', [2, 5, 66], [66]),
  matMul('edges', [66], [2, 66, 3]),
  matMul('edges', [0, 3], [3, 4]),
  matMul('edges', [2, 0, 3], [3, 4]),
  gemm('edges', [4, 0], [0, 5], {}, [5]),
];

const random: OpCase[] = [
  ...(['normal', 'wide', 'integer'] as const).flatMap((kind) => [
    matMul('random', [37, 130], [130, 41], kind),
    matMul('random', [2, 3, 10, 70], [70, 12], kind, 2, true),
    matMul('random', [2, 3, 10, 20], [2, 3, 20, 12], kind),
    matMul('random', [2, 1, 10, 20], [3, 20, 12], kind),
    matMul('random', [3, 10, 20], [2, 3, 20, 1], kind),
    matMul('random', [10, 20], [2, 3, 20, 12], kind),
    matMul('random', [4, 1, 64], [4, 64, 130], kind, 3),
    gemm('random', [11, 66], [66, 13], {}, undefined, kind),
    gemm('random', [66, 11], [66, 13], { transA: 1 }, [13], kind),
    gemm('random', [11, 66], [13, 66], { transB: 1, alpha: { float: 0.3 } }, [11, 1], kind),
    gemm('random', [66, 37], [40, 66], { transA: 1, transB: 1, beta: { float: 1.7 } }, [1], kind),
    gemm('random', [1, 300], [130, 300], { transB: 1 }, [130], kind),
    gemm('random', [1, 1024], [10, 1024], { transB: 1 }, [1, 10], kind),
    gemm('random', [40, 700], [1, 700], { transB: 1 }, [1], kind),
  ]),
  // One row: blocks of columns that one call takes together, and what is left of four panels at a time.
  matMul('random', [1, 200], [200, 733], 'normal', 5),
  matMul('random', [3, 1, 90], [3, 90, 411], 'wide', 6),
  matMul('random', [64, 64], [64, 64]),
  matMul('random', [100, 300], [300, 20]),
  matMul('random', [20, 5000], [5000, 3]),
];

/** MatMul, then Add and Mul of `summands` in turn, then Relu: one dispatch once fused. */
function fused(a: readonly number[], b: readonly number[], summands: readonly number[][]): OpCase {
  const id = `mat_mul/fused=${summands.map((dims) => dims.join('x')).join('+')},a=${a.join('x')},b=${b.join('x')}`;
  const tensor = (dims: readonly number[], seed: number): Tensor =>
    new Tensor('float32', floats(seed, sizeOf(dims)), dims);
  const feeds = new Map([
    ['a', tensor(a, 1)],
    ['b', tensor(b, 2)],
    ...summands.map((dims, i): [string, Tensor] => [`c${i}`, tensor(dims, 3 + i)]),
  ]);
  const node = (index: number, opType: string, inputs: string[], output: string): Node => ({
    index,
    name: `node ${index}`,
    domain: '',
    opType,
    inputs,
    outputs: [output],
    attributes: new Map(),
  });
  const nodes = [node(0, 'MatMul', ['a', 'b'], 'v0')];
  summands.forEach((_, i) => {
    nodes.push(node(i + 1, i % 2 === 0 ? 'Add' : 'Mul', [`v${i}`, `c${i}`], `v${i + 1}`));
  });
  nodes.push(node(nodes.length, 'Relu', [`v${summands.length}`], 'y0'));
  return {
    id,
    group: 'random',
    feeds,
    graph: {
      name: id,
      nodes,
      inputs: [...feeds].map(([name, { dims }]) => ({ name, dtype: 'float32', dims: [...dims] })),
      outputs: [{ name: 'y0' }],
      initializers: new Map(),
      valueInfo: new Map(),
      opsets: new Map([['', 17]]),
    },
  };
}

// What is added is one for the output, a row, a column, a matrix or an element, alone and together.
random.push(
  ...[
    [1, 70],
    [3, 300],
    [10, 20],
  ].flatMap(([m = 1, k = 1]) => [
    fused([m, k], [k, 24], [[1], [24]]),
    fused(
      [m, k],
      [k, 24],
      [
        [m, 1],
        [m, 24],
      ],
    ),
    fused(
      [2, 3, m, k],
      [k, 12],
      [
        [3, 1, 12],
        [2, 1, 1, 1],
      ],
    ),
    fused(
      [2, 3, m, k],
      [2, 3, k, 12],
      [
        [3, m, 1],
        [m, 12],
      ],
    ),
    fused(
      [2, 3, m, k],
      [3, k, 13],
      [
        [2, 1, m, 13],
        [3, 1, 1],
      ],
    ),
  ]),
);

// One row, alone, behind others, and in a batch of matrices: always the same bits.
const row = floats(77, 333);
const right = floats(78, 333 * 50);
const others = (seed: number, n: number): Float32Array => floats(seed, n * 333, 'wide');
const invariance: OpCase[] = [0, 1, 3, 4, 8, 30, 40].flatMap((before) => {
  const rows = before + 1 + (before % 3);
  const data = new Float32Array(rows * 333);
  data.set(others(before, rows));
  data.set(row, before * 333);
  const same = { key: 'row', from: before * 50, to: (before + 1) * 50 };
  return [
    nodeCase(
      `mat_mul/row=${before},of=${rows}`,
      'invariance',
      { opType: 'MatMul', inputs: [given([rows, 333], data), given([333, 50], right)] },
      { same },
    ),
    nodeCase(
      `mat_mul/matrix=${before},of=${rows}`,
      'invariance',
      { opType: 'MatMul', inputs: [given([rows, 1, 333], data), given([1, 333, 50], right)] },
      { same },
    ),
  ];
});

export const cases: OpCase[] = [...defined, ...edges, ...random, ...invariance];
