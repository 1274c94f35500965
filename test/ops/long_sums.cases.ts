// Sums of more than 128 groups, the third and the fourth level of V4's tree, in every operator that has one; with operands
// that are not finite too, since those take other paths: Conv's careful one, and on WebGPU the reference's.
import { f32OfWord } from '../../src/core/bits.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseInput, type NodeSpec, type OpCase } from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const f32 = (dims: readonly number[], data: Float32Array | readonly number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const made = (seed: number, dims: readonly number[], kind: FloatKind = 'normal'): CaseInput =>
  f32(
    dims,
    floats(
      seed,
      dims.reduce((a, b) => a * b, 1),
      kind,
    ),
  );
/** The same with one word put in place. */
const planted = (input: CaseInput, at: number, word: number): CaseInput => {
  const data = Float32Array.from(input.data as Float32Array);
  data[at] = f32OfWord(word);
  return { ...input, data };
};
const axes = (...list: number[]): CaseInput => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});
const reduce = (opType: string, x: CaseInput, ...list: number[]): NodeSpec => ({
  opType,
  opset: 18,
  attributes: { keepdims: 0 },
  inputs: [x, axes(...list)],
});

// 2^24 and 8192 ones. In its group 2^24 swallows 63 ones; the 63 other groups of its group of groups give 64 each, the
// next 64 groups 4096, and the last 1, half an ulp from an even number, is lost.
const swallowed = Float32Array.from({ length: 8193 }, (_, i) => (i === 0 ? 2 ** 24 : 1));
const expected = [new Tensor('float32', [2 ** 24 + 63 * 64 + 4096], [])];
const row = floats(7, 8193, 'wide');

export const cases: OpCase[] = [
  nodeCase(
    'long_sums/ReduceSum,swallowed',
    'defined',
    reduce('ReduceSum', f32([8193], swallowed), 0),
    { expected },
  ),
  nodeCase(
    'long_sums/MatMul,swallowed',
    'defined',
    {
      opType: 'MatMul',
      inputs: [f32([8193], swallowed), f32([8193], new Float32Array(8193).fill(1))],
    },
    { expected },
  ),
  // An infinity in one row or filter; the others are finite and summed by the path that bears it.
  nodeCase('long_sums/MatMul,k=8193,infinity', 'edges', {
    opType: 'MatMul',
    inputs: [planted(made(1, [3, 8193]), 8200, 0x7f800000), made(2, [8193, 5])],
  }),
  nodeCase('long_sums/Gemm,k=12353,large', 'edges', {
    opType: 'Gemm',
    attributes: { transB: 1 },
    inputs: [made(3, [2, 12353]), planted(made(4, [3, 12353]), 12400, 0x58800000), made(5, [3])],
  }),
  ...[914, 1400].map((channels) =>
    nodeCase(`long_sums/Conv,channels=${channels},infinity`, 'edges', {
      opType: 'Conv',
      attributes: { pads: [1, 1, 1, 1] },
      inputs: [
        made(6, [1, channels, 3, 4]),
        planted(made(7, [2, channels, 3, 3]), channels * 9 + 100, 0xff800000),
        made(8, [2]),
      ],
    }),
  ),
  nodeCase(
    'long_sums/ReduceSum,n=8257,huge',
    'edges',
    reduce('ReduceSum', planted(made(9, [2, 8257]), 8300, 0x7f7fffff), 1),
  ),
  nodeCase('long_sums/Conv,channels=914', 'random', {
    opType: 'Conv',
    attributes: { strides: [2, 1] },
    inputs: [made(10, [1, 914, 6, 5]), made(11, [3, 914, 3, 3])],
  }),
  nodeCase('long_sums/MatMul,k=262209', 'random', {
    opType: 'MatMul',
    inputs: [made(12, [2, 262209]), made(13, [262209, 1])],
  }),
  ...['ReduceSum', 'ReduceMean', 'ReduceL2', 'ReduceProd', 'ReduceMax', 'ReduceLogSumExp'].flatMap(
    (opType, i) => {
      const kind = opType === 'ReduceProd' ? 'special' : 'normal';
      return [
        nodeCase(
          `long_sums/${opType},rows`,
          'random',
          reduce(opType, made(20 + i, [5, 8200], kind), 1),
        ),
        nodeCase(
          `long_sums/${opType},columns`,
          'random',
          reduce(opType, made(30 + i, [8200, 5], kind), 0),
        ),
        nodeCase(
          `long_sums/${opType},scattered`,
          'random',
          reduce(opType, made(40 + i, [91, 3, 91], kind), 0, 2),
        ),
      ];
    },
  ),
  nodeCase('long_sums/ReduceSum,n=262209', 'random', reduce('ReduceSum', made(50, [262209]), 0)),
  // Factors near 1, so that the product stays in range.
  nodeCase('long_sums/ReduceProd,near=1', 'random', {
    ...reduce(
      'ReduceProd',
      f32(
        [8257],
        floats(51, 8257).map((x) => 1 + x / 256),
      ),
      0,
    ),
  }),
  ...['Softmax', 'LogSoftmax'].map((opType, i) =>
    nodeCase(`long_sums/${opType}`, 'random', { opType, inputs: [made(60 + i, [2, 8200])] }),
  ),
  nodeCase('long_sums/LayerNormalization', 'random', {
    opType: 'LayerNormalization',
    inputs: [made(62, [2, 8200]), made(63, [8200]), made(64, [8200])],
  }),
  nodeCase('long_sums/InstanceNormalization', 'random', {
    opType: 'InstanceNormalization',
    inputs: [made(65, [1, 2, 91, 91]), made(66, [2]), made(67, [2])],
  }),
  ...['GlobalAveragePool', 'GlobalLpPool'].map((opType, i) =>
    nodeCase(`long_sums/${opType}`, 'random', { opType, inputs: [made(68 + i, [1, 3, 91, 91])] }),
  ),
  ...[0, 2].map((position) => {
    const batch = floats(70, 3 * 8193, 'wide');
    batch.set(row, position * 8193);
    return nodeCase(
      `long_sums/ReduceSum,invariance=batch,position=${position}`,
      'invariance',
      reduce('ReduceSum', f32([3, 8193], batch), 1),
      { same: { key: 'long_sums/row', from: position, to: position + 1 } },
    );
  }),
  nodeCase(
    'long_sums/ReduceSum,invariance=alone',
    'invariance',
    reduce('ReduceSum', f32([1, 8193], row), 1),
    { same: { key: 'long_sums/row', from: 0, to: 1 } },
  ),
];
