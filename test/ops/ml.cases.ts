// Binarizer, Scaler and LinearRegressor: at the threshold, one number for all columns and one for each, sums over a radix.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseGroup,
  type CaseInput,
  type OpCase,
} from '../harness/cases.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

const f32 = (dims: readonly number[], ...data: number[]): CaseInput => ({
  dtype: 'float32',
  dims,
  data,
});
const random = (seed: number, dims: readonly number[], kind: FloatKind = 'normal'): CaseInput => ({
  dtype: 'float32',
  dims,
  data: floats(
    seed,
    dims.reduce((a, b) => a * b, 1),
    kind,
  ),
});
const result = (dims: readonly number[], ...data: number[]): { expected: Tensor[] } => ({
  expected: [new Tensor('float32', data, dims)],
});

function one(
  id: string,
  group: CaseGroup,
  opType: string,
  input: CaseInput,
  attributes: Readonly<Record<string, CaseAttribute>>,
  extra: Parameters<typeof nodeCase>[3] = {},
): OpCase {
  const spec = { opType, domain: 'ai.onnx.ml', opset: 1, attributes, inputs: [input] };
  return nodeCase(`ml/${opType} ${id}`, group, spec, extra);
}

const threshold = (float: number) => ({ threshold: { float } });
const binarizer: OpCase[] = [
  one(
    'over 1',
    'defined',
    'Binarizer',
    f32([4], 0.5, 1, 1.5, -2),
    threshold(1),
    result([4], 0, 0, 1, 0),
  ),
  one(
    'special words',
    'edges',
    'Binarizer',
    f32([6], NaN, Infinity, -Infinity, -0, 1e-45, 1e-30),
    {},
    result([6], 0, 1, 0, 0, 0, 1),
  ),
  one('over NaN', 'edges', 'Binarizer', f32([2], 1, NaN), threshold(NaN), result([2], 0, 0)),
  one('scalar', 'edges', 'Binarizer', f32([], 3), threshold(2), result([], 1)),
  one('seed=1', 'random', 'Binarizer', random(1, [3, 50], 'special'), threshold(0.25)),
  one('a row', 'invariance', 'Binarizer', f32([2], 3, 1), threshold(2), { same: { key: 'over' } }),
  one('its place', 'invariance', 'Binarizer', f32([4], 9, 9, 3, 1), threshold(2), {
    same: { key: 'over', from: 2 },
  }),
];

const scale = (offset: number[], factor: number[]) => ({
  offset: { floats: offset },
  scale: { floats: factor },
});
const scaler: OpCase[] = [
  one(
    'columns',
    'defined',
    'Scaler',
    f32([2, 2], 1, 2, 3, 4),
    scale([1, 2], [2, -1]),
    result([2, 2], 0, 0, 4, -2),
  ),
  one(
    'one for all',
    'defined',
    'Scaler',
    f32([3], 1, 2, 3),
    scale([1], [0.5]),
    result([3], 0, 0.5, 1),
  ),
  one(
    'special words',
    'edges',
    'Scaler',
    f32([4], Infinity, -0, 1e-45, NaN),
    scale([Infinity, 0, 0, 0], [1, 1, 1e38, 1]),
    result([4], NaN, 0, 0, NaN),
  ),
  one('scalar', 'edges', 'Scaler', f32([], 3), scale([1], [4]), result([], 8)),
  one(
    'seed=1',
    'random',
    'Scaler',
    random(2, [7, 3], 'wide'),
    scale([0.1, -7, 1e-9], [3, 1e9, -0.7]),
  ),
  one('seed=2', 'random', 'Scaler', random(3, [40], 'special'), scale([0.3], [1.7])),
  one('a row', 'invariance', 'Scaler', random(4, [1, 3]), scale([1, 2, 3], [4, 5, 6]), {
    same: { key: 'scaled' },
  }),
  one('again', 'invariance', 'Scaler', random(4, [3]), scale([1, 2, 3], [4, 5, 6]), {
    same: { key: 'scaled' },
  }),
];

const weights = (seed: number, targets: number, width: number) => ({
  targets,
  coefficients: { floats: [...floats(seed, targets * width)] },
});
const regressor: OpCase[] = [
  one(
    'two targets',
    'defined',
    'LinearRegressor',
    f32([1, 2], 1, 2),
    { targets: 2, coefficients: { floats: [1, 2, 3, 4] }, intercepts: { floats: [0.5, -1] } },
    result([1, 2], 5.5, 10),
  ),
  one(
    'one',
    'defined',
    'LinearRegressor',
    f32([2, 1], 2, 3),
    { coefficients: { floats: [2] } },
    result([2, 1], 4, 6),
  ),
  one(
    'special words',
    'edges',
    'LinearRegressor',
    f32([2, 2], Infinity, 1, 1e-30, -0),
    { coefficients: { floats: [0, 1] }, intercepts: { floats: [1e-45] } },
    result([2, 1], NaN, 0),
  ),
  one('seed=1', 'random', 'LinearRegressor', random(5, [3, 130]), weights(6, 2, 130)),
  one('a row', 'invariance', 'LinearRegressor', random(7, [1, 70]), weights(8, 3, 70), {
    same: { key: 'row' },
  }),
  one(
    'twice',
    'invariance',
    'LinearRegressor',
    { ...random(7, [2, 70]), data: Float32Array.of(...floats(7, 70), ...floats(9, 70)) },
    weights(8, 3, 70),
    {
      same: { key: 'row', to: 3 },
    },
  ),
];

export const cases: OpCase[] = [...binarizer, ...scaler, ...regressor];
