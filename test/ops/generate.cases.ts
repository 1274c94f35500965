// Operators whose output follows from shapes and attributes: Shape, Size, Constant, ConstantOfShape, Range, EyeLike.
import { Tensor } from '../../src/core/tensor.ts';
import type { DType } from '../../src/core/dtype.ts';
import {
  nodeCase,
  type CaseGroup,
  type CaseInput,
  type NodeSpec,
  type OpCase,
} from '../harness/cases.ts';
import { bits, int64s } from '../harness/movement.ts';
import { f32OfWord } from '../../src/core/bits.ts';

const one = (id: string, group: CaseGroup, spec: NodeSpec, expected: Tensor): OpCase =>
  nodeCase(`generate/${id}`, group, spec, { expected: [expected] });
const scalar = (dtype: DType, x: number): CaseInput => ({
  dtype,
  dims: [],
  data: [dtype === 'int64' ? BigInt(x) : x],
  constant: true,
});
const range = (
  id: string,
  group: CaseGroup,
  dtype: DType,
  bounds: [number, number, number],
  list: number[],
): OpCase =>
  one(
    `op=Range,${id}`,
    group,
    { opType: 'Range', inputs: bounds.map((x) => scalar(dtype, x)) },
    new Tensor(dtype, dtype === 'int64' ? list.map(BigInt) : list, [list.length]),
  );
const x = bits(1, 'float32', [2, 3, 4]);
const { fround } = Math;

export const cases: OpCase[] = [
  one('op=Shape', 'defined', { opType: 'Shape', inputs: [x] }, new Tensor('int64', [2, 3, 4], [3])),
  one(
    'op=Shape,start=-2,end=-1',
    'defined',
    { opType: 'Shape', opset: 15, attributes: { start: -2, end: -1 }, inputs: [x] },
    new Tensor('int64', [3], [1]),
  ),
  one(
    'op=Shape,start=2,end=1',
    'edges',
    { opType: 'Shape', opset: 15, attributes: { start: 2, end: 1 }, inputs: [x] },
    new Tensor('int64', [], [0]),
  ),
  one('op=Size', 'defined', { opType: 'Size', inputs: [x] }, new Tensor('int64', [24], [])),
  one(
    'op=Constant,value_float',
    'defined',
    { opType: 'Constant', attributes: { value_float: { float: 0.5 } }, inputs: [] },
    new Tensor('float32', [0.5], []),
  ),
  one(
    'op=Constant,value_floats',
    'defined',
    { opType: 'Constant', attributes: { value_floats: { floats: [0.5, -2] } }, inputs: [] },
    new Tensor('float32', [0.5, -2], [2]),
  ),
  one(
    'op=Constant,value_int',
    'defined',
    { opType: 'Constant', attributes: { value_int: -7 }, inputs: [] },
    new Tensor('int64', [-7], []),
  ),
  one(
    'op=Constant,value_ints',
    'defined',
    { opType: 'Constant', attributes: { value_ints: [3, 4] }, inputs: [] },
    new Tensor('int64', [3, 4], [2]),
  ),
  one(
    'op=Constant,sparse_value',
    'defined',
    {
      opType: 'Constant',
      attributes: { sparse_value: new Tensor('float32', [0, 7], [2]) },
      inputs: [],
    },
    new Tensor('float32', [0, 7], [2]),
  ),
  one(
    'op=Constant,value=payload',
    'defined',
    {
      opType: 'Constant',
      attributes: {
        value: new Tensor(
          'float32',
          new Float32Array(Uint32Array.of(0x7f800001, 0x80000000).buffer),
          [2],
        ),
      },
      inputs: [],
    },
    new Tensor('float32', new Float32Array(Uint32Array.of(0x7f800001, 0x80000000).buffer), [2]),
  ),
  one(
    'op=ConstantOfShape,default',
    'defined',
    { opType: 'ConstantOfShape', inputs: [int64s(2, 2)] },
    new Tensor('float32', [0, 0, 0, 0], [2, 2]),
  ),
  ...(['int64', 'bool', 'float32', 'uint8'] as const).map((dtype) =>
    one(
      `op=ConstantOfShape,dtype=${dtype}`,
      'random',
      {
        opType: 'ConstantOfShape',
        attributes: { value: new Tensor(dtype, [1], [1]) },
        inputs: [int64s(3, 1, 5)],
      },
      new Tensor(
        dtype,
        Array.from({ length: 15 }, () => 1),
        [3, 1, 5],
      ),
    ),
  ),
  one(
    'op=ConstantOfShape,shape=empty',
    'edges',
    { opType: 'ConstantOfShape', inputs: [{ ...int64s(), dims: [0] }] },
    new Tensor('float32', [0], []),
  ),
  one(
    'op=ConstantOfShape,shape=0',
    'edges',
    { opType: 'ConstantOfShape', inputs: [int64s(0, 3)] },
    new Tensor('float32', [], [0, 3]),
  ),
  range('up', 'defined', 'int64', [3, 9, 2], [3, 5, 7]),
  range('down', 'defined', 'int32', [5, -2, -3], [5, 2, -1]),
  range('empty', 'edges', 'int64', [3, 3, 1], []),
  // 0.1 is rounded first, then each product, then each sum; the length is exact: 10 times it is above 1.
  range(
    'f32',
    'defined',
    'float32',
    [0, 1, fround(0.1)],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => fround(i * fround(0.1))),
  ),
  range('f32,canonical', 'edges', 'float32', [f32OfWord(0x80000001), 2, 1], [0, 1, 2].slice(0, 3)),
  one(
    'op=EyeLike,k=1,dtype=int32',
    'defined',
    { opType: 'EyeLike', attributes: { k: 1, dtype: 6 }, inputs: [bits(2, 'float32', [2, 3])] },
    new Tensor('int32', [0, 1, 0, 0, 0, 1], [2, 3]),
  ),
  one(
    'op=EyeLike,k=-5',
    'edges',
    { opType: 'EyeLike', attributes: { k: -5 }, inputs: [bits(2, 'float32', [2, 3])] },
    new Tensor('float32', [0, 0, 0, 0, 0, 0], [2, 3]),
  ),
  ...[1, 2].map((repeat) =>
    nodeCase(
      `generate/op=Shape,repeat=${repeat}`,
      'invariance',
      { opType: 'Shape', inputs: [bits(repeat, 'float32', [5, 1])] },
      { same: { key: 'generate/shape' } },
    ),
  ),
];
